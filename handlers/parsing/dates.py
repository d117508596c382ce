"""Parse dates that people type: `24 Dec`, `2026-12-24`, `friday`, `tomorrow`, `in 2 weeks`."""

import re
from datetime import date, datetime, time, timedelta

from dateutil.parser import ParserError, parse

from handlers.mrkdwn import plain
from store.types import ParleyError

_SPAN = re.compile(r"(?:in )?(\d{1,3}|a|one|two|three) (day|week)s?", re.IGNORECASE)
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3}
_WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*", re.IGNORECASE)
_NEXT = re.compile(r"^(?:next|on) +", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")


def parse_date(words: str, *, today: date) -> date:
    """Parse a date that is not before *today*; raises `ParleyError` if it cannot."""
    text = _NEXT.sub("", words.strip())
    if text.lower() == "today":
        return today
    if text.lower() == "tomorrow":
        return today + timedelta(days=1)
    if span := _SPAN.fullmatch(text):
        count = _COUNTS.get(span[1].lower()) or int(span[1])
        return today + timedelta(days=count * (7 if span[2].lower() == "week" else 1))
    if "/" in text or not text:
        # 3/4 is in March or in April, depending on the country.
        raise _not_understood(words)
    found = _parsed(text, today)
    if found is None and not _YEAR.search(text):
        # 29 February may exist only in the next year.
        found = _parsed(text, date(today.year + 1, 1, 1))
    if found is None:
        raise _not_understood(words)
    if _WEEKDAY.fullmatch(text) and found == today:
        found += timedelta(days=7)
    if not _YEAR.search(text):
        if found < today:
            found = _a_year_on(found)
        if found > today + timedelta(days=366):
            raise _not_understood(words)  # dateutil reads "32 Dec" as December 2032
    if found < today:
        raise ParleyError(f"{found:%-d %b %Y} is over.")
    return found


def _parsed(text: str, from_: date) -> date | None:
    try:
        return parse(text, default=datetime.combine(from_, time())).date()
    except (ParserError, OverflowError, ValueError):
        return None


def parse_dates(words: str, *, today: date) -> list[date]:
    """Parse dates that are separated by commas or `and`; raises `ParleyError`."""
    return [parse_date(part, today=today) for part in re.split(r",| and ", words) if part.strip()]


def _a_year_on(on: date) -> date:
    try:
        return on.replace(year=on.year + 1)
    except ValueError:  # 29 February
        return on.replace(year=on.year + 1, month=3, day=1)


def _not_understood(words: str) -> ParleyError:
    return ParleyError(
        f"I do not understand “{plain(words.strip(), 60)}” as a date: try 24 Dec, or friday."
    )
