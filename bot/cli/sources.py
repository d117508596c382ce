"""The commands about feeds: list, add, remove, pause, resume, refresh, keep, import, export."""

import argparse
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import datetime

from bot.cli.context import EX_CONFIG, command_settings, command_store
from bot.cli.load_report import format_revision
from bot.cli.terminal import say
from bot.clock import system_clock
from bot.feeds.addresses import Addresses
from bot.feeds.discovery import Discovery
from bot.feeds.fetching import Fetcher
from bot.feeds.reading import FeedReader
from bot.settings import Settings
from handlers.views.message import counted
from handlers.views.sources import changed, imported, kept, state
from store import open_store
from store.sources.opml import MAX_BYTES, read_opml, write_opml
from store.types import FOLDER, ParleyError

_SOON = "as soon as the bot runs"


async def show(_: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the sources: how many stories each has, and how its polls go."""
    async with command_store(environ, is_looking=True) as store:
        feeds, stories = await store.sources.all(), await store.sources.stories()
        say(f"folder: {counted(stories.get(FOLDER, 0), 'story')}")
        for feed in feeds:
            facts = state(feed, stories.get(feed.id, 0), _at, soon=_SOON)
            say(f"{feed.name} {feed.url}\n  {facts}")
        if not feeds:
            say("There are no feeds yet: python -m bot sources add ADDRESS")
    return 0


async def add(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Find the feed at an address, and add it."""
    settings = command_settings(environ)
    async with open_store(settings.database_url) as store:
        # First, because a request can take most of a minute.
        await store.sources.require_new(arguments.address)
        async with _discovery(settings) as discovery:
            found = await discovery.find_feed(arguments.address)
        feed = await store.sources.add(
            found.url,
            title=found.title,
            now=system_clock(),
            keep_days=arguments.days,
            keep_stories=arguments.stories,
        )
    say(
        f"Added {feed.name} ({feed.url}), with {counted(found.stories, 'story')} now. It is polled"
        f" {_SOON}."
    )
    return 0


async def change(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Remove, pause, resume or refresh a feed."""
    async with command_store(environ) as store:
        feed = await store.sources.find(arguments.feed)
        feed, removed = await store.feed_loads.change(
            feed.id, arguments.what, by="terminal", at=system_clock()
        )
        undo = "python -m bot undo"
        say(changed(feed.name, arguments.what, removed, soon=_SOON, undo=undo))
    return 0


async def history(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what the last polls of a feed changed."""
    async with command_store(environ, is_looking=True) as store:
        feed = await store.sources.find(arguments.feed)
        revisions = await store.loads.history(source=feed.id)
        for revision in revisions:
            say(format_revision(revision))
        if not revisions:
            say(f"No poll of {feed.name} has changed a story yet.")
    return 0


async def keep(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Set how long or how many stories of a feed are kept."""
    async with command_store(environ) as store:
        feed = await store.sources.find(arguments.feed)
        changed = await store.sources.keep(feed.id, days=arguments.days, stories=arguments.stories)
        if changed is None:
            raise ParleyError("That feed is no longer there.")
        await store.sources.refresh_now(feed.id, now=system_clock())
        say(f"From its next poll on, {feed.name} {kept(changed) or 'keeps all its stories'}.")
    return 0


async def import_list(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Add the feeds of a list in OPML."""
    try:
        with arguments.file.open("rb") as file:
            outlines = read_opml(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ParleyError(f"{arguments.file} cannot be read: {error.strerror}.") from error
    settings = command_settings(environ)
    async with open_store(settings.database_url) as store, _discovery(settings) as discovery:
        outcome = await store.sources.add_list(outlines, check=discovery.check, now=system_clock())
    say(imported(outcome, str, most=len(outlines)))
    return EX_CONFIG if outcome.refused else 0


async def export_list(_: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the feeds as OPML."""
    async with command_store(environ, is_looking=True) as store:
        if sys.stdout:
            sys.stdout.write(write_opml(await store.sources.all()))
    return 0


@asynccontextmanager
async def _discovery(settings: Settings) -> AsyncIterator[Discovery]:
    with closing(FeedReader()) as reader:
        async with Fetcher.open(
            Addresses(settings.feeds_allow),
            clock=system_clock,
            proxy_for=settings.proxy_for,
            contact=settings.feeds_contact,
        ) as fetcher:
            yield Discovery(fetcher, reader)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
