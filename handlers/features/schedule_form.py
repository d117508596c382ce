"""The `/digest` form: a modal that checks and saves what a channel gets and when."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any
from weakref import WeakValueDictionary

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import NO_CHANNEL, Value, is_direct
from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_actions import ScheduleActions
from handlers.ids import Block, Field
from handlers.parsing.cadence import read_weeks
from handlers.parsing.holiday_words import read_region
from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_names import read_name
from handlers.parsing.schedule_order import (
    LONGEST_TOPIC,
    MOST_DAYS,
    MOST_STORIES,
    MOST_TOPICS,
    order_of,
    parse_order_at,
    write_order,
)
from handlers.parsing.timetable import WEEKDAYS
from handlers.parsing.zones import is_zone, zones_like
from handlers.slack.api_errors import FAILURES
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Request, home_of, require_reader
from handlers.slack.directory import NotReadyError, UnknownPresenceError
from handlers.slack.payloads import Interaction
from handlers.views import schedule_form as views
from handlers.views.blocks import Element
from handlers.views.command_buttons import fingerprint, is_same
from handlers.views.message import message
from handlers.views.modal import View, field_errors, updated, window
from store import Store
from store.posting.names import without_default_name
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
_CHECK_SECONDS = 1.5
"""How long to wait for Slack's answers about a channel: a submitted modal waits three seconds."""
_JOIN_SECONDS = 0.5
"""How long to wait then for whether Parley can join the channel."""
_OPENING_SECONDS = 1.0
"""How long to wait for Slack to say who a person is: the trigger that opens the modal expires."""
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

    @property
    def joins(self) -> bool:
        """Whether the form said that saving joins the channel."""
        return self.initial.words == self.channel_id


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleForm:
    """The listeners for the form: opening it, its typeahead and its submission."""

    store: Store
    slack: Slack
    options: Options
    actions: ScheduleActions
    _updating: WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )
    """{the id of a view: held while the view is updated}."""

    async def open(
        self,
        request: Request,
        channel_id: ChannelId,
        schedule: Schedule | None = None,
        *,
        words: str = "",
        on_top: bool = False,
    ) -> None:
        """Open the form: filled in with *schedule* to edit it, or for a new one in the channel.

        *words* are those of an order, as after `/digest on`: a new schedule has what they say.
        *on_top* opens it on top of the modal that holds the pressed button. Raises `ParleyError`
        for guests, and if the trigger expired before the form was open.
        """
        team_id = request.team_id
        with suppress(TimeoutError):
            async with asyncio.timeout(_OPENING_SECONDS):
                await self.slack.directory.full_member(team_id, request.user_id)
        if schedule:
            order, shown = order_of(schedule), [schedule]
            note = views.before_editing(schedule, request.user_id)
        else:
            order, note = await self._order(team_id, request.user_id, words), None
            is_here = channel_id == request.channel_id
            # The channel of a button comes from the client, so its schedules are shown on saving.
            shown = [*await self.store.schedules.of_channel(team_id, channel_id)] * is_here
            note = views.ADDS if shown else None
        value = Value(
            channel_id=channel_id if schedule else NO_CHANNEL,
            schedule_id=schedule.id if schedule else "",
            origin=request.channel_id,
            key=fingerprint(shown),
        )
        others = () if schedule else views.others(shown, words, request.user_id, value.origin)
        view = self._view(order, channel_id, value, note, others)
        await self.slack.responders.require_open(team_id, request.trigger_id, view, on_top=on_top)

    def _view(
        self,
        order: Order,
        channel_id: ChannelId,
        value: Value,
        note: str | None,
        others: Sequence[Element] = (),
    ) -> View:
        """Return the form with *order*, its state *value*, a *note* and the lines of *others*."""
        return views.schedule(
            without_default_name(order),
            channel_id=channel_id,
            value=value,
            note=note,
            others=others,
            has_samples=self.actions.has_samples,
            now=self.options.clock(),
        )

    async def pressed(self, press: Press, _: AsyncRespond) -> None:
        """Open the form for the channel in which the button was pressed.

        With the id of a schedule, the button is in the form, which then changes that schedule.
        """
        if press.value.schedule_id:
            await self._replace(press)
            return
        await self.open(press, press.place, words=press.value.words, on_top=bool(press.view_id))

    async def _replace(self, press: Press) -> None:
        """Show a schedule in the open form as ordered: it keeps only its name and its owner."""
        schedule = await self.actions.schedule(press.team_id, press.value)
        by = await self.slack.directory.full_member(press.team_id, press.user_id)
        await self.actions.rights.require(schedule, by)
        order = await self._order(press.team_id, press.user_id, press.value.words)
        order = replace(order, name=order.name or without_default_name(order_of(schedule)).name)
        value = Value(
            channel_id=schedule.channel_id,
            schedule_id=schedule.id,
            origin=press.value.origin,
            key=fingerprint([schedule]),
        )
        view = self._view(
            order, schedule.channel_id, value, views.takes_place(schedule, press.user_id)
        )
        await self.slack.responders.update(press.team_id, press.view_id, view)

    async def kind_chosen(self, ack: AsyncAck, body: Interaction) -> None:
        """Show the fields of a digest while a digest is chosen, and hide them for a question."""
        await ack()
        view = body["view"]
        kind = str((body["actions"][0].get("selected_option") or {}).get("value"))
        turn = self._updating.setdefault(view["id"], asyncio.Lock())

        async def work() -> None:
            shown = views.of_kind(view, kind)
            # Of two quick choices, the later one stays.
            async with turn:
                await self.slack.responders.update(home_of(body), view["id"], shown)

        self.slack.background.start(work())

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
            team_id = await require_reader(self.slack.directory, body)
            before, is_outside = None, False
            schedules: Sequence[Schedule] = ()
            submission, errors = _parse(view, self.options.clock())
            if submission:
                of_channel = self.store.schedules.of_channel
                schedules = await of_channel(team_id, submission.channel_id)
                edited = submission.initial.schedule_id
                before = next((one for one in schedules if one.id == edited), None)
                errors, is_outside = await self._problems(
                    submission, before, schedules, team_id, user_id
                )
        except ParleyError as error:
            await ack(**updated(window(message(str(error)))))
            return
        if errors or submission is None:
            await ack(**field_errors(errors))
            return
        channel_id, initial = submission.channel_id, submission.initial
        others: Sequence[Element] = ()
        if note := _conflict(submission, before, schedules):
            shown = [before] if before else [] if submission.is_known else schedules
            initial = replace(initial, key=fingerprint(shown))
            if not submission.is_known:
                words = write_order(submission.order) or ""
                others = views.others(schedules, words, user_id, initial.origin)
        elif is_outside and not submission.joins:
            note, initial = views.joins(channel_id), replace(initial, words=channel_id)
        if note:
            view = self._view(submission.order, channel_id, initial, note, others)
            await ack(**updated(view))
            return
        order = _with_first(submission.order, before)

        async def work() -> None:
            by = await self.slack.directory.full_member(team_id, user_id)
            if submission.joins:
                await self.slack.directory.join(channel_id, by=by)
            shown = await self.actions.set_up(
                channel_id,
                order=order,
                by=by,
                schedule_id=initial.schedule_id,
                # The form says whose schedule it is.
                is_confirmed=True,
            )
            await answer(respond, shown)

        respond = self._responder(team_id, initial.origin, user_id)
        await ack()
        self.slack.background.start(work(), respond)

    def _responder(self, team_id: TeamId, origin: ChannelId, user_id: UserId) -> AsyncRespond:
        """Return a responder that answers where the form was opened, or in a direct message."""
        if not origin or is_direct(origin):
            return self.slack.responders.direct(team_id, user_id, None)
        return self.slack.responders.whisper(team_id, origin, user_id, None)

    async def _problems(
        self,
        submission: Submission,
        before: Schedule | None,
        schedules: Sequence[Schedule],
        team_id: TeamId,
        user_id: UserId,
    ) -> tuple[dict[str, str], bool]:
        """Return the problems of well-formed values: {block_id: sentence}.

        And whether Parley is not in the channel and can join it. *before* is the edited one of the
        channel's *schedules*; None for a new one.
        """
        errors: dict[str, str] = {}
        for topic in submission.order.topics:
            if not isinstance(await self.store.corpus.find(topic, limit=1), Found):
                errors[Block.TOPICS] = f"I have no story on “{topic}”: please take it out."
        channel_id, is_outside = submission.channel_id, False
        # A form for a fixed channel has no channel field, so show the error at the time.
        field = Block.TIME if submission.is_known else Block.CHANNEL
        try:
            await self._require_channel(channel_id, before, team_id, user_id)
        except NotReadyError as error:
            is_outside = await self._can_join(team_id, channel_id)
            if not is_outside:
                errors[field] = str(error)
        except ParleyError as error:
            # Only those who may change a channel's schedules learn what they are.
            return {**errors, field: str(error)}, False
        name = submission.order.name
        if any(one.name == name and one is not before for one in schedules):
            errors[Block.NAME] = f"This channel has a schedule called {name} already."
        same = next((one for one in schedules if is_same(submission.order, one)), None)
        if same and not before:
            errors.setdefault(
                Block.TIME,
                f"{same.name} posts just that. Choose another time, or give this one a name.",
            )
        return errors, is_outside

    async def _require_channel(
        self, channel_id: ChannelId, before: Schedule | None, team_id: TeamId, user_id: UserId
    ) -> None:
        """Raise `ParleyError` if that person cannot set up the channel, for any known reason.

        A missing or late answer from Slack about the person is a reason. A missing answer about
        Parley is not, because `ChannelChecks` asks again before each post.
        """
        until = asyncio.get_running_loop().time() + _CHECK_SECONDS
        try:
            async with asyncio.timeout_at(until):
                member = await self.slack.directory.full_member(team_id, user_id)
                if before:
                    await self.actions.rights.require(before, member)
                else:
                    await self.slack.directory.require_present(team_id, user_id, channel_id)
            with suppress(TimeoutError, *FAILURES):
                async with asyncio.timeout_at(until):
                    await self.slack.directory.require_parley_in(team_id, channel_id)
        except (TimeoutError, *FAILURES):
            raise UnknownPresenceError from None

    async def _can_join(self, team_id: TeamId, channel_id: ChannelId) -> bool:
        """Return whether Parley can join the channel; False if Slack does not say it soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_JOIN_SECONDS):
                return await self.slack.directory.can_join(team_id, channel_id)
        return False

    async def _order(self, team_id: TeamId, user_id: UserId, words: str) -> Order:
        """Return the order in *words*, with the default of what they leave out."""
        zone = await self._zone(team_id, user_id)
        timetable = Timetable(at=_DEFAULT_TIME, weekdays=WEEKDAYS, zone=zone)
        order = Order(timetable=timetable, stories=views.DEFAULT_STORIES)
        return _changed(order, words, self.options.clock())

    async def _zone(self, team_id: TeamId, user_id: UserId) -> str:
        """Return the person's time zone; UTC if Slack does not say it soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_OPENING_SECONDS):
                return await self.slack.directory.zone(team_id, user_id)
        return "UTC"


