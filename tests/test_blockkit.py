"""The check of Block Kit refuses what Slack refuses: each case exceeds one limit by one."""

import json
from typing import Any

import pytest

from tests.blockkit import check_ack, check_call, check_message, check_options, check_view

Json = dict[str, Any]


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}, **more}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str = "a", text: str = "Press", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def menu(*options: Json) -> Json:
    accessory = {"type": "overflow", "action_id": "m", "options": [*options]}
    return section("Choose", accessory=accessory)


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Parley"), "blocks": list(blocks), **more}


def text_input(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "i"}
    return {"type": "input", "label": plain("Words"), "element": element, **more}


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x")] * 50,
        [{"type": "header", "text": plain("x" * 150)}],
        [section("&lt;!channel&gt; &amp; `x`"), section("> quoted\n> twice")],
        [section("<@U0ANA> in <#C0GENERAL> <!date^1700000000^{date} at {time}|then>")],
        [actions(*(button(f"a{n}", "x" * 75, value="v" * 200) for n in range(25)))],
        [actions(button("a", "x", value="v" * 2000))],
        [menu(option(), option("x" * 75, "v" * 75))],
    ],
)
def test_valid_blocks_pass(blocks: list[Json]) -> None:
    check_message({"text": "A sentence.", "blocks": [*blocks]}, people=frozenset({"U0ANA"}))


@pytest.mark.parametrize(
    ("problem", "blocks"),
    [
        ("51 of them", [section("x")] * 51),
        ("together", [section("x" * 2999)] * 4),
        ("of JSON", [actions(*(button(f"a{n}", value="v" * 2000) for n in range(6)))]),
        ("twice", [section("x", block_id="b"), section("y", block_id="b")]),
        ("twice", [actions(button("a"), button("a"))]),
        ("no elements", [actions()]),
        ("blanks", [section(" \n ")]),
        ("blockkit", [section("x" * 3001)]),
        ("slack_sdk", [{"type": "header", "text": plain("x" * 151)}]),
        ("labelled", [actions(button(text="x" * 76))]),
        ("value of 2001", [actions(button(value="x" * 2001))]),
        ("accessibility_label", [actions(button(accessibility_label="x" * 76))]),
        ("text of 76", [menu(option("x" * 76))]),
        ("value of 76", [menu(option(value="x" * 76))]),
        ("value of 0", [menu(option(value=""))]),
        ("options", [menu(*(option(value=str(n)) for n in range(6)))]),
        ("twice", [menu(option(), option())]),
        ("an input in a message", [text_input()]),
        ("fields", [{"type": "section", "fields": [plain("x")] * 11}]),
        ("a field of 2001", [{"type": "section", "fields": [plain("x" * 2001)]}]),
        ("elements", [{"type": "context", "elements": [plain("x")] * 11}]),
        ("KeyError", [{"type": "sectoin", "text": plain("x")}]),
        ("AttributeError", [section("x", accesory=button())]),
        ("not verbatim", [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]),
        ("read as markup", [section("<!channel>")]),
        ("read as markup", [section("<!here|here>")]),
        ("read as markup", [section("<!subteam^S1>")]),
        ("opens evil.example", [section("<https://evil.example|bank>")]),
        ("opens evil.example", [section("<https://evil.example|bank.example>")]),
        ("would be opened", [section("<https://bank.example@evil.example|evil.example>")]),
        ("opens evil.example", [actions(button(text="Open us", url="https://evil.example/"))]),
        ("read as markup", [section("<ftp://evil.example|evil.example>")]),
        ("read as markup", [section("a <b")]),
        ("pinged", [section("<@U0BEN>")]),
        ("bare", [section("this & that")]),
        ("bare", [section("a > b")]),
        ("invisible", [section("report\u202excod.exe")]),
        ("invisible", [{"type": "header", "text": plain("pay\u200bpal")}]),
    ],
)
def test_invalid_blocks_fail(problem: str, blocks: list[Json]) -> None:
    with pytest.raises(AssertionError, match=problem):
        check_message({"text": "A sentence.", "blocks": blocks}, people=frozenset({"U0ANA"}))


@pytest.mark.parametrize(
    "message",
    [
        {"text": ""},
        {"text": "  ", "blocks": [section("x")]},
        {"text": "x" * 4001},
        {"text": "<!everyone>"},
        {"text": "report\u202excod.exe"},
        {"text": "@everyone", "link_names": True},
    ],
)
def test_a_text_is_not_empty_and_pings_nobody(message: Json) -> None:
    with pytest.raises(AssertionError):
        check_message(message)


def test_views() -> None:
    check_view(modal(text_input(), submit=plain("Go"), private_metadata="{}"))
    check_view({"type": "home", "blocks": [text_input(dispatch_action=True)]})
    for view in (
        modal(text_input()),
        modal(section("x"), title=plain("x" * 25)),
        modal(section("x"), private_metadata="x" * 3001),
        modal(section("x"), callback_id="x" * 256),
        modal(*[section("x")] * 101),
        modal(),
        {"type": "message", "blocks": [section("x")]},
    ):
        with pytest.raises(AssertionError):
            check_view(view)


def test_calls_and_acks() -> None:
    check_options({"options": [option()]})
    check_call("users.info", {"user": "U1"})
    check_call("views.open", {"view": json.dumps(modal(section("x")))})
    quiet = {"unfurl_links": False, "unfurl_media": False}
    check_call("chat.postMessage", {"text": "x", "blocks": "[]", **quiet})
    check_ack(None)
    check_ack({"response_action": "clear"})
    with pytest.raises(AssertionError):
        check_options({"options": [option(value=str(n)) for n in range(101)]})
    with pytest.raises(AssertionError):
        check_call("chat.postMessage", {"text": "x"})
    with pytest.raises(AssertionError):
        check_call("response_url", {"text": "<!channel>"})
    with pytest.raises(AssertionError):
        check_ack({"text": "", "blocks": []})
    with pytest.raises(AssertionError):
        check_ack({"response_action": "errors", "errors": {"a": ""}})
