"""The composition root: opens every resource, builds the bot, serves, and closes in reverse."""

import asyncio
import gc
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from slack_bolt.async_app import AsyncApp

from bot.clock import CheckedClock, Clock, FollowingClock, system_clock
from bot.entrances.http_mode import HttpMode
from bot.entrances.install import Install
from bot.entrances.intake import Intake
from bot.entrances.socket_mode import SocketMode
from bot.feeds.addresses import Addresses
from bot.feeds.discovery import Discovery
from bot.feeds.fetching import Fetcher
from bot.feeds.poller import Poller
from bot.feeds.reading import FeedReader
from bot.observability.health import Health, broken
from bot.observability.metrics import Metrics
from bot.observability.status import status_pages
from bot.retry import StoppedError, reason, retrying
from bot.settings import SAMPLES, Settings
from bot.slack_clients import bolt, join, open_clients
from bot.ticker import Job, Ticker
from bot.watched_folder import WatchedFolder
from handlers import register
from handlers.features.dependencies import Options, Slack
from handlers.ids import CommandPrefix
from handlers.jobs.channel_checks import ChannelChecks
from handlers.jobs.delivery import Delivery
from handlers.jobs.expiry import Expiry
from handlers.jobs.owners import OwnerChecks
from handlers.jobs.post_summary import PostSummary
from handlers.jobs.posting import Posting
from handlers.jobs.reply_counts import ReplyCounter
from handlers.jobs.schedule_checks import ScheduleChecks
from handlers.jobs.uninstalls import Uninstalls
from handlers.slack.background import Background
from handlers.slack.directory import Directory
from handlers.slack.files import Files
from handlers.slack.responders import Responders
from store import Store, open_store, samples
from store.db import DatabaseError
from store.types import ParleyError

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 10
_CANCEL_SECONDS = 3
"""How long cancelled tasks may take to end."""
_SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the others from running: by default 5 ms for each row that a
database thread reads, and for each time that the event loop has to wait for another thread."""
_YOUNG = 10_000
"""How many new objects are collected at a time: the answer to a look-up alone makes hundreds."""
_MOST_PROBLEMS = 10
_DATABASE_SECONDS = 2
"""How long the result of the database check is cached. With the check itself, less than 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parley:
    """The assembled bot, not yet connected."""

    app: AsyncApp
    store: Store
    ticker: Ticker
    posting: Posting
    poller: Poller
    background: Background
    intake: Intake
    directory: Directory
    install: Install | None
    """The installation pages for many workspaces; None for one workspace."""


@asynccontextmanager
async def assemble(
    settings: Settings,
    *,
    clock: Clock,
    metrics: Metrics | None = None,
    stop: asyncio.Event | None = None,
    is_demo: bool = False,
) -> AsyncIterator[Parley]:
    """Open the bot's resources and build it; load the corpus if none was ever loaded.

    Waits until the database and Slack answer or *stop* is set. Raises `ParleyError` for an invalid
    database or corpus, `SlackApiError` for a token that Slack refuses, and `StoppedError` if *stop*
    was set. Warns if there are only sample stories, unless *is_demo*. On exit, waits for unfinished
    answers.
    """
    metrics = metrics or Metrics()
    async with AsyncExitStack() as stack:
        stop = stop or asyncio.Event()

        async def opened() -> Store:
            return await stack.enter_async_context(
                open_store(
                    settings.database_url,
                    hold=True,
                    is_shared=settings.is_shared,
                    folder=settings.corpus_dir,
                )
            )

        store: Store = await retrying(stop)(opened)
        if isinstance(clock, FollowingClock):
            await clock.read()
        await load_first(store, settings, clock)
        if samples.are_loaded(store.corpus.revision) and not is_demo:
            log.warning("the corpus holds %s", SAMPLES)

        clients = await stack.enter_async_context(open_clients(settings, metrics, clock=clock))
        teams, install = await join(settings, store, clients, clock=clock, stop=stop)
        if isinstance(clock, CheckedClock):
            await clock.read()
        owner = f"{socket.gethostname()}:{os.getpid()}"
        delivery = Delivery(store, teams, owner=owner, clock=clock)
        background = Background()
        responders = Responders(teams)
        posting = Posting(store, delivery, background, responders, clock=clock)
        stack.push_async_callback(_write_misses, store)
        stack.push_async_callback(background.drain, _DRAIN_SECONDS)
        app = bolt(clients.plain(), teams)
        directory = Directory(
            teams, admins=settings.admin_user_ids, clock=clock, is_shared=settings.is_shared
        )
        fetcher, reader = await _open_feeds(stack, settings, clock)
        poller = Poller(
            store,
            fetcher,
            reader,
            metrics,
            owner=owner,
            every=timedelta(minutes=settings.feeds_minutes),
            clock=clock,
            admins=directory.listed_admins(),
        )
        uninstalls = (
            Uninstalls(store.installations, store.idempotency, teams, clock=clock)
            if settings.is_shared
            else None
        )
        slack = Slack(
            teams=teams,
            directory=directory,
            responders=responders,
            background=background,
            files=Files(teams, proxy_for=settings.proxy_for),
            posting=posting,
            uninstalls=uninstalls,
        )
        options = Options(
            clock=clock,
            corpus_path=settings.corpus_dir,
            is_watched=settings.corpus_watch,
            keep_misses=timedelta(days=settings.misses_days),
            feeds=Discovery(fetcher, reader),
            has_agent_view=settings.agent_view,
            has_workflow_steps=settings.workflow_steps,
            anyone_may_skip=settings.anyone_may_skip,
            warns_of_samples=not is_demo,
        )
        CommandPrefix.used = settings.command_prefix
        register(app, store, slack, options)
        yield Parley(
            app=app,
            store=store,
            ticker=_ticker(store, slack, poller, settings, clock, metrics),
            posting=posting,
            poller=poller,
            background=background,
            intake=Intake(app, metrics, proxy_for=settings.proxy_for),
            directory=directory,
            install=install,
        )


