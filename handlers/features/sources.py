"""`/corpus sources`: the feeds, for admins."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.features.dependencies import Options, Slack
from handlers.mrkdwn import plain
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Pressed, Request
from handlers.slack.error_replies import require_first
from handlers.views import sources as views
from handlers.views.message import Message, counted
from store import Store
from store.sources.opml import read_opml
from store.types import FeedSource, ParleyError, TeamId, UserId

_LIMIT = re.compile(r"(\d{1,6}) (days?|stor(?:y|ies))")
_ALL = ("all", "everything")
_NAMED = 10
"""How many feeds of a list that were refused are named."""


@contextmanager
def _escaping() -> Iterator[None]:
    """Escape the sentence of an error: it may quote names and addresses from outside."""
    try:
        yield
    except ParleyError as error:
        raise ParleyError(plain(str(error), 1000)) from error


@dataclass(frozen=True, slots=True, eq=False)
class SourcesAdmin:
    """Answers `/corpus sources` and its buttons; the caller has checked the permission."""

    store: Store
    slack: Slack
    options: Options

    async def answer(self, typed: str, request: Request) -> Message:
        """Return the answer to `/corpus sources` and the words *typed* after it."""
        with _escaping():
            return await self._answer(typed, request)

    async def _answer(self, typed: str, request: Request) -> Message:
        word, _, rest = typed.strip().partition(" ")
        rest = rest.strip()
        match word.lower():
            case "add" if rest:
                return await self._add(rest, request)
            case "remove" | "pause" | "resume" | "refresh" as what if rest:
                feed = await self.store.sources.find(rest)
                return await self._list(await self._change(what, feed, request))
            case "history" if rest:
                feed = await self.store.sources.find(rest)
                loads = await self.store.corpus.history(source=feed.id)
                return views.loads(feed, loads)
            case "keep" if rest:
                return await self._list(await self._keep(rest))
            case "export" if not rest:
                return views.exported(await self.store.sources.all())
            case "" | "list" if not rest:
                return await self._list()
            case "help":
                return views.sources_help()
            case _ if word.lower() in views.WORDS:
                return views.sources_help()
        return await self._list(part=typed.strip())

    def pressed(self, what: str) -> Pressed:
        """Return a listener for a button that does *what* to the feed in its value."""

        async def listener(press: Press, respond: AsyncRespond) -> None:
            await self.slack.directory.require_corpus_admin(press.team_id, press.user_id)
            feed = await self.store.sources.get(press.value.key)
            if feed is None:
                raise ParleyError("That feed is no longer there.")
            with _escaping():
                note = await self._change(what, feed, press)
            await answer(respond, await self._list(note), replace=True)

        return listener

    async def add_list(self, data: bytes, team_id: TeamId, user_id: UserId) -> Message:
        """Add the feeds of a list in OPML for an admin, and return what was added."""
        added, known, refused = 0, 0, []
        there = {feed.url for feed in await self.store.sources.all()}
        with _escaping():
            outlines = read_opml(data)
        for url, title in outlines:
            try:
                feed = await self.store.sources.add(
                    url,
                    title=title,
                    now=self.options.clock(),
                    team_id=team_id,
                    added_by=user_id,
                )
                added += feed.url not in there
            except ParleyError as error:
                if "is there already" in str(error):
                    known += 1
                else:
                    refused.append(f"• {plain(url, 200)}: {plain(str(error), 200)}")
        note = f"{counted(added, 'feed')} added; the first stories come within minutes."
        if known:
            note += f" Already there: {counted(known, 'feed')} of the list."
        if refused:
            more = f"\n… and {len(refused) - _NAMED:,} more" if len(refused) > _NAMED else ""
            note += "\nNot added:\n" + "\n".join(refused[:_NAMED]) + more
        return await self._list(note)

    async def _add(self, written: str, request: Request) -> Message:
        find_feed = self.options.find_feed
        if find_feed is None:
            raise ParleyError("Feeds cannot be added here.")
        found = await find_feed(written)
        feed = await self.store.sources.add(
            found.url,
            title=found.title,
            now=self.options.clock(),
            team_id=request.team_id,
            added_by=request.user_id,
        )
        return await self._list(
            f"{views.name(feed)} is added, with {counted(found.stories, 'story')} now. They"
            " can be found in a moment, and new ones come by themselves. A story is asked once an"
            " admin has written its question."
        )

    async def _change(self, what: str, feed: FeedSource, request: Request) -> str:
        now, sources, name = self.options.clock(), self.store.sources, views.name(feed)
        match what:
            case "pause":
                await sources.pause(feed.id, now=now)
                return f"{name} is paused: its stories stay, and no new ones come."
            case "resume":
                await sources.resume(feed.id, now=now)
                return f"{name} is polled again, in a moment."
            case "refresh":
                if not await sources.refresh_now(feed.id, now=now):
                    raise ParleyError(f"{feed.name} is paused: resume it first.")
                return f"{name} is polled in a moment."
            case _:
                await require_first(
                    self.store.idempotency, request.team_id, request.trigger_id, now=now
                )
                by = self.slack.directory.name(request.team_id, request.user_id)
                removed = await self.store.corpus.remove_feed(feed, by=by, at=now)
                if not removed:
                    return f"{name} is removed. It had no stories."
                return (
                    f"{name} is removed, with {counted(removed, 'story')}. `/corpus undo` brings"
                    " them back."
                )

    async def _keep(self, typed: str) -> str:
        words = typed.split()
        days = stories = None
        if words[-1].lower() in _ALL:
            which = words[:-1]
        elif limit := _LIMIT.fullmatch(" ".join(words[-2:]).lower()):
            which = words[:-2]
            if limit[2].startswith("day"):
                days = int(limit[1])
            else:
                stories = int(limit[1])
        else:
            raise ParleyError(
                "Say for how long or how many: `keep example.com 30 days`, `keep example.com 100"
                " stories`, or `keep example.com all`."
            )
        if 0 in (days, stories):
            raise ParleyError("With nothing kept, nothing is found: pause or remove the feed.")
        feed = await self.store.sources.find(" ".join(which))
        kept = await self.store.sources.keep(feed.id, days=days, stories=stories)
        if kept is None:
            raise ParleyError("That feed is no longer there.")
        await self.store.sources.refresh_now(feed.id, now=self.options.clock())
        rule = views.kept(kept)
        return f"From its next poll on, {views.name(feed)} " + (
            f"{rule}. Older ones are neither found nor asked then; posts still show them."
            if rule
            else "keeps all its stories."
        )

    async def _list(self, note: str = "", *, part: str = "") -> Message:
        feeds = await self.store.sources.all()
        if part:
            folded = part.casefold()
            feeds = [feed for feed in feeds if folded in f"{feed.name} {feed.url}".casefold()]
            if not feeds:
                return views.sources_help(unknown=part)
        return views.sources(feeds, await self.store.sources.stories(), note=note, part=part)
