"""Read plain text: one headline, then a summary, an insight and a question for each article.

A document may begin with a header that says where its stories come from: lines such as
`url: https://example.org/talks`, with the names in `provenance.FIELDS`, and an empty line.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import TypeAlias

from store.loading.documents.provenance import (
    FIELDS,
    NO_PROVENANCE,
    Provenance,
    read_provenance,
    unknown_fields,
)
from store.loading.documents.source import Source, Story, tidy

_Lines: TypeAlias = Iterator[tuple[int, str]]

_PARTS = ("summary", "insight", "question")
_FIELD = re.compile(r"([A-Za-z][\w-]*)\s*:(?:\s+(.*))?")
_MOST_FIELDS = 20
"""The most lines of a header."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the stories of a text document; blank lines, CRLF and a BOM are ignored."""
    every = ((number, text) for number, line in source.lines() if (text := tidy(line)))
    provenance, lines = _header(source, every)
    first = next(lines, None)
    if first is None:
        if not source.problems:
            source.add_problem(None, "is empty: a document starts with its headline")
        return
    number, headline = first
    parts: list[tuple[int, str]] = []
    count = 0
    suspect: int | None = None
    """The first line in the place of a question that does not end with a question mark."""
    for at, text in lines:
        parts.append((at, text))
        if len(parts) < len(_PARTS):
            continue
        if suspect is None and not text.endswith("?"):
            suspect = at
        count += 1
        summary, insight, question = (part for _, part in parts)
        yield Story(headline, summary, insight, question, provenance)
        parts = []
    if source.problems:
        return
    if parts:
        _add_incomplete(source, parts, suspect)
    elif not count:
        source.add_problem(number, "has a headline and no article below it")


def _header(source: Source, lines: _Lines) -> tuple[Provenance, _Lines]:
    """Return what the header says, and the lines after it.

    The lines before the first empty line are a header if one of them is a field of it.
    """
    first, after = _first_lines(lines)
    fields = [(number, _FIELD.fullmatch(text)) for number, text in first]
    if not any(field and field[1].lower() in FIELDS for _, field in fields):
        return NO_PROVENANCE, chain(first, after, lines)
    values: dict[str, str] = {}
    numbers: dict[str, int] = {}
    unknown: list[str] = []
    mistakes: dict[str, str] = {}
    for number, field in fields:
        if not field:
            source.add_problem(number, "is no field of the header: an empty line ends a header")
            return NO_PROVENANCE, iter(())
        name = field[1].lower()
        if name in numbers:
            source.add_problem(number, f"has the field {name} twice")
            return NO_PROVENANCE, iter(())
        numbers[name] = number
        if name not in FIELDS:
            unknown.append(name)
        elif field[2]:
            values[name] = field[2]
    provenance = read_provenance(values.items(), source.at, mistakes)
    for name, mistake in mistakes.items():
        source.add_warning(numbers[name], mistake)
    if unknown:
        source.add_warning(numbers[unknown[0]], unknown_fields(unknown, FIELDS))
    return provenance, chain(after, lines)


def _first_lines(lines: _Lines) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the lines that may be a header, and the line after them, if it was read."""
    first: list[tuple[int, str]] = []
    for number, text in lines:
        if first and (number > first[-1][0] + 1 or len(first) == _MOST_FIELDS):
            return first, [(number, text)]
        first.append((number, text))
    return first, []


def _add_incomplete(source: Source, parts: list[tuple[int, str]], suspect: int | None) -> None:
    has = " and ".join(_PARTS[: len(parts)])
    needs = " and ".join(f"no {part}" for part in _PARTS[len(parts) :])
    message = f"the last article has a {has}, but {needs}"
    if suspect:
        message += f"; the first line out of step may be line {suspect}, where a question is due"
    source.add_problem(parts[0][0], message)
