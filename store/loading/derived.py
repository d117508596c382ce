"""Data derived from the whole corpus: its topics.

Deriving them takes a while in a large corpus and the old ones are good enough until then, so they
are updated after the load is committed. A few changed articles are only linked to the existing
topics. Everything is derived again if the corpus is small, if many articles have changed since the
last time, or if their old versions are no longer stored.
"""

from store.db import Connection, Database, Row
from store.finding.topics import stored
from store.loading import revisions

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


async def bring_up_to_date(database: Database, size: int) -> None:
    """Derive the data of the loaded revision of *size* articles, unless another process does."""
    last, before = await _state(database)
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
        write = await stored.derive(database, size)
        now = (last["number"], size, last["next_number"], 0)
    else:
        write = await stored.update(
            database, revision=before["revision"], next_number=before["next_number"]
        )
        now = (last["number"], before["articles"], last["next_number"], changed)
    async with database.long_transaction() as connection:
        if await _state(connection) != (last, before):
            # The process that changed the corpus in the meantime derives the data itself.
            return
        await write(connection)
        await connection.execute("DELETE FROM derived")
        await connection.execute(_PUT, *now)


async def _state(database: Connection | Database) -> tuple[Row | None, Row | None]:
    """Return the rows of the loaded revision and of the data that was derived last."""
    rows = await database.fetch(_GET)
    return await revisions.last(database), rows[0] if rows else None
