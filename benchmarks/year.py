"""Simulate a year of schedules in hundreds of time zones, with an unreliable process.

Each zone has a channel with three schedules at other times of day: one of every week, one of every
other week and one of a day of the month. The process ticks at irregular intervals, sleeps
for hours or days, and its clock is sometimes set back. Every local date of every schedule must have
exactly one post, planned or missed, at the instant that cronsim calculates, in the weeks that
dateutil.rrule calculates.

    python -m benchmarks.year --zones 400
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim
from dateutil.rrule import MO, MONTHLY, WEEKLY, rrule, weekday  # type: ignore[import-untyped]

from store import Store, open_store
from store.samples import STARTER
from store.types import ChannelId, Order, PostState, Schedule, Timetable
from tests.ids import T1, U1

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)


async def measure(zones: int, seed: int) -> int:
    """Simulate the year and print the results; return how many dates are wrong."""
    chance = random.Random(seed)
    began = time.monotonic()
    ticks = sleeps = set_back = 0
    with TemporaryDirectory() as folder:
        async with open_store(f"sqlite:///{folder}/parley.db") as store:
            schedules = await _create_schedules(store, zones, chance)
            now = START
            while now < END:
                kind = chance.random()
                if kind < 0.02:
                    by = -timedelta(minutes=chance.randrange(1, 180))
                    set_back += 1
                elif kind < 0.025:
                    by = timedelta(hours=chance.randrange(3, 60))
                    sleeps += 1
                else:
                    by = timedelta(minutes=chance.randrange(10, 110))
                now = min(now + by, END)
                await store.planning.plan_due(now)
                ticks += 1
            states: Counter[PostState] = Counter()
            wrong = 0
            changed = 0
            for schedule in schedules:
                posts = await store.posts.scheduled(T1, schedule.channel_id, since=date.min)
                found = [
                    (post.due_on, post.due_at) for post in posts if post.schedule_id == schedule.id
                ]
                wrong += len(set(found) ^ set(_expected(schedule.timetable)))
                wrong += len(found) - len({on for on, _ in found})
                states.update(post.state for post in posts if post.schedule_id == schedule.id)
                changed += len({at.astimezone(UTC).time() for _, at in found}) > 1
    print(f"| a year in {zones} zones, {len(schedules)} schedules | |")
    print("|---|---:|")
    print(f"| schedules with clock changes | {changed} |")
    print(f"| ticks; after a sleep; with the clock set back | {ticks:,}; {sleeps}; {set_back} |")
    print(f"| occurrences | {states.total():,} |")
    print(f"| planned in time | {states[PostState.PLANNED]:,} |")
    print(f"| recorded as missed | {states[PostState.MISSED]:,} |")
    print(f"| duplicate, absent, or not at cronsim's instant | {wrong} |")
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s")
    return wrong


async def _create_schedules(store: Store, zones: int, chance: random.Random) -> list[Schedule]:
    await store.corpus.reload(STARTER, by="terminal", at=START)
    names = chance.sample(sorted(available_timezones()), zones)
    schedules = []
    for number, zone in enumerate(names):
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
            schedules.append(
                await store.schedules.set(
                    team_id=T1,
                    channel_id=ChannelId(f"C{number}"),
                    owner_id=U1,
                    now=START,
                    order=Order(name=name, timetable=Timetable(at=at, zone=zone, **cadence)),
                )
            )
    return schedules


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
    parser.add_argument("--zones", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return int(asyncio.run(measure(arguments.zones, arguments.seed)) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
