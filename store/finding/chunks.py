"""The index in the database: read as a whole at the start, changed article by article.

Postings lie in rows of one word and one chunk of article numbers, so that an edited document
rewrites the rows of its own words in its own chunk, and no others. What is gone leaves nothing
behind, however many numbers were used up.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from store.db import Connection, Database, Row, places
from store.finding.index import CHUNK, Index, Postings, build
from store.finding.meaning import BYTES, BitVectors, Embeddings
from store.finding.vocabulary import Vocabulary
from store.reading import articles_by_number
from store.types import Article, OvertakenError

log = logging.getLogger(__name__)

_OVERTAKEN = "The corpus was replaced meanwhile: try again."

_WORDS = "SELECT word, articles FROM word"
_CHUNKS = "SELECT chunk, places, headlines, signs FROM chunk ORDER BY chunk"
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
INSERT INTO chunk (chunk, places, headlines, signs) VALUES ($1, $2, $3, $4)
ON CONFLICT (chunk) DO UPDATE SET
    places = excluded.places, headlines = excluded.headlines, signs = excluded.signs
"""
_GET_CHUNK = "SELECT chunk, places, headlines, signs FROM chunk WHERE chunk = $1"
_DROP_CHUNK = "DELETE FROM chunk WHERE chunk = $1"
_COUNT = """
INSERT INTO word (word, articles) VALUES ($1, $2)
ON CONFLICT (word) DO UPDATE SET articles = word.articles + excluded.articles
"""
_DROP_POSTING = "DELETE FROM posting WHERE word = $1 AND chunk = $2"
_DROP_WORD = "DELETE FROM word WHERE word = $1 AND articles = 0"

