"""Posting: what goes to a channel and when; `delivery` then sends it.

The ticker calls `run`, and a button calls `press`. Both record each post in `store.posting.posts`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.ids import Command
from handlers.jobs.delivery import Delivery
from handlers.jobs.outcomes import format_outcome, format_pending, outcome_of
from handlers.jobs.rate_limit import ChannelRateLimiter
from handlers.slack.background import Background, answer
from handlers.slack.button_press import Press
from handlers.slack.directory import NOT_READY, NotReadyError
from handlers.slack.error_replies import PendingError
from handlers.slack.people import Colleague, FullMember
from handlers.slack.responders import Responders
from handlers.views.message import Message
from store import Store
from store.db import DatabaseError, DatabaseUnavailableError
from store.posting.record import LEASE, NewPost
from store.types import (
    About,
    Article,
    GoneError,
    ParleyError,
    Post,
    PostKind,
    PostState,
    Schedule,
    UserId,
)

log = logging.getLogger(__name__)

IN_FLIGHT = 16
"""How many calls of `run` may be in flight at the same time."""
_MOST_CLAIMED = 6 * IN_FLIGHT
"""How many posts of `run` may be claimed, sent and recorded at the same time.

One that is claimed when the process crashes may have arrived, which takes a while to find out.
"""
_BATCH = 200
"""How many open posts to load from the store at a time."""
_LONG = timedelta(days=1)


class Posting:
    """The planning and delivery of every message that Parley posts to a channel."""

    def __init__(
        self,
        store: Store,
        delivery: Delivery,
        background: Background,
        responders: Responders,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._background = background
        self._responders = responders
        self._clock = clock
        self._rate_limiter = ChannelRateLimiter()
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._calls: dict[str, asyncio.Task[None]] = {}
        """The calls of `run` by the delivery key of their post, from its claim to its outcome."""
        self._progress = asyncio.Event()
        """Set when several calls may begin, and when more is planned."""
        self.beat = 1.0
        """Seconds between rounds of planning and starting posts while calls are in flight."""
        self._is_stopping = False
        self._is_planning = False
        """Whether more may be due than is planned."""
        self._is_queue_old = False
        """Whether posts may be open that are not in the queue."""
        self._followed: dict[str, tuple[Post, AsyncRespond]] = {}
        """{key: (the post, the responder of its note)}."""

    def stop(self) -> None:
        """Make `run` return as soon as the calls in flight have ended, and begin no other call."""
        self._is_stopping = True
        self._progress.set()
        # The posts that wait are not called any more, so that they need not wait for a call.
        for _ in range(_MOST_CLAIMED):
            self._slots.release()

    async def run(self) -> None:
        """Plan the posts that are due, and send open posts until none is left.

        A call that hangs does not block the others, until `IN_FLIGHT` calls hang. If `run` is
        cancelled, it cancels its calls and waits for them to end. Their posts may have arrived, so
        Parley checks the history when their leases end.
        """
        calls = self._calls
        queue: deque[Post] = deque()
        time = asyncio.get_running_loop().time
        active_at = time()
        self._is_planning, self._is_queue_old = True, False
        planner = asyncio.create_task(self._plan_due())
        try:
            while not (self._is_stopping or planner.done()):
                if not queue and self._is_queue_old:
                    self._is_queue_old = False
                    waiting = tuple(self._delivery.waits())
                    queue += await self._store.posts.open(self._clock(), but=waiting, limit=_BATCH)
                self._start(queue)
                # A team that may post soon does not wait for the next tick.
                wait = min(self._delivery.waits().values(), default=_LONG)
                soon = min(wait.total_seconds(), self.beat)
                if calls or self._is_planning or self._is_queue_old:
                    active_at = time()
                elif soon >= self.beat or time() - active_at >= self.beat:
                    await self._report_outcomes()
                    break
                await self._wait(soon)
            if planner.done():
                await planner
        except asyncio.CancelledError:
            for call in calls.values():
                call.cancel()
            raise
        finally:
            planner.cancel()
            # If this gather is cancelled too, it cancels the tasks and still waits for them.
            await asyncio.gather(*calls.values(), planner, return_exceptions=True)

    async def _plan_due(self) -> None:
        """Plan what is due, again and again; what is planned is sent while the rest is planned."""
        while True:
            self._is_planning = True
            while self._is_planning:
                self._is_planning = await self._store.planning.plan_some(self._clock())
                self._is_queue_old = True
                self._progress.set()
            await self._report_outcomes()
            await asyncio.sleep(self.beat)

    async def _wait(self, seconds: float) -> None:
        """Wait until another post can be started, at most so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._progress.wait()
        except TimeoutError:
            self._is_queue_old = True
        self._progress.clear()

    async def press(self, press: Press, kind: PostKind, article: Article, *, by: Colleague) -> None:
        """Post what a button is for, once even if it is pressed repeatedly.

        Raises `PostedBeforeError` if another press has posted the same and the button does not
        know it, `NotReadyError` if Parley cannot post in the channel, and `ParleyError` if the
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
        key = press.key_outside(PostKind.SHARE)
        before = await self._store.posts.get(press.team_id, key)
        if before and before.state is not PostState.FAILED:
            raise self._unsent(before)
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
        since = press.value.posted_at
        post = await self._store.posts.plan_unless_posted(plan, since=since, now=now)
        if post is None:
            before = await self._store.posts.get(press.team_id, key)
            raise self._unsent(before) if before else GoneError
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
                f"Today's post was made already. `{Command.DIGEST} now` posts an extra one."
            )
        await self.finish(post)

    async def finish(self, post: Post) -> None:
        """Send *post* and the story in its thread; raises the same errors as `press`."""
        self._delivery.rate_limiter.started(post.team_id, self._clock())
        await self._delivery.send(post)
        await self._require_sent(post)

    async def _require_sent(self, post: Post) -> None:
        """Raise `ParleyError` with the outcome of *post*, unless it is sent."""
        done = await self._store.posts.get(post.team_id, post.key)
        if done is None:
            raise GoneError
        if done.state is PostState.FAILED and done.error in NOT_READY:
            raise NotReadyError(done.error, done.channel_id)
        if done.state is not PostState.SENT:
            raise self._unsent(done)

    def _unsent(self, post: Post) -> ParleyError:
        """Return the error that says what happens next to a post that was planned before."""
        if post.state is PostState.SENT:
            return ParleyError("That was posted already.")
        if outcome := format_outcome(post):
            return ParleyError(outcome)
        return PendingError(format_pending(post, self._clock()), partial(self._follow, post))

    def _follow(self, post: Post, respond: AsyncRespond) -> None:
        """Replace the note about *post* once its outcome is known, however long that takes."""
        if post.asked_by:
            respond = self._responders.lasting(respond, post.team_id, post.asked_by)
        self._followed[post.key] = post, respond

    async def _report_outcomes(self) -> None:
        """Replace the notes about posts whose outcome is known now."""
        for key, followed in tuple(self._followed.items()):
            post, respond = followed
            stored = await self._store.posts.get(post.team_id, key)
            outcome = await self._outcome(stored)
            # `run` and its planner may both be here, and a newer note may have come since.
            if (outcome or stored is None) and self._followed.get(key) is followed:
                del self._followed[key]
                if outcome:
                    self._background.start(answer(respond, outcome, replace=True))

    def _start(self, queue: deque[Post]) -> None:
        """Start calls for the posts in *queue*, within `_MOST_CLAIMED` and the rate limits.

        A post that comes too early for its channel or team leaves the queue. It stays open in the
        store and is loaded again with a later batch.
        """
        waiting, limiter = set(self._delivery.waits()), self._delivery.rate_limiter
        calls = self._calls

        def ended(call: asyncio.Task[None]) -> None:
            del calls[call.get_name()]
            self._is_queue_old = True
            # Several posts are claimed in one transaction.
            if len(calls) <= _MOST_CLAIMED - IN_FLIGHT:
                self._progress.set()

        while queue and len(calls) < _MOST_CLAIMED:
            post, now = queue.popleft(), self._clock()
            if post.key in calls or post.team_id in waiting:
                continue
            if self._rate_limiter.try_acquire(_channel(post), now):
                call = calls[post.key] = asyncio.create_task(self._send(post), name=post.key)
                call.add_done_callback(ended)
                limiter.started(post.team_id, now)
                if limiter.wait(post.team_id, now):
                    waiting.add(post.team_id)

    async def _send(self, post: Post) -> None:
        is_followed = post.key in self._followed
        try:
            await self._delivery.send(post, slot=self._slot, follows=self._follows)
            is_awaited = not (post.parent_key or post.kind.is_notice or is_followed)
            if post.asked_by and is_awaited:
                await self._tell(post, post.asked_by)
        except DatabaseUnavailableError:
            log.debug("post %s waits for the database", post.key)
        except DatabaseError as error:
            log.error("post %s: %s", post.key, error)
        except Exception:
            log.exception("post %s: unexpected error", post.key)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[bool]:
        """Wait until fewer than `IN_FLIGHT` calls are in flight; yield False after `stop`.

        Only the posts of `run` wait for a slot: a person who presses a button waits for the answer.
        """
        async with self._slots:
            yield not self._is_stopping

    def _follows(self, post: Post) -> bool:
        """Return whether the story of *post* may be sent at once, and count it if so.

        A person who waits for the outcome of *post* does not wait for its story.
        """
        now, team_id = self._clock(), post.team_id
        if self._is_stopping or post.asked_by or team_id in self._delivery.waits():
            return False
        if not self._rate_limiter.try_acquire(_channel(post), now):
            return False
        self._delivery.rate_limiter.started(team_id, now)
        return True

    async def _tell(self, post: Post, user_id: UserId) -> None:
        """Send the outcome of *post* to the person who asked for it.

        The process that took their press may have ended. If it has not, it replaces its note too:
        twice is better than not at all, because only this person sees it.
        """
        stored = await self._store.posts.get(post.team_id, post.key)
        if outcome := await self._outcome(stored):
            thread_ts = post.about.thread_ts if post.about else None
            whisper = self._responders.whisper(post.team_id, post.channel_id, user_id, thread_ts)
            self._background.start(answer(whisper, outcome))

    async def _outcome(self, post: Post | None) -> Message | None:
        article = (
            await self._store.articles.get(post.article_id) if post and post.article_id else None
        )
        return outcome_of(post, article) if post else None

    async def again(self, post: Post, *, since: datetime | None, by: Colleague) -> None:
        """Post what was asked for and missed its time; raises the same errors as `press`.

        *since* is when the channel last had the same, as the button knows it.
        """
        now = self._clock()
        plan = NewPost(
            key=post.key,
            team_id=post.team_id,
            channel_id=post.channel_id,
            kind=post.kind,
            article_id=post.article_id,
            revision=post.revision,
            why=post.why,
            schedule_id=post.schedule_id,
            due_at=now,
            asked_by=by.user_id,
            about=post.about,
            not_before=now + LEASE,
        )
        since = since or post.due_at
        planned = await self._store.posts.plan_unless_posted(plan, since=since, now=now)
        if planned is None:
            raise self._unsent(await self._store.posts.get(post.team_id, post.key) or post)
        await self.finish(planned)


def _channel(post: Post) -> str:
    return f"{post.team_id}:{post.channel_id}"
