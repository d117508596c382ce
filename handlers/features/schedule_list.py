"""The schedules of a channel or of the team, and the answers to what people say about them."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass

from handlers.button_value import Value, is_direct
from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_rights import ScheduleRights
from handlers.parsing.schedule_names import take_name
from handlers.parsing.small_talk import SmallTalk, discussed
from handlers.parsing.spoken_orders import channel_in
from handlers.slack.api_errors import FAILURES
from handlers.views import digest as views
from handlers.views import schedule_list, small_talk
from handlers.views.message import Message, paragraphs
from store import Store
from store.posting.planning import UpcomingPost
from store.types import ChannelId, ParleyError, Schedule, TeamId, UserId


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleList:
    """Lists schedules, each with a menu for the people who may change it."""

    store: Store
    slack: Slack
    options: Options
    rights: ScheduleRights

    async def small_talk(
        self,
        talk: SmallTalk,
        team_id: TeamId,
        user_id: UserId,
        channel_id: ChannelId,
        text: str,
        *,
        examples: Sequence[str],
        where: str,
    ) -> Message:
        """Answer small talk: what is about schedules, with those of the channel and their menus.

        In a direct message those are all that the person may know of. *text* is what was said, as
        Slack sent it. Raises `ParleyError` if it names a channel that the person is not in.
        """
        thread_ts = Value(where=where).thread_ts
        if talk is SmallTalk.WHY and thread_ts:
            post = await self.store.posts.by_message(team_id, channel_id, thread_ts)
            if post:
                return views.why(post)
        is_guest = await self.slack.directory.is_guest(team_id, user_id)
        if not is_guest and small_talk.is_about_schedules(talk):
            linked, name = channel_in(text)
            if name:
                by = await self.slack.directory.full_member(team_id, user_id)
                linked = await self.slack.directory.channel_named(name, of=by)
            elif linked:
                await self.slack.directory.require_present(team_id, user_id, linked)
            about = linked or channel_id
            if schedules := await self.store.schedules.of_channel(team_id, about):
                # A command is typed as it is shown, so it has the name of a schedule.
                meant = take_name(text, schedules)[0] or schedules
                lead = small_talk.about_schedules(talk, text, name=meant[0].name)
                listed = await self.overview(schedules, user_id)
                return views.joined([paragraphs(lead), listed])
            if talk is SmallTalk.OWNER and not is_direct(about):
                return paragraphs(f"<#{about}> has no schedule.")
            if talk is SmallTalk.OWNER:
                return await self.of_team(team_id, user_id, has_owners=True)
        topic = discussed(text) if talk is SmallTalk.DISCUSS else ""
        examples = [topic] if topic else examples
        return small_talk.small_talk(talk, examples, where=where, is_guest=is_guest)

    async def of_channel(
        self, team_id: TeamId, user_id: UserId, channel_id: ChannelId
    ) -> Message | None:
        """Return the list of the channel's schedules; None if it has none."""
        schedules = await self.store.schedules.of_channel(team_id, channel_id)
        if not schedules:
            return None
        await self.slack.directory.require_reader(team_id, user_id)
        return await self.overview(schedules, user_id)

    async def overview(self, schedules: Sequence[Schedule], user_id: UserId) -> Message:
        """Render the *schedules* of one channel, with what this person may do with them."""
        return schedule_list.of_channel(
            schedules,
            await self.coming(schedules),
            changeable=await self._changeable(schedules, user_id),
            is_skippable=self.rights.anyone_may_skip,
        )

    async def _changeable(self, schedules: Sequence[Schedule], user_id: UserId) -> Set[str]:
        """Return the ids of the schedules that this person may change, as far as Slack says."""
        try:
            by = await self.slack.directory.full_member(schedules[0].team_id, user_id)
        except ParleyError:
            return frozenset()
        if not by.is_admin:
            # Once for all of them.
            with suppress(*FAILURES):
                await self.slack.directory.recent_channels(by.team_id, by.user_id)
        rights = self.rights
        may = await asyncio.gather(*(rights.may_change(one, by) for one in schedules))
        return {one.id for one, may_change in zip(schedules, may, strict=True) if may_change}

    async def of_team(
        self, team_id: TeamId, user_id: UserId, *, page: int = 0, has_owners: bool = False
    ) -> Message:
        """Return the list of the schedules that this person may know of."""
        schedules = await self.store.schedules.list(team_id)
        is_admin = await self.slack.directory.is_admin(team_id, user_id)
        if not is_admin:
            known = await self._known_to(team_id, user_id)
            schedules = [
                schedule
                for schedule in schedules
                if schedule.owner_id == user_id or schedule.channel_id in known
            ]
        shown, page, pages = schedule_list.paged(schedules, page)
        coming = await self.coming(shown)
        changeable = await self._changeable(shown, user_id) if shown else ()
        return schedule_list.schedules(
            shown,
            coming,
            changeable=changeable,
            page=page,
            pages=pages,
            has_owners=has_owners,
        )

    async def coming(self, schedules: Sequence[Schedule]) -> Mapping[str, UpcomingPost]:
        """Return the next post of each of the *schedules*, by id."""
        return await self.store.planning.coming(schedules, now=self.options.clock())

    async def _known_to(self, team_id: TeamId, user_id: UserId) -> frozenset[ChannelId]:
        """Return the channels that this person may know of; none if Slack cannot say."""
        try:
            return await self.slack.directory.known_to(team_id, user_id)
        except FAILURES:
            return frozenset()
