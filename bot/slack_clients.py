"""Slack clients, the teams that use them, and the Bolt app.

The settings hold the bot token of one team, or else each team installs Parley by OAuth.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.entrances.install import Bots, Install
from bot.idempotency import IdempotentApp
from bot.manifest import manifest
from bot.observability.metrics import Metrics
from bot.retry import retrying
from bot.settings import Settings
from handlers.slack.teams import Bot, NotInstalledError, Teams
from store import Store
from store.teams.token_cipher import TokenCipher
from store.types import GoneError, TeamId

_CALL_SECONDS = 10
"""The time limit of a call to Slack; shorter than the lease of a claim."""
_CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Clients:
    """Builds clients of the Slack in the settings, which share the given connections."""

    settings: Settings
    for_asking: aiohttp.ClientSession | None = None
    for_posting: aiohttp.ClientSession | None = None
    rate_limit_retries: int = 2

    def asking(self, token: str | None) -> AsyncWebClient:
        """Return a client that retries lost connections and rate limits."""
        limited = AsyncRateLimitErrorRetryHandler(max_retry_count=self.rate_limit_retries)
        return self._client(token, self.for_asking, AsyncConnectionErrorRetryHandler(), limited)

    def posting(self, token: str) -> AsyncWebClient:
        """Return a client without retries: a retry after a lost connection could post twice."""
        return self._client(token, self.for_posting)

    def plain(self) -> AsyncWebClient:
        """Return a client for Bolt, without retries; Bolt adds a token to a copy of it."""
        return self._client(None, self.for_asking)

    def _client(
        self, token: str | None, session: aiohttp.ClientSession | None, *retry_handlers: Any
    ) -> AsyncWebClient:
        url = self.settings.slack_api_url
        return AsyncWebClient(
            token=token,
            base_url=url,
            proxy=self.settings.proxy_for(url),
            session=session,
            timeout=_CALL_SECONDS,
            retry_handlers=list(retry_handlers),
        )


@asynccontextmanager
async def open_clients(settings: Settings, metrics: Metrics) -> AsyncIterator[Clients]:
    """Open connections to Slack, and close them on exit."""

    def session(*, posting: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS, sock_connect=_CONNECT_SECONDS),
            trace_configs=[metrics.trace(posting=posting)],
        )

    async with session(posting=False) as asking, session(posting=True) as posting:
        yield Clients(settings, asking, posting)


async def join(
    settings: Settings, store: Store, clients: Clients, *, clock: Clock, stop: asyncio.Event
) -> tuple[Teams, Install | None]:
    """Return the teams, and the installation pages for many workspaces or None for one.

    For one workspace, asks Slack for the team of the bot token and retries until Slack can be
    reached or *stop* is set. Raises `SlackApiError` if Slack refuses the token, `StoppedError` if
    *stop* is set, and `TokenCipherError` if no key decrypts any token.
    """
    if settings.is_shared:
        cipher = TokenCipher(settings.encryption_key)
        bots = Bots(store.installations, cipher)
        await bots.renew()
        install = Install(
            store.installations,
            cipher,
            client=clients.asking(None),
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret,
            scopes=manifest(agent_view=settings.agent_view)["oauth_config"]["scopes"]["bot"],
            clock=clock,
        )
        return Teams(bots.find, asking=clients.asking, posting=clients.posting), install
    token = settings.slack_bot_token
    identity: Any = await retrying(stop)(clients.asking(token).auth_test)
    bot = Bot(bot_id=identity["bot_id"], user_id=identity["user_id"], token=token)

    async def only(_: TeamId) -> Bot:
        return bot

    return (
        Teams(only, asking=clients.asking, posting=clients.posting, only=identity["team_id"]),
        None,
    )


def bolt(client: AsyncWebClient, teams: Teams) -> AsyncApp:
    """Build the Bolt app, which uses the token of each request's team."""

    async def authorize(team_id: TeamId) -> AuthorizeResult | None:
        # Not by auth.test, as Bolt does: many first requests would each call it.
        try:
            bot = (await teams.of(team_id)).bot
        except NotInstalledError:
            return None
        return AuthorizeResult(
            enterprise_id=None,
            team_id=team_id,
            bot_id=bot.bot_id,
            bot_user_id=bot.user_id,
            bot_token=bot.token,
        )

    return IdempotentApp(
        # Without a name, Bolt inspects the whole stack and its source files to find one.
        name="parley",
        client=client,
        authorize=authorize,
        user_facing_authorize_error_message=str(GoneError()),
        # The default mode waits 10 ms for the ack and loses it if the listener then raises.
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("slack_bolt"),
    )
