"""Store the index in the database.

The index is read as a whole at the start. After that only what changes is read and written. A row
is the index of the articles whose numbers are in one range, so a small load rewrites one or two
rows. Article numbers are never used again, but deleted articles leave no rows behind.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TypeAlias

import numpy as np

from store.articles.by_id import COLUMNS, SELECT, to_article
from store.articles.reading import articles_from_number
from store.db import Connection, Database, DatabaseError, Row, places
from store.finding.index import Index, Numbers, Segment, build, merge, merge_numbered, numbering
from store.types import Article

BuildIndex: TypeAlias = Callable[[], Awaitable[Index]]
"""Builds an index from what was read; it needs no database, and takes a moment."""
Update: TypeAlias = tuple[BuildIndex, Mapping[int, Article]]
"""Builds an updated index; and the articles that were added or moved, by number."""

SIZE = 1 << 11
"""Article numbers in one row."""
MAX_UPDATED = 2_000
"""Changed articles up to which an index is updated in memory, and not read again."""

_log = logging.getLogger(__name__)

_SEGMENTS = "SELECT numbers, headlines, words, counts, postings FROM segment"
# Without those that a load has staged (store/loading/staging.py).
_READ = f"""
{_SEGMENTS} WHERE NOT (
    segment * {SIZE} >= (SELECT first FROM staging)
    AND (segment + 1) * {SIZE} <= (SELECT past FROM staging)
) ORDER BY segment
"""  # noqa: S608 -- our own text
# Those that a load has removed and not deleted yet.
_REMOVED = "SELECT number FROM removal WHERE (SELECT removed_by FROM staging) > 0"
_GET = f"{_SEGMENTS} WHERE segment = $1"
_PUT = """
INSERT INTO segment (segment, numbers, headlines, words, counts, postings)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (segment) DO UPDATE SET numbers = excluded.numbers, headlines = excluded.headlines,
    words = excluded.words, counts = excluded.counts, postings = excluded.postings
