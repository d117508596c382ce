"""The corpus: search the loaded articles, and replace all of them with those of a folder."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from store import samples
from store.articles import reading, written_questions
from store.articles.written_questions import WrittenQuestion
from store.corpus.loaded import Loaded, advance, read
from store.corpus.newest import asks_for_newest
from store.db import Connection, Database, DatabaseError, DatabaseUnavailableError
from store.finding import segments
from store.finding.countries import prepare
from store.finding.finder import Finder
from store.finding.index import Segment
from store.finding.similarity import SemanticSearch
from store.loading import derived, failed_loads, feed_stories, revisions, staging
from store.loading.check import Check, check
from store.loading.disk_list import DiskList
from store.loading.documents import CorpusFolder, read_corpus
from store.loading.documents.source import Story
from store.loading.feed_load import FeedPlan, plan_feed, plan_removal, plan_retirement
from store.loading.near_duplicates import NearDuplicates, find_near_duplicates
from store.loading.plan import Counts, LoadPlan, WrittenChanges
from store.loading.reload import plan_reload
from store.loading.undo import plan_undo, target_of
from store.parsing import Parser
from store.progress import Progress, background_work
from store.sources.sources import Sources, is_polled
from store.topics import stored
from store.types import (
    FOLDER,
    POLL,
    QUESTION,
    Answer,
    Article,
    ConcurrentLoadError,
    CorpusInvalidError,
    FeedChange,
    FeedSource,
    Found,
    Match,
    Nothing,
    ParleyError,
    Problem,
    Revision,
    StaleRevisionError,
    TeamId,
    Topic,
    UserId,
)

log = logging.getLogger(__name__)
_T = TypeVar("_T")
Write: TypeAlias = Callable[[Connection], Awaitable[None]]

_SMALL_LOADS = (POLL, QUESTION)
"""The values of `loaded_by` for small loads, which may come one soon after the other."""
_DERIVE_LATER = 60
"""How many seconds after a small load the topics are updated."""
_TRIES = 3
"""How often a question is written if other loads come first."""
_LONGEST_DERIVE_WAIT = 60
"""Minutes between two attempts to derive, after many that failed."""
_RELATED = 3
"""How many related articles are found."""
_MIN_SIMILARITY = 0.15
"""The score of a related article; an article that only shares common words scores less."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLoad:
    """What the load of a feed has changed."""

    counts: Counts
    near_duplicates: NearDuplicates
    """New stories that are nearly equal to others, such as those of another feed."""
    digest: str
    """A hash of the entries, for `Corpus.holds`."""


