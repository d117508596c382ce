"""Store the index in the database.

The index is read as a whole at the start. After that only the parts that change are written.

A row of postings belongs to one word and one chunk of article numbers. An edited document
therefore rewrites only the rows of its own words in its own chunks. Article numbers are never used
again, but deleted articles leave no rows behind.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from store.articles.by_id import COLUMNS, SELECT, to_article
from store.articles.reading import articles_by_number
from store.db import Connection, Database, DatabaseError, Row, places
from store.finding.index import CHUNK, Fetch, Index, Postings, build
from store.finding.vocabulary import Vocabulary
from store.types import Article, StaleRevisionError

_T = TypeVar("_T")

BuildIndex: TypeAlias = Callable[[], Awaitable[Index]]
"""Builds an index from what was read; it needs no database, and takes a moment."""

_log = logging.getLogger(__name__)

_STALE = "The corpus was replaced during the look-up: try again."

_WORDS = "SELECT word, articles FROM word"
_CHUNKS = "SELECT chunk, places, headlines FROM chunk ORDER BY chunk"
_REVISION = "SELECT MAX(number) AS number FROM revision"
_POSTINGS = """
SELECT word, articles, (SELECT MAX(number) FROM revision) AS revision
FROM posting WHERE word IN ({}) ORDER BY word, chunk
"""
_OF_CHUNK = "SELECT word, articles FROM posting WHERE chunk = $1 AND word IN ({})"
_PUT_POSTING = """
INSERT INTO posting (word, chunk, articles) VALUES ($1, $2, $3)
ON CONFLICT (word, chunk) DO UPDATE SET articles = excluded.articles
"""
_PUT_CHUNK = """
INSERT INTO chunk (chunk, places, headlines) VALUES ($1, $2, $3)
ON CONFLICT (chunk) DO UPDATE SET places = excluded.places, headlines = excluded.headlines
"""
_GET_CHUNK = "SELECT chunk, places, headlines FROM chunk WHERE chunk = $1"
_DROP_CHUNK = "DELETE FROM chunk WHERE chunk = $1"
_COUNT = """
INSERT INTO word (word, articles) VALUES ($1, $2)
ON CONFLICT (word) DO UPDATE SET articles = word.articles + excluded.articles
"""
_DROP_POSTING = "DELETE FROM posting WHERE word = $1 AND chunk = $2"
_DROP_WORD = "DELETE FROM word WHERE word = $1 AND articles = 0"

_SET_FORMAT = "UPDATE index_format SET version = $1 WHERE version <> $1 RETURNING version"

_OLD_FORMAT = "SELECT 1 FROM index_format WHERE version <> $1"

MAX_UPDATED = 2_000
"""Changed articles up to which an index is updated in memory, and not read again."""
_CHANGED = f"""
SELECT DISTINCT number FROM past_article WHERE revision > $1 AND number < $2
LIMIT {MAX_UPDATED + 1}
"""  # noqa: S608 -- our own number
_NEW = f"SELECT number FROM article WHERE number >= $1 LIMIT {MAX_UPDATED + 1}"  # noqa: S608
_LOADED = f"{SELECT} WHERE a.number IN ({{}})"
# The first change after a revision stored what an article was like in it.
_PAST = f"""
SELECT number, {COLUMNS} FROM past_article
WHERE revision > $1 AND id IS NOT NULL AND number IN ({{}}) ORDER BY revision
"""  # noqa: S608 -- our own names
_COUNTS = "SELECT word, articles FROM word WHERE word IN ({})"

_FORMAT = 4
"""The form of the index: increase it with every change of what `index.to_places` returns."""
_BATCH = 500
"""Words in one statement.

