"""The agent panel, which suggests prompts; the answers are the same as in a direct message.

There is no language model behind it: the panel uses the same look-up as everything else
(docs.slack.dev: agent_view, assistant.threads.setSuggestedPrompts).
"""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from handlers.features.dependencies import Slack
from handlers.features.lookup import LookUp
from handlers.features.welcome import is_messages_tab
from handlers.slack.payloads import Event
from store.types import ChannelId

_MAX_PROMPTS = 4
"""How many prompts Slack shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """The listener for the agent panel. It suggests topics that the corpus has stories on."""

    lookup: LookUp
    slack: Slack

    def register(self, app: AsyncApp) -> None:
        """Listen to the panel being opened.

        Call this before App Home's listener is registered: both listen to the same event, and Bolt
        calls only the first listener that matches.
        """
        app.event("app_home_opened", matchers=[is_messages_tab])(self.opened)

    async def opened(self, event: Event, client: AsyncWebClient) -> None:
        """Suggest prompts to the person who opens the panel."""
        examples = self.lookup.examples(_MAX_PROMPTS)
        prompts = [{"title": f"Stories on {words}", "message": words} for words in examples]
        if prompts:
            self.slack.background.start(_suggest(client, event["channel"], prompts))


async def _suggest(
    client: AsyncWebClient, channel: ChannelId, prompts: list[dict[str, str]]
) -> None:
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=channel, title="What would you like to read about?", prompts=prompts
    )
