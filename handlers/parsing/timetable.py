"""Parse and format timetables: `9:30 am every weekday`, `09:30 mon-fri Europe/Lisbon`.

docs/dates.md lists what is understood, and the tests run its examples.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import time
from itertools import combinations

from handlers.mrkdwn import plain
from handlers.parsing.readings import UnclearError, UnknownWordError
from handlers.parsing.words import (
    DAY_NAMES,
    DAY_PLURALS,
    NUMBERS,
    as_typed,
    nearest,
    place_of_name,
)
from handlers.parsing.zones import describe_zone, nearest_zones, shown_name, zones_named
from store.types import ParleyError, Timetable

_MOST_CHARACTERS = 200
_DAYS = tuple(name[:3] for name in DAY_NAMES)
_ALL = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
_SETS = (
    dict.fromkeys(("daily", "everyday"), _ALL)
    | dict.fromkeys(("weekday", "weekdays", "workday", "workdays", "mtwtf"), WEEKDAYS)
    | dict.fromkeys(("weekend", "weekends"), frozenset({5, 6}))
    | {"mwf": frozenset({0, 2, 4}), "tth": frozenset({1, 3}), "m-f": WEEKDAYS}
)
_HOUR = rf"(?P<word>\d{{1,2}}|{'|'.join(NUMBERS)})"
_TIME = re.compile(
    rf"""
    (?<![\w:.,/+-])(?:at\s+)?
    (?:(?:12(?::00)?\s+)?(?P<named>noon|midday|midnight)
    |(?P<past>half\s+past|quarter\s+past|quarter\s+to)\s+{_HOUR}
    |(?P<hour>\d{{1,2}})(?:[:.h](?P<minute>\d\d)(?::00)?)?(?:\s*(?:h|hrs|uhr|o'?clock))?
    |(?P<digits>\d{{3,4}})(?:\s*(?:h|hrs))?)
    (?:\s*(?P<half>[ap])\.?\s?m\b\.?|\s+in\s+the\s+(?P<part>morning|afternoon|evening))?
    (?![\w:]|[-+]\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PARTS = {"morning": "a", "afternoon": "p", "evening": "p"}
_NOT_WEEKLY = re.compile(
    r"""
    (?<![\w+:.-])(?:(?:every|each)\s+)?
    (?:(?:other|second|2nd|third|\d+|two|three|four|alternate)\s+(?:days?|weeks?|months?|hours?|DAY)
    |(?:first|last|1st|2nd|3rd|4th|second|third|fourth)\s+DAY
    |hour|month|quarter|year)\b(?:\s+of\s+(?:the|each|every)\s+month)?
    |\b(?:bi-?weekly|fortnightly|monthly|hourly|quarterly|yearly)\b
    |\b(?:on\s+)?the\s+\d+(?:st|nd|rd|th)\b
    |\b(?:twice|\w+\s+times|once|\w+\s+days)\s+(?:a|per)\s+(?:day|week|month)\b
    """.replace("DAY", r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"),
    re.VERBOSE | re.IGNORECASE,
)
_PHRASES = (
    (re.compile(r"\b(?:working|work|business|week) days?\b", re.I), "weekdays"),
    (
        re.compile(r"\b(?:every|each) morning|(?:every|each|once a) day|7 days a week\b", re.I),
        "daily",
    ),
)
_NOISE = frozenset({"on", "at", "every", "each", "in", "the", "and", "only", "please", "weekly"})
_TO = frozenset({"-", "to", "through", "thru", "until", "till"})
_EXCEPT = frozenset({"except", "excluding", "but", "not", "no", "without", "minus"})
_OTHER_WORDS = ("daily", "weekdays", "weekends", "digest", "about", "stories")
_EXAMPLE = "`/digest on 09:30 mon-fri Europe/Lisbon`"
_POSSIBLE = f"I can post at one time of day, on the same weekdays every week, as in {_EXAMPLE}."


def parse(words: str, *, zone: str) -> Timetable:
    """Parse a time, optionally weekdays and a time zone, in any order.

    The default weekdays are Monday to Friday, and the default time zone is *zone*, which should be
    that of the person who typed the words. Raises `UnclearError[Timetable]`, or `ParleyError`,
    which names the words that were not understood.
    """
    text = " ".join(as_typed(words).split())
    if len(text) > _MOST_CHARACTERS:
        raise ParleyError(f"That is too long for a time, days and a time zone. {_POSSIBLE}")
    for phrase, word in _PHRASES:
        text = phrase.sub(word, text)
    try:
        return _parse(text, zone)
    except UnknownWordError as error:
        raise _corrected(text, error, zone) from None


def _parse(text: str, zone: str) -> Timetable:
    times, rest = _times(text)
    days, others = _split(rest)
    doubt = ""
    if len(days) > 1:
        doubt = f"Do you mean {' or '.join(map(describe_days, days))}?"
    elif len(times) > 1:
        doubt = f"Do you mean {' or '.join(f'{at:%H:%M}' for at in times)}?"
    zones, unknown = _find_zones(others, own=zone)
    if unknown:
        raise UnknownWordError(
            unknown[0], f"“{plain(unknown[0], 60)}” isn't a weekday or a time zone I know."
        )
    readings = [
        Timetable(at=at, weekdays=weekdays, zone=place)
        for place in zones or [zone]
        for weekdays in days
        for at in times
    ]
    if len(zones) > 1:
        typed = plain(" ".join(others[0]), 60)
        places = " or ".join(map(describe_zone, zones))
        doubt = f"“{typed}” is the time of several places. Do you mean {places}? {doubt}".strip()
    if doubt:
        raise UnclearError(doubt, readings)
    return readings[0]


def describe(timetable: Timetable) -> str:
    """Return a timetable in words: `09:30 on Mon–Fri (Europe/Lisbon)`."""
    where = shown_name(timetable.zone)
    return f"{timetable.at:%H:%M} {describe_days(timetable.weekdays)} ({where})"


def describe_days(weekdays: Iterable[int]) -> str:
    """Return weekdays in words: `every day`, `on Mon–Fri`, `on Mon, Thu`."""
    days = sorted(weekdays)
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"on {_DAYS[days[0]]}–{_DAYS[days[-1]]}"
    return "on " + ", ".join(_DAYS[day] for day in days)


def _times(text: str) -> tuple[Sequence[time], str]:
    """Return the times that *text* can name, and the rest of it."""
    matches = [*_TIME.finditer(text)]
    # A number alone is a time only at the start: `9 mon-fri`.
    matches = [match for match in matches if not match[0].isdigit() or len(match[0]) > 2] or [
        match for match in matches if match.start() == 0
    ]
    rest = text
    for match in reversed(matches):
        rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    if found := _NOT_WEEKLY.search(rest):
        raise ParleyError(f"I cannot do “{plain(found[0].strip(), 60)}” yet. {_POSSIBLE}")
    if not matches:
        raise ParleyError(f"Start with a time, as in {_EXAMPLE}.")
    readings = [_read_time(match) for match in matches]
    if [] in readings:
        typed = plain(matches[readings.index([])][0].strip(), 60)
        raise ParleyError(f"“{typed}” is not a time. Start with a time, as in {_EXAMPLE}.")
    if any(times != readings[0] for times in readings):
        every = " and ".join(f"“{match[0].strip()}”" for match in matches)
        raise ParleyError(f"{every} are {len(matches)} times. {_POSSIBLE}")
    return readings[0], rest


def _read_time(match: re.Match[str]) -> list[time]:
    """Return the time of day; both of them if it is not said whether 2:30 is at night; or []."""
    if match["named"]:
        return [time(0 if match["named"].lower() == "midnight" else 12)]
    hour, minute, digits = match["hour"], int(match["minute"] or 0), match["digits"]
    if digits:
        hour, minute = digits[:-2], int(digits[-2:])
    elif match["past"]:
        word = match["word"].lower()
        hour = str(NUMBERS.index(word) + 1) if word in NUMBERS else word
        how = match["past"].lower()
        minute = 30 if how.startswith("half") else 15
        if how.endswith("to"):
            hour, minute = str((int(hour) - 2) % 12 + 1), 45
    half = (match["half"] or _PARTS.get((match["part"] or "").lower(), "")).lower()
    at = int(hour)
    if at > 23 or minute > 59 or (half and not 1 <= at <= 12):
        return []
    if half:
        return [time(at % 12 + (12 if half == "p" else 0), minute)]
    is_open = len(hour) == 1 and 1 <= at <= 6
    return [time(at, minute), time(at + 12, minute)] if is_open else [time(at, minute)]


def _split(rest: str) -> tuple[Sequence[frozenset[int]], Sequence[Sequence[str]]]:
    """Return the sets of weekdays that *rest* can mean, and the runs of its other words."""
    included: list[frozenset[int]] = []
    excluded: list[frozenset[int]] = []
    runs: list[list[str]] = [[]]
    days, last, is_range, is_weekly = included, None, False, False
    for word in re.split(r"[\s,;&]+", rest.strip(" ,;&")):
        key = word.lower().rstrip(".")
        found = _weekdays(key)
        if found is not None and is_range and last is not None and len(found) == 1:
            days.pop()
            found = _range(last, *found)
        if found is not None:
            days.append(found)
            last = next(iter(found)) if len(found) == 1 else None
        elif key in _EXCEPT:
            days, last = excluded, None
        elif key == "weekly":
            is_weekly = True
        elif word and key not in _NOISE and not (key in _TO and last is not None):
            runs[-1].append(word)
            continue
        is_range = key in _TO
        if runs[-1]:
            runs.append([])
    if is_weekly and not included:
        raise ParleyError("Weekly on which day? As in `/digest on 09:30 fri`.")
    # Not every day and on Mon–Fri: one of them contains the other, so they contradict each other.
    narrow = [some for some in included if not any(some > other for other in included)]
    choices = [frozenset().union(*groups) for groups in (included or [WEEKDAYS], narrow) if groups]
    readings = [*dict.fromkeys(choice.difference(*excluded) for choice in choices)]
    if not all(readings):
        raise ParleyError(f"That leaves no day of the week. {_POSSIBLE}")
    return readings, [run for run in runs if run]


def _weekdays(word: str) -> frozenset[int] | None:
    """Parse `weekdays`, `mondays`, `mon-fri` or `mon/wed`; return None if it names no weekdays."""
    if word in _SETS:
        return _SETS[word]
    days: set[int] = set()
    for part in word.split("/"):
        match [place_of_name(end, DAY_PLURALS, min_letters=2) for end in part.split("-")]:
            case [int(day)]:
                days.add(day)
            case [int(start), int(end)]:
                days |= _range(start, end)
            case _:
                return None
    return frozenset(days)


def _range(start: int, end: int) -> frozenset[int]:
    """Return the weekdays from *start* to *end*; fri-mon is across the end of the week."""
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def _find_zones(runs: Sequence[Sequence[str]], *, own: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the zones that the words can mean, and the words that are in no zone's name."""
    zones: Sequence[str] = ()
    unknown: list[str] = []
    waiting = [*reversed(runs)]
    while waiting:
        run = waiting.pop()
        parts = sorted(combinations(range(len(run) + 1), 2), key=lambda part: part[0] - part[1])
        for start, end in parts:
            typed = " ".join(run[start:end])
            if found := zones_named(typed, own=own):
                if zones:
                    raise ParleyError(
                        f"I understand {zones[0]} as the time zone, but not “{plain(typed, 60)}”."
                    )
                zones = found
                waiting += [part for part in (run[end:], run[:start]) if part]
                break
        else:
            unknown += [" ".join(run)] if nearest_zones(" ".join(run)) else run
    return zones, unknown


def _corrected(text: str, error: UnknownWordError, zone: str) -> ParleyError:
    """Return the error that offers what *text* means with the word nearest to the unknown one."""
    known = nearest(error.word, [*DAY_NAMES, *_OTHER_WORDS])
    guesses = [known] if known else nearest_zones(error.word)
    if not guesses:
        return ParleyError(f"{error} Try mon-fri, or a place such as Lisbon.")
    readings = []
    for guess in guesses:
        with suppress(ParleyError):
            readings.append(_parse(text.replace(error.word, guess, 1), zone))
    return UnclearError(f"{error} Did you mean {' or '.join(guesses)}?", readings)
