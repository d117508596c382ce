"""Read tables: JSON Lines, JSON arrays, CSV and TSV, with a story in each record."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from html import escape
from itertools import chain

from store.loading.documents import feed, provenance
from store.loading.documents.provenance import (
    NO_PROVENANCE,
    Provenance,
    read_provenance,
    unknown_fields,
)
from store.loading.documents.source import (
    MAX_TEXT,
    Source,
    Story,
    also_on,
    shorten,
    tidy,
    value_of,
    with_article,
)
from store.parsing.child.markup import has_markup, plain_text
from store.types import Article

_NEEDED = ("headline", "summary")
FIELDS = (*_NEEDED, "insight", "question")
RECORD_FIELDS = (*FIELDS, *provenance.FIELDS)
"""All fields of a record."""
_KNOWN = frozenset(RECORD_FIELDS)
_MOST_UNKNOWN = 100
"""How many fields that are not read are noticed in one file."""
_LONGEST = (len(FIELDS) + 1) * MAX_TEXT
"""The maximum characters of a line: all texts at their longest, and the rest of the record."""
_DELIMITERS = ",;\t|"
"""Spreadsheets write semicolons in countries where the comma is the decimal sign."""
_SHOWN = 6
"""How many of a file's own columns a message names."""
_SEPARATED_BY = "sep="
"""The start of a first line that only names the delimiter; Excel writes and reads it."""
_NO_OBJECT = f"is not a JSON object with the fields {', '.join(FIELDS)}"
_WHOLE_OBJECT = "is not a whole JSON object: each is to be on one line"
_ARRAY_NAME = "(name a file that holds an array *.json)"
_EMPTY = "is empty: {} was expected"
_LONG_ROW = f"a row is longer than {_LONGEST:,} characters: is every quote closed?"
_BAD_ROW = "this row is not written as a spreadsheet would write it"
_OPEN_QUOTE = (
    "has a quote at the start of a cell that is not closed in it: if the text goes on in the next"
    " line, save the file as *.csv"
)
_CSV_ERRORS = {
    _LONG_ROW: _LONG_ROW,
    "unexpected end of data": "a quote is opened, and not closed before the end of the file",
    "field larger than": "a text goes on and on: is the quote that it begins with ever closed?",
    "expected after": "a quote within a quoted text is written twice",
}
"""Clearer sentences for the messages of the csv module, by a part of each message."""


def from_json_lines(source: Source) -> Iterator[Story]:
    """Yield the stories of a file with one JSON object per line."""
    return _json_stories(source, source.lines(longest=_LONGEST), "a JSON object on each line")


def from_json(source: Source) -> Iterator[Story]:
    """Yield the stories of a JSON file: an array of objects, one object, or a JSON Feed."""
    data = source.read_all(max_bytes=feed.MAX_BYTES)
    rows = source.parse("json", data, longest=MAX_TEXT)
    if next(rows, None) == ["feed"]:
        yield from feed.from_rows(source, rows)
    else:
        elements = ((int(line), text) for line, text in rows)
        yield from _json_stories(source, elements, "")


def to_record(article: Article) -> Mapping[str, str]:
    """Return the record that is read as *article*; a field without a value is empty."""
    texts = (article.headline, article.summary, article.insight, article.question)
    # Text that looks like HTML would be read as HTML.
    escaped = (escape(text, quote=False) if has_markup(text) else text for text in texts)
    published_at = article.published_at.isoformat() if article.published_at else ""
    origin = (article.url or "", article.publisher or "", published_at, article.guid or "")
    return dict(zip(RECORD_FIELDS, (*escaped, *origin), strict=True))


def _json_stories(
    source: Source, lines: Iterable[tuple[int, str]], expected: str
) -> Iterator[Story]:
    records = _Records(source)
    is_empty = True
    add_problem: Callable[[], None] = records.end
    """Reports what is wrong with a file without stories, if its first record shows that."""
    for number, line in lines:
        is_first, is_empty = is_empty, False
        try:
            record = _record(line.rstrip().removesuffix(","))
        except ValueError as error:
            records.leave_out(number, str(error))
            if is_first and not expected:
                why = "is JSON, but no story, list of stories or feed"
                add_problem = partial(source.set_not_a_document, number, why)
            elif is_first and str(error) == _WHOLE_OBJECT:
                # Each of the other lines would have the same problem.
                add_problem = partial(source.add_problem, number, f"{error} {_ARRAY_NAME}")
            continue
        if is_first and not record.keys() & set(FIELDS):
            add_problem = partial(source.set_not_a_document, number, _expected("field", [*record]))
        yield from records.story(number, record)
    if records.stories:
        records.end()
    else:
        add_problem()
    if expected and is_empty and not source.problems:
        source.add_problem(None, _EMPTY.format(expected))


