"""`/corpus sources`: the feeds, for admins."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import assert_never

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.features.dependencies import FindsFeeds, Options, Slack
from handlers.mrkdwn import plain
from handlers.parsing.sub_commands import SourcesWord
from handlers.parsing.words import nearest as nearest_word
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Request
from handlers.slack.error_replies import require_first
from handlers.views import sources as views
from handlers.views.message import Message
from store import Store
from store.sources.opml import read_opml
from store.sources.sources import nearest
from store.types import FeedChange, ParleyError, TeamId, UserId

_RULE = re.compile(
    r"(.+?) (?:(?:for )?(?:(\d{1,4}|an?|one) ?(d|days?|w|weeks?|months?|y|years?|stor(?:y|ies))"
    r"|all|ever|everything))",
    re.IGNORECASE,
)
"""A feed, and how long or how many of its stories are kept."""
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
"""The days of a unit, by its first letter."""


@contextmanager
def _escaping() -> Iterator[None]:
    """Escape the sentence of an error, and keep what it quotes from outside from formatting it."""
    try:
        yield
    except ParleyError as error:
        raise ParleyError(plain(str(error).replace("*", ""), 1000)) from error


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
        typed = typed.strip()
        first, _, rest = typed.partition(" ")
        rest = rest.strip()
        match word := SourcesWord.read(first):
            case None if first.lower() == "help":
                return views.sources_help()
            case None:
                return await self._list(part="" if typed.lower() == "list" else typed)
            case SourcesWord.EXPORT:
                return views.exported(await self.store.sources.all())
            case _ if not rest:
                return views.ask_which(word, await self.store.sources.all())
            case SourcesWord.ADD:
                return await self._add(rest, request)
            case SourcesWord.KEEP:
                return await self._list(await self._keep(rest))
            case SourcesWord.HISTORY:
                feed = await self.store.sources.find(rest)
                loads = await self.store.loads.history(source=feed.id)
                return views.loads(feed, loads)
            case SourcesWord.REMOVE | SourcesWord.PAUSE | SourcesWord.RESUME | SourcesWord.REFRESH:
                feed = await self.store.sources.find(rest)
                return await self._list(await self._change(FeedChange(word), feed.id, request))
            case _:
                assert_never(word)

    async def menu(self, press: Press, respond: AsyncRespond) -> None:
        """Change a feed as chosen in its menu; to remove it takes one more press."""
        await self.slack.directory.require_corpus_admin(press.team_id, press.user_id)
        source_id, chosen = press.value.key, press.value.words
        feed = await self.store.sources.get(source_id)
        if feed and chosen == FeedChange.REMOVE:
            stories = (await self.store.sources.stories()).get(source_id, 0)
            await answer(respond, views.confirm_removal(feed, stories), replace=True)
            return
        note = ""
        if chosen in set(FeedChange):
            with _escaping():
                note = await self._change(FeedChange(chosen), source_id, press)
        await answer(respond, await self._list(note), replace=True)

    async def remove(self, press: Press, respond: AsyncRespond) -> None:
        """Remove a feed after the question of `confirm_removal`."""
        await self.slack.directory.require_corpus_admin(press.team_id, press.user_id)
        with _escaping():
            note = await self._change(FeedChange.REMOVE, press.value.key, press)
        await answer(respond, await self._list(note), replace=True)

    async def add_list(self, data: bytes, team_id: TeamId, user_id: UserId) -> Message:
        """Add the feeds of a list in OPML for an admin, and return what was added."""
        with _escaping():
            outcome = await self.store.sources.add_list(
                read_opml(data),
                check=self._feeds.check,
                now=self.options.clock(),
                team_id=team_id,
                added_by=user_id,
            )
        return await self._list(views.imported(outcome, lambda text: plain(text, 200)))

    @property
    def _feeds(self) -> FindsFeeds:
        if self.options.feeds is None:
            raise ParleyError("Feeds cannot be added here.")
        return self.options.feeds

    async def _add(self, written: str, request: Request) -> Message:
        # First, because a request can take most of a minute.
        await self.store.sources.require_new(written)
        found = await self._feeds.find_feed(written)
        feed = await self.store.sources.add(
            found.url,
            title=found.title,
            now=self.options.clock(),
            team_id=request.team_id,
            added_by=request.user_id,
        )
        return await self._list(
            f"{views.added(views.name(feed), found.stories)} New ones come by themselves. A story"
            " is asked once an admin has written its question."
        )

    async def _change(self, change: FeedChange, source_id: str, request: Request) -> str:
        now = self.options.clock()
        if change is FeedChange.REMOVE:
            await require_first(
                self.store.idempotency, request.team_id, request.trigger_id, now=now
            )
        by = self.slack.directory.name(request.team_id, request.user_id)
        feed, removed = await self.store.feed_loads.change(source_id, change, by=by, at=now)
        return views.changed(views.name(feed), change, removed)

    async def _keep(self, typed: str) -> str:
        rule = _RULE.fullmatch(typed)
        if rule is None:
            raise ParleyError(
                "Say for how long or how many: `keep example.com 30 days`, `keep example.com 100"
                " stories`, or `keep example.com all`."
            )
        which, count, unit = rule.groups()
        days = stories = None
        if unit:
            amount = int(count) if count.isdecimal() else 1
            if not amount:
                raise ParleyError("To keep none of its stories, remove the feed.")
            if unit.lower().startswith("s"):
                stories = amount
            else:
                days = amount * _DAYS[unit[0].lower()]
        feed = await self.store.sources.find(which)
        kept = await self.store.sources.keep(feed.id, days=days, stories=stories)
        if kept is None:
            raise ParleyError("That feed is no longer there.")
        await self.store.sources.refresh_now(feed.id, now=self.options.clock())
        which_stay = views.kept(kept)
        return f"From its next poll on, {views.name(feed)} " + (
            f"{which_stay}. Older ones are neither found nor asked then; posts still show them."
            if which_stay
            else "keeps all its stories."
        )

    async def _list(self, note: str = "", *, part: str = "") -> Message:
        feeds = await self.store.sources.all()
        if part:
            folded, every = part.casefold(), feeds
            feeds = [feed for feed in every if folded in f"{feed.name} {feed.url}".casefold()]
            if not feeds:
                word, _, rest = part.partition(" ")
                near = nearest(every, part)
                guess = nearest_word(word, sorted(SourcesWord))
                meant = f"{guess} {rest}".strip() if guess else near.name if near else ""
                return views.sources_help(unknown=part, meant=meant)
        return views.sources(feeds, await self.store.sources.stories(), note=note, part=part)
