"""Old news of a feed never becomes new, nothing is lost, and retention takes old stories."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import Store, open_store
from store.articles import reading
from store.corpus.feed_loads import FeedLoad
from store.db import Database, open_database
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.loading.feed_load import FeedPlan, plan_feed
from store.posting.record import NewPost
from store.types import (
    FOLDER,
    Article,
    ChannelId,
    ConcurrentLoadError,
    FeedSource,
    Found,
    Nothing,
    ParleyError,
    PostKind,
)
from tests.ids import C1, T1
from tests.machine import NOW

DAY = timedelta(days=1)
SITE = "https://news.example"
SUBJECTS = [
    ("Harbour strike ends after nine weeks", "Dockers in Antwerp voted for the wage offer that"
     " mediators had tabled on Sunday, and cranes move again from tonight."),
    ("Glacier lake bursts above Huaraz", "Engineers had warned of the thinning moraine for years;"
     " the flood reached the upper town shortly before dawn, and no one was hurt."),
    ("Museum returns bronze heads to Benin", "Curators handed over twenty two sculptures looted in"
     " a raid, ending a dispute that had begun with a student's letter."),
    ("Night trains return to Lisbon", "A cooperative of passengers leases old sleeping cars and"
     " sells berths to Madrid from spring, without any subsidy."),
    ("Court frees the lighthouse keeper", "Judges in Bergen found that the log book had been"
     " forged by an insurer, and praised a schoolgirl who noticed the ink."),
]  # fmt: skip


def story(number: int, **changes: Any) -> Story:
    """Return story *number*; *changes* are fields of the story or of its provenance."""
    headline, summary = SUBJECTS[number % len(SUBJECTS)]
    provenance = Provenance(
        url=f"{SITE}/stories/{number}",
        publisher="Example News",
        published_at=NOW - timedelta(hours=10 - number),
        guid=f"tag:news.example,{number}",
    )
    fields = {name: changes.pop(name) for name in [*changes] if name in Provenance._fields}
    made = Story(headline, summary, "", "", provenance._replace(**fields))
    return made._replace(**changes)


@dataclass
class Wire:
    """A feed, its store and its database."""

    store: Store
    database: Database
    feed: FeedSource
    at: datetime = NOW

    async def poll(self, *stories: Story, after: timedelta = timedelta(minutes=30)) -> FeedLoad:
        self.at += after
        return await self.store.feed_loads.load(self.feed, stories, at=self.at)

    async def stories(self) -> dict[str, Article]:
        """Return the loaded stories of the feed by id, in the order in which they were added."""
        return {
            article.id: article
            async for batch in reading.articles_from_number(self.database, 0, source=self.feed.id)
            for _, article in batch
        }

    async def headlines(self) -> list[str]:
        return [article.headline for article in (await self.stories()).values()]

    async def revisions(self) -> int:
        return len(await self.store.loads.history(100, source=self.feed.id))

    async def keep(self, *, days: int | None = None, stories: int | None = None) -> None:
        kept = await self.store.sources.keep(self.feed.id, days=days, stories=stories)
        assert kept
        self.feed = kept

    async def ask(self, number: int) -> str:
        """Write insight and question for story *number*, as an admin does; return its id."""
        await self.poll(story(number, insight="It matters.", question="Why?"))
        return next(one.id for one in (await self.stories()).values() if one.question == "Why?")


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with open_store(database_url) as store, open_database(database_url) as database:
        feed = await store.sources.add(f"{SITE}/feed", now=NOW)
        yield Wire(store, database, feed)


def changes(load: FeedLoad) -> tuple[int, int, int]:
    return load.counts.added, load.counts.edited, load.counts.removed


async def test_entries_become_stories_that_are_found_at_once(wire: Wire) -> None:
    assert changes(await wire.poll(story(1), story(0))) == (2, 0, 0)
    answer = await wire.store.corpus.find("glacier huaraz")
    assert isinstance(answer, Found)
    article = answer.matches[0].article
    assert (article.headline, article.url) == (SUBJECTS[1][0], f"{SITE}/stories/1")
    assert (article.publisher, article.first_seen_at) == ("Example News", wire.at)
    assert article.published_at == NOW - timedelta(hours=9)
    # The newest comes last, whatever the order of the feed.
    assert await wire.headlines() == [SUBJECTS[0][0], SUBJECTS[1][0]]


async def test_what_changes_nothing_writes_no_revision(wire: Wire) -> None:
    stories = [story(number) for number in range(5)]
    await wire.poll(*stories)
    before, revision = await wire.stories(), wire.store.corpus.revision
    for seed in range(3):
        random.Random(seed).shuffle(stories)
        # An entry that comes twice counts once.
        assert changes(await wire.poll(*stories, stories[seed])) == (0, 0, 0)
    # Entries that leave the feed stay stories.
    assert changes(await wire.poll(stories[0])) == (0, 0, 0)
    assert changes(await wire.poll()) == (0, 0, 0)
    assert changes(await wire.poll(*stories)) == (0, 0, 0)
    assert await wire.stories() == before
    assert wire.store.corpus.revision == revision


async def test_an_edit_keeps_id_question_and_date(wire: Wire) -> None:
    await wire.poll(story(0), story(1))
    story_id = await wire.ask(1)
    edited = story(
        1, headline="Glacier lake bursts above Huaraz: nobody hurt", published_at=wire.at
    )
    assert changes(await wire.poll(story(0), edited)) == (0, 1, 0)
    article = (await wire.stories())[story_id]
    assert article.headline == "Glacier lake bursts above Huaraz: nobody hurt"
    assert (article.insight, article.question) == ("It matters.", "Why?")
    assert article.published_at == NOW - timedelta(hours=9)
    assert article.first_seen_at == NOW + timedelta(minutes=30)
    assert isinstance(await wire.store.corpus.find("glacier nobody hurt"), Found)
    # A stub that grows is an edit, too.
    short = story(2, summary="Curators handed over twenty two sculptures.")
    assert changes(await wire.poll(short)) == (1, 0, 0)
    assert changes(await wire.poll(story(2))) == (0, 1, 0)
    assert len(await wire.stories()) == 3


async def test_a_guid_or_link_that_is_used_again_is_another_story(wire: Wire) -> None:
    latest = {"guid": "latest", "url": f"{SITE}/latest"}
    ids: set[str] = set()
    for number in range(5):
        assert changes(await wire.poll(story(number, **latest))) == (1, 0, 0), number
        ids = {*await wire.stories()}
        assert len(ids) == number + 1
    # Each is still recognised when it comes back.
    assert changes(await wire.poll(*(story(n, **latest) for n in range(5)))) == (0, 0, 0)
    edited = story(3, headline="Night trains return to Lisbon after ten years", **latest)
    assert changes(await wire.poll(edited)) == (0, 1, 0)
    assert {*await wire.stories()} == ids


@pytest.mark.parametrize("fields", [("guid",), ("url",), ("guid", "url"), ("guid", "published_at")])
async def test_rotating_ids_and_dates_make_no_old_story_new(
    wire: Wire, fields: Sequence[str]
) -> None:
    """Some feeds change links, guids or dates with every request."""

    def served(number: int, poll: int) -> Story:
        values = {
            "guid": f"{number}-{poll}",
            "url": f"{SITE}/{number}?session={poll}",
            "published_at": wire.at + timedelta(minutes=poll),
        }
        return story(number, **{name: values[name] for name in fields})

    await wire.poll(*(served(number, 0) for number in range(4)))
    before = await wire.stories()
    for poll in range(1, 4):
        load = await wire.poll(*(served(number, poll) for number in range(4)))
        assert changes(load) == (0, 0, 0)
    after = await wire.stories()
    assert {*after} == {*before}
    assert [one.published_at for one in after.values()] == [
        one.published_at for one in before.values()
    ]
    assert await wire.revisions() == 1
    if "url" in fields:
        # The last link is the one that works.
        assert {str(one.url).partition("=")[2] for one in after.values()} == {"3"}
    # While the ids rotate, an edit is still an edit, and a new story new.
    edited = served(2, 9)._replace(summary=SUBJECTS[2][1].replace("Curators", "Trustees"))
    assert changes(await wire.poll(served(0, 9), served(1, 9), edited, served(4, 9))) == (1, 1, 0)


async def test_new_links_leave_the_stories_in_memory(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up during polls does not wait for the database."""
    await wire.poll(*(story(number, url=f"{SITE}/{number}?session=1") for number in range(4)))
    await wire.poll(story(2, url=f"{SITE}/2?session=2"))
    monkeypatch.setattr(reading, "articles_by_number", None)
    for number, session in ((1, 1), (2, 2)):
        answer = await wire.store.corpus.find(SUBJECTS[number][0])
        assert isinstance(answer, Found)
        assert answer.matches[0].article.url == f"{SITE}/{number}?session={session}"


