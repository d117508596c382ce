"""Where a story comes from and when it was published, as files and feeds say it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from store.links import clean_link
from store.parsing.child.dates import read_date

FIELDS = ("url", "publisher", "published_at", "guid")
_MOST = {"publisher": 200, "guid": 2000}
"""The most characters of a field."""
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Older dates are those of programs that have none, such as 1 January 1970."""
_AHEAD = timedelta(minutes=10)
"""How far the clock of a publisher may be ahead."""
_EAST = timedelta(hours=14)
"""How much earlier a day begins in the zone farthest east."""
_SHOWN = 5
"""How many unknown fields a warning names."""


class Provenance(NamedTuple):
    """What a file or a feed says about a story besides its texts."""

    url: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    guid: str | None = None


NO_PROVENANCE = Provenance()


def read_provenance(
    fields: Iterable[tuple[str, str]], at: datetime | None, mistakes: dict[str, str]
) -> Provenance:
    """Return the provenance in *fields*: pairs of a name of FIELDS and a text on one line.

    What is wrong is left out, and a phrase about it is added to *mistakes* by the field's name. A
    date is wrong if it is in the future at *at*; None accepts every date since 1990.
    """
    values: dict[str, str | datetime] = {}
    for name, text in fields:
        try:
            values[name] = _value(name, text, at)
        except ValueError as error:
            mistakes[name] = f"has a {name} {error}: it is left out"
    return Provenance(**values)  # type: ignore[arg-type]


def _value(name: str, text: str, at: datetime | None) -> str | datetime:
    if name == "url":
        return clean_link(text)
    if name == "published_at":
        return _date(text, at)
    if len(text) > _MOST[name]:
        raise ValueError(f"longer than {_MOST[name]:,} characters")
    return text


def _date(text: str, at: datetime | None) -> datetime:
    try:
        found = read_date(text)
    except ValueError as error:
        raise ValueError(
            "that is no date with one meaning, such as 2026-11-24 or 2026-11-24T08:00Z"
        ) from error
    if found < _OLDEST:
        raise ValueError("before 1990")
    # Midnight may stand for the day, which begins earlier in the east.
    is_day = not (found.hour or found.minute or found.second)
    if at and found > at + (_EAST if is_day else _AHEAD):
        raise ValueError("in the future")
    return found


def unknown_fields(names: Iterable[str], known: Iterable[str]) -> str:
    """Return the phrase of the warning about fields that are not read."""
    names = [name if len(name) <= 40 else f"{name[:39]}…" for name in names]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    fields = "a field" if len(names) == 1 else "fields"
    return (
        f"has {fields} that Parley does not read: {', '.join(names[:_SHOWN])}{more}; it reads"
        f" {', '.join(known)}"
    )
