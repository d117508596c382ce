"""A message: blocks, and a text for notifications and screen readers."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from handlers.button_value import is_direct
from handlers.mrkdwn import date, truncate
from handlers.parsing.date_format import format_date
from handlers.views.blocks import Block, Element, actions, section
from store.text import legible
from store.types import ChannelId

MAX_TEXT = 4000
"""The longest text of a message (docs.slack.dev, chat.postMessage)."""


class Message(TypedDict):
    """The arguments for ack, respond and chat.postMessage."""

    text: str
    blocks: list[Block]


def message(text: str, blocks: Iterable[Block] = ()) -> Message:
    """Build a message; *text* is escaped mrkdwn that sums up the blocks."""
    return Message(text=truncate(legible(text), MAX_TEXT), blocks=list(blocks))


def paragraphs(*texts: str, buttons: Sequence[Element] = ()) -> Message:
    """Build a message with a section for each text, followed by a row of *buttons*."""
    row = [actions(*buttons)] if buttons else []
    return message("\n".join(texts), [*map(section, texts), *row])


def channel_link(channel_id: ChannelId) -> str:
    """Return a link to a channel, or words for a direct message, which cannot be linked."""
    return "your direct message" if is_direct(channel_id) else f"<#{channel_id}>"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 story, 2,000 stories."""
    plural = {"story": "stories", "reply": "replies", "person": "people"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def in_words(wait: timedelta) -> str:
    """Return a wait in whole seconds or minutes, rounded up: "7 seconds", "a minute"."""
    seconds = max(1, round(wait.total_seconds()))
    if seconds < 60:
        return "a second" if seconds == 1 else f"{seconds} seconds"
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def when(at: datetime) -> str:
    """Return an instant that Slack shows in each reader's time zone."""
    return date(int(at.timestamp()), f"{format_date(at.date())}, {at:%H:%M} UTC")


def sized(documents: int, stories: int) -> str:
    """Return the size of a corpus: 1 document with 3 stories."""
    return f"{counted(documents, 'document')} with {counted(stories, 'story')}"
