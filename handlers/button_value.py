"""The value of a button: written when the button is rendered, read when it is pressed."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import orjson

from handlers.mrkdwn import truncate
from store.text import well_formed
from store.types import ChannelId, ParleyError, UserId

MOST_WORDS = 300
"""The most characters of `words` in a button's value."""
_MOST_PLACES = 1 << 31
CHANNEL, DIRECT, MODAL, CONVERSATION = "", "direct", "modal", "conversation"
"""Where an answer is shown, unless it is in a thread: the possible texts of `Value.where`.

DIRECT is an answer to a message to Parley, CONVERSATION one to a command in a direct message, which
may be between people.
"""
NO_CHANNEL = ChannelId("")
_WHERE = re.compile(rf"|{DIRECT}|{MODAL}|{CONVERSATION}|\d+\.\d+")
STALE = "That button is from another version of me: please ask again."
"""The answer to a press of a button or menu whose value Parley did not write."""


def is_direct(channel_id: str) -> bool:
    """Return whether the channel is a direct message, of Parley or between two people."""
    return channel_id.startswith("D")


def where_of(channel_id: str) -> str:
    """Return where the answer to a command in the channel is shown, as in `Value.where`."""
    return CONVERSATION if is_direct(channel_id) else CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The value of a button: what the button is about, never who may press it.

    A client can send any value, so a value grants no permission; `seal` alone can prove one.
    """

    article_id: str = ""
    words: str = ""
    """The query of the look-up, the commands of a button, or the channel that a form joins."""
    place: int = 0
    """The index of a match or a page, from 0."""
    key: str = ""
    """The delivery key of a post, or the version mark of the schedule in a form."""
    channel_id: ChannelId = NO_CHANNEL
    """The channel of a schedule, if the button is in another place."""
    origin: ChannelId = NO_CHANNEL
    """The channel in which a form was opened: the answer comes there."""
    schedule_id: str = ""
    """The schedule that the button is about; empty for the only one of its channel."""
    user_id: UserId | None = None
    """Who made the change that the button takes back."""
    where: str = CHANNEL
    """Where the answer is shown: CHANNEL, DIRECT, MODAL, CONVERSATION, or the ts of a thread."""

    posted_at: datetime | None = None
    """When the channel last had what the button posts, as far as its message shows."""
    seal: str = ""
    """A signature of Parley over what the form is about and who opened it."""

    @property
    def thread_ts(self) -> str | None:
        """Return the ts of the thread in which the answer is shown, or None."""
        return None if self.where in (CHANNEL, DIRECT, MODAL, CONVERSATION) else self.where

    def encode(self) -> str:
        """Return the value as JSON, at most 2,000 characters (docs.slack.dev, button element)."""
        given = {name: field for name in self.__slots__ if (field := getattr(self, name))}
        if self.words:
            # orjson raises for a lone surrogate.
            given["words"] = well_formed(truncate(self.words, MOST_WORDS))
        return orjson.dumps(given).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Parse the JSON that `encode` returned; raises `ParleyError` for anything else."""
        try:
            fields = orjson.loads(text)
            value = cls(
                article_id=_text(fields, "article_id"),
                words=truncate(_text(fields, "words"), MOST_WORDS),
                place=int(fields.get("place", 0)),
                key=_text(fields, "key"),
                channel_id=ChannelId(_text(fields, "channel_id")),
                origin=ChannelId(_text(fields, "origin")),
                schedule_id=_text(fields, "schedule_id"),
                user_id=UserId(_text(fields, "user_id")) or None,
                where=_text(fields, "where"),
                posted_at=_instant(_text(fields, "posted_at")),
                seal=_text(fields, "seal"),
            )
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ParleyError(STALE) from error
        if not 0 <= value.place < _MOST_PLACES or not _WHERE.fullmatch(value.where):
            raise ParleyError(STALE)
        return value


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _text(fields: dict[str, Any], name: str) -> str:
    # A JSON escape can hold a NUL, which the intake replaced in the payload itself.
    return well_formed(str(fields.get(name, "")))
