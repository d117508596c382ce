"""Slack's rate limits for posts: a message a second in a channel, and one for each workspace.

Source: docs.slack.dev, rate limits.
"""

import logging
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.types import TeamId

log = logging.getLogger(__name__)

_BURST = 3
"""How many messages may be posted in immediate succession."""
_INTERVAL = timedelta(seconds=1)
"""How often a channel accepts a message in the long run."""
_MAX_CHANNELS = 10_000
"""How many channels to remember before idle channels are removed."""

_MINUTE = timedelta(minutes=1)
_LEAST_PER_MINUTE = 60
"""How many posts a minute to send at least after a refusal: Slack's advice is one a second."""
_SLOWER = 0.9
"""The share of the last minute's posts to send in a minute after a refusal."""
_FASTER = 1.001
"""How much the pace grows with each post that Slack takes: a tenth after about a hundred."""
_SOON = 1.02
"""The same after an isolated refusal: however many posts wait, they lose less than a minute."""
_FORGET = timedelta(minutes=10)
"""How long a refusal slows a team's posts."""


class ChannelRateLimiter:
    """A rate limiter for posts, with a separate limit for each channel."""

    def __init__(self) -> None:
        self._free_at: dict[str, datetime] = {}

    def try_acquire(self, channel: str, now: datetime) -> bool:
        """Return whether a message may be posted now, and count it if so.

        *channel* is a name that is unique across all teams.
        """
        free_at = max(self._free_at.get(channel, now), now)
        ahead = free_at - now
        # The burst can never take it this far ahead: the clock was set back.
        if ahead > _BURST * _INTERVAL:
            free_at = now
        elif ahead > (_BURST - 1) * _INTERVAL:
            return False
        if len(self._free_at) >= _MAX_CHANNELS:
            self._free_at = {name: at for name, at in self._free_at.items() if at > now}
        self._free_at[channel] = free_at + _INTERVAL
        return True


@dataclass(slots=True)
class _Pace:
    """The pace of a team's posts after a refusal."""

    refused_at: datetime
    wait: timedelta
    """How long Slack asked to wait."""
    paused_until: datetime
    per_minute: float
    growth: float
    """The factor by which each post that Slack takes raises the pace."""
    free_at: datetime
    """When the next post may start."""


class TeamRateLimiter:
    """A rate limiter for posts in each team, which learns the limit from Slack's refusals.

    Slack does not publish how many posts it takes in a workspace. A refusal holds for the whole
    workspace, so nothing is posted there until Retry-After. Then the posts start one by one, at
    nine tenths of the pace that Slack took in the minute before, and slowly faster. A refusal after
    few posts, and the first in ten minutes, shows no limit: then they are soon as fast as before.
    """

    def __init__(self) -> None:
        self._taken: dict[TeamId, deque[datetime]] = defaultdict(deque)
        """When Slack took each post of the last minute."""
        self._paces: dict[TeamId, _Pace] = {}

    def paused(self, team_id: TeamId, now: datetime) -> timedelta:
        """Return how long Slack refuses every post of the team; zero if it may take one."""
        pace = self._pace(team_id, now)
        return max(pace.paused_until - now, timedelta()) if pace else timedelta()

    def waits(self, now: datetime) -> dict[TeamId, timedelta]:
        """Return the teams whose next post has to wait, and how long."""
        waits = {team_id: self.wait(team_id, now) for team_id in tuple(self._paces)}
        return {team_id: wait for team_id, wait in waits.items() if wait}

    def wait(self, team_id: TeamId, now: datetime) -> timedelta:
        """Return how long the team's next post has to wait."""
        pace = self._pace(team_id, now)
        return max(pace.free_at - now, timedelta()) if pace else timedelta()

    def started(self, team_id: TeamId, now: datetime) -> None:
        """Count a post that is sent now."""
        if pace := self._pace(team_id, now):
            pace.free_at = max(pace.free_at, now) + _MINUTE / pace.per_minute

    def taken(self, team_id: TeamId, now: datetime) -> None:
        """Record that Slack took a post."""
        self._last_minute(team_id, now).append(now)
        pace = self._pace(team_id, now)
        # A learned pace that holds no post back is not confirmed by a post.
        if pace and (pace.free_at > now or pace.growth == _SOON):
            pace.per_minute *= pace.growth

    def refused(
        self, team_id: TeamId, now: datetime, *, wait: timedelta, called_at: datetime
    ) -> None:
        """Record that Slack refused a post, called at *called_at*, and asked to *wait*."""
        pace = self._pace(team_id, now)
        if pace and called_at <= pace.refused_at:
            # Several calls were under way at the first refusal.
            pace.paused_until = max(pace.paused_until, now + wait)
            pace.free_at = max(pace.free_at, pace.paused_until)
            return
        taken: float = len(self._last_minute(team_id, now))
        if pace and now - pace.paused_until < _MINUTE:
            # The last minute has fewer posts than Slack would have taken.
            taken = max(taken, pace.per_minute)
        per_minute = max(_SLOWER * taken, _LEAST_PER_MINUTE)
        growth = _SOON if pace is None and taken < _LEAST_PER_MINUTE else _FASTER
        log.warning(
            "Slack limits the posts in %s: none for %.0f s, then %.0f a minute",
            team_id,
            wait.total_seconds(),
            per_minute,
        )
        until = now + wait
        self._paces[team_id] = _Pace(now, wait, until, per_minute, growth, until)

    def _pace(self, team_id: TeamId, now: datetime) -> _Pace | None:
        pace = self._paces.get(team_id)
        # A refusal in the future means that the clock was set back.
        if pace and not timedelta() <= now - pace.refused_at < _FORGET + pace.wait:
            del self._paces[team_id]
            return None
        return pace

    def _last_minute(self, team_id: TeamId, now: datetime) -> deque[datetime]:
        taken = self._taken[team_id]
        while taken and not timedelta() <= now - taken[0] < _MINUTE:
            taken.popleft()
        return taken
