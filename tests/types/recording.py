"""The record of what the tests send: examples of each shape, and how often it was sent."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from aiohttp import web

from bot.workspace.model.traffic import Traffic
from bot.workspace.web_api import arguments
from tests.types.sentences import SUFFIX, sentences

MESSAGE, VIEW = "Message", "View"
_ACKS = {"view_submission": "Submission", "block_suggestion": "Suggestions"}
"""The type of an ack by the type of what it answers; any other ack is a message."""
KINDS = frozenset(
    {MESSAGE, VIEW, *_ACKS.values(), 'Call<"chat.postMessage">', 'Form<Call<"users.info">>'}
)
"""What every whole record has, among others: if one is missing, its recording is broken."""
_FREE = frozenset(
    {
        "accessibility_label",
        "action_id",
        "block_id",
        "channel",
        "code",
        "delivery_key",
        "file",
        "hash",
        "latest",
        "oldest",
        "placeholder",
        "private_metadata",
        "text",
        "thread_ts",
        "token",
        "trigger_id",
        "ts",
        "user",
        "user_id",
        "value",
        "view_id",
    }
)
"""Fields whose type is any text, so that another text is not another shape.

Every other text counts: it may be one of a few that Slack knows, such as a style. A field that is
missing here makes more shapes, and never hides a mismatch.
"""
_EXAMPLE = 3_000
"""Characters of a text that are kept in an example; a section has no more."""
_OWN_CALLERS = ("tests/bot/workspace/", "tests/browser/")
"""Tests of the local workspace: they call it themselves, often wrongly on purpose."""
_BROKEN_IDS = ("tests/handlers/test_any_payload.py",)
"""Tests whose payloads have broken ids, which go back to Slack as they came."""
_ANY_TEXT = ("tests/handlers/test_any_text.py", "tests/handlers/views/")
"""Tests that make up texts, so that their sentences are not Parley's."""


class Recording:
    """Collects what is sent, one example of each shape with the same sentences."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, ...], dict[str, Any]] = {}
        self._sentences: set[str] = set()

    def add(self, kind: str, payload: Any) -> None:
        """Count *payload*, which has to have the type *kind* of `slack.ts`."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        if test.startswith(_OWN_CALLERS + _BROKEN_IDS):
            return
        said = () if test.startswith(_ANY_TEXT) else tuple(sentences(payload))
        self._sentences.update(said)
        key = (json.dumps([kind, shape(payload)]), *said)
        if key not in self._sent:
            example = _shortened(payload)
            self._sent[key] = {"kind": kind, "payload": example, "test": test, "count": 0}
        self._sent[key]["count"] += 1

    def write(self, path: Path) -> None:
        """Write a line of JSON for each example: {shape, kind, payload, test, count}.

        And a line for each sentence into the file beside it that ends in `SUFFIX`.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps({"shape": key[0], **sent}) for key, sent in self._sent.items())
        path.write_text("".join(f"{line}\n" for line in lines))
        said = "".join(f"{sentence}\n" for sentence in sorted(self._sentences))
        path.with_suffix(SUFFIX).write_text(said, "utf-8")


_recordings: list[Recording] = []


class _FormArgs(arguments.Args):
    """Arguments from a form or from the query of a GET, in which every value is text."""


def sent(kind: str, payload: Any) -> None:
    """Record *payload* as of type *kind*; do nothing unless something is recorded."""
    for recording in _recordings:
        recording.add(kind, payload)


@contextmanager
def recorded() -> Iterator[Recording]:
    """Record every call and ack that reaches a local workspace, and what goes through `sent`."""
    recording = Recording()
    read, record = arguments.read, Traffic.record

    async def note_form(request: web.Request) -> arguments.Args:
        args = await read(request)
        return args if request.content_type == "application/json" else _FormArgs(args)

    def note(
        self: Traffic, direction: Literal["call", "envelope"], method: str, args: Any, **answer: Any
    ) -> None:
        record(self, direction, method, args, **answer)
        if direction == "envelope":
            ack = _decoded(answer["response"])
            # Slack does not read the ack of an event.
            if ack and args["type"] != "events_api":
                recording.add(_ACKS.get(args["payload"].get("type"), MESSAGE), ack)
        elif method == "response_url":
            recording.add(MESSAGE, args)
        else:
            call = f"Call<{json.dumps(method)}>"
            recording.add(f"Form<{call}>" if isinstance(args, _FormArgs) else call, args)

    _recordings.append(recording)
    try:
        with patch.object(arguments, "read", note_form), patch.object(Traffic, "record", note):
            yield recording
    finally:
        _recordings.remove(recording)


def _decoded(ack: Any) -> Any:
    """Return *ack* as an object: a plain text is the text of a message."""
    if not isinstance(ack, str) or not ack:
        return ack
    try:
        return json.loads(ack)
    except ValueError:
        return {"text": ack}


def shape(value: Any, name: str = "") -> Any:
    """Return *value* without what cannot matter to a type: free text, and repetitions in lists."""
    if isinstance(value, dict):
        return {key: shape(inner, key) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        inside = {json.dumps(one): one for one in (shape(inner, name) for inner in value)}
        return [inside[key] for key in sorted(inside)]
    return "" if isinstance(value, str) and name in _FREE else value


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    return f"{value[:_EXAMPLE]}…" if isinstance(value, str) and len(value) > _EXAMPLE else value


def merged(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return one {kind, payload, test, count} a shape from what several processes wrote."""
    by_shape: dict[str, dict[str, Any]] = {}
    for one in map(json.loads, lines):
        known = by_shape.setdefault(one.pop("shape"), one)
        if known is not one:
            known["count"] += one["count"]
    return list(by_shape.values())
