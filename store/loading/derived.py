"""Data derived from the whole corpus: its topics.

Deriving them takes a while in a large corpus and the old ones are good enough until then, so they
are updated after the load is committed. A few changed articles are only linked to the existing
topics. Everything is derived again if the corpus is small, if many articles have changed since the
last time, or if their old versions are no longer stored.
"""

from collections.abc import Sequence
from secrets import randbits

from store.db import Connection, Database, Row
from store.loading import revisions
from store.progress import Progress
from store.topics import stored

_GET = "SELECT revision, articles, next_number, touched FROM derived"
_PUT = """
INSERT INTO derived (revision, articles, next_number, touched) VALUES ($1, $2, $3, $4)
"""
_TOUCHED = """
SELECT COALESCE(SUM(added + edited + removed), 0) AS touched FROM revision WHERE number > $1
"""

_SMALL = 5_000
"""A corpus of fewer articles is always derived completely."""
_SHARE = 20
"""Everything is derived again once one article in 20 has changed."""


async def bring_up_to_date(database: Database, size: int, progress: Progress) -> None:
    """Derive the data of the loaded revision of *size* articles, unless another process does."""
    last, before = await revisions.last(database), await _derived(database)
    if last is None or (before and before["revision"] == last["number"]):
        return
    if before:
        (since,) = await database.fetch(_TOUCHED, before["revision"])
        changed = before["touched"] + int(since["touched"])
    if (
        before is None
        or before["revision"] < await revisions.oldest_with_all_changes(database)
        or size < _SMALL
        or changed * _SHARE > before["articles"]
    ):
        steps = await stored.derive(database, size, progress)
        # Not complete until the last step: another process would begin again.
        marker = (0, 0, 0, randbits(62))
        if not await _replace(database, before, marker):
            return
        before = await _derived(database)
        now = (last["number"], size, last["next_number"], 0)
    else:
        steps = await stored.update(
            database, revision=before["revision"], next_number=before["next_number"]
        )
        now = (last["number"], before["articles"], last["next_number"], changed)
    # In short steps, because posts wait for each. What was loaded meanwhile is derived next.
    for step in steps:
        async with database.long_transaction() as connection:
            if await _derived(connection) != before:
                # Another process has derived the data.
                return
            await step(connection)
    await _replace(database, before, now)


async def _replace(database: Database, before: Row | None, now: Sequence[int]) -> bool:
    """Replace the row of the data that was derived last, unless it is no longer *before*."""
    async with database.long_transaction() as connection:
        if await _derived(connection) != before:
            return False
        await connection.execute("DELETE FROM derived")
        await connection.execute(_PUT, *now)
        return True


async def _derived(database: Connection | Database) -> Row | None:
    """Return the row of the data that was derived last."""
    rows = await database.fetch(_GET)
    return rows[0] if rows else None
