"""Parse the dates that people type: `24 Dec`, `24 and 25 Dec`, `24 Dec to 2 Jan`, `next week`.

A date is the nearest one that fits and is not over. Words that fit two dates, or that contradict
themselves, raise `UnclearError` with what they can mean. docs/dates.md lists what is understood,
and the tests run its examples.

The words become tokens (`date_tokens`), the tokens dates and ranges as they were typed
(`date_specs`), and these become dates here.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice, pairwise, product

from handlers.mrkdwn import plain
from handlers.parsing.calendar_dates import DAY, Dates, days_between, days_in_month, nearest_date
from handlers.parsing.date_format import format_date, format_dates
from handlers.parsing.date_specs import Spec, dates_and_ranges, require_years, with_months
from handlers.parsing.date_tokens import (
    COUNT,
    HINT,
    Token,
    date_after,
    is_span,
    not_understood,
    number_of,
    tokenize,
)
from handlers.parsing.readings import UnclearError, UnknownWordError
from handlers.parsing.words import DAY_NAMES, MONTH_NAMES, as_typed, nearest
from store.types import ParleyError

_MOST_DATES = 366
_MOST_READINGS = 4
_MOST_CHARACTERS = 300
_FAR = timedelta(days=800)
_LONG_PAUSE = timedelta(days=183)
_NEXT_POSTS = re.compile(
    rf"(?:the\s+)?next(?:\s+(?P<count>{COUNT}))?(?:\s+(?:ones?|posts?))?", re.IGNORECASE
)
_POSSESSIVE = re.compile(r"'s\b|\bposts?\b", re.IGNORECASE)  # today's post
_UNTIL = re.compile(r"(until|till?|to|through|thru)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The readings of a part of what was typed; *doubt* says why it has to be asked back."""

    readings: tuple[Dates, ...]
    doubt: str = ""


def parse_date(words: str, *, today: date) -> date:
    """Parse one date that is not before *today*.

    Raises `UnclearError[Dates]`, or `ParleyError` if the words are not understood.
    """
    if is_span(words):
        return date_after(today, words)
    dates = parse_dates(words, today=today)
    if not dates:
        raise not_understood(words)
    if len(dates) > 1:
        first = format_date(dates[0])
        raise UnclearError(f"I need one date. Do you mean {first}?", [(dates[0],)])
    return dates[0]


def parse_number(words: str) -> int:
    """Parse the number of posts in `next`, `next 3` or `the next two posts`; 0 for other words."""
    match = _NEXT_POSTS.fullmatch(words.strip())
    if match is None:
        return 0
    return number_of(match["count"] or "one")


def is_until(words: str) -> bool:
    """Return whether *words* say when a pause ends, and do not only name days."""
    return bool(_UNTIL.match(words)) or is_span(words)


def parse_until(words: str, *, today: date) -> date:
    """Parse the date on which a pause ends: `until 2 Jan`, `for a week`, `through friday`.

    Raises as `parse_date` does. What could be days to skip is asked back, and so is a date without
    a year that is more than half a year away.
    """
    start = _UNTIL.match(words)
    if not is_until(words):
        dates = tuple(parse_dates(words, today=today))
        raise UnclearError("Are these the days to leave out, or does the pause end then?", [dates])
    until = parse_date(words[start.end() :] if start else words, today=today)
    if start and start[1].lower().startswith("thr"):
        until += DAY
    if until <= today:
        raise ParleyError("That would pause nothing. `/digest skip today` leaves out today's post.")
    if until - today > _LONG_PAUSE and not re.search(r"\d{4}|day|week|month", words):
        question = f"That is a long pause. Do you mean until {format_date(until)}?"
        raise UnclearError(question, [(until,)])
    return until


