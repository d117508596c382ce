"""The statistics show how long the oldest due post has waited."""

from datetime import time, timedelta

from store import Store
from store.types import Order, Timetable
from tests.ids import C1, T1, U1
from tests.machine import NOW


async def test_a_due_schedule_without_a_post_is_overdue(store: Store) -> None:
    """For instance, because the ticker has stopped."""
    await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U1,
        now=NOW,
        order=Order(
            timetable=Timetable(at=time(NOW.hour + 1), weekdays=frozenset(range(7)), zone="UTC")
        ),
    )
    due_at = NOW + timedelta(hours=1)
    assert await store.statistics.lag(due_at - timedelta(seconds=1)) == timedelta()
    assert await store.statistics.lag(due_at + timedelta(seconds=90)) == timedelta(seconds=90)
