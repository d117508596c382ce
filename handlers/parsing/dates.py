"""Parse the dates that people type: `24 Dec`, `24 and 25 Dec`, `24 Dec to 2 Jan`, `next week`.

A date is the nearest one that fits and is not over. Words that fit two dates, or that contradict
themselves, raise `UnclearError` with what they can mean. docs/dates.md lists what is understood,
and the tests run its examples.

The words become tokens (`date_tokens`), the tokens dates and ranges as they were typed
(`date_specs`), and these become dates here.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice, pairwise, product

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.calendar_dates import DAY, Dates, days_between, days_in_month, nearest_date
from handlers.parsing.date_format import format_date, format_dates
from handlers.parsing.date_specs import Element, Spec, elements_of, filled_in, require_years
from handlers.parsing.date_tokens import (
    COUNT,
    DAY_FIRST,
    HINT,
    MONTH_FIRST,
    NO_DATES,
    YEAR_FIRST,
    Token,
    date_after,
    has_orders,
    is_span,
    not_understood,
    number_of,
    tokenize,
)
from handlers.parsing.readings import UnclearError, UnknownWordError
from handlers.parsing.words import (
    DAY_NAMES,
    MONTH_NAMES,
    as_typed,
    nearest,
    with_english_days,
    without_accents,
)
from store.types import ParleyError

_MOST_DATES = 366
_MOST_READINGS = 4
_MOST_CHARACTERS = 300
_FAR = timedelta(days=800)
_LONG_PAUSE = timedelta(days=183)
_NUMBER = re.compile(COUNT.replace("an?|", ""), re.IGNORECASE)
_NEXT_POSTS = re.compile(
    rf"(?:the\s+)?(?:next(?:\s+(?P<count>{COUNT}))?(?:\s+(?:ones?|posts?))?"
    rf"|(?P<posts>{COUNT})\s+(?:next\s+)?posts?)",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"'s\b|\bposts?\b", re.IGNORECASE)  # today's post
_INCLUSIVE = re.compile(
    r"[\s,(]+(?:both\s+)?incl(?:\.|uded|uding|usive(?:ly)?)?\)?$", re.IGNORECASE
)
_UNTIL = re.compile(r"(until|till?|up\s?to|to|through|thru)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The readings of a part of what was typed; *doubt* says why it has to be asked back."""

    readings: tuple[Dates, ...]
    doubt: str = ""
    is_unlikely: bool = False
    """Whether a date is past or on another weekday; another order of its digits is likelier."""


def parse_posts(words: str, *, today: date) -> int | Sequence[date]:
    """Parse a number of next posts, as in `next 3`, or dates as `parse_dates` does.

    Raises `UnclearError[int | Dates]` too: `3` alone can be either.
    """
    text = as_typed(words).strip()
    if match := _NEXT_POSTS.fullmatch(text):
        return number_of(match["count"] or match["posts"] or "one")
    if not _NUMBER.fullmatch(text):
        return parse_dates(words, today=today)
    readings: list[int | Dates] = []
    with suppress(ParleyError):
        readings += _understand(text, today).readings
    question = f"Is “{text}” a date, or a number of posts?"
    raise UnclearError(question, [*readings, number_of(text)])


def is_until(words: str) -> bool:
    """Return whether *words* say when a pause ends, and do not only name days."""
    return bool(_UNTIL.match(words)) or is_span(words)


def parse_until(words: str, *, today: date) -> date:
    """Parse the date on which a pause ends: `until 2 Jan`, `for a week`, `through friday`.

    Raises as `parse_dates` does. What could be days to skip is asked back, and so is a date without
    a year that is more than half a year away.
    """
    words = as_typed(words).strip()
    start = _UNTIL.match(words)
    if not is_until(words):
        dates = tuple(parse_dates(words, today=today))
        raise UnclearError("Are these the days to leave out, or does the pause end then?", [dates])
    rest = words[start.end() :] if start else words
    rest, inclusive = _INCLUSIVE.subn("", rest)
    is_through = bool(inclusive or (start and start[1].lower().startswith("thr")))
    until = date_after(today, rest) if is_span(rest) else _end_of_pause(rest, is_through, today)
    if until <= today:
        raise ParleyError(
            f"That would pause nothing. `{Command.DIGEST} skip today` leaves out today's post."
        )
    if until - today > _LONG_PAUSE and not re.search(r"\d{4}|day|week|month|year", words):
        question = f"That is a long pause. Do you mean until {format_date(until)}?"
        raise UnclearError(question, [(until,)])
    return until


