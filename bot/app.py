"""The composition root: every resource opened, the bot put together, served, closed in reverse."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, FollowingClock
from bot.settings import Settings
from bot.ticker import Job, Ticker
from bot.watch import watch
from handlers import register
from handlers.background import Background
from handlers.delivery import Delivery
from handlers.directory import Directory
from handlers.posting import Posting
from store import Store, open_store

log = logging.getLogger(__name__)

_CALL_SECONDS = 10
"""How long a call to Slack may take; shorter than a claim's lease."""
_DRAIN_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Parley:
    """The bot, put together and not yet connected."""

    app: AsyncApp
    store: Store
    ticker: Ticker
    background: Background


@asynccontextmanager
async def assemble(settings: Settings, *, clock: Clock) -> AsyncIterator[Parley]:
    """Open what the bot needs, and load the corpus where none was ever loaded.

    Raises `ParleyError` for a database or corpus that is no good, and `SlackApiError` for a token
    that Slack refuses. Leaving waits for the answers that are under way.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url, hold=True))
        await load_first(store, settings, clock)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS))
        )

        def client(*retry_handlers: Any, token: str | None) -> AsyncWebClient:
            return AsyncWebClient(
                token=token,
                base_url=settings.slack_api_url,
                session=session,
                retry_handlers=list(retry_handlers),
            )

        asking = client(
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=2),
            token=settings.slack_bot_token,
        )
        me = await asking.auth_test()
        # The SDK's own retry after a lost connection would post twice.
        delivery = Delivery(
            store,
            client(token=settings.slack_bot_token),
            bot_id=me["bot_id"],
            owner=f"{socket.gethostname()}:{os.getpid()}",
            clock=clock,
        )
        posting = Posting(store, delivery, clock=clock)
        background = Background()
        stack.push_async_callback(background.drain, _DRAIN_SECONDS)
        authorized = AuthorizeResult.from_auth_test_response(
            auth_test_response=me, bot_token=settings.slack_bot_token
        )
        app = _bolt(client(token=None), authorized)
        register(
            app,
            store=store,
            posting=posting,
            directory=Directory(asking, admins=settings.admin_user_ids, clock=clock),
            background=background,
            corpus_path=settings.corpus_dir,
            clock=clock,
        )
        jobs: list[Job] = [posting.run]
        if isinstance(clock, FollowingClock):
            await clock.read()
            jobs.insert(0, clock.read)
        yield Parley(app=app, store=store, ticker=Ticker(jobs), background=background)


async def load_first(store: Store, settings: Settings, clock: Clock) -> None:
    """Load the corpus folder where nothing was ever loaded; raises `CorpusInvalidError`."""
    if store.corpus.revision is None:
        reload = await store.corpus.reload(settings.corpus_dir, by="terminal", at=clock())
        log.info("loaded %d articles", reload.revision.articles)


async def serve(
    settings: Settings,
    *,
    clock: Clock,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run the bot by Socket Mode until *stop* is set, and close everything in order.

    *ready* is called once it is connected.
    """
    async with assemble(settings, clock=clock) as parley:
        handler = AsyncSocketModeHandler(parley.app, settings.slack_app_token)
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(parley.ticker.run(), name="ticker")
                if settings.corpus_watch:
                    watching = watch(
                        parley.store.corpus, settings.corpus_dir, clock=clock, stop=stop
                    )
                    tasks.create_task(watching, name="watch")
                log.info("connected")
                ready()
                await stop.wait()
                log.info("stopping")
                parley.ticker.stop()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]


def _bolt(client: AsyncWebClient, authorized: AuthorizeResult) -> AsyncApp:
    """Build the Bolt app of the one workspace that the token belongs to."""

    async def authorize() -> AuthorizeResult:
        # Prepared once: Bolt would ask auth.test again for each of many first requests.
        return authorized

    return AsyncApp(
        client=client,
        authorize=authorize,
        # The default mode waits 10 ms for the ack, and loses it when a listener then raises.
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("slack_bolt"),
    )
