"""Read the dates of stories as feeds and files write them: RFC 822, RFC 3339, or a day alone.

A day in numbers, such as 31/12/2026, is read if it has one meaning only.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_tz

_LONGEST = 100
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ]+(\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?)\s*(.*))?", re.ASCII | re.DOTALL
)
_CLOCK = re.compile(r"(\b\d\d?:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(.*)", re.ASCII | re.DOTALL)
_NUMBERS = re.compile(r"(\d\d?)([./-])(\d\d?)\2(\d{4})", re.ASCII)
_OFFSET = re.compile(r"(?:GMT|UTC?)?\s*([+-])(\d\d?)(?::?([0-5]\d))?", re.ASCII)
_MOST_HOURS = 14
_ZONES = {
    -9: "AKST",
    -8: "AKDT PST",
    -7: "MST PDT",
    -6: "CST MDT",
    -5: "CDT EST",
    -4: "AST EDT",
    -3: "ADT",
    0: "GMT UT UTC WET Z",
    1: "BST CET WAT WEST",
    2: "CAT CEST EET SAST",
    3: "EAT EEST MSK",
    5: "PKT",
    7: "WIB",
    8: "AWST HKT",
    9: "JST KST",
    10: "AEST",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
}
"""The zones of RFC 822, and others whose name stands for one offset today, by hours east of UTC."""
_HOURS = {name: hours for hours, names in _ZONES.items() for name in names.split()}


def read_date(text: str) -> datetime:
    """Return the instant that *text* names, in UTC.

    Midnight in UTC stands for a day without a time. It is also returned if the time zone is missing
    or ambiguous: then only the day is certain. Raises `ValueError` for any other text, such as
    04/11/2026, which has two readings.
    """
    text = " ".join(text[:_LONGEST].split())
    try:
        day, at, zone = _fields(text)
        offset = _offset(zone)
        if offset is None:
            return datetime.combine(day, time(), UTC)
        return datetime.combine(day, at, timezone(offset)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is not a date") from error


def _fields(text: str) -> tuple[date, time, str]:
    """Return the day, the time and the zone in *text*; the zone is empty if it has none."""
    if iso := _ISO.fullmatch(text):
        at = time.fromisoformat(iso[2].replace(",", ".")) if iso[2] else time()
        return date.fromisoformat(iso[1]), at, iso[3] or ""
    clock = _CLOCK.search(text)
    if numbers := _NUMBERS.fullmatch((text[: clock.start()] if clock else text).rstrip(", ")):
        day = _only_day(int(numbers[1]), int(numbers[3]), int(numbers[4]))
        at = time.fromisoformat(clock[1].zfill(len("08:00"))) if clock else time()
        return day, at, clock[2] if clock else ""
    # The standard library needs a time, and a blank between the time and the zone.
    text = f"{text[: clock.start()]}{clock[1]} {clock[2]}" if clock else f"{text} 0:00"
    fields = parsedate_tz(text)
    if fields is None:
        raise ValueError("is not a date")
    return date(*fields[:3]), time(*fields[3:6]), clock[2] if clock else ""


def _only_day(first: int, second: int, year: int) -> date:
    """Return the day of two numbers, one of the day and one of the month, in either order."""
    readings: set[date] = set()
    for day, month in ((first, second), (second, first)):
        with suppress(ValueError):
            readings.add(date(year, month, day))
    if len(readings) != 1:
        raise ValueError("is not a date with one meaning")
    return readings.pop()


def _offset(zone: str) -> timedelta | None:
    """Return the offset of a time zone from UTC; None if *zone* is missing or not certain."""
    # Browsers add the name of the zone in parentheses.
    zone = zone.partition("(")[0].strip().upper()
    if zone in _HOURS:
        return timedelta(hours=_HOURS[zone])
    found = _OFFSET.fullmatch(zone)
    if not found or int(found[2]) > _MOST_HOURS:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -offset if found[1] == "-" else offset
