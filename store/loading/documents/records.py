"""JSON Lines and CSV: one article a record, its texts in named fields."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from store.loading.documents.source import MAX_TEXT, Source, Story, tidy

_NEEDED = ("headline", "summary")
FIELDS = (*_NEEDED, "insight", "question")
_A = {"headline": "a headline", "summary": "a summary", "insight": "an insight"}
_LONGEST = (len(FIELDS) + 1) * MAX_TEXT
"""Characters of a line: every text at its longest, and room for the rest of the record."""
_DELIMITERS = ",;\t"
"""Where a comma is the decimal sign, spreadsheets write semicolons."""
_SEPARATED_BY = "sep="
"""How a first line for Excel alone begins."""
_LONG_ROW = f"a row is longer than {_LONGEST:,} characters: is every quote closed?"
_NOT_CSV = {
    "unexpected end of data": "a quote is opened, and not closed before the end of the file",
    "field larger than": "a text goes on and on: is the quote that it begins with ever closed?",
    "expected after": "a quote within a quoted text is written twice",
}
"""What the parser says, in other words."""


def from_json_lines(source: Source) -> Iterator[Story]:
    """Yield the stories of a file with one JSON object a line; other fields are left out."""
    is_empty = True
    for number, line in source.lines(longest=_LONGEST):
        is_first, is_empty = is_empty, False
        try:
            # Objects as tuples, or the second of two fields of one name would hide the first; and
            # no integer is too long for a float.
            pairs = json.loads(line, object_pairs_hook=tuple, parse_int=float)
        except json.JSONDecodeError as error:
            if is_first and error.pos >= len(line.rstrip()):
                source.problem(number, "is not a whole JSON object: each is to be on one line")
                return
            source.problem(number, f"is not JSON from character {error.colno} on")
            continue
        except RecursionError:
            source.problem(number, "is nested too deeply")
            continue
        if not isinstance(pairs, tuple):
            source.problem(number, f"is not a JSON object with the fields {', '.join(FIELDS)}")
            continue
        record = {_name(name): value for name, value in pairs}
        if is_first and not record.keys() & set(FIELDS):
            source.is_other = True
            return
        if len(record) < len(pairs) and (twice := _twice(_name(name) for name, _ in pairs)):
            source.problem(number, f"has the field {twice} twice")
            continue
        yield from _story(source, number, record)
    _if_empty(source, is_empty, "one JSON object a line")


def from_csv(source: Source) -> Iterator[Story]:
    """Yield the stories of a file whose first row names its columns; others are left out."""
    at = start = length = 0
    """The line that was read last, and the first of the row; the characters of the row."""

    def lines() -> Iterator[str]:
        nonlocal at, start, length
        for number, line in source.lines(longest=_LONGEST):
            length = length + len(line) if start else len(line)
            at, start = number, start or number
            if length > _LONGEST:
                # Cells with line breaks would make one row of the whole file, held as a list.
                raise csv.Error(_LONG_ROW)
            yield f"{line}\n"

    every = lines()
    first = next(every, "")
    delimiter = max(_DELIMITERS, key=first.count)
    if first.lower().startswith(_SEPARATED_BY):
        delimiter = first.rstrip("\r\n")[len(_SEPARATED_BY) :] or ","
        if len(delimiter) != 1:
            source.problem(at, "must name one character after sep=")
            return
        start, first = 0, next(every, "")
    reader = csv.reader(chain([first], every), delimiter=delimiter, strict=True)
    try:
        header = [_name(name) for name in next(reader, [])]
        if header and not set(header) & set(FIELDS):
            source.is_other = True
            return
        if problem := _wrong_header(header):
            source.problem(at, problem)
            return
        is_empty, start = True, 0
        for row in reader:
            is_empty = False
            # A spreadsheet writes cells that were once used, and are empty now.
            extra = row[len(header) :]
            if any(map(str.strip, extra)) or len(row) < len(header):
                source.problem(
                    start, f"has {len(row)} columns, where the first row names {len(header)}"
                )
            elif any(map(str.strip, row)):
                yield from _story(source, start, dict(zip(header, row, strict=False)))
            start = 0
        _if_empty(source, is_empty, "a row of column names, and one row an article")
    except csv.Error as error:
        said = str(error)
        why = next((mine for theirs, mine in _NOT_CSV.items() if theirs in said), said)
        source.problem(start or at, f"is not CSV: {why}")


def _name(name: str) -> str:
    return name.strip().lower()


def _wrong_header(header: Sequence[str]) -> str | None:
    missing = [name for name in _NEEDED if name not in header]
    if header and missing:
        return f"must name the columns {', '.join(FIELDS)}: {' and '.join(missing)} is missing"
    twice = _twice(header)
    return f"names the column {twice} twice" if twice else None


def _twice(names: Iterable[str]) -> str | None:
    """Give the first field that is named more than once."""
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
        what = _A.get(name, f"a {name}")
        if not isinstance(value, str):
            source.problem(number, f"has {what} that is not text")
            return
        if not value.isprintable():
            if "\0" in value:
                source.problem(number, f"has {what} that is not text: it holds a NUL character")
                return
            if any("\ud800" <= character <= "\udfff" for character in value):
                source.problem(number, f"has {what} with half a character in it")
                return
        text = " ".join(tidy(value).split())
        if len(text) > MAX_TEXT:
            source.problem(number, f"has {what} longer than {MAX_TEXT:,} characters")
            return
        if not text and name in _NEEDED:
            source.problem(number, f"has no {name}")
            return
        texts[name] = text
    yield Story(**texts)


def _if_empty(source: Source, is_empty: bool, due: str) -> None:
    if is_empty and not source.problems:
        source.problem(None, f"is empty: it holds {due}")
