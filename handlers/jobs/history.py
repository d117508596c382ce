"""The check of the channel history: whether a message arrived although the answer was lost."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from handlers.ids import Block
from handlers.slack.api_errors import FAILURES, classify
from handlers.slack.teams import Team
from store.types import Post

_PAGE = 15
"""How many messages to ask for in a call.

Slack returns no more to an app that is distributed outside of its Marketplace, and takes one call
a minute from it (docs.slack.dev: rate limits, conversations.history).
"""
_MARGIN = timedelta(minutes=10)
"""How far our clock and Slack's may differ; the checked clock allows half of it."""
_MAX_BROKEN_OFF = 10_000


class TooLongError(Exception):
    """Raised when the lease ends before the history has been read to its end."""


class History:
    """The search for Parley's own messages in the history of channels and threads.

    A search that is broken off, by a rate limit or the end of the lease, goes on where it was.
    """

    def __init__(self) -> None:
        self._broken_off: dict[str, tuple[str, datetime]] = {}
        """{delivery key: (the cursor of the next page, when the search began)}."""

    async def find(
        self,
        team: Team,
        post: Post,
        *,
        parent_ts: str | None,
        until: datetime,
        clock: Callable[[], datetime],
    ) -> tuple[str | None, datetime]:
        """Return the ts of the message that *post* became, and when the search began.

        The ts is None if the message was not in the channel at that time.

        Raises one of `api_errors.FAILURES` if the history cannot be read, and `TooLongError` if
        reading takes until *until*.
        """
        oldest = (post.called_at or post.due_at) - _MARGIN
        arguments: dict[str, Any] = {
            "channel": post.channel_id,
            "oldest": f"{oldest.timestamp():.6f}",
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        read: Callable[..., Awaitable[Any]] = team.asking.conversations_history
        if parent_ts:
            read, arguments["ts"] = team.asking.conversations_replies, parent_ts
        cursor, began = self._broken_off.pop(post.key, (None, clock()))
        while True:
            if clock() >= until:
                self._keep(post, cursor, began)
                raise TooLongError
            try:
                page = await read(**arguments, cursor=cursor)
            except FAILURES as error:
                # A cursor that Slack refuses is of no use the next time.
                if classify(error).is_temporary:
                    self._keep(post, cursor, began)
                raise
            for message in page["messages"]:
                # Any app can write metadata, so only the bot's own messages count.
                if message.get("bot_id") == team.bot.bot_id and _is_message_of(post, message):
                    return str(message["ts"]), began
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None, began

    def _keep(self, post: Post, cursor: str | None, began: datetime) -> None:
        if cursor:
            if len(self._broken_off) >= _MAX_BROKEN_OFF:
                self._broken_off.clear()
            self._broken_off[post.key] = cursor, began


def _is_message_of(post: Post, message: dict[str, Any]) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    if key := payload.get("delivery_key"):
        return bool(key == post.key)
    # Slack may leave out the metadata: the first block carries the key too.
    return any(block.get("block_id") == block_id(post) for block in message.get("blocks") or [])


def block_id(post: Post) -> str:
    """Return the block_id that identifies a message of *post* when Slack omits its metadata."""
    return f"{Block.DELIVERY}:{post.key}"
