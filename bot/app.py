"""The composition root: every resource opened, the bot put together, served, closed in reverse."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, FollowingClock, system_clock
from bot.health import Health, broken
from bot.http_mode import HttpMode
from bot.intake import Intake
from bot.metrics import Metrics
from bot.once import OnceApp
from bot.patience import StoppedError, patiently
from bot.settings import Settings
from bot.socket_mode import SocketMode
from bot.status import status_pages
from bot.ticker import Job, Ticker
from bot.watch import watch
from handlers import register
from handlers.background import Background
from handlers.correcting import Correcting
from handlers.delivery import Delivery
from handlers.directory import Directory
from handlers.files import Files
from handlers.posting import Posting
from handlers.surfaces import Surfaces
from handlers.watch import Watch
from store import Store, open_store

log = logging.getLogger(__name__)

_CALL_SECONDS = 10
"""How long a call to Slack may take; shorter than a claim's lease."""
_CONNECT_SECONDS = 5
_DRAIN_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Parley:
    """The bot, put together and not yet connected."""

    app: AsyncApp
    store: Store
    ticker: Ticker
    posting: Posting
    background: Background
    intake: Intake


@asynccontextmanager
async def assemble(
    settings: Settings,
    *,
    clock: Clock,
    metrics: Metrics | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncIterator[Parley]:
    """Open what the bot needs, and load the corpus where none was ever loaded.

    Waits for Slack until it can be reached, or *stop* is set. Raises `ParleyError` for a database
    or corpus that is no good, `SlackApiError` for a token that Slack refuses, and `StoppedError`.
    Leaving waits for the answers that are under way.
    """
    metrics = metrics or Metrics()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url, hold=True))
        await load_first(store, settings, clock)

        async def client(
            *retry_handlers: Any, token: str | None, posting: bool = False
        ) -> AsyncWebClient:
            session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS, sock_connect=_CONNECT_SECONDS),
                trace_configs=[metrics.trace(posting=posting)],
            )
            return AsyncWebClient(
                token=token,
                base_url=settings.slack_api_url,
                session=await stack.enter_async_context(session),
                retry_handlers=list(retry_handlers),
            )

        asking = await client(
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=2),
            token=settings.slack_bot_token,
        )
        me = await patiently(asking.auth_test, stop=stop or asyncio.Event())
        # The SDK's own retry after a lost connection would post twice.
        sending = await client(token=settings.slack_bot_token)
        delivery = Delivery(
            store,
            await client(token=settings.slack_bot_token, posting=True),
            bot_id=me["bot_id"],
            owner=f"{socket.gethostname()}:{os.getpid()}",
            clock=clock,
        )
        posting = Posting(store, delivery, clock=clock)
        background = Background()
        stack.push_async_callback(store.misses.write)
        stack.push_async_callback(background.drain, _DRAIN_SECONDS)
        authorized = AuthorizeResult.from_auth_test_response(
            auth_test_response=me, bot_token=settings.slack_bot_token
        )
        app = _bolt(await client(token=None), authorized)
        directory = Directory(asking, admins=settings.admin_user_ids, clock=clock)
        register(
            app,
            store=store,
            posting=posting,
            directory=directory,
            surfaces=Surfaces(asking, sending=sending),
            background=background,
            keep_misses=timedelta(days=settings.misses_days),
            files=Files(asking),
            corpus_path=settings.corpus_dir,
            clock=clock,
            has_agent_view=settings.agent_view,
            has_workflow_steps=settings.workflow_steps,
        )
        # Another process may load a corpus too: from a terminal, or as a replica.
        watching = Watch(store.schedules, directory, clock=clock)
        jobs: list[Job] = [watching.run, posting.run, store.corpus.follow, store.misses.write]
        if settings.correct_posts:
            within = timedelta(days=settings.correct_days)
            # Its own: what makes a call wait here would make posts wait.
            changing = await client(token=settings.slack_bot_token)
            jobs.append(Correcting(store, changing, within=within, clock=clock).run)
        if isinstance(clock, FollowingClock):
            await clock.read()
            jobs.insert(0, clock.read)
        yield Parley(
            app=app,
            store=store,
            ticker=Ticker(jobs),
            posting=posting,
            background=background,
            intake=Intake(app, metrics),
        )


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
    """Run the bot until *stop* is set, and close everything in order.

    *ready* is called once requests can come in. Raises what `assemble` does, and `SocketLostError`.
    """
    metrics, health = Metrics(), Health()
    health.watch("start", broken("not ready yet"))
    opened: list[Store] = []

    async def measures() -> bytes:
        return await metrics.page(opened[0] if opened else None, clock())

    async with AsyncExitStack() as stack:
        if settings.status_port:
            await stack.enter_async_context(status_pages(settings.status_port, health, measures))
        stack.enter_context(suppress(StoppedError))
        parley = await stack.enter_async_context(
            assemble(settings, clock=clock, metrics=metrics, stop=stop)
        )
        opened.append(parley.store)
        stack.callback(opened.clear)
        way_in = _way_in(settings, parley, health, metrics)
        _watch(health, parley, way_in)
        ticking = asyncio.create_task(parley.ticker.run(), name="ticker")
        stack.push_async_callback(_end, ticking, parley)
        if settings.corpus_watch:
            corpus = parley.store.corpus
            watching = asyncio.create_task(
                watch(corpus, settings.corpus_dir, clock=clock, stop=stop), name="watch"
            )
            stack.push_async_callback(_cut_off, watching)
        await way_in.run(stop, ready)
        log.info("stopping")


def _way_in(
    settings: Settings, parley: Parley, health: Health, metrics: Metrics
) -> HttpMode | SocketMode:
    if settings.is_http and settings.port is not None:
        return HttpMode(
            parley.intake,
            signing_secret=settings.slack_signing_secret,
            port=settings.port,
            trusted_proxies=settings.trusted_proxies,
            clock=system_clock,
            health=health,
            metrics=metrics,
        )
    return SocketMode(
        parley.app,
        parley.intake,
        parley.app.client,
        app_token=settings.slack_app_token,
        metrics=metrics,
    )


def _watch(health: Health, parley: Parley, way_in: HttpMode | SocketMode) -> None:
    async def database() -> str | None:
        await parley.store.tally.ping()
        return None

    async def corpus() -> str | None:
        return None if parley.store.corpus.revision else "nothing is loaded"

    health.watch("database", database)
    health.watch("corpus", corpus)
    health.watch("start", _well)
    if isinstance(way_in, SocketMode):
        health.watch("socket", way_in.problem)


async def _well() -> str | None:
    return None


async def _cut_off(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])


async def _end(ticking: "asyncio.Task[None]", parley: Parley) -> None:
    """Let the posts that are under way end; what is cut off is looked for at the next start."""
    parley.posting.stop()
    parley.ticker.stop()
    await asyncio.wait([ticking], timeout=_DRAIN_SECONDS)
    if not ticking.done():
        log.warning("posts were cut off at the end")
        ticking.cancel()
        await asyncio.wait([ticking])


def _bolt(client: AsyncWebClient, authorized: AuthorizeResult) -> AsyncApp:
    """Build the Bolt app of the one workspace that the token belongs to."""

    async def authorize() -> AuthorizeResult:
        # Prepared once: Bolt would ask auth.test again for each of many first requests.
        return authorized

    return OnceApp(
        client=client,
        authorize=authorize,
        # The default mode waits 10 ms for the ack, and loses it when a listener then raises.
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("slack_bolt"),
    )
