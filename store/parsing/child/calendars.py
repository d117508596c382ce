"""Find the dates of the events in an iCalendar file (RFC 5545), each event by itself."""

import signal
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from .charsets import decode
from .report import ProblemError, Warnings

_DAY = timedelta(days=1)
_LONGEST_NAME = 200
_YEAR = 365
_MAX_DAYS_OFF = 183
"""The most days of a year on which one event can take place; more is hardly a holiday."""
_TOO_OFTEN = f"take more than {_MAX_DAYS_OFF} days of a year"
_EVENT_SECONDS = 2
"""The processor time for the dates of one event."""
_SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_NEEDED = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
"""The properties that an event's dates depend on."""


class _BrokenEventError(Exception):
    """Raised for an event of which no dates can be found; the message says why."""


@dataclass(slots=True)
class _Part:
    """A component of a file: its first line, and its text."""

    line: int
    text: str
    is_cancelled: bool
    """Whether its calendar withdraws what is in it."""
    problem: str = ""
    """Why the event is left out."""

    def read(self) -> Any:
        """Return the event; None if it has a problem."""
        if self.problem:
            return None
        try:
            event = _event(self.text)
        except _BrokenEventError as error:
            self.problem = str(error)
            return None
        if self.is_cancelled:
            event["STATUS"] = "CANCELLED"
        return event


def parse_calendar(
    data: bytes, warnings: Warnings, *, first: str, last: str
) -> Iterator[list[str]]:
    """Yield each date from *first* to *last* on which an event takes place, and its name.

    Cancelled events take place on no date. An event that cannot be read is left out with a warning.
    """
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    zones, parts = _split(decode(data, warnings))
    _read_zones(zones, warnings)
    names: dict[date, str] = {}
    for part, events in _series(parts):
        name = str(events[0].get("SUMMARY") or "holiday")[:_LONGEST_NAME]
        try:
            with _time_limit(_EVENT_SECONDS):
                days = sorted(_days(events, begin, end))
            if first_day := _too_often(days):
                raise _BrokenEventError(f"would {_TOO_OFTEN} (from {first_day:%d %b %Y})")
        except _BrokenEventError as error:
            part.problem = str(error)
        except Exception:  # noqa: BLE001 -- any exception of a library is a problem of the event
            part.problem = "has dates or a rule that cannot be understood"
        else:
            for on in days:
                names.setdefault(on, name)
    _warn(parts, warnings, is_empty=not names)
    if _too_often(sorted(names)):
        warnings.add(f"holds events that together {_TOO_OFTEN}: is it a calendar of holidays?")
    for on, name in sorted(names.items()):
        yield [on.isoformat(), name]


def _warn(parts: Sequence[_Part], warnings: Warnings, *, is_empty: bool) -> None:
    """Warn of each event that is left out; *is_empty* if no event is loaded."""
    rest = "" if is_empty else ", and the others are loaded"
    for part in parts:
        if part.problem:
            name = _summary(part.text.splitlines())[:50]
            warnings.add(f"the event “{name}” {part.problem}: it is left out{rest}", part.line)


def _too_often(days: Sequence[date]) -> date | None:
    """Return the first of *days* from which on there are too many of them in a year."""
    starts = zip(days, days[_MAX_DAYS_OFF:], strict=False)
    return next((first for first, last in starts if (last - first).days < _YEAR), None)


# --- the parts of a file -------------------------------------------------------------------------


def _split(text: str) -> tuple[str, list[_Part]]:
    """Return the time zones and the events of all calendars in a file.

    Raises `ProblemError` if there is no calendar.
    """
    zones: list[str] = []
    parts: list[_Part] = []
    lines: list[str] = []
    begun = 0
    kind = ""
    is_calendar = is_cancelled = False
    for number, line in enumerate([*text.splitlines(), "END:VCALENDAR"], start=1):
        name, _, value = line.strip().upper().partition(":")
        is_outside = name in ("BEGIN", "END") and value in ("VCALENDAR", "VEVENT", "VTIMEZONE")
        if kind and is_outside and (name, value) != ("END", kind):
            parts.append(
                _Part(begun, "\r\n".join(lines), is_cancelled, "does not end (END:VEVENT)")
            )
            kind = ""
        if name == "BEGIN" and value == "VCALENDAR":
            is_calendar, is_cancelled = True, False
        elif name == "METHOD" and not kind:
            is_cancelled = value == "CANCEL"
        elif name == "BEGIN" and value in ("VEVENT", "VTIMEZONE"):
            kind, begun, lines = value, number, []
        if kind:
            lines.append(line)
        if kind and (name, value) == ("END", kind):
            whole = "\r\n".join(lines)
            if kind == "VEVENT":
                parts.append(_Part(begun, whole, is_cancelled))
            else:
                zones.append(whole)
            kind = ""
    if not is_calendar:
        raise ProblemError("is no calendar: BEGIN:VCALENDAR was expected")
    return "\r\n".join(zones), parts


def _summary(lines: list[str]) -> str:
    found = (line.partition(":")[2] for line in lines if line.upper().startswith("SUMMARY"))
    return next(found, "holiday")


