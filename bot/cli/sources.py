"""The commands about feeds: list, add, remove, pause, resume, refresh, keep, import, export."""

import argparse
import sys
from collections.abc import Mapping
from datetime import datetime

from bot.cli.context import EX_CONFIG, command_settings, command_store
from bot.cli.load_report import format_revision
from bot.cli.terminal import complain, say
from bot.clock import system_clock
from bot.feeds.addresses import Addresses
from bot.feeds.discovery import Discovered, Discovery
from bot.feeds.fetching import Fetcher
from bot.feeds.reading import FeedReader
from bot.settings import Settings
from handlers.views.message import counted
from handlers.views.sources import kept, state
from store import Store, open_store
from store.sources.opml import MAX_BYTES, read_opml, write_opml
from store.types import FOLDER, ParleyError


async def show(_: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the sources: how many stories each has, and how its polls go."""
    async with command_store(environ, is_looking=True) as store:
        feeds, stories = await store.sources.all(), await store.sources.stories()
        say(f"folder: {counted(stories.get(FOLDER, 0), 'story')}")
        for feed in feeds:
            facts = [counted(stories.get(feed.id, 0), "story"), kept(feed), state(feed, _at)]
            say(f"{feed.name} {feed.url}\n  {'; '.join(filter(None, facts))}")
        if not feeds:
            say("There are no feeds yet: python -m bot sources add ADDRESS")
    return 0


async def add(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Find the feed at an address, and add it."""
    settings = command_settings(environ)
    found = await _find(arguments.address, settings)
    async with open_store(settings.database_url) as store:
        feed = await store.sources.add(
            found.url,
            title=found.title,
            now=system_clock(),
            keep_days=arguments.days,
            keep_stories=arguments.stories,
        )
    say(
        f"Added {feed.name} ({feed.url}), with {counted(found.stories, 'story')} now. The bot polls"
        " it within seconds if it runs."
    )
    return 0


async def change(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Remove, pause, resume or refresh a feed."""
    async with command_store(environ) as store:
        feed = await store.sources.find(arguments.feed)
        say(await _change(store, arguments.what, feed.id))
    return 0


async def _change(store: Store, what: str, source_id: str) -> str:
    now, sources = system_clock(), store.sources
    feed = await sources.get(source_id)
    if feed is None:
        raise ParleyError("That feed is no longer there.")
    match what:
        case "pause":
            await sources.pause(feed.id, now=now)
            return f"Paused {feed.name}: its stories stay, and no new ones come."
        case "resume":
            await sources.resume(feed.id, now=now)
            return f"{feed.name} is polled again as soon as the bot runs."
        case "refresh":
            if not await sources.refresh_now(feed.id, now=now):
                raise ParleyError(f"{feed.name} is paused: resume it first.")
            return f"{feed.name} is polled as soon as the bot runs."
        case _:
            removed = await store.corpus.remove_feed(feed, by="terminal", at=now)
            if not removed:
                return f"Removed {feed.name}. It had no stories."
            return (
                f"Removed {feed.name}, with {counted(removed, 'story')}: `python -m bot undo`"
                " brings them back."
            )


async def history(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what the last polls of a feed changed."""
    async with command_store(environ, is_looking=True) as store:
        feed = await store.sources.find(arguments.feed)
        revisions = await store.corpus.history(source=feed.id)
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
    added, code = 0, 0
    async with open_store(command_settings(environ).database_url) as store:
        for url, title in outlines:
            try:
                await store.sources.add(url, title=title, now=system_clock())
                added += 1
            except ParleyError as error:
                complain(f"{url}: {error}")
                code = EX_CONFIG
    say(f"Added {counted(added, 'feed')} of {len(outlines):,}.")
    return code


async def export_list(_: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the feeds as OPML."""
    async with command_store(environ, is_looking=True) as store:
        if sys.stdout:
            sys.stdout.write(write_opml(await store.sources.all()))
    return 0


async def _find(written: str, settings: Settings) -> Discovered:
    reader = FeedReader()
    try:
        async with Fetcher.open(
            Addresses(settings.feeds_allow),
            clock=system_clock,
            proxy_for=settings.proxy_for,
            contact=settings.feeds_contact,
        ) as fetcher:
            return await Discovery(fetcher, reader).find_feed(written)
    finally:
        reader.close()


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
