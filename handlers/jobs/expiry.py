"""Expiry of data whose retention time is over."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from store import Store

log = logging.getLogger(__name__)

_EVERY = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(slots=True, eq=False)
class Expiry:
    """The job that deletes expired data.

    That is: search misses, topic requests, idempotency keys, posts, who loaded old revisions, and
    what is known of stories that feeds no longer keep.
    """

    store: Store
    keep_misses: timedelta
    keep_posts: timedelta
    clock: Callable[[], datetime]
    _ran_at: datetime | None = field(default=None, init=False)

    async def run(self) -> None:
        """Delete expired data at the start, and then every hour."""
        now = self.clock()
        # A negative time means that the clock was set back: run then too.
        if self._ran_at is None or not timedelta() <= now - self._ran_at < _EVERY:
            # Misses and requests have a day and no time: with 0 days, today's go too.
            misses_end = now - self.keep_misses if self.keep_misses else now + _DAY
            await self.store.misses.forget(before=misses_end)
            await self.store.topic_requests.forget(before=misses_end)
            await self.store.idempotency.forget(now=now)
            deleted = await self.store.posts.delete_old(before=now - self.keep_posts)
            await self.store.personal_data.forget_loaders(before=now - self.keep_posts)
            await self.store.feed_loads.forget_retired(before=now - self.keep_posts)
            if deleted:
                log.info("deleted %d posts that were older than POSTS_DAYS", deleted)
            await self.store.personal_data.overwrite_deleted()
            self._ran_at = now
