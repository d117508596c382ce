"""/digest: a channel's daily question, when it comes and what comes next."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.background import Background, answer
from handlers.directory import Directory
from handlers.posting import Posting
from handlers.timetable import parse
from handlers.views import digest as views
from handlers.views.message import Message
from store import Store
from store.schedules import upcoming
from store.types import ParleyError, Schedule

_SHOWN = 5


class Digest:
    """Answers `/digest` and its words.

    Every word may ask Slack something first, so the answer comes by the response_url.
    """

    def __init__(
        self,
        store: Store,
        posting: Posting,
        directory: Directory,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._posting = posting
        self._directory = directory
        self._background = background
        self._clock = clock

    async def command(self, ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        """Do what the first word says."""
        await ack()
        self._background.start(self._run(command, respond), respond)

    async def _run(self, command: dict[str, Any], respond: AsyncRespond) -> None:
        word, _, rest = (command.get("text") or "").strip().partition(" ")
        match word.lower():
            case "on":
                shown = await self._on(command, rest)
            case "next":
                shown = await self._next(command)
            case "now":
                shown = await self._now(command)
            case "off":
                shown = await self._off(command)
            case "list":
                shown = await self._list(command)
            case "" | "help":
                shown = views.digest_help()
            case _:
                shown = views.digest_help(unknown=word)
        await answer(respond, shown)

    async def _on(self, command: dict[str, Any], words: str) -> Message:
        timetable = parse(words, zone=await self._directory.zone(command["user_id"]))
        await self._directory.require_member(command["channel_id"])
        schedule = await self._store.schedules.set(
            team_id=command["team_id"],
            channel_id=command["channel_id"],
            organiser_id=command["user_id"],
            timetable=timetable,
            now=self._clock(),
        )
        return views.is_on(schedule, (await self._upcoming(schedule))[0])

    async def _next(self, command: dict[str, Any]) -> Message:
        schedule = await self._schedule(command)
        return views.coming(schedule, await self._upcoming(schedule))

    async def _now(self, command: dict[str, Any]) -> Message:
        schedule = await self._schedule(command)
        await self._posting.today(schedule, user_id=command["user_id"])
        return views.posted_now((await self._upcoming(schedule))[0])

    async def _off(self, command: dict[str, Any]) -> Message:
        await self._schedule(command)
        await self._store.schedules.remove(command["team_id"], command["channel_id"])
        return views.is_off()

    async def _list(self, command: dict[str, Any]) -> Message:
        return views.schedules(await self._store.schedules.list(command["team_id"]))

    async def _schedule(self, command: dict[str, Any]) -> Schedule:
        schedule = await self._store.schedules.get(command["team_id"], command["channel_id"])
        if schedule is None:
            raise ParleyError("This channel has no daily question. Start one: `/digest on 09:30`.")
        return schedule

    async def _upcoming(self, schedule: Schedule) -> views.Turns:
        posts = await self._store.posts.turns(
            schedule.team_id, schedule.channel_id, since=schedule.next.due_on
        )
        taken = frozenset(post.due_on for post in posts if post.due_on)
        return upcoming(schedule, taken=taken, count=_SHOWN)
