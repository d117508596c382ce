"""/digest talk and App Home: which questions got people talking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers.button_value import is_direct
from handlers.features.dependencies import Options, Slack
from handlers.slack.button_press import Request
from handlers.views import talk as views
from handlers.views.message import Message
from store import Store
from store.types import ChannelId, TeamId, UserId

_DAYS = 90
"""How many days back to look; posts may be stored for longer, or for less time."""


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """What channels were asked, and how much was replied."""

    store: Store
    slack: Slack
    options: Options

    async def of_channel(self, request: Request) -> Message:
        """Answer `/digest talk` about the channel, or in a direct message about all of theirs."""
        team_id, user_id = request.team_id, request.user_id
        if is_direct(request.channel_id):
            channels = await self.slack.directory.recent_channels(team_id, user_id)
            return views.talk(await self.of(team_id, user_id, [*channels]), channel_id=None)
        contents = await self.of(team_id, user_id, [request.channel_id])
        return views.talk(contents, channel_id=request.channel_id)

    async def of(
        self, team_id: TeamId, user_id: UserId, channel_ids: Sequence[ChannelId]
    ) -> views.Contents:
        """Return what got people talking in the channels, for this reader."""
        now = self.options.clock()
        asked = await self.store.reply_counts.asked(
            team_id, channel_ids, since=now - timedelta(days=_DAYS)
        )
        ids = [one.article_id for one in views.best(asked) if one.article_id]
        return views.Contents(
            asked=asked,
            articles={one.id: one for one in await self.store.articles.get_many(ids)},
            days=_DAYS,
            now=now,
            zone=await self.slack.directory.zone(team_id, user_id),
        )
