"""Parse in which weeks a schedule posts: `every other friday`, `first monday of the month`.

The names of the weekdays stay in the text, for `timetable` to read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.date_format import format_date
from handlers.parsing.dates import parse_dates
from handlers.parsing.readings import UnclearError
from handlers.parsing.words import DAY_NAMES
from store.types import ParleyError, Timetable

MOST_WEEKS = 8
"""How many weeks may lie between two posts."""
_PAST, _AHEAD = -timedelta(weeks=MOST_WEEKS), timedelta(weeks=53)
"""When the first week of a schedule may be, from today."""
_DAY = r"(?:mon(?!th|ey)|tue|wed|thu|fri|sat|sun)[a-z]*"
_ORDINALS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
    "last": -1,
}
_PLACES = ("first", "second", "third", "fourth")
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)})"
_IN_MONTH = r"(?:(?:of|in)\s+)?(?:the|each|every|a|per)\s+month|monthly"
_OF_MONTH = re.compile(
    rf"""
    (?P<before>\b(?:monthly|once\s+a\s+month|every\s+month)\s+(?:on\s+)?)?
    (?P<every>\b(?:every|each)\s+)?(?:\bthe\s+)?
    \b(?P<places>{_ORDINAL}(?:(?:\s*,\s*|\s+(?:and|or)\s+|\s*&\s*|/)(?:the\s+)?{_ORDINAL})*)
    \s+(?P<day>{_DAY})\b(?P<more>(?:\s*(?:,|and|&|/)\s*{_DAY}\b)*)
    (?P<after>\s+(?:{_IN_MONTH})\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_EVERY = re.compile(
    rf"""
    \b(?:
        (?:every|each)\s+(?P<other>other|alternate|alternating)\s+(?:weeks?\b|(?P<day>{_DAY})\b)
        |alternat(?:e|ing)\s+(?:weeks?\b|(?P<alternate>{_DAY})\b)
        |(?:once\s+)?(?:every|each)\s+(?:(?P<number>\d+)|(?P<nth>{_ORDINAL}))\s+weeks?\b
        |(?:once\s+)?(?:every|each|a)\s+fortnight\b|fortnightly\b
        |(?P<unclear>bi-?\s?weekly)\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:starting|beginning|from|as\s+of|since)\s+(?:on\s+)?", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d\d-\d\d\b")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_NUMBERS = r"\d{1,4}(?:st|nd|rd|th|[./-]\d{1,2}(?:[./-]\d{0,4})?)?\.?(?![\w:])"
_DATE = re.compile(
    rf"(?:next\s+)?(?:{_NUMBERS}|{_DAY}\b|{_MONTH}\b|(?:today|tomorrow)\b)"
    rf"(?:\s+(?:{_NUMBERS}|{_MONTH}\b))*",
    re.IGNORECASE,
)
_MONTHLY = re.compile(rf"\b(?:once\s+)?(?:{_IN_MONTH}|every\s+month)\b", re.IGNORECASE)
_NUMBERED = re.compile(
    rf"\b(?:the\s+)?(?:\d{{1,2}}(?:st|nd|rd|th)|last\s+(?:week)?day)\s+(?:day\s+)?(?:{_IN_MONTH})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cadence:
    """In which weeks a schedule posts; see the fields of `Timetable`."""

    every_weeks: int = 1
    begins_on: date | None = None
    """None if every week has posts, or if the date is not said yet."""
    of_month: frozenset[int] = frozenset()


WEEKLY = Cadence()


@dataclass(frozen=True, slots=True)
class Found:
    """What a text says about the weeks."""

    readings: Sequence[Cadence]
    """What it can mean."""
    rest: str
    """The text without it."""
    doubt: str = ""
    """What is unclear, if the only reading is not sure."""


def take_cadence(text: str, *, today: date) -> Found | None:
    """Return what *text* says about the weeks; None if nothing.

    Raises `ParleyError` for what no schedule can do.
    """
    if found := _OF_MONTH.search(text):
        return _take_of_month(text, found, today)
    if found := _EVERY.search(text):
        return _take_every(text, found, today)
    if found := _NUMBERED.search(text):
        raise ParleyError(
            f"I can't post on “{plain(found[0].strip(), 60)}”: a schedule has days of the week, as"
            f" in `{Command.DIGEST} on 09:30 last friday of the month`."
        )
    if found := _MONTHLY.search(text):
        raise ParleyError(
            f"On which day is “{plain(found[0].strip(), 60)}”? As in"
            f" `{Command.DIGEST} on 09:30 first monday of the month`."
        )
    return None


def _take_of_month(text: str, found: re.Match[str], today: date) -> Found:
    places = frozenset(
        _ORDINALS[word.lower()] for word in re.findall(rf"\b{_ORDINAL}\b", found["places"], re.I)
    )
    if 5 in places:
        raise ParleyError(
            f"Not every month has a {plain(found['places'], 40)} {plain(found['day'], 20)}."
            " `last friday of the month` always comes."
        )
    rest = _without(text, found, f"{found['day']}{found['more']}")
    month = Cadence(of_month=places)
    if found["before"] or found["after"]:
        if found["more"]:
            raise ParleyError(
                "Of a month I can take one day of the week, as in"
                f" `{Command.DIGEST} on 09:30 first and third monday of the month`."
            )
        return Found([month], rest)
    if found["every"] and places <= {2, 3, 4} and len(places) == 1:
        # Every second Friday is every other one, or the second one of each month.
        weeks = next(iter(places))
        starts, begun = _take_start(rest, today)
        if starts != [None]:
            return Found([Cadence(weeks, on) for on in starts], begun)
        return Found([Cadence(weeks), month], rest)
    if found["more"]:
        example = f"`{Command.DIGEST} on 09:30 first monday of the month`"
        raise ParleyError(f"Of which weeks are these days? As in {example}.")
    name = describe_places(places)
    doubt = f"Do you mean the {name} {plain(found['day'], 20).capitalize()} of every month?"
    return Found([month], rest, doubt)


def _take_every(text: str, found: re.Match[str], today: date) -> Found:
    weeks = 2
    if found["number"] or found["nth"]:
        weeks = int(found["number"] or _ORDINALS[found["nth"].lower()])
    if not 1 <= weeks <= MOST_WEEKS:
        raise ParleyError(f"A schedule can post every 1 to {MOST_WEEKS} weeks.")
    rest = _without(text, found, found["day"] or found["alternate"] or "")
    if weeks == 1:
        return Found([WEEKLY], rest)
    starts, rest = _take_start(rest, today)
    doubt = ""
    if found["unclear"]:
        doubt = "“Biweekly” can be every other week, or twice a week: then name both days."
    return Found([Cadence(every_weeks=weeks, begins_on=on) for on in starts], rest, doubt)


def _take_start(text: str, today: date) -> tuple[Sequence[date | None], str]:
    """Return the dates that the words after `from` or `starting` can mean, and the other words.

    The only date is None if there are no such words.
    """
    start = _FROM.search(text)
    when = start and (_ISO.match(text, start.end()) or _DATE.match(text, start.end()))
    if not (start and when):
        return [None], text
    rest = f"{text[: start.start()]} {text[when.end() :]}"
    try:
        # A date of the past is allowed: weeks are counted from it.
        return [date.fromisoformat(when[0])], rest
    except ValueError:
        pass
    try:
        readings = [parse_dates(when[0], today=today)]
    except UnclearError as error:
        readings = [[*each] for each in error.readings]
    if not readings or any(len(dates) != 1 for dates in readings):
        raise ParleyError(f"From which date is “{plain(when[0], 60)}”? As in `from 4 Dec`.")
    return [on for dates in readings for on in dates], rest


def _without(text: str, found: re.Match[str], day: str) -> str:
    return f"{text[: found.start()]} {day} {text[found.end() :]}"


def begins(timetable: Timetable, *, today: date) -> Sequence[Timetable]:
    """Return a timetable of every few weeks with each date on which it can begin, soonest first."""
    first = _first(timetable, today)
    monday = _monday(first)
    later = range(1, timetable.every_weeks)
    starts = [first, *(_first(timetable, monday + timedelta(weeks=week)) for week in later)]
    return [replace(timetable, begins_on=on) for on in starts]


def begun(timetable: Timetable, on: date) -> Timetable:
    """Return the timetable with its first post on the date *on*, or the first weekday after it."""
    return replace(timetable, begins_on=_first(timetable, on))


def _first(timetable: Timetable, on: date) -> date:
    days = (on + timedelta(days=day) for day in range(7))
    return next(day for day in days if day.weekday() in timetable.weekdays)


def write_weeks(timetable: Timetable, *, today: date) -> str:
    """Return the weeks of a timetable as words that `read_weeks` reads.

    They count from the Monday of the first week with posts that is not over *today*.
    """
    if timetable.of_month:
        return f"of {','.join(map(str, sorted(timetable.of_month)))}"
    if not timetable.begins_on:
        return "1"
    monday, this = _monday(timetable.begins_on), _monday(today)
    if monday < this:
        monday = this + (monday - this) % timedelta(weeks=timetable.every_weeks)
    return f"{timetable.every_weeks} {monday}"


def read_weeks(words: str, timetable: Timetable, *, today: date) -> Timetable:
    """Return *timetable* in the weeks that `write_weeks` wrote; raises `ValueError`."""
    first, _, rest = words.partition(" ")
    if first == "of":
        places = frozenset(map(int, rest.split(",")))
        if not places <= {1, 2, 3, 4, -1}:
            raise ValueError(rest)
        return replace(timetable, of_month=places)
    weeks = int(first)
    if weeks == 1:
        return timetable
    monday = _monday(date.fromisoformat(rest))
    if not 1 < weeks <= MOST_WEEKS or not _PAST <= monday - today <= _AHEAD:
        raise ValueError(words)
    begun_on = _first(timetable, max(monday, today))
    is_over = _monday(begun_on) != monday
    begins_on = _first(timetable, monday) if is_over else begun_on
    return replace(timetable, every_weeks=weeks, begins_on=begins_on)


def describe_option(words: str, *, today: date) -> str:
    """Return what `write_weeks` wrote as people read it: `Every other week, from next week`."""
    first, _, rest = words.partition(" ")
    if first == "of":
        return f"Only the {describe_places(frozenset(map(int, rest.split(','))))} in a month"
    if first == "1":
        return "Every week"
    ahead = (date.fromisoformat(rest) - _monday(today)).days // 7
    begins = ("this week", "next week")[ahead] if ahead < 2 else f"{ahead} weeks from now"
    return f"Every {'other week' if first == '2' else f'{first} weeks'}, from {begins}"


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def describe_places(places: frozenset[int]) -> str:
    """Return which of a weekday in a month, in words: `first and third`."""
    names = [_PLACES[place - 1] for place in sorted(places) if place > 0]
    names += ["last"] if -1 in places else []
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def write_days(timetable: Timetable) -> str:
    """Return the weekdays and weeks of *timetable* as words that `timetable.parse` reads."""
    days = ",".join(DAY_NAMES[day][:3].lower() for day in sorted(timetable.weekdays))
    if timetable.of_month:
        return f"{describe_places(timetable.of_month)} {days} of the month"
    if timetable.begins_on:
        return f"{days} every {timetable.every_weeks} weeks from {timetable.begins_on}"
    return days


def describe_weeks(timetable: Timetable, days: str) -> str:
    """Return its *days*, as in `on Fri`, with the weeks: `on the first Fri of the month`."""
    if timetable.of_month:
        places = describe_places(timetable.of_month)
        return f"{days.replace('on ', f'on the {places} ', 1)} of the month"
    if timetable.begins_on:
        weeks = "other week" if timetable.every_weeks == 2 else f"{timetable.every_weeks} weeks"
        return f"{days}, every {weeks} from {format_date(timetable.begins_on)}"
    return days
