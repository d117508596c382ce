"""Group tokens into single dates and ranges, and fill in the months that were typed once.

The grammar is regular: `DM` is `24 Dec`, `MD,Y` is `Dec 24, 2026` (the letters are `Token.kind`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.calendar_dates import Dates, nearest_date
from handlers.parsing.date_tokens import Token, not_understood
from store.types import ParleyError

_SPEC = re.compile(
    r"(?P<before>W,?)?(?P<core>D-?M[-,]?Y|D-?M|YMD|M-?D,?Y|M-?D|I|D,Y|D)(?P<after>W(?![-,]?[DMI]))?"
    r"|(?P<which>[nhc]*)W(?:(?P<listed>,?)R)?|RW|R|S|M,?Y|M"
)
"""One date, over the letters of its tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One date as it was typed; 0 for a day, month or year that was not typed."""

    text: str
    kind: str
    """The kind of its main token: D, I, M, R, S or W."""
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
    is_unsure: bool = False
    """Whether it has to be asked back."""
    days: Dates = ()
    """What a spec of the kinds I, R and S stands for."""
    shift: int = 0
    """The days from this date to the one that is meant, as in "the day after christmas"."""

    @property
    def is_bare(self) -> bool:
        """Whether it is a day without its month, as in "the 24th"."""
        return self.kind == "D" and not self.month


@dataclass(frozen=True, slots=True)
class Element:
    """One date, or the two ends of a range."""

    specs: tuple[Spec, ...]
    join: str = ""
    """The kind of the token between the ends, or before the date: "k" for "the week of"."""
    is_glued: bool = False
    """Whether nothing separates it from the element before it."""


def elements_of(tokens: Sequence[Token]) -> Iterator[Element]:
    """Yield the dates and ranges; raises `ParleyError` for tokens that are neither."""
    kinds = "".join(token.kind for token in tokens)
    place, is_glued = 0, False
    while place < len(kinds):
        if kinds[place] == "u":
            raise ParleyError(
                f"To stop the posts until a date, use `{Command.DIGEST} pause until 2 Jan`."
            )
        opening = kinds[place] if kinds[place] in "fbk" else ""
        first, place = _spec(tokens, kinds, place + len(opening))
        join = kinds[place : place + 1]
        if opening != "k" and (join in ("-", "t", "u") or (join == "," and opening == "b")):
            last, place = _spec(tokens, kinds, place + 1)
            yield Element((first, last), join, is_glued)
        elif opening in ("f", "b"):
            raise ParleyError("I need the last date too, as in 24 Dec to 2 Jan.")
        else:
            yield Element((first,), opening, is_glued)
        rest = kinds[place:]
        place += len(rest) - len(rest.lstrip(","))
        is_glued = not rest.startswith(",")


def _spec(tokens: Sequence[Token], kinds: str, place: int) -> tuple[Spec, int]:
    """Return the date that begins at *place*, and the place after it."""
    start = place + len(kinds[place:]) - len(kinds[place:].lstrip("a"))
    match = _SPEC.match(kinds, start)
    if match is None:
        raise not_understood(tokens[min(start, len(tokens) - 1)].text)
    typed = tokens[start : match.end()]
    values = {token.kind: token.value for token in typed}
    texts = [token.text for token in tokens[place : match.end()] if token.text]
    spec = Spec(
        text=plain(" ".join(texts).replace(" ,", ","), 60),
        kind=next(kind for kind in "DIRSWM" if kind in values),
        day=values.get("D", 0),
        month=values.get("M", 0),
        year=values.get("Y", 0),
        weekday=values.get("W"),
        which=(match["which"] or "")[-1:],
        order=re.sub("[^DM]", "", match[0]),
        is_listed="," in (match["before"] or match["listed"] or ""),
        is_unsure=any(token.is_unsure for token in typed),
        days=next((token.days for token in typed if token.days), ()),
        shift=sum(token.value for token in tokens[place:start]),
    )
    return spec, match.end()


def filled_in(specs: list[Spec]) -> list[Spec]:
    """Fill in the month or week of days beside it: `24 and 25 Dec`, `mon and tue next week`."""
    specs = _with_months_before(_with_those_after(specs))
    has_months = any(spec.month for spec in specs)
    for spec in specs:
        if spec.is_bare and (spec.year or has_months):
            raise _unsure_which(spec, "month")
    return specs


def _with_those_after(specs: list[Spec]) -> list[Spec]:
    """Fill in the month or week that stands after a day: `24 and 25 Dec`."""
    for place in reversed(range(len(specs) - 1)):
        spec, after = specs[place], specs[place + 1]
        if spec.is_bare and after.order == "DM":
            is_after_month = place and specs[place - 1].order == "MD"
            if is_after_month or spec.day >= after.day:
                raise _unsure_which(spec, "month")
            specs[place] = replace(spec, month=after.month, year=after.year, order="DM")
        if spec.kind == "W" and not spec.which and after.kind == "R" and after.weekday is not None:
            specs[place] = replace(spec, kind="R", days=after.days)
    return specs


def _with_months_before(specs: list[Spec]) -> list[Spec]:
    """Fill in the month that stands before a day: `Dec 24, 25 and 26, 2026`."""
    for place in range(1, len(specs)):
        spec, before = specs[place], specs[place - 1]
        if spec.day and spec.is_bare and before.day and before.month:
            if spec.day <= before.day:
                raise _unsure_which(spec, "month")
            year = spec.year or before.year
            specs[place] = replace(spec, month=before.month, year=year, order=before.order)
            for earlier in range(place):
                if specs[earlier].month == before.month and not specs[earlier].year:
                    specs[earlier] = replace(specs[earlier], year=year)
    return specs


def require_years(specs: Sequence[Spec], today: date) -> None:
    """Raise `ParleyError` if a date without a year may be in the year of another date."""
    for place, spec in enumerate(specs):
        if not (spec.day and spec.month) or spec.year:
            continue
        soonest = nearest_date(spec.day, spec.month, 0, today)
        for other_place, other in enumerate(specs):
            if not (other.day and other.month and other.year) or soonest is None:
                continue
            stated = nearest_date(other.day, other.month, other.year, today)
            same_year = nearest_date(spec.day, spec.month, other.year, today)
            if stated is None or same_year in (soonest, None):
                continue
            if soonest < stated if other_place < place else same_year <= stated:
                raise _unsure_which(spec, "year")


def _unsure_which(spec: Spec, what: str) -> ParleyError:
    return ParleyError(
        f"I'm not sure which {what} you mean by “{spec.text}”: say it with each date."
    )
