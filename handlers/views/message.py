"""A message: blocks for the eye, and a sentence for notifications and screen readers."""

from collections.abc import Sequence
from typing import Any, TypedDict

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
)

from handlers.mrkdwn import truncate
from handlers.values import Value

MAX_TEXT = 4000
"""docs.slack.dev, chat.postMessage: what a text may hold before it is cut."""


class Message(TypedDict):
    """What ack, respond and chat.postMessage take."""

    text: str
    blocks: list[dict[str, Any]]


def message(text: str, blocks: Sequence[Block] = ()) -> Message:
    """Put a message together; *text* is mrkdwn, escaped already, and says it all in a sentence."""
    return Message(text=truncate(text, MAX_TEXT), blocks=[block.to_dict() for block in blocks])


def counted(number: int, noun: str) -> str:
    """Say how many there are: 1 story, 2,000 stories."""
    plural = {"story": "stories"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def header(text: str) -> HeaderBlock:
    """Show *text* large, literally."""
    return HeaderBlock(text=PlainTextObject(text=truncate(text, 150), emoji=False))


def section(
    mrkdwn: str, *, accessory: ButtonElement | OverflowMenuElement | None = None
) -> SectionBlock:
    """Show *mrkdwn*, escaped already, with a button or a menu at its side if there is one."""
    text = MarkdownTextObject(text=mrkdwn, verbatim=True)
    return SectionBlock(text=text, accessory=accessory)


def context(*mrkdwn: str) -> ContextBlock:
    """Show small print."""
    return ContextBlock(elements=[MarkdownTextObject(text=text, verbatim=True) for text in mrkdwn])


def button(
    label: str,
    action: str,
    value: Value,
    *,
    primary: bool = False,
    hint: str | None = None,
    confirm: str | None = None,
) -> ButtonElement:
    """Give a button; *hint* is what a screen reader says when the label is not enough.

    *confirm* is what is asked before the press counts.
    """
    return ButtonElement(
        text=PlainTextObject(text=truncate(label, 75), emoji=False),
        action_id=action,
        value=value.encode(),
        style="primary" if primary else None,
        accessibility_label=truncate(hint, 75) if hint else None,
        confirm=_asked_first(label, confirm) if confirm else None,
    )


def _asked_first(label: str, question: str) -> ConfirmObject:
    return ConfirmObject(
        title=PlainTextObject(text=label, emoji=False),
        text=PlainTextObject(text=truncate(question, 300), emoji=False),
        confirm=PlainTextObject(text=label, emoji=False),
        deny=PlainTextObject(text="Cancel", emoji=False),
    )


def overflow(action: str, options: Sequence[tuple[str, Value]]) -> OverflowMenuElement:
    """Give a menu behind three dots; a value is at most 75 characters long when it is written."""
    return OverflowMenuElement(
        action_id=action,
        options=[
            Option(
                text=PlainTextObject(text=truncate(label, 75), emoji=False), value=value.encode()
            )
            for label, value in options
        ],
    )


def actions(buttons: Sequence[ButtonElement]) -> ActionsBlock:
    """Put *buttons* in a row."""
    return ActionsBlock(elements=list(buttons))
