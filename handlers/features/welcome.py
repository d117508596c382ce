"""The introduction: in an empty direct message, and to the person who adds Parley to a channel."""

from dataclasses import dataclass

from handlers.button_value import DIRECT
from handlers.features.dependencies import Options, Slack
from handlers.features.lookup import LookUp
from handlers.slack.api_errors import FAILURES
from handlers.slack.payloads import Context, Event
from handlers.views import welcome as views
from store import Store
from store.types import ChannelId, ParleyError, TeamId, UserId


async def is_messages_tab(event: Event) -> bool:
    """Return whether the person opened the direct message with Parley, and not App Home."""
    return event.get("tab") == "messages"


@dataclass(frozen=True, slots=True, eq=False)
class Welcome:
    """The listeners for the direct message being opened, and for Parley joining a channel."""

    store: Store
    slack: Slack
    options: Options
    lookup: LookUp

    async def opened(self, event: Event, context: Context) -> None:
        """Introduce Parley in a direct message that is still empty."""
        self.slack.background.start(
            self._introduce(context["team_id"], event["channel"], event["user"])
        )

    async def joined(self, event: Event, context: Context) -> None:
        """Explain how to begin to the person who added Parley to a channel; only they see it.

        Slack names nobody if Parley joined by itself (docs.slack.dev, member_joined_channel).
        """
        inviter = event.get("inviter")
        if event.get("user") != context["bot_user_id"] or not inviter:
            return
        team_id, channel_id = context["team_id"], event["channel"]
        whisper = self.slack.responders.whisper(team_id, channel_id, inviter, None)

        async def work() -> None:
            await self.slack.directory.require_reader(team_id, inviter)
            await whisper(**views.added(channel_id))

        self.slack.background.start(work(), whisper)

    async def _introduce(self, team_id: TeamId, channel_id: ChannelId, user_id: UserId) -> None:
        client = await self.slack.teams.asking(team_id)
        try:
            history = await client.conversations_history(channel=channel_id, limit=1)
            await self.slack.directory.require_reader(team_id, user_id)
        except (ParleyError, *FAILURES):
            # Without a look into the history, a person could be welcomed again and again.
            return
        key, now = f"welcome:{channel_id}", self.options.clock()
        if history["messages"] or not await self.store.idempotency.claim(team_id, key, now=now):
            return
        shown = views.introduction(self.lookup.examples(), where=DIRECT)
        await self.slack.responders.direct(team_id, channel_id, None)(**shown)
