"""The ids of teams, users and channels in the tests, with their types."""

from bot.workspace.model import directory
from store.types import ChannelId, TeamId, UserId

T1, T2, T3 = TeamId("T1"), TeamId("T2"), TeamId("T3")
U1, U2 = UserId("U1"), UserId("U2")
C1, C2, C3 = ChannelId("C1"), ChannelId("C2"), ChannelId("C3")

# Those of the local workspace.
TEAM = TeamId(directory.TEAM_ID)
ANA, BEN, CHLOE = UserId("U0ANA"), UserId("U0BEN"), UserId("U0CHLOE")
GENERAL, RANDOM = ChannelId("C0GENERAL"), ChannelId("C0RANDOM")
LEADERS, WORLD = ChannelId("C0LEADERS"), ChannelId("C0WORLD")
