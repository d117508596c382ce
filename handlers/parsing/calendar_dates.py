"""Arithmetic with the dates of the calendar."""

from calendar import monthrange
from contextlib import suppress
from datetime import date, timedelta

Dates = tuple[date, ...]
DAY = timedelta(days=1)


def days_between(first: date, last: date) -> Dates:
    """Return the dates from *first* to *last*, both included."""
    return tuple(first + DAY * day for day in range((last - first).days + 1))


def days_in_month(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return monthrange(year, month)[1]


def nearest_date(day: int, month: int, year: int, floor: date) -> date | None:
    """Return the first date from *floor* on that fits, or the date of a given year; else None.

    *month* and *year* are 0 if any will do. 29 February is at most eight years ahead.
    """
    months = range(floor.year * 12 + floor.month - 1, (floor.year + 9) * 12)
    if year:
        months = range(year * 12, year * 12 + 12)
    for number in months:
        if month in (0, number % 12 + 1):
            with suppress(ValueError):
                on = date(number // 12, number % 12 + 1, day)
                if year or on >= floor:
                    return on
    return None
