"""Dates on which no schedule posts, from a calendar file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import recurring_ical_events
from icalendar import Calendar

from store.db import Connection, Database
from store.types import ParleyError

_AHEAD = timedelta(days=3 * 366)
"""How far ahead the dates of an event that recurs are written down."""
_DAY = timedelta(days=1)

_CLEAR = "DELETE FROM holiday"
_ADD = "INSERT INTO holiday (due_on, name) VALUES ($1, $2)"
_NAME = "SELECT name FROM holiday WHERE due_on = $1"
_BETWEEN = "SELECT due_on, name FROM holiday WHERE due_on >= $1 AND due_on <= $2 ORDER BY due_on"


class HolidaysInvalidError(ParleyError):
    """Say what is wrong with a calendar file; the dates that were known before stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A local date on which nothing is posted, and its name."""

    due_on: date
    name: str


class Holidays:
    """The dates of the calendar that was loaded last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, holidays: Sequence[Holiday]) -> None:
        """Know these dates in the place of those before."""
        async with self._database.transaction() as connection:
            await connection.execute(_CLEAR)
            await connection.executemany(
                _ADD, [(one.due_on.isoformat(), one.name) for one in holidays]
            )

    async def between(self, first: date, last: date) -> Mapping[date, str]:
        """Give the names of the dates from *first* to *last*."""
        rows = await self._database.fetch(_BETWEEN, first.isoformat(), last.isoformat())
        return {date.fromisoformat(row["due_on"]): row["name"] for row in rows}


async def holiday(connection: Connection, on: date) -> str | None:
    """Give the name of the date *on*; None where it is an ordinary one."""
    rows = await connection.fetch(_NAME, on.isoformat())
    return str(rows[0]["name"]) if rows else None


def read_holidays(path: Path, *, today: date) -> Sequence[Holiday]:
    """Read an iCalendar file: every date that one of its events touches, from *today* on.

    Events that recur are followed for three years. Raises `HolidaysInvalidError`.
    """
    try:
        calendar = Calendar.from_ical(path.read_bytes())
        events = recurring_ical_events.of(calendar).between(today, today + _AHEAD)
    except OSError as error:
        raise HolidaysInvalidError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise HolidaysInvalidError(f"{path} is no calendar (.ics): {error}.") from error
    names: dict[date, str] = {}
    for event in events:
        first = _date(event["DTSTART"].dt)
        # The end of an event of whole days is the day after its last.
        last = max(first, _date(event["DTEND"].dt) - _DAY) if "DTEND" in event else first
        for days in range((last - first).days + 1):
            on = first + days * _DAY
            if on >= today:
                names.setdefault(on, str(event.get("SUMMARY") or "holiday"))
    if not names:
        raise HolidaysInvalidError(f"{path} has no event from {today:%d %b %Y} on.")
    return [Holiday(due_on=on, name=name) for on, name in sorted(names.items())]


def _date(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when
