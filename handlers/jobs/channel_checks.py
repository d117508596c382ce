"""The check that finds out, before a post is due, whether Parley can post in the channel."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from handlers.slack.api_errors import FAILURES, classify
from handlers.slack.directory import Directory
from store.posting.notices import READY_AGAIN
from store.posting.schedules import Schedules
from store.types import ChannelId, Schedule, TeamId

log = logging.getLogger(__name__)

_MAX_REQUESTS = 20
"""How many channels of a team to ask Slack about in one round.

Slack allows 50 calls of conversations.info a minute.
"""
_VISIBLE_IN_LIST = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
"""Errors that end when the channel is in Parley's list of channels again.

The list does not show that posting is restricted: only a post finds that out.
"""


class ChannelChecks:
    """Stops schedules when Parley cannot post, and reports when it can again."""

    def __init__(
        self, schedules: Schedules, directory: Directory, *, clock: Callable[[], datetime]
    ) -> None:
        self._schedules = schedules
        self._directory = directory
        self._clock = clock

    async def check(self, watched: Sequence[Schedule]) -> None:
        """Check the channels of the *watched* schedules."""
        teams: dict[TeamId, list[Schedule]] = {}
        for schedule in watched:
            teams.setdefault(schedule.team_id, []).append(schedule)
        for team_id, of_team in teams.items():
            try:
                await self._check(team_id, of_team)
            except FAILURES as error:
                log.warning("cannot check the channels of %s: %s", team_id, classify(error).code)
            except Exception:
                # A malformed answer from Slack concerns one team: the others are still checked.
                log.exception("cannot check the channels of %s", team_id)

    async def _check(self, team_id: TeamId, watched: Sequence[Schedule]) -> None:
        ours = await self._directory.channels(team_id)
        closed = {one.channel_id for one in watched if one.stopped in _VISIBLE_IN_LIST}
        for channel_id in sorted(closed & ours):
            await self._record(team_id, channel_id, READY_AGAIN)
        missing = dict.fromkeys(one.channel_id for one in watched if one.channel_id not in ours)
        for channel_id in islice(missing, _MAX_REQUESTS):
            if reason := await self._directory.reason(team_id, channel_id):
                await self._record(team_id, channel_id, reason)

    async def _record(self, team_id: TeamId, channel_id: ChannelId, error: str) -> None:
        await self._schedules.stop(team_id, channel_id, error=error, now=self._clock())