def _end_of_pause(words: str, is_through: bool, today: date) -> date:
    """Return the date that *words* name, or the one after it if they are "the end of" something."""
    is_after = is_through or bool(re.search(r"\bend\s+of\b", words, re.IGNORECASE))
    meaning = _understand(words, today)
    ends = dict.fromkeys(
        dates[-1] + DAY if is_after else dates[0] for dates in meaning.readings if dates
    )
    is_one = is_after or all(len(dates) == 1 for dates in meaning.readings)
    if len(ends) == 1 and is_one and not meaning.doubt:
        return next(iter(ends))
    choice = " or ".join(f"until {format_date(on)}" for on in ends)
    question = f"Do you mean {choice}?" if ends else HINT
    raise UnclearError(f"{meaning.doubt or 'I need one date.'} {question}", [(on,) for on in ends])


def parse_dates(words: str, *, today: date) -> list[date]:
    """Parse dates and ranges of dates, none of them before *today*; [] for no words.

    Raises `UnclearError[Dates]`, or `ParleyError` if the words are not understood.
    """
    if not as_typed(words).strip():
        return []
    meaning = _understand(words, today)
    if len(meaning.readings) == 1 and not meaning.doubt:
        return [*meaning.readings[0]]
    end = f"Do you mean {_choice(meaning.readings)}?" if meaning.readings else HINT
    raise UnclearError(f"{meaning.doubt} {end}", meaning.readings)


def _choice(readings: Sequence[Dates]) -> str:
    """Return the readings as a question names them: "Fri 27 Nov 2026, Sat 28 Nov 2026 or both"."""
    if len(readings) == 3 and sorted({*readings[0], *readings[1]}) == sorted(readings[2]):
        return f"{format_dates(readings[0])}, {format_dates(readings[1])} or both"
    return " or ".join(map(format_dates, readings))


def _understand(words: str, today: date) -> _Meaning:
    """Return what *words* can mean, without what is said twice; raises `ParleyError`."""
    text = _POSSESSIVE.sub("", without_accents(as_typed(words))).strip()
    text = with_english_days(text)
    text = _INCLUSIVE.sub("", text)  # a range has both of its ends
    if len(text) > _MOST_CHARACTERS:
        raise ParleyError("That is too long. Name fewer dates, or a range: 24 Dec to 2 Jan.")
    try:
        meaning = _meaning_of(text, today)
    except UnknownWordError as error:
        meaning = _corrected(text, error, today)
    except OverflowError:  # past the year 9999
        raise not_understood(words) from None
    readings = dict.fromkeys(tuple(dict.fromkeys(dates)) for dates in meaning.readings)
    return replace(meaning, readings=(*readings,)[:_MOST_READINGS])


def _corrected(text: str, error: UnknownWordError, today: date) -> _Meaning:
    """Return what *text* means if its unknown word is a misspelt month, weekday or the like."""
    guess = nearest(error.word, [*MONTH_NAMES, *DAY_NAMES, "today", "tomorrow"])
    if guess is None:
        raise error
    try:
        readings = _meaning_of(text.replace(error.word, guess, 1), today).readings
    except ParleyError:
        raise error from None
    return _Meaning(readings, str(error).removesuffix(HINT).strip())


