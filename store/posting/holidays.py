"""Holidays: the dates on which no schedule posts, read from a calendar file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

from store.db import Connection, Database
from store.parsing import Parser, ParsingError
from store.text import showable, well_formed
from store.types import ParleyError, Problem

_AHEAD = timedelta(days=3 * 366)
"""How far ahead the dates of a recurring event are stored."""
_MAX_BYTES = 10 << 20
"""The largest calendar file, because the whole file is read into memory."""

_CLEAR = "DELETE FROM holiday"
_ADD = "INSERT INTO holiday (due_on, name) VALUES ($1, $2)"
_NAME = "SELECT name FROM holiday WHERE due_on = $1"
_BETWEEN = "SELECT due_on, name FROM holiday WHERE due_on >= $1 AND due_on <= $2 ORDER BY due_on"


class HolidaysInvalidError(ParleyError):
    """Raised when a calendar file cannot be used; the dates loaded before stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A local date on which no schedule posts, and its name."""

    due_on: date
    name: str


class Holidays:
    """The dates of the calendar file that was loaded last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, holidays: Sequence[Holiday]) -> None:
        """Store *holidays* and delete all dates stored before."""
        async with self._database.transaction() as connection:
            await connection.execute(_CLEAR)
            await connection.executemany(
                _ADD, [(each.due_on.isoformat(), each.name) for each in holidays]
            )

    async def between(self, first: date, last: date) -> Mapping[date, str]:
        """Return the names of the holidays from *first* to *last*, both included, by date."""
        rows = await self._database.fetch(_BETWEEN, first.isoformat(), last.isoformat())
        return {date.fromisoformat(row["due_on"]): row["name"] for row in rows}


async def holiday(connection: Connection, on: date) -> str | None:
    """Return the name of the holiday on the date *on*; None if there is no holiday."""
    rows = await connection.fetch(_NAME, on.isoformat())
    return str(rows[0]["name"]) if rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayFile:
    """What a calendar file says."""

    holidays: Sequence[Holiday]
    """One for each date on which an event takes place, in order; there is at least one."""
    warnings: Sequence[Problem]
    """Events that are left out, and other mistakes that did not keep the file from being read."""


def read_holidays(path: Path, *, today: date) -> HolidayFile:
    """Read every date of every event in an iCalendar file, from *today* on for three years.

    Cancelled events are no holidays. Raises `HolidaysInvalidError` if the file cannot be read or
    has no event in these years.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise HolidaysInvalidError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > _MAX_BYTES:
        raise HolidaysInvalidError(f"{path} is larger than {_MAX_BYTES >> 20} MB.")
    first, last = today.isoformat(), (today + _AHEAD).isoformat()
    try:
        with Parser() as parser:
            parsed = parser.parse("calendar", path.name, data, first=first, last=last)
    except ParsingError as error:
        raise HolidaysInvalidError(f"{path} {showable(str(error))}.") from error
    warnings = [
        Problem(path=PurePosixPath(showable(path.name)), line=line, message=showable(message))
        for line, message in parsed.warnings
    ]
    holidays = [
        Holiday(due_on=date.fromisoformat(on), name=well_formed(name)) for on, name in parsed.rows
    ]
    if not holidays:
        nothing = f"{path} has no event from {today:%d %b %Y} on: the dates loaded before are kept."
        lines = [nothing, *map(str, warnings)]
        raise HolidaysInvalidError("\n".join(lines))
    return HolidayFile(holidays=holidays, warnings=warnings)
