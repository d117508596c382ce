"""Who a person is and what a channel lets us do, asked of Slack and kept for a few minutes."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from slack_sdk.errors import SlackApiError

from handlers.parsing.timetable import is_zone
from handlers.slack.api_errors import FAILURES, classify
from handlers.slack.people import Colleague, FullMember, Person
from handlers.slack.teams import Teams
from store.types import ParleyError

log = logging.getLogger(__name__)

_KEPT = timedelta(minutes=5)
ASK_SECONDS = 1.4
"""How long Slack may take to say who somebody is, and then whether they are in a channel.

A form waits three seconds for its ack, and a trigger to open a modal lives as long.
"""

STRANGER = "I answer the people of this workspace only: please ask one of them."
UNKNOWN = "I can't check with Slack who you are, so I did nothing. Please try again in a minute."
GUEST = "Guests cannot change what a channel gets: please ask a member."
_INVITE = "I am not a member of this channel yet: type `/invite @Parley`, then try again."
NOT_READY = {
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,  # Slack's answer for a private channel that we are not in
    "is_archived": "This channel is archived, so I cannot post in it.",
    "restricted_action": "This channel does not let me post.",
    "restricted_action_read_only_channel": "Only some people may post in this channel.",
    "restricted_action_thread_only_channel": "This channel takes replies in threads only.",
    "restricted_action_non_threadable_channel": "This channel has no threads for the story.",
}
"""What to tell people for the errors with which Slack keeps us out of a channel."""

_OUTSIDE = frozenset({"not_in_channel", "channel_not_found"})


class NotReadyError(ParleyError):
    """Say what keeps Parley from posting in a channel."""

    def __init__(self, reason: str) -> None:
        """Take Slack's word for it, one of `NOT_READY`."""
        super().__init__(NOT_READY[reason])
        self.is_outside = reason in _OUTSIDE
        """Whether Parley is no member, and nothing else is known to be in the way."""


class UnknownPresenceError(ParleyError):
    """Raised when Slack cannot say whether somebody is in a channel."""

    def __init__(self) -> None:
        super().__init__(
            "I can't check with Slack whether you are in that channel, so I did nothing."
            " Please try again in a minute."
        )


