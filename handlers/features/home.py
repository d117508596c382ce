"""App Home: a page for each person, published when they open it and its content has changed."""

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from zoneinfo import ZoneInfo

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import MODAL
from handlers.features.dependencies import Options, Slack
from handlers.features.lookup import LookUp
from handlers.features.talk import Talk
from handlers.parsing.small_talk import SmallTalk
from handlers.slack.api_errors import FAILURES
from handlers.slack.background import answer
from handlers.slack.button_press import Press
from handlers.slack.payloads import Context, Event
from handlers.views import home as views
from handlers.views.small_talk import small_talk
from store import Store
from store.types import ChannelId, ParleyError, PostState, Schedule, TeamId, UserId

_MAX_CHANNELS = 20
"""How many channels to check for a question that was posted today."""


@dataclass(slots=True, eq=False)
class Home:
    """The listeners for App Home: opening it, its search box and its page buttons."""

    store: Store
    slack: Slack
    options: Options
    lookup: LookUp
    talk: Talk
    _publishing: set[tuple[TeamId, UserId]] = field(default_factory=set, init=False)
    """(team_id, user_id) of each person whose page is being published."""
    _shown: dict[tuple[TeamId, UserId], tuple[bytes, str]] = field(default_factory=dict, init=False)
    """{(team_id, user_id): (our digest of the page, Slack's hash of it)}."""

    def __post_init__(self) -> None:
        self.slack.teams.when_dropped(self._drop)

    async def opened(self, event: Event, context: Context) -> None:
        """Publish the page of the person who opens it.

        People open the page often: do nothing if it shows the current content already or is being
        published at the moment.
        """
        who = context["team_id"], event["user"]
        if event.get("tab") != "home" or who in self._publishing:
            return
        seen = (event.get("view") or {}).get("hash")
        self.slack.background.start(self._publish(*who, seen=seen))

    async def page(self, press: Press, _: AsyncRespond) -> None:
        """Show another page of topics."""
        await self._publish(press.team_id, press.user_id, page=press.value.place)

    async def search(self, press: Press, respond: AsyncRespond) -> None:
        """Look up the words typed into the search box."""
        who = press.team_id, press.user_id
        asked = await self.lookup.understood(press.value.words)
        if isinstance(asked, SmallTalk):
            is_guest = await self.slack.directory.is_guest(*who)
            examples = self.lookup.examples()
            shown = small_talk(asked, examples, where=MODAL, is_guest=is_guest)
        else:
            is_admin = await self.slack.directory.is_corpus_admin(*who)
            shown = await self.lookup.answer(
                asked, where=MODAL, count_for=press.team_id, is_admin=is_admin
            )
        await answer(respond, shown)

    async def _publish(
        self, team_id: TeamId, user_id: UserId, *, page: int = 0, seen: str | None = None
    ) -> None:
        who = team_id, user_id
        self._publishing.add(who)
        try:
            try:
                await self.slack.directory.require_reader(team_id, user_id)
                home = views.home(await self._contents(team_id, user_id, page))
            except ParleyError as error:
                home = views.closed(str(error))
            digest = blake2b(json.dumps(home).encode()).digest()
            if seen and self._shown.get(who) == (digest, seen):
                return
            shown = await self.slack.responders.publish(*who, home, hash_=seen)
            if shown:
                self._shown[who] = digest, shown
        finally:
            self._publishing.discard(who)

    def _drop(self, team_id: TeamId) -> None:
        self._shown = {who: shown for who, shown in self._shown.items() if who[0] != team_id}

    async def _contents(self, team_id: TeamId, user_id: UserId, page: int) -> views.Contents:
        known = await self._schedules(team_id, user_id)
        schedules = known or []
        is_corpus_admin = await self.slack.directory.is_corpus_admin(team_id, user_id)
        return views.Contents(
            today=await self._today(team_id, user_id, schedules),
            topics=self.store.corpus.topics,
            page=page,
            schedules=schedules,
            is_unsure=known is None,
            coming=await self.store.planning.coming(
                schedules[: views.CHANNELS], now=self.options.clock()
            ),
            talk=await self.talk.of(
                team_id, user_id, [schedule.channel_id for schedule in schedules]
            ),
            revision=self.store.corpus.revision,
            is_corpus_admin=is_corpus_admin,
            is_guest=await self.slack.directory.is_guest(team_id, user_id),
            failed_load=await self.store.failed_loads.last() if is_corpus_admin else None,
            unasked=await self.store.articles.count_unasked() if is_corpus_admin else 0,
            feeds=await self.store.sources.all() if is_corpus_admin else (),
        )

    async def _schedules(self, team_id: TeamId, user_id: UserId) -> list[Schedule] | None:
        """Return the schedules of the person's channels; None if Slack cannot say."""
        schedules = await self.store.schedules.list(team_id)
        if not schedules:
            return []
        try:
            channel_ids = await self.slack.directory.recent_channels(team_id, user_id)
            # A channel in which somebody has just set up a schedule may be new to them.
            if not channel_ids.issuperset(
                one.channel_id for one in schedules if one.owner_id == user_id
            ):
                channel_ids = await self.slack.directory.channels(team_id, of=user_id)
        except FAILURES:
            return None
        return [schedule for schedule in schedules if schedule.channel_id in channel_ids]

    async def _today(
        self, team_id: TeamId, user_id: UserId, schedules: list[Schedule]
    ) -> views.Today | None:
        """Return the question that one of the person's channels got today.

        If no channel got one, return a question that stays the same for the day.
        """
        now = self.options.clock()
        for schedule in schedules[:_MAX_CHANNELS]:
            last = await self.store.posts.last_scheduled(schedule, now=now)
            is_today = last and last.due_on == schedule.timetable.local_date(now)
            if last and is_today and last.state is PostState.SENT and last.article_id:
                article = await self.store.articles.get(last.article_id)
                if article:
                    return views.Today(article=article, channel_id=schedule.channel_id)
        zone = await self.slack.directory.zone(team_id, user_id)
        today = now.astimezone(ZoneInfo(zone)).date()
        # The order of questions depends on the channel id alone: with the date in its place,
        # everybody gets the same question all day.
        article = await self.store.choice.next(team_id, ChannelId(f"home:{today}"))
        return views.Today(article=article, channel_id=None) if article else None
