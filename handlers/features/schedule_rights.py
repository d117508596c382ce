"""Who may change a schedule: one rule for the command, the menus, the form and the buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers.ids import Command
from handlers.parsing.date_format import short_date
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
        if by.is_admin or by.user_id == schedule.owner_id:
            return
        is_for_all = schedule.owner_id is None or (only_next and self.anyone_may_skip)
        if not is_for_all:
            creator = await self.directory.creator(by.team_id, schedule.channel_id)
            if creator != by.user_id:
                raise ParleyError(self._refusal(schedule))
        # Whether they are in the channel is asked last: it is the dearest question.
        await self.directory.require_present(by.team_id, by.user_id, schedule.channel_id)

    async def may_change(self, schedule: Schedule, by: FullMember) -> bool:
        """Return whether that person may change the schedule; False if asking Slack fails."""
        try:
            await self.require(schedule, by)
        except ParleyError:
            return False
        return True

    async def require_any(self, schedules: Sequence[Schedule], by: FullMember) -> list[Schedule]:
        """Return the schedules that person may change; raises `ParleyError` if none is."""
        allowed = []
        refusals = []
        for schedule in schedules:
            try:
                await self.require(schedule, by)
            except ParleyError as error:
                refusals.append(error)
            else:
                allowed.append(schedule)
        if not allowed:
            raise refusals[0]
        return allowed

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