def _meaning_of(text: str, today: date) -> _Meaning:
    """Return what *text* can mean.

    Dates of digits are all in one order: 12/24 to 1/4 ends in January. Only if no order fits,
    24/25 Dec is two days, 24 Dec 26 has a short year, and dates may stand without a comma.
    """
    orders = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST) if has_orders(text) else (DAY_FIRST,)
    errors: list[ParleyError] = []
    for group in (orders, (NO_DATES,), ("short year", "no commas")):
        found: list[_Meaning] = []
        for way in group:
            order = way if way in (*orders, NO_DATES) else DAY_FIRST
            try:
                found.append(_meaning([*tokenize(text, today, order)], way, today))
            except ParleyError as error:
                errors.append(error)
        if kept := [meaning for meaning in found if not meaning.is_unlikely] or found[:1]:
            readings = dict.fromkeys(dates for meaning in kept for dates in meaning.readings)
            doubt = next((meaning.doubt for meaning in kept if meaning.doubt), "")
            if len(readings) > 1 and not doubt:
                doubt = f"“{plain(text, 60)}” has more than one meaning."
            return replace(kept[0], readings=(*readings,), doubt=doubt)
        if others := [error for error in errors if not isinstance(error, UnknownWordError)]:
            raise others[0]
    raise errors[0]


def _meaning(tokens: Sequence[Token], way: str, today: date) -> _Meaning:
    """Return what all of the dates and ranges together can mean, read in one *way*."""
    if times := [token.text for token in tokens if token.kind == "T"]:
        rest = [token for token in tokens if token.kind != "T"]
        doubt = f"A post is named by its date, without a time such as “{plain(times[0], 30)}”."
        return _Meaning(_meaning(rest, way, today).readings if rest else (), doubt)
    elements = _elements(tokens, way)
    specs = filled_in([spec for element in elements for spec in element.specs])
    if all(len(element.specs) == 1 for element in elements):
        require_years(specs, today)
    meanings = []
    waiting = [*specs]
    for element in elements:
        first, *others = (waiting.pop(0) for _ in element.specs)
        if others:
            meanings.append(_range(element.join, first, others[0], today))
        else:
            meanings.append((_week_of if element.join else _single)(first, today))
    is_list = len(specs) == len(elements) > 1 and not any(element.join for element in elements)
    whole = _listed(meanings, specs if is_list else ())
    if any(element.is_glued for element in elements):
        return replace(whole, doubt=whole.doubt or "I am not sure which of these belong together.")
    if "or" in (joins := {token.text.lower() for token in tokens if token.kind == ","}):
        each = [dates for meaning in meanings for dates in meaning.readings[:1]]
        options = (*each, *whole.readings[:1]) if joins <= {"or", ","} else ()
        return _Meaning(options, "I need to know which of these dates.")
    return whole


def _elements(tokens: Sequence[Token], way: str) -> Sequence[Element]:
    """Return the dates and ranges; raises `ParleyError` if they cannot be read in this *way*."""
    if way == "short year":
        tokens = [*_with_short_years(tokens)]
    elements = [*elements_of(tokens)]
    glued = [element.specs[0] for element in elements if element.is_glued]
    if not elements:
        raise ParleyError(f"I need a date. {HINT}")
    if glued and way != "no commas":
        raise not_understood(glued[0].text)
    if way == NO_DATES and "M" not in [token.kind for token in tokens]:
        raise not_understood(tokens[0].text)
    return elements