class UnknownPersonError(ParleyError):
    """Raised when Slack cannot say who somebody is."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN)


class Directory:
    """People and channels of every team that Parley is in.

    Who asks for a change has to be known: `colleague`, `full_member`, `require_admin` and
    `require_keeper` refuse when Slack cannot say. A look-up may go on then: `require_reader`.
    """

    def __init__(
        self,
        teams: Teams,
        *,
        admins: frozenset[str],
        clock: Callable[[], datetime],
        is_shared: bool = False,
    ) -> None:
        """Take the user ids of *admins*; workspace admins are admins too.

        With *is_shared* many workspaces share the corpus: an admin is listed as `TEAM:USER`, and
        only who is listed keeps it.
        """
        self._teams = teams
        self._admins = admins
        self._clock = clock
        self._is_shared = is_shared
        self._people: dict[tuple[str, str], tuple[datetime, Person]] = {}
        teams.when_dropped(self._drop)

    def name(self, team_id: str, user_id: str) -> str:
        """Give what a person is listed and recorded as."""
        return f"{team_id}:{user_id}" if self._is_shared else user_id

    def listed_admins(self) -> Sequence[tuple[str, str]]:
        """Give the team and the id of every admin who is listed."""
        if self._is_shared:
            return [(team, user) for team, _, user in (one.partition(":") for one in self._admins)]
        return [(self._teams.only or "", user) for user in self._admins]

    async def require_keeper(self, team_id: str, user_id: str) -> None:
        """Raise `ParleyError` unless that person may change the corpus."""
        if not self._is_shared:
            await self.require_admin(team_id, user_id)
        elif self.name(team_id, user_id) not in self._admins:
            raise ParleyError(
                "Several workspaces share these stories: only those in Parley's ADMIN_USER_IDS may"
                " do that."
            )

    async def is_keeper(self, team_id: str, user_id: str) -> bool:
        """Say whether that person may change the corpus; False when Slack cannot say."""
        try:
            await self.require_keeper(team_id, user_id)
        except ParleyError:
            return False
        return True

    async def require_admin(self, team_id: str, user_id: str) -> None:
        """Raise `ParleyError` unless that person is an admin of the workspace, or listed as one.

        Raises it too when Slack cannot say.
        """
        if self._is_listed(team_id, user_id):
            return
        if not (await self.person(team_id, user_id)).is_admin:
            raise ParleyError(
                "Only admins may do that: workspace admins, and those in Parley's ADMIN_USER_IDS."
            )

    async def colleague(self, team_id: str, user_id: str) -> Colleague:
        """Return that person as one who may change something; guests included.

        Raises `ParleyError` for somebody of another workspace, a closed account or a bot, and when
        Slack cannot say who they are.
        """
        if self._is_listed(team_id, user_id):
            return Colleague(team_id=team_id, user_id=user_id, is_admin=True, is_guest=False)
        person = await self.person(team_id, user_id)
        if not person.is_colleague:
            raise ParleyError(STRANGER)
        return Colleague(
            team_id=team_id,
            user_id=user_id,
            is_admin=person.is_admin,
            is_guest=person.is_guest,
        )

    async def full_member(self, team_id: str, user_id: str) -> FullMember:
        """Return that person as one who may change schedules.

        Raises `ParleyError` as `colleague` does, and for guests.
        """
        colleague = await self.colleague(team_id, user_id)
        if colleague.is_guest:
            raise ParleyError(GUEST)
        return FullMember(
            team_id=team_id, user_id=user_id, is_admin=colleague.is_admin, is_guest=False
        )

    async def require_reader(self, team_id: str, user_id: str) -> None:
        """Raise `ParleyError` if Slack says that person is not one of this workspace.

        For look-ups only: they go on when Slack cannot say.
        """
        try:
            person = await self.person(team_id, user_id)
        except UnknownPersonError:
            return
        if not person.is_colleague:
            raise ParleyError(STRANGER)

    def _is_listed(self, team_id: str, user_id: str) -> bool:
        """Return whether the settings say who that person is: an admin."""
        return self.name(team_id, user_id) in self._admins

    async def require_present(self, team_id: str, user_id: str, channel_id: str) -> None:
        """Raise `ParleyError` unless that person is a member of the channel.

        A channel that is named in a form is what a client says, and not what Slack says. When Slack
        cannot say in time, raises `UnknownPresenceError`.
        """
        try:
            async with asyncio.timeout(ASK_SECONDS):
                theirs = await self.channels(team_id, of=user_id)
        except Exception as error:
            # Not only FAILURES: the SDK itself may stumble over a body that is not Slack's.
            log.warning(
                "Slack cannot say which channels %s of %s is in: %s",
                user_id,
                team_id,
                classify(error).code,
            )
            raise UnknownPresenceError from error
        if channel_id not in theirs:
            raise ParleyError(
                "I do not see you in that channel. If you are in it, type `/invite @Parley` there,"
                " then try again."
            )

    async def can_join(self, team_id: str, channel_id: str) -> bool:
        """Say whether Parley may join the channel by itself: a public one that is open."""
        try:
            client = await self._teams.asking(team_id)
            response = await client.conversations_info(channel=channel_id)
        except FAILURES:
            return False
        channel = response["channel"]
        return bool(
            channel.get("is_channel")
            and not channel.get("is_private")
            and not channel.get("is_archived")
            and not channel.get("is_member")
        )

    async def zone(self, team_id: str, user_id: str) -> str:
        """Give the person's IANA time zone; UTC where Slack does not say, or names one unknown."""
        try:
            zone = (await self.person(team_id, user_id)).zone
        except UnknownPersonError:
            return "UTC"
        return zone if is_zone(zone) else "UTC"

    async def is_admin(self, team_id: str, user_id: str) -> bool:
        """Say whether that person is an admin; False when Slack cannot say."""
        try:
            await self.require_admin(team_id, user_id)
        except ParleyError:
            return False
        return True

    async def require_parley_in(self, team_id: str, channel_id: str) -> None:
        """Raise `NotReadyError` unless Parley is in the channel and may post there."""
        if reason := await self.reason(team_id, channel_id):
            raise NotReadyError(reason)

    async def reason(self, team_id: str, channel_id: str) -> str | None:
        """Give Slack's word for what keeps Parley out of the channel; None when nothing is seen."""
        try:
            client = await self._teams.asking(team_id)
            response = await client.conversations_info(channel=channel_id)
        except SlackApiError as error:
            reason = classify(error).code
            if reason in NOT_READY:
                return reason
            raise
        channel = response["channel"]
        if channel.get("is_archived"):
            return "is_archived"
        is_in = channel.get("is_member") or channel.get("is_im")
        return None if is_in else "not_in_channel"

    async def join(self, channel_id: str, *, by: Colleague) -> None:
        """Join a public channel; raises `ParleyError` where Parley cannot join by itself."""
        if not await self.can_join(by.team_id, channel_id):
            if await self.reason(by.team_id, channel_id) is None:
                return
            raise ParleyError("I cannot join that channel: `/invite @Parley` lets me in.")
        client = await self._teams.asking(by.team_id)
        try:
            await client.conversations_join(channel=channel_id)
        except SlackApiError as error:
            raise ParleyError("Slack does not let me join: type `/invite @Parley`.") from error

    async def known_to(self, team_id: str, user_id: str) -> frozenset[str]:
        """Give the ids of the channels that person may know of: theirs, and the public ones.

        Of the public ones those that Parley is in. A guest knows of none but theirs, and neither
        does somebody of whom Slack cannot say that they are no guest.
        """
        theirs = await self.channels(team_id, of=user_id)
        try:
            if (await self.person(team_id, user_id)).is_guest:
                return theirs
        except UnknownPersonError:
            return theirs
        return theirs | await self.channels(team_id, types="public_channel")

    async def channels(
        self,
        team_id: str,
        *,
        of: str | None = None,
        types: str = "public_channel,private_channel",
    ) -> frozenset[str]:
        """Give the ids of the channels that Parley is a member of, but for archived ones.

        With *of* those that this person is a member of, as far as Parley may know.
        """
        client = await self._teams.asking(team_id)
        ids: set[str] = set()
        cursor = None
        while True:
            page = await client.users_conversations(
                user=of,
                types=types,
                exclude_archived=True,
                limit=999,
                cursor=cursor,
            )
            ids |= {channel["id"] for channel in page["channels"]}
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return frozenset(ids)

    async def person(self, team_id: str, user_id: str) -> Person:
        """Return what Slack says about that person; an answer is kept for five minutes.

        Raises `UnknownPersonError` when Slack cannot say.
        """
        now = self._clock()
        kept = self._people.get((team_id, user_id))
        if kept and timedelta() <= now - kept[0] < _KEPT:
            return kept[1]
        try:
            async with asyncio.timeout(ASK_SECONDS):
                client = await self._teams.asking(team_id)
                response = await client.users_info(user=user_id)
            person = Person.of(response["user"], team_id=team_id)
        except ParleyError:
            raise
        except Exception as error:
            # Not only FAILURES: the SDK itself may stumble over a body that is not Slack's.
            log.warning(
                "Slack cannot say who %s of %s is: %s", user_id, team_id, classify(error).code
            )
            raise UnknownPersonError from error
        # Nobody is kept for longer.
        self._people = {
            who: one for who, one in self._people.items() if timedelta() <= now - one[0] < _KEPT
        }
        self._people[team_id, user_id] = (now, person)
        return person

    def _drop(self, team_id: str) -> None:
        self._people = {who: one for who, one in self._people.items() if who[0] != team_id}
