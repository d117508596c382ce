"""The record of what is sent, and the check of it: all but `tsc`, which `make types` runs."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import manifest
from bot.workspace import Workspace
from tests.ids import ANA, GENERAL
from tests.machine import running_clock
from tests.types import __main__ as command
from tests.types.checking import CheckError, Source, check
from tests.types.recording import KINDS, MESSAGE, Recording, merged, recorded, sent, shape
from tests.types.sentences import SUFFIX, listed
from tests.types.wrong import WRONG


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, **more}


def written(recording: Recording, folder: Path) -> list[dict[str, Any]]:
    recording.write(folder / "record" / "one.jsonl")
    return merged((folder / "record" / "one.jsonl").read_text().splitlines())


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"text": "a"}, {"text": "b"}, True),
        ({"text": "a"}, {"text": 1}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (button(style="primary"), button(style="danger"), False),
        (button(style="primary"), button(), False),
        ({"blocks": [button()]}, {"blocks": [button(), button()]}, True),
        ({"blocks": [button()]}, {"blocks": []}, False),
        ({"blocks": [button()]}, {"blocks": [button(), button(url="x")]}, False),
        ({"elements": ["a"]}, {"elements": ["b"]}, False),
    ],
)
def test_two_payloads_have_one_shape_if_only_free_text_or_repetition_differs(
    one: Any, other: Any, is_same: bool
) -> None:
    assert (shape(one) == shape(other)) is is_same


async def test_calls_answers_and_acks_are_recorded_as_they_came(tmp_path: Path) -> None:
    with recorded() as recording:
        async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
            urls = []

            async def receive(envelope: dict[str, Any]) -> dict[str, Any]:
                urls.append(envelope["payload"]["response_url"])
                return {"text": "Here you are."}

            workspace.receive_with(receive)
            client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
            await client.users_conversations(limit=9, exclude_archived=True)
            await client.chat_postMessage(channel=GENERAL, text="x", unfurl_links=False)
            await workspace.type("/brief geneva", user=ANA, channel=GENERAL)
            async with aiohttp.ClientSession() as session:
                await session.post(urls[0], json={"text": "x", "replace_original": True})
    assert [(one["kind"], one["payload"]) for one in written(recording, tmp_path)] == [
        ('Form<Call<"users.conversations">>', {"limit": "9", "exclude_archived": "1"}),
        (
            'Call<"chat.postMessage">',
            {"channel": GENERAL, "text": "x", "unfurl_links": False},
        ),
        ("Message", {"text": "Here you are."}),
        ("Message", {"text": "x", "replace_original": True}),
    ]


def test_a_shape_is_counted_over_all_processes_and_keeps_its_first_example() -> None:
    lines = []
    for text in ("first", "second"):
        recording = Recording()
        recording.add(MESSAGE, {"text": text})
        recording.add(MESSAGE, {"text": text * 2})
        lines += [json.dumps({"shape": key[0], **one}) for key, one in recording._sent.items()]
    (one,) = merged(lines)
    assert (one["count"], one["payload"]) == (4, {"text": "first"})
    assert "test_a_shape_is_counted" in one["test"]


def test_each_sentence_is_listed_once_whatever_it_names(tmp_path: Path) -> None:
    for number, (user, words) in enumerate((("U1", "fog"), ("U2", "ice"))):
        recording = Recording()
        text = f"Asked by <@{user}> on 24 Dec, {number + 3} times. I have no story on “{words}”."
        story = {"type": "rich_text", "elements": [{"type": "text", "text": "Fog is slow."}]}
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}, story]
        recording.add(MESSAGE, {"text": "as in the blocks", "blocks": blocks})
        recording.add("Submission", {"response_action": "errors", "errors": {"a": "When?"}})
        recording.write(tmp_path / f"{number}.jsonl")
    assert listed(tmp_path.glob(f"*{SUFFIX}")) == [
        "Asked by PERSON on DATE, N times.",
        "I have no story on “WORDS”.",
        "When?",
    ]


def test_nothing_is_kept_when_nothing_is_recorded(tmp_path: Path) -> None:
    with recorded() as recording:
        sent(MESSAGE, {"text": "x"})
    sent(MESSAGE, {"text": "x", "mrkdwn": True})
    assert [one["payload"] for one in written(recording, tmp_path)] == [{"text": "x"}]


def test_an_error_of_tsc_names_the_test_the_payload_and_the_place_in_it() -> None:
    source = Source()
    source.add("Message", {"text": "x"}, test="tests/test_a.py::test_a")
    blocks = [{"type": "divider"}, {"type": "section", "txet": {"type": "mrkdwn"}}]
    source.add('Form<Call<"chat.update">>', {"blocks": blocks}, test="tests/test_b.py::test_b")
    line = source.text.splitlines().index('"txet": {') + 1
    first = source.text.splitlines().index('export const _4: Form<Call<"chat.update">> = {') + 1
    found = source.mismatches(
        f"sent.ts({line},1): error TS2561: Object literal may only specify known properties, but"
        " '\"txet\"' does not exist in type '{ a: '1'; }'. Did you mean to write 'text'?\n"
        "  more about it\n"
        f"sent.ts({line},1): error TS2322: The same place once more.\n"
        f"sent.ts({first},14): error TS2741: Property 'ts' is missing in type '{'{ x }' * 40}'.\n"
    )
    assert [str(one) for one in found] == [
        "tests/test_b.py::test_b sent chat.update with a mistake at blocks/1/txet: Slack's type has"
        " no “txet”. Did you mean to write 'text'?",
        "tests/test_b.py::test_b sent chat.update with a mistake: Property 'ts' is missing in type"
        " what Slack takes.",
    ]


def fake_tsc(npm: Path, script: str) -> Path:
    tsc = npm / "node_modules" / ".bin" / "tsc"
    tsc.parent.mkdir(parents=True)
    tsc.write_text(f"#!/bin/sh\n{script}\n")
    tsc.chmod(0o755)
    return npm


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'slack.ts(1,1): error TS2307: Cannot find module'; exit 2", "Cannot find module"),
        ("echo out of memory >&2; exit 134", "tsc ended with 134: out of memory"),
        (None, "tsc could not run"),
    ],
)
def test_a_check_that_could_not_be_made_is_no_success(
    tmp_path: Path, script: str | None, told: str
) -> None:
    npm = tmp_path if script is None else fake_tsc(tmp_path, script)
    with pytest.raises(CheckError, match=told):
        check(WRONG, npm=npm)


def run(monkeypatch: pytest.MonkeyPatch, record: Path, npm: Path) -> Any:
    """Return what the command exits with."""
    monkeypatch.setattr("sys.argv", ["tests.types", str(record), str(npm)])
    with pytest.raises(SystemExit) as end:
        command.main()
    return end.value.code


def test_a_check_that_accepts_what_is_wrong_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with recorded() as recording:
        sent(MESSAGE, {"text": "x"})
    written(recording, tmp_path)
    npm = fake_tsc(tmp_path, "exit 0")
    assert run(monkeypatch, tmp_path / "record", npm) == 1
    out = capsys.readouterr().out
    assert "The check itself is broken: tsc accepts an unknown type of block." in out
    assert "1 payloads of 1 shapes: 0 mismatches" in out
    assert f"tsc refused 0 of {len(WRONG)} payloads" in out


def test_a_record_that_lacks_a_kind_of_payload_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = Recording()
    for kind in KINDS - {"Submission"}:
        recording.add(kind, {})
    written(recording, tmp_path)
    monkeypatch.setattr(command, "WRONG", [])
    assert run(monkeypatch, tmp_path / "record", fake_tsc(tmp_path, "exit 0")) == 1
    assert "The record has no Submission: run every test that sends" in capsys.readouterr().out


def test_a_record_of_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "holds no record" in str(run(monkeypatch, tmp_path, tmp_path))
