"""Logging: text lines on a terminal, JSON lines elsewhere.

A line holds the ids of its team, channel, user and request. It never holds a secret or anything
that a user wrote.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import TextIO

from store.db import DatabaseError
from store.text import showable
from store.types import ParleyError

_MINUTE = 60.0
_LINES_A_MINUTE = 20
"""How many warnings or errors of one kind are logged in a minute."""
_NUMBERED = re.compile(r"\w*\d\w*")
"""Numbers, ids and the like, which differ between records of one kind."""

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 -- never changed

# Slack's tokens, URLs that are secret themselves (webhooks, response_urls, sockets), and the
# credentials in the URL of a database or of a proxy, which aiohttp puts into error messages. The
# error of functions.completeError is a sentence for a user, which may quote them.
_SECRET = re.compile(
    r"xox[a-z]-[\w.-]+|xoxe[\w.-]*|xapp-[\w-]+|xwfp-[\w-]+"
    r"|(?<=[?&]error=)[^&\s]+"
    r"|(?<=hooks\.slack\.com/)\S+|(?<=/response/)[\w/-]+|wss?://\S+|(?<=://)(?:[^\s/:@]*:[^\s@]+|[^\s/@]+)(?=@)"
)


@contextmanager
def about(**ids: str | None) -> Iterator[None]:
    """Add *ids* to every line logged in this context, and in tasks that start in it."""
    token = _about.set({**_about.get()} | {name: one for name, one in ids.items() if one})
    try:
        yield
    finally:
        _about.reset(token)


def redact(text: str) -> str:
    """Replace tokens and other secrets in *text*."""
    return _SECRET.sub("[secret]", text)


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Formatter(logging.Formatter):
    """Formats tracebacks without the sentences that users get, which may quote what they wrote."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 -- logging's name
        """Return the traceback."""
        text = super().formatException(ei)
        errors = [ei[1]]
        for error in errors:
            if error is None:
                continue
            for other in (error.__cause__, error.__context__):
                if other not in errors:
                    errors.append(other)
            is_sentence = isinstance(error, ParleyError) and not isinstance(error, DatabaseError)
            if is_sentence and str(error):
                text = text.replace(str(error), "[sentence for the user]")
        return text


class JsonFormatter(_Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a JSON object: at, level, logger, message, the ids, and error if any."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _safe(redact(record.getMessage())),
            **_about.get(),
        }
        if record.exc_info:
            line["error"] = _safe(redact(self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(_Formatter):
    """Formats a record as text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return one line with its ids, and the traceback indented below it if any."""
        text = _safe(redact(super().format(record)))
        ids = " ".join(f"{name}={one}" for name, one in _about.get().items())
        first, *rest = text.split("\n")
        return "\n  ".join([f"{first} ({ids})" if ids else first, *rest])


def _safe(text: str) -> str:
    """Replace what could control a terminal; every line stays a line."""
    return "\n".join(map(showable, text.split("\n")))


class RepeatLimit:
    """Limits how often a warning or an error is logged, and counts the rest.

    A burst of failures would fill the disk. Records are of one kind if their logger, their text
    without numbers and the line that raised are the same. A kind gets one traceback and a few lines
    a minute.
    """

    def __init__(self, time: Callable[[], float] = monotonic) -> None:
        """*time* returns seconds."""
        self._time = time
        self._kinds: dict[object, _Kind] = {}

    def limit(self, record: logging.LogRecord) -> logging.LogRecord | None:
        """Return what to log of *record*; None if there were too many like it in this minute."""
        if record.levelno < logging.WARNING:
            return record
        key = _kind_of(record)
        kind = self._kinds.setdefault(key, _Kind(self._time(), record.name, record.levelno))
        kind.seen += 1
        kind.last = record.getMessage()
        if kind.seen == 1:
            return record
        return _without_traceback(record) if kind.seen <= _LINES_A_MINUTE else None

    def counts(self) -> Iterator[logging.LogRecord]:
        """Yield a record for each kind whose minute is over, if not all of it was logged."""
        now = self._time()
        for key in [key for key, kind in self._kinds.items() if now - kind.since >= _MINUTE]:
            kind = self._kinds.pop(key)
            if (more := kind.seen - _LINES_A_MINUTE) > 0:
                text = f"{more} more like this: {kind.last}"
                yield logging.LogRecord(kind.logger, kind.level, "", 0, text, (), None)


@dataclass(slots=True)
class _Kind:
    """The records of one kind in one minute."""

    since: float
    logger: str
    level: int
    seen: int = 0
    last: str = ""
    """The text of the last one."""


def _kind_of(record: logging.LogRecord) -> object:
    error = record.exc_info[1] if record.exc_info else None
    *_, (frame, line) = [(None, 0), *traceback.walk_tb(error.__traceback__ if error else None)]
    where = (frame and frame.f_code, line)
    first_line, *_ = str(record.msg).split("\n", 1)
    return record.name, record.levelno, _NUMBERED.sub("#", first_line), type(error), *where


def _without_traceback(record: logging.LogRecord) -> logging.LogRecord:
    short = copy(record)
    if record.exc_info and record.exc_info[0]:
        short.msg = f"{record.getMessage()} ({record.exc_info[0].__name__}, as above)"
        short.args = ()
        short.exc_info = short.exc_text = None
    return short


class _Handler(logging.StreamHandler[TextIO]):
    """Writes what `RepeatLimit` lets pass."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._repeats = RepeatLimit()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless there were too many like it."""
        ids = _about.set({})  # the counts are about other requests
        try:
            for count in self._repeats.counts():
                super().emit(count)
        finally:
            _about.reset(ids)
        if limited := self._repeats.limit(record):
            super().emit(limited)


_VERBOSE_LOGGERS = (
    "slack_sdk",
    "slack_bolt",
    "slack_bolt.AsyncApp",
    "aiohttp.access",
    "aiosqlite",
    "asyncio",
)


def configure_logging(*, level: str, style: str) -> None:
    """Send the log to standard error; *style* is auto, text or json."""
    handler = _Handler(sys.stderr)
    is_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    handler.setFormatter(JsonFormatter() if is_json else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At DEBUG the SDK logs message texts and secrets, and at INFO many useless lines.
    for name in _VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
