"""Changes to a schedule (set up, skip, pause, resume, end) and the menu under its posts."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import STALE, Value, is_direct
from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_rights import ScheduleRights
from handlers.ids import Command
from handlers.parsing.date_format import format_date, format_dates, short_date
from handlers.parsing.schedule_order import write_order
from handlers.parsing.words import respell
from handlers.slack.background import answer
from handlers.slack.button_press import Press
from handlers.slack.directory import UnknownPersonError, UnknownPresenceError
from handlers.slack.people import FullMember
from handlers.views import digest as views
from handlers.views import schedule_questions
from handlers.views.command_buttons import fingerprint, restoring
from handlers.views.message import Message
from handlers.views.order_text import describe, posting_days
from handlers.views.question import MENU_PAUSE, MENU_SKIP, MENU_WHY
from store import Store, samples
from store.posting.due import due_at
from store.posting.names import kept_name
from store.posting.notices import Told
from store.posting.planning import occurrence_key
from store.posting.record import GRACE, NewPost
from store.types import (
    FOREVER,
    About,
    ChannelId,
    Found,
    Order,
    ParleyError,
    Post,
    PostState,
    Schedule,
    TeamId,
    UserId,
)

_LeftOut = TypeVar("_LeftOut", bound=int | date | Sequence[date])
NO_RECORD = "I have no record of that post any more."
_SKIPPED = "skipped"
_NOTHING_TO_SKIP = "No post is coming that could be skipped."
_MOST_SKIPPED = 60
"""How many posts one command skips; each is a transaction."""
ENDED = "Somebody has ended that schedule."
ONLY_CHANNELS = "Schedules work only in channels. Run this in the channel you want."


class ChangedError(ParleyError):
    """Raised if a schedule is not any more what the message of a pressed button shows."""

    def __init__(self) -> None:
        super().__init__(
            f"It has changed since, so I have done nothing. `{Command.DIGEST}` shows what it is"
            " now."
        )


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleActions:
    """The changes to schedules, shared by `/digest` and the buttons."""

    store: Store
    slack: Slack
    options: Options
    rights: ScheduleRights

    @property
    def has_samples(self) -> bool:
        """Whether to warn that only sample stories are loaded."""
        return self.options.warns_of_samples and samples.are_loaded(self.store.corpus.revision)

    def today(self, schedule: Schedule) -> date:
        """Return the date of today where the schedule runs."""
        return schedule.timetable.local_date(self.options.clock())

    async def of_channel(self, team_id: TeamId, channel_id: ChannelId) -> Sequence[Schedule]:
        """Return the channel's schedules; raises `ParleyError` if it has none."""
        schedules = await self.store.schedules.of_channel(team_id, channel_id)
        if not schedules:
            raise ParleyError(
                ONLY_CHANNELS
                if is_direct(channel_id)
                else f"This channel has no schedule. Start one: `{Command.DIGEST} on 09:30`."
            )
        return schedules

    async def schedule(self, team_id: TeamId, value: Value) -> Schedule:
        """Return the schedule of a button, or the only one of its channel.

        Raises `ParleyError` if it has ended, or is not any more what the button's message shows.
        """
        if value.schedule_id:
            schedule = await self.store.schedules.get(team_id, value.schedule_id)
        else:
            # Buttons of older versions name a channel, which had one schedule.
            schedules = await self.store.schedules.of_channel(team_id, value.channel_id)
            schedule = schedules[0] if len(schedules) == 1 else None
        if schedule is None:
            raise ParleyError(ENDED)
        if value.key and fingerprint([schedule]) != value.key:
            raise ChangedError
        return schedule

    async def of_post(self, post: Post) -> Schedule | None:
        """Return the schedule of a post, or the only one of its channel if the post names none."""
        with suppress(ParleyError):
            value = Value(channel_id=post.channel_id, schedule_id=post.schedule_id or "")
            return await self.schedule(post.team_id, value)
        return None

    async def set_up(
        self,
        channel_id: ChannelId,
        *,
        order: Order,
        by: FullMember,
        schedule_id: str = "",
        is_confirmed: bool = False,
        changed_by: UserId | None = None,
        mark: str = "",
    ) -> Message:
        """Save *order* as a new schedule of the channel, or as the one with *schedule_id*.

        Somebody else's schedule keeps its owner, who is told. Unless that *is_confirmed*, only ask
        whether to change it. *changed_by* made the change with this *mark* that *order* takes back,
        and is told.
        """
        schedules = await self.store.schedules.of_channel(by.team_id, channel_id)
        respelled = {topic: await self._respell(topic) for topic in order.topics}
        order = replace(order, topics=tuple(dict.fromkeys(respelled.values())))
        before = next((one for one in schedules if one.id == schedule_id), None)
        if before:
            taken = [one.name for one in schedules if one is not before]
            order = replace(order, name=order.name or kept_name(order, before, taken=taken))
            await self.rights.require(before, by)
            if _is_of_another(before, by) and not is_confirmed:
                return schedule_questions.confirm(
                    before, f"on {write_order(order) or ''}", order=order
                )
        became = describe(order)
        if before:
            told = self._told(before, by, became=became, words=restoring(before, order))
        else:
            about = About(channel_id=channel_id, name=order.name, what=became)
            told = Told(about=about, by=by.user_id, now=self.options.clock())
        schedule = await self.store.schedules.set(
            team_id=by.team_id,
            channel_id=channel_id,
            owner_id=(before.owner_id if before else None) or by.user_id,
            order=order,
            now=self.options.clock(),
            schedule_id=schedule_id,
            told=replace(told, changed_by=changed_by, mark=mark),
        )
        is_empty = await self.store.planning.preview(schedule, now=self.options.clock()) is None
        upcoming = await self.store.planning.upcoming(schedule, 1)
        return views.is_on(
            schedule,
            upcoming,
            now=self.options.clock(),
            before=before,
            others=[one for one in schedules if one.id != schedule.id],
            respelled={typed: meant for typed, meant in respelled.items() if typed != meant},
            is_empty=is_empty,
            has_samples=self.has_samples,
        )

    async def _respell(self, topic: str) -> str:
        """Return a topic as the stories spell it, if a look-up finds it despite a typo."""
        match await self.store.corpus.find(topic, limit=1):
            case Found(matches=(match, *_)):
                return respell(topic, [*match.why, *(one.name for one in self.store.corpus.topics)])
        return topic

    async def off(
        self, schedule: Schedule, *, by: FullMember, is_confirmed: bool = False
    ) -> Message:
        """Delete a schedule; unless that *is_confirmed*, ask before it is somebody else's."""
        await self.rights.require(schedule, by)
        if _is_of_another(schedule, by) and not is_confirmed:
            return schedule_questions.confirm(schedule, "off")
        upcoming = await self.store.planning.upcoming(replace(schedule, paused_until=None), 1)
        told = self._told(schedule, by, words=restoring(schedule))
        await self.store.schedules.remove(schedule, told=told)
        others = await self.store.schedules.of_channel(by.team_id, schedule.channel_id)
        seal = await self.seal(schedule.id, schedule.channel_id, by)
        return views.is_off(schedule, upcoming, others=len(others), by=by.user_id, seal=seal)

    async def seal(self, schedule_id: str, channel_id: ChannelId, by: FullMember) -> str:
        """Return the proof that *by* ended a schedule, and so may take that back from outside."""
        team = await self.slack.teams.of(by.team_id)
        return team.sign(f"restore {by.user_id} {channel_id} {schedule_id}")

    async def hand_over(
        self, schedule: Schedule, to: UserId, *, by: FullMember, is_confirmed: bool = False
    ) -> Message:
        """Make *to* the owner of a schedule; unless that *is_confirmed*, ask as `off` does.

        Raises `ParleyError` if *to* is no full member or not in the channel.
        """
        await self.rights.require(schedule, by)
        if to == schedule.owner_id:
            raise ParleyError(f"<@{to}> owns it already.")
        if _is_of_another(schedule, by) and not is_confirmed:
            asked = None if to == by.user_id else to
            return schedule_questions.confirm(schedule, f"owner <@{to}>", to=asked)
        directory, where = self.slack.directory, f"<#{schedule.channel_id}>"
        lacks = "only a full member of this workspace can"
        try:
            await directory.full_member(schedule.team_id, to)
            lacks = f"they are not in {where}, so invite them there first"
            await directory.require_present(schedule.team_id, to, schedule.channel_id)
        except (UnknownPersonError, UnknownPresenceError):
            raise
        except ParleyError:
            raise ParleyError(f"<@{to}> can't own it: {lacks}.") from None
        told = self._told(schedule, by)
        if not await self.store.schedules.hand_over(schedule, to, told=told):
            raise ParleyError("Somebody else has changed its owner just now.")
        return views.is_handed_over(schedule, to)

    def _told(
        self, schedule: Schedule, by: FullMember, *, became: str = "", words: str = ""
    ) -> Told:
        """Return what a schedule's owner is told of its change by somebody else.

        See `About` for *became* and *words*.
        """
        about = About(
            channel_id=schedule.channel_id,
            schedule_id=schedule.id,
            name=schedule.name,
            what=describe(schedule),
            became=became,
            words=words,
        )
        return Told(about=about, by=by.user_id, now=self.options.clock())

    async def skip(self, schedule: Schedule, dates: Sequence[date], *, by: FullMember) -> Message:
        """Skip the posts of *dates*.

        Raises `ParleyError` if none of the dates has a post that can be skipped.
        """
        dates = sorted(set(dates))
        await self._require_right(schedule, dates, by)
        due = [on for on in dates if await self.is_due(schedule, on)]
        if not due:
            raise ParleyError(self.no_post(schedule, dates))
        if (until := schedule.paused_until) and until > due[-1]:
            when = "" if until == FOREVER else f" until {format_date(until)}"
            raise ParleyError(
                f"There is no post on {format_dates(due)} anyway, because the schedule is"
                f" paused{when}."
            )
        if len(due) > _MOST_SKIPPED:
            raise ParleyError(
                f"I skip at most {_MOST_SKIPPED} posts at a time, and these are {len(due)}."
                f" `{Command.DIGEST} pause until 2 Jan` stops them all until a date."
            )
        late = [on for on in due if not await self._skip(schedule, on, by=by)]
        skipped = [on for on in due if on not in late]
        if not skipped:
            raise ParleyError(f"{views.of_posts(late)} out already, or under way.")
        upcoming = await self.store.planning.upcoming(schedule, 1)
        idle = [on for on in dates if on not in due]
        return views.skipped(schedule, skipped, upcoming, late=late, idle=idle)

    async def allowed(
        self, schedule: Schedule, readings: Sequence[_LeftOut], *, by: FullMember
    ) -> list[_LeftOut]:
        """Return those of *readings* that this person may leave out.

        Raises the `ParleyError` that refuses the first if they may leave out none.
        """
        allowed, refusals = [], []
        for reading in readings:
            try:
                await self._require_right(schedule, reading, by)
            except ParleyError as error:
                refusals.append(error)
            else:
                allowed.append(reading)
        if refusals and not allowed:
            raise refusals[0]
        return allowed

    async def _require_right(
        self, schedule: Schedule, left_out: int | date | Sequence[date], by: FullMember
    ) -> None:
        """Raise `ParleyError` unless that person may leave out these posts.

        They are a number of next posts, those before a date, or those on some dates.
        """
        if isinstance(left_out, int):
            is_next = left_out == 1
        elif isinstance(left_out, date):
            is_next = not schedule.is_paused and _is_for_a_day(schedule, left_out)
        else:
            is_next = sorted(set(left_out)) == await self._next(schedule)
        await self.rights.require(schedule, by, only_next=is_next)

    def no_post(self, schedule: Schedule, dates: Sequence[date]) -> str:
        """Return that the schedule has no post on any of *dates*."""
        days = posting_days(schedule.timetable)
        return f"No post is planned for {format_dates(dates)}: posts come {days}."

    async def is_due(self, schedule: Schedule, on: date) -> bool:
        """Return whether the schedule has, or had, a post on that date."""
        if on >= schedule.next.due_on:
            return due_at(schedule.timetable, on) is not None
        return bool(await self.store.posts.get(schedule.team_id, occurrence_key(schedule, on)))

    async def _skip(self, schedule: Schedule, on: date, *, by: FullMember) -> bool:
        """Skip the post of one date; False if it is out or under way."""
        now = self.options.clock()
        plan = NewPost(
            key=occurrence_key(schedule, on),
            team_id=schedule.team_id,
            channel_id=schedule.channel_id,
            kind=schedule.kind,
            schedule_id=schedule.id,
            due_on=on,
            # A date without one has a post already, of an earlier timetable.
            due_at=due_at(schedule.timetable, on) or now,
            asked_by=by.user_id,
            state=PostState.SKIPPED,
            error=_SKIPPED,
        )
        return await self.store.posts.skip(plan, now=now)

    async def require_todays(self, schedule: Schedule) -> None:
        """Raise `ParleyError` if the schedule has no post today."""
        today = self.today(schedule)
        if not schedule.timetable.has_post_on(today):
            days = posting_days(schedule.timetable)
            raise ParleyError(
                f"There is no post on {format_date(today)}: posts come {days}."
                f" `{Command.DIGEST} now` posts an extra one."
            )

    async def skip_next(self, schedule: Schedule, *, by: FullMember) -> Message:
        """Skip the next post. Repeating this skips the same post, not the one after it."""
        if not (dates := await self._next(schedule)):
            raise ParleyError(_NOTHING_TO_SKIP)
        return await self.skip(schedule, dates, by=by)

    async def _next(self, schedule: Schedule) -> Sequence[date]:
        """Return the date of the next post, skipped or not; none if no post is coming."""
        upcoming = await self.store.planning.upcoming(schedule, 1)
        dates = [one.occurrence.due_on for one in upcoming if one.skip_reason in (None, _SKIPPED)]
        return dates[:1]

    async def unskip(
        self, schedule: Schedule, dates: Sequence[date], *, number: int, by: FullMember
    ) -> Message:
        """Undo the skips of *dates*, or the next *number* skips if there are no dates.

        Raises `ParleyError` if none of them is skipped.
        """
        dates = dates or (await self.skipped(schedule))[:number]
        if not dates:
            raise ParleyError("No post to come is skipped.")
        await self.rights.require(schedule, by, only_next=dates == await self._next(schedule))
        restored = [
            on
            for on in sorted(set(dates))
            if on >= schedule.next.due_on
            and await self.store.posts.unskip(by.team_id, occurrence_key(schedule, on))
        ]
        if not restored:
            raise ParleyError(f"{views.of_posts(dates)} not skipped.")
        return views.unskipped(restored)

    async def skipped(self, schedule: Schedule) -> Sequence[date]:
        """Return the dates of the schedule's posts to come that are skipped."""
        posts = await self.store.posts.scheduled(
            schedule.team_id, schedule.channel_id, since=schedule.next.due_on
        )
        return [
            post.due_on
            for post in posts
            if post.schedule_id == schedule.id and post.state is PostState.SKIPPED and post.due_on
        ]

    async def pause(self, schedule: Schedule, until: date, *, by: FullMember) -> Message:
        """Skip every post before *until*, a date in the schedule's time zone.

        Raises `ParleyError` if no post is planned before that date.
        """
        await self._require_right(schedule, until, by)
        coming = await self._coming(schedule, until)
        if not (coming or schedule.paused_until):
            name, on = schedule.name, schedule.next.due_on
            after = short_date(on + timedelta(days=1))
            raise ParleyError(
                f"No post is planned before {format_date(until)}. The next one comes on"
                f" {format_date(on)}: `{Command.DIGEST} skip {name}` leaves it out, or"
                f" `{Command.DIGEST} pause {name} until {after}`."
            )
        await self.store.schedules.pause(schedule, until=until)
        upcoming = await self.store.planning.upcoming(replace(schedule, paused_until=until), 1)
        return views.paused(schedule, until, coming, upcoming)

    async def _coming(self, schedule: Schedule, until: date) -> Sequence[date]:
        """Return the dates of the posts that would come before *until*; only one for FOREVER."""
        days = 1 if until == FOREVER else max((until - schedule.next.due_on).days, 1)
        awake = replace(schedule, paused_until=None)
        return [
            post.occurrence.due_on
            for post in await self.store.planning.upcoming(awake, days)
            if post.skip_reason is None and post.occurrence.due_on < until
        ]

    async def resume(self, schedule: Schedule, *, by: FullMember) -> Message:
        """Resume a paused or stopped schedule.

        If the schedule was stopped and today's post failed or was missed within `GRACE`, the post
        goes out now. Raises `NotReadyError` if Parley still cannot post in the channel.
        """
        if not (schedule.stopped or schedule.paused_until):
            if skipped := await self.skipped(schedule):
                return views.only_skipped(schedule, skipped)
            raise ParleyError(
                "The schedule isn't paused or stopped, so there is nothing to resume."
            )
        until = schedule.paused_until
        is_short = until is not None and not schedule.stopped and _is_for_a_day(schedule, until)
        await self.rights.require(schedule, by, only_next=is_short)
        await self.slack.directory.require_parley_in(schedule.team_id, schedule.channel_id)
        await self.store.schedules.resume(schedule)
        if schedule.stopped and await self._has_lost_post(schedule):
            await self.slack.posting.now(schedule, by=by, key=None)
        schedule = await self.schedule(schedule.team_id, Value(schedule_id=schedule.id))
        upcoming = await self.store.planning.upcoming(schedule, 1)
        return views.resumed(schedule, upcoming, await self.skipped(schedule))

    async def menu(self, press: Press, respond: AsyncRespond) -> None:
        """Do what was chosen from the menu under a post."""
        post = await self.store.posts.by_message(press.team_id, press.channel_id, press.message_ts)
        if post is None:
            raise ParleyError(NO_RECORD)
        if press.value.words == MENU_WHY:
            await answer(respond, views.why(post))
            return
        schedule = await self.of_post(post)
        if schedule is None:
            raise ParleyError(ENDED)
        by = await self.slack.directory.full_member(press.team_id, press.user_id)
        if press.value.words == MENU_SKIP:
            shown = await self.skip_next(schedule, by=by)
        elif press.value.words == MENU_PAUSE:
            shown = await self.pause(schedule, FOREVER, by=by)
        else:
            raise ParleyError(STALE)
        await answer(respond, shown)

    async def resume_pressed(self, press: Press, respond: AsyncRespond) -> None:
        """Resume the stopped schedules of a channel that this person may change."""
        member = await self.slack.directory.full_member(press.team_id, press.user_id)
        schedules = await self.store.schedules.of_channel(press.team_id, press.place)
        if not self.rights.own(schedules, member):
            await self.slack.directory.require_present(press.team_id, press.user_id, press.place)
        schedules = await self.of_channel(press.team_id, press.place)
        stopped = [one for one in schedules if one.stopped]
        if not stopped:
            raise ParleyError("That is resumed already.")
        answers = []
        for schedule in await self.rights.require_any(stopped, member):
            shown = await self.resume(schedule, by=member)
            answers.append(views.about(schedule, shown) if len(schedules) > 1 else shown)
        await answer(respond, views.joined(answers), replace=True)

    async def next_dates(self, schedule: Schedule, number: int) -> Sequence[date]:
        """Return the dates of the next *number* posts; raises `ParleyError` if none is coming."""
        upcoming = await self.store.planning.upcoming(schedule, min(number, _MOST_SKIPPED + 1))
        dates = [post.occurrence.due_on for post in upcoming if post.skip_reason is None]
        if not dates:
            raise ParleyError(_NOTHING_TO_SKIP)
        return dates

    async def _has_lost_post(self, schedule: Schedule) -> bool:
        """Return whether the schedule's last post failed or was missed today, within `GRACE`."""
        now = self.options.clock()
        last = await self.store.posts.last_scheduled(schedule, now=now)
        return (
            last is not None
            and last.state in (PostState.FAILED, PostState.MISSED)
            and last.due_on == schedule.timetable.local_date(now)
            and now - last.due_at <= GRACE
        )


def _is_of_another(schedule: Schedule, by: FullMember) -> bool:
    return schedule.owner_id not in (None, by.user_id)


def _is_for_a_day(schedule: Schedule, until: date) -> bool:
    """Return whether a pause until that date leaves out posts of one day at most."""
    return until <= schedule.next.due_on + timedelta(days=1)
