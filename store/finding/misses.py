"""Misses: look-ups that found nothing, for those who keep the corpus; never who made them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rapidfuzz import fuzz

from store.db import Database, Row, to_instant, to_text
from store.finding.words import words
from store.installed import Installed

MAX_WORDS = 200
"""Characters of a look-up that are kept."""
_ALIKE = 85
"""How alike two look-ups are, of 100, that are taken for one: a typo or a word more."""
_READ = 1000
_WAITING = 1000
"""How many may wait to be written, where the database is not to be had."""

_NOTE = """
INSERT INTO miss (team_id, key, words, searched, asked, first_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (team_id, key) DO UPDATE SET
    searched = miss.searched + excluded.searched, asked = miss.asked + excluded.asked,
    last_at = excluded.last_at
"""
_SINCE = """
SELECT * FROM miss WHERE team_id = $1 AND last_at >= $2
ORDER BY last_at DESC, key LIMIT $3
"""
_FORGET = "DELETE FROM miss WHERE last_at < $1"

_Noted = tuple[str, str, str, int, int, str]
"""A row to write: of whom, the key, the words, how often searched and asked for, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """What people looked for in vain, look-ups that are alike counted together."""

    words: str
    searched: int
    asked: int
    """How often somebody asked for the topic, beside looking it up."""
    last_at: datetime


class Misses:
    """What each team looked for in vain, and for how long that is kept."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed
        self._noted: deque[_Noted] = deque(maxlen=_WAITING)

    def note(self, team_id: str, typed: str, *, at: datetime, is_asked: bool = False) -> None:
        """Count a look-up that found nothing, or with *is_asked* a request for its topic.

        `write` writes it down.
        """
        typed = " ".join(typed.split())[:MAX_WORDS]
        if typed:
            row = (team_id, _key(typed), typed, int(not is_asked), int(is_asked), to_text(at))
            self._noted.append(row)

    async def write(self) -> None:
        """Write down what was noted since the last time; where that fails, it waits."""
        if not self._noted:
            return
        noted, self._noted = self._noted, deque(maxlen=_WAITING)
        try:
            async with self._database.transaction() as connection:
                # Another process may have forgotten a team since.
                here = await self._installed.among(connection, {team_id for team_id, *_ in noted})
                await connection.executemany(_NOTE, [row for row in noted if row[0] in here])
        except BaseException:
            self._noted.extendleft(reversed(noted))
            raise

    async def forget(self, *, before: datetime) -> None:
        """Forget what any team last looked for before then."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET, to_text(before))

    async def list(self, team_id: str, *, since: datetime) -> Sequence[Miss]:
        """Give what the team looked for in vain since then, the latest first."""
        await self.write()
        async with self._database.reading() as connection:
            rows = await connection.fetch(_SINCE, team_id, to_text(since), _READ)
        return merged([_miss(row) for row in rows])


def merged(misses: Sequence[Miss]) -> Sequence[Miss]:
    """Count misses together that are alike, under the words that came most; the latest first."""
    groups: list[list[Miss]] = []
    for miss in misses:
        folded = _key(miss.words)
        for group in groups:
            if fuzz.token_sort_ratio(folded, _key(group[0].words)) >= _ALIKE:
                group.append(miss)
                break
        else:
            groups.append([miss])
    sums = [
        Miss(
            words=max(group, key=lambda miss: miss.asked + miss.searched).words,
            searched=sum(miss.searched for miss in group),
            asked=sum(miss.asked for miss in group),
            last_at=max(miss.last_at for miss in group),
        )
        for group in groups
    ]
    return sorted(
        sums, key=lambda one: (-one.last_at.timestamp(), -one.asked, -one.searched, one.words)
    )


def _key(typed: str) -> str:
    return " ".join(sorted({word for word, _ in words(typed)})) or typed.lower()


def _miss(row: Row) -> Miss:
    return Miss(
        words=row["words"],
        searched=row["searched"],
        asked=row["asked"],
        last_at=to_instant(row["last_at"]),
    )
