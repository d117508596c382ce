"""The ticker: wakes the jobs that watch the clock.

It keeps no timers: each tick asks the store what is due, so a restart restores nothing and a
machine that slept loses nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from store.db import DatabaseUnavailableError

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

_SECONDS = 1.0
"""Between two runs of a job."""


class Ticker:
    """Runs every job, again and again, until it is stopped."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End `run` after what is under way."""
        self._stopped.set()

    async def tick(self) -> None:
        """Run every job once; one that raises is logged and gets its next tick."""
        for job in self._jobs:
            await _run(job)

    async def run(self) -> None:
        """Tick until stopped."""
        await asyncio.gather(*map(self._repeat, self._jobs))

    async def _repeat(self, job: Job) -> None:
        while not self._stopped.is_set():
            await _run(job)
            with suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS):
                    await self._stopped.wait()


async def _run(job: Job) -> None:
    try:
        await job()
    except DatabaseUnavailableError:
        # Logged where it was noticed, once and not at every tick.
        log.debug("a job waits for the database")
    except Exception:
        log.exception("a job failed; it gets its next tick")
