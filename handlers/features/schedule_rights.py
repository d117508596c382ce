"""Who may change a schedule: one rule for the command, the menus, the form and the buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers.ids import Command
from handlers.parsing.date_format import short_date
from handlers.slack.api_errors import FAILURES
from handlers.slack.directory import Directory
from handlers.slack.people import FullMember
from store.types import ParleyError, Schedule


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleRights:
    """Decides who may change a schedule.

    Its owner, the managers of its channel as far as Slack names them, and admins may. Without an
    owner, anybody in the channel may. What leaves out no more than the next post is for anybody in
    the channel too, unless a setting says otherwise. Guests change nothing: they are no full
    members.
    """

    directory: Directory
    anyone_may_skip: bool

    async def require(self, schedule: Schedule, by: FullMember, *, only_next: bool = False) -> None:
        """Raise `ParleyError` unless that person may change the schedule.

        *only_next* means that the change leaves out the next post, or takes that back. Raises
        `UnknownPersonError` or `UnknownPresenceError` if asking Slack fails.
        """
        await self.require_any([schedule], by, only_next=only_next)

    async def require_any(
        self, schedules: Sequence[Schedule], by: FullMember, *, only_next: bool = False
    ) -> Sequence[Schedule]:
        """Return those of a channel's *schedules* that person may change, as `require` does.

        Raises `ParleyError` if they may change none.
        """
        allowed = self.own(schedules, by)
        if len(allowed) == len(schedules):
            return allowed
        try:
            # First, because even the refusal names a schedule and its owner.
            await self.directory.require_present(by.team_id, by.user_id, schedules[0].channel_id)
            allowed = [one for one in schedules if await self._is_for(one, by, only_next)]
        except ParleyError:
            if not allowed:
                raise
        if not allowed:
            raise ParleyError(self._refusal(schedules[0]))
        return allowed

    async def may_change(self, schedule: Schedule, by: FullMember) -> bool:
        """Return whether that person may change the schedule, as far as Slack said lately.

        This decides what is shown. What changes something calls `require`.
        """
        if self.own([schedule], by):
            return True
        try:
            if not await self._is_for(schedule, by):
                return False
            recent = await self.directory.recent_channels(by.team_id, by.user_id)
        except (ParleyError, *FAILURES):
            return False
        return schedule.channel_id in recent

    def own(self, schedules: Sequence[Schedule], by: FullMember) -> Sequence[Schedule]:
        """Return the schedules that person owns, or all for an admin."""
        return [one for one in schedules if by.is_admin or one.owner_id == by.user_id]

    async def _is_for(self, schedule: Schedule, by: FullMember, only_next: bool = False) -> bool:
        """Return whether a person who is in the channel may change the schedule."""
        is_for_all = schedule.owner_id is None or (only_next and self.anyone_may_skip)
        if is_for_all or self.own([schedule], by):
            return True
        return await self.directory.creator(by.team_id, schedule.channel_id) == by.user_id

    def _refusal(self, schedule: Schedule) -> str:
        name, after = schedule.name, schedule.next.due_on + timedelta(days=1)
        also = ""
        if self.anyone_may_skip:
            also = (
                f" You can skip its next post: `{Command.DIGEST} skip {name}`, or `{Command.DIGEST}"
                f" pause {name} until {short_date(after)}`."
            )
        return (
            f"Only its owner, <@{schedule.owner_id}>, a manager of the channel or an admin can do"
            f" that.{also} `{Command.DIGEST} on` adds a schedule of your own."
        )
