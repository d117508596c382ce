"""Delivery of one post: claim -> check the history -> render -> send -> record.

Slack has no idempotency key. After a timeout, a lost connection, a server error or a crash the
outcome is unknown, so the channel's history is checked before the message may be sent again
(docs.slack.dev: chat.postMessage, conversations.history, message metadata).
"""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.ids import Event
from handlers.jobs.history import History, TooLongError, block_id
from handlers.jobs.rate_limit import TeamRateLimiter
from handlers.slack.api_errors import FAILURES, Failure, FailureKind, classify
from handlers.slack.background import answer_channel
from handlers.slack.teams import Teams
from handlers.views.message import Message
from handlers.views.post import render
from store import Store
from store.posting.posts import Claim, Outcome
from store.posting.record import GRACE, LEASE
from store.types import Post, PostKind, PostState, TeamId

log = logging.getLogger(__name__)

PRESS_GRACE = timedelta(minutes=2)
"""How late a post that a button asked for may go out: later, nobody waits for it any longer."""
HISTORY_WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60))
"""How long to wait before each check of the history, which lags behind what was posted."""
_ENOUGH = sum(HISTORY_WAITS, timedelta())
"""How long after a call the history is complete."""
MAX_UNANSWERED = 3
"""How many calls may end without an answer before a person is asked instead of trying again."""
_MAX_UNKNOWN_ERRORS = 5
"""How often to send a post that Slack refuses with an error that Parley does not know."""
_UNREADABLE_WAIT = timedelta(seconds=30)
"""How long to wait before the next attempt to read a history that could not be read."""
_QUICKEST_RESTORE = timedelta(minutes=2)
"""How long it takes at least to restore a backup."""
_MAX_UNREADABLE = 5
"""How often to try that before a post is sent of which no call was recorded. Slack may allow one
call a minute for all channels of a workspace; see `history`."""
_HALT = timedelta(minutes=5)
"""How long to stop posting to a team whose token Slack refuses."""

Slot = Callable[[], AbstractAsyncContextManager[bool]]
"""Entered when a call may begin, and left when it has ended; yields whether to call at all."""


def _at_once() -> AbstractAsyncContextManager[bool]:
    return nullcontext(True)


def _always(_: Post) -> bool:
    return True