async def test_a_feed_without_ids_is_recognised_by_its_words(wire: Wire) -> None:
    bare = {"guid": None, "url": None, "published_at": None}
    await wire.poll(*(story(number, **bare) for number in range(3)))
    edited = story(1, headline="Glacier lake bursts over Huaraz", **bare)
    assert changes(await wire.poll(story(0, **bare), edited)) == (0, 1, 0)
    # Reports that differ in a number only are different stories.
    quake = "A quake of magnitude {} shook the coast near the port of Iquique, the survey said."
    reports = [
        Story(f"Quake of {size}", quake.format(size), "", "", Provenance()) for size in (5, 6)
    ]
    assert changes(await wire.poll(reports[0])) == (1, 0, 0)
    assert changes(await wire.poll(reports[1])) == (1, 0, 0)


async def test_a_title_that_comes_every_day_is_news_every_day(wire: Wire) -> None:
    def brief(day: int) -> Story:
        return Story("Morning briefing", "Morning briefing", "", "", Provenance(
            url=f"{SITE}/briefing/{day}", guid=f"briefing-{day}", published_at=NOW + day * DAY
        ))  # fmt: skip

    await wire.poll(brief(0), after=DAY)
    assert changes(await wire.poll(brief(1), brief(0), after=DAY)) == (1, 0, 0)
    assert changes(await wire.poll(brief(1), brief(0))) == (0, 0, 0)