async def _open_feeds(
    stack: AsyncExitStack, settings: Settings, clock: Clock
) -> tuple[Fetcher, FeedReader]:
    fetcher = await stack.enter_async_context(
        Fetcher.open(
            Addresses(settings.feeds_allow),
            clock=clock,
            proxy_for=settings.proxy_for,
            contact=settings.feeds_contact,
        )
    )
    reader = FeedReader()
    stack.callback(reader.close)
    return fetcher, reader


def _ticker(
    store: Store, slack: Slack, poller: Poller, settings: Settings, clock: Clock, metrics: Metrics
) -> Ticker:
    """Return the ticker of what the bot does by itself.

    What depends on the time waits while the clock is in doubt.
    """
    checks = (
        ChannelChecks(store.schedules, slack.directory, clock=clock).check,
        OwnerChecks(store.schedules, slack.directory, clock=clock).check,
    )
    expiry = Expiry(
        store,
        keep_misses=timedelta(days=settings.misses_days),
        keep_posts=timedelta(days=settings.posts_days),
        clock=clock,
    )
    timed: list[Job] = [
        ScheduleChecks(store.schedules, checks, clock).run,
        slack.posting.run,
        expiry.run,
        PostSummary(store.statistics, clock=clock).run,
        poller.run,
        ReplyCounter(store.reply_counts, slack.teams, clock=clock).run,
    ]
    if slack.uninstalls:
        metrics.watch_tokens(slack.uninstalls.without_token)
        timed.append(slack.uninstalls.run)
    # Another process may load a corpus too: from a terminal, or as a replica.
    jobs: list[Job] = [store.revisions.follow, store.misses.write]
    if isinstance(clock, CheckedClock):
        timed = [clock.unless_in_doubt(job) for job in timed]
    if isinstance(clock, FollowingClock | CheckedClock):
        jobs.insert(0, clock.read)
    return Ticker([*jobs, *timed], clock=clock)


async def load_first(store: Store, settings: Settings, clock: Clock) -> None:
    """Load the corpus folder if no corpus was ever loaded; raises `CorpusInvalidError`."""
    if store.corpus.revision is not None:
        if not settings.corpus_dir.exists():
            log.warning(
                "CORPUS_DIR is %s, which does not exist: the stories that were loaded before stay,"
                " and cannot be reloaded",
                settings.corpus_dir,
            )
        return
    try:
        reload = await store.loads.reload(settings.corpus_dir, by="terminal", at=clock())
    except ParleyError:
        # Another process that started at the same time may have loaded it first.
        await store.revisions.follow()
        if store.corpus.revision is None:
            raise
    else:
        log.info("loaded %d articles", reload.revision.articles)
        for problem in reload.problems[:_MOST_PROBLEMS]:
            log.warning("not loaded: %s", problem)


