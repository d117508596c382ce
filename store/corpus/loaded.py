"""The loaded revision of the corpus, its topics, and the finder that searches its articles."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self, TypeAlias

from store.articles import reading
from store.db import Connection, Database
from store.finding import segments
from store.finding.finder import CACHED_CHARACTERS, Finder, size_in_memory
from store.finding.index import build
from store.finding.similarity import SemanticSearch
from store.loading import revisions
from store.loading.plan import LoadPlan
from store.topics import Typeahead, stored
from store.types import Article, Revision, StaleRevisionError, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A revision, its finder and its topics; the revision is None before the first load."""

    revision: Revision | None
    finder: Finder
    next_number: int
    """The first article number that the revision had not used."""
    topics: Sequence[Topic] = ()
    """Those with the most articles first."""
    typeahead: Typeahead = field(default_factory=lambda: Typeahead(()))

    def with_articles(self, articles: Mapping[int, Article]) -> Self:
        """Return the same revision with these *articles* in place of those of their numbers."""
        finder = self.finder.with_index(self.finder.index, articles)
        return replace(self, finder=finder)

    def without_articles(self) -> Self:
        """Return the same revision with a finder that reads all articles again."""
        return replace(self, finder=self.finder.without_articles())

    def with_topics(self, topics: Sequence[Topic]) -> Self:
        """Return the same revision with these *topics*."""
        if topics == self.topics:
            return self
        typeahead = Typeahead(topic.name for topic in topics)
        finder = self.finder.with_names(typeahead.names)
        return replace(self, finder=finder, topics=topics, typeahead=typeahead)


Build: TypeAlias = Callable[[], Awaitable[Loaded]]


async def read(
    database: Database,
    connection: Connection,
    semantic: SemanticSearch | None,
    *,
    before: Loaded | None = None,
) -> Build:
    """Read the current revision with *connection*, or only what has changed since *before*.

    Return a function that builds it without the connection. The finder reads more from *database*
    later. It raises `StaleRevisionError` if another revision has been loaded by then.
    """
    last = await revisions.last(connection)
    revision = revisions.to_revision(last) if last else None
    next_number = last["next_number"] if last else 0
    changes = await _read_update(connection, before, revision)
    if before and changes:
        build_index, changed = changes

        async def update() -> Loaded:
            finder = before.finder.with_index(await build_index(), changed)
            return replace(before, revision=revision, finder=finder, next_number=next_number)

        return update
    build_all = await segments.read(connection)
    topics = await stored.read(connection)
    recent = await _read_recent(connection)

    async def articles(numbers: Sequence[int]) -> Mapping[int, Article]:
        found = await reading.articles_by_number(database, numbers)
        if len(found) < len(numbers):
            raise StaleRevisionError("The corpus has been replaced since: try again.")
        return found

    async def dates(numbers: Sequence[int]) -> Mapping[int, datetime]:
        return await reading.dates_by_number(database, numbers)

    async def build() -> Loaded:
        index = await build_all()
        similar = semantic.over(index) if semantic else None
        finder = Finder(index, articles, dates, similar, recent)
        loaded = Loaded(revision=revision, finder=finder, next_number=next_number)
        return loaded.with_topics(topics)

    return build


def advance(before: Loaded, plan: LoadPlan, revision: Revision) -> Build | None:
    """Return a function that builds *revision*, which *plan* makes of the one *before*.

    None if other loads came between them, or if the plan changes too much for that to be worth it.
    """
    is_next = before.revision is not None and before.revision.number + 1 == revision.number
    changed = len(plan.additions) + len(plan.removals) + len(plan.moves)
    if not is_next or changed > segments.MAX_UPDATED:
        return None

    def updated() -> Finder:
        added = dict(plan.added())
        removed = sorted(plan.removed(), key=lambda one: one[0])
        index = before.finder.index.updated(removed=build(removed), added=build(added.items()))
        return before.finder.with_index(
            index, {move.number: move.after for move in plan.moves} | added
        )

    async def build_next() -> Loaded:
        finder = await asyncio.to_thread(updated)
        next_number = max(before.next_number, (plan.reserved or 0) + plan.new)
        return replace(before, revision=revision, finder=finder, next_number=next_number)

    return build_next


async def _read_recent(connection: Connection) -> Mapping[int, Article]:
    """Read the newest articles, as many as the finder keeps in memory."""
    recent: dict[int, Article] = {}
    left = CACHED_CHARACTERS
    async for number, article in reading.newest_first(connection):
        left -= size_in_memory(article)
        if left < 0:
            break
        recent[number] = article
    # The finder drops the first of them first.
    return dict(reversed(recent.items()))


async def _read_update(
    connection: Connection, before: Loaded | None, now: Revision | None
) -> segments.Update | None:
    """Read what has changed since *before*; None if everything must be read."""
    if before is None or before.revision is None or now is None:
        return None
    number = before.revision.number
    if not now.number >= number >= await revisions.oldest_with_all_changes(connection):
        return None
    return await segments.read_update(
        connection,
        before.finder.index,
        revision=number,
        next_number=before.next_number,
    )
