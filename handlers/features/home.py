"""App Home: one page for each person, published when they open it and something has changed."""

import json
from collections.abc import Callable
from datetime import date, datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import MODAL
from handlers.features.lookup import LookUp
from handlers.slack.api_errors import FAILURES
from handlers.slack.background import Background, answer
from handlers.slack.button_press import Press
from handlers.slack.directory import Directory
from handlers.slack.responders import Responders
from handlers.slack.teams import Teams
from handlers.views import home as views
from store import Store
from store.types import ParleyError, PostState, Schedule

_LOOKED_AT = 20
"""Channels that are looked at for a question of today."""


class Home:
    """Publishes App Home, and answers its search box and its pages."""

    def __init__(
        self,
        store: Store,
        lookup: LookUp,
        directory: Directory,
        responders: Responders,
        teams: Teams,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._lookup = lookup
        self._directory = directory
        self._responders = responders
        self._background = background
        self._clock = clock
        self._under_way: set[tuple[str, str]] = set()
        self._shown: dict[tuple[str, str], tuple[bytes, str]] = {}
        teams.when_dropped(self._drop)

    async def opened(self, event: dict[str, Any], context: dict[str, Any]) -> None:
        """Publish the page of whoever opens it.

        It is opened again and again: what it shows already is not published anew, and while one
        publishing is under way another would only show the same.
        """
        who = context["team_id"], event["user"]
        if event.get("tab") != "home" or who in self._under_way:
            return
        seen = (event.get("view") or {}).get("hash")
        self._background.start(self._publish(*who, seen=seen))

    async def turn(self, press: Press, respond: AsyncRespond) -> None:
        """Show another page of topics."""
        await self._publish(press.team_id, press.user_id, page=press.value.place)

    async def search(self, press: Press, respond: AsyncRespond) -> None:
        """Look up what was typed into the search box."""
        words = press.value.words
        shown = await self._lookup.answer(words, where=MODAL, count_for=press.team_id)
        await answer(respond, shown)

    async def _publish(
        self, team_id: str, user_id: str, *, page: int = 0, seen: str | None = None
    ) -> None:
        who = team_id, user_id
        self._under_way.add(who)
        try:
            try:
                await self._directory.require_reader(team_id, user_id)
                home = views.home(await self._contents(team_id, user_id, page))
            except ParleyError as error:
                home = views.closed(str(error))
            digest = blake2b(json.dumps(home).encode()).digest()
            if seen and self._shown.get(who) == (digest, seen):
                return
            shown = await self._responders.publish(*who, home, hash_=seen)
            if shown:
                self._shown[who] = digest, shown
        finally:
            self._under_way.discard(who)

    def _drop(self, team_id: str) -> None:
        self._shown = {who: one for who, one in self._shown.items() if who[0] != team_id}

    async def _contents(self, team_id: str, user_id: str, page: int) -> views.Contents:
        schedules = await self._schedules(team_id, user_id)
        is_keeper = await self._directory.is_keeper(team_id, user_id)
        return views.Contents(
            today=await self._today(team_id, user_id, schedules),
            topics=self._store.corpus.topics,
            page=page,
            schedules=schedules,
            coming=await self._store.planning.coming(schedules[: views.CHANNELS]),
            revision=self._store.corpus.revision,
            is_keeper=is_keeper,
            refusal=await self._store.refusals.last() if is_keeper else None,
        )

    async def _schedules(self, team_id: str, user_id: str) -> list[Schedule]:
        every = await self._store.schedules.list(team_id)
        if not every:
            return []
        try:
            theirs = await self._directory.channels(team_id, of=user_id)
        except FAILURES:
            return []
        return [schedule for schedule in every if schedule.channel_id in theirs]

    async def _today(
        self, team_id: str, user_id: str, schedules: list[Schedule]
    ) -> views.Today | None:
        """Give what a channel of theirs was asked today, or else one that stays for the day."""
        now = self._clock()
        for schedule in schedules[:_LOOKED_AT]:
            last = await self._store.posts.last_turn(team_id, schedule.channel_id, now=now)
            is_today = last and last.due_on == schedule.timetable.local_date(now)
            if last and is_today and last.state is PostState.SENT and last.article_id:
                article = await self._store.articles.get(last.article_id)
                if article:
                    return views.Today(article=article, channel_id=schedule.channel_id)
        zone = await self._directory.zone(team_id, user_id)
        today: date = now.astimezone(ZoneInfo(zone)).date()
        # A channel's order depends on its id alone, so a day's name gives the day's question.
        article = await self._store.choice.next(team_id, f"home:{today}")
        return views.Today(article=article, channel_id=None) if article else None
