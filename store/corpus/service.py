"""The corpus: what is loaded, looking it up, and replacing it as a whole."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from store.articles import reading
from store.corpus.loaded import Loaded, read
from store.db import Database
from store.finding import chunks
from store.finding.embeddings import Embeddings
from store.finding.finder import Finder
from store.finding.topics import stored
from store.finding.words import prepare
from store.loading import derived, failed_loads, revisions
from store.loading.check import Check, check
from store.loading.disk_list import DiskList
from store.loading.documents import CorpusFolder, read_corpus
from store.loading.plan import Plan
from store.loading.reload import plan_reload
from store.loading.undo import plan_undo, target_of
from store.parsing import Parser
from store.progress import Progress, background_work
from store.types import (
    Answer,
    ConcurrentLoadError,
    Match,
    ParleyError,
    Revision,
    StaleRevisionError,
    Topic,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

_LIKE = 0.15
"""The share of a text that a related article has; what only shares common words has less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What a reload did; the revision tells how many articles it touched."""

    revision: Revision
    is_changed: bool
    ignored: int
    """Files in the folder that are no documents."""

    @property
    def added(self) -> int:
        """Count the articles that were not there before."""
        return self.revision.added if self.is_changed else 0

    @property
    def removed(self) -> int:
        """Count the articles that are gone."""
        return self.revision.removed if self.is_changed else 0

    @property
    def edited(self) -> int:
        """Count the articles with another text."""
        return self.revision.edited if self.is_changed else 0


class Corpus:
    """The revision that is loaded, and the index over its articles.

    What is loaded is one immutable value, replaced in one assignment. A look-up sees either the old
    corpus or the new one: what it reads from the database belongs to the revision that its index
    was read from, or it is made again over the next.
    """

    def __init__(self, database: Database, model: Embeddings | None) -> None:
        """Take the *model* by which stories are found in other words; None to do without."""
        self._database = database
        self._model = model
        self._reloading = asyncio.Lock()
        self._catching_up = asyncio.Lock()
        self._opened: int | None = None
        """The revision whose derived data this process has seen to."""
        self._loaded = Loaded(revision=None, finder=Finder.of(()))
        self.load_seconds = 0.0
        """How long the last load of this process took."""

    async def open(self) -> None:
        """Take up what the database holds, with the index that was stored with it."""
        with self._timing():
            await asyncio.to_thread(prepare)
            await self._take_up()
            if (
                self._model
                and self.finder.index.lacks_vectors
                and await chunks.add_missing_vectors(self._database, self._model)
            ):
                await self._take_up()
            # A look-up may take up the next one meanwhile, and leaves the rest of it to `follow`.
            opened = self.revision
            await self._derive()
            self._opened = opened.number if opened else None

    async def _take_up(self) -> None:
        async with self._database.long_reading() as connection:
            self._loaded = await read(self._database, connection, self._model)

    async def follow(self) -> None:
        """Take up what another process has loaded since, if any did."""
        last = await revisions.last(self._database)
        if last and last["number"] != self._opened:
            async with self._reloading:
                if last["number"] == self._opened:
                    # A load of this process, which is done by now.
                    return
                await self.open()
            log.info("took up revision %d", last["number"])

    @property
    def revision(self) -> Revision | None:
        """Give the revision that is loaded; None before the first."""
        return self._loaded.revision

    @property
    def finder(self) -> Finder:
        """Give the finder over what is loaded; a reload brings another."""
        return self._loaded.finder

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Look up *query*, whatever it holds; see `Finder.find`."""
        return await self._ask(lambda finder: finder.find(query, limit=limit))

    async def _ask(self, ask: Callable[[Finder], Awaitable[T]]) -> T:
        while True:
            asked = self._loaded
            try:
                return await ask(asked.finder)
            except StaleRevisionError:
                async with self._catching_up:
                    if self._loaded is asked:
                        await self._catch_up(asked)

    async def _catch_up(self, behind: Loaded) -> None:
        async with self._database.long_reading() as connection:
            loaded = await read(self._database, connection, self._model)
        if loaded.revision == behind.revision:
            raise ParleyError("The index of the corpus is damaged: restore a backup.")
        if self._loaded is behind:
            self._loaded = loaded

    async def history(self, limit: int = revisions.KEPT) -> Sequence[Revision]:
        """Give the last revisions, the latest first: who changed how much, and when."""
        return await revisions.history(self._database, limit)

    @property
    def topics(self) -> Sequence[Topic]:
        """Give the topics of what is loaded, those that most articles name first."""
        return self._loaded.finder.topics

    def complete(self, prefix: str, *, limit: int = 20) -> Sequence[str]:
        """Give the names of topics that *prefix* may be the beginning of."""
        return self._loaded.finder.complete(prefix, limit=limit)

    async def like(self, text: str, *, limit: int = 3, exclude: str = "") -> Sequence[Match]:
        """Give the articles that share most with a whole *text*, the best first.

        The article with the id *exclude* is left out.
        """
        ranked = await self._ask(lambda finder: finder.rank(text, limit=limit + 1, min_score=_LIKE))
        return [match for match in ranked if match.article.id != exclude][:limit]

    async def reload(
        self,
        path: Path,
        *,
        by: str,
        at: datetime,
        progress: Progress | None = None,
        announce: Callable[[Check], None] | None = None,
    ) -> Reload:
        """Replace the corpus with the documents at *path*, all of them or none.

        Only the documents that changed are read and indexed anew; an article keeps its id when its
        text is edited or moved. Loading what is loaded already changes nothing. *announce* is given
        what will be changed, before it is. Raises `CorpusInvalidError`, and `ConcurrentLoadError`
        if another process changes the corpus first; the corpus stays as that process left it.
        """
        watched = progress or Progress()
        with self._timing():
            async with self._planning() as plan:
                folder = await self._plan(plan, path, watched)
                if plan.after and not plan.documents:
                    await self._forget_refusal(path)
                    await self._derive()
                    (revision,) = await self.history(1)
                    return Reload(revision=revision, is_changed=False, ignored=folder.ignored)
                if announce:
                    announce(await self._check(plan, folder, watched))
                revision = await self._apply(
                    plan,
                    fingerprint=folder.fingerprint,
                    by=by,
                    at=at,
                    progress=watched,
                    path=path,
                )
            return Reload(revision=revision, is_changed=True, ignored=folder.ignored)

    async def _forget_refusal(self, path: Path) -> None:
        # Most often there is none, and then nothing waits for the writer.
        if await failed_loads.get(self._database, path):
            async with self._database.long_transaction() as connection:
                await failed_loads.forget(connection, path)

    async def check(
        self, path: Path, *, extra: Path | None = None, progress: Progress | None = None
    ) -> Check:
        """Tell what a reload of the documents at *path* would do, and do nothing.

        *extra* is one more document, as if it were there too. Raises `CorpusInvalidError` with
        every problem of every file.
        """
        watched = progress or Progress()
        async with self._planning() as plan:
            folder = await self._plan(plan, path, watched, extra)
            return await self._check(plan, folder, watched)

    async def _check(self, plan: Plan, folder: CorpusFolder, progress: Progress) -> Check:
        progress.start("Looking for twins", 0)
        return await self._ask(lambda finder: check(self._database, finder.index, plan, folder))

    async def undo(
        self,
        *,
        by: str,
        at: datetime,
        number: int | None = None,
        progress: Progress | None = None,
    ) -> Revision:
        """Bring back the revision before, or that of *number*, as a new revision.

        Articles get back the ids, texts and places that they had. Raises `ParleyError` where there
        is nothing to bring back, or nothing any more, and `ConcurrentLoadError` as `reload` does.
        """
        async with self._planning() as plan:
            target = await target_of(self._database, number)
            await plan_undo(self._database, plan, target)
            return await self._apply(
                plan,
                fingerprint=target["fingerprint"],
                by=by,
                at=at,
                restores=target["number"],
                progress=progress or Progress(),
            )

    @contextmanager
    def _timing(self) -> Iterator[None]:
        began = time.perf_counter()
        with background_work():
            yield
        self.load_seconds = time.perf_counter() - began

    @asynccontextmanager
    async def _planning(self) -> AsyncIterator[Plan]:
        async with self._reloading:
            last = await revisions.last(self._database)
            with Plan(last["number"] if last else 0) as plan:
                plan.next_number = last["next_number"] if last else 0
                try:
                    yield plan
                except OSError as error:
                    # Errors of documents are reported as problems, so this is the temporary folder.
                    raise ParleyError(
                        f"The corpus stays as it was, for want of room to work: {error.strerror}."
                    ) from error

    async def _plan(
        self, plan: Plan, path: Path, progress: Progress, extra: Path | None = None
    ) -> CorpusFolder:
        held = await reading.stored_documents(self._database)
        known = {name: document.digest for name, document in held.items()}
        # Cancelled, this ends the parsing that the thread waits for.
        with Parser() as parser:
            folder = await asyncio.to_thread(read_corpus, path, known, progress, extra, parser)
        await plan_reload(self._database, plan, folder, held, progress)
        return folder

    async def _apply(
        self,
        plan: Plan,
        *,
        fingerprint: str,
        by: str,
        at: datetime,
        progress: Progress,
        restores: int | None = None,
        path: Path | None = None,
    ) -> Revision:
        """Do what the *plan* says; *path* is the folder that it loads, None for an undo."""
        with DiskList[chunks.ChunkChange](batch=1) as parts:
            await asyncio.to_thread(_index, plan, parts, progress, self._model)
            async with self._database.long_transaction() as connection:
                last = await revisions.last(connection)
                if (last["number"] if last else 0) != plan.after:
                    raise ConcurrentLoadError(
                        "Another reload came first, and nothing was changed by this one: try again."
                    )
                revision = await revisions.write(
                    connection,
                    plan,
                    fingerprint=fingerprint,
                    by=by,
                    at=at,
                    restores=restores,
                    progress=progress,
                )
                await chunks.write(connection, parts)
                if path:
                    await failed_loads.forget(connection, path)
                # Read before the commit, so that nothing is left to fail after it.
                loaded = await read(self._database, connection, self._model)
            self._loaded = loaded
            self._opened = revision.number
        try:
            await self._derive()
        except Exception:
            # The stories are loaded, and nobody may be told that they are not.
            log.exception("topics are brought up to date by the next load or start")
        return revision

    async def _derive(self) -> None:
        """Bring what is derived from the articles up to date, and take it up."""
        try:
            await derived.bring_up_to_date(self._database, self._loaded.finder)
        except StaleRevisionError:
            # Whoever loaded the next revision derives what it needs.
            return
        # Read it in any case: another process may have derived it since the articles were taken up.
        async with self._database.reading() as connection:
            topics, least = await stored.read(connection), await derived.least(connection)
        finder = self._loaded.finder.with_derived(topics, least)
        self._loaded = replace(self._loaded, finder=finder)


def _index(
    plan: Plan, parts: DiskList[chunks.ChunkChange], progress: Progress, model: Embeddings | None
) -> None:
    progress.start("Indexing", len(plan.gone) + len(plan.come))
    gone, come = plan.articles(plan.gone), plan.articles(plan.come)
    parts.extend(chunks.chunk_changes(progress.counting(gone), progress.counting(come), model))
