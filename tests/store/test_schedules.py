"""Schedules of channels and their turns."""

from datetime import date, time

from store import Store
from store.schedules import upcoming
from store.types import Schedule, Timetable
from tests.conftest import StoppedClock

NINE = Timetable(at=time(9), weekdays=frozenset(range(5)), zone="Europe/Lisbon")


async def on(
    store: Store, clock: StoppedClock, channel: str = "C1", at: time = NINE.at
) -> Schedule:
    return await store.schedules.set(
        team_id="T1",
        channel_id=channel,
        organiser_id="U1",
        timetable=Timetable(at=at, weekdays=NINE.weekdays, zone=NINE.zone),
        now=clock(),
    )


async def test_what_is_set_is_there(store: Store, clock: StoppedClock) -> None:
    schedule = await on(store, clock)
    assert await store.schedules.get("T1", "C1") == schedule
    assert schedule.next.due_on == date(2026, 11, 24)
    assert await store.schedules.get("T2", "C1") is None


async def test_setting_again_replaces(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    await on(store, clock, at=time(7))
    (schedule,) = await store.schedules.list("T1")
    assert schedule.timetable.at == time(7)
    assert schedule.next.due_on == date(2026, 11, 25)


async def test_a_schedule_is_due_at_its_instant_and_moves_on(
    store: Store, clock: StoppedClock
) -> None:
    await on(store, clock)
    assert not await store.schedules.due(clock.forward(minutes=59))
    (schedule,) = await store.schedules.due(clock.forward(minutes=1))
    await store.schedules.advance(schedule)
    await store.schedules.advance(schedule)
    assert not await store.schedules.due(clock())
    after = await store.schedules.get("T1", "C1")
    assert after
    assert after.next.due_on == date(2026, 11, 25)


async def test_taking_it_away(store: Store, clock: StoppedClock) -> None:
    await on(store, clock)
    assert await store.schedules.remove("T1", "C1")
    assert not await store.schedules.remove("T1", "C1")
    assert not await store.schedules.list("T1")


async def test_upcoming_leaves_out_the_dates_that_had_theirs(
    store: Store, clock: StoppedClock
) -> None:
    schedule = await on(store, clock)
    turns = upcoming(schedule, taken=frozenset({date(2026, 11, 24)}), count=3)
    assert [turn.due_on.day for turn in turns] == [25, 26, 27]
