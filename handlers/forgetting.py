"""What people looked for in vain is forgotten in time, whether or not they look for more."""

from collections.abc import Callable
from datetime import datetime, timedelta

from store.finding.misses import Misses

_EVERY = timedelta(hours=1)


class Forgetting:
    """Forgets misses that are older than they are kept, at the start and every hour."""

    def __init__(self, misses: Misses, *, kept: timedelta, clock: Callable[[], datetime]) -> None:
        self._misses = misses
        self._kept = kept
        self._clock = clock
        self._ran_at: datetime | None = None

    async def run(self) -> None:
        """Forget them, where it is time."""
        now = self._clock()
        # A clock may be set back.
        if self._ran_at is None or not timedelta() <= now - self._ran_at < _EVERY:
            await self._misses.forget(before=now - self._kept)
            self._ran_at = now
