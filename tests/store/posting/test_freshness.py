"""Newest first, a maximum age, and digests of only what is new."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.posting import choice
from store.posting.choice import Candidate, Chosen, Recent, rank
from store.posting.planning import occurrence_key
from store.posting.posts import Outcome
from store.types import (
    Article,
    Found,
    News,
    Order,
    ParleyError,
    Post,
    PostKind,
    PostState,
    Schedule,
)
from tests.conftest import StoppedClock
from tests.ids import C1, T1, U1
from tests.machine import NOW
from tests.schedules import schedule_of
from tests.store.posting.test_schedules import NINE

DIGEST = PostKind.DIGEST
ORDER = Order(timetable=NINE)

EVENTS = [
    "Envoys met behind closed doors in Geneva.",
    "The last ferry sank on a calm night off Lagos.",
    "Snow shut every mountain road above Quito.",
    "A strike stopped half of all trains to Lima.",
    "Wolves came back to the forests near Riga.",
    "The old bridge over the Drina was closed.",
    "Farmers poured milk onto the streets of Lyon.",
    "A comet could be seen all night from Perth.",
]


def story(number: int, *, age: float | None = None, question: bool = True) -> dict[str, str]:
    """Return the record of a story that was published *age* days ago; None for no date."""
    fields = {
        "headline": f"Headline {number}",
        "summary": EVENTS[number],
        "question": f"{EVENTS[number][:-1]}: why?" if question else "",
    }
    if age is not None:
        fields["published_at"] = (NOW - timedelta(days=age)).isoformat()
    return fields


class Channel:
    """A channel with a schedule, and a folder of stories."""

    def __init__(self, store: Store, clock: StoppedClock, folder: Path) -> None:
        self.store, self.clock, self._folder = store, clock, folder
        self.records: list[dict[str, str]] = []

    async def load(self, *records: dict[str, str]) -> None:
        """Add stories to those that are loaded."""
        self.records += records
        (self._folder / "news.jsonl").write_text("\n".join(map(json.dumps, self.records)))
        await self.store.loads.reload(self._folder, by="U1", at=self.clock())

    async def order(self, order: Order) -> Schedule:
        return await self.store.schedules.set(
            team_id=T1, channel_id=C1, owner_id=U1, order=order, now=self.clock()
        )

    async def post(self) -> tuple[Post, list[int]]:
        """Plan the next occurrence; return its post and the numbers of its stories."""
        schedule = await schedule_of(self.store, T1, C1)
        assert schedule
        assert await self.is_empty(schedule) == (await self.preview(schedule) is None)
        due = schedule.next
        await self.store.planning.plan_due(
            self.clock.forward(seconds=(due.due_at - self.clock()).total_seconds())
        )
        post = await self.store.posts.get(T1, occurrence_key(schedule, due.due_on))
        assert post
        if post.state is PostState.PLANNED:
            claimed = await self.store.posts.claim(post, owner="me", now=self.clock())
            assert claimed
            sent = Outcome(PostState.SENT, message_ts="1.2")
            await self.store.posts.record(claimed, sent, now=self.clock())
        ids = [post.article_id] if post.kind is PostKind.QUESTION else await self.stories(post)
        return post, [await self.number(each or "") for each in ids]

    async def preview(self, schedule: Schedule) -> Chosen | None:
        return await self.store.planning.preview(schedule, now=self.clock())

    async def is_empty(self, schedule: Schedule) -> bool:
        """Return whether lists say that the schedule has no story to post."""
        coming = await self.store.planning.coming([schedule], now=self.clock())
        return coming[schedule.id].is_empty

    async def stories(self, post: Post) -> Sequence[str]:
        return await self.store.posts.stories(T1, post.key)

    async def number(self, article_id: str) -> int:
        article = await self.store.articles.get(article_id)
        assert article
        return EVENTS.index(article.summary)

    async def thread(self, post: Post) -> Post | None:
        return await self.store.posts.get(T1, f"{post.key}:story")


@pytest.fixture
def channel(store: Store, clock: StoppedClock, tmp_path: Path) -> Channel:
    return Channel(store, clock, tmp_path)


# --- newest first -------------------------------------------------------------------------------


async def test_questions_come_newest_first_and_then_those_without_a_date(channel: Channel) -> None:
    ages = {0: 3.0, 1: None, 2: 0.5, 3: 20, 4: None, 5: 1}
    await channel.load(*(story(number, age=age) for number, age in ages.items()))
    await channel.order(ORDER)
    asked = [(await channel.post())[1][0] for _ in range(6)]
    assert asked[:4] == [2, 5, 0, 3]
    assert set(asked[4:]) == {1, 4}


@pytest.mark.parametrize("kind", [PostKind.QUESTION, DIGEST])
async def test_a_few_stories_are_chosen_as_if_there_were_many(
    channel: Channel, kind: PostKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small pool is ordered here, and of a large one the database reads only a part."""
    ages = {0: 3.0, 1: None, 2: 0.5, 3: 20, 4: None, 5: 1}
    await channel.load(*(story(number, age=age) for number, age in ages.items()))
    await channel.load(story(6, age=4, question=False), story(7, question=False))
    schedule = await channel.order(replace(ORDER, kind=kind, stories=2))
    for _ in range(12):
        chosen = await channel.store.planning.preview(schedule, now=channel.clock())
        with monkeypatch.context() as many:
            many.setattr(choice._Pool, "stock", count_only)
            assert chosen == await channel.store.planning.preview(schedule, now=channel.clock())
        await channel.post()


