"""What is derived from the whole corpus: its topics, and what a guess by meaning needs.

Both follow a reload, since they take a while in a large corpus and are right enough until then. A
few changed articles are linked to the topics that there are; all is derived anew when the corpus is
small, when many articles have changed since the last time, or when what they were is forgotten.
"""

from store.db import Connection, Database, Row
from store.finding.finder import Finder
from store.finding.topics import stored
from store.loading import revisions

_GET = "SELECT revision, articles, next_number, touched, least FROM derived"
_PUT = """
INSERT INTO derived (revision, articles, next_number, touched, least) VALUES ($1, $2, $3, $4, $5)
"""
_TOUCHED = """
SELECT COALESCE(SUM(added + edited + removed), 0) AS touched FROM revision WHERE number > $1
"""

_SMALL = 5_000
_SHARE = 20
"""One article in so many may have changed before all is derived anew."""
_MILLION = 1_000_000
_OUT_OF_REACH = 2.0
"""More than any score of a guess."""


async def least(database: Connection | Database) -> float | None:
    """Give the score that a guess needs; None where it was not measured."""
    rows = await database.fetch(_GET)
    return rows[0]["least"] / _MILLION if rows and rows[0]["least"] is not None else None


async def bring_up_to_date(database: Database, finder: Finder) -> None:
    """Derive what the loaded revision needs, unless another process does so first."""
    last, before = await _state(database)
    lacks_least = finder.has_model and before is not None and before["least"] is None
    if last is None or (before and before["revision"] == last["number"] and not lacks_least):
        return
    size = finder.index.size
    if before:
        (since,) = await database.fetch(_TOUCHED, before["revision"])
        touched = before["touched"] + int(since["touched"])
    if (
        before is None
        or lacks_least
        or before["revision"] < await revisions.oldest_kept(database)
        or size < _SMALL
        or touched * _SHARE > before["articles"]
    ):
        write = await stored.derive(database, size)
        measured = await finder.calibrate()
        # In a corpus without English words nothing can be measured, and nothing is guessed.
        needed = None if measured is None else round(min(measured, _OUT_OF_REACH) * _MILLION)
        now = (last["number"], size, last["next_number"], 0, needed)
    else:
        write = await stored.update(
            database, revision=before["revision"], next_number=before["next_number"]
        )
        now = (last["number"], before["articles"], last["next_number"], touched, before["least"])
    async with database.long_transaction() as connection:
        if await _state(connection) != (last, before):
            # Whoever changed the corpus meanwhile derives it, or has derived this already.
            return
        await write(connection)
        await connection.execute("DELETE FROM derived")
        await connection.execute(_PUT, *now)


async def _state(database: Connection | Database) -> tuple[Row | None, Row | None]:
    """Give the revision that is loaded, and what was derived last."""
    rows = await database.fetch(_GET)
    return await revisions.last(database), rows[0] if rows else None
