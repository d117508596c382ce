"""Stage a large load in SQLite: write its new articles and their index before they are loaded.

A transaction that writes to SQLite blocks all others that write, and a hundred thousand articles
take seconds. So they are written in short transactions under numbers that no reader sees (the view
loaded_article), and the transaction that loads them shows them all at once. What a crash leaves
behind is never seen, and the next large load deletes it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from secrets import randbits

from store.db import Connection, Database
from store.finding import segments
from store.finding.index import Segment
from store.loading.plan import LoadPlan
from store.loading.revisions import ADD_ARTICLE, new_article
from store.progress import Progress
from store.types import ConcurrentLoadError

_FEWEST = 2_000
"""Fewer new articles are written in one transaction, in a moment."""
_ROWS = 250
"""Articles that one transaction writes."""
_DELETED = 1_000
"""Article numbers that one transaction deletes."""

_CLAIM = "UPDATE staging SET token = $1 RETURNING first, past"
_MOVE = "UPDATE staging SET first = $2, past = $3 WHERE token = $1 RETURNING token"
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


async def stage(
    database: Database, plan: LoadPlan, added: Iterable[Segment], progress: Progress
) -> Staged | None:
    """Stage the new articles of *plan*, and their segments of the index in *added*.

    Return None if the load is small, or its transaction blocks nobody. Raises
    `ConcurrentLoadError` if another load begins to stage.
    """
    if not database.blocks_writers or plan.reserved is None or plan.new < _FEWEST:
        return None
    progress.start("Writing", plan.new)
    staged = Staged(randbits(62), plan.reserved, plan.reserved + plan.new)
    async with database.transaction() as connection:
        ((first, past),) = await connection.fetch(_CLAIM, staged.token)
    # They stay hidden until all of them are gone.
    await discard(database, Staged(staged.token, first, past))
    async with database.transaction() as connection:
        await _move(connection, staged.token, staged.first, staged.past)
    articles = (one for one in plan.added() if one[0] >= staged.first)
    while batch := await asyncio.to_thread(lambda: [*islice(articles, _ROWS)]):
        async with database.transaction() as connection:
            await _require(connection, staged)
            rows = (new_article(*one) for one in progress.counting(batch))
            await connection.executemany(ADD_ARTICLE, rows)
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
    """Show what was staged, from the end of the caller's transaction on."""
    await _move(connection, staged.token, 0, 0)


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