async def count_only(pool: choice._Pool) -> choice._Stock:
    (row,) = await pool.fetch(choice._SIZE)
    return choice._Stock(row["articles"], rows=None)


async def test_a_story_that_arrives_comes_before_older_ones_and_none_is_repeated(
    channel: Channel,
) -> None:
    await channel.load(story(0, age=2), story(1, age=3))
    await channel.order(ORDER)
    assert (await channel.post())[1] == [0]
    await channel.load(story(2, age=-0.02))
    asked = [(await channel.post())[1][0] for _ in range(2)]
    assert asked == [2, 1]
    # All had their turn: the round begins again.
    assert {(await channel.post())[1][0] for _ in range(3)} == {0, 1, 2}


async def test_why_names_the_date(channel: Channel) -> None:
    await channel.load(story(0, age=1), story(1))
    await channel.order(ORDER)
    post, _ = await channel.post()
    assert post.why
    assert post.why.endswith("It is the newest of those, published on 23 Nov 2026.")
    post, _ = await channel.post()
    assert post.why
    assert post.why.endswith("It is next in this channel's order.")


async def test_a_question_of_discuss_is_the_newest_too(channel: Channel) -> None:
    await channel.load(story(0), story(1, age=4), story(2, age=2))
    first = await channel.store.choice.next(T1, C1)
    assert isinstance(first, Article)
    assert first.summary == EVENTS[2]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.none() | st.integers(0, 9), st.integers(0, 9)), min_size=1
    )
)
def test_the_newest_of_those_had_least_often_is_first(
    stories: list[tuple[int, int | None, int]],
) -> None:
    window = [
        Candidate(
            article_id=f"{place}",
            headline=f"{place}",
            summary="",
            question="",
            published_at=None if age is None else NOW - timedelta(days=age),
            times=times,
        )
        for place, (times, age, _) in enumerate(stories)
    ]
    # As the database sorts them.
    window.sort(
        key=lambda one: (one.times, one.published_at is None, NOW - (one.published_at or NOW))
    )
    ranked = rank(window, Recent())
    assert ranked[0] == window[0]
    assert all(one.times <= other.times for one, other in pairwise(ranked))


# --- digests ------------------------------------------------------------------------------------


async def test_a_digest_takes_stories_without_a_question_and_asks_the_first_that_has_one(
    channel: Channel,
) -> None:
    await channel.load(
        story(0, age=1, question=False),
        story(1, age=2),
        story(2, age=3),
        story(3, age=9),
    )
    await channel.order(Order(timetable=NINE, kind=DIGEST, stories=3))
    post, numbers = await channel.post()
    assert numbers == [0, 1, 2]
    assert post.article_id
    assert await channel.number(post.article_id) == 1
    _, numbers = await channel.post()
    assert numbers[0] == 3


