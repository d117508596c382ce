"""Loads of feeds: what a poll brought, what a feed no longer keeps, and what people change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.articles import reading
from store.corpus.corpus import Corpus
from store.corpus.revisions import Revisions
from store.db import Connection, Database
from store.loading import feed_stories, revisions
from store.loading.documents.source import Story
from store.loading.feed_load import FeedPlan, plan_feed, plan_removal, plan_retirement
from store.loading.near_duplicates import NearDuplicates
from store.loading.plan import Counts
from store.sources.sources import Sources, is_polled
from store.types import (
    POLL,
    FeedChange,
    FeedSource,
    ParleyError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLoad:
    """What the load of a feed has changed."""

    counts: Counts
    near_duplicates: NearDuplicates
    """New stories that are nearly equal to others, such as those of another feed."""
    digest: str
    """A hash of the entries, for `FeedLoads.holds`."""


class FeedLoads:
    """Loads the stories of feeds, and removes them."""

    def __init__(self, database: Database, corpus: Corpus, revisions: Revisions) -> None:
        self._database = database
        self._corpus = corpus
        self._revisions = revisions
        self._sources = Sources(database)

    async def load(self, feed: FeedSource, stories: Sequence[Story], *, at: datetime) -> FeedLoad:
        """Load *stories*, the entries that *feed* has now; the stories that left it stay.

        If no story is new or edited, there is no new revision. Raises `ParleyError` if the feed was
        paused or removed since then, and `ConcurrentLoadError` if another process loads it first.
        """
        async with self._revisions.planning(feed.id) as plan:
            planned = await plan_feed(self._database, plan, feed, stories, at)
            found = await self._corpus.near_duplicates(plan)
            await self._apply(planned)
            return FeedLoad(counts=plan.counts, near_duplicates=found, digest=planned.digest)

    async def holds(self, feed: FeedSource, digest: str) -> bool:
        """Return whether the entries that *feed* brought last are those of *digest*.

        They are not if an undo restored others.
        """
        document = (await reading.stored_documents(self._database, feed.id)).get(feed.document)
        return document is not None and document.digest == digest

    async def retire(self, feed: FeedSource, *, at: datetime) -> int:
        """Remove the stories that *feed* no longer keeps; return how many.

        To be called when a poll brought nothing; `load` does it too. Raises what `load`
        raises.
        """
        if feed.keeps_all:
            return 0
        async with self._revisions.planning(feed.id) as plan:
            await self._apply(await plan_retirement(self._database, plan, feed, at))
            return plan.counts.removed

    async def forget_retired(self, *, before: datetime) -> None:
        """Delete what is known of stories that feeds have not kept or brought since *before*."""
        await feed_stories.forget(self._database, before=before)

    async def _apply(self, planned: FeedPlan) -> None:
        async def write(connection: Connection) -> None:
            if not await is_polled(connection, planned.feed.id):
                raise ParleyError(f"{planned.feed.name} was paused or removed: nothing was loaded.")
            await planned.write(connection)

        if planned.is_empty:
            return
        if not planned.is_quiet:
            await self._revisions.apply(planned.plan, by=POLL, at=planned.at, also=write)
            return
        async with self._database.long_transaction() as connection:
            await self._revisions.require_base(connection, planned.plan)
            await write(connection)
            await revisions.write_quietly(connection, planned.plan)
        # The finder remembers articles with their old links.
        moved = {move.number: move.after for move in planned.plan.moves}
        self._corpus.loaded = self._corpus.loaded.with_articles(moved)

    async def change(
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
                removed = await self.remove(feed, by=by, at=at)
        return feed, removed

    async def remove(self, feed: FeedSource, *, by: str, at: datetime) -> int:
        """Remove *feed* and its stories, and return how many there were."""
        sources = self._sources
        # First, so that no poll comes in between. If this ends here, the feed is only paused.
        await sources.pause(feed.id, now=at)
        async with self._revisions.planning(feed.id) as plan:
            await plan_removal(self._database, plan, feed)
            if plan.documents:
                await self._revisions.apply(plan, by=by, at=at)
            await sources.remove(feed.id, now=at)
            return plan.counts.removed
