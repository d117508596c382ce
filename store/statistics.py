"""Statistics about the stored posts, for the metrics page."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from store.db import Database, to_instant, to_text
from store.posting.record import NEVER
from store.types import PostState

_POSTS = "SELECT state, COUNT(*) AS number FROM post GROUP BY state"
_DUE = """
SELECT state, COUNT(*) AS number FROM post WHERE due_at > $1 AND due_at <= $2
GROUP BY state ORDER BY state
"""
# A due schedule without a planned post counts too: otherwise a stopped ticker would show no lag.
_OLDEST = """
SELECT MIN(due_at) AS due_at FROM (
    SELECT due_at FROM post
    WHERE state IN ('planned', 'sending', 'unknown') AND due_at <= $1 AND not_before < $2
    UNION ALL
    SELECT next_at AS due_at FROM schedule WHERE next_at <= $1
) AS waiting
"""


class Statistics:
    """Counts posts, and measures how late they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def posts(self) -> Mapping[PostState, int]:
        """Return the number of posts in each state."""
        counts = dict.fromkeys(PostState, 0)
        for row in await self._database.fetch(_POSTS):
            counts[PostState(row["state"])] = row["number"]
        return counts

    async def posts_due(self, *, since: datetime, until: datetime) -> Mapping[PostState, int]:
        """Return the number of posts in each state, of those due after *since* until *until*."""
        rows = await self._database.fetch(_DUE, to_text(since), to_text(until))
        return {PostState(row["state"]): row["number"] for row in rows}

    async def lag(self, now: datetime) -> timedelta:
        """Return how overdue the oldest unsent post is; zero if every post is sent.

        Posts that wait for a person's answer do not count.
        """
        (row,) = await self._database.fetch(_OLDEST, to_text(now), to_text(NEVER))
        return max(now - to_instant(row["due_at"]), timedelta()) if row["due_at"] else timedelta()

    async def ping(self) -> None:
        """Raise `DatabaseError` unless the database answers and accepts a write."""
        await self._database.probe()
