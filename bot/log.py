"""Logging: text lines on a terminal, JSON lines elsewhere.

A line holds the ids of its team, channel, user and request. It never holds a secret or anything
that a user wrote.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from store.db import DatabaseError
from store.types import ParleyError

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
            "message": redact(record.getMessage()),
            **_about.get(),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(_Formatter):
    """Formats a record as text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line with its ids, and the traceback below it if any."""
        first, *rest = redact(super().format(record)).split("\n")
        ids = " ".join(f"{name}={one}" for name, one in _about.get().items())
        return "\n".join([f"{first} ({ids})" if ids else first, *rest])


def _is_not_malformed_http(record: logging.LogRecord) -> bool:
    """Return False for a request that is not valid HTTP: anybody can send any number of them."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


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
    handler = logging.StreamHandler(sys.stderr)
    is_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    handler.setFormatter(JsonFormatter() if is_json else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At DEBUG the SDK logs message texts and secrets, and at INFO many useless lines.
    for name in _VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_is_not_malformed_http)
