"""A line in the log, every hour, on what became of the posts that were due."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from store.statistics import Statistics

log = logging.getLogger(__name__)

_EVERY = timedelta(hours=1)
_SETTLED = timedelta(minutes=5)
"""How long after it was due the outcome of a post is usually known."""


@dataclass(slots=True, eq=False)
class PostSummary:
    """The job that logs how many posts were sent, and how many were not."""

    statistics: Statistics
    clock: Callable[[], datetime]
    _since: datetime | None = field(default=None, init=False)

    async def run(self) -> None:
        """Sum up an hour when it is over, unless no post was due in it."""
        until = self.clock() - _SETTLED
        since = self._since
        # A negative time means that the clock was set back.
        if since is not None and timedelta() <= until - since < _EVERY:
            return
        if since is not None and since < until:
            states = await self.statistics.posts_due(since=since, until=until)
            if states:
                counts = ", ".join(f"{number} {state}" for state, number in states.items())
                log.info("posts due since %s UTC: %s", f"{since:%Y-%m-%d %H:%M}", counts)
        self._since = until