def _record(line: str) -> Mapping[str, object]:
    """Parse *line* as a JSON object; raises `ValueError` if it is anything else."""
    try:
        # Objects become tuples, so that a field that occurs twice is noticed. Integers become
        # floats, because int() refuses very long ones.
        pairs = json.loads(line, object_pairs_hook=tuple, parse_int=float)
    except json.JSONDecodeError as error:
        if line.startswith("[") or error.pos >= len(line.rstrip()):
            raise ValueError(_WHOLE_OBJECT) from error
        raise ValueError(f"is not JSON from character {error.colno} on") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    if not isinstance(pairs, tuple):
        raise ValueError(_WHOLE_OBJECT if isinstance(pairs, list) else _NO_OBJECT)
    if len(line) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST:,} characters")
    record = {_name(name): value for name, value in pairs}
    if len(record) < len(pairs) and (twice := _first_repeated(_name(name) for name, _ in pairs)):
        raise ValueError(f"has the field {twice} twice")
    return record


def from_csv(source: Source) -> Iterator[Story]:
    """Yield the stories of a file whose first row names its columns."""
    return _table(source, delimiter=None)


def from_tsv(source: Source) -> Iterator[Story]:
    """Yield the stories of a file as `from_csv` does; tabs separate its cells.

    A quote is a character like any other (iana.org/assignments/media-types, TSV), unless there is
    one on both sides of a cell, as spreadsheets write it.
    """
    return _table(source, delimiter="\t")


class _Lines(Iterator[str]):
    """The lines of a table; the reader of its rows sets *start* to 0 after each row."""

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
        # A return within a cell is no end of a row.
        return f"{line}\n".replace("\r", " ")


def _table(source: Source, delimiter: str | None) -> Iterator[Story]:
    lines = _Lines(source)
    first = next(lines, "")
    has_quotes = delimiter is None
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=lambda each: _match(first, each))
    if first.lower().startswith(_SEPARATED_BY):
        delimiter = first.rstrip("\r\n")[len(_SEPARATED_BY) :] or ","
        if len(delimiter) != 1:
            source.add_problem(lines.at, "must name one character after sep=")
            return
        lines.start, first = 0, next(lines, "")
    reader = csv.reader(
        chain([first], lines),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE,
        strict=True,
    )
    records = _Records(source)
    try:
        header = [_name(name) for name in next(reader, [])]
        if header and not set(header) & set(FIELDS):
            source.set_not_a_document(lines.at, _expected("column", header))
            return
        if problem := _header_problem(header):
            source.add_problem(lines.at, problem)
            return
        records.note_names(lines.at, {*header})
        is_empty, lines.start = True, 0
        for row in reader:
            is_empty = False
            # Spreadsheets also write cells that were used once and are empty now.
            if any(map(str.strip, row[len(header) :])):
                columns = f"has {len(row)} columns, where the first row names {len(header)}"
                records.leave_out(lines.start, columns)
            elif any(map(str.strip, row)):
                cells = row if has_quotes else records.unquoted(lines.start, row)
                yield from records.story(lines.start, dict(zip(header, cells, strict=False)))
            lines.start = 0
        _check_not_empty(source, header, is_empty)
    except csv.Error as error:
        message = str(error)
        why = next((ours for theirs, ours in _CSV_ERRORS.items() if theirs in message), _BAD_ROW)
        source.add_problem(lines.start or lines.at, f"is not CSV: {why}")
    records.end()


def _check_not_empty(source: Source, header: Sequence[str], is_empty: bool) -> None:
    """Add that a table holds nothing, or only the row that names its columns."""
    if not is_empty:
        return
    if header:
        source.add_warning(
            None, "holds only column names: it is loaded, and no story comes from it"
        )
    elif not source.problems:
        source.add_problem(None, _EMPTY.format("a row of column names, and a row for each story"))


def _match(header: str, delimiter: str) -> tuple[int, int]:
    """Return how likely *delimiter* separates the columns, as numbers to compare."""
    names = {_name(name) for name in header.split(delimiter)}
    return len(names.intersection(FIELDS)), header.count(delimiter)


def _expected(what: str, found: Sequence[str]) -> str:
    """Return that none of the names *found* is a field; *what* a name is: a column or a field."""
    named = [name[:30] for name in found if name]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    has = f"{what}{'s' if len(named) > 1 else ''} {', '.join(named[:_SHOWN])}{more}"
    return (
        f"has {f'the {has}' if named else f'no {what}s'}, where headline and summary were expected,"
        " and perhaps insight and question"
    )


