"""Logging: lines for people on a terminal, JSON lines for machines elsewhere.

A line names the team, the channel, the person and the request that it is about, by id; never what
anybody wrote, and never a secret.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 -- never changed

# Slack's tokens, one-time addresses that act for somebody, and the credentials in an address: of a
# database, or of a proxy, which aiohttp puts into the message of an error.
_SECRET = re.compile(
    r"xox[a-z]-[\w.-]+|xoxe[\w.-]*|xapp-[\w-]+|xwfp-[\w-]+"
    r"|(?<=hooks\.slack\.com/)\S+|(?<=/response/)[\w/-]+|wss?://\S+|(?<=://)(?:[^\s/:@]*:[^\s@]+|[^\s/@]+)(?=@)"
)


@contextmanager
def about(**ids: str | None) -> Iterator[None]:
    """Put *ids* on every line that is logged within, in tasks that start within too."""
    token = _about.set({**_about.get()} | {name: one for name, one in ids.items() if one})
    try:
        yield
    finally:
        _about.reset(token)


def redact(text: str) -> str:
    """Take out what could be used by who reads it."""
    return _SECRET.sub("[secret]", text)


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line: at, level, logger, message, ids, and error where there is one."""
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


class TextFormatter(logging.Formatter):
    """Writes a record for a person."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Give the line with its ids, and the error below it where there is one."""
        first, *rest = redact(super().format(record)).split("\n")
        ids = " ".join(f"{name}={one}" for name, one in _about.get().items())
        return "\n".join([f"{first} ({ids})" if ids else first, *rest])


_TALKATIVE = (
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
    # At DEBUG the SDK writes message texts and secrets, and at INFO much that helps nobody.
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
