"""The tally: counts over what is remembered, for those who watch it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from store.db import Database, to_instant, to_text
from store.posting.record import NEVER
from store.types import PostState

_POSTS = "SELECT state, COUNT(*) AS number FROM post GROUP BY state"
# A turn that nobody planned waits too: it is all there is to see of a ticker that stands still.
_OLDEST = """
SELECT MIN(due_at) AS due_at FROM (
    SELECT due_at FROM post
    WHERE state IN ('planned', 'sending', 'unknown') AND due_at <= $1 AND not_before < $2
    UNION ALL
    SELECT next_at AS due_at FROM schedule WHERE next_at <= $1
) AS waiting
"""


class Statistics:
    """Counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def posts(self) -> Mapping[PostState, int]:
        """Give how many posts there are in each state."""
        counts = dict.fromkeys(PostState, 0)
        for row in await self._database.fetch(_POSTS):
            counts[PostState(row["state"])] = row["number"]
        return counts

    async def lag(self, now: datetime) -> timedelta:
        """Give how overdue the oldest turn is that waits to be sent; zero where none does.

        What a person was asked about waits for nobody.
        """
        (row,) = await self._database.fetch(_OLDEST, to_text(now), to_text(NEVER))
        return max(now - to_instant(row["due_at"]), timedelta()) if row["due_at"] else timedelta()

    async def ping(self) -> None:
        """Raise `DatabaseError` unless the database answers and takes a write."""
        await self._database.probe()
