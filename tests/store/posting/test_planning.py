"""Each occurrence is planned, missed or skipped exactly once, and always with a reason."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo, available_timezones

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.loading.documents.source import Story
from store.posting.holidays import Holiday
from store.posting.planning import occurrence_key
from store.posting.record import GRACE, NewPost
from store.samples import STARTER
from store.types import (
    FOREVER,
    Article,
    ChannelId,
    Order,
    PostKind,
    PostState,
    Schedule,
    Timetable,
)
from tests.conftest import StoppedClock
from tests.ids import C1, T1, U1
from tests.machine import NOW
from tests.schedules import schedule_of

TODAY = date(2026, 11, 24)
DAILY = frozenset(range(7))


async def on(
    store: Store,
    clock: StoppedClock,
    *,
    corpus: Path = STARTER,
    channel_id: ChannelId = C1,
    now: datetime | None = None,
    **changes: object,
) -> Schedule:
    await store.loads.reload(corpus, by="U1", at=NOW)
    order = {"timetable": Timetable(at=time(9), weekdays=DAILY, zone="UTC"), **changes}
    before = await schedule_of(store, T1, channel_id)
    return await store.schedules.set(
        team_id=T1,
        channel_id=channel_id,
        schedule_id=before.id if before else "",
        owner_id=U1,
        order=Order(**order),  # type: ignore[arg-type]
        now=now or clock(),
    )


async def rows(store: Store, since: date = date.min) -> list[tuple[str, str, str | None]]:
    return [
        (str(post.due_on), str(post.state), post.error)
        for post in await store.posts.scheduled(T1, C1, since=since)
    ]


async def test_an_occurrence_becomes_one_post_and_the_schedule_advances(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    await store.planning.plan_due(clock.forward(minutes=59))
    assert not await rows(store)
    for _ in range(2):
        await store.planning.plan_due(clock.forward(minutes=1))
    assert await rows(store) == [("2026-11-24", "planned", None)]
    schedule = await schedule_of(store, T1, C1)
    assert schedule
    assert schedule.next.due_on == date(2026, 11, 25)


async def test_a_post_records_its_article_revision_and_reason(
    store: Store, clock: StoppedClock
) -> None:
    schedule = await on(store, clock)
    await store.planning.plan_due(clock.forward(hours=1))
    post = await store.posts.get(T1, occurrence_key(schedule, TODAY))
    assert post
    assert post.article_id
    assert post.revision == 1
    assert post.why
    assert post.why.startswith("Not asked here yet (0 of 26 so far)")


async def test_many_processes_plan_an_occurrence_once(tmp_path: Path, clock: StoppedClock) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_store(url) as one, open_store(url) as two, open_store(url) as three:
        for channel in range(20):
            await on(one, clock, channel_id=ChannelId(f"C{channel}"))
        clock.forward(hours=1)
        await asyncio.gather(*(store.planning.plan_due(clock()) for store in (one, two, three)))
        posts = await one.posts.open(clock())
        assert len({post.channel_id for post in posts}) == len(posts) == 20


@pytest.mark.parametrize(
    ("late", "state"),
    [(GRACE, "planned"), (GRACE + timedelta(seconds=1), "missed"), (timedelta(days=2), "missed")],
)
async def test_a_post_is_planned_within_the_grace_and_missed_after_it(
    store: Store, clock: StoppedClock, late: timedelta, state: str
) -> None:
    await on(store, clock)
    await store.planning.plan_due(clock.forward(seconds=3600 + late.total_seconds()))
    first, *_ = await rows(store)
    assert first[:2] == ("2026-11-24", state)


async def test_a_week_of_downtime_leaves_a_row_for_each_day(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    await store.planning.plan_due(clock.forward(days=7, minutes=90))
    states = [(on, state) for on, state, _ in await rows(store)]
    assert states == [(f"2026-11-{day}", "missed") for day in range(24, 31)] + [
        ("2026-12-01", "planned")
    ]


async def test_long_downtime_is_planned_in_several_transactions(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    now = clock.forward(days=100, minutes=90)
    transactions = 1
    while await store.planning.plan_some(now):
        transactions += 1
    assert transactions > 2
    states = [state for _, state, _ in await rows(store)]
    assert states == ["missed"] * 100 + ["planned"]


async def test_a_grace_that_crosses_midnight(store: Store, clock: StoppedClock) -> None:
    await on(store, clock, timetable=Timetable(at=time(23), weekdays=DAILY, zone="UTC"))
    await store.planning.plan_due(clock.forward(hours=16, minutes=30))
    assert await rows(store) == [("2026-11-24", "planned", None)]


async def test_a_clock_set_back_plans_nothing_twice(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    await store.planning.plan_due(clock.forward(hours=1))
    clock.forward(days=-1)
    for _ in range(3):
        await store.planning.plan_due(clock.forward(hours=12))
    assert len(await rows(store)) == 1


async def test_a_zone_edited_after_posting_does_not_post_again(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock, timetable=Timetable(at=time(8), weekdays=DAILY, zone="UTC"))
    await store.planning.plan_due(clock.forward(days=1))
    await on(store, clock, timetable=Timetable(at=time(9), weekdays=DAILY, zone="America/Lima"))
    await store.planning.plan_due(clock.forward(hours=12))
    assert [on for on, *_ in await rows(store)] == ["2026-11-25"]


async def test_a_missed_post_can_be_sent_later_the_same_day(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    await store.planning.plan_due(clock.forward(hours=5))
    assert await rows(store) == [("2026-11-24", "missed", "found too late")]
    await on(store, clock, timetable=Timetable(at=time(15), weekdays=DAILY, zone="UTC"))
    await store.planning.plan_due(clock.forward(hours=3))
    assert await rows(store) == [("2026-11-24", "planned", None)]


async def test_a_pause_skips_occurrences_with_a_reason(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    await store.schedules.pause(schedule, until=date(2026, 11, 26))
    for _ in range(3):
        await store.planning.plan_due(clock.forward(days=1))
    assert await rows(store) == [
        ("2026-11-24", "skipped", "paused"),
        ("2026-11-25", "skipped", "paused"),
        ("2026-11-26", "missed", "found too late"),
    ]


async def test_a_holiday_skips_its_occurrence(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    await store.holidays.replace([Holiday(due_on=TODAY, name="Day of the Harbour")])
    await store.planning.plan_due(clock.forward(hours=1))
    assert await rows(store) == [("2026-11-24", "skipped", "Day of the Harbour")]
    post = await store.planning.plan_now(schedule, by=U1, now=clock(), key=None)
    assert post, "a person may still post today's"


async def test_a_stopped_schedule_misses_its_posts_without_a_call(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    await store.schedules.stop(T1, C1, error="is_archived", now=clock())
    await store.planning.plan_due(clock.forward(hours=1))
    assert await rows(store) == [("2026-11-24", "missed", "is_archived")]


async def test_a_skip_can_be_undone(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    for day in (24, 25):
        plan = NewPost(
            key=occurrence_key(schedule, date(2026, 11, day)),
            team_id=T1,
            channel_id=C1,
            kind=PostKind.QUESTION,
            due_on=date(2026, 11, day),
            due_at=datetime(2026, 11, day, 9, tzinfo=UTC),
            state=PostState.SKIPPED,
            error="skipped",
        )
        assert await store.posts.skip(plan, now=clock())
    turns = await store.planning.upcoming(schedule, 2)
    assert [(turn.occurrence.due_on.day, turn.skip_reason) for turn in turns] == [
        (24, "skipped"),
        (25, "skipped"),
        (26, None),
        (27, None),
    ]
    assert await store.posts.unskip(T1, occurrence_key(schedule, date(2026, 11, 25)))
    for _ in range(2):
        await store.planning.plan_due(clock.forward(hours=24))
    assert [(on, state) for on, state, _ in await rows(store)][:1] == [("2026-11-24", "skipped")]
    turns = await store.planning.upcoming(schedule, 1)
    assert turns[-1].occurrence.due_on.day == 26


async def test_an_endless_pause_has_no_upcoming_posts(store: Store, clock: StoppedClock) -> None:
    paused = await on(store, clock)
    await store.schedules.pause(paused, until=FOREVER)
    schedule = await schedule_of(store, T1, C1)
    assert schedule
    assert not await store.planning.upcoming(schedule, 5)


async def test_a_preview_is_what_is_then_planned(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock, kind=PostKind.DIGEST, stories=3)
    for _ in range(12):
        chosen = await store.planning.preview(schedule, now=clock())
        await store.planning.plan_due(clock.forward(hours=24))
        (*_, post) = await store.posts.scheduled(T1, C1, since=TODAY)
        if post.state is PostState.PLANNED:
            assert chosen
            assert tuple(await store.posts.stories(T1, post.key)) == chosen.article_ids
        clock.forward(hours=-23)
        await store.planning.plan_due(clock())
        clock.forward(hours=23)


async def test_schedules_that_are_due_at_once_plan_different_questions(
    store: Store, clock: StoppedClock
) -> None:
    """Three schedules in each of 30 channels: more than one transaction plans."""
    await store.loads.reload(STARTER, by="U1", at=NOW)
    order = Order(timetable=Timetable(at=time(9), weekdays=DAILY, zone="UTC"))
    channels = [ChannelId(f"C{number}") for number in range(30)]
    for channel_id in channels * 3:
        await store.schedules.set(
            team_id=T1, channel_id=channel_id, owner_id=U1, order=order, now=clock()
        )
    await store.planning.plan_due(clock.forward(hours=1, seconds=1))
    for channel_id in channels:
        posts = await store.posts.scheduled(T1, channel_id, since=TODAY)
        assert len({post.schedule_id for post in posts}) == 3
        assert len({post.article_id for post in posts}) == len(posts) == 3


async def digests(
    store: Store, clock: StoppedClock, count: int, *, corpus: Path = STARTER
) -> Sequence[Sequence[Article]]:
    """Return the stories of the channel's next *count* digests of up to five stories."""
    await on(store, clock, corpus=corpus, kind=PostKind.DIGEST, stories=5)
    clock.forward(hours=-23)
    shown: list[Sequence[Article]] = []
    for _ in range(count):
        await store.planning.plan_due(clock.forward(hours=24))
        (*_, post) = await store.posts.scheduled(T1, C1, since=TODAY)
        ids = await store.posts.stories(T1, post.key)
        assert post.article_id == ids[0]
        shown.append(await store.articles.get_many(ids))
    return shown


