"""Dates on which no schedule posts, from a calendar file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from store.db import Connection, Database
from store.parsing import DEFAULT_LIMITS, Limits, Parser, ParsingError
from store.text import showable, well_formed
from store.types import ParleyError

_AHEAD = timedelta(days=3 * 366)
"""How far ahead the dates of an event that recurs are written down."""
_MOST = 10 << 20
"""Bytes of a calendar, which is read as a whole."""

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


def read_holidays(path: Path, *, today: date, limits: Limits = DEFAULT_LIMITS) -> Sequence[Holiday]:
    """Return every date that an event of an iCalendar file touches, in the next three years.

    The first is *today*. Raises `HolidaysInvalidError`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as error:
        raise HolidaysInvalidError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > _MOST:
        raise HolidaysInvalidError(f"{path} is larger than {_MOST >> 20} MB.")
    first, last = today.isoformat(), (today + _AHEAD).isoformat()
    try:
        with Parser(limits) as parser:
            holidays = [
                Holiday(due_on=date.fromisoformat(on), name=well_formed(name))
                for on, name in parser.parse("calendar", data, first=first, last=last)
            ]
    except ParsingError as error:
        raise HolidaysInvalidError(f"{path} {showable(str(error))}.") from error
    if not holidays:
        raise HolidaysInvalidError(f"{path} has no event from {today:%d %b %Y} on.")
    return holidays