def _name(name: str) -> str:
    return _unquoted(name.strip()).strip().lower()


def _unquoted(cell: str) -> str:
    is_quoted = len(cell) > 1 and cell.startswith('"') and cell.endswith('"')
    return cell[1:-1].replace('""', '"') if is_quoted else cell


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


class _Records:
    """Makes stories of records, and notes the records of which none can be made.

    These do not keep the others from being loaded, unless there are no others.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.stories = 0
        """How many stories were made."""
        self._mistakes: dict[str, list[int]] = {}
        """The lines of the records that are left out, by mistake."""
        self._flaws: dict[str, list[tuple[int, str]]] = {}
        """The lines of the records of which a field is left out, and the text of a date."""
        self._unknown: dict[str, int] = {}
        """The line on which a field that is not read was first seen."""

    def story(self, number: int, record: Mapping[str, object]) -> Iterator[Story]:
        """Yield the story of a record on line *number*, unless it has a mistake."""
        try:
            texts = {name: _text(name, record.get(name)) for name in FIELDS}
        except ValueError as error:
            self.leave_out(number, str(error))
            return
        self.stories += 1
        others = record.keys() - texts.keys()
        yield Story(**texts, provenance=self._provenance(number, record, others))

    def note_names(self, number: int, names: Set[str]) -> None:
        """Remember those *names* of fields on line *number* that are not read."""
        for name in names - _KNOWN - self._unknown.keys():
            if name and len(self._unknown) < _MOST_UNKNOWN:
                self._unknown[name] = number

    def _provenance(
        self, number: int, record: Mapping[str, object], others: Set[str]
    ) -> Provenance:
        """Return the provenance of a record on line *number*, whose other fields are *others*."""
        if not others:
            return NO_PROVENANCE
        self.note_names(number, others)
        fields: dict[str, str] = {}
        flaws: dict[str, str] = {}
        for name in provenance.FIELDS:
            try:
                if value := _text(name, record.get(name)):
                    fields[name] = value
            except ValueError as error:
                flaws[name] = f"{error}: it is left out"
        found = read_provenance(fields.items(), self._source.at, flaws)
        for name, flaw in flaws.items():
            # An address may hold a password.
            text = fields.get(name, "") if name == "published_at" else ""
            self._flaws.setdefault(flaw, []).append((number, text))
        return found

    def unquoted(self, number: int, row: Sequence[str]) -> Sequence[str]:
        """Return the cells of a row without the quotes around them; note a quote that opens one."""
        if any(cell.startswith('"') and cell.count('"') % 2 for cell in row):
            self._flaws.setdefault(_OPEN_QUOTE, []).append((number, ""))
        return [_unquoted(cell) for cell in row]

    def leave_out(self, number: int, mistake: str) -> None:
        """Note that there is no story of the record on line *number*."""
        self._mistakes.setdefault(mistake, []).append(number)

    def end(self) -> None:
        """Add the mistakes to the source: as warnings, or as problems if nothing is loaded."""
        for mistake, numbers in self._mistakes.items():
            if self._source.problems or not self.stories:
                for number in numbers:
                    self._source.add_problem(number, mistake)
                continue
            rest = f"the story is left out, and the others are loaded{also_on(numbers[1:])}"
            self._source.add_warning(numbers[0], f"{mistake}: {rest}")
        for flaw, places in self._flaws.items():
            (first, *numbers), (text, *texts) = zip(*places, strict=True)
            value = f": “{shorten(text)}”" if text else ""
            also = also_on(numbers, texts if any(texts) else ())
            self._source.add_warning(first, f"{flaw}{value}{also}")
        if self._unknown:
            names = sorted(self._unknown, key=lambda name: (self._unknown[name], name))
            line = self._unknown[names[0]]
            self._source.add_warning(line, unknown_fields(names, RECORD_FIELDS))


def _text(name: str, value: object) -> str:
    """Return the text of the field *name*; raises `ValueError` if it is not text or too long."""
    what = with_article(name)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        value = ""
    if not isinstance(value, str):
        raise ValueError(f"has {what} that is not text")
    if not value.isprintable():
        if "\0" in value:
            raise ValueError(f"has {what} that is not text: it holds a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError(f"has {what} with half a character in it")
    text = " ".join(tidy(plain_text(value) if has_markup(value) else value).split())
    if len(text) > MAX_TEXT:
        raise ValueError(f"has {what} longer than {MAX_TEXT:,} characters")
    text = value_of(text)
    if not text and name in _NEEDED:
        raise ValueError(f"has no {name}")
    return text
