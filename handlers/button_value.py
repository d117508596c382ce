"""What a button carries from the moment it is drawn to the moment it is pressed."""

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from handlers.mrkdwn import truncate
from store.text import well_formed
from store.types import ParleyError

MOST_WORDS = 300
"""Characters of words that a button carries."""
_MOST_PLACES = 1 << 31
CHANNEL, DIRECT, MODAL = "", "direct", "modal"
"""Where an answer is shown, when it is not in the thread of that ts."""
_WHERE = re.compile(rf"|{DIRECT}|{MODAL}|\d+\.\d+")
_STALE = "That button is from another version of me: please ask anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The value of a button: what it is about, and never who may press it.

    Slack gives it back as it was, but a client may send another: it allows nothing by itself.
    """

    article_id: str = ""
    words: str = ""
    """What was looked up."""
    place: int = 0
    """Which of the answers, counted from 0."""
    key: str = ""
    """The delivery key of a post, or the mark of the schedule that a form started from."""
    channel_id: str = ""
    """The channel of a schedule, where the button is somewhere else."""
    where: str = CHANNEL
    """Where the answer is shown: CHANNEL, DIRECT, MODAL, or the ts of a thread."""

    @property
    def thread_ts(self) -> str | None:
        """Give the thread that the answer is shown in; None anywhere else."""
        return None if self.where in (CHANNEL, DIRECT, MODAL) else self.where

    def encode(self) -> str:
        """Write it as the value of a button (docs.slack.dev, button element: 2,000 characters)."""
        fields = ((name, getattr(self, name)) for name in self.__slots__)
        given = {name: value for name, value in fields if value}
        if self.words:
            given["words"] = truncate(self.words, MOST_WORDS)
        return json.dumps(given, ensure_ascii=False)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote; raises `ParleyError` for anything else."""
        try:
            fields = json.loads(text)
            value = cls(
                article_id=_text(fields, "article_id"),
                words=truncate(_text(fields, "words"), MOST_WORDS),
                place=int(fields.get("place", 0)),
                key=_text(fields, "key"),
                channel_id=_text(fields, "channel_id"),
                where=_text(fields, "where"),
            )
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ParleyError(_STALE) from error
        if not 0 <= value.place < _MOST_PLACES or not _WHERE.fullmatch(value.where):
            raise ParleyError(_STALE)
        return value


def _text(fields: dict[str, Any], name: str) -> str:
    # JSON can spell in plain letters what the intake has replaced.
    return well_formed(str(fields.get(name, "")))