async def test_a_digest_without_any_question_asks_nothing(channel: Channel) -> None:
    await channel.load(story(0, age=1, question=False), story(1, question=False))
    await channel.order(Order(timetable=NINE, kind=DIGEST, stories=2))
    post, numbers = await channel.post()
    assert numbers == [0, 1]
    assert post.article_id is None
    thread = await channel.thread(post)
    assert thread
    assert thread.kind is PostKind.STORY
    # A question is still new to the channel after its story was in a digest without it.
    assert not await channel.store.choice.last_asked(T1, C1, await channel.stories(post))


@pytest.mark.parametrize("is_old", [False, True])
async def test_each_story_of_a_digest_counts_once(channel: Channel, is_old: bool) -> None:
    """Also once its post is deleted, wherever the asked story stands."""
    await channel.load(story(0, age=1, question=False), story(1, age=2), story(2, age=3))
    await channel.order(Order(timetable=NINE, kind=DIGEST, stories=2))
    shown: list[int] = []
    for _ in range(6):
        shown += (await channel.post())[1]
        if is_old:
            await channel.store.posts.delete_old(before=channel.clock() + timedelta(days=1))
    for start in range(0, 12, 3):
        assert set(shown[start : start + 3]) == {0, 1, 2}


# --- a maximum age ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PostKind.QUESTION, DIGEST])
async def test_older_stories_and_those_without_a_date_are_left_out(
    channel: Channel, kind: PostKind
) -> None:
    await channel.load(story(0, age=2), story(1, age=8), story(2))
    await channel.order(Order(timetable=NINE, kind=kind, stories=3, max_age_days=7))
    post, numbers = await channel.post()
    assert numbers == [0]
    assert post.why
    assert "0 of 1" in post.why
    assert "of the last 7 days" in post.why


async def test_a_maximum_age_counts_whole_days(channel: Channel) -> None:
    """A date may be a day without a time."""
    first, second = story(0), story(1)
    first["published_at"], second["published_at"] = "2026-11-17", "2026-11-16"
    await channel.load(first, second)
    await channel.order(Order(timetable=NINE, max_age_days=7))
    assert (await channel.post())[1] == [0]


async def test_without_a_young_story_the_post_is_missed_and_says_why(channel: Channel) -> None:
    await channel.load(story(0, age=9), story(1))
    schedule = await channel.order(Order(timetable=NINE, max_age_days=7))
    assert await channel.preview(schedule) is None
    assert await channel.is_empty(schedule)
    with pytest.raises(ParleyError, match="There is no story of the last 7 days to choose from"):
        await channel.store.planning.plan_now(schedule, by=U1, now=channel.clock(), key="now")
    schedule = await channel.order(Order(timetable=NINE, max_age_days=7))
    await channel.store.planning.plan_due(channel.clock.forward(days=1))
    post = await channel.store.posts.get(T1, occurrence_key(schedule, date(2026, 11, 24)))
    assert post
    assert post.state is PostState.MISSED


async def test_topics_and_a_maximum_age_work_together(channel: Channel) -> None:
    await channel.load(story(0, age=9), story(1, age=1), story(2, age=2))
    order = Order(timetable=NINE, topics=("Lagos", "Geneva"), max_age_days=7)
    await channel.order(order)
    assert [(await channel.post())[1] for _ in range(2)] == [[1], [1]]


# --- only what is new ---------------------------------------------------------------------------


def news(kind: News) -> Order:
    return Order(timetable=NINE, kind=DIGEST, stories=3, news=kind)


@pytest.mark.parametrize("kind", [News.NEW, News.NEW_OR_NOTHING])
async def test_a_digest_of_news_has_only_what_came_since_the_last_one(
    channel: Channel, kind: News
) -> None:
    await channel.load(*(story(number, age=number + 1) for number in range(5)))
    await channel.order(news(kind))
    # The first digest has the newest stories, and the rest is old news for the second.
    assert (await channel.post())[1] == [0, 1, 2]
    await channel.load(story(5, age=-0.02, question=False), story(6))
    assert (await channel.post())[1] == [5, 6]
    await channel.load(story(7, age=-1))
    assert (await channel.post())[1] == [7]


async def test_a_digest_says_that_nothing_is_new_since_the_last_with_stories(
    channel: Channel,
) -> None:
    await channel.load(story(0, age=1))
    schedule = await channel.order(news(News.NEW))
    first, _ = await channel.post()
    for _ in range(2):
        post, numbers = await channel.post()
        assert (post.state, numbers, post.article_id) == (PostState.PLANNED, [], None)
        assert post.why == "No story is new since the digest of Tue 24 Nov 2026."
        assert await channel.thread(post) is None
    assert await channel.thread(first)
    with pytest.raises(ParleyError, match="No story is new since the digest of Tue 24 Nov"):
        await channel.store.planning.plan_now(schedule, by=U1, now=channel.clock(), key="now")