async def test_dates_are_never_later_than_a_story_was_seen(wire: Wire) -> None:
    await wire.poll(story(0, published_at=NOW + 30 * DAY), story(1, published_at=None))
    seen = wire.at
    await wire.poll(story(0, published_at=NOW + 31 * DAY), story(1, published_at=NOW + DAY))
    assert [one.published_at for one in (await wire.stories()).values()] == [seen, seen]
    await wire.poll(story(0, published_at=NOW - DAY), story(1, published_at=NOW + DAY))
    assert {one.published_at for one in (await wire.stories()).values()} == {NOW - DAY, seen}


async def test_retention_by_number_and_by_age(wire: Wire) -> None:
    await wire.keep(stories=3)
    assert changes(await wire.poll(*map(story, range(5)))) == (3, 0, 0)
    assert await wire.headlines() == [SUBJECTS[number][0] for number in (2, 3, 4)]
    # What is not kept is not new the next time, whatever its date is then.
    moved = [story(number, published_at=wire.at) for number in range(5)]
    assert changes(await wire.poll(*moved)) == (0, 0, 0)
    await wire.keep(days=1)
    assert changes(await wire.poll(*moved, after=DAY - timedelta(hours=8, minutes=30))) == (0, 0, 1)
    assert isinstance(await wire.store.corpus.find("museum benin"), Nothing)
    # Time passes also when the feed has nothing new.
    assert await wire.store.feed_loads.retire(wire.feed, at=wire.at) == 0
    assert await wire.store.feed_loads.retire(wire.feed, at=wire.at + DAY) == 2
    assert await wire.headlines() == []


async def test_a_feed_may_keep_its_stories_for_ages(wire: Wire) -> None:
    await wire.keep(days=999_999)
    assert changes(await wire.poll(*map(story, range(2)))) == (2, 0, 0)