_BATCH = 500
"""Words in one statement; SQLite takes 32,766 parameters and reads each word by itself anyway."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What a chunk holds of its articles, a row each."""

    places: NDArray[np.uint16]
    """Their numbers within the chunk, rising."""
    headlines: NDArray[np.uint64]
    bit_vectors: BitVectors

    @classmethod
    def none(cls) -> Self:
        return cls._packed(np.zeros(CHUNK, np.uint64), np.zeros((CHUNK, BYTES), np.uint8))

    @classmethod
    def of(cls, row: Row) -> Self:
        headlines = np.frombuffer(row["headlines"], dtype="<u8")
        bit_vectors = np.zeros((len(headlines), BYTES), dtype=np.uint8)
        held = np.frombuffer(row["signs"], dtype=np.uint8).reshape(-1, BYTES)
        bit_vectors[: len(held)] = held
        if row["places"] is None:
            return cls._packed(headlines, bit_vectors)
        return cls(np.frombuffer(row["places"], dtype="<u2"), headlines, bit_vectors)

    @classmethod
    def _packed(cls, headlines: NDArray[np.uint64], bit_vectors: BitVectors) -> Self:
        """Take columns with a row for every number, and leave out those of no article."""
        (places,) = np.nonzero(headlines)
        return cls(places.astype(np.uint16), headlines[places], bit_vectors[places])

    def changed(self, part: "ChunkChange") -> Self:
        """Give the columns after what *part* changes."""
        headlines = np.zeros(CHUNK, dtype=np.uint64)
        bit_vectors = np.zeros((CHUNK, BYTES), dtype=np.uint8)
        headlines[self.places], bit_vectors[self.places] = self.headlines, self.bit_vectors
        for number, headline in part.headlines.items():
            headlines[number % CHUNK] = headline
            bit_vectors[number % CHUNK] = 0
        for number, one in part.bit_vectors.items():
            bit_vectors[number % CHUNK] = np.frombuffer(one, dtype=np.uint8)
        return self._packed(headlines, bit_vectors)

    def blobs(self) -> Sequence[bytes]:
        """Give the columns as they are stored; without a model there are no bit vectors."""
        bit_vectors = self.bit_vectors if self.bit_vectors.any() else self.bit_vectors[:0]
        return (
            self.places.astype("<u2").tobytes(),
            self.headlines.astype("<u8").tobytes(),
            bit_vectors.tobytes(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChange:
    """What changes in one chunk."""

    chunk: int
    removed: Mapping[str, Postings]
    added: Mapping[str, Postings]
    headlines: Mapping[int, int]
    bit_vectors: Mapping[int, bytes]


def chunk_changes(
    removed: Iterable[tuple[int, Article]],
    added: Iterable[tuple[int, Article]],
    model: Embeddings | None,
) -> Iterator[ChunkChange]:
    """Index what a reload changes, chunk by chunk, holding one at a time; *added* rise by number.

    What was removed comes first, so that a number may come back.
    """
    for chunk, each in _by_chunk(removed):
        built = build(each, None)
        yield ChunkChange(
            chunk=chunk,
            removed=built.postings,
            added={},
            headlines=dict.fromkeys(built.headlines, 0),
            bit_vectors={},
        )
    for chunk, each in _by_chunk(added):
        built = build(each, model)
        yield ChunkChange(
            chunk=chunk,
            removed={},
            added=built.postings,
            headlines=built.headlines,
            bit_vectors=built.bit_vectors,
        )


async def write(connection: Connection, changed: Iterable[ChunkChange]) -> None:
    """Write what changed in the index, in the caller's transaction."""
    counts: defaultdict[str, int] = defaultdict(int)
    every = iter(changed)
    # A part is long: in a thread whatever is done to the whole of it.
    while part := await asyncio.to_thread(next, every, None):
        touched = await asyncio.to_thread(_touched, part, counts)
        rows = await connection.fetch(_GET_CHUNK, part.chunk)
        held: dict[str, Postings] = {}
        if rows:
            for some in _batches(touched):
                sql = _OF_CHUNK.format(places(some, start=2))
                for row in await connection.fetch(sql, part.chunk, *some):
                    held[row["word"]] = np.frombuffer(row["articles"], dtype="<u4")
        emptied: list[str] = []
        await connection.executemany(_PUT_POSTING, _postings_of(part, touched, held, emptied))
        await connection.executemany(_DROP_POSTING, ((word, part.chunk) for word in emptied))
        before = _Columns.of(rows[0]) if rows else _Columns.none()
        columns = await asyncio.to_thread(before.changed, part)
        if len(columns.places):
            await connection.execute(_PUT_CHUNK, part.chunk, *columns.blobs())
        else:
            await connection.execute(_DROP_CHUNK, part.chunk)
    await connection.executemany(_COUNT, ((word, by) for word, by in counts.items() if by))
    await connection.executemany(_DROP_WORD, ((word,) for word, by in counts.items() if by < 0))


def _touched(part: ChunkChange, counts: defaultdict[str, int]) -> Sequence[str]:
    """Count what the words of *part* gain and lose, and give them in order."""
    for word, postings in part.removed.items():
        counts[word] -= len(postings)
    for word, postings in part.added.items():
        counts[word] += len(postings)
    return sorted(part.removed.keys() | part.added.keys())


def _postings_of(
    part: ChunkChange, touched: Sequence[str], held: Mapping[str, Postings], emptied: list[str]
) -> Iterator[Sequence[object]]:
    """Yield the rows of the words that *part* leaves in its chunk; the others are *emptied*."""
    for word in touched:
        now = _changed(word, held, part)
        if now:
            yield word, part.chunk, now
        else:
            emptied.append(word)


async def add_missing_vectors(database: Database, model: Embeddings) -> bool:
    """Make the signs of the articles that were loaded while there was no model.

    False where none could be made: a story without words has none.
    """
    is_changed = False
    for row in await database.fetch(_CHUNKS):
        columns = _Columns.of(row)
        lacks = ~columns.bit_vectors.any(axis=1)
        lacking = columns.places[lacks].astype(np.int64) + row["chunk"] * CHUNK
        if not len(lacking):
            continue
        log.info("making the vectors of %d articles", len(lacking))
        made: dict[int, NDArray[np.uint8]] = {}
        for start in range(0, len(lacking), _BATCH):
            articles = await articles_by_number(database, lacking[start : start + _BATCH].tolist())
            rows = await asyncio.to_thread(model.bit_vectors, articles.values())
            made.update(zip(articles, rows, strict=True))
        if await _fill(database, row["chunk"], made):
            is_changed = True
    return is_changed


async def _fill(database: Database, chunk: int, made: Mapping[int, NDArray[np.uint8]]) -> bool:
    """Put signs that were *made* into a chunk; False where it takes none of them."""
    async with database.long_transaction() as connection:
        # Read anew: while the signs were made, another process may have loaded other articles.
        rows = await connection.fetch(_GET_CHUNK, chunk)
        if not rows:
            return False
        columns = _Columns.of(rows[0])
        bit_vectors = columns.bit_vectors.copy()
        numbers = columns.places.astype(np.int64) + chunk * CHUNK
        for place, number in enumerate(numbers.tolist()):
            if number in made and not bit_vectors[place].any():
                bit_vectors[place] = made[number]
        if np.array_equal(bit_vectors, columns.bit_vectors):
            return False
        await connection.execute(
            _PUT_CHUNK, chunk, *replace(columns, bit_vectors=bit_vectors).blobs()
        )
        return True


async def read(database: Database, connection: Connection) -> Index:
    """Read the index that *connection* sees; its postings are fetched from *database* later.

    To fetch them raises `OvertakenError` once another revision is loaded.
    """
    columns = await connection.fetch(_CHUNKS)
    words = await connection.fetch(_WORDS)
    (last,) = await connection.fetch(_REVISION)
    return await asyncio.to_thread(_index, database, columns, words, last["number"])


def _index(
    database: Database, columns: Sequence[Row], words: Sequence[Row], revision: int | None
) -> Index:
    each = [_Columns.of(row) for row in columns] or [_Columns.none()]
    starts = [row["chunk"] * CHUNK for row in columns] or [0]
    numbers = np.concatenate(
        [one.places.astype(np.uint32) + start for one, start in zip(each, starts, strict=True)]
    )

    async def fetch(wanted: Sequence[str]) -> Mapping[str, Postings]:
        return await _postings(database, wanted, revision)

    return Index(
        vocabulary=Vocabulary((row["word"], row["articles"]) for row in words),
        numbers=numbers,
        headlines=np.concatenate([one.headlines for one in each]),
        bit_vectors=np.concatenate([one.bit_vectors for one in each]),
        fetch=fetch,
    )


async def _postings(
    database: Database, wanted: Sequence[str], revision: int | None
) -> Mapping[str, Postings]:
    found: dict[str, list[Postings]] = {word: [] for word in wanted}
    for row in await database.fetch(_POSTINGS.format(places(wanted)), *wanted):
        if row["revision"] != revision:
            raise OvertakenError(_OVERTAKEN)
        found[row["word"]].append(np.frombuffer(row["articles"], dtype="<u4"))
    if not all(found.values()):
        raise OvertakenError(_OVERTAKEN)
    return {
        word: np.concatenate(some) if len(some) > 1 else some[0] for word, some in found.items()
    }


_NONE: Postings = np.zeros(0, dtype=np.uint32)


def _changed(word: str, held: Mapping[str, Postings], part: ChunkChange) -> bytes:
    now = held.get(word, _NONE)
    if word in part.removed:
        now = now[~np.isin(now >> 2, part.removed[word] >> 2)]
    if word in part.added:
        new = part.added[word]
        now = np.concatenate([now, new])
        # An undo brings back numbers from before.
        if len(new) < len(now) and now[-len(new) - 1] > new[0]:
            now.sort()
    return now.astype("<u4").tobytes()


def _by_chunk(
    numbered: Iterable[tuple[int, Article]],
) -> Iterator[tuple[int, Iterator[tuple[int, Article]]]]:
    return groupby(numbered, key=lambda one: one[0] // CHUNK)


def _batches(words: Sequence[str]) -> Iterator[Sequence[str]]:
    every = iter(words)
    while some := list(islice(every, _BATCH)):
        yield some
