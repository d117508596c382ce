"""Slack's rate limit for a channel: a message a second, and a short burst.

Source: docs.slack.dev, rate limits.
"""

from datetime import datetime, timedelta

_BURST = 3
"""How many messages may be posted in immediate succession."""
_INTERVAL = timedelta(seconds=1)
"""How often a channel accepts a message in the long run."""
_MAX_CHANNELS = 10_000
"""How many channels to remember before idle channels are removed."""


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
