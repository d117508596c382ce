"""Output of the commands: lines on standard output, problems on standard error.

Stories and names come from outside, so no character of theirs may control the terminal.
"""

import io
import json
import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO

from store.text import MISLEADING, legible, showable


def say(text: str) -> None:
    """Write the lines of *text* to standard output."""
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Write the lines of *text* to standard error."""
    _write(sys.stderr, text)


def say_json(value: Mapping[str, object], *, indent: int | None = None) -> None:
    """Write *value* as JSON to standard output, on one line without *indent*."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    # json.dumps escapes only the ASCII control characters.
    escaped = "\n".join(MISLEADING.sub(_escape, line) for line in text.split("\n"))
    if sys.stdout:
        sys.stdout.write(f"{escaped}\n")


def is_confirmed(question: str) -> bool:
    """Ask at the terminal, and return whether the answer is yes; False without a terminal."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout):
        return False
    sys.stdout.write(question)
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def replace_invalid_utf8() -> None:
    """Make the standard streams replace text that is not UTF-8 instead of raising."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def abandon_output() -> None:
    """Drop what is not yet written, so that the interpreter does not try again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _write(stream: TextIO | None, text: str) -> None:
    # A stream is None if the process was started without it.
    if stream:
        lines = legible(text).expandtabs().split("\n")
        stream.write("\n".join(map(showable, lines)) + "\n")
        # A command may go on for minutes after what it has said.
        stream.flush()


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
