"""Looking whether a message is in its channel, after a call that ended without an answer."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from handlers.ids import Block
from store.types import Post

_PAGE = 200
_MARGIN = timedelta(hours=1)
"""How far our clock and Slack's may be apart."""


class TooLongError(Exception):
    """Say that the lease ended before the history did."""


class History:
    """Finds our own messages in channels and threads."""

    def __init__(
        self, client: AsyncWebClient, *, bot_id: str, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._bot_id = bot_id
        self._clock = clock

    async def find(self, post: Post, *, parent_ts: str | None, until: datetime) -> str | None:
        """Give the ts of the message that *post* became; None where it is not there.

        Raises one of `api_errors.FAILURES` if the history cannot be read, and `TooLongError` when
        it is not read through at *until*.
        """
        async for found in self._messages(post, parent_ts, until):
            # Only our own messages count: anybody can write metadata.
            if found.get("bot_id") == self._bot_id and _is(post, found):
                return str(found["ts"])
        return None

    async def _messages(
        self, post: Post, parent_ts: str | None, until: datetime
    ) -> AsyncIterator[dict[str, Any]]:
        oldest = (post.called_at or post.due_at) - _MARGIN
        cursor = None
        while True:
            if self._clock() >= until:
                raise TooLongError
            if parent_ts:
                page = await self._client.conversations_replies(
                    channel=post.channel_id,
                    ts=parent_ts,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor,
                )
            else:
                # Without `oldest`, so that the newest are looked at whatever our clock says.
                page = await self._client.conversations_history(
                    channel=post.channel_id,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor,
                )
            for found in page["messages"]:
                yield found
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            is_past = not parent_ts and any(
                float(found["ts"]) < oldest.timestamp() for found in page["messages"]
            )
            if not cursor or is_past:
                return


def _is(post: Post, found: dict[str, Any]) -> bool:
    payload = (found.get("metadata") or {}).get("event_payload") or {}
    if key := payload.get("delivery_key"):
        return bool(key == post.key)
    # Metadata may be left out of an answer: the first block carries the key too.
    return any(block.get("block_id") == mark(post) for block in found.get("blocks") or [])


def mark(post: Post) -> str:
    """Give the block_id by which a message of *post* is known, if its metadata is not there."""
    return f"{Block.DELIVERY}:{post.key}"
