"""The ticker: runs periodic jobs once a second.

There are no timers: at each tick the jobs ask the store what is due, so nothing is lost by a
restart or while the machine sleeps.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from store.db import DatabaseUnavailableError

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

_SECONDS = 1.0
"""Seconds between two runs of a job."""


class Ticker:
    """Runs every job repeatedly until stopped."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Make `run` return once the running jobs have finished."""
        self._stopped.set()

    async def tick(self) -> None:
        """Run every job once; if a job raises, log the error and continue."""
        for job in self._jobs:
            await _run(job)

    async def run(self) -> None:
        """Run every job repeatedly until `stop` is called."""
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
        # The database logs its outage once; do not repeat it at every tick.
        log.debug("a job waits for the database")
    except Exception:
        log.exception("a job failed; it runs again at the next tick")