SQLite accepts 32,766 parameters, but it looks up each word separately, so more would gain nothing.
"""


def _headlines(row: Row) -> NDArray[np.uint64]:
    """Return the headline hash of each number of a chunk; 0 if it has no article."""
    headlines = np.zeros(CHUNK, dtype=np.uint64)
    stored = np.frombuffer(row["headlines"], dtype="<u8")
    if row["places"] is None:
        # Written before migration 6: a hash for every number.
        headlines[: len(stored)] = stored
    else:
        headlines[np.frombuffer(row["places"], dtype="<u2")] = stored
    return headlines


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChange:
    """What changes in one chunk of the index."""

    chunk: int
    removed: Mapping[str, Postings]
    added: Mapping[str, Postings]
    headlines: Mapping[int, int]
    """The new headline hash of each article number; 0 removes the article."""


def chunk_changes(
    removed: Iterable[tuple[int, Article]],
    added: Iterable[tuple[int, Article]],
) -> Iterator[ChunkChange]:
    """Index the articles that a reload removes and adds; yield one chunk at a time.

    *added* must be sorted by number. Removals come first, so that a number may be removed and
    added again.
    """
    for numbered, is_added in ((removed, False), (added, True)):
        for chunk, of_chunk in groupby(numbered, key=lambda pair: pair[0] // CHUNK):
            built = build(of_chunk)
            yield ChunkChange(
                chunk=chunk,
                removed={} if is_added else built.postings,
                added=built.postings if is_added else {},
                headlines=built.headlines if is_added else dict.fromkeys(built.headlines, 0),
            )


async def write(connection: Connection, changes: Iterable[ChunkChange]) -> None:
    """Write *changes* to the index, in the caller's transaction."""
    counts: defaultdict[str, int] = defaultdict(int)
    remaining = iter(changes)
    # A change may be large, so work on a whole change runs in a thread.
    while change := await asyncio.to_thread(next, remaining, None):
        words = await asyncio.to_thread(_count_words, change, counts)
        rows = await connection.fetch(_GET_CHUNK, change.chunk)
        stored: dict[str, Postings] = {}
        if rows:
            for batch in _batches(words):
                sql = _OF_CHUNK.format(places(batch, start=2))
                for row in await connection.fetch(sql, change.chunk, *batch):
                    stored[row["word"]] = np.frombuffer(row["articles"], dtype="<u4")
        emptied: list[str] = []
        await connection.executemany(_PUT_POSTING, _new_rows(change, words, stored, emptied))
        await connection.executemany(_DROP_POSTING, ((word, change.chunk) for word in emptied))
        headlines = _headlines(rows[0]) if rows else np.zeros(CHUNK, dtype=np.uint64)
        for number, headline in change.headlines.items():
            headlines[number % CHUNK] = headline
        (offsets,) = np.nonzero(headlines)
        blobs = offsets.astype("<u2").tobytes(), headlines[offsets].astype("<u8").tobytes()
        if len(offsets):
            await connection.execute(_PUT_CHUNK, change.chunk, *blobs)
        else:
            await connection.execute(_DROP_CHUNK, change.chunk)
    await connection.executemany(_COUNT, ((word, by) for word, by in counts.items() if by))
    await connection.executemany(_DROP_WORD, ((word,) for word, by in counts.items() if by < 0))


def _count_words(change: ChunkChange, counts: defaultdict[str, int]) -> Sequence[str]:
    """Add the change in the number of articles of each word to *counts*; return the words."""
    for word, postings in change.removed.items():
        counts[word] -= len(postings)
    for word, postings in change.added.items():
        counts[word] += len(postings)
    return sorted(change.removed.keys() | change.added.keys())


def _new_rows(
    change: ChunkChange, words: Sequence[str], stored: Mapping[str, Postings], emptied: list[str]
) -> Iterator[Sequence[object]]:
    """Yield the new row of each of *words*; add words without postings to *emptied* instead."""
    for word in words:
        postings = _new_postings(word, stored, change)
        if postings:
            yield word, change.chunk, postings
        else:
            emptied.append(word)


async def rebuild(database: Database) -> None:
    """Index all articles again if another version of Parley wrote the index in another form.

    Another process that starts at the same time waits for this one. Raises `DatabaseError` if the
    database is read-only and has the other form.
    """
    # Read first, so that a server that can only be read is not asked to write.
    if not await database.fetch(_OLD_FORMAT, _FORMAT):
        return
    if database.is_read_only:
        if await database.fetch(_CHUNKS):
            raise DatabaseError(
                "The index was written by another version of Parley: `python -m bot migrate`"
                " writes it again."
            )
        return
    async with database.long_transaction() as connection:
        if not await connection.fetch(_SET_FORMAT, _FORMAT):
            return
        await connection.execute("DELETE FROM posting")
        await connection.execute("DELETE FROM word")
        for row in await connection.fetch(_CHUNKS):
            numbers = (np.flatnonzero(_headlines(row)) + row["chunk"] * CHUNK).tolist()
            _log.info("indexing %d articles again, for this version of Parley", len(numbers))
            articles = await articles_by_number(database, numbers)
            built = await asyncio.to_thread(build, sorted(articles.items()))
            change = ChunkChange(
                chunk=row["chunk"],
                removed={},
                added=built.postings,
                headlines=built.headlines,
            )
            await write(connection, [change])


