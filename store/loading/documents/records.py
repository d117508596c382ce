"""Read JSON Lines and CSV: each record is an article, with its texts in named fields."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from store.loading.documents.source import MAX_TEXT, Source, Story, tidy

_NEEDED = ("headline", "summary")
FIELDS = (*_NEEDED, "insight", "question")
_WITH_ARTICLE = {"headline": "a headline", "summary": "a summary", "insight": "an insight"}
_LONGEST = (len(FIELDS) + 1) * MAX_TEXT
"""The maximum characters of a line: all texts at their longest, and the rest of the record."""
_DELIMITERS = ",;\t"
"""Spreadsheets write semicolons in countries where the comma is the decimal sign."""
_SEPARATED_BY = "sep="
"""The start of a first line that only names the delimiter; Excel writes and reads it."""
_LONG_ROW = f"a row is longer than {_LONGEST:,} characters: is every quote closed?"
_CSV_ERRORS = {
    "unexpected end of data": "a quote is opened, and not closed before the end of the file",
    "field larger than": "a text goes on and on: is the quote that it begins with ever closed?",
    "expected after": "a quote within a quoted text is written twice",
}
"""Clearer sentences for the messages of the csv module, by a part of each message."""


def from_json_lines(source: Source) -> Iterator[Story]:
    """Yield the stories of a file with one JSON object per line; other fields are ignored."""
    is_empty = True
    for number, line in source.lines(longest=_LONGEST):
        is_first, is_empty = is_empty, False
        try:
            # Objects become tuples, so that a field that occurs twice is noticed. Integers become
            # floats, because int() refuses very long ones.
            pairs = json.loads(line, object_pairs_hook=tuple, parse_int=float)
        except json.JSONDecodeError as error:
            if is_first and error.pos >= len(line.rstrip()):
                source.add_problem(number, "is not a whole JSON object: each is to be on one line")
                return
            source.add_problem(number, f"is not JSON from character {error.colno} on")
            continue
        except RecursionError:
            source.add_problem(number, "is nested too deeply")
            continue
        if not isinstance(pairs, tuple):
            source.add_problem(number, f"is not a JSON object with the fields {', '.join(FIELDS)}")
            continue
        record = {_name(name): value for name, value in pairs}
        if is_first and not record.keys() & set(FIELDS):
            source.is_unrelated = True
            return
        if len(record) < len(pairs) and (
            twice := _first_repeated(_name(name) for name, _ in pairs)
        ):
            source.add_problem(number, f"has the field {twice} twice")
            continue
        yield from _story(source, number, record)
    _check_not_empty(source, is_empty, "one JSON object a line")


class _CSVLines(Iterator[str]):
    """The lines of a CSV file; the reader of its rows sets *start* to 0 after each row."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines(longest=_LONGEST)
        self.at = 0
        """The number of the line that was read last."""
        self.start = 0
        """The number of the row's first line."""
        self._length = 0
        """The characters of the row so far."""

    def __next__(self) -> str:
        self.at, line = next(self._lines)
        self._length = self._length + len(line) if self.start else len(line)
        self.start = self.start or self.at
        if self._length > _LONGEST:
            # An open quote can turn the whole file into one row, which the reader keeps.
            raise csv.Error(_LONG_ROW)
        return f"{line}\n"


def from_csv(source: Source) -> Iterator[Story]:
    """Yield the stories of a file whose first row names its columns; other columns are ignored."""
    lines = _CSVLines(source)
    first = next(lines, "")
    delimiter = max(_DELIMITERS, key=first.count)
    if first.lower().startswith(_SEPARATED_BY):
        delimiter = first.rstrip("\r\n")[len(_SEPARATED_BY) :] or ","
        if len(delimiter) != 1:
            source.add_problem(lines.at, "must name one character after sep=")
            return
        lines.start, first = 0, next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        header = [_name(name) for name in next(reader, [])]
        if header and not set(header) & set(FIELDS):
            source.is_unrelated = True
            return
        if problem := _header_problem(header):
            source.add_problem(lines.at, problem)
            return
        is_empty, lines.start = True, 0
        for row in reader:
            is_empty = False
            # Spreadsheets also write cells that were used once and are empty now.
            extra = row[len(header) :]
            if any(map(str.strip, extra)) or len(row) < len(header):
                source.add_problem(
                    lines.start, f"has {len(row)} columns, where the first row names {len(header)}"
                )
            elif any(map(str.strip, row)):
                yield from _story(source, lines.start, dict(zip(header, row, strict=False)))
            lines.start = 0
        _check_not_empty(source, is_empty, "a row of column names, and one row an article")
    except csv.Error as error:
        message = str(error)
        why = next((ours for theirs, ours in _CSV_ERRORS.items() if theirs in message), message)
        source.add_problem(lines.start or lines.at, f"is not CSV: {why}")


def _name(name: str) -> str:
    return name.strip().lower()


def _header_problem(header: Sequence[str]) -> str | None:
    missing = [name for name in _NEEDED if name not in header]
    if header and missing:
        return f"must name the columns {', '.join(FIELDS)}: {' and '.join(missing)} is missing"
    twice = _first_repeated(header)
    return f"names the column {twice} twice" if twice else None


def _first_repeated(names: Iterable[str]) -> str | None:
    """Return the first field of an article that is named twice; None if no field is."""
    seen: set[str] = set()
    for name in names:
        if name in seen and name in FIELDS:
            return name
        seen.add(name)
    return None


def _story(source: Source, number: int, record: Mapping[str, object]) -> Iterator[Story]:
    texts: dict[str, str] = {}
    for name in FIELDS:
        value = record.get(name)
        if value is None:
            value = ""
        what = _WITH_ARTICLE.get(name, f"a {name}")
        if not isinstance(value, str):
            source.add_problem(number, f"has {what} that is not text")
            return
        if not value.isprintable():
            if "\0" in value:
                source.add_problem(number, f"has {what} that is not text: it holds a NUL character")
                return
            if any("\ud800" <= character <= "\udfff" for character in value):
                source.add_problem(number, f"has {what} with half a character in it")
                return
        text = " ".join(tidy(value).split())
        if len(text) > MAX_TEXT:
            source.add_problem(number, f"has {what} longer than {MAX_TEXT:,} characters")
            return
        if not text and name in _NEEDED:
            source.add_problem(number, f"has no {name}")
            return
        texts[name] = text
    yield Story(**texts)


def _check_not_empty(source: Source, is_empty: bool, expected: str) -> None:
    if is_empty and not source.problems:
        source.add_problem(None, f"is empty: it holds {expected}")
