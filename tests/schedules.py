"""What many tests of schedules need."""

from store import Store
from store.types import ChannelId, Schedule, TeamId


async def schedule_of(store: Store, team_id: TeamId, channel_id: ChannelId) -> Schedule | None:
    """Return the only schedule of a channel; None if it has none."""
    schedules = await store.schedules.of_channel(team_id, channel_id)
    assert len(schedules) < 2, "the channel has several"
    return schedules[0] if schedules else None
