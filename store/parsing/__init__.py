"""Parsing in a child process: what a feed or a calendar costs to parse is bounded.

The libraries that read these formats are written in Python around regular expressions, some of
which take minutes for a small file that is made for it, and hold the interpreter lock while they
do. In a process of its own such a file ends nothing but its own parser.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Literal, Self

from store.types import ParleyError

_CHILD = Path(__file__).resolve().with_name("child.py")
_MB = 1 << 20
_IN_MEMORY = 8 * _MB
"""Bytes of an answer after which it waits on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What parsing one file may take."""

    seconds: int = 10
    """Processor time of the smallest file."""
    seconds_per_mb: int = 3
    """More for each megabyte; the libraries read one in about a second."""
    patience: int = 3
    """How many times as long it may take by the clock: others use the processor too."""
    memory: int = 1024 * _MB
    """Bytes of address space, where the system limits it: Linux does, macOS does not."""
    answer: int = 64 * _MB
    """Bytes that come back."""

    def seconds_for(self, data: bytes) -> int:
        """Return the seconds of processor time for a file of these bytes."""
        return self.seconds + self.seconds_per_mb * len(data) // _MB


DEFAULT_LIMITS = Limits()


class ParsingError(Exception):
    """Raised for a file that cannot be parsed; the message completes a sentence about it."""

    def __init__(self, message: str, line: int | None = None) -> None:
        """Take the *line* that is wrong; None where it is the whole file."""
        super().__init__(message)
        self.line = line


class Parser:
    """Parses one file after the other, in a child process.

    The child starts with the first file, and again after a file that ended it. Close the parser
    after use. `close` may be called from another thread, and ends what is being parsed.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        """For what follows; held for moments."""
        self._child: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._parsing = threading.Lock()
        """Held by whoever uses the child's pipes."""

    def parse(
        self, kind: Literal["feed", "calendar"], data: bytes, **options: object
    ) -> Iterator[list[str]]:
        """Yield the rows that the child's function called *kind* makes of *data*.

        Raises `ParsingError` before the first row if the file is not of that kind, if the library
        fails on it, or if it exceeds a limit. Raises `ParleyError` if the parser is closed, or if
        the child cannot be started. The strings may hold lone surrogates.
        """
        with SpooledTemporaryFile[bytes](max_size=_IN_MEMORY) as rows:
            with self._parsing:
                self._ask(kind, data, options, rows)
            rows.seek(0)
            for line in rows:
                yield json.loads(line.decode(errors="surrogatepass"))

    def close(self) -> None:
        """End the child; the parser can't be used any more."""
        with self._lock:
            self._is_closed = True
            child = self._child
        if child:
            child.kill()
            # The thread that waits for an answer uses the pipes until it sees that there is none.
            with self._parsing:
                _end(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, kind: str, data: bytes, options: object, rows: IO[bytes]) -> None:
        """Have *data* parsed, and write the lines of the answer to *rows*."""
        child = self._running()
        seconds = self._limits.seconds_for(data)
        request = {
            "kind": kind,
            "size": len(data),
            "options": options,
            "memory": self._limits.memory,
            "seconds": seconds,
        }
        late = seconds * self._limits.patience
        is_late = False

        def expire() -> None:
            nonlocal is_late
            is_late = True
            child.kill()

        deadline = threading.Timer(late, expire)
        deadline.daemon = True
        deadline.start()
        try:
            end = self._exchange(child, json.dumps(request).encode() + b"\n", data, rows)
        except BaseException:
            # The rest of the answer must not be taken for that of the next file.
            _end(child)
            raise
        finally:
            deadline.cancel()
        if end is None:
            _end(child)
            if self._is_closed:
                raise ParleyError(_STOPPED)
            if is_late:
                raise ParsingError(_TOO_LONG.format(late, "seconds"))
            raise ParsingError(_death(child.returncode, seconds))
        if end.get("is_out_of_memory"):
            # What is left of its memory is in pieces.
            _end(child)
            raise ParsingError(_TOO_MUCH.format(self._limits.memory // _MB))
        if problem := end.get("problem"):
            raise ParsingError(problem, end["line"])

    def _exchange(
        self, child: "subprocess.Popen[bytes]", header: bytes, data: bytes, rows: IO[bytes]
    ) -> dict[str, Any] | None:
        """Return the last line of the answer; None if the child ended before it."""
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the child has no pipes")
        # A child that has ended reads nothing; that shows when its answer is read.
        with suppress(BrokenPipeError):
            child.stdin.write(header)
            child.stdin.write(data)
            child.stdin.flush()
        room = self._limits.answer
        while line := child.stdout.readline(room + 1):
            room -= len(line)
            if room < 0:
                raise ParsingError(_TOO_MUCH_TEXT.format(self._limits.answer // _MB))
            if not line.startswith(b"["):
                end: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
                return end
            rows.write(line)
        return None

    def _running(self) -> "subprocess.Popen[bytes]":
        """Return the child, started if there is none."""
        with self._lock:
            if self._is_closed:
                raise ParleyError(_STOPPED)
            if self._child is None or self._child.poll() is not None:
                if self._child:
                    _end(self._child)
                try:
                    self._child = subprocess.Popen(  # noqa: S603 -- our own script
                        # -P: the script's own folder is not a place to import from.
                        [sys.executable, "-P", str(_CHILD)],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                except OSError as error:
                    raise ParleyError(_NO_CHILD.format(error.strerror)) from error
            return self._child


_STOPPED = "Parley is stopping, so nothing more is parsed."
_NO_CHILD = "The process that parses feeds and calendars cannot be started: {}."
_ADVICE = "the limit for one file: make it smaller, or leave it out"
_TOO_LONG = f"takes more than {{}} {{}} to parse, {_ADVICE}"
_TOO_MUCH = f"takes more than {{:,}} MB of memory to parse, {_ADVICE}"
_TOO_MUCH_TEXT = f"holds more than {{:,}} MB of text, {_ADVICE}"


def _death(code: int, seconds: int) -> str:
    """Return the sentence about a file that ended the child with that return code."""
    name = next((one.name for one in Signals if one == -code), f"exit code {code}")
    if name == "SIGXCPU":
        return _TOO_LONG.format(seconds, "seconds of processor time")
    if name == "SIGKILL":
        return f"cannot be parsed: the system killed the parser, perhaps for its memory; {_ADVICE}"
    return f"cannot be parsed: the parser crashed ({name})"


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        # What was not written to a child that is gone is of no use.
        with suppress(BrokenPipeError):
            if pipe:
                pipe.close()
