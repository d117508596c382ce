"""Embed the loaded stories in the background, so that semantic search finds them.

A load does not wait for embeddings: its stories are found by their words at once. The newest
stories are embedded first. What is embedded is stored, so a restart goes on where the last process
stopped, and processes that share a database share the work.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from random import shuffle

import numpy as np

from store.articles.reading import articles_by_number
from store.corpus.corpus import Corpus
from store.db import Database, places
from store.finding.embeddings import HALF, Embeddings, PackedVectors
from store.finding.index import Numbers
from store.finding.similarity import Calibration, SemanticSearch, StoryVectors
from store.progress import background_work
from store.types import StaleRevisionError

MAX_STORIES = 100_000
"""How many stories are embedded, the newest: they need 45 MB, and each search scans them."""

_BATCH = 16
"""Stories embedded at a time, in about a second."""
_WINDOW = 32
"""Batches of which processes choose in random order, so that they seldom embed the same one."""
_ROWS = 500
"""Rows in one statement; also how many new stories are used together at least."""
_SHARE = 20
"""Semantic search is calibrated again once one story in 20 is new."""
_LOG_SECONDS = 60

_NEWEST = "SELECT number FROM loaded_article ORDER BY number DESC LIMIT $1"
_STORED = "SELECT number, vector FROM embedding WHERE model = $1 AND number IN ({}) ORDER BY number"
_PUT = """
INSERT INTO embedding (number, model, vector) VALUES ($1, $2, $3)
ON CONFLICT (number) DO UPDATE SET model = excluded.model, vector = excluded.vector
"""
_NUMBERS = "SELECT number FROM embedding"
_DROP = "DELETE FROM embedding WHERE number IN ({})"

_log = logging.getLogger(__name__)


class Embedder:
    """Keeps the embeddings of a corpus up to date, in the database and in memory."""

    def __init__(self, database: Database, corpus: Corpus) -> None:
        self._database = database
        self._corpus = corpus
        self._vectors = StoryVectors.empty()
        self._new: list[tuple[Sequence[int], PackedVectors]] = []
        """Vectors that are not used yet."""
        self._calibration: Calibration | None = None
        self._uncalibrated = 0
        """How many stories are used that were not at the last calibration."""
        self._done: int | None = None
        """The last revision whose stories are all embedded and in use."""

    async def read(self) -> None:
        """Use the embeddings that are stored; compute and write none."""
        model = await asyncio.to_thread(Embeddings.load)
        if model:
            await self._read_newest(model)

    async def run(self) -> None:
        """Embed the stories of the loaded revision that lack it, and use all embeddings.

        Without the model, do nothing. Another call goes on where a cancelled one stopped.
        """
        revision = self._corpus.revision
        if revision is None or revision.number == self._done:
            return
        with background_work():
            model = await asyncio.to_thread(Embeddings.load)
            try:
                if model:
                    # Read first, so that what another process embeds from now on is not deleted.
                    embedded = await self._fetch_numbers(_NUMBERS)
                    newest = await self._read_newest(model)
                    await self._delete(np.setdiff1d(embedded, newest).tolist())
                    missing = np.setdiff1d(newest, self._vectors.numbers)
                    await self._embed(model, missing[::-1].tolist())
            except StaleRevisionError:
                # Another revision was loaded in the meantime: the next call embeds its stories.
                return
        self._done = revision.number

    async def _fetch_numbers(self, sql: str, *args: object) -> Numbers:
        rows = await self._database.fetch(sql, *args)
        return np.array([row["number"] for row in rows], dtype=np.uint32)

    async def _read_newest(self, model: Embeddings) -> Numbers:
        """Use what is stored of the stories that should be embedded; return their numbers."""
        newest = await self._fetch_numbers(_NEWEST, MAX_STORIES)
        self._vectors, self._new = self._vectors.only(newest), []
        await self._read(model, np.setdiff1d(newest, self._vectors.numbers).tolist())
        await self._use(model)
        return newest

    async def _delete(self, numbers: Sequence[int]) -> None:
        """Delete the embeddings of *numbers*: of stories that were deleted, or are too old."""
        for start in range(0, len(numbers), _ROWS):
            batch = numbers[start : start + _ROWS]
            async with self._database.transaction() as connection:
                await connection.execute(_DROP.format(places(batch)), *batch)

    async def _embed(self, model: Embeddings, missing: Sequence[int]) -> None:
        """Embed the stories *missing*, the newest first."""
        if not missing:
            return
        time = asyncio.get_running_loop().time
        began = logged = time()
        for done, batch in enumerate(_batches(missing)):
            batch_began = time()
            await self._add(model, batch)
            if len(self._new) * _BATCH >= len(self._vectors) + _ROWS:
                await self._use(model)
            if time() - logged > _LOG_SECONDS:
                logged = time()
                _log.info("embedded %d of %d new stories", done * _BATCH, len(missing))
            # Use half of one core, so that others are answered as fast as ever.
            await asyncio.sleep(time() - batch_began)
        await self._use(model)
        _log.info("embedded %d stories in %.0f s", len(missing), time() - began)

    async def _add(self, model: Embeddings, batch: Sequence[int]) -> None:
        """Embed and store those stories of *batch* that no other process has embedded yet."""
        stored = await self._read(model, batch)
        articles = await articles_by_number(
            self._database, [number for number in batch if number not in stored]
        )
        if not articles:
            return
        vectors = await asyncio.to_thread(model.embed_articles, [*articles.values()])
        async with self._database.transaction() as connection:
            await connection.executemany(
                _PUT,
                (
                    (number, model.id, vector.tobytes())
                    for number, vector in zip(articles, vectors, strict=True)
                ),
            )
        self._new.append(([*articles], vectors))

    async def _read(self, model: Embeddings, numbers: Sequence[int]) -> set[int]:
        """Read the stored vectors of *numbers*; return the numbers that have one."""
        found: list[int] = []
        # One array: many small ones would leave holes in the memory of the process.
        vectors = np.empty((len(numbers), HALF), dtype=np.uint8)
        for start in range(0, len(numbers), _ROWS):
            batch = numbers[start : start + _ROWS]
            sql = _STORED.format(places(batch, start=2))
            for row in await self._database.fetch(sql, model.id, *batch):
                vectors[len(found)] = np.frombuffer(row["vector"], dtype=np.uint8)
                found.append(row["number"])
        if found:
            self._new.append((found, vectors[: len(found)]))
        return set(found)

    async def _use(self, model: Embeddings) -> None:
        """Search the new vectors too, from now on."""
        new, self._new = self._new, []
        self._vectors = await asyncio.to_thread(self._vectors.merged, new)
        self._uncalibrated += sum(len(numbers) for numbers, _ in new)
        if not len(self._vectors):
            return
        index, known = self._corpus.finder.index, self._calibration
        semantic = SemanticSearch(index, model, self._vectors, known)
        if not known or self._uncalibrated * _SHARE > len(self._vectors):
            self._calibration = await semantic.calibrate()
            self._uncalibrated = 0
        self._corpus.use(semantic)


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Split *numbers* into batches; those of a window come in random order."""
    window = _BATCH * _WINDOW
    for start in range(0, len(numbers), window):
        part = numbers[start : start + window]
        batches = [part[at : at + _BATCH] for at in range(0, len(part), _BATCH)]
        shuffle(batches)
        yield from batches
