"""The teams that Parley is in: whose token speaks to Slack for which of them.

There is one for a bot token in the settings, and one for each installation by OAuth.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient


class NotInstalledError(Exception):
    """Say that Parley is not, or no longer, installed in a team."""


class ClosedError(NotInstalledError):
    """Say that nothing opens a team's token.

    Until it installs Parley again it is as one that has not, and what is remembered of it stays.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Who Parley is in a team."""

    bot_id: str
    user_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """What speaks to Slack for one team."""

    bot: Bot
    asking: AsyncWebClient
    """Tries again where a connection is lost or Slack asks to wait."""
    posting: AsyncWebClient
    """Never tries again: that could post twice."""


class Teams:
    """Gives each team's clients, kept for as long as its bot stays what it is."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[Bot | None]],
        *,
        asking: Callable[[str], AsyncWebClient],
        posting: Callable[[str], AsyncWebClient],
        only: str | None = None,
    ) -> None:
        """Take what finds a team's bot by the team's id, and what makes clients of a token.

        To find it gives None where Parley is not installed, and raises `ClosedError`.

        *only* is the id of the team where there is one; None where each team brings its own bot.
        """
        self.only = only
        self._find = find
        self._make_asking = asking
        self._make_posting = posting
        self._known: dict[str, Team] = {}
        self._droppers: list[Callable[[str], None]] = []

    async def of(self, team_id: str) -> Team:
        """Give the team; raises `NotInstalledError`.

        The bot is looked up each time: another process may have let it in, or out, a moment ago.
        """
        try:
            bot = await self._find(team_id)
            if bot is None:
                raise NotInstalledError(team_id)
        except NotInstalledError:
            self.drop(team_id)
            raise
        known = self._known.get(team_id)
        if known is None or known.bot != bot:
            asking, posting = self._make_asking(bot.token), self._make_posting(bot.token)
            known = self._known[team_id] = Team(bot=bot, asking=asking, posting=posting)
        return known

    @property
    def known(self) -> frozenset[str]:
        """Give the ids of the teams whose clients, and so whose tokens, are kept."""
        return frozenset(self._known)

    def when_dropped(self, drop: Callable[[str], None]) -> None:
        """Have *drop* called with the id of each team of which nothing is to be kept."""
        self._droppers.append(drop)

    def drop(self, team_id: str) -> None:
        """Keep nothing of the team; one that is still there is looked up anew."""
        self._known.pop(team_id, None)
        for drop in self._droppers:
            drop(team_id)

    async def asking(self, team_id: str) -> AsyncWebClient:
        """Give the client that asks for the team, and tries again; raises `NotInstalledError`."""
        return (await self.of(team_id)).asking
