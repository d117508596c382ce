"""The entries of a feed, whatever its format."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .boilerplate import without_boilerplate
from .report import Warnings

_LEAD = 100
"""The most characters of a headline that is made of the beginning of a text."""
_SHOWN = 5


class Entry(NamedTuple):
    """An entry of a feed in plain text; whatever it does not have is empty."""

    title: str
    text: str
    guid: str = ""
    link: str = ""
    published: str = ""
    """The date as it is written, as `updated` is."""
    updated: str = ""
    publisher: str = ""
    """The title of the feed that the entry comes from."""


def longest_text(texts: Iterable[str], title: str) -> str:
    """Return the text that says the most: a feed may hold a lead, the whole text, or both."""
    return max((without_boilerplate(text, title) for text in texts), key=len, default="")


def rows(entries: Iterable[Entry], warnings: Warnings, *, longest: int) -> Iterator[list[str]]:
    """Yield each entry as a list, its fields cut to *longest* characters, with a title and a text.

    Entries without words, and those that repeat one before, are left out with a warning.
    """
    count = 0
    wordless: list[int] = []
    repeated: list[int] = []
    seen: set[tuple[str, str]] = set()
    for count, entry in enumerate(entries, start=1):
        title, text, *others = (field[:longest] for field in entry)
        if not (title or text):
            wordless.append(count)
        elif (title, text) in seen:
            repeated.append(count)
        else:
            seen.add((title, text))
            yield [title or _lead(text), text or title, *others]
    if not count:
        warnings.add("is a feed without entries: it is loaded, and no story comes from it")
    for numbers, one, many in (
        (wordless, "has neither a title nor a text", "have neither a title nor a text"),
        (repeated, "is the same as one before it", "are the same as one before them"),
    ):
        if numbers:
            rest = ", and the others are loaded" if seen else ", and no story comes from the feed"
            warnings.add(_left_out(numbers, one, many) + rest)


def _left_out(numbers: list[int], one: str, many: str) -> str:
    if len(numbers) == 1:
        return f"entry {numbers[0]:,} {one}: it is left out"
    shown = ", ".join(f"{number:,}" for number in numbers[:_SHOWN])
    more = f" and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
    return f"entries {shown}{more} {many}: they are left out"


def _lead(text: str) -> str:
    """Return the beginning of a text as a headline, for an entry without a title."""
    sentence = re.match(r".{20,}?[.!?…。！？](?=\s|$)", text[: _LEAD + 1])
    if sentence:
        return sentence[0]
    if len(text) <= _LEAD:
        return text
    cut = text[: _LEAD - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:–-") + "…"
