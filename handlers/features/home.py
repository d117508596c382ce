"""App Home: a page for each person, published when they open it and its content has changed."""

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
from store.types import ChannelId, ParleyError, PostState, Schedule, TeamId, UserId

_MAX_CHANNELS = 20
"""How many channels to check for a question that was posted today."""


class Home:
    """The listeners for App Home: opening it, its search box and its page buttons."""

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
        self._publishing: set[tuple[TeamId, UserId]] = set()
        """(team_id, user_id) of each person whose page is being published."""
        self._shown: dict[tuple[TeamId, UserId], tuple[bytes, str]] = {}
        """{(team_id, user_id): (our digest of the page, Slack's hash of it)}."""
        teams.when_dropped(self._drop)

    async def opened(self, event: dict[str, Any], context: dict[str, Any]) -> None:
        """Publish the page of the person who opens it.

        People open the page often: do nothing if it shows the current content already or is being
        published at the moment.
        """
        who = context["team_id"], event["user"]
        if event.get("tab") != "home" or who in self._publishing:
            return
        seen = (event.get("view") or {}).get("hash")
        self._background.start(self._publish(*who, seen=seen))

    async def page(self, press: Press, respond: AsyncRespond) -> None:
        """Show another page of topics."""
        await self._publish(press.team_id, press.user_id, page=press.value.place)

    async def search(self, press: Press, respond: AsyncRespond) -> None:
        """Look up the words typed into the search box."""
        words = press.value.words
        shown = await self._lookup.answer(words, where=MODAL, count_for=press.team_id)
        await answer(respond, shown)

    async def _publish(
        self, team_id: TeamId, user_id: UserId, *, page: int = 0, seen: str | None = None
    ) -> None:
        who = team_id, user_id
        self._publishing.add(who)
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
            self._publishing.discard(who)

    def _drop(self, team_id: TeamId) -> None:
        self._shown = {who: shown for who, shown in self._shown.items() if who[0] != team_id}

    async def _contents(self, team_id: TeamId, user_id: UserId, page: int) -> views.Contents:
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
            failed_load=await self._store.failed_loads.last() if is_keeper else None,
        )

    async def _schedules(self, team_id: TeamId, user_id: UserId) -> list[Schedule]:
        """Return the schedules of the person's channels; none if Slack cannot say."""
        schedules = await self._store.schedules.list(team_id)
        if not schedules:
            return []
        try:
            channel_ids = await self._directory.channels(team_id, of=user_id)
        except FAILURES:
            return []
        return [schedule for schedule in schedules if schedule.channel_id in channel_ids]

    async def _today(
        self, team_id: TeamId, user_id: UserId, schedules: list[Schedule]
    ) -> views.Today | None:
        """Return the question that one of the person's channels got today.

        If there is none, return a question that stays the same for the day.
        """
        now = self._clock()
        for schedule in schedules[:_MAX_CHANNELS]:
            last = await self._store.posts.last_scheduled(team_id, schedule.channel_id, now=now)
            is_today = last and last.due_on == schedule.timetable.local_date(now)
            if last and is_today and last.state is PostState.SENT and last.article_id:
                article = await self._store.articles.get(last.article_id)
                if article:
                    return views.Today(article=article, channel_id=schedule.channel_id)
        zone = await self._directory.zone(team_id, user_id)
        today: date = now.astimezone(ZoneInfo(zone)).date()
        # The order of questions depends on the channel id alone: with the date in its place,
        # everybody gets the same question all day.
        article = await self._store.choice.next(team_id, ChannelId(f"home:{today}"))
        return views.Today(article=article, channel_id=None) if article else None
