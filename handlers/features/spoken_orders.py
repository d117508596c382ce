"""Orders in ordinary words, in a message to Parley: offer the command that does it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from handlers.button_value import NO_CHANNEL, is_direct
from handlers.features.dependencies import Slack
from handlers.features.schedule_actions import ScheduleActions
from handlers.ids import Command
from handlers.mrkdwn import plain, readable
from handlers.parsing.dates import parse_posts, parse_until
from handlers.parsing.delays import one_day
from handlers.parsing.readings import UnschedulableError
from handlers.parsing.schedule_names import take_name
from handlers.parsing.schedule_order import order_of, parse_order_at
from handlers.parsing.spoken_orders import SpokenOrder, Verb, spoken_order
from handlers.slack.people import FullMember
from handlers.views import spoken_orders as views
from handlers.views.message import Message
from store import Store
from store.posting.names import without_default_name
from store.types import ChannelId, Found, ParleyError, Schedule, TeamId, UserId

_FOR_OWNERS = (Verb.OFF, Verb.MOVE, Verb.PAUSE, Verb.OWNER)


@dataclass(frozen=True, slots=True, eq=False)
class SpokenOrders:
    """Answers orders with a button: nothing changes before somebody presses it.

    The button is that of `/digest`, so it asks and refuses as the command does.
    """

    store: Store
    slack: Slack
    actions: ScheduleActions

    async def answer(
        self, team_id: TeamId, user_id: UserId, channel_id: ChannelId, text: str
    ) -> Message | None:
        """Return the answer to the *text* of a message in the channel; None if it is no order.

        Raises `ParleyError` for guests, for a channel that the person is not in, and for a change
        that is not theirs.
        """
        now = self.actions.options.clock()
        order = spoken_order(text, today=now.date())
        if order is None:
            return None
        if order.is_alone and await self._is_look_up(order, team_id, user_id, text):
            return None
        by = await self.slack.directory.full_member(team_id, user_id)
        here = NO_CHANNEL if is_direct(channel_id) else channel_id
        about = order.channel_id or here
        if order.channel_name:
            about = await self.slack.directory.channel_named(order.channel_name, of=by)
        elif about != here:
            await self.slack.directory.require_present(team_id, user_id, about)
        if order.verb is Verb.ON:
            return await self._start(order, about, by, is_here=about == here)
        schedules = await self._meant(order, about, by)
        if not schedules:
            return None if order.is_alone else views.unknown_channel(order.verb, order.words)
        if len(schedules) == 1 and order.verb in _FOR_OWNERS:
            (schedule,) = schedules
            # A pause of a day is for anybody: the command knows how long it is.
            is_short = order.verb is Verb.PAUSE and bool(order.words)
            await self.actions.rights.require(schedule, by, only_next=is_short)
        if order.verb is Verb.OWNER:
            return views.hand_over()
        if order.verb is Verb.MOVE:
            return await self._move(order, schedules, by)
        dates = _dates(order, self.actions.today(schedules[0]))
        skips = {} if dates else await self._skips(order, schedules)
        return views.change(order.verb, order.words, schedules, dates=dates, skips=skips)

    async def _is_look_up(
        self, order: SpokenOrder, team_id: TeamId, user_id: UserId, text: str
    ) -> bool:
        """Return whether words that may be no order are none: "give ownership to workers"."""
        if order.verb is Verb.OWNER:
            found = await self.store.corpus.find(readable(text))
            if isinstance(found, Found):
                return True
        return await self.slack.directory.is_guest(team_id, user_id)

    async def _move(
        self, order: SpokenOrder, schedules: Sequence[Schedule], by: FullMember
    ) -> Message:
        """Offer to change one of the *schedules*, or to pause it until the day that is named."""
        zone = await self.slack.directory.zone(by.team_id, by.user_id)
        now, become = self.actions.options.clock(), {}
        for one in schedules:
            base = without_default_name(order_of(one))
            try:
                become[one.id] = parse_order_at(order.words, zone=zone, now=now, base=base)
            except UnschedulableError:
                raise
            except ParleyError:
                # The command asks what is open.
                continue
        until = await self._until(order, schedules[0]) if len(schedules) == 1 else None
        return views.change(order.verb, order.words, schedules, become=become, until=until)

    async def _until(self, order: SpokenOrder, schedule: Schedule) -> date | None:
        """Return the day of an order if a pause until then would make it that of the next post."""
        day = one_day(order.words, today=self.actions.today(schedule))
        if day is None or not schedule.timetable.has_post_on(day):
            return None
        upcoming = await self.store.planning.upcoming(schedule, 1)
        left_out = [one for one in upcoming if one.skip_reason is None]
        return day if any(one.occurrence.due_on < day for one in left_out) else None

    async def _skips(
        self, order: SpokenOrder, schedules: Sequence[Schedule]
    ) -> dict[str, Sequence[date]]:
        """Return the dates of the next posts that an order skips, by schedule id."""
        skips = {}
        for one in schedules if order.verb is Verb.SKIP else ():
            with suppress(ParleyError):
                number = parse_posts(order.words, today=self.actions.today(one))
                if isinstance(number, int):
                    skips[one.id] = await self.actions.next_dates(one, number)
        return skips

    async def _start(
        self, order: SpokenOrder, about: ChannelId, by: FullMember, *, is_here: bool
    ) -> Message:
        zone = await self.slack.directory.zone(by.team_id, by.user_id)
        now = self.actions.options.clock()
        try:
            parsed = parse_order_at(order.words, zone=zone, now=now)
        except UnschedulableError:
            raise
        except ParleyError:
            parsed = None
        schedules = await self.store.schedules.of_channel(by.team_id, about) if about else ()
        rights = self.actions.rights
        theirs = [one for one in schedules if parsed and await rights.may_change(one, by)]
        return views.start(
            order.words,
            parsed,
            channel_id=about,
            channel_name=order.channel_name,
            is_here=is_here,
            schedules=schedules,
            changeable=theirs,
        )

    async def _meant(
        self, order: SpokenOrder, about: ChannelId, by: FullMember
    ) -> Sequence[Schedule]:
        """Return the schedules that the order can be about.

        They are those of the channel, or without a channel the person's own. Raises `ParleyError`
        if the channel has none, unless the order is one verb alone, or none of the name.
        """
        if about and order.is_alone:
            schedules = await self.store.schedules.of_channel(by.team_id, about)
        elif about:
            schedules = await self.actions.of_channel(by.team_id, about)
        elif order.channel_name:
            return []
        else:
            every = await self.store.schedules.list(by.team_id)
            schedules = [one for one in every if one.owner_id == by.user_id]
        named, rest = take_name(f"{order.name} {order.kind or ''}".strip(), schedules)
        if named and not rest:
            schedules = named
        elif order.is_whole_name and schedules:
            name = plain(f"{order.name}-{order.kind}", 60)
            raise ParleyError(
                f"There is no schedule `{name}` here. `{Command.DIGEST} list` shows all of them."
            )
        elif order.kind:
            schedules = [one for one in schedules if one.kind is order.kind] or schedules
        return schedules


def _dates(order: SpokenOrder, today: date) -> Sequence[date]:
    """Return the dates that the words of an order mean on *today*; () if they mean no sure dates.

    The button names them, because it may be pressed on another day.
    """
    with suppress(ParleyError):
        if order.verb is Verb.PAUSE and order.words:
            return [parse_until(order.words, today=today)]
        if order.verb is Verb.SKIP and order.words:
            posts = parse_posts(order.words, today=today)
            return () if isinstance(posts, int) else posts
    return ()
