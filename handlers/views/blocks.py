"""Blocks and their elements, as Slack reads them (docs.slack.dev, Block Kit).

Plain values: slack_sdk's models take ten times as long to draw an answer. The tests read every
message with those models, so what they would refuse here does not pass there either.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from handlers.button_value import Value
from handlers.mrkdwn import truncate

Block: TypeAlias = dict[str, Any]
Element: TypeAlias = dict[str, Any]
"""What stands in a block: a text, a button, a field of a form."""

_LABEL = 75


def literal(text: str) -> Element:
    """Give *text* that is shown as it is, no mrkdwn and no emoji read in it."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _mrkdwn(text: str) -> Element:
    """Give *text* that is mrkdwn, escaped already; no names or addresses in it become links."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """Show *text* large, literally."""
    return {"type": "header", "text": literal(truncate(text, 150))}


def section(text: str, *, accessory: Element | None = None) -> Block:
    """Show mrkdwn, escaped already, with a button or a menu at its side if there is one."""
    block = {"type": "section", "text": _mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    """Show small print, each of *texts* mrkdwn that is escaped already."""
    return {"type": "context", "elements": [_mrkdwn(text) for text in texts]}


def divider() -> Block:
    """Draw a line."""
    return {"type": "divider"}


def actions(elements: Sequence[Element]) -> Block:
    """Put buttons in a row."""
    return {"type": "actions", "elements": list(elements)}


def button(
    label: str,
    action: str,
    value: Value,
    *,
    primary: bool = False,
    hint: str | None = None,
    confirm: str | None = None,
) -> Element:
    """Give a button; *hint* is what a screen reader says when the label is not enough.

    *confirm* is what is asked before the press counts.
    """
    return element(
        "button",
        action,
        text=literal(truncate(label, _LABEL)),
        value=value.encode(),
        style="primary" if primary else None,
        accessibility_label=truncate(hint, _LABEL) if hint else None,
        confirm=_asked_first(label, confirm) if confirm else None,
    )


def _asked_first(label: str, question: str) -> Element:
    return {
        "title": literal(label),
        "text": literal(truncate(question, 300)),
        "confirm": literal(label),
        "deny": literal("Cancel"),
    }


def overflow(action: str, options: Iterable[tuple[str, Value]]) -> Element:
    """Give a menu behind three dots; a value is at most 75 characters long when it is written."""
    return element(
        "overflow", action, options=[option(label, value.encode()) for label, value in options]
    )


def option(label: str, value: str) -> Element:
    """Give one of the things to choose from."""
    return {"text": literal(truncate(label, _LABEL)), "value": value}


def input_block(
    block_id: str,
    label: str,
    field: Element,
    *,
    hint: str | None = None,
    optional: bool = False,
) -> Block:
    """Give a field of a form with its label."""
    block = {
        "type": "input",
        "block_id": block_id,
        "label": literal(label),
        "element": field,
        "optional": optional,
    }
    return block | {"hint": literal(hint)} if hint else block


def text_input(action: str, placeholder: str, *, most: int, **fields: object) -> Element:
    """Let somebody type a line of at most *most* characters."""
    return element(
        "plain_text_input", action, placeholder=literal(placeholder), max_length=most, **fields
    )


def channel_select(action: str, *, chosen: str = "") -> Element:
    """Let somebody choose a channel, at first the one that they are in where none is *chosen*.

    What the filter leaves out, such as a direct message, is never chosen at first.
    """
    return element(
        "conversations_select",
        action,
        placeholder=literal("Choose a channel"),
        initial_conversation=chosen if chosen.startswith(("C", "G")) else None,
        default_to_current_conversation=not chosen,
        filter={"include": ["public", "private"]},
    )


def element(kind: str, action: str, **fields: object) -> Element:
    """Give an element of any *kind*, without the fields that are None."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {"type": kind, "action_id": action, **given}
