"""One file of the corpus: its lines, the digest of its bytes, and what is wrong with it."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from store.parsing import Parser
from store.types import Problem

MAX_TEXT = 20_000
"""Characters that a text may have; Slack shows 3,000 of them in a block, and nobody reads more."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def tidy(text: str) -> str:
    """Put a blank in the place of each character that controls a terminal or breaks a line.

    Nothing is left of what shows nothing: joiners alone, and marks without a width.
    """
    if text.isprintable():
        return text.strip()
    text = _CONTROL.sub(" ", text).strip()
    return text if any(one.isprintable() and not one.isspace() for one in text) else ""


class Story(NamedTuple):
    """An article as it stands in a file; insight and question may be empty."""

    headline: str
    summary: str
    insight: str
    question: str


class Source:
    """Reads one file once, from its beginning, and holds no more of it than one long line."""

    def __init__(self, name: str, file: BinaryIO, parser: Parser) -> None:
        """Take the *parser* for the formats that a library reads."""
        self.name = name
        self.parser = parser
        self.problems: list[Problem] = []
        self.is_other = False
        """Whether it turned out to be no document at all, but something else of that ending."""
        self._file = file
        self._digest = sha256()

    @property
    def digest(self) -> str:
        """Give the hash of what was read so far."""
        return self._digest.hexdigest()

    def lines(self, *, longest: int = MAX_TEXT) -> Iterator[tuple[int, str]]:
        """Yield (number, text) of each line that is not blank, counted from 1.

        The text is without its line break. A line of more than *longest* characters, and one that
        is no UTF-8 text, is a problem; after a problem comes nothing more.
        """
        number = offset = 0
        # A character takes up to four bytes; the byte more tells a long line from a full one.
        while raw := self._file.readline(longest * 4 + 1):
            number += 1
            self._digest.update(raw)
            if number == 1 and raw.startswith(_UTF16):
                return self._stop(number, "is UTF-16 text: save it as UTF-8")
            if b"\0" in raw:
                return self._stop(number, "is not text: it holds a NUL byte")
            if number == 1 and b"\r" in raw.rstrip(b"\r\n"):
                return self._stop(number, "ends its lines with CR alone: save it with LF or CRLF")
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

    def whole(self, *, most: int) -> bytes:
        """Give every byte; a file of more than *most* is a problem, and gives none."""
        data = self._file.read(most + 1)
        self._digest.update(data)
        if len(data) > most:
            self.problem(None, f"is larger than {most >> 20} MB")
            return b""
        return data

    def problem(self, line: int | None, message: str) -> None:
        """Note what is wrong, on which line."""
        self.problems.append(Problem(path=PurePosixPath(self.name), line=line, message=message))

    def _stop(self, number: int, message: str) -> None:
        self.problem(number, message)
