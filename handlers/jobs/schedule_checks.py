"""The job that checks schedules before their posts are due."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from store.posting.schedules import Schedules
from store.types import Schedule

_AHEAD = timedelta(hours=1)
_EVERY = timedelta(minutes=5)


@dataclass(slots=True, eq=False)
class ScheduleChecks:
    """Runs checks on the schedules with a post in the next hour, and on those that are stopped."""

    schedules: Schedules
    checks: Sequence[Callable[[Sequence[Schedule]], Awaitable[None]]]
    clock: Callable[[], datetime]
    _ran_at: datetime | None = field(default=None, init=False)

    async def run(self) -> None:
        """Run the checks, one after the other; do nothing until five minutes have passed.

        Each check gets the schedules as the one before left them. If one raises, the others still
        run, and then the first error is raised.
        """
        now = self.clock()
        if self._ran_at and timedelta() <= now - self._ran_at < _EVERY:
            return
        self._ran_at = now
        errors = []
        for check in self.checks:
            try:
                await check(await self.schedules.watched(now + _AHEAD))
            except Exception as error:  # noqa: BLE001 -- raised below
                errors.append(error)
        if errors:
            raise errors[0]
