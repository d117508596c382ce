"""Names of channels, for output at the terminal."""

from collections.abc import Iterable, Mapping

from slack_sdk.errors import SlackApiError

from bot.entrances.install import Bots
from bot.settings import Settings
from bot.slack_clients import Clients
from handlers.slack.api_errors import FAILURES
from handlers.slack.teams import ClosedError
from store.teams.installations import Installations
from store.teams.token_cipher import TokenCipher, TokenCipherError
from store.types import ChannelId, TeamId


async def channel_names(
    channels: Iterable[tuple[TeamId, ChannelId]], settings: Settings, installations: Installations
) -> Mapping[tuple[TeamId, ChannelId], str]:
    """Return the names of *channels*, which are pairs of a team id and a channel id.

    A channel is left out if its team has no usable token or Slack does not return its name.
    """
    names: dict[tuple[TeamId, ChannelId], str] = {}
    for team_id, channel_id in channels:
        token = await _token(team_id, settings, installations)
        if not token:
            continue
        try:
            response = await Clients(settings).asking(token).conversations_info(channel=channel_id)
        except SlackApiError:
            continue
        except FAILURES:
            break  # Slack cannot be reached, so the next call would only wait too
        if name := response["channel"].get("name"):
            names[team_id, channel_id] = f"#{name}"
    return names


async def _token(team_id: TeamId, settings: Settings, installations: Installations) -> str:
    if not settings.is_shared:
        return settings.slack_bot_token
    try:
        bot = await Bots(installations, TokenCipher(settings.encryption_key)).find(team_id)
    except (ClosedError, TokenCipherError):
        return ""
    return bot.token if bot else ""