def _changed(order: Order, words: str, now: datetime) -> Order:
    """Return *order* with what *words* say, as far as they are understood."""
    timetable = order.timetable
    try:
        zone = timetable.zone
        return parse_order_at(words, zone=zone, now=now, base=order) if words else order
    except UnclearError as error:
        # "At four" is more often in the afternoon.
        return max(error.readings, key=_is_by_day, default=order)
    except ParleyError:
        return order


def _is_by_day(order: Order) -> bool:
    return time(7) <= order.timetable.at < time(19)


def _with_first(order: Order, before: Schedule | None) -> Order:
    """Return *order* with the first date of the edited schedule, if its weeks stay the same."""
    timetable = order.timetable
    if not (before and timetable.begins_on and before.timetable.begins_on):
        return order
    kept = replace(timetable, begins_on=before.timetable.begins_on)
    is_same = (kept.weekdays, kept.every_weeks) == (
        before.timetable.weekdays,
        before.timetable.every_weeks,
    )
    is_in_step = kept.has_post_on(timetable.begins_on)
    return replace(order, timetable=kept) if is_same and is_in_step else order


def _conflict(
    submission: Submission, before: Schedule | None, schedules: Sequence[Schedule]
) -> str | None:
    """Return a note on what the form did not show and saving would change; None for nothing.

    *before* is the edited one of the channel's *schedules*; None for a new one.
    """
    initial = submission.initial
    if before:
        return views.replaces(before) if fingerprint([before]) != initial.key else None
    if submission.is_known:
        return views.ended(submission.channel_id) if initial.key else None
    if schedules and fingerprint(schedules) != initial.key:
        return views.ADDS_UNSEEN
    return None


