"""Schedules are stored, replaced, paused, stopped and removed."""

from datetime import date, time

from store import Store
from store.types import FOREVER, About, ChannelId, Order, PostKind, Schedule, Timetable
from tests.conftest import StoppedClock
from tests.ids import C1, T1, T2, U1

NINE = Timetable(at=time(9), weekdays=frozenset(range(5)), zone="Europe/Lisbon")


async def on(
    store: Store, clock: StoppedClock, channel: ChannelId = C1, at: time = NINE.at
) -> Schedule:
    return await store.schedules.set(
        team_id=T1,
        channel_id=channel,
        owner_id=U1,
        now=clock(),
        order=Order(timetable=Timetable(at=at, weekdays=NINE.weekdays, zone=NINE.zone)),
    )


async def test_a_stored_schedule_is_returned(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    assert await store.schedules.get(T1, C1) == schedule
    assert schedule.next.due_on == date(2026, 11, 24)
    assert await store.schedules.get(T2, C1) is None


async def test_a_new_schedule_replaces_the_old_one(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    await on(store, clock, at=time(7))
    (schedule,) = await store.schedules.list(T1)
    assert schedule.timetable.at == time(7)
    assert schedule.next.due_on == date(2026, 11, 25)


async def test_removing_a_schedule(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    assert await store.schedules.remove(T1, C1)
    assert not await store.schedules.remove(T1, C1)
    assert not await store.schedules.list(T1)


async def test_a_digest_keeps_its_size_and_topics(store: Store, clock: StoppedClock) -> None:
    set_up = await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U1,
        now=clock(),
        order=Order(
            timetable=NINE,
            kind=PostKind.DIGEST,
            stories=3,
            topics=("sanctions", "the “grain” deal"),
        ),
    )
    assert await store.schedules.get(T1, C1) == set_up


async def test_a_pause_has_an_end_and_resuming_ends_it(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    await store.schedules.pause(T1, C1, until=date(2026, 11, 25))
    schedule = await store.schedules.get(T1, C1)
    assert schedule
    assert schedule.is_paused
    await store.schedules.pause(T1, C1, until=FOREVER)
    await store.schedules.resume(T1, C1)
    schedule = await store.schedules.get(T1, C1)
    assert schedule
    assert not schedule.is_paused


async def test_a_stopped_schedule_has_one_notice(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    for _ in range(2):
        await store.schedules.stop(T1, C1, error="not_in_channel", now=clock())
    (notice,) = await store.posts.open(clock())
    assert (notice.kind, notice.channel_id) == (PostKind.STOPPED, "U1")
    assert notice.about == About(channel_id=C1, error="not_in_channel")
    await store.schedules.stop(T1, C1, error="is_archived", now=clock.forward(seconds=1))
    assert len(await store.posts.open(clock())) == 2
    assert [one.channel_id for one in await store.schedules.watched(clock())] == ["C1"]
