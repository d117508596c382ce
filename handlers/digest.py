"""/digest: a channel's daily question or digest, when it comes and what comes next."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.background import Background, answer
from handlers.dates import parse_date, parse_dates
from handlers.directory import Directory
from handlers.mrkdwn import unescape
from handlers.order import parse_order
from handlers.organise import Organise
from handlers.posting import Posting
from handlers.views import digest as views
from handlers.views.message import Message
from store import Store
from store.types import FOREVER, ParleyError, Schedule

_SHOWN = 5
_UNTIL = re.compile(r"^until +", re.IGNORECASE)


class Digest:
    """Answers `/digest` and its words.

    Every word may ask Slack something first, so the answer comes by the response_url.
    """

    def __init__(
        self,
        store: Store,
        posting: Posting,
        organise: Organise,
        directory: Directory,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._posting = posting
        self._organise = organise
        self._directory = directory
        self._background = background
        self._clock = clock

    async def command(self, ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        """Do what the first word says."""
        await ack()
        self._background.start(self._run(command, respond), respond)

    async def _run(self, command: dict[str, Any], respond: AsyncRespond) -> None:
        word, _, rest = unescape(command.get("text") or "").strip().partition(" ")
        await answer(respond, await self._answer(command, word, rest.strip()))

    async def _answer(self, command: dict[str, Any], word: str, rest: str) -> Message:
        match word.lower():
            case "on":
                return await self._on(command, rest)
            case "list":
                return views.schedules(await self._store.schedules.list(command["team_id"]))
            case "" | "help":
                return views.digest_help()
            case "next" | "preview" | "now" | "off" | "skip" | "unskip" | "pause" | "resume":
                where = command["team_id"], command["channel_id"]
                schedule = await self._organise.schedule(*where)
                return await self._about(schedule, command, word.lower(), rest)
            case _:
                return views.digest_help(unknown=word)

    async def _about(
        self, schedule: Schedule, command: dict[str, Any], word: str, rest: str
    ) -> Message:
        user_id = command["user_id"]
        today = schedule.timetable.local_date(self._clock())
        match word:
            case "next":
                return await self._next(schedule, user_id)
            case "preview":
                return await self._preview(schedule)
            case "now":
                return await self._now(schedule, command, rest)
            case "skip":
                dates = parse_dates(rest, today=today)
                return await self._organise.skip(schedule, dates, by=user_id)
            case "unskip":
                return await self._organise.unskip(schedule, parse_dates(rest, today=today))
            case "pause":
                words = _UNTIL.sub("", rest)
                until = parse_date(words, today=today) if words else FOREVER
                return await self._organise.pause(schedule, until)
            case "resume":
                return await self._organise.resume(schedule, by=user_id)
            case _:
                await self._store.schedules.remove(schedule.team_id, schedule.channel_id)
                return views.is_off()

    async def _on(self, command: dict[str, Any], words: str) -> Message:
        order = parse_order(words, zone=await self._directory.zone(command["user_id"]))
        await self._directory.require_member(command["channel_id"])
        schedule = await self._store.schedules.set(
            team_id=command["team_id"],
            channel_id=command["channel_id"],
            organiser_id=command["user_id"],
            timetable=order.timetable,
            kind=order.kind,
            stories=order.stories,
            topics=order.topics,
            now=self._clock(),
        )
        is_empty = await self._store.planning.preview(schedule) is None
        turns = await self._store.planning.upcoming(schedule, 1)
        return views.is_on(schedule, turns, is_empty=is_empty)

    async def _next(self, schedule: Schedule, user_id: str) -> Message:
        turns = await self._store.planning.upcoming(schedule, _SHOWN)
        last = await self._store.posts.last_turn(
            schedule.team_id, schedule.channel_id, now=self._clock()
        )
        chosen = await self._store.planning.preview(schedule)
        zone = await self._directory.zone(user_id)
        return views.coming(schedule, turns, zone=zone, last=last, chosen=chosen)

    async def _preview(self, schedule: Schedule) -> Message:
        chosen = await self._store.planning.preview(schedule)
        if chosen is None:
            raise ParleyError("There is no story to choose from.")
        articles = await self._store.articles.get_many(chosen.article_ids)
        turns = await self._store.planning.upcoming(schedule, 1)
        return views.preview(schedule, turns, articles)

    async def _now(self, schedule: Schedule, command: dict[str, Any], rest: str) -> Message:
        is_todays = rest.lower() in ("today", "as today", "as today's", "for today", "today's")
        if rest and not is_todays:
            raise ParleyError(
                "It is `/digest now` for one more, or `/digest now today` as today's."
            )
        # A trigger is one person's one command: sent to us twice, it is the same post.
        key = (
            None
            if is_todays
            else f"{schedule.team_id}:{schedule.channel_id}:now:{command['trigger_id']}"
        )
        await self._posting.now(schedule, user_id=command["user_id"], key=key)
        turns = await self._store.planning.upcoming(schedule, 1)
        return views.posted_now(turns, is_todays=is_todays)
