"""The `/digest` form: a modal that checks and saves what a channel gets and when."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import time
from hashlib import blake2b
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import Value
from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_actions import ScheduleActions
from handlers.ids import Block, Field
from handlers.parsing.schedule_order import (
    LONGEST_TOPIC,
    MOST_DAYS,
    MOST_STORIES,
    MOST_TOPICS,
    order_of,
)
from handlers.parsing.timetable import WEEKDAYS, describe
from handlers.parsing.zones import is_zone, zones_like
from handlers.slack.api_errors import FAILURES
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Request, home_of, require_home
from handlers.slack.directory import UnknownPresenceError
from handlers.slack.payloads import Interaction
from handlers.views import schedule as views
from handlers.views.message import message
from handlers.views.modal import View, field_errors, updated, window
from store import Store
from store.types import (
    ChannelId,
    Found,
    News,
    Order,
    ParleyError,
    PostKind,
    Schedule,
    TeamId,
    Timetable,
    UserId,
)

_DEFAULT_TIME = time(9, 30)
_DEFAULT_STORIES = 3
_CHECK_SECONDS = 1.5
"""How long to wait for Slack's answers about a channel: a submitted modal waits three seconds."""
_ZONE_SECONDS = 1.0
"""How long to wait for a person's time zone: the trigger that opens the modal expires soon."""
_MAX_OPTIONS = 20
"""How many topics the typeahead offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The values of a submitted form."""

    channel_id: ChannelId
    order: Order
    initial: Value
    """The state that the form was opened with."""

    @property
    def is_known(self) -> bool:
        """Whether the form was opened for a fixed channel and has no channel field."""
        return bool(self.initial.channel_id)


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleForm:
    """The listeners for the form: opening it, its typeahead and its submission."""

    store: Store
    slack: Slack
    options: Options
    actions: ScheduleActions

    async def open(
        self,
        request: Request,
        channel_id: ChannelId,
        *,
        is_known: bool = False,
        on_top: bool = False,
    ) -> None:
        """Open the form, filled in with the channel's current schedule if there is one.

        *is_known* fixes the channel: the form then has no channel field. *on_top* opens it on top
        of the modal that holds the pressed button. Raises `ParleyError` if the trigger expired
        before the form was open.
        """
        team_id = request.team_id
        schedule = await self.store.schedules.get(team_id, channel_id)
        if schedule:
            order, note = _shown(order_of(schedule)), views.waits(schedule)
        else:
            order, note = await self._default_order(team_id, request.user_id), None
        view = self._view(order, channel_id, schedule, note, is_known=is_known)
        await self.slack.responders.require_open(team_id, request.trigger_id, view, on_top=on_top)

    def _view(
        self,
        order: Order,
        channel_id: ChannelId,
        schedule: Schedule | None,
        note: str | None,
        *,
        is_known: bool,
    ) -> View:
        """Return the form with *order*, the current *schedule*'s fingerprint, and a *note*."""
        return views.schedule(
            order,
            channel_id=channel_id,
            is_known=is_known,
            mark=_fingerprint(schedule),
            note=note,
            has_samples=self.actions.has_samples,
            now=self.options.clock(),
        )

    async def pressed(self, press: Press, _: AsyncRespond) -> None:
        """Open the form for the channel in which the button was pressed."""
        await self.open(press, press.channel_id, on_top=bool(press.view_id))

    async def topics(self, ack: AsyncAck, payload: dict[str, Any]) -> None:
        """Answer the typeahead with matching topics, and with the typed words themselves."""
        typed = " ".join(str(payload.get("value") or "").split())
        completed = self.store.corpus.complete(typed, limit=_MAX_OPTIONS)
        known = {topic.lower() for topic in completed}
        own = [typed] if typed and typed.lower() not in known else []
        await ack(options=views.topic_options([*completed, *own]))

    async def zones(self, ack: AsyncAck, body: Interaction, payload: dict[str, Any]) -> None:
        """Answer the typeahead with the time zones that match the typed words."""
        own = await self._zone(home_of(body), body["user"]["id"])
        now = self.options.clock()
        zones = zones_like(str(payload.get("value") or ""), own=own)
        await ack(options=[views.zone_option(zone, now=now) for zone in zones])

    async def submitted(self, ack: AsyncAck, body: Interaction, view: dict[str, Any]) -> None:
        """Save the submitted form, or show an error at each field that is wrong."""
        user_id = body["user"]["id"]
        try:
            team_id, before = require_home(body), None
            submission, errors = _parse(view)
            if submission:
                before = await self.store.schedules.get(team_id, submission.channel_id)
                errors = await self._problems(submission, before, team_id, user_id)
        except ParleyError as error:
            await ack(**updated(window(message(str(error)))))
            return
        if errors or submission is None:
            await ack(**field_errors(errors))
            return
        if note := _conflict(submission, before):
            order, channel_id = submission.order, submission.channel_id
            shown = self._view(order, channel_id, before, note, is_known=submission.is_known)
            await ack(**updated(shown))
            return
        # An admin who edits somebody's schedule does not become its owner, unless it has none.
        owner_id = (before.owner_id if before and submission.is_known else None) or user_id
        respond = self.slack.responders.modal(team_id, view["id"])

        async def work() -> None:
            by = await self.slack.directory.full_member(team_id, user_id)
            shown = await self.actions.set_up(
                submission.channel_id, order=submission.order, by=by, owner_id=owner_id
            )
            await answer(respond, shown)

        await ack(**updated(window(message("Saving …"))))
        self.slack.background.start(work(), respond)

    async def _problems(
        self, submission: Submission, before: Schedule | None, team_id: TeamId, user_id: UserId
    ) -> dict[str, str]:
        """Return the problems of well-formed values: {block_id: sentence}."""
        errors: dict[str, str] = {}
        for topic in submission.order.topics:
            if not isinstance(await self.store.corpus.find(topic, limit=1), Found):
                errors[Block.TOPICS] = f"I have no story on “{topic}”: please take it out."
        channel_id = submission.channel_id
        if problem := await self._channel_problem(channel_id, before, team_id, user_id):
            # A form for a fixed channel has no channel field, so show the error at the time.
            at = Block.TIME if submission.is_known else Block.CHANNEL
            errors[at] = problem
        return errors

    async def _channel_problem(
        self, channel_id: ChannelId, before: Schedule | None, team_id: TeamId, user_id: UserId
    ) -> str | None:
        """Return why that person cannot set up the channel; None if there is no known reason.

        A missing or late answer from Slack about the person is a reason. A missing answer about
        Parley is not, because `ChannelChecks` asks again before each post.
        """
        until = asyncio.get_running_loop().time() + _CHECK_SECONDS
        try:
            async with asyncio.timeout_at(until):
                member = await self.slack.directory.full_member(team_id, user_id)
                if not (before and self.actions.is_owner_or_admin(before, member)):
                    await self.slack.directory.require_present(team_id, user_id, channel_id)
            with suppress(TimeoutError, *FAILURES):
                async with asyncio.timeout_at(until):
                    await self.slack.directory.require_parley_in(team_id, channel_id)
        except ParleyError as error:
            return str(error)
        except (TimeoutError, *FAILURES):
            return str(UnknownPresenceError())
        return None

    async def _default_order(self, team_id: TeamId, user_id: UserId) -> Order:
        zone = await self._zone(team_id, user_id)
        timetable = Timetable(at=_DEFAULT_TIME, weekdays=WEEKDAYS, zone=zone)
        return Order(timetable=timetable, stories=_DEFAULT_STORIES)

    async def _zone(self, team_id: TeamId, user_id: UserId) -> str:
        """Return the person's time zone; UTC if Slack does not say it soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ZONE_SECONDS):
                return await self.slack.directory.zone(team_id, user_id)
        return "UTC"


def _shown(order: Order) -> Order:
    """Return the order with the number of stories that the form shows for a question."""
    is_digest = order.kind is PostKind.DIGEST
    return order if is_digest else replace(order, stories=_DEFAULT_STORIES)


def _fingerprint(schedule: Schedule | None) -> str:
    """Return a hash of the schedule's state; "" if the channel has no schedule."""
    if schedule is None:
        return ""
    state = (
        schedule.channel_id,
        schedule.owner_id,
        describe(schedule.timetable),
        schedule.kind,
        schedule.stories,
        schedule.topics,
        schedule.max_age_days,
        schedule.news,
        schedule.paused_until,
        schedule.stopped,
    )
    return blake2b(repr(state).encode(), digest_size=12).hexdigest()


