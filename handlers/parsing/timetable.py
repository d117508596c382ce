"""Parse and format timetables: `9:30 am every weekday`, `09:30 mon-fri Europe/Lisbon`.

docs/dates.md lists what is understood, and the tests run its examples.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, time
from itertools import combinations, pairwise, takewhile

from handlers.ids import Command
from handlers.mrkdwn import code, plain
from handlers.parsing.cadence import (
    WEEKLY,
    Cadence,
    Found,
    begins,
    begun,
    describe_weeks,
    take_cadence,
)
from handlers.parsing.date_format import format_date
from handlers.parsing.dates import parse_until
from handlers.parsing.readings import (
    LaterStartError,
    MistypedError,
    UnclearError,
    UnknownWordError,
    is_read,
)
from handlers.parsing.words import (
    DAY_NAMES,
    DAY_PLURALS,
    MONTH_NAMES,
    NUMBERS,
    TENS,
    as_typed,
    nearest,
    place_of_name,
    with_english_days,
)
from handlers.parsing.zones import (
    agreeing,
    describe_zone,
    nearest_zones,
    shown_name,
    zones_named,
)
from store.types import ParleyError, Timetable

_MOST_CHARACTERS = 200
_LONGEST_EXAMPLE = 60
_MOST_READINGS = 20
"""How many choices to offer; a row has at most 25 buttons."""
_DAYS = tuple(name[:3] for name in DAY_NAMES)
_ALL = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
_SETS = (
    dict.fromkeys(("daily", "everyday"), _ALL)
    | dict.fromkeys(("weekday", "weekdays", "workday", "workdays"), WEEKDAYS)
    | dict.fromkeys(("weekend", "weekends"), frozenset({5, 6}))
)
_SHORT_DAYS = {"m": 0, "t": 1, "tu": 1, "w": 2, "th": 3, "f": 4} | {
    "mo": 0,
    "di": 1,
    "mi": 2,
    "do": 3,
    "fr": 4,
    "sa": 5,
    "so": 6,
}
"""Initials, and the German abbreviations; both only beside each other: M-Th, Mo-Do."""
_INITIALS = re.compile(r"(m)?(tu?)?(w)?(th?)?(f)?")
_NUMBER_WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(TENS)})(?:[-\s](?P<ones>{'|'.join(NUMBERS[:9])}))?"
    rf"|(?P<small>{'|'.join(reversed(NUMBERS))}))\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"""
    (?<![\w:.,/+-])(?:(?:at|about|around|approx(?:imately)?|circa|ca|exactly|@)\.?\s*){0,3}
    (?:(?:12(?::00)?\s+)?(?P<named>noon|midday|midnight)
    |(?:a\s+)?(?P<part>half|quarter|(?:5|10|20|25)(?=\s+(?:min|past|after))|\d\d?(?=\s+minute))
        (?:\s+min(?:ute)?s?)?\s+(?P<way>past|after|to|before)\s+(?P<near>\d\d?)
    |half\s+(?P<half>\d\d?)
    |(?P<hour>\d{1,2})(?:(?:[:.;,h]|\s?(?:h|uhr)?\s)(?P<minute>\d\d)(?!\d)(?::00)?
        |\s+oh?\s+(?P<few>\d))?
    |(?P<digits>\d{3,4})(?:\s*hours\b)?)
    (?:\s*(?:h|hrs|uhr|o'?\s?clock)\b)?(?:\s*-?\s*ish\b)?
    (?:\s*(?P<noon>[ap])(?:\.?\s?m\b\.?|(?<=\d[ap])(?![\w.]))|\s+in\s+the\s+(?P<day>morning|afternoon|evening))?
    (?:\s+sharp\b)?
    (?![\w:]|[-+]\d|\s+(?:day|week|month|hour|time)s?\b)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TWO_TIMES = re.compile(
    r"(?<![\w:.+-])\d{1,2}(?:[:.]\d\d)?(?:\s*[ap]m)?(?:-|\s+(?:-|to|until|till)\s+)"
    r"\d{1,2}(?:[:.]\d\d)?(?:\s*[ap]m)?(?![\d/-])",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*(?:,|and|&|/|\+|;)\s*(?:and\s+)?(?:at\s+)?", re.IGNORECASE)
_TIMES_A_DAY = re.compile(
    r"\b(?:twice|(?P<number>[2-9]) (?:times|posts|questions)) (?:a|each|every|per) day\b,?",
    re.IGNORECASE,
)
_PARTS = {"morning": "a", "afternoon": "p", "evening": "p"}
_NOT_WEEKLY = re.compile(
    r"""
    (?<![\w+:.-])(?:(?:every|each)\s+)?
    (?:(?:other|second|2nd|third|\d+|two|three|four|alternate)\s+(?:days?|weeks?|months?|hours?|DAY)
    |(?:first|last|1st|2nd|3rd|4th|second|third|fourth)\s+DAY
    |hour|month|year)\b(?:\s+of\s+(?:the|each|every)\s+month)?
    |\b(?:(?:every|each)\s+quarter|bi-?weekly|fortnightly|monthly|hourly|quarterly|yearly)\b
    |\b(?:on\s+)?the\s+\d+(?:st|nd|rd|th)\b
    |\b(?:twice|\w+\s+times|once|\w+\s+days)\s+(?:a|per)\s+(?:day|week|month)\b
    """.replace("DAY", r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"),
    re.VERBOSE | re.IGNORECASE,
)
_PHRASES = (
    (
        re.compile(r"\b(?:(?:working|work|business|week) days?|5 days (?:a|per) week)\b", re.I),
        "weekdays",
    ),
    (re.compile(r"\b(?:every|each) (?=(?:morning|afternoon|evening) at )", re.I), "daily "),
    # A time of 24 hours needs no "in the evening".
    (
        re.compile(
            r"\b(?:morning|afternoon|evening)s? (?=at (?:0\d|1[3-9]|2[0-3])[:.]\d\d\b)", re.I
        ),
        "",
    ),
    (
        re.compile(
            r"\b(?:(?:every|each) morning|(?:every|each|once a|all)(?: single)? days?"
            r"|7 days a week|all week)\b",
            re.I,
        ),
        "daily",
    ),
    (
        re.compile(
            r"\b(morning(?=s? at (?:[1-9]|1[01])\b)|afternoon(?=s? at [1-6]\b)"
            r"|evening(?=s? at (?:[4-9]|1[01])\b))s? at (\d{1,2}(?:[:.]\d\d)?)(?!\s*[ap]\.?m\b)",
            re.I,
        ),
        r"at \2 in the \1",
    ),
    (re.compile(r"\b(?:my|our|local) (?:local )?time(?: ?zone)?\b", re.I), ""),
)
_DAY_OR_MONTH = "|".join(name[:3] for name in (*DAY_NAMES, *MONTH_NAMES))
_START = re.compile(
    rf"""
    \b(?:starting|beginning|from|as\s+of|since)\s+(?:on\s+)?
    (?P<when>(?:next\s+)?(?:\d\S*|(?:{_DAY_OR_MONTH})[a-z]*\b)(?!\s*(?:-|to|thr|unt|til))
        (?:\s+(?:\d+\w*|(?:{_DAY_OR_MONTH})[a-z]*\b(?!-)))*)
    |\b(?P<day>today|tomorrow|tonight)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOISE = frozenset(
    (
        *("on", "at", "from", "every", "each", "in", "the", "and", "all", "only", "sharp"),
        *("exactly", "starting", "weekly"),
    )
)
_LISTED_LETTERS = re.compile(r"(?<=\b[mtwf]),\s*(?=(?:[mtwf]|th)\b)", re.IGNORECASE)
_TO = frozenset({"-", "to", "through", "thru", "until", "till"})
_EXCEPT = frozenset({"except", "excluding", "but", "not", "no", "without", "minus"})
_OTHER_WORDS = ("daily", "weekdays", "weekends")
_ORDER_WORDS = ("digest", "about", "stories", "except")
"""Words of an order, which are no part of a timetable."""


def parse(words: str, *, zone: str, today: date, base: Timetable | None = None) -> Timetable:
    """Parse a time, optionally weekdays, weeks and a time zone, in any order.

    With *base*, what the words leave out stays as in that timetable. Without, the time is
    required, the default weekdays are Monday to Friday, and the default time zone is *zone*, which
    should be that of the person who typed the words; *today* is the date there. Raises
    `UnclearError[Timetable]`, or `ParleyError`, which names the words that were not understood.
    """
    try:
        return _understand(words, zone, today, base)
    except ParleyError as error:
        # Numbers are read as digits, and quoted as they were typed.
        for number in _NUMBER_WORD.finditer(words):
            error.args = (str(error).replace(f"“{_in_digits(number)}”", f"“{number[0]}”"),)
        raise


def _understand(words: str, zone: str, today: date, base: Timetable | None) -> Timetable:
    text = with_english_days(" ".join(as_typed(words).split()))
    if len(text) > _MOST_CHARACTERS:
        raise ParleyError(f"That is too long for a time, days and a time zone. {_possible()}")
    text = _NUMBER_WORD.sub(_in_digits, text)
    for phrase, word in _PHRASES:
        text = phrase.sub(word, text)
    weeks = take_cadence(text, today=today)
    text = weeks.rest if weeks else text

    def read(text: str) -> Timetable:
        return _with_weeks(_parse(text, zone, base, today), weeks, base, today)

    try:
        return read(text)
    except UnknownWordError as error:
        raise _corrected(text, error, read) from None
    except _NoTimeError as error:
        try:
            read(f"09:30 {text}")
        except ParleyError:
            raise error from None
        if not 0 < len(words.strip()) <= _LONGEST_EXAMPLE:
            raise
        # All that was typed is understood, so the example keeps it.
        typed = code(words.strip(), _LONGEST_EXAMPLE)
        raise _NoTimeError(f"`{Command.DIGEST} on 09:30 {typed}`") from None


class _NoTimeError(ParleyError):
    """Raised if no time of day is named."""

    def __init__(self, example: str) -> None:
        super().__init__(f"I need a time of day, as in {example}.")


def _with_weeks(
    found: tuple[Sequence[Timetable], str],
    weeks: Found | None,
    base: Timetable | None,
    today: date,
) -> Timetable:
    """Return the only reading of a timetable in its weeks; raises `UnclearError[Timetable]`."""
    timetables, doubt = found
    cadences = weeks.readings if weeks else [WEEKLY]
    if base and not weeks and timetables[0].weekdays == base.weekdays:
        cadences = [Cadence(base.every_weeks, base.begins_on, base.of_month)]
    if any(each.of_month and len(one.weekdays) > 1 for each in cadences for one in timetables):
        raise ParleyError(
            "Of a month I can take one day of the week, as in"
            f" `{Command.DIGEST} on 09:30 first and third monday of the month`."
        )
    readings: list[Timetable] = []
    for timetable in timetables:
        for each in cadences:
            one = replace(
                timetable,
                every_weeks=each.every_weeks,
                begins_on=each.begins_on,
                of_month=each.of_month,
            )
            if each.begins_on:
                readings.append(begun(one, each.begins_on))
            else:
                readings += begins(one, today=today) if each.every_weeks > 1 else [one]
    if len(readings) > _MOST_READINGS:
        raise ParleyError("Too much of that is unclear. Name its first date, as in `from 4 Dec`.")
    if weeks and weeks.doubt:
        doubt = f"{doubt} {weeks.doubt}".strip()
    elif len(readings) > 1 and not doubt:
        doubt = f"Do you mean {' or '.join(map(describe_start, readings))}?"
    if doubt:
        raise UnclearError(doubt, readings)
    return readings[0]


def _parse(
    text: str, zone: str, base: Timetable | None, today: date
) -> tuple[Sequence[Timetable], str]:
    """Return what *text* can mean, and a question if that is more than one thing."""
    times, rest = _times(text, base.at if base else None, today)
    days, others = _split(rest, base.weekdays if base else WEEKDAYS)
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
        for place in zones or [base.zone if base else zone]
        for weekdays in days
        for at in times
    ]
    if len(zones) > 1:
        typed = plain(" ".join(others[0]), 60)
        places = " or ".join(map(describe_zone, zones))
        doubt = f"“{typed}” is the time of several places. Do you mean {places}? {doubt}".strip()
    return readings, doubt


def describe(timetable: Timetable) -> str:
    """Return a timetable in words: `09:30 on Mon–Fri (Europe/Lisbon)`."""
    where = shown_name(timetable.zone)
    return f"{timetable.at:%H:%M} {describe_dates(timetable)} ({where})"


def describe_dates(timetable: Timetable) -> str:
    """Return when a timetable posts in words: `on Fri, every other week from Fri 4 Dec 2026`."""
    return describe_weeks(timetable, describe_days(timetable.weekdays))


def describe_start(timetable: Timetable) -> str:
    """Return when a timetable of every few weeks begins, `from Fri 4 Dec 2026`, or its dates."""
    begins_on = timetable.begins_on
    return f"from {format_date(begins_on)}" if begins_on else describe_dates(timetable)


def describe_days(weekdays: Iterable[int]) -> str:
    """Return weekdays in words: `every day`, `on Mon–Fri`, `on Mon, Thu`."""
    days = sorted(weekdays)
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"on {_DAYS[days[0]]}–{_DAYS[days[-1]]}"
    return "on " + ", ".join(_DAYS[day] for day in days)


def is_days(word: str) -> bool:
    """Return whether *word* names weekdays: `mon-fri`, `weekdays`."""
    return _weekdays(word) is not None


def one_time_each(words: str) -> Sequence[str]:
    """Return *words* once for each of several times that they list: `9:30 and 15:00 daily`.

    Return them alone if they list no times, or times that can be read in two ways.
    """
    text = _NUMBER_WORD.sub(_in_digits, as_typed(words).strip())
    if many := _TIMES_A_DAY.search(text):
        text = f"{text[: many.start()]} daily {text[many.end() :]}"
    every = [*_TIME.finditer(text)]
    times = [match for match in every if not match[0].isdigit()]
    gaps = [text[one.end() : other.start()] for one, other in pairwise(times)]
    if len(times) < 2:
        # Those in the first list may be bare numbers: at 9 and 15 digest 3.
        gaps = [text[one.end() : other.start()] for one, other in pairwise(every)]
        gaps = [*takewhile(_LISTED.fullmatch, gaps)]
        listed_times = every[: len(gaps) + 1]
        # In "10 and 11 dec 15:00" the numbers are days.
        if any(match not in listed_times for match in times):
            return [words]
        times = listed_times
    readings = [_read_time(match) for match in times]
    if (
        not gaps
        or not all(map(_LISTED.fullmatch, gaps))
        or any(len(each) != 1 for each in readings)
        or (many and int(many["number"] or 2) != len(times))
    ):
        return [words]
    before, after = text[: times[0].start()], text[times[-1].end() :]
    listed = sorted({at for (at,) in readings})
    return [f"{before} {at:%H:%M} {after}" for at in listed]


def has_time(words: str, *, first: bool = False) -> bool:
    """Return whether a time of day is in *words*, or is their *first* word."""
    text = _NUMBER_WORD.sub(_in_digits, as_typed(words).strip())
    return bool(_TIME.match(text) if first else _TIME.search(text))


def _in_digits(match: re.Match[str]) -> str:
    """Return a number that is written out in digits; "ten to nine" is 10 min to 9."""
    is_part = re.match(r"\s+(?:past|after|to|before)\b", match.string[match.end() :])
    unit = " min" if is_part else ""
    if small := match["small"]:
        return f"{NUMBERS.index(small.lower()) + 1}{unit}"
    ones = NUMBERS.index(match["ones"].lower()) + 1 if match["ones"] else 0
    return f"{20 + 10 * TENS.index(match['tens'].lower()) + ones}{unit}"


def _times(text: str, default: time | None, today: date) -> tuple[Sequence[time], str]:
    """Return the times that *text* can name, or else the default, and the rest of the text."""
    every = [*_TIME.finditer(text)]
    # A number alone is a time if it is the first word, or no word is a time: `mon-fri 9`.
    bare = [match for match in every if match[0].isdigit() and len(match[0]) < 3]
    matches = [match for match in every if match not in bare]
    if bare and not matches:
        matches = bare if bare[0].start() else bare[:1]
    if found := _TWO_TIMES.search(text):
        raise ParleyError(f"“{found[0]}” can be two times. {_possible()}")
    rest = text
    for match in reversed(matches):
        rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    if found := _NOT_WEEKLY.search(rest):
        raise ParleyError(f"I can't do “{plain(found[0].strip(), 60)}” yet. {_possible()}")
    if start := _START.search(rest):
        when = start["when"] or start["day"]
        is_date = is_read(parse_until, pause := f"until {when}", today=today)
        then = f", and then type `{Command.DIGEST} pause {plain(pause, 60)}`" if is_date else ""
        raise LaterStartError(
            start[0],
            when,
            f"A schedule starts at once. Leave out “{plain(start[0], 60)}”{then}.",
        )
    if not matches:
        if default is None:
            raise _NoTimeError(_example())
        return [default], rest
    readings = [_read_time(match) for match in matches]
    if [] in readings:
        typed = plain(matches[readings.index([])][0].strip(), 60)
        raise ParleyError(f"“{typed}” is not a time. {_NoTimeError(_example())}")
    if any(times != readings[0] for times in readings):
        every_time = " and ".join(f"“{match[0].strip()}”" for match in matches)
        raise ParleyError(f"{every_time} are {len(matches)} times. {_possible()}")
    return readings[0], rest


def _read_time(match: re.Match[str]) -> list[time]:
    """Return the times of day that *match* can be: both if 2:30 may be at night; or []."""
    if match["named"]:
        return [time(0 if match["named"].lower() == "midnight" else 12)]
    typed, minute = match["hour"], int(match["minute"] or match["few"] or 0)
    if match["digits"]:
        typed, minute = match["digits"][:-2], int(match["digits"][-2:])
    elif match["half"]:  # 9:30 in Britain, and 8:30 in translations of "halb neun"
        typed, minute = match["half"], 30
    elif match["part"]:
        part = match["part"].lower()
        typed, minute = match["near"], {"half": 30, "quarter": 15}.get(part) or int(part)
    hours = [int(typed)]
    if match["half"]:
        hours.insert(0, (hours[0] - 2) % 12 + 1)
    elif (match["way"] or "").lower() in ("to", "before"):
        hours, minute = [(hours[0] - 2) % 12 + 1], 60 - minute
    noon = (match["noon"] or _PARTS.get((match["day"] or "").lower(), "")).lower()
    if any(hour > 23 or (noon and not 1 <= hour <= 12) for hour in hours) or minute > 59:
        return []
    if noon:
        return [time(hour % 12 + 12 * (noon == "p"), minute) for hour in hours]
    is_open = len(typed) == 1
    return sorted(
        time(hour + later, minute)
        for hour in hours
        for later in ((0, 12) if is_open and 1 <= hour <= 6 else (0,))
    )


def _split(
    rest: str, default: frozenset[int]
) -> tuple[Sequence[frozenset[int]], Sequence[Sequence[str]]]:
    """Return the sets of weekdays that *rest* can mean, and the runs of its other words."""
    included: list[frozenset[int]] = []
    excluded: list[frozenset[int]] = []
    runs: list[list[str]] = [[]]
    days, last, is_range, is_weekly = included, None, False, False
    for word in re.split(r"[\s,;&()]+", _LISTED_LETTERS.sub("/", rest)):
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
        elif key and key not in _NOISE and not (key in _TO and last is not None):
            runs[-1].append(word)
            continue
        is_range = key in _TO
        if runs[-1]:
            runs.append([])
    if is_weekly and not included:
        raise ParleyError(f"Weekly on which day? As in `{Command.DIGEST} on 09:30 fri`.")
    # Not every day and on Mon–Fri: one of them contains the other, so they contradict each other.
    narrow = [some for some in included if not any(some > other for other in included)]
    choices = [frozenset().union(*groups) for groups in (included or [default], narrow) if groups]
    readings = [*dict.fromkeys(choice.difference(*excluded) for choice in choices)]
    if not all(readings):
        raise ParleyError(f"That leaves no day of the week. {_possible()}")
    return readings, [run for run in runs if run]


def _weekdays(word: str) -> frozenset[int] | None:
    """Parse `weekdays`, `mondays`, `mon-fri`, `mon/wed`, `M-Th` or `MWF`; None for other words."""
    if word in _SETS:
        return _SETS[word]
    days: set[int] = set()
    if len(word) > 2 and (initials := _INITIALS.fullmatch(word)):
        return frozenset(day for day in range(5) if initials[day + 1])
    for part in word.split("/"):
        ends = part.split("-")
        is_short = part != word or len(ends) > 1
        names = is_short and all(end in _SHORT_DAYS for end in ends)
        match [
            _SHORT_DAYS[end] if names else place_of_name(end, DAY_PLURALS, min_letters=2)
            for end in ends
        ]:
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
    """Return the zones that the words can mean, and the words that are in no zone's name.

    A city and its country are one zone: Lisbon, Portugal.
    """
    zones: Sequence[str] = ()
    unknown: list[str] = []
    waiting = [*reversed(runs)]
    while waiting:
        run = waiting.pop()
        parts = sorted(combinations(range(len(run) + 1), 2), key=lambda part: part[0] - part[1])
        for start, end in parts:
            typed = " ".join(run[start:end])
            if found := zones_named(typed, own=own):
                if zones and not (found := agreeing(zones, found)):
                    raise ParleyError(
                        f"I understand {zones[0]} as the time zone, but not “{plain(typed, 60)}”."
                    )
                zones = found
                waiting += [part for part in (run[end:], run[:start]) if part]
                break
        else:
            unknown += [" ".join(run)] if nearest_zones(" ".join(run)) else run
    return zones, unknown


def _corrected(text: str, error: UnknownWordError, read: Callable[[str], Timetable]) -> ParleyError:
    """Return the error that offers what *text* means with the word nearest to the unknown one.

    If no word is near but a zone is named, the unknown word may be a small place: Kochi, India.
    """
    known = nearest(error.word, [*DAY_NAMES, *_OTHER_WORDS, *_ORDER_WORDS])
    guesses = [known] if known else nearest_zones(error.word)
    question = f"Did you mean {' or '.join(guesses)}?"
    if known in _ORDER_WORDS:
        return MistypedError(f"{error} {question}", error.word, known)
    rest = re.split(r"[\s,;&()]+", text.replace(error.word, " ", 1))
    if not guesses and any(zones_named(word) for word in rest if word.lower() not in _NOISE):
        guesses, question = [" "], "Is the rest what you mean?"
    readings = []
    for guess in guesses:
        with suppress(ParleyError):
            readings.append(read(text.replace(error.word, guess, 1)))
    if not readings and guesses in ([], [" "]):
        return ParleyError(f"{error} Try mon-fri, a country, or a city such as Lisbon.")
    return UnclearError(f"{error} {question}", readings)


def _possible() -> str:
    return (
        "I can post at one time of day, on weekdays of every week, every few weeks or the month,"
        f" as in {_example()}."
    )


def _example() -> str:
    return f"`{Command.DIGEST} on 09:30 mon-fri Europe/Lisbon`"
