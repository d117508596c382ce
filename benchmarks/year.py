"""Simulate a year of schedules in all time zones, with an unreliable process.

Each zone has a channel with three schedules at other times of day: one of every week, one of every
other week and one of a day of the month. The process ticks at irregular intervals, sleeps
for hours or days, and its clock is sometimes set back. Every local date of every schedule must have
exactly one post, planned or missed, at the instant that cronsim calculates, in the weeks that
dateutil.rrule calculates.

All zones are played in memory, with the function that moves a schedule on. Some of them are played
through the store too, which takes most of the time.

    python -m benchmarks.year --zones 599 --stored 30
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim
from dateutil.rrule import MO, MONTHLY, WEEKLY, rrule, weekday  # type: ignore[import-untyped]

from store import open_store
from store.posting.due import occurrences
from store.posting.schedules import following
from store.samples import STARTER
from store.types import ChannelId, Order, PostState, Schedule, Timetable
from tests.ids import T1, U1

ZONES = sorted(available_timezones())
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)


def play(zones: int, seed: int) -> int:
    """Play the year in memory and print the results; return how many dates are wrong."""
    chance, began = random.Random(seed), time.monotonic()
    schedules = [_new_schedule(channel, order) for channel, order in _orders(zones, chance)]
    ticks = [*_ticks(chance)]
    played = wrong = changed = 0
    for schedule in schedules:
        found = [*_played(schedule, ticks)]
        wrong += len(set(found) ^ set(_expected(schedule.timetable)))
        wrong += len(found) - len({on for on, _ in found})
        changed += len({at.astimezone(UTC).time() for _, at in found}) > 1
        played += len(found)
    print(f"| a year in {zones} zones, {len(schedules)} schedules | |")
    print("|---|---:|")
    print(f"| schedules with clock changes | {changed:,} |")
    print(f"| ticks; with the clock set back | {_counted(ticks)} |")
    print(f"| occurrences | {played:,} |")
    print(f"| duplicate, absent, or not at cronsim's instant | {wrong} |")
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s\n", flush=True)
    return wrong


def _played(schedule: Schedule, ticks: Sequence[datetime]) -> Iterator[tuple[date, datetime]]:
    """Yield the date and the instant of each occurrence, as planning moves a schedule on."""
    for now in ticks:
        while schedule.next.due_at <= now:
            yield schedule.next.due_on, schedule.next.due_at
            schedule = following(schedule)


async def store(zones: int, seed: int) -> int:
    """Plan the year in a database and print the results; return how many dates are wrong."""
    chance, began = random.Random(seed), time.monotonic()
    with TemporaryDirectory() as folder:
        async with open_store(f"sqlite:///{folder}/parley.db") as opened:
            await opened.loads.reload(STARTER, by="terminal", at=START)
            schedules = [
                await opened.schedules.set(
                    team_id=T1, channel_id=channel, owner_id=U1, now=START, order=order
                )
                for channel, order in _orders(zones, chance)
            ]
            ticks = [*_ticks(chance)]
            for now in ticks:
                await opened.planning.plan_due(now)
            states: Counter[PostState] = Counter()
            wrong = 0
            for schedule in schedules:
                posts = await opened.posts.scheduled(T1, schedule.channel_id, since=date.min)
                own = [post for post in posts if post.schedule_id == schedule.id]
                found = {(post.due_on, post.due_at) for post in own}
                wrong += len(found ^ set(_expected(schedule.timetable)))
                wrong += len(own) - len({post.due_on for post in own})
                states.update(post.state for post in own)
    print(f"| through the store: {zones} zones, {len(schedules)} schedules | |")
    print("|---|---:|")
    print(f"| ticks; with the clock set back | {_counted(ticks)} |")
    print(f"| occurrences | {states.total():,} |")
    print(f"| planned in time | {states[PostState.PLANNED]:,} |")
    print(f"| recorded as missed | {states[PostState.MISSED]:,} |")
    print(f"| duplicate, absent, or not at cronsim's instant | {wrong} |")
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s")
    return wrong


def _ticks(chance: random.Random) -> Iterator[datetime]:
    """Yield the instants of a year at which the process plans; some are before the last one."""
    now = START
    while now < END:
        kind = chance.random()
        if kind < 0.02:
            by = -timedelta(minutes=chance.randrange(1, 180))
        elif kind < 0.025:
            by = timedelta(hours=chance.randrange(3, 60))
        else:
            by = timedelta(minutes=chance.randrange(10, 110))
        now = min(now + by, END)
        yield now


def _counted(ticks: Sequence[datetime]) -> str:
    back = sum(after < before for before, after in pairwise(ticks))
    return f"{len(ticks):,}; {back}"


def _new_schedule(channel_id: ChannelId, order: Order) -> Schedule:
    return Schedule(
        id=f"{channel_id}:{order.name}",
        name=order.name,
        team_id=T1,
        channel_id=channel_id,
        owner_id=U1,
        timetable=order.timetable,
        next=next(occurrences(order.timetable, after=START)),
    )


def _orders(zones: int, chance: random.Random) -> Iterator[tuple[ChannelId, Order]]:
    """Yield three schedules for a channel in each of some zones."""
    for number, zone in enumerate(chance.sample(ZONES, zones)):
        days = frozenset(range(7)) if number % 3 else frozenset(chance.sample(range(7), 4))
        cadences: tuple[dict[str, Any], ...] = (
            {"weekdays": days},
            {
                "weekdays": days,
                "every_weeks": 2,
                "begins_on": date(2026, 1, 1 + chance.randrange(14)),
            },
            {
                "weekdays": frozenset({chance.randrange(7)}),
                "of_month": frozenset({chance.choice((1, 2, 3, 4, -1))}),
            },
        )
        for name, cadence in zip("abc", cadences, strict=True):
            # More than half of the schedules are in the hours in which clocks change.
            hour = chance.choice((0, 1, 2, 3, chance.randrange(24), chance.randrange(24)))
            at = wall(hour, chance.choice((0, 15, 30, 59)))
            timetable = Timetable(at=at, zone=zone, **cadence)
            yield ChannelId(f"C{number}"), Order(name=name, timetable=timetable)


def _expected(timetable: Timetable) -> list[tuple[date, datetime]]:
    days = ",".join(str((day + 1) % 7) for day in sorted(timetable.weekdays))
    dates = _dates(timetable)
    found = []
    local = START.astimezone(ZoneInfo(timetable.zone))
    for instant in CronSim(f"{timetable.at.minute} {timetable.at.hour} * * {days}", local):
        if instant.astimezone(UTC) > END:
            break
        if instant.date() in dates:
            found.append((instant.date(), instant.astimezone(UTC)))
    return found


def _dates(timetable: Timetable) -> set[date]:
    """Return the local dates of its posts, as dateutil calculates them."""
    weekdays = [weekday(day) for day in sorted(timetable.weekdays)]
    start = datetime.combine(timetable.begins_on or date(2025, 12, 1), wall())
    until = datetime(2027, 1, 31)
    if timetable.of_month:
        weekdays = [day(place) for day in weekdays for place in sorted(timetable.of_month)]
        rule = rrule(MONTHLY, byweekday=weekdays, dtstart=start, until=until)
    else:
        rule = rrule(
            WEEKLY,
            interval=timetable.every_weeks,
            wkst=MO,
            byweekday=weekdays,
            dtstart=start,
            until=until,
        )
    return {each.date() for each in rule}


def main() -> int:
    """Run the simulation; return 1 if any date is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zones", type=int, default=len(ZONES), help="in memory: %(default)s")
    parser.add_argument("--stored", type=int, default=30, help="through the store: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong = play(arguments.zones, arguments.seed)
    if arguments.stored:
        wrong += asyncio.run(store(arguments.stored, arguments.seed))
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
