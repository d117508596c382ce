"""Slack clients, the teams that use them, and the Bolt app.

The settings hold the bot token of one team, or else each team installs Parley by OAuth.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import orjson
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.authorization.async_multi_teams_authorization import (
    AsyncMultiTeamsAuthorization,
)
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.clock import Clock, system_clock
from bot.dispatch import ParleyApp
from bot.entrances.install import Bots, Install
from bot.manifest import manifest
from bot.observability.metrics import Metrics
from bot.retry import retrying
from bot.settings import Settings
from handlers.slack.api_errors import FAILURES, classify, status_of
from handlers.slack.teams import Bot, NotInstalledError, Teams
from store import Store
from store.teams.token_cipher import TokenCipher
from store.types import GoneError, TeamId

log = logging.getLogger(__name__)

_CALL_SECONDS = 10
"""The time limit of a call to Slack; shorter than the lease of a claim."""
_CONNECT_SECONDS = 5
_RETRY_SECONDS = 0.3
"""The wait before a call is repeated; a form must open within three seconds."""
_PATIENCE_SECONDS = 5.0
"""The longest wait for a rate limit while a person waits."""

Called = Callable[[str, int | None, float], None]
"""Called after each call with its method, the status, None if there was no answer, and how many
seconds it took."""


class _Limit:
    """Slack's rate limit of one method for a team."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        """Held by the one call that waits for the limit to end."""
        self._ends: datetime | None = None
        self._wait = timedelta()

    def refuse(self, error: SlackApiError, now: datetime) -> None:
        """Record a refusal."""
        self._wait = classify(error).wait()
        self._ends = now + self._wait

    def left(self, now: datetime) -> float:
        """Return the seconds until the limit ends."""
        left = self._ends - now if self._ends else timedelta()
        # More than Slack asked for: the clock was set back.
        return 0 if left > self._wait else max(0, left.total_seconds())


class AskingClient(AsyncWebClient):
    """A client of one team for calls that may be repeated.

    Slack refuses a method for the whole team, so after a rate limit the calls of that method wait,
    and then go one after the other until Slack accepts one. If the wait is longer than *patience*
    seconds, they fail without asking Slack.
    """

    def __init__(self, *, tries: int, patience: float, clock: Clock, **options: Any) -> None:
        """Create a client that makes a call at most *tries* times.

        *options* are those of `AsyncWebClient`.
        """
        super().__init__(**options)
        self._tries = tries
        self._patience = patience
        self._clock = clock
        self._limits: dict[str, _Limit] = {}

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """Call a method of the Web API; see the class for when it waits and tries again."""
        for tries in range(1, self._tries + 1):
            async with self._turn(api_method):
                try:
                    response = await super().api_call(api_method, **options)
                except FAILURES as error:
                    failure = classify(error)
                    if isinstance(error, SlackApiError) and failure.is_rate_limit:
                        self._limits.setdefault(api_method, _Limit()).refuse(error, self._clock())
                    # After a timeout, nobody waits for a second one.
                    is_hopeless = not failure.is_temporary or isinstance(error, TimeoutError)
                    if is_hopeless or tries == self._tries:
                        raise
                else:
                    self._limits.pop(api_method, None)
                    return response
            if not failure.is_rate_limit:
                await asyncio.sleep(_RETRY_SECONDS)
        raise AssertionError("a call is tried at least once")

    @asynccontextmanager
    async def _turn(self, api_method: str) -> AsyncIterator[None]:
        """Wait until the method may be called; raises `SlackApiError` if that takes too long."""
        limit = self._limits.get(api_method)
        if limit is None:
            yield
            return
        async with limit.turn:
            seconds = limit.left(self._clock())
            if seconds > self._patience:
                raise self._limited(api_method, seconds)
            await asyncio.sleep(seconds)
            yield

    def _limited(self, api_method: str, seconds: float) -> SlackApiError:
        """Return the error that Slack would answer a call with now."""
        response = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=api_method,
            req_args={},
            data={"ok": False, "error": "ratelimited"},
            headers={"Retry-After": str(math.ceil(seconds))},
            status_code=429,
        )
        return SlackApiError("Slack limits the rate of this method", response)


