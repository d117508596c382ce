"""Delivery: claim -> look for it -> render -> send -> record, for one post.

There is no idempotency key in Slack, so whatever leaves the outcome open (a timeout, a lost
connection, a server error, a crash) is looked up in the channel's history before the message may be
sent again (docs.slack.dev: chat.postMessage, conversations.history, message metadata).
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.ids import Event
from handlers.jobs.history import History, TooLongError, mark
from handlers.slack.api_errors import FAILURES, Failure, FailureKind, classify
from handlers.slack.background import answer_channel
from handlers.slack.teams import Teams
from handlers.views.message import Message
from handlers.views.post import render
from store import Store
from store.posting.posts import Claim
from store.posting.record import GRACE, LEASE
from store.types import Article, Post, PostKind

log = logging.getLogger(__name__)

PRESS_GRACE = timedelta(minutes=2)
"""How late a post may go out that a person pressed for and no longer waits for."""
LOOKS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60))
"""How long before each look after an open outcome: history lags behind what was posted."""
TRIES = 3
"""How many calls may end without an answer before nothing is sent again by itself."""
_STRANGE_TRIES = 5
_UNREAD = timedelta(seconds=30)
_HALT = timedelta(minutes=5)


class Delivery:
    """Sends posts, each at most once."""

    def __init__(
        self,
        store: Store,
        teams: Teams,
        *,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Take an *owner* to name this process in the record."""
        self._posts = store.posts
        self._articles = store.articles
        self._teams = teams
        self._owner = owner
        self._clock = clock
        self._under_way: set[str] = set()
        self._halted: dict[str, datetime] = {}

    @property
    def halted(self) -> Sequence[str]:
        """Give the teams whose token is no good, and that are posted to no more for now."""
        now = self._clock()
        return [team_id for team_id, until in self._halted.items() if now < until]

    async def send(self, post: Post) -> None:
        """Send *post* unless somebody else has claimed it, and record what came of it.

        Does nothing for a post that this process is sending already: its lease may seem to have run
        out, when the clock was moved or the machine slept.
        """
        if post.key in self._under_way:
            return
        self._under_way.add(post.key)
        try:
            claim = await self._posts.claim(post, owner=self._owner, now=self._clock())
            if claim:
                await self._see_out(claim)
        finally:
            self._under_way.discard(post.key)

    async def answer(self, post: Post, respond: AsyncRespond) -> None:
        """Send *post* as `send` does, by the response_url of whoever pressed for it.

        That reaches a channel of which Parley is no member. What arrived without an answer cannot
        be looked for there, so that whoever pressed is asked.
        """
        claim = await self._posts.claim(post, owner=self._owner, now=self._clock())
        if claim is None:
            return
        message = render(post, await self._articles_of(post))
        error = None
        try:
            response = await answer_channel(respond, message, thread_ts=_thread_of(post, None))
        except FAILURES as failed:
            error, is_open = (
                classify(failed).code,
                classify(failed).kind is FailureKind.UNKNOWN_OUTCOME,
            )
        else:
            if response.status_code != 200:
                error, is_open = response.body[:100], response.status_code >= 500
        now = self._clock()
        if error is None:
            await self._posts.sent(claim, message_ts=None, now=now)
            return
        log.warning("post %s by its response_url: %s", post.key, error)
        become = self._posts.give_up if is_open else self._posts.failed
        await become(claim, error=error, now=now)

    async def _see_out(self, claim: Claim) -> None:
        post, posts = claim.post, self._posts
        parent = await posts.get(post.team_id, post.parent_key) if post.parent_key else None
        thread_ts = _thread_of(post, parent)
        if claim.may_have_arrived:
            try:
                team = await self._teams.of(post.team_id)
                history = History(team.posting, bot_id=team.bot.bot_id, clock=self._clock)
                arrived = await history.find(post, parent_ts=thread_ts, until=claim.until)
            except FAILURES as error:
                await self._unread(claim, classify(error))
                return
            except TooLongError:
                await self._unread(claim, None)
                return
            if arrived:
                log.info("post %s had arrived", post.key)
                await posts.sent(claim, message_ts=arrived, now=self._clock())
                return
            if not await self._is_absent(claim):
                return
        await self._deliver(claim, parent)

    async def _is_absent(self, claim: Claim) -> bool:
        """Say whether a look that found nothing was the last one, and allows another try."""
        post, posts, now = claim.post, self._posts, self._clock()
        looks = post.looks + 1
        if looks < len(LOOKS):
            until = now + LOOKS[looks]
            error = post.error or "broken off"
            await posts.look_again(claim, error=error, until=until, now=now, is_absent=True)
            return False
        if post.doubts < TRIES:
            return True
        log.error("post %s: %d calls without an answer, none arrived", post.key, post.doubts)
        await posts.give_up(claim, error=post.error or "no answer", now=now)
        return False

    async def _unread(self, claim: Claim, failed: Failure | None) -> None:
        """Look again later where the history may be read then, and else ask a person."""
        post, posts, now = claim.post, self._posts, self._clock()
        code = failed.code if failed else "too long to read in time"
        reason = f"history cannot be read: {code}"
        is_final = failed is not None and failed.kind in (FailureKind.TOKEN, FailureKind.CHANNEL)
        if is_final or now - post.due_at > GRACE:
            log.error("post %s: nobody knows whether it arrived (%s)", post.key, reason)
            await posts.give_up(claim, error=reason, now=now)
            return
        until = now + ((failed and failed.retry_after) or _UNREAD)
        await posts.look_again(claim, error=reason, until=until, now=now, is_absent=False)

    async def _deliver(self, claim: Claim, parent: Post | None) -> None:
        post, posts, now = claim.post, self._posts, self._clock()
        is_press = post.asked_by is not None and post.due_on is None
        if now - post.due_at > (PRESS_GRACE if is_press and not post.parent_key else GRACE):
            log.warning("missed post %s", post.key)
            await posts.missed(claim, error=post.error or "found too late", now=now)
            return
        articles = await self._articles_of(parent or post)
        if not articles and not post.kind.is_notice:
            await posts.failed(claim, error="its story is no longer in the corpus", now=now)
            return
        if self._clock() - claim.at > LEASE / 2:
            # Held up since the claim: another process may take over before the call ends.
            await posts.put_off(claim, error="held up", until=claim.until, now=now)
            return
        try:
            team = await self._teams.of(post.team_id)
            response = await team.posting.chat_postMessage(
                channel=post.channel_id,
                thread_ts=_thread_of(post, parent),
                unfurl_links=False,
                unfurl_media=False,
                **_marked(post, render(post, articles)),
            )
        except FAILURES as error:
            await self._failed(claim, classify(error))
        else:
            self._halted.pop(post.team_id, None)
            await posts.sent(claim, message_ts=str(response["ts"]), now=self._clock())

    async def _failed(self, claim: Claim, failed: Failure) -> None:
        post, posts, now, code = claim.post, self._posts, self._clock(), failed.code
        log.warning("post %s: %s", post.key, code)
        match failed.kind:
            case FailureKind.TOKEN:
                if post.team_id not in self._halted:
                    log.critical(
                        "the token of %s is no good (%s): nothing is posted there for now",
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
                log.error("post %s: Slack refuses what it says: %s", post.key, code)
                await posts.failed(claim, error=code, now=now)
            case FailureKind.UNRECOGNIZED if post.attempts >= _STRANGE_TRIES:
                log.error("post %s: given up: %s", post.key, code)
                await posts.failed(claim, error=code, now=now)
            case FailureKind.NOT_DELIVERED | FailureKind.UNRECOGNIZED:
                until = now + failed.wait(post.attempts)
                await posts.put_off(claim, error=code, until=until, now=now)
            case FailureKind.UNKNOWN_OUTCOME:
                await posts.in_doubt(claim, error=code, until=now + LOOKS[0], now=now)

    async def _articles_of(self, post: Post) -> Sequence[Article]:
        """Give what the post and its thread tell: one story, or a digest's."""
        if post.kind is PostKind.DIGEST:
            return await self._articles.get_many(await self._posts.stories(post.team_id, post.key))
        return await self._articles.get_many([post.article_id] if post.article_id else [])


def _marked(post: Post, message: Message) -> dict[str, Any]:
    """Give what Slack is sent of *message*, with what it is known by again."""
    first, *others = message["blocks"]
    return {
        "text": message["text"],
        "blocks": [{**first, "block_id": mark(post)}, *others],
        "metadata": {"event_type": Event.DELIVERY, "event_payload": {"delivery_key": post.key}},
    }


def _thread_of(post: Post, parent: Post | None) -> str | None:
    if parent:
        return parent.message_ts
    return (post.about.thread_ts or None) if post.about else None
