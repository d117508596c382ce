"""Rate limits of methods: by tier, separately for each team (docs.slack.dev: rate limits)."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from enum import IntEnum

from bot.workspace.errors import ApiError

WINDOW_SECONDS = 60


class Tier(IntEnum):
    """Calls a minute that Slack guarantees; it may allow short bursts of more."""

    ONE = 1
    TWO = 20
    THREE = 50
    FOUR = 100
    SPECIAL = 300
    """Not documented: Slack only says that several hundred calls a minute are allowed."""


class MethodRates:
    """Counts one team's calls of each method over the last minute, by the machine's clock."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self.is_on = True
        self.limits: dict[str, float] = {}
        """Calls a minute of the methods whose limit is not that of their tier."""
        self._seconds = seconds
        self._called: dict[str, deque[float]] = defaultdict(deque)

    def take(self, method: str, tier: Tier) -> None:
        """Count a call of *method*; raises `ApiError` (ratelimited) if there were too many.

        Refused calls do not count, and other methods are not affected.
        """
        if not self.is_on:
            return
        now, called = self._seconds(), self._called[method]
        while called and now - called[0] >= WINDOW_SECONDS:
            called.popleft()
        if len(called) >= self.limits.get(method, tier):
            wait = math.ceil(called[0] + WINDOW_SECONDS - now)
            raise ApiError("ratelimited", retry_after=max(1, wait))
        called.append(now)
