"""The check of the channel history: whether a message arrived although the answer was lost."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from handlers.ids import Block
from store.types import Post

_PAGE = 200
_MARGIN = timedelta(hours=1)
"""How far our clock and Slack's may differ."""


class TooLongError(Exception):
    """Raised when the lease ends before the history has been read to its end."""


class History:
    """The search for Parley's own messages in the history of channels and threads."""

    def __init__(
        self, client: AsyncWebClient, *, bot_id: str, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._bot_id = bot_id
        self._clock = clock

    async def find(self, post: Post, *, parent_ts: str | None, until: datetime) -> str | None:
        """Return the ts of the message that *post* became; None if it is not in the channel.

        Raises one of `api_errors.FAILURES` if the history cannot be read, and `TooLongError` if
        reading takes until *until*.
        """
        async for message in self._messages(post, parent_ts, until):
            # Any app can write metadata, so only the bot's own messages count.
            if message.get("bot_id") == self._bot_id and _is_message_of(post, message):
                return str(message["ts"])
        return None

    async def _messages(
        self, post: Post, parent_ts: str | None, until: datetime
    ) -> AsyncIterator[dict[str, Any]]:
        if self._clock() >= until:
            raise TooLongError
        oldest = (post.called_at or post.due_at) - _MARGIN
        options: dict[str, Any] = {"include_all_metadata": True, "limit": _PAGE}
        # No `oldest` among them: it would hide the newest messages if our clock is far ahead.
        if parent_ts:
            options["ts"] = parent_ts
            pages = await self._client.conversations_replies(channel=post.channel_id, **options)
        else:
            pages = await self._client.conversations_history(channel=post.channel_id, **options)
        async for page in pages:
            for message in page["messages"]:
                yield message
            is_before_post = any(
                float(message["ts"]) < oldest.timestamp() for message in page["messages"]
            )
            if is_before_post and not parent_ts:
                return
            if self._clock() >= until:
                raise TooLongError


def _is_message_of(post: Post, message: dict[str, Any]) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    if key := payload.get("delivery_key"):
        return bool(key == post.key)
    # Slack may leave out the metadata: the first block carries the key too.
    return any(block.get("block_id") == block_id(post) for block in message.get("blocks") or [])


def block_id(post: Post) -> str:
    """Return the block_id that identifies a message of *post* when Slack omits its metadata."""
    return f"{Block.DELIVERY}:{post.key}"