async def test_a_digest_shows_what_the_channel_has_not_seen(
    store: Store, clock: StoppedClock
) -> None:
    shown = await digests(store, clock, 20)
    revision = store.corpus.revision
    assert revision
    assert len(shown[0]) == 5
    # A digest has fewer stories before it repeats one too early.
    seen = [article.id for stories in shown for article in stories][: revision.articles]
    assert len(set(seen)) == revision.articles


async def test_no_headline_stands_twice_in_a_digest(store: Store, clock: StoppedClock) -> None:
    for stories in await digests(store, clock, 20):
        headlines = [article.headline for article in stories]
        assert len(set(headlines)) == len(headlines)


async def test_stories_of_one_headline_fill_a_digest(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    summaries = ("Apples ripen early", "A bridge fell", "Wolves return", "Bakers strike", "Rain!")
    lines = [f"{summary}.\nInsight.\nWhy {summary}?" for summary in summaries]
    (tmp_path / "a.txt").write_text("News of the day\n" + "\n".join(lines))
    (stories,) = await digests(store, clock, 1, corpus=tmp_path)
    assert len(stories) == 5


async def test_two_reports_of_one_event_are_not_in_one_digest(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    reports = {
        "Ferry aground off Orkney": "A ferry with 140 passengers ran aground near Stromness in fog"
        " early on Friday; the coastguard brought everybody ashore.",
        "Rescue at night": "The coastguard has brought 140 passengers ashore after their ferry ran"
        " aground in thick fog off Stromness, Orkney.",
        "Bakers on strike": "Bakers in Lyon have stopped work for a week to protest against the"
        " price of flour and electricity.",
        "A bridge reopens": "The bridge over the Tamar carries trains again, after two years of"
        " repairs to its iron arches.",
        "Wolves return": "A pair of wolves was filmed in the Ardennes, where hunters shot the last"
        " one in 1897.",
    }
    for number, (headline, summary) in enumerate(reports.items()):
        text = f"{headline}\n{summary}\nInsight.\nWhat of the {summary[:24]}?\n"
        (tmp_path / f"{number}.txt").write_text(text)
    shown = await digests(store, clock, 2, corpus=tmp_path)
    headlines = [{article.headline for article in stories} for stories in shown]
    assert headlines[0] | headlines[1] == set(reports)
    ferry = {"Ferry aground off Orkney", "Rescue at night"}
    assert [len(ferry & one) for one in headlines] == [1, 1]


async def test_only_stories_on_the_topics_are_chosen(store: Store, clock: StoppedClock) -> None:
    await on(store, clock, topics=("Turkey",))
    clock.forward(hours=-23)
    for _ in range(6):
        await store.planning.plan_due(clock.forward(hours=24))
    posts = await store.posts.scheduled(T1, C1, since=TODAY)
    articles = await store.articles.get_many([post.article_id or "" for post in posts])
    assert len(articles) == 6
    assert all(
        any(word in f"{one.headline} {one.summary} {one.insight}" for word in ("Turk", "Ankara"))
        for one in articles
    )


async def test_topics_without_a_story_miss_the_post_with_a_reason(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock, topics=("kubernetes",))
    await store.planning.plan_due(clock.forward(hours=1))
    assert await rows(store) == [("2026-11-24", "missed", "there is no story to choose from")]


async def test_the_owner_gets_one_notice_that_questions_run_out(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    feed = await store.sources.add("example.com", now=NOW)
    clock.forward(hours=-23)
    for day in range(26):
        await store.planning.plan_due(clock.forward(hours=24))
        # News without questions changes nothing about that.
        news = Story(f"News {day}", f"Something happened {day}.", "", "")
        await store.feed_loads.load(feed, [news], at=clock())
    notices = [post for post in await store.posts.open(clock()) if post.kind is PostKind.LOW]
    assert [(one.channel_id, one.about and one.about.left) for one in notices] == [("U1", 13)]
    assert notices[0].about
    assert notices[0].about.days == 13


async def test_questions_run_out_of_a_schedule_without_an_owner(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    await store.personal_data.forget(T1, U1)
    clock.forward(hours=-23)
    for _ in range(26):
        await store.planning.plan_due(clock.forward(hours=24))
    assert not [post for post in await store.posts.open(clock()) if post.kind is PostKind.LOW]
    assert len(await rows(store)) == 26


ZONES = sorted(available_timezones())
TICKS = st.lists(
    st.one_of(
        st.integers(1, 180).map(lambda minutes: timedelta(minutes=minutes)),
        st.integers(4, 60).map(lambda hours: timedelta(hours=hours)),
        st.integers(1, 30).map(lambda hours: -timedelta(hours=hours)),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=12)
@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0)),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    ticks=TICKS,
)
def test_each_date_has_exactly_one_row(
    migrated: Path,
    zones: list[str],
    at: time,
    weekdays: frozenset[int],
    start: datetime,
    ticks: list[timedelta],
) -> None:
    """With any ticks: late, after downtime, with the clock set back, and after an edited zone."""
    start = start.replace(microsecond=0, tzinfo=UTC)
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{shutil.copy(migrated, folder)}"
        asyncio.run(_ticks(url, zones, at, weekdays, start, ticks))


async def _ticks(
    url: str,
    zones: list[str],
    at: time,
    weekdays: frozenset[int],
    now: datetime,
    ticks: list[timedelta],
) -> None:
    async with open_store(url) as store:
        clock = StoppedClock(now)
        expected: dict[date, datetime] = {}
        latest = now
        for number, by in enumerate(ticks):
            if number % max(1, len(ticks) // len(zones)) == 0:
                zone = zones[min(number // max(1, len(ticks) // len(zones)), len(zones) - 1)]
                timetable = Timetable(at=at, weekdays=weekdays, zone=zone)
                await on(store, clock, timetable=timetable)
                latest = clock()
            clock.now += by
            await store.planning.plan_due(clock())
            for due_on, due_at in _by_cronsim(timetable, latest, clock()):
                expected.setdefault(due_on, due_at)
            latest = max(latest, clock())
        posts = await store.posts.scheduled(T1, C1, since=date.min)
        assert [post.due_on for post in posts] == sorted(expected)
        for post in posts:
            assert post.state in (PostState.PLANNED, PostState.MISSED)
            # An edited schedule may retry a missed date, later the same day.
            assert len(zones) > 1 or post.due_at == expected[post.due_on or date.min]


def _by_cronsim(
    timetable: Timetable, after: datetime, until: datetime
) -> list[tuple[date, datetime]]:
    """Return the occurrences in (after, until] that an independent library finds."""
    zone = ZoneInfo(timetable.zone)
    days = ",".join(str((day + 1) % 7) for day in sorted(timetable.weekdays))
    found = []
    for instant in CronSim(
        f"{timetable.at.minute} {timetable.at.hour} * * {days}", after.astimezone(zone)
    ):
        due_at = instant.astimezone(UTC)
        if due_at > until:
            break
        found.append((instant.date(), due_at))
    return found
