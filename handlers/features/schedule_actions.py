"""What people change about a schedule: skip, pause, resume, and the menu of its posts."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.jobs.posting import Posting
from handlers.parsing.schedule_order import Order
from handlers.slack.background import answer
from handlers.slack.button_press import Press
from handlers.slack.directory import Directory
from handlers.slack.people import FullMember
from handlers.views import digest as views
from handlers.views.message import Message, message
from handlers.views.question import MENU_PAUSE, MENU_SKIP, MENU_WHY
from store import Store, samples
from store.posting.planning import occurrence_key
from store.posting.record import GRACE, NewPost
from store.types import FOREVER, ParleyError, Post, PostState, Schedule

_SKIPPED = "skipped"
_SETTLED = "That is settled already."
_NO_OWNER = (
    "This schedule has no owner any more, so only admins can do that. To become its owner, type"
    " `/digest` in its channel and save it."
)
_NONE_HERE = "This channel has no schedule. Start one: `/digest on 09:30`."


class Organise:
    """Changes schedules, for words and for buttons alike."""

    def __init__(
        self,
        store: Store,
        posting: Posting,
        directory: Directory,
        clock: Callable[[], datetime],
        *,
        warns_of_samples: bool,
    ) -> None:
        """Warn those who set up a schedule of sample stories only with *warns_of_samples*."""
        self._store = store
        self._posting = posting
        self._directory = directory
        self._clock = clock
        self._warns_of_samples = warns_of_samples

    @property
    def has_samples(self) -> bool:
        """Whether to warn that there are only sample stories."""
        return self._warns_of_samples and samples.are_loaded(self._store.corpus.revision)

    async def schedule(self, team_id: str, channel_id: str) -> Schedule:
        """Give the channel's schedule; raises `ParleyError` where it has none."""
        schedule = await self._store.schedules.get(team_id, channel_id)
        if schedule is None:
            raise ParleyError(_NONE_HERE)
        return schedule

    async def set_up(
        self, channel_id: str, *, order: Order, by: FullMember, owner_id: str | None = None
    ) -> Message:
        """Replace the channel's schedule with what was ordered.

        *owner_id* is whose schedule it becomes, if not that of the person who asks.
        """
        schedule = await self._store.schedules.set(
            team_id=by.team_id,
            channel_id=channel_id,
            owner_id=owner_id or by.user_id,
            timetable=order.timetable,
            kind=order.kind,
            stories=order.stories,
            topics=order.topics,
            now=self._clock(),
        )
        is_empty = await self._store.planning.preview(schedule) is None
        turns = await self._store.planning.upcoming(schedule, 1)
        return views.is_on(schedule, turns, is_empty=is_empty, has_samples=self.has_samples)

    async def off(self, schedule: Schedule, *, by: FullMember) -> Message:
        """Delete the channel's schedule."""
        await self._store.schedules.remove(schedule.team_id, schedule.channel_id)
        return views.is_off(schedule)

    async def owner_or_admin(self, schedule: Schedule, user_id: str) -> FullMember:
        """Return that person if they own the schedule or are an admin.

        Raises `ParleyError` for anybody else, and when Slack cannot say who they are.
        """
        member = await self._directory.full_member(schedule.team_id, user_id)
        if not self.is_owner_or_admin(schedule, member):
            if schedule.owner_id is None:
                raise ParleyError(_NO_OWNER)
            raise ParleyError(f"Only its organiser, <@{schedule.owner_id}>, can do that.")
        return member

    @staticmethod
    def is_owner_or_admin(schedule: Schedule, member: FullMember) -> bool:
        """Return whether that person owns the schedule or is an admin."""
        return member.is_admin or member.user_id == schedule.owner_id

    async def skip(self, schedule: Schedule, dates: Sequence[date], *, by: FullMember) -> Message:
        """Leave out the posts of *dates*, or the next one."""
        now, timetable = self._clock(), schedule.timetable
        if not dates:
            dates = [await self._next_on(schedule)]
        for on in dates:
            plan = NewPost(
                key=occurrence_key(schedule, on),
                team_id=schedule.team_id,
                channel_id=schedule.channel_id,
                kind=schedule.kind,
                due_on=on,
                due_at=datetime.combine(on, timetable.at, tzinfo=ZoneInfo(timetable.zone)),
                asked_by=by.user_id,
                state=PostState.SKIPPED,
                error=_SKIPPED,
            )
            if not await self._store.posts.skip(plan, now=now):
                raise ParleyError(f"The post of {on:%a %d %b} is out already, or under way.")
        return views.skipped(dates, await self._store.planning.upcoming(schedule, 1))

    async def skip_next(self, schedule: Schedule, *, by: FullMember) -> Message:
        """Leave out the next post, which is the same one however often it is said."""
        for turn in await self._store.planning.upcoming(schedule, 1):
            if turn.skip_reason in (None, _SKIPPED):
                return await self.skip(schedule, [turn.occurrence.due_on], by=by)
        raise ParleyError("No post is coming that could be skipped.")

    async def unskip(self, schedule: Schedule, dates: Sequence[date], *, by: FullMember) -> Message:
        """Take the skips of *dates* back, or the next one."""
        if not dates:
            skipped = [
                post.due_on
                for post in await self._store.posts.scheduled(
                    schedule.team_id, schedule.channel_id, since=schedule.next.due_on
                )
                if post.state is PostState.SKIPPED and post.due_on
            ]
            dates = skipped[:1]
        for on in dates:
            is_coming = on >= schedule.next.due_on
            key = occurrence_key(schedule, on)
            if not (is_coming and await self._store.posts.unskip(schedule.team_id, key)):
                raise ParleyError(f"The post of {on:%a %d %b} is not skipped.")
        if not dates:
            raise ParleyError("No post to come is skipped.")
        return views.unskipped(dates)

    async def pause(self, schedule: Schedule, until: date, *, by: FullMember) -> Message:
        """Leave out every post before the local date *until*."""
        await self._store.schedules.pause(schedule.team_id, schedule.channel_id, until=until)
        return views.paused(until)

    async def resume(self, schedule: Schedule, *, by: FullMember) -> Message:
        """End a pause, and what stopped the schedule; a post that it cost an hour ago goes out.

        Raises `NotReadyError` where the channel does still not let Parley in.
        """
        if not (schedule.stopped or schedule.paused_until):
            raise ParleyError("The schedule of this channel is neither paused nor stopped.")
        await self._directory.require_parley_in(schedule.team_id, schedule.channel_id)
        await self._store.schedules.resume(schedule.team_id, schedule.channel_id)
        if schedule.stopped and await self._is_owed(schedule):
            await self._posting.now(schedule, by=by, key=None)
        schedule = await self.schedule(schedule.team_id, schedule.channel_id)
        return views.resumed(schedule, await self._store.planning.upcoming(schedule, 1))

    async def menu(self, press: Press, respond: AsyncRespond) -> None:
        """Answer the menu of a post."""
        post = await self._store.posts.by_message(press.team_id, press.channel_id, press.message_ts)
        if post is None:
            raise ParleyError("I have no record of that post any more.")
        if press.value.words == MENU_WHY:
            await answer(respond, views.why(post))
            return
        schedule = await self.schedule(press.team_id, press.channel_id)
        by = await self.owner_or_admin(schedule, press.user_id)
        match press.value.words:
            case str(words) if words == MENU_SKIP:
                shown = await self.skip_next(schedule, by=by)
            case str(words) if words == MENU_PAUSE:
                shown = await self.pause(schedule, FOREVER, by=by)
            case _:
                raise ParleyError("That is not in my menu any more.")
        await answer(respond, shown)

    async def resume_pressed(self, press: Press, respond: AsyncRespond) -> None:
        """Resume the schedule that a notice tells of."""
        schedule = await self.schedule(press.team_id, press.value.channel_id)
        by = await self.owner_or_admin(schedule, press.user_id)
        shown = await self.resume(schedule, by=by)
        await answer(respond, shown, replace=True)

    async def post_again(self, press: Press, respond: AsyncRespond) -> None:
        """Post what its organiser did not find in the channel."""
        await self._unsure(press)
        post = await self._store.posts.not_there(press.team_id, press.value.key, now=self._clock())
        if post is None:
            raise ParleyError(_SETTLED)
        await self._posting.finish(post)
        await answer(respond, message(f"Posted in <#{post.channel_id}>."), replace=True)

    async def post_seen(self, press: Press, respond: AsyncRespond) -> None:
        """Take the organiser's word that the post is in the channel."""
        post = await self._unsure(press)
        if not await self._store.posts.seen(press.team_id, post.key, now=self._clock()):
            raise ParleyError(_SETTLED)
        shown = message(f"Good: the post in <#{post.channel_id}> counts as sent.")
        await answer(respond, shown, replace=True)

    async def _unsure(self, press: Press) -> Post:
        """Return the post whose outcome the person may settle; raises `ParleyError`."""
        by = await self._directory.colleague(press.team_id, press.user_id)
        post = await self._store.posts.get(press.team_id, press.value.key)
        if post is None:
            raise ParleyError("I have no record of that post any more.")
        # A post that is settled no longer says who may settle it.
        if post.state is not PostState.UNKNOWN:
            raise ParleyError(_SETTLED)
        if by.user_id != post.asked_by:
            schedule = await self._store.schedules.get(post.team_id, post.channel_id)
            if schedule:
                await self.owner_or_admin(schedule, by.user_id)
            else:
                await self._directory.require_admin(post.team_id, by.user_id)
        return post

    async def _next_on(self, schedule: Schedule) -> date:
        for turn in await self._store.planning.upcoming(schedule, 1):
            if turn.skip_reason is None:
                return turn.occurrence.due_on
        raise ParleyError("No post is coming that could be skipped.")

    async def _is_owed(self, schedule: Schedule) -> bool:
        """Say whether the schedule's last turn was lost to what stopped it, within the grace."""
        now = self._clock()
        last = await self._store.posts.last_scheduled(
            schedule.team_id, schedule.channel_id, now=now
        )
        return (
            last is not None
            and last.state in (PostState.FAILED, PostState.MISSED)
            and last.due_on == schedule.timetable.local_date(now)
            and now - last.due_at <= GRACE
        )
