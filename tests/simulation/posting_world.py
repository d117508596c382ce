"""The world of posting: three schedules a channel, people who change them, and a lossy Slack."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime, time, timedelta
from itertools import chain
from typing import Any

from handlers.jobs.delivery import Delivery
from handlers.jobs.posting import Posting
from handlers.slack.background import Background
from handlers.slack.people import FullMember
from handlers.slack.responders import Responders
from handlers.slack.teams import Bot as SlackBot
from handlers.slack.teams import Teams
from store import Store, types
from store.articles.by_id import Articles
from store.guards.installed import Installed
from store.posting.choice import Choice
from store.posting.planning import Planning, occurrence_key
from store.posting.posts import Posts
from store.posting.record import NewPost
from store.posting.schedules import Schedules
from store.types import (
    Answer,
    ChannelId,
    Nothing,
    ParleyError,
    PostKind,
    PostState,
    Revision,
    Schedule,
    TeamId,
    Timetable,
    UserId,
)
from tests.simulation.database import SharedDatabase
from tests.simulation.faults import Faults
from tests.simulation.promises import broken_posts, broken_schedules
from tests.simulation.slack import BOT_ID, Client, Sent, SimulatedSlack
from tests.simulation.world import Process, World

TEAM = TeamId("T1")
_BEAT = 5.0
"""Five times as slow as the real bot: a beat in which nothing is due only costs time."""
Slot = tuple[ChannelId, str]
"""A channel, and the name of one of its schedules."""
NAMES = ("first", "second", "third")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


class _Finder:
    """A corpus without look-ups: no schedule of the simulation has topics."""

    revision: Revision | None = None

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Find nothing."""
        return Nothing(topics=())


class Poster(Process):
    """A bot that posts."""

    def __init__(self, world: "PostingWorld", name: str) -> None:
        super().__init__(world, name)
        installed, finder = Installed(self.database, is_shared=False), _Finder()
        parts: dict[str, Any] = dict.fromkeys(Store.__dataclass_fields__)
        parts |= {
            "corpus": finder,
            "articles": Articles(self.database),
            "choice": Choice(self.database),
            "schedules": Schedules(self.database, installed),
            "planning": Planning(self.database, installed, finder),
            "posts": Posts(self.database, installed),
        }
        self.store = Store(**parts)
        client: Any = Client(world.slack, self._call, self.require_alive)
        bot = SlackBot(bot_id=BOT_ID, user_id=UserId("UBOT"), token="token")

        async def find(team_id: TeamId) -> SlackBot:
            return bot

        teams = Teams(find, asking=lambda _: client, posting=lambda _: client, only=TEAM)
        delivery = Delivery(self.store, teams, owner=self.name, clock=self.clock)
        background, responders = Background(), Responders(teams)
        self.posting = Posting(self.store, delivery, background, responders, clock=self.clock)
        self.posting.beat = _BEAT

    async def schedule(self, slot: Slot) -> Schedule | None:
        """Return the schedule of this name in its channel; None if it has ended."""
        channel_id, name = slot
        schedules = await self.store.schedules.of_channel(TEAM, channel_id)
        return next((one for one in schedules if one.name == name), None)

    async def _call(self) -> None:
        """Begin a call to Slack, during which the process may be killed, or soon after it."""
        await self.step("slack")
        if self.world.faults.happens("crash in call"):
            after = self.world.faults.between("time in call", 0, 12)
            self.world.loop.call_later(after, self.world.kill, self)

    async def work(self) -> None:
        """Plan and send what is due."""
        await self.posting.run()


Order = Callable[[Poster], Awaitable[object]]


