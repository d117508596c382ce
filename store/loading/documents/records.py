"""JSON Lines and CSV: one article a record, its texts in named fields."""

import csv
import json
from collections.abc import Iterator, Mapping
from itertools import chain

from store.loading.documents.source import MAX_TEXT, Source, Story

_NEEDED = ("headline", "summary")
_FIELDS = (*_NEEDED, "insight", "question")
_LONGEST = (len(_FIELDS) + 1) * MAX_TEXT
"""Characters of a line: every text at its longest, and room for the rest of the record."""


def from_json_lines(source: Source) -> Iterator[Story]:
    """Yield the stories of a file with one JSON object a line; other fields are left out."""
    is_empty = True
    for number, line in source.lines(longest=_LONGEST):
        is_first, is_empty = is_empty, False
        try:
            record = json.loads(line)
        except ValueError as error:
            at = getattr(error, "colno", 1)
            source.problem(number, f"is not JSON from character {at} on")
            continue
        except RecursionError:
            source.problem(number, "is nested too deeply")
            continue
        if not isinstance(record, dict):
            source.problem(number, f"is not a JSON object with the fields {', '.join(_FIELDS)}")
            continue
        if is_first and not record.keys() & set(_FIELDS):
            source.is_other = True
            return
        yield from _story(source, number, record)
    _if_empty(source, is_empty, "one JSON object a line")


def from_csv(source: Source) -> Iterator[Story]:
    """Yield the stories of a file whose first row names its columns; others are left out."""
    numbers = [0]

    def lines() -> Iterator[str]:
        for number, line in source.lines(longest=_LONGEST):
            numbers[0] = number
            yield f"{line}\n"

    every = lines()
    first = next(every, "")
    # Where a comma is the decimal sign, spreadsheets write semicolons.
    delimiter = max(",;", key=first.count)
    reader = csv.reader(chain([first], every), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if header and not set(header) & set(_FIELDS):
            source.is_other = True
            return
        missing = [name for name in _NEEDED if name not in header]
        if header and missing:
            source.problem(
                numbers[0],
                f"must name the columns {', '.join(_FIELDS)}: {' and '.join(missing)} is missing",
            )
            return
        is_empty = True
        start = numbers[0] + 1
        for row in reader:
            is_empty = False
            if len(row) != len(header):
                source.problem(
                    start, f"has {len(row)} columns, where the first row names {len(header)}"
                )
            else:
                yield from _story(source, start, dict(zip(header, row, strict=True)))
            start = numbers[0] + 1
        _if_empty(source, is_empty, "a row of column names, and one row an article")
    except csv.Error as error:
        source.problem(numbers[0], f"is not CSV: {error}")


def _story(source: Source, number: int, record: Mapping[str, object]) -> Iterator[Story]:
    texts: dict[str, str] = {}
    for name in _FIELDS:
        value = record.get(name)
        if value is None:
            value = ""
        if not isinstance(value, str):
            source.problem(number, f"has a {name} that is not text")
            return
        text = " ".join(value.split())
        if "\0" in text:
            source.problem(number, f"has a {name} that is not text: it holds a NUL character")
            return
        if any("\ud800" <= character <= "\udfff" for character in text):
            source.problem(number, f"has a {name} with half a character in it")
            return
        if len(text) > MAX_TEXT:
            source.problem(number, f"has a {name} longer than {MAX_TEXT:,} characters")
            return
        if not text and name in _NEEDED:
            source.problem(number, f"has no {name}")
            return
        texts[name] = text
    yield Story(**texts)


def _if_empty(source: Source, is_empty: bool, due: str) -> None:
    if is_empty and not source.problems:
        source.problem(None, f"is empty: it holds {due}")
