"""Recorded payloads as TypeScript, and what `tsc` finds in them as sentences."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRELUDE = Path(__file__).with_name("slack.ts")
_OPTIONS = (
    "--strict",
    "--noEmit",
    "--skipLibCheck",
    "--allowImportingTsExtensions",
    "--module",
    "nodenext",
    "--pretty",
    "false",
)
_SECONDS = 300
_ERROR = re.compile(r"(?P<file>[^\s(]+)\((?P<line>\d+),\d+\): error TS\d+: (?P<message>.*)")
_CALL = re.compile(r'(?:Form<)?Call<"(.*)">>?')
_UNKNOWN = re.compile(
    r"""Object literal .*, (?:and|but) '"?(.*?)"?' does not exist in type '.*'\.(?= Did|$)"""
)
_LONG_TYPE = re.compile(r"'[^']{80,}'")
_WORDS = {
    "Message": "a message",
    "View": "a view",
    "Submission": "the ack of a modal",
    "Suggestions": "options",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A payload that has another type than Slack's; *at* is the place in it, such as blocks/0."""

    kind: str
    test: str
    at: str
    message: str

    def __str__(self) -> str:
        """Return one sentence: which test sent what, and what is wrong where."""
        call = _CALL.fullmatch(self.kind)
        what = call[1] if call else _WORDS[self.kind]
        place = f" at {self.at}" if self.at else ""
        return f"{self.test} sent {what} with a mistake{place}: {self.message}"


class CheckError(Exception):
    """Raised when `tsc` could not check the payloads at all."""


def check(payloads: Iterable[dict[str, Any]], *, npm: Path) -> list[Mismatch]:
    """Return the mismatches of *payloads* ({kind, payload, test}), at most one a payload and place.

    *npm* is the folder in which Slack's types and `tsc` are installed; two files are written there.
    Raises `CheckError`.
    """
    source = Source()
    for one in payloads:
        source.add(one["kind"], one["payload"], test=one["test"])
    (npm / PRELUDE.name).write_text(PRELUDE.read_text())
    file = npm / "sent.ts"
    file.write_text(source.text)
    tsc = npm.resolve() / "node_modules" / ".bin" / "tsc"
    try:
        done = subprocess.run(
            [str(tsc), *_OPTIONS, file.name],
            cwd=npm,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CheckError(f"tsc could not run: {error}") from error
    mismatches = source.mismatches(done.stdout)
    if done.returncode and not mismatches:
        raise CheckError(f"tsc ended with {done.returncode}: {done.stdout}{done.stderr}")
    return mismatches


class Source:
    """TypeScript with a typed constant for each payload; it knows what each of its lines holds."""

    def __init__(self) -> None:
        imports = "Call, Form, Message, Submission, Suggestions, View"
        self._lines = [f'import type {{ {imports} }} from "./{PRELUDE.name}";']
        self._places: list[tuple[str, str, str]] = [("", "", "")]

    @property
    def text(self) -> str:
        """Return the whole file."""
        return "".join(f"{line}\n" for line in self._lines)

    def add(self, kind: str, payload: Any, *, test: str) -> None:
        """Add *payload* as a constant of type *kind*."""
        # One value a line: so the line of an error names the place in the payload.
        start = f"export const _{len(self._lines)}: {kind} = "
        for line, path in _written(payload, start, "", ";"):
            self._lines.append(line)
            self._places.append((kind, test, path))

    def mismatches(self, output: str) -> list[Mismatch]:
        """Read what `tsc` wrote; raises `CheckError` for an error that is in no payload."""
        found: dict[tuple[str, str, str], Mismatch] = {}
        for error in filter(None, map(_ERROR.match, output.splitlines())):
            number = int(error["line"]) - 1
            if error["file"] != "sent.ts" or not 0 < number < len(self._places):
                raise CheckError(error[0])
            kind, test, at = place = self._places[number]
            message = _UNKNOWN.sub(r"Slack's type has no “\1”.", error["message"])
            message = _LONG_TYPE.sub("what Slack takes", message)
            found.setdefault(place, Mismatch(kind=kind, test=test, at=at, message=message))
        return list(found.values())


def _written(value: Any, before: str, path: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield (line, path) of *value* as a literal, one value a line."""
    if isinstance(value, dict):
        members = [(f"{json.dumps(name)}: ", name, one) for name, one in value.items()]
        opening, closing = "{", "}"
    elif isinstance(value, list):
        members = [("", str(place), one) for place, one in enumerate(value)]
        opening, closing = "[", "]"
    else:
        yield f"{before}{json.dumps(value)}{after}", path
        return
    yield f"{before}{opening}", path
    for start, name, one in members:
        yield from _written(one, start, f"{path}/{name}".lstrip("/"), ",")
    yield f"{closing}{after}", path
