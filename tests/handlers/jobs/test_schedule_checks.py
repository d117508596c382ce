"""The checks of schedules before their posts are due."""

from collections.abc import Sequence

import pytest

from handlers.jobs.schedule_checks import ScheduleChecks
from handlers.parsing.schedule_order import parse_order
from store import Store
from store.types import Schedule
from tests.conftest import StoppedClock
from tests.ids import C1, C2, T1, U1


class FirstFails:
    """Two checks: the first stops a channel and fails, and the second notes what it gets."""

    def __init__(self, store: Store, clock: StoppedClock) -> None:
        self.store = store
        self.clock = clock
        self.seen: list[tuple[str, str | None]] = []

    async def first(self, watched: Sequence[Schedule]) -> None:
        await self.store.schedules.stop(T1, C1, error="is_archived", now=self.clock())
        raise ZeroDivisionError

    async def second(self, watched: Sequence[Schedule]) -> None:
        self.seen = sorted((one.channel_id, one.stopped) for one in watched)


async def test_a_check_sees_what_the_one_before_changed_although_that_failed(
    store: Store, clock: StoppedClock
) -> None:
    for channel_id in (C1, C2):
        order = parse_order("09:30 daily", zone="UTC", today=clock().date())
        soon = clock.forward(minutes=1)
        await store.schedules.set(
            team_id=T1, channel_id=channel_id, owner_id=U1, order=order, now=soon
        )
    clock.forward(hours=1)
    checks = FirstFails(store, clock)
    run = ScheduleChecks(store.schedules, [checks.first, checks.second], clock).run
    with pytest.raises(ZeroDivisionError):
        await run()
    assert checks.seen == [(C1, "is_archived"), (C2, None)]
    checks.seen = []
    await run()  # five minutes have not passed
    assert not checks.seen
