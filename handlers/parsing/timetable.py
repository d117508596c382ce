"""Parse and format timetables: `09:30 mon-fri Europe/Lisbon`."""

import re
from collections.abc import Iterable
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from rapidfuzz import process

from handlers.mrkdwn import plain
from store.types import ParleyError, Timetable

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SETS = {
    "daily": frozenset(range(7)),
    "everyday": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "workdays": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
    "weekend": frozenset({5, 6}),
}
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(am|pm)?", re.IGNORECASE)
WEEKDAYS = _SETS["weekdays"]
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_COMMON = (
    "UTC",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Berlin",
    "Europe/Kyiv",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""The time zones that the form offers before anything is typed."""


def parse(words: str, *, zone: str) -> Timetable:
    """Parse a time, optionally followed by weekdays and a time zone in any order.

    The default weekdays are Monday to Friday, and the default time zone is *zone*. Raises
    `ParleyError`, which names the words that were not understood.
    """
    first, *rest = words.replace(", ", ",").split() or [""]
    at = _time(first)
    if at is None:
        raise ParleyError("Start with a time, as in `/digest on 09:30 mon-fri Europe/Lisbon`.")
    weekdays: frozenset[int] = frozenset()
    named_zone = None
    for word in rest:
        days = _weekdays(word)
        if days is not None:
            weekdays |= days
        elif named_zone is None:
            named_zone = _zone(word)
        else:
            other = plain(word, 60)
            raise ParleyError(f"I understand {named_zone} as the time zone, but not “{other}”.")
    return Timetable(at=at, weekdays=weekdays or WEEKDAYS, zone=named_zone or zone)


def describe(timetable: Timetable) -> str:
    """Return a timetable in words: `09:30 on Mon–Fri (Europe/Lisbon)`."""
    return f"{timetable.at:%H:%M} {describe_days(timetable.weekdays)} ({timetable.zone})"


def describe_days(weekdays: Iterable[int]) -> str:
    """Return weekdays in words: `every day`, `on Mon–Fri`, `on Mon, Thu`."""
    days = sorted(weekdays)
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"on {_DAYS[days[0]]}–{_DAYS[days[-1]]}"
    return "on " + ", ".join(_DAYS[day] for day in days)


def is_zone(name: str) -> bool:
    """Return whether *name* is an IANA time zone in its exact spelling."""
    return _zones().get(name.lower()) == name


def zones_like(typed: str, limit: int = 30) -> list[str]:
    """Return the time zones that match *typed*: part of a name, or a misspelled city."""
    key = typed.strip().lower().replace(" ", "_")
    every = sorted(_zones().values())
    if not key:
        return [zone for zone in _COMMON if zone in every]
    starting = [zone for zone in every if _city(zone).startswith(key)]
    holding = [zone for zone in every if key in zone.lower()]
    found = list(dict.fromkeys([*starting, *holding]))
    if not found:
        cities = {_city(zone): zone for zone in every}
        near = process.extract(key, list(cities), limit=5, score_cutoff=70)
        found = [cities[city] for city, _, _ in near]
    return found[:limit]


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].lower()


def _time(word: str) -> time | None:
    match = _TIME.fullmatch(word)
    if not match:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _weekdays(word: str) -> frozenset[int] | None:
    """Parse `weekdays`, `mon-fri` or `mon,wed`; return None if *word* names no weekdays."""
    if word.lower() in _SETS:
        return _SETS[word.lower()]
    days: set[int] = set()
    for part in word.strip(",").split(","):
        ends = [_day(end) for end in re.split("[-–]", part)]
        match ends:
            case [int(day)]:
                days.add(day)
            case [int(start), int(end)]:
                # fri-mon wraps around the end of the week.
                days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
            case _:
                return None
    return frozenset(days)


def _day(word: str) -> int | None:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if len(word) < 3:
        return None
    return next((day for day, name in enumerate(full) if name.startswith(word.lower())), None)


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _zone(word: str) -> str:
    zones = _zones()
    key = word.lower().replace(" ", "_")
    if key in zones:
        return zones[key]
    cities = {name.rsplit("/", 1)[-1]: name for name in sorted(zones, reverse=True)}
    near = process.extract(key, list(zones), limit=1, score_cutoff=80)
    near_city = process.extract(key, list(cities), limit=1, score_cutoff=80)
    guess = cities[near_city[0][0]] if near_city else near[0][0] if near else None
    hint = f" Did you mean {zones[guess]}?" if guess else " A time zone reads like Europe/Lisbon."
    raise ParleyError(f"I know neither a weekday nor a time zone “{plain(word, 60)}”.{hint}")
