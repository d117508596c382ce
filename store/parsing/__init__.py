"""Parse feeds and calendars in a child process, with limits of time, memory and output.

The libraries for these formats are written in Python around regular expressions. A small hostile
file can keep some of them busy for minutes while they hold the interpreter lock. In a child process
such a file stops only its own parser.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Literal, Self

from store.types import ParleyError

_FOLDER = Path(__file__).resolve().parent
_RUN_CHILD = "import sys; sys.path.append(sys.argv[1]); import child; child.main()"
"""Imports the child without `store`, which would take ten times as long."""
_ENVIRONMENT = (
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "SYSTEMROOT",
)
"""What the child needs of the environment; the rest may hold secrets."""
_MB = 1 << 20
_IN_MEMORY = 8 * _MB
"""Bytes of an answer after which it is written to the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits for parsing one file."""

    seconds: int = 10
    """Processor time for the smallest file."""
    seconds_per_mb: int = 3
    """Additional processor time for each megabyte; the libraries need about a second."""
    wall_clock_factor: int = 3
    """The wall-clock limit, as a multiple of the limit of processor time."""
    memory: int = 1024 * _MB
    """Bytes of address space; Linux enforces this limit, macOS does not."""
    answer: int = 64 * _MB
    """The maximum bytes of the answer."""
    seconds_in_all: float = 300
    """The wall-clock limit for all files that one parser parses."""

    def seconds_for(self, data: bytes) -> int:
        """Return the seconds of processor time for a file with these bytes."""
        return self.seconds + self.seconds_per_mb * len(data) // _MB


DEFAULT_LIMITS = Limits()


class ParsingError(Exception):
    """Raised for a file that cannot be parsed; the message continues a sentence about the file."""

    def __init__(
        self, message: str, line: int | None = None, *, is_another_kind: bool = False
    ) -> None:
        """Create an error; *line* is None if it concerns the whole file.

        *is_another_kind* if the file is something else, such as a web page instead of a feed.
        """
        super().__init__(message)
        self.line = line
        self.is_another_kind = is_another_kind


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the child found in a file. The strings may hold lone surrogates."""

    rows: Iterator[list[str]]
    """Can be read once."""
    warnings: Sequence[tuple[int | None, str]]
    """Mistakes that did not keep the file from being parsed: the line, and what was done."""


