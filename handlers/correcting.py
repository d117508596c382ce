"""Correcting: posted messages are drawn anew where a reload has edited their story.

chat.update changes one message in its place, as often as it is called, so an outcome that is open
is simply tried again (docs.slack.dev, chat.update).
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from handlers.delivery import marked
from handlers.outcomes import FAILURES, Failure, Outcome, failure
from handlers.teams import Teams
from handlers.views.message import Message
from handlers.views.post import corrected, render
from store import Store
from store.posting.corrections import TRIES, Correction
from store.types import Article, Post, PostKind

log = logging.getLogger(__name__)

_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Slack's words for a message that cannot be changed, now or ever."""
_STAYS = frozenset({"streaming_state_conflict"})
"""Those for one that cannot be changed now, beside those for its channel and content."""
_AT_ONCE = 200
_AGAIN = timedelta(minutes=10)
_HALT = timedelta(minutes=5)


class Correcting:
    """Keeps what was posted in the last days as its stories are now.

    A run makes one call at most: the ticker's second between them is the pace that Slack asks for.
    """

    def __init__(
        self,
        store: Store,
        teams: Teams,
        *,
        within: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        """Take how old a message may be that is still changed."""
        self._corpus = store.corpus
        self._corrections = store.corrections
        self._teams = teams
        self._within = within
        self._clock = clock
        self._queue: deque[tuple[str, str]] = deque()
        self._seen: int | None = None
        """The revision of which nothing was left."""
        self._again_at = clock()
        """When to look all the same: for what was put off, or on its way when the reload came."""
        self._halted: dict[str, datetime] = {}
        """The teams that take no call, and until when."""

    async def run(self) -> None:
        """Draw the next message anew, if one says something else than its stories."""
        now, revision = self._clock(), self._corpus.revision
        if revision is None:
            return
        self._halted = {team: until for team, until in self._halted.items() if now < until}
        if not self._queue:
            await self._look(revision.number, now)
        while self._queue:
            team_id, key = self._queue.popleft()
            if team_id in self._halted:
                continue
            correction = await self._corrections.claim(key, revision=revision.number, now=now)
            if correction:
                await self._draw(correction)
                return

    async def _look(self, revision: int, now: datetime) -> None:
        if self._seen == revision and now < self._again_at:
            return
        self._queue += await self._corrections.due(
            since=now - self._within,
            revision=revision,
            now=now,
            but=list(self._halted),
            limit=_AT_ONCE,
        )
        if len(self._queue) < _AT_ONCE:
            self._seen = revision
            self._again_at = min([now + _AGAIN, *self._halted.values()])

    async def _draw(self, correction: Correction) -> None:
        post, articles = correction.post, correction.articles
        if post.kind in (PostKind.QUESTION, PostKind.DIGEST) and not articles[0].question:
            why = "it asks nothing any more"
            await self._corrections.give_up(correction, error=why, is_open=False)
            return
        message = _drawn(post, articles, correction.sent)
        if correction.shown and _drawn(post, correction.shown, correction.sent) == message:
            # What was edited is not in it.
            await self._corrections.done(correction, now=self._clock())
            return
        try:
            team = await self._teams.of(post.team_id)
            # By the client that never waits by itself: posts would wait with it.
            await team.posting.chat_update(
                channel=post.channel_id, ts=post.message_ts or "", **marked(post, message)
            )
        except FAILURES as error:
            await self._failed(correction, failure(error))
        else:
            await self._corrections.done(correction, now=self._clock())
            log.info("corrected post %s", post.key)

    async def _failed(self, correction: Correction, failed: Failure) -> None:
        key, now, code = correction.post.key, self._clock(), failed.code
        log.warning("correcting post %s: %s", key, code)
        if code in _GONE:
            await self._corrections.forget(correction)
            return
        is_open = failed.outcome is Outcome.AMBIGUOUS
        is_final = code in _STAYS or failed.outcome in (Outcome.CHANNEL, Outcome.CONTENT)
        if is_final or correction.attempts >= TRIES:
            await self._corrections.give_up(correction, error=code, is_open=is_open)
            return
        # Slack takes no call for the team now, whichever the message.
        is_refused = failed.outcome in (Outcome.TOKEN, Outcome.NOT_DELIVERED)
        until = now + (_HALT if failed.outcome is Outcome.TOKEN else failed.wait(1))
        if is_refused:
            self._halted[correction.post.team_id] = until
        await self._corrections.put_off(
            correction, error=code, until=until, counts=not is_refused, is_open=is_open
        )
        self._again_at = min(self._again_at, until)


def _drawn(post: Post, articles: Sequence[Article], sent: Sequence[Article] | None) -> Message:
    """Draw *post*, and say so where it does not look as it did when it was *sent*."""
    message = render(post, articles)
    return message if sent and render(post, sent) == message else corrected(message)