class _Fields:
    """The values of a submitted form, and what is wrong with them: {block_id: error}.

    A client may send anything, so every value is checked.
    """

    def __init__(self, view: dict[str, Any]) -> None:
        self._values = view["state"]["values"]
        self.errors: dict[str, str] = {}

    def value(self, block: Block, field: Field, name: str = "value") -> Any:
        return self._values.get(block, {}).get(field, {}).get(name)

    def typed(self, block: Block, field: Field) -> str:
        return str(self.value(block, field) or "").strip()

    def option(self, block: Block, field: Field, *, default: str = "") -> str:
        """Return the value of the selected option; *default* if the form has no such field."""
        if block not in self._values:
            return default
        return str((self.value(block, field, "selected_option") or {}).get("value"))

    def options(self, block: Block, field: Field) -> list[str]:
        selected = self.value(block, field, "selected_options") or ()
        return [str(option["value"]) for option in selected]

    def read(self, block: Block, typed: str, read: Callable[[str], str]) -> str:
        """Return what *read* makes of an optional field; note the error that it raises."""
        try:
            return typed and read(typed)
        except ParleyError as error:
            self.errors[block] = str(error)
            return ""

    def timetable(self, now: datetime) -> Timetable:
        """Return the timetable, of which the fields in `errors` are wrong."""
        at = _DEFAULT_TIME
        try:
            at = time.fromisoformat(str(self.value(Block.TIME, Field.TIME, "selected_time")))
        except ValueError:
            self.errors[Block.TIME] = "Choose a time."
        chosen = self.options(Block.WEEKDAYS, Field.WEEKDAYS)
        weekdays = frozenset(day for day in range(7) if str(day) in chosen)
        if not weekdays:
            self.errors[Block.WEEKDAYS] = "Choose at least one day."
        zone = self.option(Block.ZONE, Field.ZONE)
        if not is_zone(zone):
            self.errors[Block.ZONE] = "Choose a time zone."
        timetable = Timetable(at=at, weekdays=weekdays, zone=zone)
        if self.errors:
            return timetable
        try:
            weeks = self.option(Block.WEEKS, Field.WEEKS)
            timetable = read_weeks(weeks, timetable, today=timetable.local_date(now))
        except (ValueError, OverflowError):
            self.errors[Block.WEEKS] = "Choose the weeks."
        if timetable.of_month and len(weekdays) > 1:
            self.errors[Block.WEEKS] = "For one week of the month, choose one day."
        return timetable


