"""One file of the corpus: its lines, the digest of its bytes, and its problems."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO, Literal, NamedTuple

from store.loading.documents.provenance import NO_PROVENANCE, Provenance
from store.parsing import Parser, ParsingError
from store.text import showable, well_formed
from store.types import Problem

MAX_TEXT = 20_000
"""The maximum characters of a text; a block in Slack shows 3,000, and nobody reads more."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NUL = "is not text: it holds a NUL byte"
_MAX_DECODED = 16 << 20
"""The largest file that is decoded as a whole if it is not UTF-8."""
_NO_VALUE = frozenset(
    ("#n/a", "(null)", "<na>", "<null>", "\\n", "n/a", "nan", "nat", "none", "null", "undefined")
) | {"tba", "tbc", "tbd", "todo"}
"""What databases, spreadsheets and editors write for a text that is not there, in small letters."""
_FIRST_EMOJI = "\U0001f000"
_MOST_LINES = 20
"""How many line numbers a warning lists."""


def tidy(text: str) -> str:
    """Replace characters that control a terminal or break a line by blanks, and strip the text.

    Returns an empty string if no visible character is left, as in a text of joiners alone.
    """
    if text.isprintable():
        return text.strip()
    text = _CONTROL.sub(" ", text).strip()
    is_visible = any(one.isprintable() and not one.isspace() for one in text)
    return text if is_visible else ""


def value_of(text: str) -> str:
    """Return *text*, or an empty string if it stands for no text: `NULL`, `TODO`, `-`, `?`."""
    has_words = any(one.isalnum() or (one >= _FIRST_EMOJI and one.isprintable()) for one in text)
    return text if has_words and text.lower() not in _NO_VALUE else ""


def with_article(name: str) -> str:
    """Return the *name* of a field as a sentence has it: "a summary", "an insight"."""
    return f"an {name}" if name == "insight" else f"a {name}"


def shorten(text: str) -> str:
    """Return *text* as a message quotes it."""
    return text if len(text) <= 60 else f"{text[:59]}…"


def also_on(numbers: Sequence[int], texts: Sequence[str] = ()) -> str:
    """Return the end of a message about one line that is true of the lines *numbers* too.

    *texts* are what the message is about on each of these lines, if that is not clear.
    """
    if not numbers:
        return ""
    shown = [str(number) for number in numbers[:_MOST_LINES]]
    if texts:
        shown = [f"{at}: “{shorten(text)}”" for at, text in zip(shown, texts, strict=False)]
    more = f" and {len(numbers) - _MOST_LINES:,} more" if len(numbers) > _MOST_LINES else ""
    lines = "line" if len(numbers) == 1 else "lines"
    return f" (also {lines} {', '.join(shown)}{more})"


class Story(NamedTuple):
    """An article as a file has it; insight and question may be empty."""

    headline: str
    summary: str
    insight: str
    question: str
    provenance: Provenance = NO_PROVENANCE


class Source:
    """Reads one file once from its beginning, with at most one long line in memory."""

    def __init__(self, name: str, file: BinaryIO, parser: Parser, at: datetime | None) -> None:
        """Start reading *file* at the time *at*, if that is known.

        *parser* parses formats that need a library, in a child process.
        """
        self.name = name
        self.parser = parser
        self.at = at
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        """Mistakes that do not keep the document from being loaded."""
        self.not_a_document: Problem | None = None
        """Why the file is something else than a document, such as a web page; None if it is one."""
        self._file = file
        self._digest = sha256()

    @property
    def digest(self) -> str:
        """Return the hash of the bytes that were read so far."""
        return self._digest.hexdigest()

    def lines(self, *, longest: int = MAX_TEXT) -> Iterator[tuple[int, str]]:
        """Yield (number, text) for each line that is not blank; numbers count from 1.

        The text does not include the line break. The child process decodes a file that is not
        UTF-8. Adds a problem and stops at a line of more than *longest* characters, or at a line
        that is no text.
        """
        if other := self._in_another_charset():
            yield from self._decoded_lines(other, longest)
            return None
        number = offset = 0
        # A character takes up to four bytes. One more byte shows that a line is too long.
        while raw := self._file.readline(longest * 4 + 1):
            number += 1
            self._digest.update(raw)
            if b"\0" in raw:
                return self._stop(number, _NUL)
            if len(raw) > longest * 4:
                return self._stop(number, f"is longer than {longest:,} characters")
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                at, bad = offset + error.start, raw[error.start]
                return self._stop(
                    number, f"is not UTF-8 text: byte {at:,} of the file is 0x{bad:02X}"
                )
            if len(text.strip()) > longest:
                return self._stop(number, f"is longer than {longest:,} characters")
            offset += len(raw)
            if text and not text.isspace():
                yield number, text
        return None

    def _in_another_charset(self) -> bytes:
        """Return all bytes of a file that is not UTF-8 text with LF or CRLF, unless it is large."""
        data = self._file.read(_MAX_DECODED + 1)
        head = data.partition(b"\n")[0].rstrip(b"\r")
        is_usual = len(data) > _MAX_DECODED or (_is_utf8(data) and b"\r" not in head)
        if is_usual or (b"\0" in data and not data.startswith(_UTF16)):
            self._file.seek(0)
            return b""
        self._digest.update(data)
        return data

    def _decoded_lines(self, data: bytes, longest: int) -> Iterator[tuple[int, str]]:
        for number, (line,) in enumerate(self.parse("text", data), start=1):
            if "\0" in line:
                return self._stop(number, _NUL)
            text = well_formed(line).rstrip("\r")
            if len(text.strip()) > longest:
                return self._stop(number, f"is longer than {longest:,} characters")
            if text and not text.isspace():
                yield number, text
        return None

    def read_all(self, *, max_bytes: int) -> bytes:
        """Return the whole file; add a problem and return no bytes if it exceeds *max_bytes*."""
        data = self._file.read(max_bytes + 1)
        self._digest.update(data)
        if len(data) > max_bytes:
            self.add_problem(None, f"is larger than {max_bytes >> 20} MB")
            return b""
        return data

    def parse(
        self, kind: Literal["feed", "json", "text"], data: bytes, **options: object
    ) -> Iterator[list[str]]:
        """Yield what the child process finds in *data*; add its warnings, or the problem."""
        if self.problems:
            return
        try:
            parsed = self.parser.parse(kind, self.name, data, **options)
        except ParsingError as error:
            if error.is_another_kind:
                self.set_not_a_document(error.line, str(error))
            else:
                self.add_problem(error.line, str(error))
            return
        for line, message in parsed.warnings:
            self.add_warning(line, message)
        yield from parsed.rows

    def add_problem(self, line: int | None, message: str) -> None:
        """Add a problem; *line* is None if it concerns the whole file."""
        self.problems.append(self._note(line, message))

    def add_warning(self, line: int | None, message: str) -> None:
        """Add a mistake that does not keep the document from being loaded."""
        self.warnings.append(self._note(line, message))

    def set_not_a_document(self, line: int | None, message: str) -> None:
        """Record why the file is no document; its stories are not used."""
        self.not_a_document = self._note(line, message)

    def _note(self, line: int | None, message: str) -> Problem:
        return Problem(path=PurePosixPath(self.name), line=line, message=showable(message))

    def _stop(self, number: int, message: str) -> None:
        self.add_problem(number, message)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