def parse_dates(words: str, *, today: date) -> list[date]:
    """Parse dates and ranges of dates, none of them before *today*; [] for no words.

    Raises `UnclearError[Dates]`, or `ParleyError` if the words are not understood.
    """
    text = _POSSESSIVE.sub("", as_typed(words)).strip()
    if len(text) > _MOST_CHARACTERS:
        raise ParleyError("That is too long. Name fewer dates, or a range: 24 Dec to 2 Jan.")
    if not text:
        return []
    try:
        meaning = _meaning([*tokenize(text, today)], today)
    except UnknownWordError as error:
        meaning = _corrected(text, error, today)
    except OverflowError:  # past the year 9999
        raise not_understood(words) from None
    readings = [*dict.fromkeys(tuple(dict.fromkeys(one)) for one in meaning.readings)]
    if len(readings) == 1 and not meaning.doubt:
        return [*readings[0]]
    readings = readings[:_MOST_READINGS]
    choice = " or ".join(map(format_dates, readings))
    end = f"Do you mean {choice}?" if readings else HINT
    raise UnclearError(f"{meaning.doubt} {end}", readings)


def _corrected(text: str, error: UnknownWordError, today: date) -> _Meaning:
    """Return what *text* means if its unknown word is a misspelt month, weekday or the like."""
    guess = nearest(error.word, [*MONTH_NAMES, *DAY_NAMES, "today", "tomorrow"])
    if guess is None:
        raise error
    try:
        readings = _meaning([*tokenize(text.replace(error.word, guess, 1), today)], today).readings
    except ParleyError:
        raise error from None
    return _Meaning(readings, str(error).removesuffix(HINT).strip())


def _meaning(tokens: Sequence[Token], today: date) -> _Meaning:
    """Return what all of the dates and ranges together can mean."""
    if times := [token.text for token in tokens if token.kind == "T"]:
        rest = [token for token in tokens if token.kind != "T"]
        doubt = f"A post is named by its date, without a time such as “{plain(times[0], 30)}”."
        return _Meaning(_meaning(rest, today).readings if rest else (), doubt)
    elements = [*dates_and_ranges(tokens)]
    specs = with_months([spec for _, parts in elements for spec in parts])
    if all(len(parts) == 1 for _, parts in elements):
        require_years(specs, today)
    meanings = []
    for join, parts in elements:
        own, specs = specs[: len(parts)], specs[len(parts) :]
        if len(own) == 2:
            meanings.append(_range(join, own[0], own[1], today))
        else:
            meanings.append(_week_of(own[0], today) if join else _single(own[0], today))
    doubt = next((meaning.doubt for meaning in meanings if meaning.doubt), "")
    # Ten ambiguous dates have a thousand readings.
    choices = islice(product(*(meaning.readings for meaning in meanings)), _MOST_READINGS)
    readings = [tuple(on for dates in choice for on in dates) for choice in choices]
    days = [parts[0] for join, parts in elements if not join and parts[0].kind == "D"]
    is_plain_list = len(elements) == len(days) > 1 and not any(spec.year for spec in days)
    if is_plain_list and not doubt:
        return _closest(readings[0], is_bare=all(spec.is_bare for spec in days))
    return _Meaning(tuple(readings), doubt)


def _closest(dates: Dates, *, is_bare: bool) -> _Meaning:
    """Ask about days that are in two months, and about dates whose order a new year changed.

    The nearest 30th and 31st can be a month apart, and the nearest 1 and 20 Dec a year.
    """
    last = max(dates)
    if is_bare:
        is_apart = any(on.month != last.month for on in dates)
        together = {"year": last.year, "month": last.month}
    else:
        is_apart = any(
            on > later and (on.month, on.day) < (later.month, later.day)
            for on, later in pairwise(dates)
        )
        together = {"year": last.year}
    if not is_apart:
        return _Meaning((dates,))
    readings = [dates]
    with suppress(ValueError):
        readings.insert(0, tuple(on.replace(**together) for on in dates))
    return _Meaning(tuple(readings), "The nearest of these dates are far apart.")


