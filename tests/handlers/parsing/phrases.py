"""Dates as people type them, generated together with what they mean.

`python -m tests.handlers.parsing.phrases 10000` compares them with the parser; a part of it runs in
the tests. What is expected is found by looking through the calendar day by day, so that it shares
nothing with the parser.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from handlers.parsing.date_format import format_dates
from handlers.parsing.dates import parse_dates
from handlers.parsing.readings import UnclearError
from store.types import ParleyError

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Phrase:
    """A phrase and the dates that it means; None if it has to be asked back."""

    words: str
    today: date
    dates: list[date] | None


def first(today: date, fits: Callable[[date], bool]) -> date:
    """Return the first date from *today* on that fits."""
    while not fits(today):
        today += DAY
    return today


def phrases(count: int, seed: int) -> Iterator[Phrase]:
    """Yield *count* phrases, each for a day of its own."""
    chance = Random(seed)
    while count:
        today = date(2024, 1, 1) + DAY * chance.randrange(6000)
        if chance.random() < 0.2:  # the ends of months and years, where mistakes are
            today = (today.replace(day=1) - DAY) + DAY * chance.randrange(3)
        template = chance.choice(TEMPLATES)
        if (made := template(chance, today)) is not None:
            words, dates = made
            yield Phrase(_typed(chance, words), today, dates)
            count -= 1


def _typed(chance: Random, words: str) -> str:
    words = chance.choice([words, words.lower(), words.upper(), words.title()])
    if chance.random() < 0.2:
        words = words.replace(" ", "  ")
    return f"{chance.choice(['', ' '])}{words}{chance.choice(['', ' ', '.'])}"


Made = tuple[str, list[date] | None] | None


def _ordinal(day: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10 if day not in (11, 12, 13) else 0, "th")
    return f"{day}{ending}"


def _soon(chance: Random, today: date) -> date:
    return today + DAY * chance.choice([chance.randrange(10), chance.randrange(365)])


def _day_month(chance: Random, on: date) -> str:
    day = chance.choice([str(on.day), f"{on.day:02d}", _ordinal(on.day)])
    month = chance.choice([f"{on:%b}", f"{on:%B}"])
    return chance.choice(
        [f"{day} {month}", f"{month} {day}", f"the {_ordinal(on.day)} of {month}", f"{day}-{month}"]
    )


def _nearest(today: date, on: date) -> date:
    return first(today, lambda day: (day.month, day.day) == (on.month, on.day))


def without_year(chance: Random, today: date) -> Made:
    on = _soon(chance, today)
    return _day_month(chance, on), [_nearest(today, on)]


def with_year(chance: Random, today: date) -> Made:
    on = today + DAY * chance.randrange(700)
    comma = chance.choice([" ", ", "])
    forms = [
        f"{_day_month(chance, on)}{comma}{on.year}",
        f"{on:%Y-%m-%d}",
        f"{on.year}-{on.month}-{on.day}",
        f"{on:%Y/%m/%d}",
    ]
    return chance.choice(forms), [on]


def past(chance: Random, today: date) -> Made:
    on = today - DAY * chance.randrange(1, 700)
    return f"{_day_month(chance, on)} {on.year}", None


def with_weekday(chance: Random, today: date) -> Made:
    on = _nearest(today, _soon(chance, today))
    shift = chance.choice([0, 0, chance.randrange(7)])
    name = f"{on + DAY * shift:%A}"[: chance.choice([3, None])]
    date_words = _day_month(chance, on) + chance.choice(["", f" {on.year}"])
    words = chance.choice([f"{name} {date_words}", f"{name}, {date_words}"])
    return words, [on] if shift == 0 else None


def digits(chance: Random, today: date) -> Made:
    on = _nearest(today, _soon(chance, today))
    year = chance.choice(["", str(on.year)])
    mark = chance.choice(["/", "."] if year else ["/"])
    order = [str(on.day), str(on.month)]
    chance.shuffle(order)
    words = mark.join([*order, year] if year else order)
    is_clear = on.day > 12 or on.day == on.month
    if year and not is_clear:
        is_clear = date(on.year, on.day, on.month) < today
    return words, [on] if is_clear else None


def bare_day(chance: Random, today: date) -> Made:
    day = chance.randrange(1, 32)
    words = chance.choice([str(day), _ordinal(day), f"the {_ordinal(day)}"])
    return words, None if day == today.day else [first(today, lambda on: on.day == day)]


def weekday(chance: Random, today: date) -> Made:
    day = chance.randrange(7)
    on = first(today + DAY, lambda other: other.weekday() == day)
    name = f"{on:%A}"[: chance.choice([3, None])]
    soon = chance.choice(["", "on "])
    if chance.random() < 0.5:
        return f"{soon}{name}", None if day == today.weekday() else [on]
    # "next friday" is clear only if there is none left in this week.
    return f"next {name}", None if day > today.weekday() else [on]


def relative(chance: Random, today: date) -> Made:
    count = chance.randrange(2, 40)
    choices = [
        ("today", 0),
        ("tomorrow", 1),
        ("the day after tomorrow", 2),
        (f"in {count} days", count),
        (f"in {count} weeks", 7 * count),
        ("in a week", 7),
        (f"{count} days from now", count),
    ]
    words, ahead = chance.choice(choices)
    return words, [today + DAY * ahead]


def many(chance: Random, today: date) -> Made:
    dates = sorted({_nearest(today, _soon(chance, today)) for _ in range(chance.randrange(2, 5))})
    if chance.random() < 0.2:  # as they come in a year, of which today is in the middle
        dates.sort(key=lambda on: (on.month, on.day))
    comma = chance.choice([", ", " and ", " & ", "; "])
    is_unclear = any(on > later for on, later in pairwise(dates))
    return comma.join(_day_month(chance, on) for on in dates), None if is_unclear else dates


def bare_days(chance: Random, today: date) -> Made:
    days = sorted(chance.sample(range(1, 32), 2))
    soonest = first(today, lambda on: on.day == days[0])
    dates = [soonest, first(soonest, lambda on: on.day == days[1])]
    is_far = first(today, lambda on: on.day == days[1]) < soonest and today.day != days[1]
    is_unclear = today.day == days[0] or dates[0].month != dates[1].month or is_far
    return f"{days[0]} and {_ordinal(days[1])}", None if is_unclear else dates


def one_month(chance: Random, today: date) -> Made:
    """Days of one month, whose name comes once: `24, 25 and 31 Dec`, `Dec 24 and 25, 2026`."""
    start = _nearest(today, _soon(chance, today))
    ahead = sorted({0, *(chance.randrange(20) for _ in range(chance.randrange(1, 4)))})
    dates = [on for days in ahead if (on := start + DAY * days).month == start.month]
    if len(dates) < 2:
        return None
    *some, last = [chance.choice([str(on.day), _ordinal(on.day)]) for on in dates]
    days = f"{', '.join(some)} {chance.choice(['and', '&'])} {last}"
    month = chance.choice([f"{start:%b}", f"{start:%B}"])
    year = chance.choice(["", f"{start.year}"])
    words = [f"{days} {month} {year}", f"{month} {days}" + (f", {year}" if year else "")]
    is_unclear = not year and any(_nearest(today, on) != on for on in dates)
    return chance.choice(words).strip(), None if is_unclear else dates


def span(chance: Random, today: date) -> Made:
    start = _nearest(today, _soon(chance, today))
    end = start + DAY * chance.randrange(1, 40)
    to = chance.choice([" to ", " - ", "-", " – ", " through "])
    year = chance.choice([("", ""), ("", f" {end.year}"), (f" {start.year}", f" {end.year}")])
    words = f"{_day_month(chance, start)}{year[0]}{to}{_day_month(chance, end)}{year[1]}"
    if chance.random() < 0.2 and to == " to ":
        words = f"from {words}"
    is_inside = not year[1] and _nearest(today, end) < start
    return words, None if is_inside else [
        start + DAY * day for day in range((end - start).days + 1)
    ]


def span_in_month(chance: Random, today: date) -> Made:
    start = _nearest(today, _soon(chance, today))
    end = start + DAY * chance.randrange(1, 20)
    if end.month != start.month or _nearest(today, end) < start:
        return None
    to = chance.choice([" to ", "-", " - ", "–"])
    days = f"{start.day}{to}{end.day}"
    dates = [start + DAY * day for day in range((end - start).days + 1)]
    month = chance.choice([f"{start:%b}", f"{start:%B}"])
    words = [f"{days} {month}", f"{month} {days}", f"between {start.day} and {end.day} {month}"]
    return chance.choice(words), dates


def span_of_weekdays(chance: Random, today: date) -> Made:
    start, end = sorted(chance.sample(range(7), 2))
    monday = first(today, lambda on: on.weekday() == start)
    friday = first(monday, lambda on: on.weekday() == end)
    words = f"{monday:%A}{chance.choice([' to ', '-', ' through '])}{friday:%A}"
    is_inside = start <= today.weekday() <= end
    dates = [monday + DAY * day for day in range(end - start + 1)]
    return words, None if is_inside else dates


def week(chance: Random, today: date) -> Made:
    inside = _nearest(today, _soon(chance, today))
    monday = inside - DAY * inside.weekday()
    dates = [on for day in range(7) if (on := monday + DAY * day) >= today]
    words = f"{chance.choice(['', 'the '])}week of {_day_month(chance, inside)}"
    return words, None if inside.weekday() == 6 else dates


def next_week(_: Random, today: date) -> Made:
    monday = first(today + DAY, lambda on: on.weekday() == 0)
    return "next week", [monday + DAY * day for day in range(7)]


def next_month(_: Random, today: date) -> Made:
    start = first(today + DAY, lambda on: on.day == 1)
    end = first(start + DAY, lambda on: on.day == 1)
    return "next month", [start + DAY * day for day in range((end - start).days)]


def unclear(chance: Random, today: date) -> Made:
    on = _soon(chance, today)
    good = _day_month(chance, on)
    words = [
        *(f"{chance.randrange(24)}:{chance.randrange(60):02d}", f"{chance.randrange(1, 13)} pm"),
        *(str(on.year), f"{on:%B}", f"{good} 10:00", f"{good} at 9 am", "31 Nov", "30 Feb 2028"),
        *(f"not {good}", f"{good} maybe", f"{good} or {on.day}", f"{good} to", f"from {good}"),
        *("every friday", "mondays", "soonish", "month", "xyz", "32", "0", "24:00", f"{good} 12"),
        *(f"until {good}", f"last {on:%A}", "the month", "first monday", "2 weeks", "3 days"),
    ]
    return chance.choice(words), None


TEMPLATES = (
    *(without_year, with_year, past, with_weekday, digits, bare_day, bare_days, weekday),
    *(relative, many, one_month, span, span_in_month, span_of_weekdays, week, next_week),
    *(next_month, unclear),
)


def compare(phrase: Phrase) -> str:
    """Return how the parser reads a phrase: right, asked, asked too often, or wrong."""
    try:
        parsed = parse_dates(phrase.words, today=phrase.today)
    except UnclearError as error:
        if phrase.dates is None:
            return "asked"
        is_offered = not error.readings or tuple(phrase.dates) in error.readings
        return "asked too often" if is_offered else "wrong: the right answer is not offered"
    except ParleyError:
        return "asked" if phrase.dates is None else "asked too often"
    return "right" if parsed == phrase.dates else f"wrong: {format_dates(parsed)}"


if __name__ == "__main__":
    count, *seed = map(int, sys.argv[1:])
    verdicts: Counter[str] = Counter()
    for one in phrases(count, seed[0] if seed else 1):
        verdict = compare(one)
        verdicts[verdict.partition(":")[0]] += 1
        if verdict not in ("right", "asked"):
            sys.stdout.write(f"{one.today:%a %Y-%m-%d} {one.words!r} {verdict} {one.dates}\n")
    sys.stdout.write(f"{dict(verdicts)}\n")