class PostingWorld(World):
    """Every occurrence of a schedule becomes one message, or has a visible reason."""

    what = "posts"
    due = (
        "SELECT MIN(at) FROM (SELECT next_at AS at FROM schedule UNION ALL"
        " SELECT not_before FROM post WHERE state IN ('planned', 'sending', 'unknown'))"
    )

    def __init__(self, database: SharedDatabase, faults: Faults, *, days: int) -> None:
        super().__init__(database, faults, days=days)
        self.slack = SimulatedSlack(faults, self.began, self._note_message)
        channels = [ChannelId(f"C{number}") for number in range(faults.whole("channels", 1, 3))]
        self._slots = [(channel, name) for channel in channels for name in NAMES]
        self._ordered: dict[Slot, datetime] = {}
        """When somebody last changed a schedule, or tried to."""

    def _note_message(self, sent: Sent) -> None:
        self.note(sent.channel, f"{sent.ts} {sent.thread_ts} {sent.key}")

    def make(self, name: str) -> Process:
        """Return a new bot."""
        return Poster(self, name)

    def begin(self) -> None:
        """Create the schedules of every channel."""
        for slot in self._slots:
            self._order(self._set(slot), slot)

    def trouble(self) -> Iterable[Awaitable[None]]:
        """Return the outages of Slack, the closed channels, and the people."""
        return self._slack_away(), self._removals(), self._people()

    def repair(self) -> None:
        """Make Slack answer, and open every channel to the bots."""
        self.slack.is_away = False
        self.slack.closed.clear()

    async def check(self) -> tuple[int, Iterable[str]]:
        """Return the number of posts, and what is wrong with posts and schedules."""
        posts = {row["key"]: row for row in self.fetch("SELECT * FROM post ORDER BY key")}
        schedules = self.fetch("SELECT * FROM schedule ORDER BY channel_id, name")
        return len(posts), chain(
            broken_posts(posts, self.slack, now=self.now()),
            broken_schedules(posts, schedules, since=self._ordered, now=self.now()),
        )

    async def _slack_away(self) -> None:
        async for _ in self.now_and_then("slack away", days=3):
            self.slack.is_away = True
            # At most 3 hours: after two, a post comes too late, and every minute costs calls.
            await asyncio.sleep(self.length() * 3 / 8)
            self.slack.is_away = False

    async def _removals(self) -> None:
        async for _ in self.now_and_then("removed", days=5):
            self.slack.closed.add("C1")
            await asyncio.sleep(self.length() * 6)
            self.slack.closed.clear()

    # --- orders of people ----------------------------------------------------------------------

    async def _people(self) -> None:
        async for _ in self.now_and_then("order", days=0.5):
            slot = self._slots[self.faults.whole("which", 0, len(self._slots) - 1)]
            orders = (
                *(self._set, self._pause, self._resume, self._remove),
                *(self._skip, self._unskip, self._post_now, self._post_now),
            )
            self._order(orders[self.faults.whole("order", 0, len(orders) - 1)](slot), slot)

    def _order(self, order: Order, slot: Slot) -> None:
        """Start an order at one of the bots."""
        process = self.any_process()
        if not isinstance(process, Poster):
            return
        poster = process

        async def carry_out() -> None:
            with suppress(ParleyError):
                await order(poster)
            self._ordered[slot] = self.now()
            self.wake()

        self._ordered[slot] = self.now()
        poster.begin(carry_out)

    def _set(self, slot: Slot) -> Order:
        draw, (channel, name) = self.faults, slot
        days = frozenset(day for day in range(7) if draw.number("weekday") < 0.7) or frozenset({0})
        at = time(draw.whole("hour", 0, 23), draw.whole("minute", 0, 59))
        timetable = Timetable(at=at, weekdays=days, zone=ZONES[draw.whole("zone", 0, 4)])
        kind = PostKind.DIGEST if draw.number("kind") < 0.3 else PostKind.QUESTION
        stories = 3 if kind is PostKind.DIGEST else 1

        async def set_(process: Poster) -> None:
            before = await process.schedule(slot)
            await process.store.schedules.set(
                team_id=TEAM,
                channel_id=channel,
                owner_id=UserId("U1"),
                order=types.Order(timetable=timetable, name=name, kind=kind, stories=stories),
                now=process.clock(),
                schedule_id=before.id if before else "",
            )

        return set_

    def _pause(self, slot: Slot) -> Order:
        until = self.now().date() + timedelta(days=self.faults.whole("pause", 1, 4))

        async def pause(process: Poster) -> None:
            if schedule := await process.schedule(slot):
                await process.store.schedules.pause(schedule, until=until)

        return pause

    def _resume(self, slot: Slot) -> Order:
        async def resume(process: Poster) -> None:
            if schedule := await process.schedule(slot):
                await process.store.schedules.resume(schedule)

        return resume

    def _remove(self, slot: Slot) -> Order:
        async def remove(process: Poster) -> None:
            if schedule := await process.schedule(slot):
                await process.store.schedules.remove(schedule)

        return remove

    def _skip(self, slot: Slot) -> Order:
        async def skip(process: Poster) -> None:
            if schedule := await process.schedule(slot):
                new_post = NewPost(
                    key=occurrence_key(schedule, schedule.next.due_on),
                    team_id=TEAM,
                    channel_id=schedule.channel_id,
                    kind=schedule.kind,
                    state=PostState.SKIPPED,
                    error="skipped",
                    schedule_id=schedule.id,
                    due_on=schedule.next.due_on,
                    due_at=schedule.next.due_at,
                )
                await process.store.posts.skip(new_post, now=process.clock())

        return skip

    def _unskip(self, slot: Slot) -> Order:
        async def unskip(process: Poster) -> None:
            if schedule := await process.schedule(slot):
                key = occurrence_key(schedule, schedule.next.due_on)
                await process.store.posts.unskip(TEAM, key)

        return unskip

    def _post_now(self, slot: Slot) -> Order:
        key = None
        if self.faults.number("kind of now") < 0.5:
            key = f"{TEAM}:{slot[0]}:extra:{self.faults.number('key')}"
        by = FullMember(team_id=TEAM, user_id=UserId("U1"), is_admin=False, is_guest=False)

        async def post(process: Poster) -> None:
            if schedule := await process.schedule(slot):
                await process.posting.now(schedule, by=by, key=key)

        return post