def _single(spec: Spec, today: date) -> _Meaning:
    """Return what a date, a week, a month or a length of time can mean."""
    match spec.kind:
        case "W":
            return _weekday(spec, today)
        case "R" if spec.weekday is not None:
            on = next((on for on in spec.given[0] if on.weekday() == spec.weekday), None)
            if on is None:
                raise ParleyError(f"“{spec.text}” is in the past.")
            return _Meaning(((on,),), f"“{spec.text}” can be one day." if spec.is_listed else "")
        case "R":
            doubt = f"“{spec.text}” has two meanings." if len(spec.given) > 1 else ""
            return _Meaning(spec.given, doubt)
        case "S":
            (days,) = spec.given
            return _Meaning((days, (days[-1] + DAY,)), f"“{spec.text}” is a length of time.")
        case "M":
            return _whole_month(spec, today)
        case "N":
            given = [on for (on,) in spec.given if spec.weekday in (None, on.weekday())]
            if len(given) == 1 and spec.weekday is not None:
                return _Meaning(((given[0],),))
            return _Meaning(spec.given, f"“{spec.text}” has more than one meaning.")
        case "I":
            ((on,),) = spec.given
            return _one_day(spec, on, today)
        case _:
            return _one_day(spec, _on(spec, today), today)


def _whole_month(spec: Spec, today: date) -> _Meaning:
    first = _on(replace(spec, day=1), today.replace(day=1))
    last = first.replace(day=days_in_month(first.year, first.month))
    if last < today:
        raise ParleyError(f"{spec.text} is in the past.")
    return _Meaning((days_between(max(first, today), last),), f"“{spec.text}” is a whole month.")


def _one_day(spec: Spec, on: date, today: date) -> _Meaning:
    if on < today:
        raise ParleyError(f"{format_date(on)} is in the past.")
    if on - today > _FAR:
        return _Meaning(((on,),), f"{format_date(on)} is years away.")
    if spec.is_bare and on == today:
        later = _on(spec, today + DAY)
        return _Meaning(((today,), (later,)), f"“{spec.text}” can be today.")
    return _check_weekday(spec, on, today)


def _on(spec: Spec, floor: date) -> date:
    """Return the first date from *floor* on that fits *spec*; raises `ParleyError` if none does."""
    on = nearest_date(spec.day, spec.month, spec.year, floor)
    if on is None:
        raise ParleyError(f"There is no {spec.text}.")
    return on


def _weekday(spec: Spec, today: date) -> _Meaning:
    this_week = today + DAY * ((spec.weekday or 0) - today.weekday())
    next_week = this_week + DAY * 7
    soonest = this_week if this_week > today else next_week
    doubt = f"“{spec.text}” can be this week or next week."
    match spec.which:
        case "h" if this_week < today:
            return _Meaning(((next_week,),), f"{format_date(this_week)} is in the past.")
        case "h":
            return _Meaning(((this_week,),))
        case "n" if soonest != next_week:
            return _Meaning(((soonest,), (next_week,)), doubt)
        case "" if this_week == today:
            return _Meaning(((today,), (next_week,)), doubt)
        case _:
            return _Meaning(((soonest,),))


def _check_weekday(spec: Spec, on: date, today: date) -> _Meaning:
    """Return *on*, or two readings if it is not on the weekday that was typed with it."""
    if spec.weekday is None or on.weekday() == spec.weekday:
        return _Meaning(((on,),))
    near = today + DAY * ((spec.weekday - today.weekday()) % 7 or 7)
    if not spec.is_listed:
        ahead = (spec.weekday - on.weekday() + 3) % 7 - 3
        near = on + DAY * ahead
        if spec.is_bare:
            months = (_on(spec, on + DAY * 28 * count) for count in range(1, 60))
            near = next((later for later in months if later.weekday() == spec.weekday), near)
    readings = [(on,), (near, on)] if spec.is_listed else [(on,), (near,)]
    kept = tuple(reading for reading in readings if min(reading) >= today)
    return _Meaning(kept, f"{on.day} {on:%b %Y} is a {DAY_NAMES[on.weekday()]}.")


