"""What those who watch it are told: how long the oldest turn has waited."""

from datetime import time, timedelta

from store import Store
from store.types import Timetable
from tests.conftest import NOW


async def test_a_turn_that_nobody_planned_is_overdue(store: Store) -> None:
    """As where the ticker stands still."""
    await store.schedules.set(
        team_id="T1",
        channel_id="C1",
        owner_id="U1",
        timetable=Timetable(at=time(NOW.hour + 1), weekdays=frozenset(range(7)), zone="UTC"),
        now=NOW,
    )
    due_at = NOW + timedelta(hours=1)
    assert await store.statistics.lag(due_at - timedelta(seconds=1)) == timedelta()
    assert await store.statistics.lag(due_at + timedelta(seconds=90)) == timedelta(seconds=90)
