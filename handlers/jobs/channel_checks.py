"""Watching the channels of schedules: what keeps Parley out is known before a post is due."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from handlers.slack.api_errors import FAILURES, classify
from handlers.slack.directory import Directory
from store.posting.notices import READY_AGAIN
from store.posting.schedules import Schedules
from store.types import Schedule

log = logging.getLogger(__name__)

_AHEAD = timedelta(hours=1)
_EVERY = timedelta(minutes=5)
_ASKED_ABOUT = 20
"""How many channels of a team are asked about in one round (conversations.info: 50 a minute)."""
_SEEN_FROM_OUTSIDE = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
"""What the list of channels shows; that posting is restricted, only a post does."""


class Watch:
    """Stops the schedules of channels that do not let Parley in, and says when they do again."""

    def __init__(
        self, schedules: Schedules, directory: Directory, *, clock: Callable[[], datetime]
    ) -> None:
        self._schedules = schedules
        self._directory = directory
        self._clock = clock
        self._looked_at: datetime | None = None

    async def run(self) -> None:
        """Look at the channels with a turn in the next hour, and at those that are stopped."""
        now = self._clock()
        if self._looked_at and timedelta() <= now - self._looked_at < _EVERY:
            return
        self._looked_at = now
        teams: dict[str, list[Schedule]] = {}
        for schedule in await self._schedules.watched(now + _AHEAD):
            teams.setdefault(schedule.team_id, []).append(schedule)
        for team_id, watched in teams.items():
            try:
                await self._look(team_id, watched)
            except FAILURES as error:
                log.warning("channels of %s cannot be looked at: %s", team_id, classify(error).code)
            except Exception:
                # An answer of Slack's that is not what it should be is about this team alone.
                log.exception("channels of %s cannot be looked at", team_id)

    async def _look(self, team_id: str, watched: Sequence[Schedule]) -> None:
        ours = await self._directory.channels(team_id)
        doubtful = [one for one in watched if one.channel_id not in ours]
        for schedule in watched:
            if schedule.channel_id in ours and schedule.stopped in _SEEN_FROM_OUTSIDE:
                await self._stop(schedule, READY_AGAIN)
        for schedule in doubtful[:_ASKED_ABOUT]:
            if reason := await self._directory.reason(team_id, schedule.channel_id):
                await self._stop(schedule, reason)

    async def _stop(self, schedule: Schedule, error: str) -> None:
        await self._schedules.stop(
            schedule.team_id, schedule.channel_id, error=error, now=self._clock()
        )