class PostingClient(AsyncWebClient):
    """A client of one team without retries: a retry after a lost connection could post twice.

    It sends a JSON body by itself, because `AsyncWebClient` takes half as long again for that, and
    counts its calls by itself, because a trace of aiohttp takes a fifth of a call.
    """

    def __init__(self, *, called: Called, **options: Any) -> None:
        """Call *called* after each call; *options* are those of `AsyncWebClient`."""
        super().__init__(**options)
        self._called = called

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """Call a method of the Web API."""
        began, status = time.perf_counter(), None
        try:
            response = await self._make_call(api_method, **options)
            status = response.status_code
        except SlackApiError as error:
            status = status_of(error)
            raise
        finally:
            self._called(api_method, status, time.perf_counter() - began)
        return response

    async def _make_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        if self.session is None or options.keys() != {"json"}:
            return await super().api_call(api_method, **options)
        url = f"{self.base_url}{api_method}"
        headers = {
            **self.headers,
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json;charset=utf-8",
        }
        body = orjson.dumps(options["json"])
        async with self.session.post(url, data=body, headers=headers, proxy=self.proxy) as answer:
            text = await answer.read()
        try:
            data = orjson.loads(text)
        except ValueError:
            data = None
        received: Any = answer.headers
        response = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=url,
            req_args={},
            data=data if isinstance(data, dict) else {},
            headers=received,
            status_code=answer.status,
        )
        response.validate()
        return response


@dataclass(frozen=True, slots=True)
class Clients:
    """Builds clients of the Slack in the settings, which share the given connections."""

    settings: Settings
    for_asking: aiohttp.ClientSession | None = None
    for_posting: aiohttp.ClientSession | None = None
    called: Called = lambda *_: None
    """Called after each call of a posting client."""
    tries: int = 3
    patience: float = _PATIENCE_SECONDS
    clock: Clock = system_clock

    def asking(self, token: str | None) -> AsyncWebClient:
        """Return a client that retries what is temporary, and waits for rate limits."""
        options = self._options(token, self.for_asking)
        return AskingClient(tries=self.tries, patience=self.patience, clock=self.clock, **options)

    def posting(self, token: str) -> AsyncWebClient:
        """Return a client without retries."""
        return PostingClient(called=self.called, **self._options(token, self.for_posting))

    def plain(self) -> AsyncWebClient:
        """Return a client for Bolt, without retries; Bolt adds a token to a copy of it."""
        return AsyncWebClient(**self._options(None, self.for_asking))

    def _options(self, token: str | None, session: aiohttp.ClientSession | None) -> dict[str, Any]:
        url = self.settings.slack_api_url
        return {
            "token": token,
            "base_url": url,
            "proxy": self.settings.proxy_for(url),
            "session": session,
            "timeout": _CALL_SECONDS,
            "retry_handlers": [],
        }


@asynccontextmanager
async def open_clients(
    settings: Settings, metrics: Metrics, *, clock: Clock = system_clock
) -> AsyncIterator[Clients]:
    """Open connections to Slack, and close them on exit."""
    timeout = aiohttp.ClientTimeout(total=_CALL_SECONDS, sock_connect=_CONNECT_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, trace_configs=[metrics.trace()]) as asking,
        aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as posting,
    ):
        yield Clients(settings, asking, posting, metrics.called, clock=clock)


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
    log.info("the bot token is one of team %s", identity["team_id"])
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

    logging.getLogger(f"slack_bolt.{AsyncMultiTeamsAuthorization.__name__}").addFilter(_as_info)
    return ParleyApp(
        teams,
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


def _as_info(record: logging.LogRecord) -> bool:
    """Log at INFO what Bolt logs as an error: a request of a team that has not installed Parley.

    A team that shares a channel sends any number of them, and the person gets an answer.
    """
    if "AuthorizeResult" in record.getMessage():
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg = "refused a request of a team that has not installed Parley"
    return record.levelno >= logging.getLogger().level