def _read_zones(zones: str, warnings: Warnings) -> None:
    """Register the time zones that a file defines with the library."""
    from icalendar import Calendar

    try:
        Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{zones}\r\nEND:VCALENDAR\r\n")
    except Exception:  # noqa: BLE001 -- of a library
        warnings.add("defines a time zone that cannot be understood: it is ignored")


# --- events --------------------------------------------------------------------------------------


def _series(parts: Sequence[_Part]) -> Iterator[tuple[_Part, list[Any]]]:
    """Yield each event that takes place, with the changes of its single dates."""
    changes: defaultdict[str, list[tuple[_Part, Any]]] = defaultdict(list)
    wholes: list[tuple[_Part, Any]] = []
    newest: dict[str, int] = {}
    for part in parts:
        event = part.read()
        if event is None:
            continue
        uid = str(event.get("UID", ""))
        if "RECURRENCE-ID" in event:
            changes[uid].append((part, event))
        else:
            newest[uid] = max(newest.get(uid, 0), _revision(event))
            wholes.append((part, event))
    for part, event in wholes:
        uid = str(event.get("UID", ""))
        # The same event may be in a file in several versions (RFC 5545, 3.8.7.4).
        if not _is_cancelled(event) and _revision(event) == newest[uid]:
            yield part, [event, *(change for _, change in changes[uid])]
    for uid in changes.keys() - newest.keys():
        for part, change in changes[uid]:
            del change["RECURRENCE-ID"]
            if not _is_cancelled(change):
                yield part, [change]


def _event(text: str) -> Any:
    from icalendar import Event

    try:
        event = Event.from_ical(text)
    except Exception as error:
        raise _BrokenEventError("has a line that cannot be understood") from error
    wrong = [name for name, _ in event.errors if name in _NEEDED]
    if wrong:
        raise _BrokenEventError(f"has a value of {wrong[0]} that cannot be understood")
    if "DTSTART" not in event:
        raise _BrokenEventError("has no date (DTSTART)")
    return event


def _revision(event: Any) -> int:
    try:
        return int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError):
        return 0


def _is_cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _days(events: list[Any], begin: date, end: date) -> set[date]:
    """Return the dates from *begin* to *end* on which an event takes place."""
    days: set[date] = set()
    for starts, ends in _spans(events, begin, end):
        on = max(starts, begin)
        while on <= min(ends, end):
            days.add(on)
            on += _DAY
    return days


def _spans(events: list[Any], begin: date, end: date) -> Iterator[tuple[date, date]]:
    """Yield the first and the last date of each time that an event takes place."""
    import recurring_ical_events
    from icalendar import Calendar

    event = events[0]
    _end_before(event, end + 2 * _DAY)
    if len(events) == 1 and not {"RRULE", "RDATE"} & event.keys():
        yield _span(event)
        return
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        _only_days(rule, event["DTSTART"].dt)
    calendar = Calendar()
    for each in events:
        calendar.add_component(each)
    for each in recurring_ical_events.of(calendar).between(begin, end):
        if not _is_cancelled(each):
            yield _span(each)


def _span(event: Any) -> tuple[date, date]:
    # An event of whole days ends on the day after its last day.
    first, last = _date(event["DTSTART"].dt), _date(_end(event)) - _DAY
    return first, max(first, last)


def _end(event: Any) -> date:
    if "DTEND" in event:
        return event["DTEND"].dt  # type: ignore[no-any-return]
    duration = event["DURATION"].dt if "DURATION" in event else timedelta()
    return event["DTSTART"].dt + duration  # type: ignore[no-any-return]


def _date(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when


def _end_before(event: Any, limit: date) -> None:
    """Shorten an event that ends after *limit*: the library cannot count days to the year 9999."""
    start = event["DTSTART"].dt
    if _date(_end(event)) > limit > _date(start):
        event.pop("DURATION", None)
        is_day = not isinstance(start, datetime)
        event.DTEND = limit if is_day else datetime.combine(limit, time(), start.tzinfo)


def _only_days(rule: Any, start: date) -> None:
    """Replace a rule for times of a day by a rule for the days: every second is every day."""
    if "BYSETPOS" not in rule:
        for name in _WITHIN_A_DAY:
            rule.pop(name, None)
    interval = int(rule.get("INTERVAL", [1])[0])
    if interval < 1:
        raise _BrokenEventError(f"repeats with INTERVAL={interval}, which must be 1 or more")
    seconds = _SECONDS.get(str(rule["FREQ"][0]).upper(), _DAY.total_seconds()) * interval
    if seconds >= _DAY.total_seconds():
        return
    last = rule.get("UNTIL", [None])[0]
    if count := rule.pop("COUNT", None):
        last = start + timedelta(seconds=seconds * (int(count[0]) - 1))
    if last:
        is_day = not isinstance(start, datetime)
        zone = start.tzinfo if isinstance(start, datetime) else None
        rule["UNTIL"] = [last if is_day else datetime.combine(last, time.max, zone)]
    rule["FREQ"], rule["INTERVAL"] = ["DAILY"], [1]


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise an exception within the block once it has used so much processor time."""

    def expire(*_: object) -> None:
        raise _BrokenEventError("takes too long to find its dates")

    with suppress(AttributeError, ValueError):
        signal.signal(signal.SIGVTALRM, expire)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        with suppress(AttributeError, ValueError):
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
