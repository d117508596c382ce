"""The child process that parses feeds and calendars.

It imports nothing of Parley outside this folder, so it starts in a tenth of a second. A request is
a line of JSON and the bytes of the file. The answer is a JSON array for each row, one per line, and
a JSON object at the end, with the warnings and the problem, if there are any.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from .calendars import parse_calendar
from .feeds import parse_feed, parse_json, parse_text
from .pages import parse_page
from .report import ProblemError, Warnings

_PARSERS: Mapping[str, Callable[..., Iterator[list[str]]]] = {
    "feed": parse_feed,
    "json": parse_json,
    "text": parse_text,
    "calendar": parse_calendar,
    "page": parse_page,
}


def answer(kind: str, data: bytes, options: Mapping[str, Any]) -> Iterator[object]:
    """Yield the rows of *data* and then the object at the end of the answer; never raises."""
    warnings = Warnings()
    end: dict[str, object] = {}
    try:
        yield from _PARSERS[kind](data, warnings, **options)
    except ProblemError as error:
        end = {
            "problem": str(error),
            "line": error.line,
            "is_another_kind": error.is_another_kind,
        }
    except MemoryError:
        end = {"is_out_of_memory": True}
    except Exception as error:  # noqa: BLE001 -- any exception of a library is a problem of the file
        message = f"cannot be parsed as a {kind}: the parser failed ({type(error).__name__})"
        end = {"problem": message, "line": None}
    yield {**end, "warnings": warnings.listed()}


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
