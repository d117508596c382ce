"""The modal of `/digest`: what a channel gets and when, checked field by field, and saved."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
from hashlib import blake2b
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import Value
from handlers.features.schedule_actions import Organise
from handlers.ids import Block, Field
from handlers.parsing.schedule_order import LONGEST_TOPIC, MOST_STORIES, MOST_TOPICS, Order
from handlers.parsing.timetable import WEEKDAYS, describe, is_zone, zones_like
from handlers.slack.api_errors import FAILURES
from handlers.slack.background import Background, answer
from handlers.slack.button_press import Press, require_home
from handlers.slack.directory import Directory, UnknownPresenceError
from handlers.slack.responders import Responders
from handlers.views import schedule as views
from handlers.views.message import message
from handlers.views.modal import View, window
from store import Store
from store.types import Found, ParleyError, PostKind, Schedule, Timetable

_MORNING = time(9, 30)
_STORIES = 3
_CHECK_SECONDS = 1.5
"""How long Slack may take to say what it knows of a channel; a modal waits for three seconds."""
_ZONE_SECONDS = 1.0
"""How long Slack may take to say in which zone somebody is, while a trigger runs out."""
_OFFERED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What somebody filled in."""

    channel_id: str
    order: Order
    start: Value
    """What the form started from."""

    @property
    def is_known(self) -> bool:
        """Say whether the form was for this channel alone."""
        return bool(self.start.channel_id)


