"""Revisions: how a load is written and becomes what is searched, in this process and in others."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from datetime import datetime
from typing import TypeAlias

from store.articles import written_questions
from store.corpus.corpus import Corpus
from store.corpus.loaded import advance, read
from store.db import Connection, Database, DatabaseError, DatabaseUnavailableError
from store.finding import segments
from store.finding.countries import prepare
from store.finding.index import Segment
from store.loading import derived, revisions, staging
from store.loading.disk_list import DiskList
from store.loading.plan import LoadPlan
from store.progress import Progress, background_work
from store.topics import stored
from store.types import (
    FOLDER,
    POLL,
    QUESTION,
    ConcurrentLoadError,
    ParleyError,
    Revision,
    StaleRevisionError,
)

log = logging.getLogger(__name__)

Write: TypeAlias = Callable[[Connection], Awaitable[None]]

_SMALL_LOADS = (POLL, QUESTION)
"""The values of `loaded_by` for small loads, which may come one soon after the other."""
_DERIVE_LATER = 60
"""How many seconds after a small load the topics are updated."""
_LONGEST_DERIVE_WAIT = 60
"""Minutes between two attempts to derive, after many that failed."""


class Revisions:
    """Writes the changes that a load has planned as a new revision, and follows other processes."""

    def __init__(self, database: Database, corpus: Corpus) -> None:
        self._database = database
        self._corpus = corpus
        self._loading = asyncio.Lock()
        """Held by a load, an undo or a check of the folder from its beginning to its end."""
        self._writing = asyncio.Lock()
        """Held while a load is written, or one of another process is read."""
        self._followed: int | None = None
        """The last revision that was loaded completely here, with its derived data."""
        self._failed_derivations = 0
        self._derive_again_at: float | None = None
        """When `follow` derives again, by the monotonic clock; None if nothing failed."""
        self.load_seconds = 0.0
        """How long the last load in this process took."""

    async def open(self) -> None:
        """Load the current revision from the database, with its stored index.

        If the database is read-only, nothing is computed that would have to be stored.
        """
        with self.timing():
            await asyncio.to_thread(prepare)
            await segments.rebuild(self._database)
            await self._corpus.read_stored()
            if self._database.is_read_only:
                return
            await staging.clean(self._database)
            # A search may switch to a newer revision in the meantime; `follow` completes that.
            opened = self._corpus.revision
            await self._derive()
            self._followed = opened.number if opened else None

    async def follow(self) -> None:
        """Switch to the revision that another process has loaded, if there is a newer one.

        Also derives what is due, or could not be derived before.
        """
        last = await revisions.last(self._database)
        if last and last["number"] != self._followed:
            async with self._writing:
                if last["number"] == self._followed:
                    # This process was loading it itself.
                    return
                await segments.rebuild(self._database)
                await self._corpus.switch(self._corpus.loaded)
                self._followed = last["number"]
            log.info("switched to revision %d", last["number"])
            if last["loaded_by"] in _SMALL_LOADS:
                self._derive_later()
            else:
                await self._derive()
        elif self._derive_again_at is not None and time.monotonic() >= self._derive_again_at:
            await self._derive()

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Measure `load_seconds`, while other threads stay responsive."""
        began = time.perf_counter()
        with background_work():
            yield
        self.load_seconds = time.perf_counter() - began

    @asynccontextmanager
    async def planning(self, source: str = FOLDER) -> AsyncIterator[LoadPlan]:
        """Open an empty plan of changes to the stories of *source*, upon its last revision."""
        # A feed is loaded in a moment, and does not wait for a folder that takes minutes to read.
        async with self._loading if source == FOLDER else nullcontext():
            last = await revisions.last(self._database, source=source)
            first_number = await revisions.next_number(self._database)
            base = last["number"] if last else 0
            written = await written_questions.read(self._database)
            with (
                background_work(),
                LoadPlan(
                    base=base, source=source, first_number=first_number, written=written
                ) as plan,
            ):
                try:
                    yield plan
                except OSError as error:
                    # Errors of documents are problems, so this is about the temporary folder.
                    raise ParleyError(
                        f"The corpus stays as it was, because a temporary file cannot be"
                        f" written: {error.strerror}."
                    ) from error

    async def apply(
        self,
        plan: LoadPlan,
        *,
        by: str,
        at: datetime,
        fingerprint: str | None = None,
        progress: Progress | None = None,
        restores: int | None = None,
        also: Write | None = None,
        finishes: bool = True,
    ) -> Revision:
        """Write the changes of *plan*, and load them.

        *fingerprint* is that of the folder, if it changes. *also* is called at the beginning of the
        transaction. *finishes* is that of `reload`.
        """
        progress = progress or Progress()
        await staging.prepare(self._database, plan)
        await revisions.reserve_numbers(self._database, plan)
        with DiskList[Segment](batch=1) as added:
            await progress.in_thread(_index, plan, added, progress)
            async with self._staged(plan, added, progress) as staged, self._writing:
                unstaged = await staging.without_staged(staged, added) if staged else added
                async with self._database.long_transaction() as connection:
                    await self.require_base(connection, plan)
                    if also:
                        await also(connection)
                    revision = await revisions.write(
                        connection,
                        plan,
                        fingerprint=fingerprint,
                        by=by,
                        at=at,
                        restores=restores,
                        progress=progress,
                        is_staged=staged is not None,
                    )
                    if staged:
                        await staging.show(connection, staged)
                    # Others wait to write: what is staged is not read again.
                    removed = () if staged else (number for number, _ in plan.removed())
                    await segments.write(connection, removed, unstaged)
                    # Read before the commit, so that nothing can fail after it. But a large load
                    # takes long to read, and others wait to write.
                    build = None
                    if not staged:
                        before = self._corpus.loaded
                        build = advance(before, plan, revision) or await read(
                            self._database, connection, self._corpus.semantic, before=before
                        )
                if build:
                    self._corpus.loaded = await build()
                else:
                    await self._corpus.switch(self._corpus.loaded)
                self._followed = revision.number
        if by in _SMALL_LOADS:
            if staged:
                await self._delete_removed()
            self._derive_later()
        elif finishes:
            await self.finish(progress)
        return revision

    async def finish(self, progress: Progress | None = None) -> None:
        """Do what follows a load: delete what it removed, and update the topics.

        The stories are loaded and found without it. The next start or load does what this does not.
        """
        await self._delete_removed()
        await self._derive(progress)

    async def _delete_removed(self) -> None:
        # The load is done. What cannot be deleted now is deleted at the next start.
        with suppress(DatabaseError):
            await staging.clean(self._database)

    @asynccontextmanager
    async def _staged(
        self, plan: LoadPlan, added: DiskList[Segment], progress: Progress
    ) -> AsyncIterator[staging.Staged | None]:
        """Stage a large load; if it fails, delete what was staged."""
        staged = await staging.stage(self._database, plan, added, progress)
        try:
            yield staged
        except ParleyError:
            if staged:
                with suppress(ParleyError):
                    await staging.discard(self._database, staged)
            raise

    async def require_base(self, connection: Connection, plan: LoadPlan) -> None:
        """Raise `ConcurrentLoadError` if another load came after *plan* was opened."""
        last = await revisions.last(connection, source=plan.source)
        if (last["number"] if last else 0) != plan.base:
            raise ConcurrentLoadError(
                "Another load came first, and nothing was changed by this one: try again."
            )

    def _derive_later(self) -> None:
        """Derive within a minute: more such changes may follow soon."""
        if self._derive_again_at is None:
            self._derive_again_at = time.monotonic() + _DERIVE_LATER

    async def _derive(self, progress: Progress | None = None) -> None:
        """Update the derived data of the articles, and load it; delete what no undo needs any more.

        Does not raise, because the articles are loaded and found without it. If the data cannot be
        updated, `follow` calls this again; the next load or start deletes what could not be.
        """
        error = None
        try:
            with background_work():
                size = self._corpus.finder.index.size
                await derived.bring_up_to_date(self._database, size, progress or Progress())
        except StaleRevisionError:
            # The process that loaded the newer revision derives its data.
            return
        except Exception as raised:  # noqa: BLE001 -- logged below
            error = raised
        try:
            # Read it in any case: another process may have derived it.
            topics = await stored.read(self._database)
        except Exception as raised:  # noqa: BLE001 -- logged below
            error = error or raised
        else:
            self._corpus.loaded = self._corpus.loaded.with_topics(topics)
        self._plan_derivation(error)
        # Last, because after a large load the topics would wait for many transactions.
        try:
            with background_work():
                await revisions.forget(self._database)
        except Exception:
            log.exception("old versions of stories were not deleted; the next load tries again")

    def _plan_derivation(self, error: Exception | None) -> None:
        """Set when to derive again after *error*: in a minute, then later and later."""
        if error is None:
            self._failed_derivations, self._derive_again_at = 0, None
            return
        self._failed_derivations += 1
        minutes = min(2 ** (self._failed_derivations - 1), _LONGEST_DERIVE_WAIT)
        self._derive_again_at = time.monotonic() + minutes * 60
        if not isinstance(error, DatabaseUnavailableError):
            log.error("topics were not updated; trying again in %d min", minutes, exc_info=error)


def _index(plan: LoadPlan, added: DiskList[Segment], progress: Progress) -> None:
    progress.start("Indexing", len(plan.additions))
    added.extend(segments.build_segments(progress.counting(plan.added())))
