"""Split words about dates into tokens, each of which has a letter for its kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from handlers.mrkdwn import plain
from handlers.parsing.calendar_dates import DAY, Dates, days_between, days_in_month, nearest_date
from handlers.parsing.readings import UnknownWordError
from handlers.parsing.words import DAY_NAMES, DAY_PLURALS, MONTH_NAMES, NUMBERS, place_of_name
from store.types import ParleyError

HINT = "Try 24 Dec, 24 Dec to 2 Jan, or friday."
COUNT = rf"(?:[1-9]\d{{0,2}}|an?|{'|'.join(NUMBERS)})"
LENGTH = re.compile(rf"\b({COUNT})\s+(day|week|month)s?\b", re.IGNORECASE)
_TOKEN = re.compile(
    rf"""
    (?P<iso>\d{{4}}(?P<by>[-/.])\d{{1,2}}(?P=by)\d{{1,2}}(?!\d)|\d{{8}}(?!\d))
    |(?P<time>(?:at\s+)?(?:\d{{1,2}}:\d\d(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?|\d{{1,2}}\s*[ap]\.?m\b\.?
        |\d{{1,2}}h(?:\d\d)?\b)|at\s+\d{{1,2}}\b|\b(?:noon|midday|midnight|tonight|utc|gmt
        |(?:this\s+)?(?:morning|afternoon|evening))\b)
    |(?P<numeric>\d{{1,2}}(?P<between>[-/.])\d{{1,2}}(?P=between)(?:\d{{4}}|\d\d)(?!\d)
        |\d{{1,2}}-(?P<month>[a-z]{{3,9}})-\d\d(?!\d)|\d{{1,2}}/\d{{1,2}}(?![\d/])|\d{{1,2}}\.\d{{1,2}}\.?(?!\d))
    |(?P<later>(?:the\s+)?day\s+after\s+tomorrow\b|in\s+{LENGTH.pattern}(?:\s+time)?
        |{LENGTH.pattern}\s+from\s+(?:now|today)\b)
    |(?P<span>(?:for\s+)?(?:the\s+)?(?:next\s+)?{LENGTH.pattern})
    |(?P<weekof>\bweek\s+(?:of|from(?!\s+(?:now|today|tomorrow|\w+day)\b)|starting|beginning|commencing)\b)
    |(?P<week>\b(?:this|next)\s+week(?:end)?\b)
    |(?P<year>\d{{4}})(?!\d)
    |(?P<day>\d{{1,2}}(?!\d))(?:(?:st|nd|rd|th)\b|\.(?!\.))?
    |(?P<dash>-+|\.\.+)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word, number or sign of a text about dates."""

    kind: str
    """A letter: D(ay), M(onth), Y(ear), W(eekday), I (a date), N (such as 24/12), R (a week),
    S(pan), T(ime), k (week of), n(ext), t(h)is, c(oming), f(rom), b(etween), t(o),
    u(ntil), "-" and ","."""
    text: str
    value: int = 0
    readings: tuple[Dates, ...] = ()
    """What I, N, R and S stand for."""


_PLAIN = {"dash": "-", "separator": ",", "time": "T", "weekof": "k"}
"""The kinds of tokens that hold nothing but their text, by the name of their group."""


def tokenize(text: str, today: date) -> Iterator[Token]:
    """Yield the tokens of *text*.

    Raises `UnknownWordError`, or `ParleyError` for other text that is not about a date.
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            yield from _word(match["word"], today)
        elif match.lastgroup != "space":
            yield _token(match, today)


def _token(match: re.Match[str], today: date) -> Token:
    kind, typed = str(match.lastgroup), match[0].strip()
    match kind:
        case "numeric" if match["month"]:
            return _short_year(typed, today)
        case "iso" | "numeric":
            return _written(kind, typed, today)
        case "later":
            return Token(kind="I", text=typed, readings=((date_after(today, typed),),))
        case "span":
            last = date_after(today, typed) - DAY
            return Token(kind="S", text=typed, readings=(days_between(today, last),))
        case "week":
            return Token(kind="R", text=typed, readings=_weeks(typed, today))
        case "year":
            return Token(kind="Y", text=typed, value=int(match["year"]))
        case "day" if 1 <= int(match["day"]) <= 31:
            return Token(kind="D", text=typed, value=int(match["day"]))
        case _ if kind in _PLAIN:
            return Token(kind=_PLAIN[kind], text=typed)
        case _:
            raise not_understood(typed)


def _word(typed: str, today: date) -> Iterator[Token]:
    word = typed.lower()
    if kind := _WORDS.get(word):
        on = today + DAY * ((word == "tomorrow") - (word == "yesterday"))
        yield Token(kind=kind, text=typed, readings=((on,),))
    elif (weekday := place_of_name(word, DAY_NAMES, min_letters=3)) is not None:
        yield Token(kind="W", text=typed, value=weekday)
    elif (month := place_of_name(word, MONTH_NAMES, min_letters=3)) is not None:
        yield Token(kind="M", text=typed, value=month + 1)
    elif word in ("every", "each", *map(str.lower, DAY_PLURALS)):
        raise ParleyError("I can skip single dates. For other weekdays, use `/digest on` again.")
    elif kind is None:
        raise UnknownWordError(typed, str(not_understood(typed)))


def is_span(words: str) -> bool:
    """Return whether *words* are a length of time and nothing else, such as "for two weeks"."""
    match = _TOKEN.fullmatch(words.strip())
    return match is not None and match["span"] is not None


def date_after(today: date, typed: str) -> date:
    """Return the date that a length of time such as `in 3 weeks` leads to."""
    length = LENGTH.search(typed)
    if length is None:
        return today + DAY * 2  # the day after tomorrow
    count, unit = number_of(length[1]), length[2].lower()
    if unit != "month":
        return today + DAY * count * (7 if unit == "week" else 1)
    year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
    return date(year, month + 1, min(today.day, days_in_month(year, month + 1)))


def number_of(word: str) -> int:
    """Return the number that `COUNT` matched; 1 for "a" and "an"."""
    word = word.lower()
    return NUMBERS.index(word) + 1 if word in NUMBERS else int(word) if word.isdecimal() else 1


def _weeks(typed: str, today: date) -> tuple[Dates, ...]:
    """Return what is left of this week or weekend, or the days of the next one."""
    typed = " ".join(typed.lower().split())
    days = range(5 if typed.endswith("end") else 0, 7)
    monday = today - DAY * today.weekday()
    weeks = [monday + DAY * 7] if typed.startswith("next") else [monday]
    if typed == "next weekend" and today.weekday() < 5:
        weeks = [monday, monday + DAY * 7]
    return tuple(tuple(on for day in days if (on := first + DAY * day) >= today) for first in weeks)


def _written(kind: str, typed: str, today: date) -> Token:
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
    found = [on for year, month, day in orders if (on := nearest_date(day, month, year, today))]
    readings = dict.fromkeys([on for on in found if on >= today] or found)
    if not readings:
        raise not_understood(typed)
    # 9.30 may be a time; 24.12. cannot be one.
    is_time = re.fullmatch(r"([01]?\d|2[0-3])\.\d\d", typed) is not None
    return Token(
        kind="N" if len(set(found)) > 1 or is_time else "I",
        text=typed,
        readings=tuple((on,) for on in readings),
    )


def _short_year(typed: str, today: date) -> Token:
    """Read `24-Dec-26` as a date to ask back, because it can be the 24th to 26th too."""
    day, name, year = typed.split("-")
    month = place_of_name(name.lower(), MONTH_NAMES, min_letters=3)
    if month is None:
        raise UnknownWordError(name, str(not_understood(name)))
    on = nearest_date(int(day), month + 1, 2000 + int(year), today)
    if on is None:
        raise not_understood(typed)
    return Token(kind="I" if on < today else "N", text=typed, readings=((on,),))


def not_understood(words: str) -> ParleyError:
    """Return the error for words that name no date."""
    return ParleyError(f"I do not understand “{plain(words.strip(), 60)}” as a date. {HINT}")
