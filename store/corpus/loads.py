"""Loads of the folder: reload, check and undo; an undo restores feeds and questions, too."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from store import samples
from store.articles import reading
from store.corpus.corpus import Corpus
from store.corpus.questions import Questions
from store.corpus.revisions import Revisions
from store.db import Database
from store.loading import failed_loads, revisions
from store.loading.check import Check, check
from store.loading.documents import CorpusFolder, read_corpus
from store.loading.near_duplicates import NearDuplicates
from store.loading.plan import LoadPlan, WrittenChanges
from store.loading.reload import plan_reload
from store.loading.undo import plan_undo, target_of
from store.parsing import Parser
from store.progress import Progress
from store.sources.sources import Sources
from store.types import (
    FOLDER,
    QUESTION,
    CorpusInvalidError,
    ParleyError,
    Problem,
    Revision,
    TeamId,
    UserId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """The result of a reload."""

    revision: Revision
    """The loaded revision: a new one, or the old one if nothing has changed."""
    is_changed: bool
    documents: int
    """How many documents the folder has now."""
    articles: int
    """How many stories they have."""
    left: Sequence[str]
    """The paths of the documents that are no longer in the folder."""
    ignored: int
    """How many files of the folder are not documents."""
    problems: Sequence[Problem]
    """Why files were not loaded: they keep the articles they had, and new ones are left out."""
    warnings: Sequence[Problem]
    """Mistakes in the changed documents that did not keep them from being loaded."""
    near_duplicates: NearDuplicates
    written: WrittenChanges


class Loads:
    """Loads the corpus folder, and takes loads back."""

    def __init__(
        self, database: Database, corpus: Corpus, revisions: Revisions, questions: Questions
    ) -> None:
        self._database = database
        self._corpus = corpus
        self._revisions = revisions
        self._questions = questions
        self._sources = Sources(database)

    async def reload(
        self,
        path: Path,
        *,
        by: str,
        at: datetime,
        progress: Progress | None = None,
        announce: Callable[[Check], Awaitable[None]] | None = None,
        finishes: bool = True,
        is_upload: bool = False,
    ) -> Reload:
        """Replace the folder's stories with the documents at *path*, in one transaction.

        The stories of other sources stay, and so do those of a document that has a problem. Only
        changed documents are parsed and indexed again. An article keeps its id when its text is
        edited or moved. If nothing has changed, nothing is written. *announce* is called with the
        changes before they are written; if it raises, nothing is written. Unless it *finishes*,
        call `finish` after it. *is_upload* is that of `check`. Raises `CorpusInvalidError` if no
        document can be read, and `ConcurrentLoadError` if another process loads the folder first.
        """
        watched = progress or Progress()
        with self._revisions.timing():
            async with self._revisions.planning() as plan:
                folder = await self._plan(plan, path, watched, at, is_upload=is_upload)
                if plan.base and not plan.documents:
                    if not folder.problems and not is_upload:
                        await self._forget_failed_load(path)
                    if finishes:
                        await self._revisions.finish(watched)
                    revision = await revisions.loaded(self._database)
                    nothing = NearDuplicates(), WrittenChanges((), ())
                    return await self._reloaded(revision, plan, folder, *nothing)
                if announce:
                    checked = await self._check(plan, folder, watched, at)
                    near_duplicates = checked.near_duplicates
                    await announce(checked)
                else:
                    watched.start("Looking for near-duplicates", 0)
                    near_duplicates = await self._corpus.near_duplicates(plan)
                # Before staging, which makes edits of what only moves.
                written = await asyncio.to_thread(plan.written_changes)
                record = partial(failed_loads.record, folder=path, problems=folder.problems, at=at)
                revision = await self._revisions.apply(
                    plan,
                    fingerprint=folder.fingerprint,
                    by=by,
                    at=at,
                    progress=watched,
                    finishes=finishes,
                    also=None if is_upload else record,
                )
                return await self._reloaded(revision, plan, folder, near_duplicates, written)

    async def _reloaded(
        self,
        revision: Revision,
        plan: LoadPlan,
        folder: CorpusFolder,
        near_duplicates: NearDuplicates,
        written: WrittenChanges,
    ) -> Reload:
        stories = await self._sources.stories()
        return Reload(
            revision=revision,
            is_changed=bool(plan.documents),
            documents=revision.documents - len(stories.keys() - {FOLDER}),
            articles=stories.get(FOLDER, 0),
            left=[path for path, change in plan.documents.items() if not change.after],
            ignored=folder.ignored,
            problems=folder.problems,
            warnings=folder.warnings,
            near_duplicates=near_duplicates,
            written=written,
        )

    async def _forget_failed_load(self, path: Path) -> None:
        # There is seldom one, so read first: a read does not wait for another writer.
        if await failed_loads.get(self._database, path):
            async with self._database.long_transaction() as connection:
                await failed_loads.forget(connection, path)

    async def check(
        self,
        path: Path,
        *,
        at: datetime,
        progress: Progress | None = None,
        is_upload: bool = False,
    ) -> Check:
        """Return what a reload of the documents at *path* would change now; write nothing.

        *is_upload* means that the document at *path* is added to those that are loaded, or replaces
        the one of its name; the others stay as they are loaded, whatever the folder holds. But the
        sample stories go. Raises `CorpusInvalidError` as `reload` does.
        """
        watched = progress or Progress()
        async with self._revisions.planning() as plan:
            folder = await self._plan(plan, path, watched, at, is_upload=is_upload)
            return await self._check(plan, folder, watched, at)

    async def _check(
        self, plan: LoadPlan, folder: CorpusFolder, progress: Progress, at: datetime
    ) -> Check:
        progress.start("Looking for near-duplicates", 0)
        return await self._corpus.search(
            lambda finder: check(self._database, finder.index, plan, folder, at)
        )

    async def undo(
        self,
        *,
        by: str,
        at: datetime,
        number: int | None = None,
        team_id: TeamId | None = None,
        progress: Progress | None = None,
        finishes: bool = True,
    ) -> Revision:
        """Restore the source of revision *number* as it was then, as a new revision.

        Without a number, take back the last change that no poll made and no undo took back: a load,
        or a question that was written. *team_id* is the team of the user *by*, if it is a user.
        Articles get their old ids, texts and places. A feed is paused, because its next poll would
        bring the same again.
        *finishes* is that of `reload`.
        Raises `ParleyError` if the revision does not exist, can no longer be restored or would
        change nothing, and `ConcurrentLoadError` if the source is loaded in between: then a feed is
        paused already, so the next try succeeds.
        """
        target = await target_of(self._database, number)
        if target["loaded_by"] == QUESTION:
            user = UserId(by.rpartition(":")[2]) if team_id else None
            return await self._questions.take_back(target["number"], team_id, user, at)
        is_folder = target["source"] == FOLDER
        async with self._revisions.planning(target["source"]) as plan:
            await plan_undo(self._database, plan, target)
            if plan.is_empty:
                raise ParleyError(
                    f"Revision {number or target['number']} is loaded now, so nothing would change."
                )
            if not is_folder:
                await self._sources.pause(target["source"], now=at)
            return await self._revisions.apply(
                plan,
                fingerprint=target["fingerprint"] if is_folder else None,
                by=by,
                at=at,
                restores=target["number"],
                progress=progress or Progress(),
                finishes=finishes,
            )

    async def history(
        self, limit: int = revisions.KEPT, *, source: str | None = None
    ) -> Sequence[Revision]:
        """Return the last revisions, latest first: who changed how much, and when.

        They are those of *source*; with None, those of all sources that no poll made.
        """
        found = await revisions.history(self._database, limit, source)
        # People know a feed by its name.
        names = await self._sources.names()
        return [
            replace(one, paths=tuple(names.get(path, path) for path in one.paths)) for one in found
        ]

    async def _plan(
        self,
        plan: LoadPlan,
        path: Path,
        progress: Progress,
        at: datetime,
        *,
        is_upload: bool,
    ) -> CorpusFolder:
        documents = await reading.stored_documents(self._database)
        known = {name: document.digest for name, document in documents.items()}
        # If this task is cancelled, closing the parser ends the work of the thread.
        with Parser() as parser:
            folder = await asyncio.to_thread(read_corpus, path, known, progress, parser, at)
        if is_upload:
            if folder.problems:
                raise CorpusInvalidError(folder.problems)
            if not samples.are_loaded(self._corpus.revision):
                folder = replace(folder, digests={**known, **folder.digests})
        await plan_reload(self._database, plan, folder, documents, progress)
        broken = {str(problem.path) for problem in folder.problems}
        if plan.base and not plan.documents and broken.issuperset(folder.digests):
            raise CorpusInvalidError(folder.problems)
        return folder
