"""The occurrences of a timetable: wall time in an IANA zone, across every change of the clocks.

Which dates have a post is asked date by date: `Timetable.has_post_on` is shorter than what
dateutil.rrule would need, and answers for any date without counting from the first. The tests
compare it with dateutil.rrule.

A wall time that the clocks skip falls due at the first instant after the gap. A wall time that
comes twice falls due the first time. Debian's cron does the same, and so does the cronsim library,
which the tests compare with.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from store.types import Occurrence, Timetable

_DAY = timedelta(days=1)


def occurrences(timetable: Timetable, *, after: datetime) -> Iterator[Occurrence]:
    """Yield the occurrences that fall due later than *after* (aware), soonest first, without end.

    Raises ValueError if the timetable has no weekday, because it would never yield.
    """
    if not timetable.weekdays:
        raise ValueError("a timetable needs at least one weekday")
    # Start a day early: if a gap crosses midnight, yesterday's occurrence falls due today.
    on = after.astimezone(ZoneInfo(timetable.zone)).date() - _DAY
    while True:
        if (due := due_at(timetable, on)) and due > after:
            yield Occurrence(due_on=on, due_at=due)
        on += _DAY


def due_at(timetable: Timetable, on: date) -> datetime | None:
    """Return the UTC instant at which the post of the local date *on* is due, or None."""
    return (
        _instant(on, timetable.at, ZoneInfo(timetable.zone)) if timetable.has_post_on(on) else None
    )


def _instant(on: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return the UTC instant of wall time *at* on the date *on*; None if the zone skipped it."""
    wall = datetime.combine(on, at.replace(fold=0))
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(instant, zone) == wall:
        return instant
    # In a gap, fold=0 reads the wall time with the offset before the change and fold=1 with the
    # one after it; the change lies between the two instants.
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    after = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    # Samoa had no 30 December 2011: the whole date fell into a gap.
    return high if _wall(high, zone).date() == on else None


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
