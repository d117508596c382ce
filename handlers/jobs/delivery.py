"""Delivery of one post: claim -> check the history -> render -> send -> record.

Slack has no idempotency key. After a timeout, a lost connection, a server error or a crash the
outcome is unknown, so the channel's history is checked before the message may be sent again
(docs.slack.dev: chat.postMessage, conversations.history, message metadata).
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.ids import Event
from handlers.jobs.history import History, TooLongError, block_id
from handlers.slack.api_errors import FAILURES, Failure, FailureKind, classify
from handlers.slack.background import answer_channel
from handlers.slack.teams import Teams
from handlers.views.message import Message
from handlers.views.post import render
from store import Store
from store.posting.posts import Claim
from store.posting.record import GRACE, LEASE
from store.types import Article, Post, PostKind, TeamId

log = logging.getLogger(__name__)

PRESS_GRACE = timedelta(minutes=2)
"""How late a post that a button asked for may go out: later, nobody waits for it any longer."""
HISTORY_WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60))
"""How long to wait before each check of the history, which lags behind what was posted."""
MAX_UNANSWERED = 3
"""How many calls may end without an answer before a person is asked instead of trying again."""
_MAX_UNKNOWN_ERRORS = 5
"""How often to send a post that Slack refuses with an error that Parley does not know."""
_UNREADABLE_WAIT = timedelta(seconds=30)
"""How long to wait before the next attempt to read a history that could not be read."""
_HALT = timedelta(minutes=5)
"""How long to stop posting to a team whose token Slack refuses."""


class Delivery:
    """The delivery of posts, each at most once."""

    def __init__(
        self,
        store: Store,
        teams: Teams,
        *,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Create the delivery; *owner* names this process in the records of posts."""
        self._posts = store.posts
        self._articles = store.articles
        self._teams = teams
        self._owner = owner
        self._clock = clock
        self._in_flight: set[str] = set()
        self._halted: dict[TeamId, datetime] = {}

    @property
    def halted(self) -> Sequence[TeamId]:
        """The ids of teams that nothing is posted to for now, because Slack refuses the token."""
        now = self._clock()
        return [team_id for team_id, until in self._halted.items() if now < until]

    async def send(self, post: Post) -> None:
        """Send *post* and record the outcome, unless another process has claimed the post.

        Does nothing for a post that this process is sending already: its lease may seem to have
        expired because the clock was moved or the machine slept.
        """
        if post.key in self._in_flight:
            return
        self._in_flight.add(post.key)
        try:
            claim = await self._posts.claim(post, owner=self._owner, now=self._clock())
            if claim:
                await self._reconcile_and_send(claim)
        finally:
            self._in_flight.discard(post.key)

    async def answer(self, post: Post, respond: AsyncRespond) -> None:
        """Send *post* through the response_url of the press that asked for it.

        This reaches channels of which Parley is not a member. Parley cannot check their history,
        so if the outcome is unknown, the person who pressed is asked.
        """
        claim = await self._posts.claim(post, owner=self._owner, now=self._clock())
        if claim is None:
            return
        message = render(post, await self._articles_of(post))
        error = None
        try:
            response = await answer_channel(respond, message, thread_ts=_thread_of(post, None))
        except FAILURES as failed:
            failure = classify(failed)
            error, is_unknown = failure.code, failure.kind is FailureKind.UNKNOWN_OUTCOME
        else:
            if response.status_code != 200:
                error, is_unknown = response.body[:100], response.status_code >= 500
        now = self._clock()
        if error is None:
            await self._posts.sent(claim, message_ts=None, now=now)
            return
        log.warning("post %s failed through its response_url: %s", post.key, error)
        record = self._posts.give_up if is_unknown else self._posts.failed
        await record(claim, error=error, now=now)

    async def _reconcile_and_send(self, claim: Claim) -> None:
        post, posts = claim.post, self._posts
        parent = await posts.get(post.team_id, post.parent_key) if post.parent_key else None
        thread_ts = _thread_of(post, parent)
        if claim.may_have_arrived:
            try:
                team = await self._teams.of(post.team_id)
                history = History(team.posting, bot_id=team.bot.bot_id, clock=self._clock)
                arrived = await history.find(post, parent_ts=thread_ts, until=claim.until)
            except FAILURES as error:
                await self._history_unreadable(claim, classify(error))
                return
            except TooLongError:
                await self._history_unreadable(claim, None)
                return
            if arrived:
                log.info("post %s is in the channel's history: it had arrived", post.key)
                await posts.sent(claim, message_ts=arrived, now=self._clock())
                return
            if not await self._may_send_again(claim):
                return
        await self._deliver(claim, parent)

    async def _may_send_again(self, claim: Claim) -> bool:
        """Return whether to send again after a check that did not find the message.

        If not, record either when to check again or that a person has to settle the outcome.
        """
        post, posts, now = claim.post, self._posts, self._clock()
        checks = post.looks + 1
        if checks < len(HISTORY_WAITS):
            until = now + HISTORY_WAITS[checks]
            error = post.error or "broken off"
            await posts.check_again(claim, error=error, until=until, now=now, is_absent=True)
            return False
        if post.doubts < MAX_UNANSWERED:
            return True
        log.error(
            "post %s: %d calls without an answer, and the message is not in the history",
            post.key,
            post.doubts,
        )
        await posts.give_up(claim, error=post.error or "no answer", now=now)
        return False

    async def _history_unreadable(self, claim: Claim, failed: Failure | None) -> None:
        """Check again later if the history may be readable then; otherwise ask a person.

        *failed* is None if reading took longer than the lease.
        """
        post, posts, now = claim.post, self._posts, self._clock()
        code = failed.code if failed else "too long to read in time"
        reason = f"history cannot be read: {code}"
        is_final = failed is not None and failed.kind in (FailureKind.TOKEN, FailureKind.CHANNEL)
        if is_final or now - post.due_at > GRACE:
            log.error("post %s: unknown outcome (%s)", post.key, reason)
            await posts.give_up(claim, error=reason, now=now)
            return
        until = now + ((failed and failed.retry_after) or _UNREADABLE_WAIT)
        await posts.check_again(claim, error=reason, until=until, now=now, is_absent=False)

    async def _deliver(self, claim: Claim, parent: Post | None) -> None:
        post, posts, now = claim.post, self._posts, self._clock()
        is_press = post.asked_by is not None and post.due_on is None
        if now - post.due_at > (PRESS_GRACE if is_press and not post.parent_key else GRACE):
            log.warning("post %s missed its time", post.key)
            await posts.missed(claim, error=post.error or "found too late", now=now)
            return
        articles = await self._articles_of(parent or post)
        if not articles and not post.kind.is_notice:
            await posts.failed(claim, error="its story is no longer in the corpus", now=now)
            return
        if self._clock() - claim.at > LEASE / 2:
            # Much of the lease is over: another process could claim the post during the call.
            await posts.put_off(claim, error="held up", until=claim.until, now=now)
            return
        try:
            team = await self._teams.of(post.team_id)
            response = await team.posting.chat_postMessage(
                channel=post.channel_id,
                thread_ts=_thread_of(post, parent),
                unfurl_links=False,
                unfurl_media=False,
                **_identifiable(post, render(post, articles)),
            )
        except FAILURES as error:
            await self._failed(claim, classify(error))
        else:
            self._halted.pop(post.team_id, None)
            await posts.sent(claim, message_ts=str(response["ts"]), now=self._clock())

    async def _failed(self, claim: Claim, failed: Failure) -> None:
        post, posts, now, code = claim.post, self._posts, self._clock(), failed.code
        log.warning("post %s failed: %s", post.key, code)
        match failed.kind:
            case FailureKind.TOKEN:
                if post.team_id not in self._halted:
                    log.critical(
                        "Slack refuses the token of %s (%s): nothing is posted there for now",
                        post.team_id,
                        code,
                    )
                self._halted[post.team_id] = now + _HALT
                await posts.put_off(claim, error=code, until=now + _HALT, now=now)
            case FailureKind.CHANNEL if not post.parent_key and not post.kind.is_notice:
                await posts.shut_out(claim, error=code, now=now)
            case FailureKind.CHANNEL:
                await posts.failed(claim, error=code, now=now)
            case FailureKind.CONTENT:
                log.error("post %s: Slack refuses its content: %s", post.key, code)
                await posts.failed(claim, error=code, now=now)
            case FailureKind.UNRECOGNIZED if post.attempts >= _MAX_UNKNOWN_ERRORS:
                log.error("post %s: gave up after %d attempts: %s", post.key, post.attempts, code)
                await posts.failed(claim, error=code, now=now)
            case FailureKind.NOT_DELIVERED | FailureKind.UNRECOGNIZED:
                until = now + failed.wait(post.attempts)
                await posts.put_off(claim, error=code, until=until, now=now)
            case FailureKind.UNKNOWN_OUTCOME:
                await posts.unknown_outcome(
                    claim, error=code, until=now + HISTORY_WAITS[0], now=now
                )

    async def _articles_of(self, post: Post) -> Sequence[Article]:
        """Return the stories of the post and its thread: one story, or all stories of a digest."""
        if post.kind is PostKind.DIGEST:
            return await self._articles.get_many(await self._posts.stories(post.team_id, post.key))
        return await self._articles.get_many([post.article_id] if post.article_id else [])


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


def _thread_of(post: Post, parent: Post | None) -> str | None:
    if parent:
        return parent.message_ts
    return (post.about.thread_ts or None) if post.about else None
