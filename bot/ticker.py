"""The ticker: runs periodic jobs once a second.

There are no timers: at each tick the jobs ask the store what is due, so nothing is lost by a
restart or while the machine sleeps. Ticks come at the beginning of a second, when posts fall due.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from bot.clock import Clock, system_clock
from store.db import DatabaseError, DatabaseUnavailableError

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

_SECONDS = 1.0
"""Seconds between two runs of a job."""
_LONGEST_WAIT = 10.0
"""The longest wait before a job that fails again and again runs once more, in seconds."""
_LOG_EVERY = 100
"""Which failures of a job in a row are logged, after the first."""


class Ticker:
    """Runs every job repeatedly until stopped."""

    def __init__(self, jobs: Sequence[Job], *, clock: Clock = system_clock) -> None:
        self._jobs = [_Repeated(job) for job in jobs]
        self._clock = clock
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Make `run` return once the running jobs have finished."""
        self._stopped.set()

    async def tick(self) -> None:
        """Run every job once; if a job raises, log the error and continue."""
        for job in self._jobs:
            await job.run()

    async def run(self) -> None:
        """Run every job repeatedly until `stop` is called."""
        await asyncio.gather(*map(self._repeat, self._jobs))

    async def _repeat(self, job: "_Repeated") -> None:
        while not self._stopped.is_set():
            await job.run()
            since = self._clock().microsecond / 1e6
            with suppress(TimeoutError):
                async with asyncio.timeout(job.wait - since):
                    await self._stopped.wait()


class _Repeated:
    """A job, and how often in a row it has failed."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._name = getattr(job, "__qualname__", "a job")
        self._failures = 0
        self._logged: type[Exception] | None = None

    @property
    def wait(self) -> float:
        """The seconds to wait before the next run."""
        # The exponent is limited, because a float is.
        return min(_SECONDS * 2.0 ** min(max(self._failures - 1, 0), 10), _LONGEST_WAIT)

    async def run(self) -> None:
        """Run the job; log the first failure of each kind, and then how often it fails."""
        try:
            await self._job()
        except DatabaseUnavailableError:
            # The database logs its outage once, and a call during the outage costs little.
            log.debug("%s waits for the database", self._name)
            return
        except Exception as error:
            self._failures += 1
            is_sentence = isinstance(error, DatabaseError)
            why = str(error) if is_sentence else type(error).__name__
            if self._logged is not type(error):
                self._logged = type(error)
                traceback = None if is_sentence else error
                log.error("%s failed and will run again: %s", self._name, why, exc_info=traceback)
            elif self._failures % _LOG_EVERY == 0:
                log.error("%s has failed %d times: %s", self._name, self._failures, why)
            return
        if self._failures:
            log.warning("%s works again after %d failures", self._name, self._failures)
            self._failures, self._logged = 0, None