async def test_a_retired_story_is_not_found_nor_asked_and_its_post_still_shows_it(
    wire: Wire,
) -> None:
    await wire.poll(*map(story, range(3)))
    posted = await wire.ask(0)
    (other,) = (one.id for one in (await wire.stories()).values() if one.headline == SUBJECTS[1][0])
    post = NewPost(
        key="T1:C1:1",
        team_id=T1,
        channel_id=C1,
        kind=PostKind.QUESTION,
        article_id=posted,
        due_at=NOW,
    )
    assert await wire.store.posts.plan(post, now=NOW)
    card = await wire.store.articles.get(posted)
    await wire.keep(stories=1)
    assert changes(await wire.poll(*map(story, range(3)))) == (0, 0, 2)
    assert isinstance(await wire.store.corpus.find("harbour strike antwerp"), Nothing)
    assert await wire.store.choice.next(T1, C1) is None
    assert await wire.store.articles.get(posted) == card
    assert await wire.store.articles.get_many([posted]) == [card]
    # Of a story that no post shows, nothing is kept.
    assert await wire.store.articles.get(other) is None
    # A feed that keeps more again gets it back with its question.
    await wire.keep()
    assert changes(await wire.poll(*map(story, range(3)))) == (2, 0, 0)
    back = (await wire.stories())[posted]
    assert card
    assert back == replace(card, position=back.position)


async def test_a_question_like_that_of_a_retired_story_waits(wire: Wire) -> None:
    strike = "Should dockers be allowed to strike in winter?"
    other = "Who owns what a glacier leaves behind?"
    asked = {0: strike, 1: other, 2: f"{strike[:-1]} at all?"}
    await wire.poll(*(story(number, question=question) for number, question in asked.items()))
    retired, *_ = await wire.stories()
    # Each channel has an order of its own.
    channels = [ChannelId(f"C{number}") for number in range(8)]
    for channel_id in channels:
        post = NewPost(
            key=f"T1:{channel_id}:1",
            team_id=T1,
            channel_id=channel_id,
            kind=PostKind.QUESTION,
            article_id=retired,
            due_at=NOW,
        )
        assert await wire.store.posts.plan(post, now=NOW)
    await wire.keep(stories=2)
    assert changes(await wire.poll(*map(story, range(3)))) == (0, 0, 1)
    following = [await wire.store.choice.next(T1, channel_id) for channel_id in channels]
    assert {one.question for one in following if one} == {other}


async def test_what_is_known_of_retired_stories_is_deleted_in_the_end(wire: Wire) -> None:
    await wire.keep(stories=1)
    await wire.poll(*map(story, range(3)))
    await wire.store.feed_loads.forget_retired(before=wire.at)
    assert len(await wire.database.fetch("SELECT * FROM feed_story")) == 3
    # As long as they are in the feed, they stay known.
    await wire.poll(*map(story, range(4)), after=40 * DAY)
    await wire.store.feed_loads.forget_retired(before=wire.at - DAY)
    assert len(await wire.database.fetch("SELECT * FROM feed_story")) == 4
    await wire.poll(story(3), after=40 * DAY)
    await wire.store.feed_loads.forget_retired(before=wire.at - DAY)
    assert len(await wire.database.fetch("SELECT * FROM feed_story")) == 1


async def test_the_same_story_of_two_feeds_is_noticed(wire: Wire) -> None:
    await wire.poll(story(0), story(1))
    other = replace(wire, feed=await wire.store.sources.add("other.example", now=NOW))
    load = await other.poll(story(1, guid="x", url="https://other.example/x"), story(2))
    (pair,) = load.near_duplicates.found
    assert pair.article.document == other.feed.document
    assert pair.other.document == wire.feed.document
    # Each feed has its own.
    assert len(await wire.stories()) == len(await other.stories()) == 2


async def test_a_paused_or_removed_feed_is_not_loaded(wire: Wire) -> None:
    await wire.poll(story(0))
    await wire.store.sources.pause(wire.feed.id, now=NOW)
    with pytest.raises(ParleyError, match="paused or removed"):
        await wire.poll(story(0), story(1))
    await wire.store.sources.resume(wire.feed.id, now=NOW)
    assert await wire.store.feed_loads.remove(wire.feed, by="U1", at=wire.at) == 1
    with pytest.raises(ParleyError, match="paused or removed"):
        await wire.poll(story(0), story(1))
    assert await wire.stories() == {}
    assert not await wire.store.sources.all()


