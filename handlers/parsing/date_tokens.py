"""Split words about dates into tokens, each of which has a letter for its kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.calendar_dates import DAY, Dates, days_between, days_in_month, nearest_date
from handlers.parsing.readings import UnknownWordError
from handlers.parsing.words import DAY_NAMES, DAY_PLURALS, MONTH_NAMES, NUMBERS, place_of_name
from store.types import ParleyError

HINT = "Try 24 Dec, 24 Dec to 2 Jan, or friday."
COUNT = rf"(?:[1-9]\d{{0,2}}|an?|{'|'.join(NUMBERS)})"
LENGTH = re.compile(rf"\b({COUNT})(?:\s+|(?<=\d))(day|week|fortnight|month|d|w)s?\b", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "f": 14}
"""The days of a length of time, by the first letter of its unit."""
_MONTHS = "|".join(name[:3] for name in MONTH_NAMES)
_DAYS_SHORT = "|".join(name[:3] for name in DAY_NAMES)
_NTH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_NTH["last"] = 5
_TOKEN = re.compile(
    rf"""
    (?P<iso>\d{{4}}(?P<by>[-/.])\d{{1,2}}(?P=by)\d{{1,2}}(?!\d)|\d{{8}}(?!\d))
    |(?P<time>(?:at\s+)?(?:\d{{1,2}}:\d\d(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?|\d{{1,2}}\s*[ap]\.?m\b\.?
        |\d{{1,2}}h(?:\d\d)?\b)|at\s+\d{{1,2}}\b|\b(?:noon|midday|midnight|tonight|utc|gmt
        |(?:this\s+)?(?:morning|afternoon|evening))\b)
    |(?P<numeric>\d{{1,2}}(?P<between>[-/.])\d{{1,2}}(?P=between)'?(?:\d{{4}}|\d\d)(?!\d)
        |\d{{1,2}}/\d{{1,2}}(?![\d/])|\d{{1,2}}\.\d{{1,2}}\.?(?!\d)|\d{{1,2}}\.\s\d{{1,2}}\.(?=\s?\d{{4}}))
    |(?P<dashed>\d{{1,2}}-[a-z]{{3,9}}-\d\d(?!\d|st|nd|rd|th|[\s.-]*(?:{_MONTHS})))
    |(?P<feast>\b(?:(?:christmas|x-?mas)(?:\s+(?:eve|day))?|new\s+years?(?:\s+(?:eve|day))?|nye
        |boxing\s+day)\b)
    |(?P<nth>\b(?:{"|".join(_NTH)})\s+(?:{_DAYS_SHORT})[a-z]*\s+(?:of|in)\s+(?:{_MONTHS})[a-z]*)
    |(?P<later>in\s+{LENGTH.pattern}(?:\s+time)?|{LENGTH.pattern}\s+from\s+(?:now|today)\b)
    |(?P<shift>(?:{LENGTH.pattern}\s+(?:from|after|before)|\bday\s+(?:after|before))\b)
    |(?P<span>(?:for\s+)?(?:the\s+)?(?:next\s+)?{LENGTH.pattern})
    |(?P<weekof>\bweek\s+(?:of|from(?!\s+(?:now|today|tomorrow|\w+day)\b)|starting|beginning|commencing)\b)
    |(?P<period>\b(?:(?:(?:the|this|next|all|whole|entire)\s+)*week-?\s?end
        |(?:this|next|all|whole|entire|rest|end)\s+(?:(?:of|the|this|next)\s+)*(?:week|month|year)
        |(?:week|month|year)(?=\s+after\s+next))\b
        (?!\s+(?:of|from|starting|beginning|commencing)\b)(?:\s+after\s+next\b)?)
    |(?P<year>\d{{4}}|'\d\d)(?!\d)
    |(?P<day>\d{{1,2}}(?!\d))(?:\s?(?:st|nd|rd|th)\b|\.(?!\.))?
    |(?P<dash>-+|\.\.+)
    |(?P<separator>[,;&+/])
    |(?P<word>[^\W\d_]+)\.?
    |(?P<space>[\s.()]+)
    |(?P<other>\S+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = (
    dict.fromkeys(("on", "the", "of", "in", "for", "all", "whole", "entire"), "")
    | dict.fromkeys(("just", "only", "both", "also"), "")
    | dict.fromkeys(("to", "through", "thru"), "t")
    | dict.fromkeys(("until", "till", "til"), "u")
    | dict.fromkeys(("and", "or", "plus"), ",")
    | {
        "from": "f",
        "between": "b",
        "next": "n",
        "this": "h",
        "following": "n",
        "coming": "c",
        "upcoming": "c",
    }
)
_NEAR = {"today": 0, "tomorrow": 1, "yesterday": -1}
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "DMY", "MDY", "YMD"
NO_DATES = "D,D"
"""How to read digits: as a date in one of three orders, or 24/25 as two days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word, number or sign of a text about dates."""

    kind: str
    """A letter: D(ay), M(onth), Y(ear), W(eekday), I (a date), R (a week or another period),
    S(pan), T(ime), k (week of), n(ext), t(h)is, c(oming), f(rom), b(etween), t(o),
    u(ntil), a (days after or before), "-" and ","."""
    text: str
    value: int = 0
    days: Dates = ()
    """What I, R and S stand for."""
    is_unsure: bool = False
    """Whether the date has to be asked back."""


_PLAIN = {"dash": "-", "separator": ",", "time": "T", "weekof": "k"}
"""The kinds of tokens that hold nothing but their text, by the name of their group."""


def has_orders(text: str) -> bool:
    """Return whether *text* has dates of digits, which people write in several orders."""
    return any(match.lastgroup == "numeric" for match in _TOKEN.finditer(text))


def tokenize(text: str, today: date, order: str) -> Iterator[Token]:
    """Yield the tokens of *text*; *order* says how to read dates of digits.

    Raises `UnknownWordError`, or `ParleyError` for other text that is not about a date.
    """
    for match in _TOKEN.finditer(text):
        kind, typed = str(match.lastgroup), match[0].strip()
        match kind:
            case "word":
                yield from _word(match["word"], today)
            case "iso" | "numeric" | "dashed":
                yield from _written(typed, YEAR_FIRST if kind == "iso" else order)
            case "feast":
                yield from _feast(typed.lower())
            case "space":
                pass
            case _:
                yield _token(kind, typed, match, today)


def _token(kind: str, typed: str, match: re.Match[str], today: date) -> Token:
    match kind:
        case "nth":
            return Token(kind="I", text=typed, days=(_nth_weekday(typed.lower().split(), today),))
        case "later":
            return Token(kind="I", text=typed, days=(date_after(today, typed),))
        case "span":
            last = date_after(today, typed) - DAY
            return Token(kind="S", text=typed, days=days_between(today, last))
        case "shift" if "month" not in typed.lower():
            length = LENGTH.search(typed)
            days = number_of(length[1]) * _DAYS[length[2][0].lower()] if length else 1
            return Token(kind="a", text=typed, value=-days if "before" in typed.lower() else days)
        case "period":
            return _period(typed, today)
        case "year":
            year = int(typed.removeprefix("'"))
            return Token(kind="Y", text=typed, value=year + 2000 * (year < 100))
        case "day" if 1 <= int(match["day"]) <= 31:
            return Token(kind="D", text=typed, value=int(match["day"]))
        case _ if kind in _PLAIN:
            return Token(kind=_PLAIN[kind], text=typed)
        case _:
            raise not_understood(typed)


def _word(typed: str, today: date) -> Iterator[Token]:
    word = typed.lower()
    if kind := _WORDS.get(word):
        yield Token(kind=kind, text=typed)
    elif (near := place_of_name(word, [*_NEAR], min_letters=3)) is not None:
        yield Token(kind="I", text=typed, days=(today + DAY * [*_NEAR.values()][near],))
    elif (weekday := place_of_name(word, DAY_NAMES, min_letters=2)) is not None:
        yield Token(kind="W", text=typed, value=weekday)
    elif (month := place_of_name(word, MONTH_NAMES, min_letters=3)) is not None:
        yield Token(kind="M", text=typed, value=month + 1)
    elif word in NUMBERS:
        yield Token(kind="D", text=typed, value=number_of(word))
    elif word in ("every", "each", *map(str.lower, DAY_PLURALS)):
        raise ParleyError(
            f"I can skip single dates. For other weekdays, use `{Command.DIGEST} on` again."
        )
    elif kind is None:
        raise not_understood(typed)


def is_span(words: str) -> bool:
    """Return whether *words* are a length of time and nothing else, such as "for two weeks"."""
    match = _TOKEN.fullmatch(words.strip())
    return match is not None and match["span"] is not None


def date_after(today: date, typed: str) -> date:
    """Return the date that a length of time such as `in 3 weeks` leads to."""
    length = LENGTH.search(typed)
    if length is None:
        raise not_understood(typed)
    count, unit = number_of(length[1]), length[2][0].lower()
    if unit != "m":
        return today + DAY * count * _DAYS[unit]
    year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
    return date(year, month + 1, min(today.day, days_in_month(year, month + 1)))


def number_of(word: str) -> int:
    """Return the number that `COUNT` matched; 1 for "a" and "an"."""
    word = word.lower()
    return NUMBERS.index(word) + 1 if word in NUMBERS else int(word) if word.isdecimal() else 1


def _period(typed: str, today: date) -> Token:
    """Return what is left of this week, weekend, month or year, or the days of a later one."""
    words = re.sub(r"week[- ]?end", "weekend", typed.lower()).split()
    unit = next(word for word in words if word in ("week", "weekend", "month", "year"))
    ahead = 2 if "after" in words else int("next" in words)
    is_unsure = False
    if unit.startswith("week"):
        first = today + DAY * (7 * ahead - today.weekday())
        last = first + DAY * 6
        if unit == "weekend":
            first += DAY * 5
            # Before Saturday, the next weekend may be this one.
            is_unsure = ahead == 1 and today.weekday() < 5
    else:
        months = 12 if unit == "year" else 1
        start = (today.year * 12 + today.month - 1) // months * months + ahead * months
        first = date(start // 12, start % 12 + 1, 1)
        start += months
        last = date(start // 12, start % 12 + 1, 1) - DAY
    if "end" in words:
        return Token(kind="I", text=typed, days=(last,))
    days = days_between(max(first, today), last)
    return Token(kind="R", text=typed, days=days, is_unsure=is_unsure)


def _nth_weekday(words: list[str], today: date) -> date:
    """Return the next date that "first monday of january" stands for."""
    nth, weekday, _, month = words
    names = [name[:3].lower() for name in (*DAY_NAMES, *MONTH_NAMES)]
    number = names.index(month[:3]) - 6
    for year in (today.year, today.year + 1):
        first = date(year, number, 1)
        weeks = _NTH[nth] - 1
        on = first + DAY * ((names.index(weekday[:3]) - first.weekday()) % 7 + 7 * weeks)
        on -= DAY * 7 * (on.month != number)  # the last one is the fourth or the fifth
        if on >= today:
            break
    return on


def _written(typed: str, order: str) -> Iterator[Token]:
    """Yield the day, month and year of a date of digits, such as 24/12 or 24-Dec-26."""
    numbers = re.findall(r"\d+|[a-z]+", typed, re.IGNORECASE)
    if len(numbers[0]) == 8:
        numbers = [typed[:4], typed[4:6], typed[6:]]
    if order == NO_DATES and len(numbers) == 2 and "/" in typed:
        yield Token(kind="D", text=numbers[0], value=int(numbers[0]))
        yield Token(kind=",", text="/")
        yield Token(kind="D", text=numbers[1], value=int(numbers[1]))
        return
    has_name = numbers[1].isalpha()
    if has_name:
        month = place_of_name(numbers[1].lower(), MONTH_NAMES, min_letters=3)
        if month is None:
            raise not_understood(numbers[1])
        order, numbers[1] = DAY_FIRST, str(month + 1)
    if order == NO_DATES or (order == YEAR_FIRST and len(numbers) == 2):
        raise not_understood(typed)
    parts = dict(zip(order if len(numbers) > 2 else order.strip("Y"), numbers, strict=True))
    day, month, year = (int(parts.get(kind, "0")) for kind in DAY_FIRST)
    year += 2000 * (0 < year < 100)
    if nearest_date(day, month, year, date(2024, 1, 1)) is None or not month:
        raise not_understood(typed)
    values = {"D": day, "M": month, "Y": year}
    is_time = re.fullmatch(r"([01]?\d|2[0-3])\.\d\d", typed) is not None  # 24.12. is no time
    is_unsure = has_name or is_time or (len(parts.get("Y", "")) == 2 and order == YEAR_FIRST)
    for place, kind in enumerate(DAY_FIRST[: len(parts)] if order == YEAR_FIRST else parts):
        text = "" if place else typed
        yield Token(kind=kind, text=text, value=values[kind], is_unsure=is_unsure)


def _feast(typed: str) -> Iterator[Token]:
    """Yield the day and month of a feast that has the same date everywhere."""
    is_eve = typed == "nye" or typed.endswith("eve")
    if typed.startswith("n"):
        day, month = (31, 12) if is_eve else (1, 1)
    else:
        day, month = (26 if typed.startswith("b") else 25) - is_eve, 12
    yield Token(kind="D", text=typed, value=day)
    yield Token(kind="M", text="", value=month)


def not_understood(words: str) -> UnknownWordError:
    """Return the error for words that name no date."""
    sentence = f"I don't understand “{plain(words.strip(), 60)}” as a date. {HINT}"
    return UnknownWordError(words.strip(), sentence)