def _with_short_years(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens, with the number after `24 Dec` or `Dec 24` as a year to ask back."""
    for place, token in enumerate(tokens):
        before = {other.kind for other in tokens[max(place - 2, 0) : place]}
        if token.kind == "D" and before == {"D", "M"}:
            token = replace(token, kind="Y", value=2000 + token.value, is_unsure=True)
        yield token


def _listed(meanings: Sequence[_Meaning], specs: Sequence[Spec]) -> _Meaning:
    """Return what several dates mean together; *specs* if they are single dates, else empty.

    People list weekdays and days as they come: on a Saturday, "sat & sun" are two days in a row.
    Dates that only a new month or year puts in order are asked back, because the nearest 30th and
    31st can be a month apart.
    """
    doubt = next((meaning.doubt for meaning in meanings if meaning.doubt), "")
    is_unlikely = any(meaning.is_unlikely for meaning in meanings)
    # Ten ambiguous dates have a thousand readings.
    choices = islice(product(*(meaning.readings for meaning in meanings)), 4**_MOST_READINGS)
    readings = [tuple(on for dates in choice for on in dates) for choice in choices]
    is_open = all(spec.kind in "DW" and not spec.year for spec in specs)
    if not is_open or len({(spec.kind, spec.is_bare) for spec in specs}) != 1:
        return _Meaning(tuple(readings), doubt, is_unlikely)
    runs = [_run(dates, specs[1:]) for dates in meanings[0].readings]
    ahead = [dates for dates in readings if all(on < later for on, later in pairwise(dates))]
    if ahead:
        options = [*ahead, *runs]
    elif specs[0].month and not all(_is_in_order(*pair) for pair in pairwise(specs)):
        options = readings[:1]
    else:
        options = [*runs, readings[0]]
    soonest = options[0]
    if specs[0].is_bare and len({on.month for on in soonest}) > 1:
        year, month = max(soonest).year, max(soonest).month
        with suppress(ValueError):
            options.insert(0, tuple(on.replace(year=year, month=month) for on in soonest))
    options = [*dict.fromkeys(options)]
    if len(options) > 1:
        doubt = doubt or "The nearest of these dates are far apart."
    elif not any(spec.day and spec.weekday is not None for spec in specs):
        doubt = ""
    return _Meaning(tuple(options), doubt, is_unlikely)


def _run(dates: Dates, specs: Sequence[Spec]) -> Dates:
    """Return *dates* and those of *specs*, each of them the nearest after the one before."""
    for spec in specs:
        dates += _single(spec, dates[-1] + DAY).readings[0]
    return dates


def _is_in_order(one: Spec, other: Spec) -> bool:
    return (one.month, one.day) < (other.month, other.day)


def _single(spec: Spec, today: date) -> _Meaning:
    """Return what a date, a week, a month or a length of time can mean."""
    meaning = _unshifted(spec, today)
    if not spec.shift:
        return meaning
    shifted = tuple(
        tuple(on + DAY * spec.shift for on in dates if on + DAY * spec.shift >= today)
        for dates in meaning.readings
    )
    if not all(shifted):
        raise ParleyError(f"“{spec.text}” is in the past.")
    return replace(meaning, readings=shifted)


def _unshifted(spec: Spec, today: date) -> _Meaning:
    match spec.kind:
        case "W":
            return _weekday(spec, today)
        case "R" if spec.weekday is not None:
            days = tuple(on for on in spec.days if on.weekday() == spec.weekday)
            if not days:
                raise ParleyError(f"“{spec.text}” is in the past.")
            return _Meaning((days[:1],), f"“{spec.text}” can be one day." * spec.is_listed)
        case "R" if spec.is_unsure:
            sooner = tuple(on - DAY * 7 for on in spec.days)
            return _Meaning((sooner, spec.days), f"“{spec.text}” has two meanings.")
        case "R":
            return _Meaning((spec.days,))
        case "S":
            until = (spec.days[-1] + DAY,)
            return _Meaning((spec.days, until), f"“{spec.text}” is a length of time.")
        case "M":
            return _whole_month(spec, today)
        case "I":
            return _one_day(spec, spec.days[0], today)
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
        later = nearest_date(spec.day, spec.month, 0, today) if spec.month else None
        readings = ((later,),) if later else ()
        return _Meaning(readings, f"{format_date(on)} is in the past.", is_unlikely=True)
    if on - today > _FAR:
        return _Meaning(((on,),), f"{format_date(on)} is years away.")
    if spec.is_bare and on == today:
        later = _on(spec, today + DAY)
        return _Meaning(((today,), (later,)), f"“{spec.text}” can be today.")
    meaning = _check_weekday(spec, on, today)
    if spec.is_unsure and not meaning.doubt:
        return replace(meaning, doubt=f"“{spec.text}” has more than one meaning.")
    return meaning


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
    doubt = f"{on.day} {on:%b %Y} is a {DAY_NAMES[on.weekday()]}."
    return _Meaning(kept, doubt, is_unlikely=True)


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
    is_day = [spec.kind in "DIW" or spec.weekday is not None for spec in (first, last)]
    if not all(is_day) or last.shift:
        raise not_understood(f"{first.text} to {last.text}")
    if first.month and last.month and last.year and not first.year:
        is_year_before = (first.month, first.day) > (last.month, last.day)
        first = replace(first, year=last.year - is_year_before)
    if first.year and _on(first, today) < today:
        return _rest_of(first, last, today)
    start = _single(first, today)
    ranges = [_range_from(dates[-1], join, first, last, today) for dates in start.readings]
    doubt = next(filter(None, [start.doubt, *(meaning.doubt for meaning in ranges)]), "")
    readings = [reading for meaning in ranges for reading in meaning.readings]
    is_open = not (first.days or first.year or last.year or doubt)
    soonest = _end(first, last, today - DAY, today) if is_open else None
    if soonest and today <= soonest < start.readings[0][0]:
        doubt = "Today is in such a range."
        readings.insert(0, days_between(today, soonest))
    if join == "-" and (dates := _day_and_month(first, last, today)):
        readings += dates
        doubt = doubt or f"“{first.text}-{last.text}” has more than one meaning."
    if not readings:
        raise ParleyError(f"“{first.text} to {last.text}” ends before it begins. {HINT}")
    return _Meaning(tuple(readings), doubt)


def _range_from(begin: date, join: str, first: Spec, last: Spec, today: date) -> _Meaning:
    """Return the ranges that begin on *begin*, which is a reading of *first*."""
    end = _end(first, last, begin, today)
    if end is None or end < begin:
        return _Meaning(())
    if (end - begin).days >= _MOST_DATES:
        raise ParleyError(f"A range is at most {_MOST_DATES} days long.")
    doubt = _check_weekday(last, end, today).doubt
    if last.is_unsure:
        doubt = doubt or f"“{last.text}” has more than one meaning."
    if join != "u":
        return _Meaning((days_between(begin, end),), doubt)
    doubt = doubt or f"Is {format_date(end)} the last day without a post?"
    readings = (days_between(begin, end - DAY), days_between(begin, end))
    return _Meaning(tuple(filter(None, readings)), doubt)


def _rest_of(first: Spec, last: Spec, today: date) -> _Meaning:
    """Return what is left of a range that has begun; raises `ParleyError` if nothing is."""
    begin = _on(first, today)
    end = _end(first, last, begin, today) or begin
    if end < today:
        raise ParleyError(f"{format_date(end)} is in the past.")
    return _Meaning((days_between(today, end),), f"{format_date(begin)} is in the past.")


def _day_and_month(first: Spec, last: Spec, today: date) -> list[Dates]:
    """Return the dates that two numbers can be, such as 3-5, instead of a range."""
    if not (first.is_bare and last.is_bare and (first.text + last.text).isdecimal()):
        return []
    pairs = ((first.day, last.day), (last.day, first.day))
    found = (nearest_date(day, month, 0, today) for day, month in pairs)
    return [(on,) for on in found if on]


def _end(first: Spec, last: Spec, begin: date, today: date) -> date | None:
    """Return the end of a range that begins on *begin*; None if it has none."""
    if last.kind == "W" and last.weekday is not None:
        return begin + DAY * ((last.weekday - begin.weekday()) % 7 or 7)
    if last.kind == "R":
        return next((on for on in last.days if on.weekday() == last.weekday), None)
    if last.days:
        return last.days[0]
    if last.is_bare and first.is_bare:
        return nearest_date(last.day, begin.month, begin.year, today)
    return nearest_date(last.day, last.month, last.year, begin)