def _parse(view: dict[str, Any], now: datetime) -> tuple[Submission | None, dict[str, str]]:
    """Parse a form that was submitted *now*: (submission or None, {block_id: error})."""
    fields = _Fields(view)
    errors = fields.errors
    timetable = fields.timetable(now)
    initial = Value.decode(view["private_metadata"])
    channel_id = initial.channel_id or fields.value(
        Block.CHANNEL, Field.CHANNEL, "selected_conversation"
    )
    if not channel_id:
        errors[Block.CHANNEL] = "Choose a channel."
    is_digest = fields.option(Block.KIND, Field.KIND) == PostKind.DIGEST
    stories = fields.option(Block.STORIES, Field.STORIES, default=str(views.DEFAULT_STORIES))
    if is_digest and stories not in {str(count) for count in range(1, MOST_STORIES + 1)}:
        errors[Block.STORIES] = f"A digest has 1 to {MOST_STORIES} stories."
    news = fields.option(Block.NEWS, Field.NEWS, default=News.ANY)
    if is_digest and news not in {*News}:
        errors[Block.NEWS] = "Choose which stories a digest may have."
    age = fields.option(Block.MAX_AGE, Field.MAX_AGE)
    if age not in {str(days) for days in range(MOST_DAYS + 1)}:
        errors[Block.MAX_AGE] = "Choose how old stories may be."
    name = fields.read(Block.NAME, fields.typed(Block.NAME, Field.NAME), read_name)
    region = fields.read(Block.HOLIDAYS, fields.typed(Block.HOLIDAYS, Field.HOLIDAYS), read_region)
    if errors:
        return None, errors
    topics = (topic[:LONGEST_TOPIC] for topic in fields.options(Block.TOPICS, Field.TOPICS))
    order = Order(
        timetable=timetable,
        name=name,
        kind=PostKind.DIGEST if is_digest else PostKind.QUESTION,
        stories=int(stories) if is_digest else 1,
        news=News(news) if is_digest else News.ANY,
        max_age_days=int(age) or None,
        topics=tuple(dict.fromkeys(topics))[:MOST_TOPICS],
        holidays=region,
    )
    return Submission(channel_id=channel_id, order=order, initial=initial), {}
