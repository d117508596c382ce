"""Distinguish a pause from a change of days after "postpone": "for a week", "to Friday"."""

import re
from contextlib import suppress
from datetime import date, time
from typing import Any

from handlers.parsing.dates import is_until, parse_dates, parse_until
from handlers.parsing.readings import UnschedulableError, is_read
from handlers.parsing.schedule_order import parse_order
from handlers.parsing.timetable import has_time
from store.types import Order, ParleyError, Timetable

READ_ORDER: dict[str, Any] = {
    "zone": "UTC",
    "base": Order(timetable=Timetable(at=time(9, 30), weekdays=frozenset(range(7)), zone="UTC")),
}
"""How the words of an order are read: what they leave out does not matter."""
FROM_TO = re.compile(r"^from\s+.+?\s+to\s+", re.IGNORECASE)
"""What a change is from, which its end replaces: "move it from Mondays to Tuesdays"."""
_CLOCK = re.compile(r"\d:\d|\d\s*[ap]\.?m\b|\b(?:at\s+(?!the\b)|noon\b|o'clock\b)", re.IGNORECASE)
_NUMBER_AND_DAY = re.compile(
    r"\b\d{1,2}\s+(?:for\s+|on\s+|this\s+|next\s+)*(?:today|tomorrow|\w+day)s?$", re.IGNORECASE
)
_TO = re.compile(r"^(?:to|for)\s+(?:at\s+)?", re.IGNORECASE)


def is_timed(words: str) -> bool:
    """Return whether *words* have a time of a day, which no pause can end at: "11 tomorrow"."""
    return bool(_CLOCK.search(words) or _NUMBER_AND_DAY.search(words))


def pause_of(words: str, *, today: date) -> str:
    """Return *words* after a verb of `DELAY` as those of a pause; "" if they are no pause.

    "To Friday" is no pause, because it may mean that the posts come on Fridays; see `one_day`.
    """
    when = _TO.sub("", words, count=1)
    if is_timed(when):
        return ""
    with suppress(UnschedulableError):
        if not is_until(when) and is_read(parse_order, when, **READ_ORDER, today=today):
            return ""
    words = re.sub(r"^to\s", "until ", words, flags=re.IGNORECASE)
    return words if is_read(parse_until, words, today=today) else ""


def one_day(words: str, *, today: date) -> date | None:
    """Return the next date that is the day of *words*, as in "Friday"; None for other words."""
    dates: list[date] = []
    with suppress(ParleyError):
        dates = [] if has_time(words) else parse_dates(words, today=today)
    return dates[0] if len(dates) == 1 else None
