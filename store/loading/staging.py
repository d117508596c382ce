"""Stage a large load or undo in SQLite: write its articles and their index before they are loaded.

A transaction that writes to SQLite blocks all others that write, and a hundred thousand articles
take seconds. So they are written in short transactions under numbers that no reader sees (the view
loaded_article), and the transaction that loads them shows them all at once. It also hides those
that the load removes, by a list of their numbers; they are kept for an undo and deleted after it.
What a crash leaves behind is never seen: a start goes on deleting what was removed, and the next
large load deletes what was staged.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from secrets import randbits

from store.articles.by_id import COLUMNS
from store.db import Connection, Database, Row
from store.finding import segments
from store.finding.index import Segment
from store.loading.plan import LoadPlan
from store.loading.revisions import ADD_ARTICLE, new_article
from store.progress import Progress
from store.types import ConcurrentLoadError

_FEWEST = 2_000
"""Fewer articles are written or deleted in one transaction, in a moment."""
_ROWS = 250
"""Articles that one transaction writes."""
_DELETED = 1_000
"""Article numbers that one transaction deletes or lists."""
_KEPT = 100
"""Removed articles that one transaction keeps for an undo, and deletes."""

_CLAIM = "UPDATE staging SET token = $1 WHERE removed_by = 0 RETURNING first, past"
_MOVE = "UPDATE staging SET first = $2, past = $3 WHERE token = $1 RETURNING token"
_REMOVE = "INSERT INTO removal (number) VALUES ($1)"
_SHOW = """
UPDATE staging SET token = 0, first = 0, past = 0, removed_by = CASE
    WHEN EXISTS (SELECT 1 FROM removal) THEN (SELECT MAX(number) FROM revision) ELSE 0
END WHERE token = $1 RETURNING token
"""
_UNLIST = "DELETE FROM removal WHERE number IN (SELECT number FROM removal LIMIT $1)"
_LISTED = "SELECT number FROM removal LIMIT 1"
# A join would sort the whole list for each batch.
_REMOVED = """
SELECT number, (SELECT removed_by FROM staging) AS removed_by FROM removal
WHERE (SELECT removed_by FROM staging) > 0 ORDER BY number LIMIT $1
"""
_KEEP = f"""
INSERT INTO past_article (number, revision, {COLUMNS})
SELECT number, $2, {COLUMNS} FROM article WHERE number = $1
"""  # noqa: S608 -- our own names
_DROP = "DELETE FROM article WHERE number = $1"
_DROP_REMOVAL = "DELETE FROM removal WHERE number = $1"
_CLEANED = "UPDATE staging SET removed_by = 0"
_HOLDS = "SELECT token FROM staging WHERE token = $1 AND first = $2 AND past = $3"
_DELETE = "DELETE FROM article WHERE number >= $1 AND number < $2"


@dataclass(frozen=True, slots=True)
class Staged:
    """The articles that a load has staged: all of its new ones."""

    token: int
    first: int
    past: int
    """The first number after theirs."""

    def has(self, segment: Segment) -> bool:
        """Return whether *segment* of the index is staged: if no other article can be in it."""
        return segments.is_within(int(segment.numbers[0]), self.first, self.past)


async def prepare(database: Database, plan: LoadPlan) -> None:
    """Plan many moves so that `stage` can stage them."""
    if database.blocks_writers and len(plan.moves) >= _FEWEST:
        await asyncio.to_thread(plan.replace_moved)


async def stage(
    database: Database, plan: LoadPlan, added: Iterable[Segment], progress: Progress
) -> Staged | None:
    """Stage the new articles of *plan*, and their segments of the index in *added*.

    Return None if the load is small, or its transaction blocks nobody. Raises
    `ConcurrentLoadError` if another load begins to stage.
    """
    if not database.blocks_writers or max(plan.new, len(plan.removals)) < _FEWEST:
        return None
    progress.start("Writing", plan.new)
    first = plan.reserved or 0
    staged = Staged(randbits(62), first, first + plan.new)
    claimed: Sequence[Row] = ()
    while not claimed:
        await clean(database)
        async with database.transaction() as connection:
            claimed = await connection.fetch(_CLAIM, staged.token)
    ((first, past),) = claimed
    # They stay hidden until all of them are gone.
    await discard(database, Staged(staged.token, first, past))
    async with database.transaction() as connection:
        await _move(connection, staged.token, staged.first, staged.past)
    articles = plan.added()
    while batch := await asyncio.to_thread(lambda: [*islice(articles, _ROWS)]):
        async with database.transaction() as connection:
            await _require(connection, staged)
            rows = (new_article(*one) for one in progress.counting(batch))
            await connection.executemany(ADD_ARTICLE, rows)
    removed = ((number,) for number, _ in plan.removed())
    while numbers := await asyncio.to_thread(lambda: [*islice(removed, _DELETED)]):
        async with database.transaction() as connection:
            await _require(connection, staged)
            await connection.executemany(_REMOVE, numbers)
    whole = (segment for segment in added if staged.has(segment))
    while segment := await asyncio.to_thread(next, whole, None):
        async with database.transaction() as connection:
            await _require(connection, staged)
            await segments.write(connection, (), [segment])
    return staged


async def without_staged(staged: Staged, added: Iterable[Segment]) -> Sequence[Segment]:
    """Return the segments of *added* that are not staged."""
    return await asyncio.to_thread(lambda: [one for one in added if not staged.has(one)])


async def show(connection: Connection, staged: Staged) -> None:
    """Show what was staged, and hide what it removes, from the end of the transaction on.

    The revision of the load must be written.
    """
    if not await connection.fetch(_SHOW, staged.token):
        raise _overtaken()


async def clean(database: Database) -> None:
    """Delete the articles that a load has removed, and keep them for an undo."""
    # A read waits for nobody, and there is seldom anything to do.
    while await database.fetch(_REMOVED, 1):
        async with database.transaction() as connection:
            rows = await connection.fetch(_REMOVED, _KEPT)
            numbers = [row["number"] for row in rows]
            kept = ((row["number"], row["removed_by"]) for row in rows)
            await connection.executemany(_KEEP, kept)
            for statement in (_DROP, _DROP_REMOVAL):
                await connection.executemany(statement, ((number,) for number in numbers))
            await segments.write(connection, numbers, ())
            if not await connection.fetch(_LISTED):
                await connection.execute(_CLEANED)


async def discard(database: Database, staged: Staged) -> None:
    """Delete what is staged.

    Raises `ConcurrentLoadError` if it is shown already, or if another load stages.
    """
    for start in range(staged.first, staged.past, _DELETED):
        end = min(start + _DELETED, staged.past)
        async with database.transaction() as connection:
            await _require(connection, staged)
            await connection.execute(_DELETE, start, end)
            await segments.drop_within(connection, start, end, first=staged.first, past=staged.past)
    while await database.fetch(_LISTED):
        async with database.transaction() as connection:
            await _require(connection, staged)
            await connection.execute(_UNLIST, _DELETED)


async def _move(connection: Connection, token: int, first: int, past: int) -> None:
    if not await connection.fetch(_MOVE, token, first, past):
        raise _overtaken()


async def _require(connection: Connection, staged: Staged) -> None:
    if not await connection.fetch(_HOLDS, staged.token, staged.first, staged.past):
        raise _overtaken()


def _overtaken() -> ConcurrentLoadError:
    return ConcurrentLoadError(
        "Another load began during this one, which changed nothing: see what it loads, then try"
        " again."
    )
