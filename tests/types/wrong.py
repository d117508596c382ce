"""Payloads that `tsc` must refuse: if it accepts one, the check is worth nothing and fails."""

from typing import Any


def _section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **more}


def _message(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"channel": "C1", "text": "x", "blocks": list(blocks), **more}


def _modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "x"}
    return {"type": "modal", "title": title, "blocks": list(blocks), **more}


_BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": "x"}
_POST, _ASK = 'Call<"chat.postMessage">', 'Form<Call<"users.conversations">>'

_WRONG: dict[str, tuple[str, Any]] = {
    "a misspelt argument": (_POST, _message(unfurl_link=False)),
    "a message without a channel": (_POST, {"text": "x"}),
    "text for a boolean in JSON": (_POST, _message(unfurl_links="false")),
    "an unknown type of block": (_POST, _message({"type": "sectoin"})),
    "a misspelt key of a block": (_POST, _message(_section(accesory=_BUTTON))),
    "a number for a text": (_POST, _message({"type": "section", "text": 5})),
    "a button in a section's text": (_POST, _message({"type": "section", "text": _BUTTON})),
    "an unknown style": (_POST, _message(_section(accessory=_BUTTON | {"style": "blue"}))),
    "a method that does not exist": ('Call<"chat.postMesage">', _message()),
    "a misspelt argument of a form": (_ASK, {"exclude_archive": "1"}),
    "a word for a number in a form": (_ASK, {"limit": "many"}),
    "an unknown response_type": ("Message", {"text": "x", "response_type": "public"}),
    "a misspelt key of an answer": ("Message", {"text": "x", "replace_orignal": True}),
    "an unknown block in a view": ("View", _modal({"type": "inputs"})),
    "a misspelt key of a view": ("View", _modal(callbackid="x")),
    "a view without a title": ("View", {"type": "modal", "blocks": []}),
    "an unknown response_action": ("Submission", {"response_action": "close"}),
    "a number for an error": ("Submission", {"response_action": "errors", "errors": {"a": 1}}),
    "an option without a text": ("Suggestions", {"options": [{"value": "x"}]}),
}

WRONG = [
    {"kind": kind, "payload": payload, "test": test} for test, (kind, payload) in _WRONG.items()
]
"""The {kind, payload, test} of each; *test* says what is wrong."""
