"""The teams that Parley is installed in, with the bot token and the Slack clients of each.

The settings hold the bot token of one team, or else each team installs Parley by OAuth.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient

from store.types import TeamId, UserId


class NotInstalledError(Exception):
    """Raised when Parley is not, or no longer, installed in a team."""


class ClosedError(NotInstalledError):
    """Raised when no key decrypts a team's token.

    The team is treated as not installed until it installs Parley again; its data is kept.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Parley's bot user and token in a team."""

    bot_id: str
    user_id: UserId
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The bot of one team and its two Slack clients."""

    bot: Bot
    asking: AsyncWebClient
    """Retries lost connections and rate limits; for reading and for views."""
    posting: AsyncWebClient
    """Never retries, because a retry could post twice."""

    def sign(self, text: str) -> str:
        """Return a signature of *text* that nobody can make without the team's token."""
        return hmac.new(self.bot.token.encode(), text.encode(), "sha256").hexdigest()


class Teams:
    """Returns the clients of each team, and caches them until the team's bot changes."""

    def __init__(
        self,
        find: Callable[[TeamId], Awaitable[Bot | None]],
        *,
        asking: Callable[[str], AsyncWebClient],
        posting: Callable[[str], AsyncWebClient],
        only: TeamId | None = None,
    ) -> None:
        """*find* looks up a team's bot; *asking* and *posting* build clients from a token.

        *find* returns None if Parley is not installed in the team, and raises `ClosedError` if its
        token cannot be decrypted. *only* is the team of the bot token in the settings, or None if
        many teams install Parley.
        """
        self.only = only
        self._find = find
        self._make_asking = asking
        self._make_posting = posting
        self._known: dict[TeamId, Team] = {}
        self._droppers: list[Callable[[TeamId], None]] = []

    async def of(self, team_id: TeamId) -> Team:
        """Return the team; raises `NotInstalledError`.

        The bot is looked up each time, because another process may have changed the installation.
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
    def known(self) -> frozenset[TeamId]:
        """Return the ids of the teams whose clients, and so their tokens, are cached."""
        return frozenset(self._known)

    def when_dropped(self, drop: Callable[[TeamId], None]) -> None:
        """Call *drop* with the team id whenever a team's cached data must be dropped."""
        self._droppers.append(drop)

    def drop(self, team_id: TeamId) -> None:
        """Drop all cached data of the team; it is looked up again when needed."""
        self._known.pop(team_id, None)
        for drop in self._droppers:
            drop(team_id)

    async def asking(self, team_id: TeamId) -> AsyncWebClient:
        """Return the team's client that retries; raises `NotInstalledError`."""
        return (await self.of(team_id)).asking