async def serve(
    settings: Settings,
    *,
    clock: Clock,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
    closing: Callable[[], None] = lambda: None,
    is_demo: bool = False,
) -> None:
    """Run the bot until *stop* is set, then close everything in order.

    *ready* is called once requests are accepted, and *closing* once they no longer are. Raises what
    `assemble` raises, and `SocketLostError`. *is_demo* is passed on to `assemble`.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    metrics, health = Metrics(), Health()
    health.add_check("start", broken("not ready yet"))
    opened: list[Store] = []

    async def metrics_page() -> bytes:
        return await metrics.page(opened[0] if opened else None, clock())

    async with AsyncExitStack() as stack:
        if settings.status_port:
            await stack.enter_async_context(
                status_pages(settings.status_port, health, metrics_page)
            )
        stack.enter_context(suppress(StoppedError))
        parley = await stack.enter_async_context(
            assemble(settings, clock=clock, metrics=metrics, stop=stop, is_demo=is_demo)
        )
        opened.append(parley.store)
        stack.callback(opened.clear)
        entrance = _entrance(settings, parley, health, metrics, clock)
        add_readiness_checks(parley, entrance, health)
        if isinstance(clock, CheckedClock):
            health.add_check("clock", clock.problem)
            metrics.watch_clock(lambda: clock.ahead)
        ticking = asyncio.create_task(parley.ticker.run(), name="ticker")
        stack.push_async_callback(_end, ticking, parley)
        embedding = asyncio.create_task(
            Ticker([parley.store.embedder.run]).run(), name="embeddings"
        )
        stack.push_async_callback(_cancel, embedding)
        if settings.corpus_watch:
            folder = WatchedFolder(
                parley.store,
                settings.corpus_dir,
                admins=parley.directory.listed_admins(),
                clock=clock,
            )
            watching = asyncio.create_task(folder.watch(stop), name="watch")
            stack.push_async_callback(_cancel, watching)
        stack.callback(closing)
        # What is loaded now mostly stays: without this, each full collection of garbage would look
        # at the whole corpus again, and stop all threads meanwhile.
        gc.collect()
        gc.freeze()
        await entrance.run(stop, ready)
        log.info("stopping")


def _entrance(
    settings: Settings, parley: Parley, health: Health, metrics: Metrics, clock: Clock
) -> HttpMode | SocketMode:
    if settings.is_http and settings.port is not None:
        return HttpMode(
            parley.intake,
            signing_secret=settings.slack_signing_secret,
            address=settings.port,
            trusted_proxies=settings.trusted_proxies,
            # Slack signs by its own clock, whatever clock is followed.
            clock=clock if isinstance(clock, CheckedClock) else system_clock,
            health=health,
            metrics=metrics,
            install=parley.install,
        )
    return SocketMode(
        parley.intake,
        parley.app.client,
        app_token=settings.slack_app_token,
        metrics=metrics,
        proxy_for=settings.proxy_for,
    )


def add_readiness_checks(parley: Parley, entrance: HttpMode | SocketMode, health: Health) -> None:
    """Replace the start-up check with the readiness checks."""

    async def database() -> str | None:
        try:
            await parley.store.statistics.ping()
        except DatabaseError as error:
            return str(error)
        return None

    async def corpus() -> str | None:
        return None if parley.store.corpus.revision else "nothing is loaded"

    health.add_check("database", database, keep=_DATABASE_SECONDS)
    health.add_check("corpus", corpus)
    health.add_check("start", _passes)
    if isinstance(entrance, SocketMode):
        health.add_check("socket", entrance.problem)
        health.seconds_since = entrance.seconds_since


async def _passes() -> str | None:
    return None


async def _write_misses(store: Store) -> None:
    """Store the last counts of search misses, if the database answers soon."""
    try:
        async with asyncio.timeout(_CANCEL_SECONDS):
            await store.misses.write()
    except Exception as error:  # noqa: BLE001 -- nothing may keep the rest from being closed
        log.warning("the last search misses could not be stored: %s", reason(error))


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task], timeout=_CANCEL_SECONDS)


async def _end(ticking: "asyncio.Task[None]", parley: Parley) -> None:
    """Wait for posts being sent; a cancelled one is reconciled at the next start."""
    parley.posting.stop()
    parley.poller.stop()
    parley.ticker.stop()
    # Wait for answers and posts together: one after the other would take too long.
    draining = asyncio.create_task(parley.background.drain(_DRAIN_SECONDS), name="drain")
    await asyncio.wait([ticking], timeout=_DRAIN_SECONDS)
    if not ticking.done():
        log.warning("cancelled posts at shutdown")
        await _cancel(ticking)
    await draining