class Corpus:
    """The loaded revision and the index of its articles.

    Both are one immutable value that is replaced in one assignment, so a search sees either the old
    corpus or the new one. If another process replaces the articles in the database during a search,
    the search starts again with the new revision.
    """

    def __init__(self, database: Database) -> None:
        """Create an empty corpus."""
        self._database = database
        self._sources = Sources(database)
        self._semantic: SemanticSearch | None = None
        self._loading = asyncio.Lock()
        """Held by a load, an undo or a check of the folder from its beginning to its end."""
        self._writing = asyncio.Lock()
        """Held while a load is written, or one of another process is read."""
        self._switching = asyncio.Lock()
        self._followed: int | None = None
        """The last revision that was loaded completely here, with its derived data."""
        self._loaded = Loaded(revision=None, finder=Finder.of(()), next_number=0)
        self._written: tuple[Revision | None, frozenset[str]] | None = None
        """The articles with a written question, as of a revision; None if not read yet."""
        self._failed_derivations = 0
        self._derive_again_at: float | None = None
        """When `follow` derives again, by the monotonic clock; None if nothing failed."""
        self.load_seconds = 0.0
        """How long the last load in this process took."""

    async def open(self) -> None:
        """Load the current revision from the database, with its stored index.

        If the database is read-only, nothing is computed that would have to be stored.
        """
        with self._timing():
            await asyncio.to_thread(prepare)
            await segments.rebuild(self._database)
            await self._read_stored()
            if self._database.is_read_only:
                return
            await staging.clean(self._database)
            # A search may switch to a newer revision in the meantime; `follow` completes that.
            opened = self.revision
            await self._derive()
            self._followed = opened.number if opened else None

    async def _read_stored(self) -> None:
        async with self._database.long_reading() as connection:
            build = await read(self._database, connection, self._semantic)
        self._loaded = await build()

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
                await self._switch(self._loaded)
                self._followed = last["number"]
            log.info("switched to revision %d", last["number"])
            if last["loaded_by"] in _SMALL_LOADS:
                self._derive_later()
            else:
                await self._derive()
        elif self._derive_again_at is not None and time.monotonic() >= self._derive_again_at:
            await self._derive()

    @property
    def revision(self) -> Revision | None:
        """Return the loaded revision; None before the first load."""
        return self._loaded.revision

    @property
    def finder(self) -> Finder:
        """Return the finder of the loaded revision; each reload replaces it."""
        return self._loaded.finder

    @property
    def is_empty(self) -> bool:
        """Whether no story is loaded."""
        return not self.finder.index.size

    def use(self, semantic: SemanticSearch) -> None:
        """Search with *semantic* too, from the next look-up on."""
        self._semantic = semantic
        finder = self.finder.with_semantic(semantic.over(self.finder.index))
        self._loaded = replace(self._loaded, finder=finder)

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Search for *query*, which may be any text; see `Finder.find`.

        If it asks for the newest stories, return those. If no story has a date, return one that has
        the words of the query, or else `Nothing` that is undated.
        """
        is_for_newest = asks_for_newest(query)
        if is_for_newest and (latest := await reading.latest(self._database, limit)):
            matches = (Match(article=one, score=1.0, reasons=lambda _: ()) for one in latest)
            return Found(matches=tuple(matches), is_by_date=True)
        answer = await self._search(lambda finder: finder.find(query, limit=limit))
        if is_for_newest and not isinstance(answer, Found):
            return Nothing(is_undated=True)
        return self._loaded.typeahead.suggest(query, answer)

    async def _search(self, search: Callable[[Finder], Awaitable[_T]]) -> _T:
        """Call *search* with the finder, again if the revision is replaced during the call."""
        while True:
            loaded = self._loaded
            try:
                return await search(loaded.finder)
            except StaleRevisionError:
                async with self._switching:
                    # Another search may have switched already.
                    if self._loaded is loaded:
                        await self._switch(loaded)
            if self._loaded.revision == loaded.revision:
                raise ParleyError("The index of the corpus is damaged: restore a backup.")

    async def _switch(self, stale: Loaded) -> None:
        """Read what has changed since *stale*, and use it unless another task was faster."""
        async with self._database.long_reading() as connection:
            # The other process may also have loaded new links, which make no revision.
            before = stale.without_articles()
            build = await read(self._database, connection, self._semantic, before=before)
        loaded = await build()
        if self._loaded is stale:
            self._loaded = loaded

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

    @property
    def topics(self) -> Sequence[Topic]:
        """Return the topics of the loaded articles, those of most articles first."""
        return self._loaded.topics

    def complete(self, prefix: str, *, limit: int = 20) -> Sequence[str]:
        """Return the names of topics that may begin with *prefix*."""
        return self._loaded.typeahead.complete(prefix, limit)

    async def like(self, text: str, *, exclude: Collection[str] = ()) -> Sequence[Match]:
        """Return the articles that are most similar to a whole *text*, best first.

        Leaves out the articles with the ids *exclude*.
        """
        limit = _RELATED + len(exclude)
        ranked = await self._search(
            lambda finder: finder.rank(text, limit=limit, min_score=_MIN_SIMILARITY)
        )
        return [match for match in ranked if match.article.id not in exclude][:_RELATED]

    async def stories(self) -> AsyncIterator[Sequence[Article]]:
        """Yield all stories in batches, the first ones first, with the questions admins wrote."""
        async for batch in reading.articles_from_number(self._database, 0):
            yield [article for _, article in batch]

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
        with self._timing():
            async with self._planning() as plan:
                folder = await self._plan(plan, path, watched, at, is_upload=is_upload)
                if plan.base and not plan.documents:
                    if not folder.problems and not is_upload:
                        await self._forget_failed_load(path)
                    if finishes:
                        await self.finish(watched)
                    revision = await revisions.loaded(self._database)
                    nothing = NearDuplicates(), WrittenChanges((), ())
                    return await self._reloaded(revision, plan, folder, *nothing)
                if announce:
                    checked = await self._check(plan, folder, watched, at)
                    near_duplicates = checked.near_duplicates
                    await announce(checked)
                else:
                    watched.start("Looking for near-duplicates", 0)
                    near_duplicates = await self._near_duplicates(plan)
                # Before staging, which makes edits of what only moves.
                written = await asyncio.to_thread(plan.written_changes)
                record = partial(failed_loads.record, folder=path, problems=folder.problems, at=at)
                revision = await self._apply(
                    plan,
                    fingerprint=folder.fingerprint,
                    by=by,
                    at=at,
                    progress=watched,
                    finishes=finishes,
                    also=None if is_upload else record,
                )
                return await self._reloaded(revision, plan, folder, near_duplicates, written)

    async def _near_duplicates(self, plan: LoadPlan) -> NearDuplicates:
        return await self._search(
            lambda finder: find_near_duplicates(self._database, finder.index, plan)
        )

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
        async with self._planning() as plan:
            folder = await self._plan(plan, path, watched, at, is_upload=is_upload)
            return await self._check(plan, folder, watched, at)

    async def _check(
        self, plan: LoadPlan, folder: CorpusFolder, progress: Progress, at: datetime
    ) -> Check:
        progress.start("Looking for near-duplicates", 0)
        return await self._search(
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
            return await self._take_back_question(target["number"], team_id, user, at)
        is_folder = target["source"] == FOLDER
        async with self._planning(target["source"]) as plan:
            await plan_undo(self._database, plan, target)
            if plan.is_empty:
                raise ParleyError(
                    f"Revision {number or target['number']} is loaded now, so nothing would change."
                )
            if not is_folder:
                await self._sources.pause(target["source"], now=at)
            return await self._apply(
                plan,
                fingerprint=target["fingerprint"] if is_folder else None,
                by=by,
                at=at,
                restores=target["number"],
                progress=progress or Progress(),
                finishes=finishes,
            )

    async def load_feed(
        self, feed: FeedSource, stories: Sequence[Story], *, at: datetime
    ) -> FeedLoad:
        """Load *stories*, the entries that *feed* has now; the stories that left it stay.

        If no story is new or edited, there is no new revision. Raises `ParleyError` if the feed was
        paused or removed since then, and `ConcurrentLoadError` if another process loads it first.
        """
        async with self._planning(feed.id) as plan:
            planned = await plan_feed(self._database, plan, feed, stories, at)
            found = await self._near_duplicates(plan)
            await self._apply_feed(planned)
            return FeedLoad(counts=plan.counts, near_duplicates=found, digest=planned.digest)

    async def holds(self, feed: FeedSource, digest: str) -> bool:
        """Return whether the entries that *feed* brought last are those of *digest*.

        They are not if an undo restored others.
        """
        document = (await reading.stored_documents(self._database, feed.id)).get(feed.document)
        return document is not None and document.digest == digest

    async def retire(self, feed: FeedSource, *, at: datetime) -> int:
        """Remove the stories that *feed* no longer keeps; return how many.

        To be called when a poll brought nothing; `load_feed` does it too. Raises what `load_feed`
        raises.
        """
        if feed.keeps_all:
            return 0
        async with self._planning(feed.id) as plan:
            await self._apply_feed(await plan_retirement(self._database, plan, feed, at))
            return plan.counts.removed

    async def forget_retired(self, *, before: datetime) -> None:
        """Delete what is known of stories that feeds have not kept or brought since *before*."""
        await feed_stories.forget(self._database, before=before)

    async def _apply_feed(self, planned: FeedPlan) -> None:
        async def write(connection: Connection) -> None:
            if not await is_polled(connection, planned.feed.id):
                raise ParleyError(f"{planned.feed.name} was paused or removed: nothing was loaded.")
            await planned.write(connection)

        if planned.is_empty:
            return
        if not planned.is_quiet:
            await self._apply(planned.plan, by=POLL, at=planned.at, also=write)
            return
        async with self._database.long_transaction() as connection:
            await self._require_base(connection, planned.plan)
            await write(connection)
            await revisions.write_quietly(connection, planned.plan)
        # The finder remembers articles with their old links.
        moved = {move.number: move.after for move in planned.plan.moves}
        self._loaded = self._loaded.with_articles(moved)

    async def write_question(
        self,
        article_id: str,
        written: WrittenQuestion,
        *,
        team_id: TeamId,
        by: UserId,
        at: datetime,
    ) -> Article:
        """Lay *written* over a story that has no question of its own; return the story.

        An empty question takes back what was written. Raises `ParleyError` if the story is gone or
        has a question of its own.
        """
        for _ in range(_TRIES - 1):
            with suppress(ConcurrentLoadError):
                return await self._write_question(article_id, written, team_id, by, at)
        return await self._write_question(article_id, written, team_id, by, at)

    async def _take_back_question(
        self, number: int, team_id: TeamId | None, by: UserId | None, at: datetime
    ) -> Revision:
        """Lay over a story the question that it had before revision *number*, possibly none."""
        before = await revisions.before_question(self._database, number)
        if before is None:
            raise ParleyError(f"Revision {number} cannot be taken back any more.")
        versions = await written_questions.read(self._database, before.id)
        written = versions.version_in(before)
        await self._write_question(before.id, written, team_id, by, at, restores=number)
        return replace(await revisions.loaded(self._database), story=before.headline)

    async def _write_question(
        self,
        article_id: str,
        written: WrittenQuestion,
        team_id: TeamId | None,
        by: UserId | None,
        at: datetime,
        restores: int | None = None,
    ) -> Article:
        source = await reading.source_of(self._database, article_id)
        async with self._planning(source or FOLDER) as plan:
            numbers = await reading.numbers_by_id(self._database, [article_id])
            articles = await reading.articles_by_number(self._database, numbers.values())
            if not articles:
                raise ParleyError("That story is no longer in the corpus, so nothing was saved.")
            ((number, before),) = articles.items()
            own = plan.written.remove(before)
            if own.question:
                raise ParleyError("That story has a question from its own source, which stays.")
            plan.written = plan.written.with_version(article_id, written)
            after = plan.written.apply(own)
            if after == before:
                return before
            plan.remove(number, before, is_edited=True)
            plan.add(after, is_edited=True)

            async def write(connection: Connection) -> None:
                await written_questions.add(
                    connection, article_id, written, team_id=team_id, by=by, at=at
                )

            await self._apply(plan, by=QUESTION, at=at, also=write, restores=restores)
            return after

    async def as_in_source(self, article: Article) -> Article:
        """Return *article* without what an admin wrote, as its file or feed has it."""
        return (await written_questions.read(self._database, article.id)).remove(article)

    async def can_write_question(self, article: Article) -> bool:
        """Return whether an admin may write the question of *article*, or has written it."""
        if not article.question:
            return True
        revision = self.revision
        # Every question that is written is a new revision.
        if self._written is None or self._written[0] != revision:
            self._written = revision, await written_questions.article_ids(self._database)
        if article.id not in self._written[1]:
            return False
        return not (await self.as_in_source(article)).question

    async def question_like(self, article: Article, question: str) -> Article | None:
        """Return another story whose question is nearly *question*, or None."""
        with LoadPlan(base=0) as plan:
            plan.add(replace(article, question=question))
            numbers = await reading.numbers_by_id(self._database, [article.id])
            for number in numbers.values():
                plan.remove(number, article, is_edited=True)
            found = await self._near_duplicates(plan)
        return next((pair.other for pair in found.found if pair.is_question), None)

    async def change_feed(
        self, source_id: str, change: FeedChange, *, by: str, at: datetime
    ) -> tuple[FeedSource, int]:
        """Pause, resume, refresh or remove a feed; return it, and how many stories went with it.

        `undo` restores them. Raises `ParleyError` if the feed is not there, or is paused and cannot
        be refreshed.
        """
        feed, removed = await self._sources.get(source_id), 0
        if feed is None:
            raise ParleyError("That feed is no longer there.")
        match change:
            case FeedChange.PAUSE:
                await self._sources.pause(feed.id, now=at)
            case FeedChange.RESUME:
                await self._sources.resume(feed.id, now=at)
            case FeedChange.REFRESH:
                if not await self._sources.refresh_now(feed.id, now=at):
                    raise ParleyError(f"{feed.name} is paused: resume it first.")
            case FeedChange.REMOVE:
                removed = await self.remove_feed(feed, by=by, at=at)
        return feed, removed

    async def remove_feed(self, feed: FeedSource, *, by: str, at: datetime) -> int:
        """Remove *feed* and its stories, and return how many there were."""
        sources = self._sources
        # First, so that no poll comes in between. If this ends here, the feed is only paused.
        await sources.pause(feed.id, now=at)
        async with self._planning(feed.id) as plan:
            await plan_removal(self._database, plan, feed)
            if plan.documents:
                await self._apply(plan, by=by, at=at)
            await sources.remove(feed.id, now=at)
            return plan.counts.removed

    @contextmanager
    def _timing(self) -> Iterator[None]:
        began = time.perf_counter()
        with background_work():
            yield
        self.load_seconds = time.perf_counter() - began

    @asynccontextmanager
    async def _planning(self, source: str = FOLDER) -> AsyncIterator[LoadPlan]:
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
            if not samples.are_loaded(self.revision):
                folder = replace(folder, digests={**known, **folder.digests})
        await plan_reload(self._database, plan, folder, documents, progress)
        broken = {str(problem.path) for problem in folder.problems}
        if plan.base and not plan.documents and broken.issuperset(folder.digests):
            raise CorpusInvalidError(folder.problems)
        return folder

    async def _apply(
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
                    await self._require_base(connection, plan)
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
                        before = self._loaded
                        build = advance(before, plan, revision) or await read(
                            self._database, connection, self._semantic, before=before
                        )
                if build:
                    self._loaded = await build()
                else:
                    await self._switch(self._loaded)
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

    async def _require_base(self, connection: Connection, plan: LoadPlan) -> None:
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
                size = self.finder.index.size
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
            self._loaded = self._loaded.with_topics(topics)
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