async def test_nothing_is_posted_if_the_owner_chose_so(channel: Channel) -> None:
    await channel.load(story(0, age=1))
    await channel.order(news(News.NEW_OR_NOTHING))
    await channel.post()
    post, _ = await channel.post()
    assert post.state is PostState.SKIPPED
    assert post.error == "No story is new since the digest of Tue 24 Nov 2026"


async def test_old_news_that_arrives_late_is_not_new(channel: Channel) -> None:
    await channel.load(story(0, age=1))
    await channel.order(news(News.NEW_OR_NOTHING))
    await channel.post()
    await channel.load(story(1, age=400), story(2, age=3), story(3, age=1))
    # One day is how long a feed may need to bring a story.
    assert (await channel.post())[1] == [3]


async def test_edited_and_moved_stories_are_not_new(channel: Channel, tmp_path: Path) -> None:
    records = [story(number, age=number + 1) for number in range(4)]
    await channel.load(*records)
    await channel.order(news(News.NEW_OR_NOTHING))
    assert (await channel.post())[1] == [0, 1, 2]
    records[3]["question"] += " And what then?"
    records[2]["published_at"] = NOW.isoformat()
    (tmp_path / "news.jsonl").unlink()
    (tmp_path / "moved.jsonl").write_text("\n".join(map(json.dumps, records)))
    await channel.store.loads.reload(tmp_path, by="U1", at=channel.clock())
    post, _ = await channel.post()
    assert post.state is PostState.SKIPPED


async def test_a_digest_that_failed_does_not_count_as_the_last_one(channel: Channel) -> None:
    await channel.load(story(0, age=1))
    schedule = await channel.order(news(News.NEW_OR_NOTHING))
    await channel.store.planning.plan_due(channel.clock.forward(hours=1))
    post = await channel.store.posts.get(T1, occurrence_key(schedule, date(2026, 11, 24)))
    assert post
    claimed = await channel.store.posts.claim(post, owner="me", now=channel.clock())
    assert claimed
    failed = Outcome(PostState.FAILED, error="channel_not_found")
    await channel.store.posts.record(claimed, failed, now=channel.clock())
    assert (await channel.post())[1] == [0]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["load", "post", "edit"]), min_size=2, max_size=12))
def test_news_are_shown_once_and_only_after_the_digest_before_them(
    migrated: Path, steps: list[str]
) -> None:
    """With any sequence of loads, edits and posts."""

    async def run(folder: Path) -> None:
        clock = StoppedClock()
        (folder / "corpus").mkdir()
        async with open_store(f"sqlite:///{shutil.copy(migrated, folder)}") as store:
            channel = Channel(store, clock, folder / "corpus")
            await channel.load(story(0, age=1))
            await channel.order(news(News.NEW))
            waiting, shown = {0}, set[int]()
            for step in steps:
                if step == "load" and (number := len(channel.records)) < len(EVENTS):
                    await channel.load(story(number))
                    waiting.add(number)
                elif step == "edit":
                    channel.records[0]["question"] += "?"
                    await channel.load()
                elif step == "post":
                    _, numbers = await channel.post()
                    assert not shown & set(numbers)
                    assert set(numbers) <= waiting
                    assert len(numbers) == min(3, len(waiting))
                    shown |= set(numbers)
                    # What had no room in a digest is old for the next one.
                    waiting = set() if numbers else waiting

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


# --- look-ups -----------------------------------------------------------------------------------


async def test_equally_good_stories_are_found_newest_first(channel: Channel) -> None:
    ages = {0: 3, 1: None, 2: 1, 3: 400, 4: None}
    records = []
    for number, age in ages.items():
        record = story(number, age=age, question=False)
        records.append(record | {"headline": "News", "summary": f"A ferry sank. ({number})"})
    await channel.load(*records)
    found = await channel.store.corpus.find("ferry")
    assert isinstance(found, Found)
    places = [match.article.position - 1 for match in found.matches]
    assert places == [2, 0, 3, 1, 4]