class ScheduleForm:
    """Opens the modal, answers its type-ahead, and saves what is submitted."""

    def __init__(
        self,
        store: Store,
        organise: Organise,
        directory: Directory,
        responders: Responders,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._organise = organise
        self._directory = directory
        self._responders = responders
        self._background = background
        self._clock = clock

    async def open(
        self,
        trigger_id: str,
        *,
        team_id: str,
        user_id: str,
        channel_id: str,
        is_known: bool = False,
    ) -> None:
        """Open the modal, filled in with what the channel gets now, if anything.

        Raises `ParleyError` where Slack took too long for the modal to open.
        """
        schedule = await self._store.schedules.get(team_id, channel_id)
        order = _order_of(schedule) if schedule else await self._usual(team_id, user_id)
        view = views.schedule(
            order,
            channel_id=channel_id,
            is_known=is_known,
            mark=_mark(schedule),
            note=views.waits(schedule) if schedule else None,
            has_samples=self._organise.has_samples,
            now=self._clock(),
        )
        if await self._responders.open(team_id, trigger_id, view) is None:
            raise ParleyError("Slack took too long to open the form: please try again.")

    async def pressed(self, press: Press, respond: AsyncRespond) -> None:
        """Open the modal for the channel in which the button was pressed."""
        await self.open(
            press.trigger_id,
            team_id=press.team_id,
            user_id=press.user_id,
            channel_id=press.channel_id,
        )

    async def topics(self, ack: AsyncAck, payload: dict[str, Any]) -> None:
        """Offer the topics that what was typed may be the beginning of, and what was typed."""
        typed = " ".join(str(payload.get("value") or "").split())
        offered = self._store.corpus.complete(typed, limit=_OFFERED)
        known = {topic.lower() for topic in offered}
        own = [typed] if typed and typed.lower() not in known else []
        await ack(options=views.topic_options([*offered, *own]))

    async def zones(self, ack: AsyncAck, payload: dict[str, Any]) -> None:
        """Offer the time zones that what was typed may be the beginning of."""
        now = self._clock()
        zones = zones_like(str(payload.get("value") or ""))
        await ack(options=[views.zone_option(zone, now=now) for zone in zones])

    async def submitted(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        """Save what was filled in, or say beside each field what is wrong with it."""
        user_id = body["user"]["id"]
        try:
            team_id, before = require_home(body), None
            filled, errors = _read(view)
            if filled:
                before = await self._store.schedules.get(team_id, filled.channel_id)
                errors = await self._problems(filled, before, team_id, user_id)
        except ParleyError as error:
            await ack(response_action="update", view=window(message(str(error))))
            return
        if errors or filled is None:
            await ack(response_action="errors", errors=errors)
            return
        if note := _unseen(filled, before):
            await ack(response_action="update", view=self._again(filled, before, note))
            return
        # An admin who edits somebody's schedule does not become its owner, unless it has none.
        owner_id = (before.organiser_id if before and filled.is_known else None) or user_id
        respond = self._responders.modal(team_id, view["id"])

        async def work() -> None:
            by = await self._directory.full_member(team_id, user_id)
            shown = await self._organise.set_up(
                filled.channel_id, order=filled.order, by=by, owner_id=owner_id
            )
            await answer(respond, shown)

        await ack(response_action="update", view=window(message("Saving …")))
        self._background.start(work(), respond)

    def _again(self, filled: Filled, before: Schedule | None, note: str) -> View:
        return views.schedule(
            filled.order,
            channel_id=filled.channel_id,
            is_known=filled.is_known,
            mark=_mark(before),
            note=note,
            has_samples=self._organise.has_samples,
            now=self._clock(),
        )

    async def _problems(
        self, filled: Filled, before: Schedule | None, team_id: str, user_id: str
    ) -> dict[str, str]:
        """Say what is wrong with values that are well formed: {block_id: sentence}."""
        errors: dict[str, str] = {}
        for topic in filled.order.topics:
            if not isinstance(await self._store.corpus.find(topic, limit=1), Found):
                errors[Block.TOPICS] = f"I have no story on “{topic}”: please take it out."
        if problem := await self._channel_problem(filled.channel_id, before, team_id, user_id):
            # Where the channel is settled there is no field of it to tell the error at, and what
            # stands beside a field is no mrkdwn.
            at = Block.TIME if filled.is_known else Block.CHANNEL
            errors[at] = problem.replace("`", "")
        return errors

    async def _channel_problem(
        self, channel_id: str, before: Schedule | None, team_id: str, user_id: str
    ) -> str | None:
        """Say why that person cannot set the channel up; None where nothing is seen against it.

        Who they are has to be known. Whether Parley may post is also watched before each post.
        """
        until = asyncio.get_running_loop().time() + _CHECK_SECONDS
        try:
            async with asyncio.timeout_at(until):
                member = await self._directory.full_member(team_id, user_id)
                if not (before and self._organise.is_owner_or_admin(before, member)):
                    await self._directory.require_present(team_id, user_id, channel_id)
            with suppress(TimeoutError, *FAILURES):
                async with asyncio.timeout_at(until):
                    await self._directory.require_parley_in(team_id, channel_id)
        except ParleyError as error:
            return str(error)
        except (TimeoutError, *FAILURES):
            return str(UnknownPresenceError())
        return None

    async def _usual(self, team_id: str, user_id: str) -> Order:
        zone = "UTC"
        with suppress(TimeoutError):
            async with asyncio.timeout(_ZONE_SECONDS):
                zone = await self._directory.zone(team_id, user_id)
        timetable = Timetable(at=_MORNING, weekdays=WEEKDAYS, zone=zone)
        return Order(timetable=timetable, stories=_STORIES)


def _order_of(schedule: Schedule) -> Order:
    stories = schedule.stories if schedule.kind is PostKind.DIGEST else _STORIES
    return Order(
        timetable=schedule.timetable,
        kind=schedule.kind,
        stories=stories,
        topics=schedule.topics,
    )


def _mark(schedule: Schedule | None) -> str:
    """Tell one state of a channel's schedule from another; "" for none."""
    if schedule is None:
        return ""
    what = (
        schedule.channel_id,
        schedule.organiser_id,
        describe(schedule.timetable),
        schedule.kind,
        schedule.stories,
        schedule.topics,
        schedule.paused_until,
        schedule.stopped,
    )
    return blake2b(repr(what).encode(), digest_size=12).hexdigest()


def _unseen(filled: Filled, before: Schedule | None) -> str | None:
    """Say what saving would undo that was not there when the form opened; None for nothing."""
    if before and _mark(before) != filled.start.key:
        return views.replaces(before)
    if before is None and filled.is_known:
        return views.ended(filled.channel_id) if filled.start.key else None
    return None


def _read(view: dict[str, Any]) -> tuple[Filled | None, dict[str, str]]:
    """Read the fields: what was filled in, or what is wrong where.

    A client may send anything, so that nothing is taken as it comes.
    """
    values = view["state"]["values"]
    errors: dict[str, str] = {}

    def chosen(block: Block, field: Field, name: str) -> Any:
        return values.get(block, {}).get(field, {}).get(name)

    start = Value.decode(view["private_metadata"])
    channel_id = start.channel_id or chosen(Block.CHANNEL, Field.CHANNEL, "selected_conversation")
    if not channel_id:
        errors[Block.CHANNEL] = "Choose a channel."
    try:
        at = time.fromisoformat(str(chosen(Block.TIME, Field.TIME, "selected_time")))
    except ValueError:
        at, errors[Block.TIME] = _MORNING, "Choose a time."
    days = chosen(Block.WEEKDAYS, Field.WEEKDAYS, "selected_options") or ()
    weekdays = frozenset(day for day in range(7) if any(one["value"] == str(day) for one in days))
    if not weekdays:
        errors[Block.WEEKDAYS] = "Choose at least one day."
    zone = str((chosen(Block.ZONE, Field.ZONE, "selected_option") or {}).get("value"))
    if not is_zone(zone):
        errors[Block.ZONE] = "Choose a time zone."
    kind = (chosen(Block.KIND, Field.KIND, "selected_option") or {}).get("value")
    is_digest = kind == PostKind.DIGEST
    stories = str((chosen(Block.STORIES, Field.STORIES, "selected_option") or {}).get("value"))
    if is_digest and stories not in {str(count) for count in range(1, MOST_STORIES + 1)}:
        errors[Block.STORIES] = f"A digest has 1 to {MOST_STORIES} stories."
    topics = chosen(Block.TOPICS, Field.TOPICS, "selected_options") or ()
    if errors:
        return None, errors
    order = Order(
        timetable=Timetable(at=at, weekdays=weekdays, zone=zone),
        kind=PostKind.DIGEST if is_digest else PostKind.QUESTION,
        stories=int(stories) if is_digest else 1,
        topics=tuple(dict.fromkeys(one["value"][:LONGEST_TOPIC] for one in topics))[:MOST_TOPICS],
    )
    return Filled(channel_id=channel_id, order=order, start=start), {}
