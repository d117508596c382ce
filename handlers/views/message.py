"""A message: blocks for the eye, and a sentence for notifications and screen readers."""

from collections.abc import Iterable
from typing import TypedDict

from handlers.mrkdwn import truncate
from handlers.views.blocks import Block

MAX_TEXT = 4000
"""docs.slack.dev, chat.postMessage: what a text may hold before it is cut."""


class Message(TypedDict):
    """What ack, respond and chat.postMessage take."""

    text: str
    blocks: list[Block]


def message(text: str, blocks: Iterable[Block] = ()) -> Message:
    """Put a message together; *text* is mrkdwn, escaped already, and says it all in a sentence."""
    return Message(text=truncate(text, MAX_TEXT), blocks=list(blocks))


def counted(number: int, noun: str) -> str:
    """Say how many there are: 1 story, 2,000 stories."""
    plural = {"story": "stories"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"
