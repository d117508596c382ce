"""The job that counts the replies to each question, a day and a week after it.

It reads the first message of the thread, which holds the two numbers, and no reply
(docs.slack.dev: conversations.history, message).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.slack.api_errors import FAILURES, Failure, FailureKind, classify
from handlers.slack.teams import Teams
from store.db import DatabaseError
from store.posting import reply_counts
from store.posting.reply_counts import Reading, ReplyCounts
from store.types import TeamId

log = logging.getLogger(__name__)

_EVERY = timedelta(minutes=1)
"""How often a team is asked: as often as Slack allows every app to read a history."""
_HOLD = timedelta(hours=1)
"""How long not to ask a team whose token Slack refuses."""


@dataclass(slots=True, eq=False)
class ReplyCounter:
    """Counts the replies of one post of each team in a minute."""

    counts: ReplyCounts
    teams: Teams
    clock: Callable[[], datetime]
    _ran_at: datetime | None = field(default=None, init=False)
    _on_hold: dict[TeamId, datetime] = field(default_factory=dict, init=False)
    """{team_id: until when it is not asked}."""

    async def run(self) -> None:
        """Read the count of each team that is due first; do nothing until a minute has passed."""
        now = self.clock()
        if self._ran_at and timedelta() <= now - self._ran_at < _EVERY:
            return
        self._ran_at = now
        self._on_hold = {team: until for team, until in self._on_hold.items() if now < until}
        for reading in await self.counts.due(now, but=[*self._on_hold]):
            if await self.counts.claim(reading, now=now):
                try:
                    await self._read(reading)
                except DatabaseError:
                    raise
                except Exception:
                    # A malformed answer from Slack concerns one post.
                    log.exception("cannot count the replies to post %s", reading.post_key)

    async def _read(self, reading: Reading) -> None:
        try:
            # The client for posts, because this one call is not repeated at once.
            client = (await self.teams.of(reading.team_id)).posting
            page = await client.conversations_history(
                channel=reading.channel_id,
                oldest=reading.message_ts,
                latest=reading.message_ts,
                inclusive=True,
                limit=1,
            )
        except FAILURES as error:
            await self._fail(reading, classify(error))
            return
        message = next((one for one in page["messages"] if one["ts"] == reading.message_ts), None)
        # A deleted message with replies leaves a tombstone in its place.
        if message is None or message.get("subtype") == "tombstone":
            await self.counts.cancel(reading, reply_counts.DELETED)
            return
        replies, people = _figures(message)
        own = reading.own_replies
        await self.counts.record(
            reading,
            replies=max(0, replies - own),
            people=max(0, people - bool(own)),
        )

    async def _fail(self, reading: Reading, failed: Failure) -> None:
        log.warning("cannot count the replies to post %s: %s", reading.post_key, failed.code)
        if failed.kind is FailureKind.CHANNEL or failed.code == "missing_scope":
            # A scope may be missing for private channels only.
            await self.counts.cancel_channel(reading, failed.code)
            return
        await self.counts.fail(reading, failed.code)
        if failed.is_rate_limit or failed.kind is FailureKind.TOKEN:
            hold = failed.retry_after or _HOLD
            self._on_hold[reading.team_id] = self.clock() + hold


def _figures(message: dict[str, Any]) -> tuple[int, int]:
    """Return how many replies a message has, and of how many users; Slack leaves out zeros."""
    return int(message.get("reply_count") or 0), int(message.get("reply_users_count") or 0)