@dataclass(slots=True, eq=False)
class Delivery:
    """The delivery of posts, each at most once."""

    store: Store
    teams: Teams
    owner: str
    """The name of this process in the records of posts."""
    clock: Callable[[], datetime]
    rate_limiter: TeamRateLimiter = field(default_factory=TeamRateLimiter, init=False)
    _history: History = field(default_factory=History, init=False)
    _unanswered: dict[str, tuple[int, datetime]] = field(default_factory=dict, init=False)
    """{delivery key: (attempts, when the last call ended)}, for calls of this process without an
    answer. With other attempts, another process has claimed the post since, and may have called."""
    _in_flight: set[str] = field(default_factory=set, init=False)
    _halted: dict[TeamId, datetime] = field(default_factory=dict, init=False)
    _began: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def waits(self) -> dict[TeamId, timedelta]:
        """Return the teams whose next post has to wait, and how long."""
        now = self.clock()
        halts = {team_id: until - now for team_id, until in self._halted.items() if now < until}
        return self.rate_limiter.waits(now) | halts

    async def send(
        self, post: Post, *, slot: Slot = _at_once, follows: Callable[[Post], bool] = _always
    ) -> None:
        """Send *post* in a *slot* and record the outcome, unless another process has claimed it.

        The story in the thread of a sent post is sent, too, if it *follows* at once. Does nothing
        for a post that this process is sending already: its lease may seem to have expired because
        the clock was moved or the machine slept.
        """
        if post.key in self._in_flight or post.parent_key in self._in_flight:
            return
        self._in_flight.add(post.key)
        try:
            claim = await self.store.posts.claim(
                post,
                owner=self.owner,
                now=self.clock(),
                may_be_there=self._may_be_there(post),
            )
            while claim:
                claim = await self._send(claim, slot, follows)
        finally:
            self._in_flight.discard(post.key)

    async def _send(
        self, claim: Claim, slot: Slot, follows: Callable[[Post], bool]
    ) -> Claim | None:
        """Send a claimed post, and record the outcome; return the claim of the story to follow."""
        post = claim.post
        attempts, called = self._unanswered.pop(post.key, (0, None))
        if attempts != post.attempts - 1:
            called = None
        outcome = await self._reconcile_and_send(claim, called, slot)
        if outcome.is_unanswered:
            called = self.clock()
        if called and outcome.state is PostState.UNKNOWN:
            self._unanswered[post.key] = post.attempts, called
        # One transaction: the story need not wait for two.
        claims_thread = claim.has_thread and outcome.state is PostState.SENT and follows(post)
        return await self.store.posts.record(
            claim, outcome, now=self.clock(), claims_thread=claims_thread
        )

    def _may_be_there(self, post: Post) -> bool:
        """Return whether *post* may be in its channel although no call for it is recorded.

        The database may be a backup that is older than the post. Nobody restores one under a bot
        that runs, so this is about what was due before it began.
        """
        return post.due_at < self._began - _QUICKEST_RESTORE

    async def answer(self, post: Post, respond: AsyncRespond) -> None:
        """Send *post* through the response_url of the press that asked for it.

        This reaches channels of which Parley is not a member. Parley cannot check their history,
        so if the outcome is unknown, the person who pressed is asked.
        """
        claim = await self.store.posts.claim(post, owner=self.owner, now=self.clock())
        if claim:
            outcome = await self._answer(claim, respond)
            await self.store.posts.record(claim, outcome, now=self.clock())

    async def _answer(self, claim: Claim, respond: AsyncRespond) -> Outcome:
        post = claim.post
        message = render(post, claim.articles)
        try:
            response = await answer_channel(respond, message, thread_ts=_thread_of(claim))
        except FAILURES as failed:
            failure = classify(failed)
            error, is_unknown = failure.code, failure.kind is FailureKind.UNKNOWN_OUTCOME
        else:
            if response.status_code == 200:
                return Outcome(PostState.SENT)
            error, is_unknown = response.body[:100], response.status_code >= 500
        log.warning("post %s failed through its response_url: %s", post.key, error)
        return Outcome(PostState.UNKNOWN if is_unknown else PostState.FAILED, error=error)

    async def _reconcile_and_send(
        self, claim: Claim, called: datetime | None, slot: Slot
    ) -> Outcome:
        if claim.may_have_arrived and (settled := await self._reconcile(claim, called)):
            return settled
        return await self._deliver(claim, slot)

    async def _reconcile(self, claim: Claim, called: datetime | None) -> Outcome | None:
        """Check the history for the message; None if the message has to be sent again.

        *called* is when the last call ended, if it was one of this process.
        """
        post = claim.post
        try:
            team = await self.teams.of(post.team_id)
            arrived, began = await self._history.find(
                team, post, parent_ts=_thread_of(claim), until=claim.until, clock=self.clock
            )
        except FAILURES as error:
            return self._unreadable(post, classify(error))
        except TooLongError:
            return self._unreadable(post, None)
        if arrived:
            log.info("post %s is in the channel's history: it had arrived", post.key)
            return Outcome(
                PostState.SENT, message_ts=arrived, story_may_be_there=self._may_be_there(post)
            )
        checks = post.looks + 1
        if not post.doubts:
            called = post.called_at
        if called and began - called >= _ENOUGH:
            # A rate limit held the check up: one that began this late is as good as all.
            checks = len(HISTORY_WAITS)
        if checks < len(HISTORY_WAITS):
            until = self.clock() + HISTORY_WAITS[checks]
            last = post.error or "broken off"
            return Outcome(PostState.UNKNOWN, error=last, until=until, is_absent=True)
        if post.doubts < MAX_UNANSWERED:
            return None
        log.error(
            "post %s: %d calls without an answer, and the message is not in the history",
            post.key,
            post.doubts,
        )
        return Outcome(PostState.UNKNOWN, error=post.error or "no answer")

    def _unreadable(self, post: Post, failed: Failure | None) -> Outcome | None:
        """Check again later if the history may be readable then; otherwise ask a person.

        None if no call was recorded: then the post is sent, because it is hardly in the channel.
        *failed* is None if reading took longer than the lease.
        """
        now = self.clock()
        code = failed.code if failed else "too long to read in time"
        reason = f"history cannot be read: {code}"
        is_final = failed is not None and failed.kind in (FailureKind.TOKEN, FailureKind.CHANNEL)
        is_enough = is_final or now - post.due_at > GRACE
        if not post.doubts and (is_enough or post.attempts >= _MAX_UNREADABLE):
            return None
        if is_enough:
            log.error("post %s: unknown outcome (%s)", post.key, reason)
            return Outcome(PostState.UNKNOWN, error=reason)
        until = now + ((failed and failed.retry_after) or _UNREADABLE_WAIT)
        return Outcome(PostState.UNKNOWN, error=reason, until=until)

    async def _deliver(self, claim: Claim, slot: Slot) -> Outcome:
        post, late = claim.post, self.clock() - claim.post.due_at
        is_press = post.asked_by is not None and post.due_on is None and not post.kind.is_notice
        if late > (PRESS_GRACE if is_press and not post.parent_key else GRACE):
            log.warning("post %s missed its time", post.key)
            return Outcome(PostState.MISSED, error=post.error or "found too late")
        is_nothing_new = post.kind is PostKind.DIGEST and not claim.story_ids
        if not claim.articles and not (post.kind.is_notice or is_nothing_new):
            return Outcome(PostState.FAILED, error="its story is no longer in the corpus")
        async with slot() as may_call:
            if may_call:
                return await self._call(claim)
        return Outcome(PostState.PLANNED, error="held up", until=self.clock())

    async def _call(self, claim: Claim) -> Outcome:
        post, now = claim.post, self.clock()
        if now - claim.at > LEASE / 2:
            # Much of the lease is over: another process could claim the post during the call.
            return Outcome(PostState.PLANNED, error="held up", until=claim.until)
        if pause := self.rate_limiter.paused(post.team_id, now):
            return Outcome(PostState.PLANNED, error="ratelimited", until=now + pause)
        try:
            team = await self.teams.of(post.team_id)
            response = await team.posting.chat_postMessage(
                channel=post.channel_id,
                thread_ts=_thread_of(claim),
                unfurl_links=False,
                unfurl_media=False,
                **_identifiable(post, render(post, claim.articles)),
            )
        except FAILURES as error:
            return self._failed(post, classify(error), called_at=now)
        self._halted.pop(post.team_id, None)
        self.rate_limiter.taken(post.team_id, self.clock())
        return Outcome(PostState.SENT, message_ts=str(response["ts"]))

    def _failed(self, post: Post, failed: Failure, *, called_at: datetime) -> Outcome:
        now, code = self.clock(), failed.code
        log.warning("post %s failed: %s", post.key, code)
        if failed.is_rate_limit:
            wait = failed.wait(post.attempts)
            self.rate_limiter.refused(post.team_id, now, wait=wait, called_at=called_at)
        match failed.kind:
            case FailureKind.TOKEN:
                if post.team_id not in self._halted:
                    log.critical(
                        "Slack lets Parley post nothing in %s (%s): next try in five minutes",
                        post.team_id,
                        code,
                    )
                until = self._halted[post.team_id] = now + _HALT
                return Outcome(PostState.PLANNED, error=code, until=until)
            case FailureKind.CHANNEL:
                # What people press for may be in a locked thread, and anybody can press.
                is_scheduled = post.due_on is not None
                return Outcome(PostState.FAILED, error=code, stops_schedule=is_scheduled)
            case FailureKind.CONTENT:
                log.error("post %s: Slack refuses its content: %s", post.key, code)
                return Outcome(PostState.FAILED, error=code)
            case FailureKind.UNRECOGNIZED if post.attempts >= _MAX_UNKNOWN_ERRORS:
                log.error("post %s: gave up after %d attempts: %s", post.key, post.attempts, code)
                return Outcome(PostState.FAILED, error=code)
            case FailureKind.NOT_DELIVERED | FailureKind.UNRECOGNIZED:
                until = now + failed.wait(post.attempts)
                return Outcome(PostState.PLANNED, error=code, until=until)
            case FailureKind.UNKNOWN_OUTCOME:
                until = now + HISTORY_WAITS[0]
                return Outcome(PostState.UNKNOWN, error=code, until=until, is_unanswered=True)


def _identifiable(post: Post, message: Message) -> dict[str, Any]:
    """Return the arguments for Slack that carry *message* and the delivery key of *post*.

    The key is in the metadata and in the id of the first block: see `History.find`.
    """
    first, *others = message["blocks"]
    return {
        "text": message["text"],
        "blocks": [{**first, "block_id": block_id(post)}, *others],
        "metadata": {"event_type": Event.DELIVERY, "event_payload": {"delivery_key": post.key}},
    }


def _thread_of(claim: Claim) -> str | None:
    if claim.parent:
        return claim.parent.message_ts
    about = claim.post.about
    return (about.thread_ts or None) if about else None
