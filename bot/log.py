"""Logging: lines for people on a terminal, JSON lines for machines elsewhere."""

import json
import logging
import sys
from datetime import UTC, datetime


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line: at, level, logger, message, and error where there is one."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(*, level: str, style: str) -> None:
    """Send the log to standard error; *style* is auto, text or json."""
    handler = logging.StreamHandler(sys.stderr)
    if style == "json" or (style == "auto" and not sys.stderr.isatty()):
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
        )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At DEBUG the SDK writes message texts and secrets, and at INFO much that helps nobody.
    for name in ("slack_sdk", "slack_bolt", "slack_bolt.AsyncApp", "aiohttp.access", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)
