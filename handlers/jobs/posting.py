"""Posting: what goes to a channel and when; `delivery` then sends it.

The ticker calls `run`, and a button calls `press`. Both record each post in `store.posting.posts`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.jobs.delivery import Delivery
from handlers.jobs.rate_limit import ChannelRateLimiter
from handlers.slack.button_press import Press
from handlers.slack.directory import NOT_READY, NotReadyError
from handlers.slack.people import Colleague, FullMember
from store import Store
from store.db import DatabaseUnavailableError
from store.posting.record import LEASE, NewPost
from store.types import About, Article, ParleyError, Post, PostKind, PostState, Schedule

log = logging.getLogger(__name__)

IN_FLIGHT = 16
"""How many posting calls may be in flight at the same time."""
_BATCH = 200
"""How many open posts to load from the store at a time."""
_ALREADY_POSTED = "That is posted already."
_BEAT = 1.0
"""Seconds between rounds of planning and starting posts while calls are in flight."""


class Posting:
    """The planning and delivery of every message that Parley posts to a channel."""

    def __init__(self, store: Store, delivery: Delivery, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._rate_limiter = ChannelRateLimiter()
        self._is_stopping = False

    def stop(self) -> None:
        """Make `run` return as soon as the calls in flight have ended."""
        self._is_stopping = True

    async def run(self) -> None:
        """Plan the posts that are due, and send open posts until none is left.

        A call that hangs does not block the others. If `run` is cancelled, it cancels its calls
        and waits for them to end. Their posts may have arrived, so Parley checks the history when
        their leases end.
        """
        calls: dict[str, asyncio.Task[None]] = {}
        queue: deque[Post] = deque()
        time = asyncio.get_running_loop().time
        planned_at = -_BEAT
        try:
            while not self._is_stopping:
                if time() - planned_at >= _BEAT:
                    await self._store.planning.plan_due(self._clock())
                    planned_at = time()
                if not queue:
                    halted = self._delivery.halted
                    queue += await self._store.posts.open(self._clock(), but=halted, limit=_BATCH)
                self._start(queue, calls)
                if not calls:
                    return
                await asyncio.wait(
                    calls.values(), timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED
                )
                for key in [key for key, call in calls.items() if call.done()]:
                    del calls[key]
        except asyncio.CancelledError:
            for call in calls.values():
                call.cancel()
            raise
        finally:
            # If this gather is cancelled too, it cancels the calls and still waits for them.
            await asyncio.gather(*calls.values(), return_exceptions=True)

    async def press(self, press: Press, kind: PostKind, article: Article, *, by: Colleague) -> None:
        """Post what a button is for, once even if it is pressed repeatedly.

        Raises `NotReadyError` if Parley cannot post in the channel, and `ParleyError` if the
        message was posted before or is not known to be in the channel.
        """
        await self.finish(await self._plan(press, kind, article, key=press.key(kind), by=by))

    async def share(
        self, press: Press, article: Article, respond: AsyncRespond, *, by: Colleague
    ) -> None:
        """Post a story to the channel as `press` does, even if Parley is not a member.

        Outside its channels, Parley posts through the response_url of the press. Such a message
        cannot be found in the history, so it is sent once, under a separate key.
        """
        key = f"{press.key(PostKind.SHARE)}:outside"
        before = await self._store.posts.get(press.team_id, key)
        if before and before.state is not PostState.FAILED:
            raise ParleyError(_ALREADY_POSTED)
        try:
            await self.press(press, PostKind.SHARE, article, by=by)
        except NotReadyError as error:
            if not error.is_outside:
                raise
            post = await self._plan(press, PostKind.SHARE, article, key=key, by=by)
            await self._delivery.answer(post, respond)
            await self._require_sent(post)

    async def _plan(
        self, press: Press, kind: PostKind, article: Article, *, key: str, by: Colleague
    ) -> Post:
        now = self._clock()
        revision = self._store.corpus.revision
        thread_ts = press.value.thread_ts
        plan = NewPost(
            key=key,
            team_id=press.team_id,
            channel_id=press.channel_id,
            kind=kind,
            article_id=article.id,
            revision=revision.number if revision else None,
            due_at=now,
            asked_by=by.user_id,
            about=About(channel_id=press.channel_id, thread_ts=thread_ts) if thread_ts else None,
            not_before=now + LEASE,
        )
        post = await self._store.posts.plan(plan, now=now)
        if post is None:
            raise ParleyError(_ALREADY_POSTED)
        return post

    async def now(self, schedule: Schedule, *, by: FullMember, key: str | None) -> None:
        """Post now what the schedule would post next.

        The post counts as today's if *key* is None; otherwise it is an additional post with this
        *key*. Raises `ParleyError` if today's post is out already or nothing can be posted.
        """
        post = await self._store.planning.plan_now(
            schedule, by=by.user_id, now=self._clock(), key=key
        )
        if post is None:
            raise ParleyError(
                "Today's post is in this channel already."
                if await self._store.planning.preview(schedule)
                else "There is no story to choose from."
            )
        await self.finish(post)

    async def finish(self, post: Post) -> None:
        """Send *post* and the story in its thread; raises the same errors as `press`."""
        await self._delivery.send(post)
        await self._require_sent(post)
        await self._send_thread(post)

    async def _require_sent(self, post: Post) -> None:
        done = await self._store.posts.get(post.team_id, post.key)
        match done and done.state:
            case PostState.SENT:
                return
            case PostState.FAILED:
                error = done.error if done and done.error else "no reason given"
                if error in NOT_READY:
                    raise NotReadyError(error)
                raise ParleyError(f"The post was refused: {error}.")
            case _:
                raise ParleyError(
                    "Slack has not confirmed the post. I am looking whether it arrived;"
                    " please do not post it again."
                )

    async def _send_thread(self, post: Post) -> None:
        story = await self._store.posts.get(post.team_id, f"{post.key}:story")
        if story and story.state is PostState.PLANNED:
            await self._delivery.send(story)

    def _start(self, queue: deque[Post], calls: dict[str, asyncio.Task[None]]) -> None:
        """Start calls for the posts in *queue*, within `IN_FLIGHT` and the channels' rate limits.

        A post that comes too early for its channel leaves the queue. It stays open in the store
        and is loaded again with a later batch.
        """
        halted = self._delivery.halted
        while queue and len(calls) < IN_FLIGHT:
            post = queue.popleft()
            if post.key in calls or post.team_id in halted:
                continue
            if self._rate_limiter.try_acquire(f"{post.team_id}:{post.channel_id}", self._clock()):
                calls[post.key] = asyncio.create_task(self._send(post))

    async def _send(self, post: Post) -> None:
        try:
            await self._delivery.send(post)
        except DatabaseUnavailableError:
            log.debug("post %s waits for the database", post.key)
        except Exception:
            log.exception("post %s: unexpected error", post.key)
