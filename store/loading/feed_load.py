"""Plan the load of a feed: new stories, edits, and what retention takes away.

A feed is a window on its stories: an entry that leaves it stays a story. Its order means nothing.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b, sha256

from store.articles import reading
from store.articles.reading import StoredDocument
from store.db import Connection, Database
from store.loading import feed_stories
from store.loading.documents import texts
from store.loading.documents.source import Story
from store.loading.feed_matching import (
    FeedEntry,
    KnownStory,
    distinct,
    match,
    match_alike,
)
from store.loading.feed_stories import known_story
from store.loading.plan import DocumentChange, LoadPlan
from store.types import Article, FeedSource

_LAST_POSITION = (
    "SELECT COALESCE(MAX(position), 0) AS position FROM loaded_article WHERE document = $1"
)
_MOST_DAYS = 36_500
"""A longer time may reach back before the year 1."""
_SEEN_AGAIN = timedelta(days=1)
"""How often it is stored that a retired story is still in its feed."""


@dataclass(slots=True)
class FeedPlan:
    """What the load of a feed changes, besides the articles and the document in *plan*."""

    plan: LoadPlan
    feed: FeedSource
    at: datetime
    digest: str = ""
    """A hash of the entries that are loaded."""
    known: dict[str, KnownStory] = field(default_factory=dict)
    """How stories are recognised from now on, by id, if that changes."""
    retired: list[Article] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        """Whether no story is added, edited or removed, so that there is no new revision.

        Some feeds change all their links on every request, and would fill the history.
        """
        return not (len(self.plan.additions) or len(self.plan.removals))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write at all."""
        return self.is_quiet and not (self.known or self.plan.documents)

    async def write(self, connection: Connection) -> None:
        """Write what belongs to the changes of *plan*, in their transaction."""
        await feed_stories.write(connection, self.feed.id, self.known.values())
        await feed_stories.retire(connection, self.retired, at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """An entry, and the story that it is."""

    entry: FeedEntry
    known: KnownStory | None
    after: Article
    """The story as it is from now on, or would be if it is retired."""


async def plan_feed(
    database: Database, plan: LoadPlan, feed: FeedSource, stories: Sequence[Story], at: datetime
) -> FeedPlan:
    """Plan to load *stories*, the entries that *feed* has at the time *at*."""
    feed_plan = FeedPlan(plan, feed, at)
    document = (await reading.stored_documents(database, feed.id)).get(feed.document)
    entries = await asyncio.to_thread(_entries, stories)
    digest = await asyncio.to_thread(_digest, feed, entries)
    is_known = document is not None and document.digest == digest
    decisions = () if is_known else await _decide(database, feed, entries, at)
    await _plan_decisions(database, feed_plan, decisions)
    _plan_document(feed_plan, document, digest)
    return feed_plan


async def plan_retirement(
    database: Database, plan: LoadPlan, feed: FeedSource, at: datetime
) -> FeedPlan:
    """Plan to take away what *feed* no longer keeps at the time *at*."""
    feed_plan = FeedPlan(plan, feed, at)
    document = (await reading.stored_documents(database, feed.id)).get(feed.document)
    if document:
        await _plan_decisions(database, feed_plan, ())
        _plan_document(feed_plan, document, document.digest)
    return feed_plan


async def plan_removal(database: Database, plan: LoadPlan, feed: FeedSource) -> None:
    """Plan to remove all stories of *feed*."""
    stored = await reading.stored_documents(database, feed.id)
    plan.documents.update((path, DocumentChange(stored[path], None)) for path in stored)
    async for batch in reading.articles_of_documents(database, stored, [*stored]):
        for number, article in batch:
            plan.remove(number, article, is_edited=False)


def _entries(stories: Iterable[Story]) -> Sequence[FeedEntry]:
    return distinct(FeedEntry.of(story, place) for place, story in enumerate(stories))


def _digest(feed: FeedSource, entries: Iterable[FeedEntry]) -> str:
    """Return a hash of all that a load depends on; the order of the entries is left out."""
    lines = sorted(str(entry.story) for entry in entries)
    lines.append(f"{feed.keep_days} {feed.keep_stories}")
    return sha256("\n".join(lines).encode()).hexdigest()


def _oldest_first(entry: FeedEntry, at: datetime) -> tuple[datetime, int]:
    # Later numbers are newer. Most feeds begin with the newest entry.
    return entry.story.provenance.published_at or at, -entry.place


async def _decide(
    database: Database, feed: FeedSource, entries: Sequence[FeedEntry], at: datetime
) -> Sequence[_Decision]:
    """Find out which story each of *entries* is, the oldest first."""
    found, taken = await _match(database, feed, entries)
    (last,) = await database.fetch(_LAST_POSITION, feed.document)
    position: int = last["position"]
    decisions: list[_Decision] = []
    for index, entry in sorted(enumerate(entries), key=lambda pair: _oldest_first(pair[1], at)):
        known = found.get(index)
        if known and known.article:
            after = _with_entry(known.article, entry)
        else:
            position += 1
            story_id = known.id if known else _new_id(feed, entry, taken)
            taken.add(story_id)
            after = _new_article(feed, entry, known, story_id, position, at)
        decisions.append(_Decision(entry=entry, known=known, after=after))
    return decisions


async def _match(
    database: Database, feed: FeedSource, entries: Sequence[FeedEntry]
) -> tuple[dict[int, KnownStory], set[str]]:
    """Return the stories of *entries* that the feed brought before, and the ids that are taken."""
    ids = [_derive_id(feed, entry) for entry in entries]
    stored = await feed_stories.find_known(database, feed.id, entries, ids)
    own = [
        story for story in stored if not story.article or story.article.document == feed.document
    ]
    found, can_trust_ids = await asyncio.to_thread(match, entries, own)
    unknown = {
        index: entry
        for index, entry in enumerate(entries)
        if index not in found and not (can_trust_ids and (entry.guid or entry.link))
    }
    if unknown:
        matched = {story.id for story in found.values()}
        recent = await feed_stories.find_recent(database, feed.document)
        rest = [story for story in recent if story.id not in matched]
        found |= await asyncio.to_thread(match_alike, unknown, rest)
    return found, {story.id for story in (*stored, *found.values())}


def _derive_id(feed: FeedSource, entry: FeedEntry, number: int = 0) -> str:
    """Return the id of a new story: a hash, equal in all processes and after a removal."""
    text = f"{feed.id}\n{entry.key}" + (f"\n{number}\n{entry.text}" if number else "")
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _new_id(feed: FeedSource, entry: FeedEntry, taken: set[str]) -> str:
    # Another story has the same guid, if its id is taken.
    number = 0
    while (story_id := _derive_id(feed, entry, number)) in taken:
        number += 1
    return story_id


def _new_article(
    feed: FeedSource,
    entry: FeedEntry,
    known: KnownStory | None,
    story_id: str,
    position: int,
    at: datetime,
) -> Article:
    story, provenance = entry.story, entry.story.provenance
    first_seen_at = (known.first_seen_at if known else None) or at
    return Article(
        id=story_id,
        document=feed.document,
        position=position,
        headline=story.headline,
        summary=story.summary,
        insight=story.insight,
        question=story.question,
        url=provenance.url,
        publisher=provenance.publisher,
        published_at=_earliest(
            provenance.published_at, known.published_at if known else None, first_seen_at
        ),
        guid=provenance.guid,
        first_seen_at=first_seen_at,
    )


def _with_entry(before: Article, entry: FeedEntry) -> Article:
    """Return the story *before* as *entry* has it; what only we know of it stays."""
    story, provenance = entry.story, entry.story.provenance
    return replace(
        before,
        headline=story.headline,
        summary=story.summary,
        insight=story.insight or before.insight,
        question=story.question or before.question,
        url=provenance.url or before.url,
        publisher=provenance.publisher or before.publisher,
        published_at=_earliest(provenance.published_at, before.published_at, before.first_seen_at),
        guid=provenance.guid or before.guid,
    )


def _earliest(
    published_at: datetime | None, before: datetime | None, first_seen_at: datetime | None
) -> datetime | None:
    """Return when a story was published: never later than it was said before, or than it was seen.

    So a feed that moves its dates makes no old story new. None if no date is known.
    """
    known = [date for date in (published_at, before) if date]
    return min(*known, first_seen_at) if known and first_seen_at else min(known, default=None)


async def _plan_decisions(
    database: Database, feed_plan: FeedPlan, decisions: Sequence[_Decision]
) -> None:
    """Add *decisions* to the plan, and what the feed does not keep."""
    plan, at = feed_plan.plan, feed_plan.at
    gone = await _not_kept(database, feed_plan.feed, decisions, at)
    revived = [one.after.id for one in decisions if one.known and one.known.retired_at]
    posted = await feed_stories.retired_ones(database, [one for one in revived if one not in gone])
    for decision in decisions:
        known, after = decision.known, decision.after
        if after.id in gone:
            now = replace(known_story(after), retired_at=at)
            since = known.retired_at if known else None
            is_due = since is None or at - since >= _SEEN_AGAIN
        else:
            old = posted.get(after.id, after)
            now = known_story(replace(after, insight=old.insight, question=old.question))
            _plan_article(plan, known, now.article or after)
            is_due = known is None or known.article is None
        if known is None or is_due or _keys(now) != _keys(known):
            feed_plan.known[after.id] = now
    numbers = [number for number in gone.values() if number is not None]
    for number, article in (await reading.articles_by_number(database, numbers)).items():
        plan.remove(number, article, is_edited=False)
        feed_plan.retired.append(article)
        feed_plan.known.setdefault(article.id, replace(known_story(article), retired_at=at))


def _plan_article(plan: LoadPlan, known: KnownStory | None, after: Article) -> None:
    if known is None or known.article is None or known.number is None:
        plan.add(after)
    elif texts(after) != texts(known.article):
        plan.remove(known.number, known.article, is_edited=True)
        plan.add(after, is_edited=True)
    elif after != known.article:
        plan.move(known.number, known.article, after)


def _plan_document(feed_plan: FeedPlan, document: StoredDocument | None, digest: str) -> None:
    feed_plan.digest = digest
    counts = feed_plan.plan.counts
    articles = (document.articles if document else 0) + counts.added - counts.removed
    after = StoredDocument(digest=digest, articles=articles)
    is_new = document is None and not feed_plan.is_quiet
    if is_new or (document and after != document):
        feed_plan.plan.documents[feed_plan.feed.document] = DocumentChange(document, after)


def _keys(story: KnownStory) -> tuple[object, ...]:
    return story.guid, story.link, story.text, story.headline, story.published_at


async def _not_kept(
    database: Database, feed: FeedSource, decisions: Sequence[_Decision], at: datetime
) -> dict[str, int | None]:
    """Return the ids of the stories that the feed does not keep, with their numbers if loaded."""
    if feed.keeps_all:
        return {}
    dated = {
        story_id: (date, number, number)
        for date, number, story_id in await feed_stories.dates(database, feed.document)
    }
    later = max((number for _, number, _ in dated.values()), default=0)
    ranked: dict[str, tuple[datetime, int, int | None]] = {**dated}
    for place, decision in enumerate(decisions, start=1):
        after = decision.after
        date = after.published_at or after.first_seen_at or at
        loaded = dated.get(after.id)
        ranked[after.id] = (date, loaded[1] if loaded else later + place, loaded and loaded[2])
    newest = sorted(ranked, key=lambda one: ranked[one][:2], reverse=True)
    oldest_at = None
    if feed.keep_days is not None:
        oldest_at = at - timedelta(days=min(feed.keep_days, _MOST_DAYS))
    return {
        story_id: ranked[story_id][2]
        for place, story_id in enumerate(newest)
        if (feed.keep_stories is not None and place >= feed.keep_stories)
        or (oldest_at is not None and ranked[story_id][0] < oldest_at)
    }
