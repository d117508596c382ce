"""Blocks and block elements as plain dictionaries (docs.slack.dev, Block Kit).

Rendering with slack_sdk's models takes ten times as long. The tests validate every message with
those models.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

from handlers.button_value import Value
from handlers.mrkdwn import truncate
from store.text import legible

Block: TypeAlias = dict[str, Any]
Element: TypeAlias = dict[str, Any]
"""An object inside a block: a text, a button or a form field."""

_LABEL = 75


def literal(text: str) -> Element:
    """Return *text* as plain text: neither mrkdwn nor emoji codes are interpreted."""
    return {"type": "plain_text", "text": legible(text), "emoji": False}


def _mrkdwn(text: str) -> Element:
    """Return escaped mrkdwn *text*; `verbatim` keeps Slack from linking names and addresses."""
    return {"type": "mrkdwn", "text": legible(text), "verbatim": True}


def header(text: str) -> Block:
    """Return a header block with plain *text*."""
    return {"type": "header", "text": literal(truncate(text, 150))}


def section(text: str, *, accessory: Element | None = None) -> Block:
    """Return a section of escaped mrkdwn, with an optional button or menu at its side."""
    block = {"type": "section", "text": _mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    """Return a context block (small print) of escaped mrkdwn *texts*."""
    return {"type": "context", "elements": [_mrkdwn(text) for text in texts]}


def divider() -> Block:
    """Return a divider block."""
    return {"type": "divider"}


def preformatted(text: str) -> Block:
    """Return a block that shows *text* as it is, in characters of one width."""
    element = {"type": "text", "text": legible(text)}
    part = {"type": "rich_text_preformatted", "elements": [element]}
    return {"type": "rich_text", "elements": [part]}


def actions(*elements: Element) -> Block:
    """Return an actions block: a row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(
    label: str,
    action: str,
    value: Value | str,
    *,
    primary: bool = False,
    hint: str | None = None,
    confirm: str | None = None,
) -> Element:
    """Return a button; *value* may be encoded, and *hint* is its label for screen readers.

    *confirm* is a question that the user has to confirm after pressing.
    """
    shown: Element = {
        "type": "button",
        "action_id": action,
        "text": literal(truncate(label, _LABEL)),
        "value": value if isinstance(value, str) else value.encode(),
    }
    if primary:
        shown["style"] = "primary"
    if hint and (name := _spoken(label, hint)):
        shown["accessibility_label"] = name
    if confirm:
        shown["confirm"] = _confirmation(label, confirm)
    return shown


def link_button(label: str, action: str, url: str, *, hint: str) -> Element:
    """Return a button that opens *url* in the browser; Slack reports the press, too."""
    return element(
        "button",
        action,
        text=literal(truncate(label, _LABEL)),
        url=url,
        accessibility_label=_spoken(label, hint),
    )


@lru_cache(maxsize=1_000)
def _spoken(label: str, hint: str) -> str | None:
    """Return the name of a button for screen readers, or None if its label is too long for more.

    Who speaks to the computer says what they see, so the name contains the label (WCAG 2.5.3).
    """
    shown = legible(truncate(label, _LABEL)).casefold()
    for spoken in (hint, f"{label}: {hint}"):
        name = legible(truncate(spoken, _LABEL))
        if shown in name.casefold():
            return name
    return None


def _confirmation(label: str, question: str) -> Element:
    return {
        "title": literal(label),
        "text": literal(truncate(question, 300)),
        "confirm": literal(label),
        "deny": literal("Cancel"),
    }


def pager(action: str, page: int, pages: int, *, following: str) -> list[Block]:
    """Return the number of the page, from 0, and buttons to the pages before and after it."""
    if pages < 2:
        return []
    turns = [("Previous", page - 1), (following, page + 1)]
    buttons = [
        # An action_id must be unique in its block, so the index is part of it.
        button(label, f"{action}_{place}", Value(place=to))
        for place, (label, to) in enumerate(one for one in turns if 0 <= one[1] < pages)
    ]
    return [context(f"Page {page + 1} of {pages}"), actions(*buttons)]


def overflow(action: str, options: Iterable[tuple[str, Value]]) -> Element:
    """Return an overflow menu; an encoded value may have at most 75 characters."""
    return element(
        "overflow", action, options=[option(label, value.encode()) for label, value in options]
    )


def option(label: str, value: str) -> Element:
    """Return an option of a menu or select."""
    return {"text": literal(truncate(label, _LABEL)), "value": value}


def input_block(
    block_id: str, label: str, field: Element, *, hint: str | None = None, optional: bool = False
) -> Block:
    """Return an input block: a form field with its label."""
    block = {
        "type": "input",
        "block_id": block_id,
        "label": literal(label),
        "element": field,
        "optional": optional,
    }
    return block | {"hint": literal(hint)} if hint else block


def text_input(action: str, placeholder: str, *, most: int, **fields: object) -> Element:
    """Return a single-line text input of at most *most* characters."""
    return element(
        "plain_text_input", action, placeholder=literal(placeholder), max_length=most, **fields
    )


def channel_select(action: str, *, chosen: str = "") -> Element:
    """Return a channel select that is set to *chosen*, or else to the user's current channel.

    A conversation that the filter excludes, such as a direct message, is never preselected.
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
    """Return an element of type *kind*, leaving out the fields that are None."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {"type": kind, "action_id": action, **given}