def _conflict(submission: Submission, before: Schedule | None) -> str | None:
    """Return a note on how the schedule changed since the form was opened; None if it did not."""
    if before and _fingerprint(before) != submission.initial.key:
        return views.replaces(before)
    if before is None and submission.is_known:
        return views.ended(submission.channel_id) if submission.initial.key else None
    return None


def _parse(view: dict[str, Any]) -> tuple[Submission | None, dict[str, str]]:
    """Parse a submitted form: (submission or None, {block_id: error}).

    A client may send anything, so every value is checked.
    """
    values = view["state"]["values"]
    errors: dict[str, str] = {}

    def chosen(block: Block, field: Field, name: str) -> Any:
        return values.get(block, {}).get(field, {}).get(name)

    initial = Value.decode(view["private_metadata"])
    channel_id = initial.channel_id or chosen(Block.CHANNEL, Field.CHANNEL, "selected_conversation")
    if not channel_id:
        errors[Block.CHANNEL] = "Choose a channel."
    try:
        at = time.fromisoformat(str(chosen(Block.TIME, Field.TIME, "selected_time")))
    except ValueError:
        at, errors[Block.TIME] = _DEFAULT_TIME, "Choose a time."
    days = chosen(Block.WEEKDAYS, Field.WEEKDAYS, "selected_options") or ()
    weekdays = frozenset(
        day for day in range(7) if any(option["value"] == str(day) for option in days)
    )
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
    news = str((chosen(Block.NEWS, Field.NEWS, "selected_option") or {}).get("value"))
    if is_digest and news not in {*News}:
        errors[Block.NEWS] = "Choose which stories a digest may have."
    age = str((chosen(Block.MAX_AGE, Field.MAX_AGE, "selected_option") or {}).get("value"))
    if age not in {str(days) for days in range(MOST_DAYS + 1)}:
        errors[Block.MAX_AGE] = "Choose how old stories may be."
    topics = chosen(Block.TOPICS, Field.TOPICS, "selected_options") or ()
    if errors:
        return None, errors
    order = Order(
        timetable=Timetable(at=at, weekdays=weekdays, zone=zone),
        kind=PostKind.DIGEST if is_digest else PostKind.QUESTION,
        stories=int(stories) if is_digest else 1,
        news=News(news) if is_digest else News.ANY,
        max_age_days=int(age) or None,
        topics=tuple(dict.fromkeys(topic["value"][:LONGEST_TOPIC] for topic in topics))[
            :MOST_TOPICS
        ],
    )
    return Submission(channel_id=channel_id, order=order, initial=initial), {}
