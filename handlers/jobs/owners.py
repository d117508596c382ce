"""The check that finds a new owner for the schedules of people who have left."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

from handlers.slack.directory import (
    Directory,
    NoSuchPersonError,
    UnknownPersonError,
    UnknownPresenceError,
)
from handlers.views.order_text import describe
from store.posting.notices import Told
from store.posting.schedules import Schedules
from store.types import About, ParleyError, Schedule, TeamId, UserId

log = logging.getLogger(__name__)

_AGAIN = timedelta(days=1)
"""How long a person who was there is not asked about again."""


class OwnerChecks:
    """Hands the schedules of deactivated people over, before they post again.

    The new owner is the first who is a full member and in the channel: the channel's creator, the
    owner of another schedule there, an admin of ADMIN_USER_IDS. If nobody is, the schedule has no
    owner until somebody saves it.
    """

    def __init__(
        self, schedules: Schedules, directory: Directory, *, clock: Callable[[], datetime]
    ) -> None:
        self._schedules = schedules
        self._directory = directory
        self._clock = clock
        self._there: dict[tuple[TeamId, UserId], datetime] = {}

    async def check(self, watched: Sequence[Schedule]) -> None:
        """Check the owners of the *watched* schedules."""
        now = self._clock()
        self._there = {who: at for who, at in self._there.items() if now - at < _AGAIN}
        for schedule in watched:
            try:
                await self._check(schedule, now)
            except (UnknownPersonError, UnknownPresenceError):
                log.info("cannot check the owner of %s yet", schedule.id)

    async def _check(self, schedule: Schedule, now: datetime) -> None:
        team_id, owner_id = schedule.team_id, schedule.owner_id
        if owner_id is None or (team_id, owner_id) in self._there:
            return
        person = await self._directory.person(team_id, owner_id)
        if person.is_colleague:
            self._there[team_id, owner_id] = now
            return
        about = About(
            channel_id=schedule.channel_id,
            schedule_id=schedule.id,
            name=schedule.name,
            what=describe(schedule),
        )
        new_owner_id = await anext(self._candidates(schedule), None)
        told = Told(about=about, by=None, now=now)
        if await self._schedules.hand_over(schedule, new_owner_id, told=told):
            who = new_owner_id or "nobody"
            log.info("the owner of %s has left; the new one is %s", schedule.id, who)

    async def _candidates(self, schedule: Schedule) -> AsyncIterator[UserId]:
        """Yield those who can own the schedule, the most likely first."""
        team_id, channel_id = schedule.team_id, schedule.channel_id
        others = await self._schedules.of_channel(team_id, channel_id)
        listed = self._directory.listed_admins()
        for user_id in (
            await self._directory.creator(team_id, channel_id),
            *(other.owner_id for other in others),
            *(admin for team, admin in listed if team == team_id),
        ):
            if user_id is None or user_id == schedule.owner_id:
                continue
            try:
                await self._directory.full_member(team_id, user_id)
                await self._directory.require_present(team_id, user_id, channel_id)
            except NoSuchPersonError:
                continue
            except (UnknownPersonError, UnknownPresenceError):
                raise
            except ParleyError:
                continue
            yield user_id