async def test_a_removal_is_undone_and_a_feed_that_comes_back_brings_nothing_new(
    wire: Wire,
) -> None:
    await wire.poll(*map(story, range(3)))
    before = await wire.stories()
    await wire.store.feed_loads.remove(wire.feed, by="U1", at=wire.at)
    revision = await wire.store.loads.undo(by="U1", at=wire.at)
    assert revision.source == wire.feed.id
    assert await wire.stories() == before
    (feed,) = await wire.store.sources.all()
    assert feed.paused_at
    await wire.store.sources.resume(wire.feed.id, now=NOW)
    assert changes(await wire.poll(*map(story, range(3)))) == (0, 0, 0)
    await wire.store.feed_loads.remove(wire.feed, by="U1", at=wire.at)
    await wire.store.sources.add(feed.url, now=NOW)
    await wire.poll(*map(story, range(3)), after=40 * DAY)
    assert {one.id: one.first_seen_at for one in (await wire.stories()).values()} == {
        one.id: one.first_seen_at for one in before.values()
    }


async def test_an_undo_without_a_number_takes_back_no_poll(wire: Wire) -> None:
    await wire.poll(story(0))
    await wire.poll(story(0), story(1))
    await wire.poll(story(0), story(1), story(2))
    (*_, second, _) = sorted(
        one.number for one in await wire.store.loads.history(9, source=wire.feed.id)
    )
    await wire.store.loads.undo(by="U1", at=wire.at, number=second)
    assert len(await wire.stories()) == 2
    with pytest.raises(ParleyError, match="Nothing to undo"):
        await wire.store.loads.undo(by="U1", at=wire.at)
    assert len(await wire.stories()) == 2


async def test_an_undo_that_would_change_nothing_is_refused_and_pauses_no_feed(
    wire: Wire, tmp_path: Path
) -> None:
    loads = wire.store.loads
    (tmp_path / "a.txt").write_text("Head\nSummary.\nInsight.\nQuestion?\n")
    await loads.reload(tmp_path, by="U1", at=wire.at)
    (folder,) = await loads.history(9)
    await wire.poll(story(0))
    (feed,) = await loads.history(1, source=wire.feed.id)
    for number in (folder.number, feed.number):
        with pytest.raises(ParleyError, match=rf"Revision {number} is loaded now, so nothing"):
            await loads.undo(by="U1", at=wire.at, number=number)
    assert wire.store.corpus.revision == feed
    (source,) = await wire.store.sources.all()
    assert not source.paused_at


async def test_an_undo_of_everything_in_the_folder_does_not_hide_that_of_a_feed(
    wire: Wire, tmp_path: Path
) -> None:
    await wire.poll(story(0))
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"Head {name}\nSummary.\nInsight.\nQuestion?\n")
        await wire.store.loads.reload(tmp_path, by="U1", at=wire.at)
    await wire.store.feed_loads.remove(wire.feed, by="U1", at=wire.at)
    *_, first = [one.number for one in await wire.store.loads.history(9) if one.source == FOLDER]
    await wire.store.loads.undo(by="U1", at=wire.at, number=first)
    assert not await wire.stories()
    revision = await wire.store.loads.undo(by="U1", at=wire.at)
    assert revision.source == wire.feed.id
    assert len(await wire.stories()) == 1


async def test_one_of_two_loads_of_a_feed_fails(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "store.corpus.feed_loads.plan_feed"

    async def overtaken(*arguments: Any) -> FeedPlan:
        planned = await plan_feed(*arguments)
        monkeypatch.setattr(name, plan_feed)
        await wire.poll(story(1))
        return planned

    monkeypatch.setattr(name, overtaken)
    with pytest.raises(ConcurrentLoadError):
        await wire.poll(story(0), story(1))
    assert len(await wire.stories()) == 1
    assert changes(await wire.poll(story(0), story(1))) == (1, 0, 0)
