"""Search misses, stored as counts only, and topic requests, stored with the words people sent.

A search miss is a look-up that found nothing. A topic request is a press of the button *Ask for
this topic*. Neither is stored with the id of a person.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from rapidfuzz import fuzz

from store.db import Database, DatabaseError, Row
from store.guards.idempotency import claim
from store.guards.installed import Installed
from store.language.words import words
from store.text import well_formed
from store.types import ParleyError, TeamId

log = logging.getLogger(__name__)

MAX_WORDS = 200
"""Characters of a topic request that are stored."""
MOST_A_DAY = 20
"""How many topics one person may ask for in a day."""
_ALIKE = 85
"""How similar (0 to 100) two requests must be to be counted together: a typo or one more word."""
_READ = 1000

_COUNT = """
INSERT INTO search_miss (team_id, day, searches) VALUES ($1, $2, $3)
ON CONFLICT (team_id, day) DO UPDATE SET searches = search_miss.searches + excluded.searches
"""
_NUMBER = """
SELECT CAST(COALESCE(SUM(searches), 0) AS BIGINT) AS searches FROM search_miss
WHERE team_id = $1 AND day >= $2
"""
_FORGET_MISSES = "DELETE FROM search_miss WHERE day < $1"

_REQUEST = """
INSERT INTO topic_request (team_id, key, words, requests, last_on) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (team_id, key) DO UPDATE SET
    requests = topic_request.requests + 1, last_on = excluded.last_on
"""
_SINCE = """
SELECT * FROM topic_request WHERE team_id = $1 AND last_on >= $2
ORDER BY last_on DESC, requests DESC, key LIMIT $3
"""
_FORGET_REQUESTS = "DELETE FROM topic_request WHERE last_on < $1"

_Count = tuple[TeamId, str, int]
"""A count to store: the team, the UTC day and the number of search misses."""


class SearchMisses:
    """The number of search misses, by team and UTC day."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed
        self._waiting: Counter[tuple[TeamId, str]] = Counter()

    def add(self, team_id: TeamId, *, at: datetime) -> None:
        """Count one search miss in memory; `write` stores the counts."""
        self._waiting[team_id, _day(at)] += 1

    async def write(self) -> None:
        """Store the search misses counted since the last call.

        A count that the database refuses is dropped and logged; it never blocks the others. If the
        database cannot be reached, all counts wait for the next call. Raises `DatabaseError`.
        """
        waiting, self._waiting = self._waiting, Counter()
        batches = [[(*key, searches) for key, searches in waiting.items()]] if waiting else []
        while batches:
            batch = batches.pop()
            try:
                await self._write(batch)
            except (DatabaseError, asyncio.CancelledError):
                self._keep([batch, *batches])
                raise
            except Exception as error:  # noqa: BLE001 -- a refused count blocks no other
                if len(batch) > 1:
                    # One count of the batch is refused: store each alone to find out which.
                    batches += [[count] for count in batch]
                else:
                    name = type(error).__name__
                    log.error("a count of search misses was refused and is dropped: %s", name)

    async def number(self, team_id: TeamId, *, since: datetime) -> int:
        """Return the team's number of search misses from the day of *since* on."""
        await self.write()
        (row,) = await self._database.fetch(_NUMBER, team_id, _day(since))
        return int(row["searches"])

    async def forget(self, *, before: datetime) -> None:
        """Delete the counts of every team for the days before *before*."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET_MISSES, _day(before))

    async def _write(self, batch: Sequence[_Count]) -> None:
        async with self._database.transaction() as connection:
            # Another process may have deleted a team since.
            installed = await self._installed.among(connection, {team_id for team_id, *_ in batch})
            await connection.executemany(_COUNT, [row for row in batch if row[0] in installed])

    def _keep(self, batches: Sequence[Sequence[_Count]]) -> None:
        for batch in batches:
            for team_id, day, searches in batch:
                self._waiting[team_id, day] += searches


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRequest:
    """A topic that people asked for; similar requests are counted together."""

    words: str
    requests: int
    last_on: date
    """The UTC day of the last request. A time could be matched with a log line about a person."""


class TopicRequests:
    """The topics that each team asked for with the button *Ask for this topic*."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed

    async def add(self, team_id: TeamId, typed: str, *, by: str, now: datetime) -> None:
        """Store a request for stories on the topic *typed*.

        *by* is a pseudonym of the person who asks. Of it only hashes are stored, for a day: the
        same topic counts once a day. Raises `ParleyError` after `MOST_A_DAY` topics, `GoneError`,
        and `DatabaseError` if nothing could be stored.
        """
        typed = " ".join(well_formed(typed).split())[:MAX_WORDS]
        if not typed:
            return
        async with self._installed.writing(team_id) as connection:
            if not await claim(connection, team_id, f"{by}:topic:{_key(typed)}", now=now):
                return
            for number in range(MOST_A_DAY):
                if await claim(connection, team_id, f"{by}:{number}", now=now):
                    break
            else:
                raise ParleyError(
                    f"You asked for {MOST_A_DAY} topics today. Please ask for others tomorrow."
                )
            await connection.execute(_REQUEST, team_id, _key(typed), typed, _day(now))

    async def list(self, team_id: TeamId, *, since: datetime) -> Sequence[TopicRequest]:
        """Return the team's topic requests from the day of *since* on, the latest first."""
        rows = await self._database.fetch(_SINCE, team_id, _day(since), _READ)
        return merged([_request(row) for row in rows])

    async def forget(self, *, before: datetime) -> None:
        """Delete every team's topic requests whose last day is before *before*."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET_REQUESTS, _day(before))


def merged(requests: Sequence[TopicRequest]) -> Sequence[TopicRequest]:
    """Return *requests* with similar ones counted together, the latest first.

    A group has the words of its most frequent request.
    """
    groups: list[list[TopicRequest]] = []
    for request in requests:
        folded = _key(request.words)
        for group in groups:
            if fuzz.token_sort_ratio(folded, _key(group[0].words)) >= _ALIKE:
                group.append(request)
                break
        else:
            groups.append([request])
    sums = [
        TopicRequest(
            words=max(group, key=lambda each: each.requests).words,
            requests=sum(each.requests for each in group),
            last_on=max(each.last_on for each in group),
        )
        for group in groups
    ]
    return sorted(sums, key=lambda each: (-each.last_on.toordinal(), -each.requests, each.words))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _key(typed: str) -> str:
    return " ".join(sorted({word for word, _ in words(typed)})) or typed.lower()


def _request(row: Row) -> TopicRequest:
    return TopicRequest(
        words=row["words"], requests=row["requests"], last_on=date.fromisoformat(row["last_on"])
    )
