"""The child process that parses feeds and calendars; it is run as a script, by its path.

It imports nothing of Parley, so it starts in a tenth of a second. A request is a line of JSON and
the bytes of the file. The answer is a JSON array for each row, one per line, and a JSON object at
the end: empty, or with the problem and its line.
"""

import io
import json
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

Row = list[str]

_DECLARATIONS = tuple("<?xml".encode(name) for name in ("utf-8", "utf-8-sig", "utf-16"))
_BLOCK = re.compile(
    r"</?(?:p|br|div|li|[uod]l|d[dt]|h[1-6]|hr|tr|t[dh]|blockquote)\b", re.IGNORECASE
)
"""Tags that separate words even without a blank between them."""
_DAY = timedelta(days=1)
_LONGEST_NAME = 200
_LONGEST_REASON = 200


class ProblemError(Exception):
    """Raised for a file that is not of the expected format."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def feed(data: bytes, *, longest: int) -> Iterator[Row]:
    """Yield the title of a feed, then the title and summary of each entry, without markup.

    Each text is cut to *longest* characters.
    """
    from xml.sax import SAXException

    import feedparser
    from markupsafe import Markup

    def plain(entry: Any, name: str) -> str:
        text = entry.get(name) or ""
        if entry.get(f"{name}_detail", {}).get("type") != "text/plain":
            # Markup only removes the tags here; the text is escaped when it is rendered.
            text = str(Markup(_BLOCK.sub(r" \g<0>", text)).striptags())  # noqa: S704
        return " ".join(text.split())[:longest]

    parsed: Any = feedparser.parse(io.BytesIO(data), resolve_relative_uris=False)
    error = parsed.get("bozo_exception")
    # Malformed XML is a problem; a charset that differs from the declared one is not.
    if not parsed.get("version") or (parsed.bozo and isinstance(error, SAXException)):
        raise _not_a_feed(data, error)
    yield [plain(parsed.feed, "title")]
    for entry in parsed.entries:
        yield [plain(entry, "title"), plain(entry, "summary")]


def _not_a_feed(data: bytes, error: Any) -> ProblemError:
    line = error.getLineNumber() if hasattr(error, "getLineNumber") else None
    # If the XML declaration is missing, feedparser inserts one as an additional first line.
    if line and not data.startswith(_DECLARATIONS):
        line = max(line - 1, 1)
    why = f": {error.getMessage()}" if hasattr(error, "getMessage") else ""
    return ProblemError(f"is no RSS or Atom feed{why}", line)


def calendar(data: bytes, *, first: str, last: str) -> Iterator[Row]:
    """Yield each date from *first* to *last* on which an event takes place, and its name."""
    import recurring_ical_events
    from icalendar import Calendar

    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    names: dict[date, str] = {}
    for event in recurring_ical_events.of(Calendar.from_ical(data)).between(begin, end):
        starts = _date(event["DTSTART"].dt)
        # An event of whole days ends on the day after its last day.
        ends = max(starts, _date(event["DTEND"].dt) - _DAY) if "DTEND" in event else starts
        on = max(starts, begin)
        while on <= min(ends, end):
            names.setdefault(on, str(event.get("SUMMARY") or "holiday")[:_LONGEST_NAME])
            on += _DAY
    for on, name in sorted(names.items()):
        yield [on.isoformat(), name]


def _date(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when


_PARSERS: Mapping[str, Callable[..., Iterator[Row]]] = {"feed": feed, "calendar": calendar}


def answer(kind: str, data: bytes, options: Mapping[str, Any]) -> Iterator[object]:
    """Yield the rows of *data* and then the object at the end of the answer; never raises."""
    try:
        yield from _PARSERS[kind](data, **options)
    except ProblemError as error:
        yield {"problem": str(error), "line": error.line}
    except MemoryError:
        yield {"is_out_of_memory": True}
    except Exception as error:  # noqa: BLE001 -- any exception of a library is a problem of the file
        why = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        yield {"problem": f"cannot be parsed as a {kind}: {why}", "line": None}
    else:
        yield {}


def _limit(name: str, value: int) -> None:
    """Lower the resource limit *name*, if the system has it."""
    with suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (soft, hard))


def main() -> None:
    """Answer requests until the parent closes the pipe."""
    # The parent stops this process. A signal to the whole group must not look like a bad file.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    # What a library prints must not become part of an answer.
    sys.stdout = sys.stderr
    _limit("RLIMIT_CORE", 0)
    while header := requests.readline():
        request = json.loads(header)
        data = requests.read(request["size"])
        _limit("RLIMIT_AS", request["memory"])
        # The limit includes the time that earlier files have used.
        _limit("RLIMIT_CPU", int(time.process_time()) + 1 + request["seconds"])
        for row in answer(request["kind"], data, request["options"]):
            text = json.dumps(row, ensure_ascii=False)
            answers.write(text.encode(errors="surrogatepass") + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
