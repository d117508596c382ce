"""A channel's pace: a message a second, and a short burst (docs.slack.dev, rate limits)."""

from datetime import datetime, timedelta

_BURST = 3
_STEP = timedelta(seconds=1)
_KEPT = 10_000


class Pace:
    """Says which channels may be posted in now, each by a name that no other has."""

    def __init__(self) -> None:
        self._free_at: dict[str, datetime] = {}

    def take(self, channel: str, now: datetime) -> bool:
        """Count a message in the channel; False where it comes too early."""
        free_at = max(self._free_at.get(channel, now), now)
        ahead = free_at - now
        # Further ahead than it can be: the clock was set back.
        if ahead > _BURST * _STEP:
            free_at = now
        elif ahead > (_BURST - 1) * _STEP:
            return False
        if len(self._free_at) >= _KEPT:
            self._free_at = {one: at for one, at in self._free_at.items() if at > now}
        self._free_at[channel] = free_at + _STEP
        return True
