"""Delete search misses and topic requests in time, whether or not more of them come."""

from collections.abc import Callable
from datetime import datetime, timedelta

from store import Store

_EVERY = timedelta(hours=1)


class Forgetting:
    """Deletes what is older than it is kept, at the start and every hour."""

    def __init__(self, store: Store, *, kept: timedelta, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._kept = kept
        self._clock = clock
        self._ran_at: datetime | None = None

    async def run(self) -> None:
        """Delete it if an hour has passed."""
        now = self._clock()
        # A clock may be set back.
        if self._ran_at is None or not timedelta() <= now - self._ran_at < _EVERY:
            await self._store.misses.forget(before=now - self._kept)
            await self._store.topic_requests.forget(before=now - self._kept)
            self._ran_at = now