async def read(database: Database, connection: Connection) -> BuildIndex:
    """Read the index of the revision that *connection* sees; return a function that builds it.

    The index fetches postings from *database* when a query needs them. That raises
    `StaleRevisionError` after another revision has been loaded.
    """
    columns = await connection.fetch(_CHUNKS)
    words = await connection.fetch(_WORDS)
    (last,) = await connection.fetch(_REVISION)
    return partial(asyncio.to_thread, _to_index, database, columns, words, last["number"])


async def read_update(
    database: Database, connection: Connection, index: Index, *, revision: int, next_number: int
) -> BuildIndex | None:
    """Read what has changed since *index*, which is that of an earlier *revision*.

    Return a function that builds the index of the revision that *connection* sees, or None if too
    much has changed for this to be worth it. *next_number* is the first article number that
    *revision* had not used. What articles were like in it must still be stored.
    """
    (last,) = await connection.fetch(_REVISION)
    changed = [row["number"] for row in await connection.fetch(_CHANGED, revision, next_number)]
    new = [row["number"] for row in await connection.fetch(_NEW, next_number)]
    if len(changed) + len(new) > MAX_UPDATED:
        return None
    loaded: dict[int, Article] = {}
    past: dict[int, Article] = {}
    for batch in _batches([*changed, *new]):
        for row in await connection.fetch(_LOADED.format(places(batch)), *batch):
            loaded[row["number"]] = to_article(row)
        sql = _PAST.format(places(batch, start=2))
        for row in await connection.fetch(sql, revision, *batch):
            past.setdefault(row["number"], to_article(row))
    known = set(index.numbers[np.isin(index.numbers, np.array(changed, np.uint32))].tolist())
    added = {number: article for number, article in loaded.items() if number not in known}
    removed = {number: article for number, article in past.items() if number not in loaded}
    built = await asyncio.to_thread(build, sorted((added | removed).items()))
    counts = dict.fromkeys(built.postings, 0)
    for words in _batches(sorted(counts)):
        for row in await connection.fetch(_COUNTS.format(places(words)), *words):
            counts[row["word"]] = row["articles"]
    return partial(
        index.updated,
        removed=np.array([*removed], dtype=np.uint32),
        added={number: built.headlines[number] for number in added},
        counts=counts,
        fetch=_fetch_from(database, last["number"]),
    )


def _fetch_from(database: Database, revision: int | None) -> Fetch:
    async def fetch(wanted: Sequence[str]) -> Mapping[str, Postings]:
        return await _postings(database, wanted, revision)

    return fetch


def _to_index(
    database: Database, columns: Sequence[Row], words: Sequence[Row], revision: int | None
) -> Index:
    numbers, headlines = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint64)]
    for row in columns:
        hashes = _headlines(row)
        offsets = np.flatnonzero(hashes)
        numbers.append((offsets + row["chunk"] * CHUNK).astype(np.uint32))
        headlines.append(hashes[offsets])

    return Index(
        vocabulary=Vocabulary((row["word"], row["articles"]) for row in words),
        numbers=np.concatenate(numbers),
        headlines=np.concatenate(headlines),
        fetch=_fetch_from(database, revision),
    )


async def _postings(
    database: Database, wanted: Sequence[str], revision: int | None
) -> Mapping[str, Postings]:
    found: dict[str, list[Postings]] = {word: [] for word in wanted}
    for row in await database.fetch(_POSTINGS.format(places(wanted)), *wanted):
        if row["revision"] != revision:
            raise StaleRevisionError(_STALE)
        found[row["word"]].append(np.frombuffer(row["articles"], dtype="<u4"))
    if not all(found.values()):
        raise StaleRevisionError(_STALE)
    return {
        word: np.concatenate(rows) if len(rows) > 1 else rows[0] for word, rows in found.items()
    }


def _new_postings(word: str, stored: Mapping[str, Postings], change: ChunkChange) -> bytes:
    """Return the postings of *word* in the chunk after *change*, as stored."""
    postings = stored.get(word, np.zeros(0, dtype=np.uint32))
    if word in change.removed:
        postings = postings[~np.isin(postings >> 2, change.removed[word] >> 2)]
    if word in change.added:
        added = change.added[word]
        postings = np.concatenate([postings, added])
        # New numbers are the highest, except those that an undo restores.
        if len(added) < len(postings) and postings[-len(added) - 1] > added[0]:
            postings.sort()
    return postings.astype("<u4").tobytes()


def _batches(things: Iterable[_T]) -> Iterator[Sequence[_T]]:
    remaining = iter(things)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
