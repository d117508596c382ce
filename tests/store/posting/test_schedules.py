"""Schedules are stored, replaced, paused, stopped and removed."""

from dataclasses import asdict, fields, replace
from datetime import date, time
from typing import Any

import pytest

from store import Store
from store.samples import STARTER
from store.types import (
    FOREVER,
    About,
    ChannelId,
    News,
    Order,
    ParleyError,
    PostKind,
    PostState,
    Schedule,
    Timetable,
)
from tests.conftest import StoppedClock
from tests.ids import C1, C2, T1, T2, U1, U2
from tests.schedules import schedule_of

NINE = Timetable(at=time(9), weekdays=frozenset(range(5)), zone="Europe/Lisbon")


async def on(
    store: Store, clock: StoppedClock, channel: ChannelId = C1, at: time = NINE.at
) -> Schedule:
    """Set up the channel's only schedule, or change it."""
    before = await schedule_of(store, T1, channel)
    return await store.schedules.set(
        team_id=T1,
        channel_id=channel,
        owner_id=U1,
        now=clock(),
        order=Order(timetable=Timetable(at=at, weekdays=NINE.weekdays, zone=NINE.zone)),
        schedule_id=before.id if before else "",
    )


async def test_a_stored_schedule_is_returned(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    assert await schedule_of(store, T1, C1) == schedule
    assert schedule.next.due_on == date(2026, 11, 24)
    assert await schedule_of(store, T2, C1) is None


async def test_a_new_schedule_replaces_the_old_one(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    await on(store, clock, at=time(7))
    (schedule,) = await store.schedules.list(T1)
    assert schedule.timetable.at == time(7)
    assert schedule.next.due_on == date(2026, 11, 25)


async def test_removing_a_schedule(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    assert await store.schedules.remove(schedule)
    assert not await store.schedules.remove(schedule)
    assert not await store.schedules.list(T1)


@pytest.mark.parametrize("replaces", [False, True])
async def test_every_part_of_an_order_is_stored(
    store: Store, clock: StoppedClock, replaces: bool
) -> None:
    before = await on(store, clock) if replaces else None
    order = Order(
        timetable=Timetable(
            at=time(23, 5),
            weekdays=frozenset({0, 6}),
            zone="America/St_Johns",
            every_weeks=3,
            begins_on=date(2027, 1, 4),
            of_month=frozenset({-1, 2}),
        ),
        name="rare one",
        kind=PostKind.DIGEST,
        stories=3,
        topics=("sanctions", "the “grain” deal"),
        max_age_days=40,
        news=News.NEW_OR_NOTHING,
        holidays="DE-BY",
    )
    unset = [each.name for each in fields(Order) if getattr(order, each.name) == each.default]
    assert not unset, "this order leaves something out"
    set_up = await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U2,
        now=clock(),
        order=order,
        schedule_id=before.id if before else "",
    )
    assert {each.name: getattr(set_up, each.name) for each in fields(Order)} == asdict(order) | {
        "timetable": order.timetable
    }
    assert await schedule_of(store, T1, C1) == set_up


async def test_replacing_a_schedule_ends_its_pause(store: Store, clock: StoppedClock) -> None:
    await store.schedules.pause(await on(store, clock), until=FOREVER)
    await on(store, clock, at=time(7))
    schedule = await schedule_of(store, T1, C1)
    assert schedule
    assert schedule.paused_until is None


async def test_a_pause_has_an_end_and_resuming_ends_it(store: Store, clock: StoppedClock) -> None:
    paused = await on(store, clock)
    await store.schedules.pause(paused, until=date(2026, 11, 25))
    schedule = await schedule_of(store, T1, C1)
    assert schedule
    assert schedule.is_paused
    await store.schedules.pause(paused, until=FOREVER)
    await store.schedules.resume(paused)
    schedule = await schedule_of(store, T1, C1)
    assert schedule
    assert not schedule.is_paused


async def test_a_stopped_schedule_has_one_notice(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    for _ in range(2):
        await store.schedules.stop(T1, C1, error="not_in_channel", now=clock())
    (notice,) = await store.posts.open(clock())
    assert (notice.kind, notice.channel_id) == (PostKind.STOPPED, "U1")
    assert notice.about == About(channel_id=C1, schedule_id=schedule.id, error="not_in_channel")
    await store.schedules.stop(T1, C1, error="is_archived", now=clock.forward(seconds=1))
    assert len(await store.posts.open(clock())) == 2
    assert [one.channel_id for one in await store.schedules.watched(clock())] == ["C1"]


# --- several in a channel ------------------------------------------------------------------------


async def add(store: Store, clock: StoppedClock, **order: Any) -> Schedule:
    return await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U1,
        now=clock(),
        order=Order(**{"timetable": NINE, **order}),
    )


@pytest.mark.parametrize(
    ("days", "kind", "name"),
    [
        ("0123456", PostKind.QUESTION, "daily-question"),
        ("01234", PostKind.DIGEST, "weekday-digest"),
        ("56", PostKind.QUESTION, "weekend-question"),
        ("4", PostKind.DIGEST, "friday-digest"),
        ("024", PostKind.DIGEST, "weekly-digest"),
    ],
)
async def test_a_name_by_default_says_what_and_when(
    store: Store, clock: StoppedClock, days: str, kind: PostKind, name: str
) -> None:
    timetable = replace(NINE, weekdays=frozenset(map(int, days)))
    first = await add(store, clock, timetable=timetable, kind=kind)
    second = await add(store, clock, timetable=timetable, kind=kind)
    assert (first.name, second.name) == (name, f"{name}-2")
    # It follows what the schedule becomes, unless a person has chosen it.
    friday = Order(timetable=replace(NINE, weekdays=frozenset({4})))
    for chosen, then in (("", "friday-question"), ("our-poll", "our-poll"), ("", "our-poll")):
        changed = await store.schedules.set(
            team_id=T1,
            channel_id=C1,
            owner_id=U1,
            now=clock(),
            order=replace(friday, name=chosen),
            schedule_id=second.id,
        )
        assert (changed.id, changed.name) == (second.id, then)


async def test_a_name_is_taken_once_in_a_channel(store: Store, clock: StoppedClock) -> None:
    await add(store, clock, name="our-poll")
    with pytest.raises(ParleyError, match="called `our-poll` already"):
        await add(store, clock, name="our-poll")
    assert len(await store.schedules.of_channel(T1, C1)) == 1


async def test_an_id_of_another_channel_is_not_replaced(store: Store, clock: StoppedClock) -> None:
    theirs = await on(store, clock, channel=C2)
    ours = await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U1,
        now=clock(),
        order=Order(timetable=NINE),
        schedule_id=theirs.id,
    )
    assert ours.id != theirs.id
    assert await store.schedules.get(T1, theirs.id) == theirs


async def test_pausing_or_ending_one_leaves_the_others(store: Store, clock: StoppedClock) -> None:
    first, second = await add(store, clock), await add(store, clock)
    await store.schedules.pause(first, until=FOREVER)
    await store.schedules.remove(first)
    assert await store.schedules.of_channel(T1, C1) == [second]


async def test_one_that_replaces_an_ended_one_does_not_post_twice_a_day(
    store: Store, clock: StoppedClock
) -> None:
    await store.loads.reload(STARTER, by="U1", at=clock())
    first = await add(store, clock)
    await store.planning.plan_due(clock.forward(hours=1))
    await store.schedules.remove(first)
    at_ten = Timetable(at=time(10), weekdays=NINE.weekdays, zone=NINE.zone)
    second = await add(store, clock, timetable=at_ten)
    assert second.next.due_on == date(2026, 11, 25)
    digest = await add(store, clock, timetable=at_ten, kind=PostKind.DIGEST)
    assert digest.next.due_on == date(2026, 11, 24), "another kind is another thing"


async def test_three_that_are_due_at_once_choose_three_stories(
    store: Store, clock: StoppedClock
) -> None:
    await store.loads.reload(STARTER, by="U1", at=clock())
    for _ in range(3):
        await add(store, clock)
    for _ in range(3):
        await store.planning.plan_due(clock.forward(hours=24))
    posts = await store.posts.scheduled(T1, C1, since=date.min)
    planned = [post.article_id for post in posts if post.state is PostState.PLANNED]
    assert len(posts) == 9
    assert len(set(planned)) == len(planned)


async def test_each_has_its_own_topics_and_news(store: Store, clock: StoppedClock) -> None:
    await store.loads.reload(STARTER, by="U1", at=clock())
    geneva = await add(store, clock, topics=("turkey",))
    every = await add(store, clock)
    for schedule, is_all in ((geneva, False), (every, True), (geneva, False)):
        chosen = await store.planning.preview(schedule, now=clock())
        assert chosen
        assert (chosen.pool == 26) is is_all


async def test_each_owner_gets_one_notice_of_a_stop(store: Store, clock: StoppedClock) -> None:
    for number, owner in enumerate((U1, U2, U1)):
        await store.schedules.set(
            team_id=T1,
            channel_id=C1,
            owner_id=owner,
            now=clock(),
            order=Order(timetable=NINE, name=f"poll-{number}"),
        )
    assert await store.schedules.stop(T1, C1, error="is_archived", now=clock())
    assert sorted(post.channel_id for post in await store.posts.open(clock())) == ["U1", "U2"]
