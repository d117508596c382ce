"""Write dates as people read them, and as `parse_dates` reads them."""

from collections.abc import Sequence
from datetime import date

from handlers.parsing.calendar_dates import DAY


def format_date(on: date) -> str:
    """Return a date with its weekday: `Thu 24 Dec 2026`."""
    return f"{on:%a} {on.day} {on:%b %Y}"


def short_date(on: date) -> str:
    """Return a date as people type it: `24 Dec`."""
    return f"{on.day} {on:%b}"


def write_dates(dates: Sequence[date]) -> str:
    """Return ascending dates as words that `parse_dates` reads: `2026-12-24 to 2027-01-02`."""
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in _runs(dates)
    )


def format_dates(dates: Sequence[date]) -> str:
    """Return dates with their weekdays; three or more days in a row are written as a range."""
    parts: list[str] = []
    for run in _runs(dates):
        if len(run) > 2:
            parts.append(f"{format_date(run[0])} to {format_date(run[-1])}")
        else:
            parts.extend(map(format_date, run))
    return ", ".join(parts)


def _runs(dates: Sequence[date]) -> list[list[date]]:
    """Return the dates in runs of days in a row."""
    runs: list[list[date]] = []
    for on in dates:
        if runs and on - runs[-1][-1] == DAY:
            runs[-1].append(on)
        else:
            runs.append([on])
    return runs