class Parser:
    """Parses files in a child process, one at a time.

    The child starts with the first file, and again if a file has stopped it. Close the parser after
    use. Another thread may call `close`, which stops the file that is being parsed.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        """Protects the child and the flag below; held only for a moment."""
        self._child: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._parsing = threading.Lock()
        """Held while the child's pipes are used."""
        self._spent = 0.0
        self._slowest = 0.0, ""
        """The seconds of the file that took longest, and its name."""

    def parse(
        self,
        kind: Literal["calendar", "feed", "json", "page", "text"],
        name: str,
        data: bytes,
        **options: object,
    ) -> Parsed:
        """Return what the child finds in *data*, the bytes of the file *name*, as a *kind* of file.

        Raises `ParsingError` if the file is not of that kind, if the library fails on it, or if it
        exceeds a limit. Raises `ParleyError` if the parser is closed, or if the child cannot be
        started.
        """
        rows = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
        try:
            with self._parsing:
                warnings = self._request(kind, name, data, options, rows)
        except BaseException:
            rows.close()
            raise
        return Parsed(_read(rows), warnings)

    def close(self) -> None:
        """Stop the child; the parser cannot be used after that."""
        with self._lock:
            self._is_closed = True
            child = self._child
        if child:
            child.kill()
            # A thread that waits for an answer uses the pipes until it sees that the child is gone.
            with self._parsing:
                _stop(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(
        self, kind: str, name: str, data: bytes, options: object, rows: IO[bytes]
    ) -> Sequence[tuple[int | None, str]]:
        """Send *data* to the child, write the lines of its answer to *rows*; return warnings."""
        left = self._limits.seconds_in_all - self._spent
        if left <= 0:
            raise self._total_time_error()
        child = self._running_child()
        seconds = self._limits.seconds_for(data)
        request = {
            "kind": kind,
            "size": len(data),
            "options": options,
            "memory": self._limits.memory,
            "seconds": seconds,
        }
        timeout = min(seconds * self._limits.wall_clock_factor, left)
        is_expired = False

        def expire() -> None:
            nonlocal is_expired
            is_expired = True
            child.kill()

        deadline = threading.Timer(timeout, expire)
        deadline.daemon = True
        deadline.start()
        began = time.monotonic()
        try:
            result = self._exchange(child, json.dumps(request).encode() + b"\n", data, rows)
        except BaseException:
            # The rest of the answer must not be read as the answer for the next file.
            _stop(child)
            raise
        finally:
            deadline.cancel()
            took = time.monotonic() - began
            self._spent += took
            self._slowest = max(self._slowest, (took, name))
        if result is None:
            _stop(child)
            if self._is_closed:
                raise ParleyError(_CLOSED)
            if is_expired and timeout == left:
                raise self._total_time_error()
            if is_expired:
                raise ParsingError(_TOO_LONG.format(timeout, "seconds"))
            raise ParsingError(_crash_message(child.returncode, seconds))
        if result.get("is_out_of_memory"):
            # Its memory is fragmented now, so the next file needs a new child.
            _stop(child)
            raise ParsingError(_TOO_MUCH.format(self._limits.memory // _MB))
        if problem := result.get("problem"):
            is_another_kind = result.get("is_another_kind", False)
            raise ParsingError(problem, result["line"], is_another_kind=is_another_kind)
        return [(line, message) for line, message in result["warnings"]]

    def _total_time_error(self) -> ParsingError:
        seconds, name = self._slowest
        slowest = f"; the slowest is {name}, with {seconds:.0f} seconds" if name else ""
        return ParsingError(_TOO_LONG_IN_ALL.format(self._limits.seconds_in_all, slowest))

    def _exchange(
        self, child: "subprocess.Popen[bytes]", header: bytes, data: bytes, rows: IO[bytes]
    ) -> dict[str, Any] | None:
        """Return the object at the end of the answer; None if the child ended before it."""
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the child has no pipes")
        # If the child has ended, reading its answer shows that.
        with suppress(BrokenPipeError):
            child.stdin.write(header)
            child.stdin.write(data)
            child.stdin.flush()
        remaining = self._limits.answer
        while line := child.stdout.readline(remaining + 1):
            remaining -= len(line)
            if remaining < 0:
                raise ParsingError(_TOO_MUCH_TEXT.format(self._limits.answer // _MB))
            if not line.startswith(b"["):
                result: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
                return result
            rows.write(line)
        return None

    def _running_child(self) -> "subprocess.Popen[bytes]":
        """Return the child; start one if none is running."""
        with self._lock:
            if self._is_closed:
                raise ParleyError(_CLOSED)
            if self._child is None or self._child.poll() is not None:
                if self._child:
                    _stop(self._child)
                try:
                    self._child = subprocess.Popen(  # noqa: S603 -- our own script
                        # -P: do not import from the folder that Parley is started from.
                        [sys.executable, "-P", "-c", _RUN_CHILD, str(_FOLDER)],
                        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                except OSError as error:
                    raise ParleyError(_NO_CHILD.format(error.strerror)) from error
            return self._child


_CLOSED = "Parley is stopping, so nothing more is parsed."
_NO_CHILD = "The process that parses feeds and calendars cannot be started: {}."
_ADVICE = "the limit for one file: make it smaller, or leave it out"
_TOO_LONG = f"takes more than {{}} {{}} to parse, {_ADVICE}"
_TOO_LONG_IN_ALL = (
    "is not read: all feeds together take more than {:.0f} seconds to parse{}; make them smaller,"
    " or leave some out"
)
_TOO_MUCH = f"takes more than {{:,}} MB of memory to parse, {_ADVICE}"
_TOO_MUCH_TEXT = f"holds more than {{:,}} MB of text, {_ADVICE}"


def _read(rows: IO[bytes]) -> Iterator[list[str]]:
    with rows:
        rows.seek(0)
        for line in rows:
            yield json.loads(line.decode(errors="surrogatepass"))


def _crash_message(code: int, seconds: int) -> str:
    """Return the message about a file that ended the child with the return code *code*."""
    name = next((signal.name for signal in Signals if signal == -code), f"exit code {code}")
    if name == "SIGXCPU":
        return _TOO_LONG.format(seconds, "seconds of processor time")
    if name == "SIGKILL":
        return f"cannot be parsed: the system killed the parser, perhaps for its memory; {_ADVICE}"
    return f"cannot be parsed: the parser crashed ({name})"


def _stop(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        # Closing stdin flushes the rest of a request, which nobody reads any longer.
        with suppress(BrokenPipeError):
            if pipe:
                pipe.close()
