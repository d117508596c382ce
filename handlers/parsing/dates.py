"""Parse the dates that people type: `24 Dec`, `24 and 25 Dec`, `24 Dec to 2 Jan`, `next week`.

A date is the nearest one that fits and is not over. Words that fit two dates, or that contradict
themselves, raise `UnclearError` with what they can mean. docs/dates.md lists what is understood,
and the tests run its examples.

The words become a list of tokens, and each token a letter (`_Token.kind`), so that the grammar is
one regular expression over these letters: `DM` is `24 Dec`, `MD,Y` is `Dec 24, 2026`.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice, pairwise, product

from handlers.mrkdwn import plain
from handlers.parsing.readings import UnclearError, UnknownWordError
from handlers.parsing.words import DAY_NAMES, MONTH_NAMES, NUMBERS, nearest
from store.types import ParleyError

Dates = tuple[date, ...]

_DAY = timedelta(days=1)
_MOST_DATES = 366
_MOST_READINGS = 4
_MOST_CHARACTERS = 300
_FAR = timedelta(days=800)
_LONG_PAUSE = timedelta(days=183)
_COUNT = rf"(?:[1-9]\d{{0,2}}|an?|{'|'.join(NUMBERS)})"
_LENGTH = re.compile(rf"\b({_COUNT})\s+(day|week|month)s?\b", re.IGNORECASE)
_NEXT_POSTS = re.compile(
    rf"(?:the\s+)?next(?:\s+(?P<count>{_COUNT}))?(?:\s+(?:ones?|posts?))?", re.IGNORECASE
)
_POSSESSIVE = re.compile(r"['’]s\b|\bposts?\b", re.IGNORECASE)  # today's post
_UNTIL = re.compile(r"(until|till?|to|through|thru)\s+", re.IGNORECASE)
_TOKEN = re.compile(
    rf"""
    (?P<iso>\d{{4}}(?P<by>[-/.])\d{{1,2}}(?P=by)\d{{1,2}}(?!\d)|\d{{8}}(?!\d))
    |(?P<time>(?:at\s+)?(?:\d{{1,2}}:\d\d(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?|\d{{1,2}}\s*[ap]\.?m\b\.?
        |\d{{1,2}}h(?:\d\d)?\b)|at\s+\d{{1,2}}\b|\b(?:noon|midday|midnight|tonight|utc|gmt
        |(?:this\s+)?(?:morning|afternoon|evening))\b)
    |(?P<numeric>\d{{1,2}}(?P<between>[-/.])\d{{1,2}}(?P=between)(?:\d{{4}}|\d\d)(?!\d)
        |\d{{1,2}}/\d{{1,2}}(?![\d/])|\d{{1,2}}\.\d{{1,2}}\.?(?!\d))
    |(?P<later>(?:the\s+)?day\s+after\s+tomorrow\b|in\s+{_LENGTH.pattern}(?:\s+time)?
        |{_LENGTH.pattern}\s+from\s+(?:now|today)\b)
    |(?P<span>(?:for\s+)?(?:the\s+)?(?:next\s+)?{_LENGTH.pattern})
    |(?P<weekof>\bweek\s+(?:of|from|starting|beginning|commencing)\b)
    |(?P<week>\b(?:this|next)\s+week(?:end)?\b)
    |(?P<year>\d{{4}})(?!\d)
    |(?P<day>\d{{1,2}}(?!\d))(?:(?:st|nd|rd|th)\b|\.(?!\.))?
    |(?P<dash>-+|[–—]|\.\.+|…)
    |(?P<separator>[,;&+])
    |(?P<word>[^\W\d_]+)\.?
    |(?P<space>[\s.()]+)
    |(?P<other>\S+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = (
    dict.fromkeys(("on", "the", "of", "in"), "")
    | dict.fromkeys(("to", "through", "thru"), "t")
    | dict.fromkeys(("until", "till", "til"), "u")
    | {"and": ",", "from": "f", "between": "b", "next": "n", "this": "h", "coming": "c"}
    | {"today": "I", "tomorrow": "I", "yesterday": "I"}
)
_SPEC = re.compile(
    r"(?P<before>W,?)?(?P<core>D-?M[-,]?Y|D-?M|M-?D,?Y|M-?D|I|N|D,Y|D)(?P<after>W(?![-,]?[DMIN]))?"
    r"|(?P<which>[nhc]*)W(?:(?P<listed>,?)R)?|RW|R|S|M,?Y|M"
)
_HINT = "Try 24 Dec, 24 Dec to 2 Jan, or friday."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    """A letter: D(ay), M(onth), Y(ear), W(eekday), I (a date), N (such as 24/12), R (a week),
    S(pan), T(ime), k (week of), n(ext), t(h)is, c(oming), f(rom), b(etween), t(o),
    u(ntil), "-" and ","."""
    text: str
    value: int = 0
    readings: tuple[Dates, ...] = ()
    """What I, N, R and S stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spec:
    """One date as it was typed; 0 for a day, month or year that was not typed."""

    text: str
    kind: str
    """The kind of its main token: D, I, M, N, R, S or W."""
    day: int = 0
    month: int = 0
    year: int = 0
    weekday: int | None = None
    which: str = ""
    """`n`, `h` or `c` for next, this and coming, before a weekday."""
    order: str = ""
    """`DM` or `MD`: how day and month were typed."""
    is_listed: bool = False
    """Whether a comma stood between weekday and date, so that they may be two dates."""
    given: tuple[Dates, ...] = ()
    """What a spec of the kinds I, N, R and S stands for."""

    @property
    def is_bare(self) -> bool:
        return self.kind == "D" and not self.month


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The readings of a part of what was typed; *doubt* says why it has to be asked back."""

    readings: tuple[Dates, ...]
    doubt: str = ""


def parse_date(words: str, *, today: date) -> date:
    """Parse one date that is not before *today*.

    Raises `UnclearError[Dates]`, or `ParleyError` if the words are not understood.
    """
    if _is_span(words):
        return _later(today, words)
    dates = parse_dates(words, today=today)
    if not dates:
        raise _not_understood(words)
    if len(dates) > 1:
        first = format_date(dates[0])
        raise UnclearError(f"I need one date. Do you mean {first}?", [(dates[0],)])
    return dates[0]


def parse_number(words: str) -> int:
    """Parse the number of posts in `next`, `next 3` or `the next two posts`; 0 for other words."""
    match = _NEXT_POSTS.fullmatch(words.strip())
    if match is None:
        return 0
    return _count(match["count"] or "one")


def is_until(words: str) -> bool:
    """Return whether *words* say when a pause ends, and do not only name days."""
    return bool(_UNTIL.match(words)) or _is_span(words)


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
        until += _DAY
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
    text = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", words)).strip()
    if len(text) > _MOST_CHARACTERS:
        raise ParleyError("That is too long. Name fewer dates, or a range: 24 Dec to 2 Jan.")
    if not text:
        return []
    try:
        meaning = _meaning([*_tokens(text, today)], today)
    except UnknownWordError as error:
        meaning = _corrected(text, error, today)
    except OverflowError:  # past the year 9999
        raise _not_understood(words) from None
    readings = [*dict.fromkeys(tuple(dict.fromkeys(one)) for one in meaning.readings)]
    if len(readings) == 1 and not meaning.doubt:
        return [*readings[0]]
    readings = readings[:_MOST_READINGS]
    choice = " or ".join(map(format_dates, readings))
    end = f"Do you mean {choice}?" if readings else _HINT
    raise UnclearError(f"{meaning.doubt} {end}", readings)


def _corrected(text: str, error: UnknownWordError, today: date) -> _Meaning:
    """Return what *text* means if its unknown word is a misspelt month, weekday or the like."""
    guess = nearest(error.word, [*MONTH_NAMES, *DAY_NAMES, "today", "tomorrow"])
    if guess is None:
        raise error
    try:
        readings = _meaning([*_tokens(text.replace(error.word, guess, 1), today)], today).readings
    except ParleyError:
        raise error from None
    return _Meaning(readings, str(error).removesuffix(_HINT).strip())


def format_date(on: date) -> str:
    """Return a date with its weekday: `Thu 24 Dec 2026`."""
    return f"{on:%a} {on.day} {on:%b %Y}"


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
        if runs and on - runs[-1][-1] == _DAY:
            runs[-1].append(on)
        else:
            runs.append([on])
    return runs


# --- from words to tokens ----------------------------------------------------------------------


_PLAIN = {"dash": "-", "separator": ",", "time": "T", "weekof": "k"}
"""The kinds of tokens that hold nothing but their text, by the name of their group."""


def _tokens(text: str, today: date) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            yield from _word(match["word"], today)
        elif match.lastgroup != "space":
            yield _token(match, today)


def _token(match: re.Match[str], today: date) -> _Token:
    kind, typed = str(match.lastgroup), match[0].strip()
    match kind:
        case "iso" | "numeric":
            return _written(kind, typed, today)
        case "later":
            return _Token(kind="I", text=typed, readings=((_later(today, typed),),))
        case "span":
            last = _later(today, typed) - _DAY
            return _Token(kind="S", text=typed, readings=(_days(today, last),))
        case "week":
            return _Token(kind="R", text=typed, readings=_weeks(typed, today))
        case "year":
            return _Token(kind="Y", text=typed, value=int(match["year"]))
        case "day" if 1 <= int(match["day"]) <= 31:
            return _Token(kind="D", text=typed, value=int(match["day"]))
        case _ if kind in _PLAIN:
            return _Token(kind=_PLAIN[kind], text=typed)
        case _:
            raise _not_understood(typed)


def _word(typed: str, today: date) -> Iterator[_Token]:
    word = typed.lower()
    if kind := _WORDS.get(word):
        on = today + _DAY * ((word == "tomorrow") - (word == "yesterday"))
        yield _Token(kind=kind, text=typed, readings=((on,),))
    elif (weekday := _number(word, DAY_NAMES, {"weds": 2})) is not None:
        yield _Token(kind="W", text=typed, value=weekday)
    elif (month := _number(word, MONTH_NAMES, {"sept": 8})) is not None:
        yield _Token(kind="M", text=typed, value=month + 1)
    elif word in ("every", "each", *(f"{name.lower()}s" for name in DAY_NAMES)):
        raise ParleyError("I can skip single dates. For other weekdays, use `/digest on` again.")
    elif kind is None:
        raise UnknownWordError(typed, str(_not_understood(typed)))


def _number(word: str, names: Sequence[str], others: dict[str, int]) -> int | None:
    """Return the index of the name that *word* is, or begins with at least three letters."""
    if word in others:
        return others[word]
    starts = [place for place, name in enumerate(names) if name.lower().startswith(word)]
    return starts[0] if len(word) >= 3 and starts else None


def _is_span(words: str) -> bool:
    match = _TOKEN.fullmatch(words.strip())
    return match is not None and match["span"] is not None


def _later(today: date, typed: str) -> date:
    """Return the date that a length of time such as `in 3 weeks` leads to."""
    length = _LENGTH.search(typed)
    if length is None:
        return today + _DAY * 2  # the day after tomorrow
    count, unit = _count(length[1]), length[2].lower()
    if unit != "month":
        return today + _DAY * count * (7 if unit == "week" else 1)
    year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
    return date(year, month + 1, min(today.day, _days_in(year, month + 1)))


def _count(word: str) -> int:
    word = word.lower()
    return NUMBERS.index(word) + 1 if word in NUMBERS else int(word) if word.isdecimal() else 1


def _weeks(typed: str, today: date) -> tuple[Dates, ...]:
    """Return what is left of this week or weekend, or the days of the next one."""
    typed = " ".join(typed.lower().split())
    days = range(5 if typed.endswith("end") else 0, 7)
    monday = today - _DAY * today.weekday()
    weeks = [monday + _DAY * 7] if typed.startswith("next") else [monday]
    if typed == "next weekend" and today.weekday() < 5:
        weeks = [monday, monday + _DAY * 7]
    return tuple(
        tuple(on for day in days if (on := first + _DAY * day) >= today) for first in weeks
    )


def _written(kind: str, typed: str, today: date) -> _Token:
    """Read a date of digits in each order that fits; offer the future ones if there are any."""
    numbers = [*map(int, re.findall(r"\d+", typed))]
    if kind == "iso":
        if len(numbers) == 1:
            numbers = [numbers[0] // 10000, numbers[0] // 100 % 100, numbers[0] % 100]
        orders = [numbers]
    elif len(numbers) == 2:
        first, second = numbers
        orders = [[0, second, first], [0, first, second]]
    else:
        first, second, year = numbers
        orders = [[year, second, first], [year, first, second]]
        if year < 100:
            orders = [[2000 + year, *order[1:]] for order in orders]
            orders.append([2000 + first, second, year])
    found = [on for year, month, day in orders if (on := _nearest(day, month, year, today))]
    readings = dict.fromkeys([on for on in found if on >= today] or found)
    if not readings:
        raise _not_understood(typed)
    # 9.30 is a time, and 24.12. is none.
    is_time = re.fullmatch(r"([01]?\d|2[0-3])\.\d\d", typed) is not None
    return _Token(
        kind="N" if len(set(found)) > 1 or is_time else "I",
        text=typed,
        readings=tuple((on,) for on in readings),
    )


# --- from tokens to what was typed -------------------------------------------------------------


def _elements(tokens: Sequence[_Token]) -> Iterator[tuple[str, tuple[_Spec, ...]]]:
    """Yield each date as ("", (date,)), and each range as (how it was joined, (first, last))."""
    kinds = "".join(token.kind for token in tokens)
    place = 0
    while place < len(kinds):
        if kinds[place] == "u":
            raise ParleyError("To stop the posts until a date, use `/digest pause until 2 Jan`.")
        opening = kinds[place] if kinds[place] in "fbk" else ""
        first, place = _spec(tokens, kinds, place + len(opening))
        join = kinds[place : place + 1]
        if opening != "k" and (join in ("-", "t", "u") or (join == "," and opening == "b")):
            last, place = _spec(tokens, kinds, place + 1)
            yield join, (first, last)
        elif opening in ("f", "b"):
            raise ParleyError("I need the last date too, as in 24 Dec to 2 Jan.")
        else:
            yield opening, (first,)
        rest = kinds[place:]
        place += len(rest) - len(rest.lstrip(","))
        if rest and not rest.startswith(","):
            raise _not_understood(tokens[place].text)


def _spec(tokens: Sequence[_Token], kinds: str, place: int) -> tuple[_Spec, int]:
    match = _SPEC.match(kinds, place)
    if match is None:
        raise _not_understood(tokens[min(place, len(tokens) - 1)].text)
    typed = tokens[place : match.end()]
    values = {token.kind: token.value for token in typed}
    spec = _Spec(
        text=plain(" ".join(token.text for token in typed).replace(" ,", ","), 60),
        kind=next(kind for kind in "DINRSWM" if kind in values),
        day=values.get("D", 0),
        month=values.get("M", 0),
        year=values.get("Y", 0),
        weekday=values.get("W"),
        which=(match["which"] or "")[-1:],
        order=re.sub("[^DM]", "", match[0]),
        is_listed="," in (match["before"] or match["listed"] or ""),
        given=next((token.readings for token in typed if token.kind in "INRS"), ()),
    )
    return spec, match.end()


# --- from what was typed to dates --------------------------------------------------------------


def _meaning(tokens: Sequence[_Token], today: date) -> _Meaning:
    if times := [token.text for token in tokens if token.kind == "T"]:
        rest = [token for token in tokens if token.kind != "T"]
        doubt = f"A post is named by its date, without a time such as “{plain(times[0], 30)}”."
        return _Meaning(_meaning(rest, today).readings if rest else (), doubt)
    elements = [*_elements(tokens)]
    specs = _with_months([spec for _, parts in elements for spec in parts])
    if all(len(parts) == 1 for _, parts in elements):
        _require_years(specs, today)
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


def _with_months(specs: list[_Spec]) -> list[_Spec]:
    """Fill in the month of days beside it: `24 and 25 Dec`, `Dec 24, 25 and 26, 2026`."""
    specs = _with_months_before(_with_months_after(specs))
    has_months = any(spec.month for spec in specs)
    for spec in specs:
        if spec.is_bare and (spec.year or has_months):
            raise _say(spec, "month")
    return specs


def _with_months_after(specs: list[_Spec]) -> list[_Spec]:
    """Fill in the month that stands after a day: `24 and 25 Dec`."""
    for place in reversed(range(len(specs) - 1)):
        spec, after = specs[place], specs[place + 1]
        if spec.is_bare and after.order == "DM":
            is_after_month = place and specs[place - 1].order == "MD"
            if is_after_month or spec.day >= after.day:
                raise _say(spec, "month")
            specs[place] = replace(spec, month=after.month, year=after.year, order="DM")
    return specs


def _with_months_before(specs: list[_Spec]) -> list[_Spec]:
    """Fill in the month that stands before a day: `Dec 24, 25 and 26, 2026`."""
    for place in range(1, len(specs)):
        spec, before = specs[place], specs[place - 1]
        if spec.day and spec.is_bare and before.day and before.month:
            if spec.day <= before.day:
                raise _say(spec, "month")
            year = spec.year or before.year
            specs[place] = replace(spec, month=before.month, year=year, order=before.order)
            for earlier in range(place):
                if specs[earlier].month == before.month and not specs[earlier].year:
                    specs[earlier] = replace(specs[earlier], year=year)
    return specs


def _require_years(specs: Sequence[_Spec], today: date) -> None:
    """Raise if a date without a year is beside one with a year, and could be meant of that year."""
    for place, spec in enumerate(specs):
        if not (spec.day and spec.month) or spec.year:
            continue
        soonest = _nearest(spec.day, spec.month, 0, today)
        for other_place, other in enumerate(specs):
            if not (other.day and other.month and other.year) or soonest is None:
                continue
            stated = _nearest(other.day, other.month, other.year, today)
            same_year = _nearest(spec.day, spec.month, other.year, today)
            if stated is None or same_year in (soonest, None):
                continue
            if soonest < stated if other_place < place else same_year <= stated:
                raise _say(spec, "year")


def _single(spec: _Spec, today: date) -> _Meaning:
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
            return _Meaning((days, (days[-1] + _DAY,)), f"“{spec.text}” is a length of time.")
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


def _whole_month(spec: _Spec, today: date) -> _Meaning:
    first = _on(replace(spec, day=1), today.replace(day=1))
    last = first.replace(day=_days_in(first.year, first.month))
    if last < today:
        raise ParleyError(f"{spec.text} is in the past.")
    return _Meaning((_days(max(first, today), last),), f"“{spec.text}” is a whole month.")


def _one_day(spec: _Spec, on: date, today: date) -> _Meaning:
    if on < today:
        raise ParleyError(f"{format_date(on)} is in the past.")
    if on - today > _FAR:
        return _Meaning(((on,),), f"{format_date(on)} is years away.")
    if spec.is_bare and on == today:
        later = _on(spec, today + _DAY)
        return _Meaning(((today,), (later,)), f"“{spec.text}” can be today.")
    return _check_weekday(spec, on, today)


def _on(spec: _Spec, floor: date) -> date:
    on = _nearest(spec.day, spec.month, spec.year, floor)
    if on is None:
        raise ParleyError(f"There is no {spec.text}.")
    return on


def _weekday(spec: _Spec, today: date) -> _Meaning:
    this_week = today + _DAY * ((spec.weekday or 0) - today.weekday())
    next_week = this_week + _DAY * 7
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


def _check_weekday(spec: _Spec, on: date, today: date) -> _Meaning:
    if spec.weekday is None or on.weekday() == spec.weekday:
        return _Meaning(((on,),))
    near = today + _DAY * ((spec.weekday - today.weekday()) % 7 or 7)
    if not spec.is_listed:
        ahead = (spec.weekday - on.weekday() + 3) % 7 - 3
        near = on + _DAY * ahead
        if spec.is_bare:
            months = (_on(spec, on + _DAY * 28 * count) for count in range(1, 60))
            near = next((later for later in months if later.weekday() == spec.weekday), near)
    readings = [(on,), (near, on)] if spec.is_listed else [(on,), (near,)]
    kept = tuple(reading for reading in readings if min(reading) >= today)
    return _Meaning(kept, f"{on.day} {on:%b %Y} is a {DAY_NAMES[on.weekday()]}.")


def _week_of(spec: _Spec, today: date) -> _Meaning:
    inside = _single(spec, today)
    doubt, weeks = inside.doubt, []
    for on, *_ in inside.readings:
        starts = [on - _DAY * on.weekday()]
        if on.weekday() == 6:
            # A week begins on Monday in most countries, and on Sunday in some.
            starts.append(on)
            doubt = doubt or f"{format_date(on)} ends one week and begins another."
        weeks += [tuple(start + _DAY * day for day in range(7)) for start in starts]
    return _Meaning(tuple(tuple(on for on in week if on >= today) for week in weeks), doubt)


def _range(join: str, first: _Spec, last: _Spec, today: date) -> _Meaning:
    if not {first.kind, last.kind} <= set("DINW"):
        raise _not_understood(f"{first.text} to {last.text}")
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
        raise ParleyError(f"“{first.text} to {last.text}” ends before it begins. {_HINT}")
    return _Meaning(tuple(readings), doubt)


def _range_from(begin: date, join: str, first: _Spec, last: _Spec, today: date) -> _Meaning:
    """Return the ranges that begin on *begin*, which is a reading of *first*."""
    ends = [end for end in _ends(first, last, begin, today) if end >= begin]
    if not ends:
        return _Meaning(())
    if (ends[-1] - begin).days >= _MOST_DATES:
        raise ParleyError(f"A range is at most {_MOST_DATES} days long.")
    doubt = f"“{last.text}” has more than one meaning." if len(ends) > 1 else ""
    doubt = doubt or _check_weekday(last, ends[0], today).doubt
    readings = [_days(begin, end) for end in ends]
    if join == "u":
        doubt = doubt or f"Is {format_date(ends[0])} the last day without a post?"
        readings.insert(0, _days(begin, ends[0] - _DAY))
    is_open = not (first.given or first.year or last.year or doubt)
    soonest = _ends(first, last, today - _DAY, today) if is_open else []
    if soonest and today <= soonest[0] < begin:
        doubt = "Today is in such a range."
        readings.insert(0, _days(today, soonest[0]))
    return _Meaning(tuple(filter(None, readings)), doubt)


def _rest_of(first: _Spec, last: _Spec, today: date) -> _Meaning:
    """Return what is left of a range that has begun; raises `ParleyError` if nothing is."""
    begin = _on(first, today)
    end = next(iter(_ends(first, last, begin, today)), begin)
    if end < today:
        raise ParleyError(f"{format_date(end)} is in the past.")
    return _Meaning((_days(today, end),), f"{format_date(begin)} is in the past.")


def _day_and_month(first: _Spec, last: _Spec, today: date) -> list[Dates]:
    """Return the dates that two numbers can be, such as 3-5, instead of a range."""
    if not (first.is_bare and last.is_bare):
        return []
    pairs = ((first.day, last.day), (last.day, first.day))
    found = (_nearest(day, month, 0, today) for day, month in pairs)
    return [(on,) for on in found if on]


def _ends(first: _Spec, last: _Spec, begin: date, today: date) -> Sequence[date]:
    """Return the ends of a range that begins on *begin*: several for 3/4, none if it has none."""
    if last.kind == "W" and last.weekday is not None:
        return [begin + _DAY * ((last.weekday - begin.weekday()) % 7 or 7)]
    if last.given:
        return [on for (on,) in last.given]
    if last.is_bare and first.is_bare:
        end = _nearest(last.day, begin.month, begin.year, today)
    else:
        end = _nearest(last.day, last.month, last.year, begin)
    return [end] if end else []


def _days(first: date, last: date) -> Dates:
    return tuple(first + _DAY * day for day in range((last - first).days + 1))


def _days_in(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def _nearest(day: int, month: int, year: int, floor: date) -> date | None:
    """Return the first date from *floor* on that fits, or the date of a given year; else None.

    29 February is at most eight years ahead.
    """
    months = range(floor.year * 12 + floor.month - 1, (floor.year + 9) * 12)
    if year:
        months = range(year * 12, year * 12 + 12)
    for number in months:
        if month in (0, number % 12 + 1):
            with suppress(ValueError):
                on = date(number // 12, number % 12 + 1, day)
                if year or on >= floor:
                    return on
    return None


def _say(spec: _Spec, what: str) -> ParleyError:
    return ParleyError(
        f"I'm not sure which {what} you mean by “{spec.text}”: say it with each date."
    )


def _not_understood(words: str) -> ParleyError:
    return ParleyError(f"I do not understand “{plain(words.strip(), 60)}” as a date. {_HINT}")
