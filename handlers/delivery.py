"""Delivery: claim -> look for it -> render -> send -> record, for one post.

There is no idempotency key in Slack, so whatever leaves the outcome open (a timeout, a lost
connection, a server error, a crash) is looked up in the channel's history before the message may be
sent again (docs.slack.dev: chat.postMessage, conversations.history, message metadata).
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.ids import Event
from handlers.views import question as views
from handlers.views.message import Message
from handlers.views.story import shared
from store import Store
from store.posts import Claim
from store.types import Article, Post, PostKind

log = logging.getLogger(__name__)

GRACE = timedelta(hours=2)
"""How late a schedule's post may go out; later, its turn is missed and said so."""
PRESS_GRACE = timedelta(minutes=2)
"""How late a post may go out that a person pressed for and no longer waits for."""
_RETRY = timedelta(seconds=30)
_LOOK_AGAIN = timedelta(seconds=60)
_SKEW = timedelta(minutes=2)
_NEVER = datetime.max.replace(tzinfo=UTC)

# Refused, and certainly not delivered: to be tried again.
_PUT_OFF = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "service_unavailable",
        "request_timeout",
        "message_limit_exceeded",
    }
)
# Part of the operation may have succeeded.
_AMBIGUOUS = frozenset({"internal_error", "fatal_error"})
_NOT_JSON = "an answer that is not JSON"


class Delivery:
    """Sends posts, each at most once."""

    def __init__(
        self,
        store: Store,
        client: AsyncWebClient,
        *,
        bot_id: str,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Take a *client* that does not retry: a retry by itself could post twice.

        *owner* names this process in the record.
        """
        self._posts = store.posts
        self._articles = store.articles
        self._client = client
        self._bot_id = bot_id
        self._owner = owner
        self._clock = clock

    async def send(self, post: Post) -> None:
        """Send *post* unless somebody else has claimed it, and record what came of it."""
        posts = self._posts
        claim = await posts.claim(post, owner=self._owner, now=self._clock())
        if claim is None:
            return
        post = claim.post
        parent_ts = None
        if post.parent_key and (parent := await posts.get(post.parent_key)):
            parent_ts = parent.message_ts
        if claim.may_have_arrived:
            try:
                arrived = await self._look_for(post, parent_ts)
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                now = self._clock()
                is_over = now - post.due_at > GRACE
                until = _NEVER if is_over else now + _LOOK_AGAIN
                reason = f"history cannot be read: {_code(error)}"
                await posts.unknown(claim, error=reason, until=until)
                return
            if arrived:
                log.info("post %s had arrived", post.key)
                await posts.sent(claim, message_ts=arrived, now=self._clock())
                return
        await self._deliver(claim, parent_ts)

    async def _deliver(self, claim: Claim, parent_ts: str | None) -> None:
        post, posts, now = claim.post, self._posts, self._clock()
        is_press = post.asked_by is not None and post.due_on is None
        if now - post.due_at > (PRESS_GRACE if is_press else GRACE):
            log.warning("missed post %s", post.key)
            await posts.missed(claim, error=post.error or "found too late")
            return
        article = await self._articles.get(post.article_id or "")
        if article is None:
            await posts.failed(claim, error="its story is no longer in the corpus")
            return
        try:
            response = await self._client.chat_postMessage(
                channel=post.channel_id,
                thread_ts=parent_ts,
                unfurl_links=False,
                unfurl_media=False,
                metadata={
                    "event_type": Event.DELIVERY,
                    "event_payload": {"delivery_key": post.key},
                },
                **_render(post, article),
            )
        except aiohttp.ClientConnectorError as error:
            # No connection, so nothing was sent.
            await posts.put_off(claim, error=str(error), until=now + _RETRY)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            await self._refused(claim, error)
        else:
            await posts.sent(claim, message_ts=str(response["ts"]), now=self._clock())

    async def _refused(self, claim: Claim, error: Exception) -> None:
        posts, now, code = self._posts, self._clock(), _code(error)
        log.warning("post %s: %s", claim.post.key, code)
        if code in _PUT_OFF:
            await posts.put_off(claim, error=code, until=now + _retry_after(error))
        elif code in _AMBIGUOUS or not isinstance(error, SlackApiError) or _is_server_error(error):
            await posts.unknown(claim, error=code, until=now + _LOOK_AGAIN)
        else:
            await posts.failed(claim, error=code)

    async def _look_for(self, post: Post, parent_ts: str | None) -> str | None:
        """Look for the message in the channel's history; give its ts, or None.

        Only our own messages count: anybody can write metadata.
        """
        oldest = f"{(post.due_at - _SKEW).timestamp():.6f}"
        cursor = None
        while True:
            if parent_ts:
                page = await self._client.conversations_replies(
                    channel=post.channel_id,
                    ts=parent_ts,
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            else:
                page = await self._client.conversations_history(
                    channel=post.channel_id,
                    oldest=oldest,
                    inclusive=True,
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            for found in page["messages"]:
                payload = found.get("metadata", {}).get("event_payload", {})
                if payload.get("delivery_key") == post.key and found.get("bot_id") == self._bot_id:
                    return str(found["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None


def _render(post: Post, article: Article) -> Message:
    match post.kind:
        case PostKind.QUESTION:
            return views.question(article, asked_by=post.asked_by)
        case PostKind.STORY:
            return views.story(article)
        case PostKind.SHARE:
            return shared(article, by=post.asked_by or "")


def _code(error: Exception) -> str:
    """Name what happened: Slack's own word, or the kind of failure."""
    if isinstance(error, SlackApiError):
        response = error.response
        code = response.get("error") if hasattr(response, "get") else None
        return str(code or _NOT_JSON)
    return type(error).__name__


def _is_server_error(error: SlackApiError) -> bool:
    response = error.response
    # What is not JSON comes as aiohttp's own response, which spells it otherwise.
    status = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    return status >= 500 or _code(error) == _NOT_JSON


def _retry_after(error: Exception) -> timedelta:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return timedelta(seconds=int(headers.get("Retry-After", "")))
    except ValueError:
        return _RETRY