def _week_of(spec: Spec, today: date) -> _Meaning:
    """Return what is left of the week of a date."""
    inside = _single(spec, today)
    doubt, weeks = inside.doubt, []
    for on, *_ in inside.readings:
        starts = [on - DAY * on.weekday()]
        if on.weekday() == 6:
            # A week begins on Monday in most countries, and on Sunday in some.
            starts.append(on)
            doubt = doubt or f"{format_date(on)} ends one week and begins another."
        weeks += [tuple(start + DAY * day for day in range(7)) for start in starts]
    return _Meaning(tuple(tuple(on for on in week if on >= today) for week in weeks), doubt)


def _range(join: str, first: Spec, last: Spec, today: date) -> _Meaning:
    """Return what a range can mean; *join* is the kind of the token between its ends."""
    if not {first.kind, last.kind} <= set("DINW"):
        raise not_understood(f"{first.text} to {last.text}")
    if first.month and last.month and last.year and not first.year:
        is_year_before = (first.month, first.day) > (last.month, last.day)
        first = replace(first, year=last.year - is_year_before)
    if first.year and _on(first, today) < today:
        return _rest_of(first, last, today)
    start = _single(first, today)
    ranges = [_range_from(begin, join, first, last, today) for (begin,) in start.readings]
    doubt = next(filter(None, [start.doubt, *(meaning.doubt for meaning in ranges)]), "")
    readings = [reading for meaning in ranges for reading in meaning.readings]
    if join == "-" and (dates := _day_and_month(first, last, today)):
        readings += dates
        doubt = doubt or f"“{first.text}-{last.text}” has more than one meaning."
    if not readings:
        raise ParleyError(f"“{first.text} to {last.text}” ends before it begins. {HINT}")
    return _Meaning(tuple(readings), doubt)


def _range_from(begin: date, join: str, first: Spec, last: Spec, today: date) -> _Meaning:
    """Return the ranges that begin on *begin*, which is a reading of *first*."""
    ends = [end for end in _ends(first, last, begin, today) if end >= begin]
    if not ends:
        return _Meaning(())
    if (ends[-1] - begin).days >= _MOST_DATES:
        raise ParleyError(f"A range is at most {_MOST_DATES} days long.")
    doubt = f"“{last.text}” has more than one meaning." if len(ends) > 1 else ""
    doubt = doubt or _check_weekday(last, ends[0], today).doubt
    readings = [days_between(begin, end) for end in ends]
    if join == "u":
        doubt = doubt or f"Is {format_date(ends[0])} the last day without a post?"
        readings.insert(0, days_between(begin, ends[0] - DAY))
    is_open = not (first.given or first.year or last.year or doubt)
    soonest = _ends(first, last, today - DAY, today) if is_open else []
    if soonest and today <= soonest[0] < begin:
        doubt = "Today is in such a range."
        readings.insert(0, days_between(today, soonest[0]))
    return _Meaning(tuple(filter(None, readings)), doubt)


def _rest_of(first: Spec, last: Spec, today: date) -> _Meaning:
    """Return what is left of a range that has begun; raises `ParleyError` if nothing is."""
    begin = _on(first, today)
    end = next(iter(_ends(first, last, begin, today)), begin)
    if end < today:
        raise ParleyError(f"{format_date(end)} is in the past.")
    return _Meaning((days_between(today, end),), f"{format_date(begin)} is in the past.")


def _day_and_month(first: Spec, last: Spec, today: date) -> list[Dates]:
    """Return the dates that two numbers can be, such as 3-5, instead of a range."""
    if not (first.is_bare and last.is_bare):
        return []
    pairs = ((first.day, last.day), (last.day, first.day))
    found = (nearest_date(day, month, 0, today) for day, month in pairs)
    return [(on,) for on in found if on]


def _ends(first: Spec, last: Spec, begin: date, today: date) -> Sequence[date]:
    """Return the ends of a range that begins on *begin*: several for 3/4, none if it has none."""
    if last.kind == "W" and last.weekday is not None:
        return [begin + DAY * ((last.weekday - begin.weekday()) % 7 or 7)]
    if last.given:
        return [on for (on,) in last.given]
    if last.is_bare and first.is_bare:
        end = nearest_date(last.day, begin.month, begin.year, today)
    else:
        end = nearest_date(last.day, last.month, last.year, begin)
    return [end] if end else []