"""
_DROP = "DELETE FROM segment WHERE segment = $1"

_FORMAT = 6
"""The form of the index: increase it with every change of what `index.to_places` returns."""
_SET_FORMAT = "UPDATE index_format SET version = $1 WHERE version <> $1 RETURNING version"
_OLD_FORMAT = "SELECT 1 FROM index_format WHERE version <> $1"
_HAS_ARTICLES = "SELECT 1 FROM loaded_article LIMIT 1"

_CHANGED = f"""
SELECT DISTINCT number FROM every_past_article WHERE revision > $1 AND number < $2
LIMIT {MAX_UPDATED + 1}
"""  # noqa: S608 -- our own number
_NEW = f"SELECT number FROM loaded_article WHERE number >= $1 LIMIT {MAX_UPDATED + 1}"  # noqa: S608
_LOADED = f"{SELECT} WHERE a.number IN ({{}})"
# The first change after a revision stored what an article was like in it.
_PAST = f"""
SELECT number, {COLUMNS} FROM every_past_article
WHERE revision > $1 AND id IS NOT NULL AND number IN ({{}}) ORDER BY revision
"""  # noqa: S608 -- our own names
_PARAMETERS = 500


def build_segments(numbered: Iterable[tuple[int, Article]]) -> Iterator[Segment]:
    """Index articles, which must be sorted by number; yield one segment at a time."""
    for _, of_segment in groupby(numbered, key=lambda pair: pair[0] // SIZE):
        yield build(of_segment)


async def write(connection: Connection, removed: Iterable[int], added: Iterable[Segment]) -> None:
    """Write the index of a load, in the caller's transaction.

    *added* comes from `build_segments`. A number may be removed and added again.
    """
    removed_from = await asyncio.to_thread(_by_segment, removed)
    nothing = np.zeros(0, dtype=np.uint32)
    remaining = iter(added)
    # The segments of a large load are on the disk.
    while segment := await asyncio.to_thread(next, remaining, None):
        number = int(segment.numbers[0]) // SIZE
        await _change(connection, number, removed_from.pop(number, nothing), segment)
    for number, numbers in removed_from.items():
        await _change(connection, number, numbers, None)


def is_within(number: int, first: int, past: int) -> bool:
    """Return whether all numbers of the segment of *number* are from *first* on, below *past*."""
    start = number // SIZE * SIZE
    return first <= start and start + SIZE <= past


async def drop_within(
    connection: Connection, start: int, end: int, *, first: int, past: int
) -> None:
    """Delete the segments that begin from *start* on and below *end*, and are within a range.

    The range is of the numbers from *first* on and below *past*.
    """
    for number in range(-(-start // SIZE), -(-end // SIZE)):
        if is_within(number * SIZE, first, past):
            await connection.execute(_DROP, number)


def _by_segment(numbers: Iterable[int]) -> dict[int, Numbers]:
    ordered = np.sort(np.fromiter(numbers, dtype=np.uint32))
    segments, starts = np.unique(ordered // SIZE, return_index=True)
    return dict(zip(segments.tolist(), np.split(ordered, starts[1:]), strict=False))


async def _change(
    connection: Connection, number: int, removed: Numbers, added: Segment | None
) -> None:
    rows = await connection.fetch(_GET, number)
    columns = await asyncio.to_thread(_changed, rows, removed, added)
    if columns:
        await connection.execute(_PUT, number, *columns)
    else:
        await connection.execute(_DROP, number)


def _changed(
    rows: Sequence[Row], removed: Numbers, added: Segment | None
) -> Sequence[object] | None:
    """Return the columns of a changed segment; None if it has no article."""
    segments = [*(_to_segment(row, _words(row)).without(removed) for row in rows)]
    if added:
        segments.append(added)
    segment = merge(segments)
    if not len(segment.numbers):
        return None
    return (
        segment.numbers.astype("<u4").tobytes(),
        segment.headlines.astype("<u8").tobytes(),
        "\n".join(segment.words),
        segment.counts.astype("<u4").tobytes(),
        segment.postings.astype("<u4").tobytes(),
    )


def _words(row: Row) -> Sequence[str]:
    return row["words"].split("\n") if row["words"] else []


def _to_segment(row: Row, words: Sequence[str]) -> Segment:
    return Segment(
        numbers=np.frombuffer(row["numbers"], dtype="<u4"),
        headlines=np.frombuffer(row["headlines"], dtype="<u8"),
        words=words,
        counts=np.frombuffer(row["counts"], dtype="<u4"),
        postings=np.frombuffer(row["postings"], dtype="<u4"),
    )


async def rebuild(database: Database) -> None:
    """Index all articles again if another version of Parley wrote the index in another form.

    Another process that starts at the same time waits for this one. Raises `DatabaseError` if the
    database is read-only and has the other form.
    """
    # Read first, so that a server that can only be read is not asked to write.
    if not await database.fetch(_OLD_FORMAT, _FORMAT):
        return
    if database.is_read_only:
        if await database.fetch(_HAS_ARTICLES):
            raise DatabaseError(
                "The index was written by another version of Parley: `python -m bot migrate`"
                " writes it again."
            )
        return
    async with database.long_transaction() as connection:
        if not await connection.fetch(_SET_FORMAT, _FORMAT):
            return
        await connection.execute("DELETE FROM segment")
        # A load that stages notices that its segments are gone.
        await connection.execute("UPDATE staging SET token = 0")
        count = 0
        async for batch in articles_from_number(database, 0):
            await write(connection, (), build_segments(batch))
            count += len(batch)
        if count:
            _log.info("indexed %d articles again, for this version of Parley", count)


async def read(connection: Connection) -> BuildIndex:
    """Read the index of the revision that *connection* sees; return a function that builds it."""
    # Each word once, and as a number, because most segments have the same words.
    known = numbering()
    segments: list[Segment] = []
    owners = []
    async for row in connection.stream(_READ):
        segments.append(_to_segment(row, ()))
        owners.append(np.array([*map(known.__getitem__, _words(row))], np.int32))
    removed = np.array([row["number"] async for row in connection.stream(_REMOVED)], np.uint32)

    def build_index() -> Index:
        if not len(removed):
            return Index(merge_numbered(segments, owners, known))
        words = [*known]
        spelled = (
            replace(segment, words=[words[at] for at in numbers])
            for segment, numbers in zip(segments, owners, strict=True)
        )
        return Index(merge([each.without(removed) for each in spelled]))

    return partial(asyncio.to_thread, build_index)


async def read_update(
    connection: Connection, index: Index, *, revision: int, next_number: int
) -> Update | None:
    """Read what has changed since *index*, which is that of an earlier *revision*.

    Return the update to the revision that *connection* sees, or None if too much has changed for
    this to be worth it. *next_number* is the first article number that
    *revision* had not used. What articles were like in it must still be stored.
    """
    changed = [row["number"] for row in await connection.fetch(_CHANGED, revision, next_number)]
    new = [row["number"] for row in await connection.fetch(_NEW, next_number)]
    if len(changed) + len(new) > MAX_UPDATED:
        return None
    loaded: dict[int, Article] = {}
    past: dict[int, Article] = {}
    every = [*changed, *new]
    for start in range(0, len(every), _PARAMETERS):
        batch = every[start : start + _PARAMETERS]
        for row in await connection.fetch(_LOADED.format(places(batch)), *batch):
            loaded[row["number"]] = to_article(row)
        sql = _PAST.format(places(batch, start=2))
        for row in await connection.fetch(sql, revision, *batch):
            past.setdefault(row["number"], to_article(row))
    known = set(index.numbers[np.isin(index.numbers, np.array(changed, np.uint32))].tolist())
    added = sorted((number, loaded[number]) for number in loaded.keys() - known)
    removed = sorted((number, past[number]) for number in past.keys() - loaded.keys())

    def build_index() -> Index:
        return index.updated(removed=build(removed), added=build(added))

    return partial(asyncio.to_thread, build_index), loaded
