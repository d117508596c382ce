"""How many replies each question got, and of how many people: a day and a week after it.

Only the two numbers are stored, never who replied or what was written.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from store.db import Connection, Database, Row, places, to_instant, to_text
from store.rows import QueueReader
from store.types import ChannelId, Post, PostKind, TeamId

DAYS = (1, 7)
"""How many days after a post its replies are counted."""
_RETRY = timedelta(hours=1)
"""When a reading is tried again after it failed, or after the process that claimed it ended."""
_KINDS = (PostKind.QUESTION, PostKind.DIGEST)
"""The kinds of posts whose replies are counted."""
LATE = "late"
"""The problem of a reading that was not possible in its time."""
DELETED = "deleted"
"""The problem of a post that is no longer in the channel."""
UNTRACKED = "untracked"
"""The problem of a post that no reading was planned for: an older version of Parley posted it, or
Slack did not say which message it became."""

_ADD = """
INSERT INTO reply_count (post_key, days, due_at, until_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (post_key, days) DO NOTHING
"""
# Parley's own replies are the stories of the post, and what people shared in its thread.
_DUE = """
SELECT due.*, (
    SELECT COUNT(*) FROM post own
    WHERE own.team_id = due.team_id AND own.channel_id = due.channel_id AND own.state = 'sent'
        AND own.error IS NULL AND (own.parent_key = due.post_key
            OR own.about LIKE '%"thread_ts": "' || due.message_ts || '"%')
) AS own_replies
FROM (
    SELECT r.post_key, r.days, r.due_at, p.team_id, p.channel_id, p.message_ts,
           ROW_NUMBER() OVER (PARTITION BY p.team_id ORDER BY r.due_at, r.post_key, r.days) AS place
    FROM reply_count r JOIN post p ON p.key = r.post_key
    WHERE r.due_at <= $1{but}
) AS due
WHERE place = 1 ORDER BY due_at, post_key
"""
_CLAIM = """
UPDATE reply_count SET due_at = $4 WHERE post_key = $1 AND days = $2 AND due_at = $3
RETURNING post_key
"""
_RECORD = """
UPDATE reply_count SET due_at = NULL, replies = $3, people = $4, problem = NULL
WHERE post_key = $1 AND days = $2
"""
_FAIL = """
UPDATE reply_count SET problem = $3 WHERE post_key = $1 AND days = $2 AND replies IS NULL
"""
_CANCEL = """
UPDATE reply_count SET due_at = NULL, problem = $2 WHERE due_at IS NOT NULL AND post_key = $1
"""
_CANCEL_CHANNEL = """
UPDATE reply_count SET due_at = NULL, problem = $3 WHERE due_at IS NOT NULL
AND post_key IN (SELECT key FROM post WHERE team_id = $1 AND channel_id = $2)
"""
_END = """
UPDATE reply_count SET due_at = NULL, problem = COALESCE(problem, $2)
WHERE due_at IS NOT NULL AND until_at <= $1
"""
_ASKED = """
SELECT p.key, p.channel_id, p.article_id, p.due_on, p.due_at,
    r.days, r.replies, r.people, r.problem, r.due_at AS count_at
FROM post p LEFT JOIN reply_count r ON r.post_key = p.key
WHERE p.team_id = $1 AND p.due_at >= $2 AND p.state = 'sent' AND p.error IS NULL
    AND p.kind IN ('question', 'digest')
    AND p.channel_id IN ({channels})
ORDER BY p.due_at, p.key, r.days
"""
_TOPICS = "SELECT topic, article FROM topic_article WHERE article IN ({ids}) ORDER BY topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The count of a post's replies that is due now."""

    post_key: str
    team_id: TeamId
    channel_id: ChannelId
    message_ts: str
    days: int
    own_replies: int
    """How many of the replies are Parley's own."""
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question or a digest that a channel got, and the latest count of its replies."""

    channel_id: ChannelId
    article_id: str | None
    due_on: date | None
    """The local date of its schedule; None if a person posted it."""
    posted_at: datetime
    replies: int | None
    """None if they were not counted."""
    people: int | None
    count_at: datetime | None
    """When they are counted next; None if never."""
    problem: str | None
    """Why they were not counted: LATE, DELETED, UNTRACKED or Slack's error code; else None."""
    topics: Sequence[str]


class ReplyCounts:
    """The counts of replies of every team, and when they are due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = QueueReader(_to_reading, "reply_count", "post_key", "days")

    async def due(self, now: datetime, *, but: Sequence[TeamId] = ()) -> Sequence[Reading]:
        """Return the reading of each team that is due first, without the teams in *but*.

        Readings that were not possible in their time are cancelled.
        """
        await self._write(_END, to_text(now), LATE)
        sql = _DUE.format(but=f" AND p.team_id NOT IN ({places(but, start=2)})" if but else "")
        return self._queue.read(await self._database.fetch(sql, to_text(now), *but))

    async def claim(self, reading: Reading, *, now: datetime) -> bool:
        """Put the reading off for an hour; return False if another process has claimed it.

        If the process ends before it has stored the count, the reading is due again then.
        """
        old, new = to_text(reading.due_at), to_text(now + _RETRY)
        return bool(await self._write(_CLAIM, reading.post_key, reading.days, old, new))

    async def record(self, reading: Reading, *, replies: int, people: int) -> None:
        """Store the count."""
        await self._write(_RECORD, reading.post_key, reading.days, replies, people)

    async def fail(self, reading: Reading, problem: str) -> None:
        """Store why the count could not be read; it is due again in an hour."""
        await self._write(_FAIL, reading.post_key, reading.days, problem)

    async def cancel(self, reading: Reading, problem: str) -> None:
        """Cancel this reading and the later ones of the post; store why."""
        await self._write(_CANCEL, reading.post_key, problem)

    async def cancel_channel(self, reading: Reading, problem: str) -> None:
        """Cancel the readings of all posts that the channel has so far; store why."""
        await self._write(_CANCEL_CHANNEL, reading.team_id, reading.channel_id, problem)

    async def asked(
        self, team_id: TeamId, channel_ids: Sequence[ChannelId], *, since: datetime
    ) -> Sequence[Asked]:
        """Return the questions and digests that the channels got, the oldest first."""
        if not channel_ids:
            return ()
        sql = _ASKED.format(channels=places(channel_ids, start=3))
        rows = await self._database.fetch(sql, team_id, to_text(since), *channel_ids)
        ids = [*dict.fromkeys(row["article_id"] for row in rows if row["article_id"])]
        topics: defaultdict[str, list[str]] = defaultdict(list)
        for row in await self._database.fetch(_TOPICS.format(ids=places(ids)), *ids) if ids else ():
            topics[row["article"]].append(row["topic"])
        asked: dict[str, Asked] = {}
        for row in rows:
            before = asked.get(row["key"])
            one = _to_asked(row, topics[row["article_id"]])
            if before is None:
                asked[row["key"]] = one
            elif one.replies is not None or before.replies is None:
                # A later count replaces an earlier one.
                asked[row["key"]] = replace(one, count_at=before.count_at or one.count_at)
        return [*asked.values()]

    async def _write(self, sql: str, *values: object) -> Sequence[Row]:
        async with self._database.transaction() as connection:
            return await connection.fetch(sql, *values)


async def plan_counts(connection: Connection, sent: Iterable[Post], *, now: datetime) -> None:
    """Plan to count the replies of these posts, which were sent just now."""
    times = [
        (days, to_text(now + timedelta(days)), to_text(now + 2 * timedelta(days))) for days in DAYS
    ]
    rows = [
        (post.key, *each)
        for post in sent
        if post.kind in _KINDS and post.message_ts
        for each in times
    ]
    await connection.executemany(_ADD, rows)


def _to_reading(row: Row) -> Reading:
    return Reading(
        post_key=row["post_key"],
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        message_ts=row["message_ts"],
        days=row["days"],
        own_replies=row["own_replies"],
        due_at=to_instant(row["due_at"]),
    )


def _to_asked(row: Row, topics: Sequence[str]) -> Asked:
    return Asked(
        channel_id=row["channel_id"],
        article_id=row["article_id"],
        due_on=date.fromisoformat(row["due_on"]) if row["due_on"] else None,
        posted_at=to_instant(row["due_at"]),
        replies=row["replies"],
        people=row["people"],
        count_at=to_instant(row["count_at"]) if row["count_at"] else None,
        problem=row["problem"] if row["days"] else UNTRACKED,
        topics=topics,
    )
