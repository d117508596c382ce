"""Users and channels as Slack describes them: roles, membership and permission to post."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from handlers.button_value import NO_CHANNEL, is_direct
from handlers.parsing.zones import is_zone
from handlers.slack.api_errors import FAILURES, classify
from handlers.slack.people import Colleague, FullMember, Person
from handlers.slack.teams import Teams
from store.types import ChannelId, ParleyError, TeamId, UserId

log = logging.getLogger(__name__)

_Key = TypeVar("_Key")
_Found = TypeVar("_Found")

_CACHE_TIME = timedelta(minutes=5)
_SHORT_TIME = timedelta(minutes=1)
"""How long the channels of a user are cached for what is shown, and that a user is unknown."""
_TYPES = "public_channel,private_channel"
ASK_SECONDS = 1.4
"""The time limit for looking up a user; Slack waits three seconds for the ack of a form."""
PRESENCE_SECONDS = 1.4
"""The time limit for looking up the channels of that user, after looking up the user."""

STRANGER = (
    "I can only help members of this workspace. Please ask one of them. If your own workspace has"
    " Parley, its commands work here too."
)
UNKNOWN = "I can't check with Slack who you are, so I did nothing. Please try again in a minute."
GUEST = "Guests can't change schedules. Please ask a member."
_INVITE = "I'm not in {channel} yet. Type `/invite @Parley` there, then try again."
NOT_READY = {
    "not_in_channel": _INVITE,
    # Slack's answer for a private channel that we are not in, and for a group direct message.
    "channel_not_found": f"{_INVITE} In a group direct message I can't post: please choose a"
    " channel.",
    "is_archived": "This channel is archived, so I can't post in it.",
    "restricted_action": "This channel doesn't let me post.",
    "restricted_action_read_only_channel": "Only some people may post in this channel. Its"
    " managers can let me.",
    "restricted_action_thread_only_channel": "This channel takes replies in threads only.",
    "restricted_action_non_threadable_channel": "This channel has no threads for the story.",
}
"""What the user reads for each error code with which Slack refuses a post in *channel*."""

_OUTSIDE = frozenset({"not_in_channel", "channel_not_found"})


def format_not_ready(reason: str, channel_id: ChannelId) -> str | None:
    """Return why Parley cannot post in a channel; None if *reason* is no key of `NOT_READY`."""
    if reason in _OUTSIDE and is_direct(channel_id):
        return "I can't post in a direct message between people. Please choose a channel."
    why = NOT_READY.get(reason)
    # An id that nobody has looked up yet may be any text.
    channel = f"<#{channel_id}>" if channel_id.isalnum() else "that channel"
    return why and why.format(channel=channel)


class NotReadyError(ParleyError):
    """Raised when Parley cannot post in a channel."""

    def __init__(self, reason: str, channel_id: ChannelId) -> None:
        """*reason* is Slack's error code, a key of `NOT_READY`."""
        super().__init__(format_not_ready(reason, channel_id) or reason)
        self.is_outside = reason in _OUTSIDE
        """Whether the reason is only that Parley is not a member of the channel."""


class UnknownPresenceError(ParleyError):
    """Raised when Parley cannot find out whether a user is in a channel."""

    def __init__(self) -> None:
        super().__init__(
            "I can't check with Slack whether you are in that channel, so I did nothing."
            " Please try again in a minute."
        )


class UnknownPersonError(ParleyError):
    """Raised when Parley cannot find out who a user is."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN)


class NoSuchPersonError(UnknownPersonError):
    """Raised when Slack knows no user with that id."""


class Directory:
    """Users and channels of every team that Parley is in.

    Changes fail closed: `colleague`, `full_member`, `require_admin` and `require_corpus_admin`
    raise if asking Slack fails. Look-ups fail open: `require_reader` lets them continue.
    """

    def __init__(
        self,
        teams: Teams,
        *,
        admins: frozenset[str],
        clock: Callable[[], datetime],
        is_shared: bool = False,
    ) -> None:
        """*admins* holds the user ids of ADMIN_USER_IDS; workspace admins are admins too.

        *is_shared* means that many workspaces share the corpus. Then *admins* holds `TEAM:USER`,
        and only the users in it may change the corpus.
        """
        self._teams = teams
        self._admins = admins
        self._clock = clock
        self._is_shared = is_shared
        self._people: dict[tuple[TeamId, UserId], tuple[datetime, Person | None]] = {}
        """What Slack said of each user; None if it knows no such user."""
        self._creators: dict[tuple[TeamId, ChannelId], tuple[datetime, UserId | None]] = {}
        self._channels: dict[
            tuple[TeamId, UserId | None, str], tuple[datetime, frozenset[ChannelId]]
        ] = {}
        teams.when_dropped(self._drop)

    def name(self, team_id: TeamId, user_id: UserId) -> str:
        """Return the user as ADMIN_USER_IDS and records name them: `USER` or `TEAM:USER`."""
        return f"{team_id}:{user_id}" if self._is_shared else user_id

    def listed_admins(self) -> Sequence[tuple[TeamId, UserId]]:
        """Return the team id and user id of every admin in ADMIN_USER_IDS."""
        if self._is_shared:
            pairs = (one.partition(":") for one in self._admins)
            return [(TeamId(team), UserId(user)) for team, _, user in pairs]
        return [(self._teams.only or TeamId(""), UserId(user)) for user in self._admins]

    async def require_corpus_admin(self, team_id: TeamId, user_id: UserId) -> None:
        """Raise `ParleyError` unless the user may change the corpus."""
        if not self._is_shared:
            await self.require_admin(team_id, user_id)
        elif self.name(team_id, user_id) not in self._admins:
            why = "Only Parley admins can do that, because several workspaces share these stories."
            raise ParleyError(f"{why} {self._who_can(team_id)}")

    async def is_corpus_admin(self, team_id: TeamId, user_id: UserId) -> bool:
        """Return whether the user may change the corpus; False if asking Slack fails."""
        return await _passes(self.require_corpus_admin(team_id, user_id))

    def known_corpus_admin(self, team_id: TeamId, user_id: UserId) -> bool | None:
        """Return whether the user may change the corpus; None if only Slack can say."""
        if self._is_shared or self._is_listed(team_id, user_id):
            return self._is_listed(team_id, user_id)
        known = self._known(team_id, user_id)
        return known.is_admin if known else None

    async def require_admin(self, team_id: TeamId, user_id: UserId) -> None:
        """Raise `ParleyError` unless the user is a workspace admin or in ADMIN_USER_IDS.

        Raises `UnknownPersonError` if asking Slack fails.
        """
        if self._is_listed(team_id, user_id):
            return
        if not (await self.person(team_id, user_id)).is_admin:
            raise ParleyError(f"Only Parley admins can do that. {self._who_can(team_id)}")

    def _who_can(self, team_id: TeamId) -> str:
        """Return a sentence on whom to ask for what only admins can do."""
        names = [f"<@{user}>" for team, user in self.listed_admins() if team == team_id]
        if not self._is_shared:
            names.append("an admin of this workspace")
        return f"Ask {' or '.join(names)}." if names else "None of them is in this workspace."

    async def colleague(self, team_id: TeamId, user_id: UserId) -> Colleague:
        """Return the user as a colleague, who may change something; guests included.

        Raises `ParleyError` for a user of another workspace, a deactivated account or a bot, and
        `UnknownPersonError` if asking Slack fails.
        """
        if self._is_listed(team_id, user_id):
            return Colleague(team_id=team_id, user_id=user_id, is_admin=True, is_guest=False)
        person = await self.person(team_id, user_id)
        if not person.is_colleague:
            raise ParleyError(STRANGER)
        return Colleague(
            team_id=team_id, user_id=user_id, is_admin=person.is_admin, is_guest=person.is_guest
        )

    async def full_member(self, team_id: TeamId, user_id: UserId) -> FullMember:
        """Return the user as a full member, who may change schedules.

        Raises `ParleyError` for guests, and as `colleague` does.
        """
        colleague = await self.colleague(team_id, user_id)
        if colleague.is_guest:
            raise ParleyError(GUEST)
        return FullMember(
            team_id=team_id, user_id=user_id, is_admin=colleague.is_admin, is_guest=False
        )

    async def require_reader(self, team_id: TeamId, user_id: UserId) -> None:
        """Raise `ParleyError` if the user does not belong to this workspace.

        Does not raise if asking Slack fails, so use it for look-ups only.
        """
        try:
            person = await self.person(team_id, user_id)
        except UnknownPersonError:
            return
        if not person.is_colleague:
            raise ParleyError(STRANGER)

    def _is_listed(self, team_id: TeamId, user_id: UserId) -> bool:
        """Return whether the user is in ADMIN_USER_IDS."""
        return self.name(team_id, user_id) in self._admins

    async def require_present(
        self, team_id: TeamId, user_id: UserId, channel_id: ChannelId
    ) -> None:
        """Raise `ParleyError` unless the user is a member of the channel.

        The channel of a form comes from the client, so it cannot be trusted. Raises
        `UnknownPresenceError` if asking Slack fails or takes too long.
        """
        about = f"the channels of {user_id} in {team_id}"
        async with _asking(about, PRESENCE_SECONDS, or_raise=UnknownPresenceError):
            theirs = await self.channels(team_id, of=user_id)
        if channel_id not in theirs:
            raise ParleyError(
                "I don't see you in that channel. If you are in it, type `/invite @Parley` there,"
                " then try again."
            )

    async def creator(self, team_id: TeamId, channel_id: ChannelId) -> UserId | None:
        """Return who created the channel: Slack makes them its manager, and names no other to apps.

        None if Slack does not say, or Parley cannot see the channel. Cached for five minutes.
        Raises `UnknownPersonError` if asking Slack fails.
        """
        now = self._clock()
        at, creator = self._creators.get((team_id, channel_id), (None, None))
        if at and timedelta() <= now - at < _CACHE_TIME:
            return creator
        about = f"the managers of {channel_id} in {team_id}"
        async with _asking(about, PRESENCE_SECONDS, or_raise=UnknownPersonError):
            client = await self._teams.asking(team_id)
            try:
                response = await client.conversations_info(channel=channel_id)
                creator = UserId(response["channel"].get("creator") or "") or None
            except SlackApiError as error:
                if classify(error).code not in NOT_READY:
                    raise
                creator = None
        self._creators = _fresh(self._creators, now)
        self._creators[team_id, channel_id] = (now, creator)
        return creator

    async def can_join(self, team_id: TeamId, channel_id: ChannelId) -> bool:
        """Return whether Parley can join the channel: public, not archived, not joined already.

        And the scope to join must be granted: Slack lists the scopes in a header of every answer.
        """
        try:
            client = await self._teams.asking(team_id)
            response = await client.conversations_info(channel=channel_id)
        except FAILURES:
            return False
        channel = response["channel"]
        scopes = response.headers.get("x-oauth-scopes")
        return bool(
            (scopes is None or "channels:join" in scopes)
            and channel.get("is_channel")
            and not channel.get("is_private")
            and not channel.get("is_archived")
            and not channel.get("is_member")
        )

    async def zone(self, team_id: TeamId, user_id: UserId) -> str:
        """Return the user's IANA time zone; UTC if Slack names none or an unknown one."""
        try:
            zone = (await self.person(team_id, user_id)).zone
        except UnknownPersonError:
            return "UTC"
        return zone if is_zone(zone) else "UTC"

    async def is_admin(self, team_id: TeamId, user_id: UserId) -> bool:
        """Return whether the user is an admin; False if asking Slack fails."""
        return await _passes(self.require_admin(team_id, user_id))

    async def is_guest(self, team_id: TeamId, user_id: UserId) -> bool:
        """Return whether the user is a guest; False if asking Slack fails."""
        try:
            return (await self.person(team_id, user_id)).is_guest
        except UnknownPersonError:
            return False

    async def require_parley_in(self, team_id: TeamId, channel_id: ChannelId) -> None:
        """Raise `NotReadyError` unless Parley is in the channel and may post there."""
        if reason := await self.reason(team_id, channel_id):
            raise NotReadyError(reason, channel_id)

    async def reason(self, team_id: TeamId, channel_id: ChannelId) -> str | None:
        """Return the error code that keeps Parley from posting in the channel, or None."""
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

    async def join(self, channel_id: ChannelId, *, by: Colleague) -> None:
        """Join a public channel; raises `ParleyError` if Parley cannot join it."""
        if not await self.can_join(by.team_id, channel_id):
            if await self.reason(by.team_id, channel_id) is None:
                return
            raise ParleyError("I can't join that channel. Type `/invite @Parley` in it.")
        client = await self._teams.asking(by.team_id)
        try:
            await client.conversations_join(channel=channel_id)
        except SlackApiError as error:
            raise ParleyError("Slack doesn't let me join: type `/invite @Parley`.") from error

    async def known_to(self, team_id: TeamId, user_id: UserId) -> frozenset[ChannelId]:
        """Return the ids of Parley's channels that the user may see.

        These are the user's own channels and the public channels that Parley is in. Guests see
        only their own, and so does a user about whom asking Slack fails.
        """
        theirs = await self.recent_channels(team_id, user_id)
        try:
            if (await self.person(team_id, user_id)).is_guest:
                return theirs
        except UnknownPersonError:
            return theirs
        return theirs | await self.recent_channels(team_id, types="public_channel")

    async def channels(
        self,
        team_id: TeamId,
        *,
        of: UserId | None = None,
        types: str = _TYPES,
    ) -> frozenset[ChannelId]:
        """Return the ids of the channels that Parley is a member of, without archived ones.

        With *of*, return the channels of that user that Parley can see.
        """
        return frozenset(await self._names(team_id, of, types))

    async def recent_channels(
        self, team_id: TeamId, of: UserId | None = None, types: str = _TYPES
    ) -> frozenset[ChannelId]:
        """Return what `channels` returned within the last minute, or returns now.

        Slack allows some 50 such questions a minute for a whole workspace. This decides what is
        shown, never what somebody may do: see `require_present`.
        """
        key, now = (team_id, of, types), self._clock()
        at, found = self._channels.get(key, (None, frozenset()))
        if at is None or not timedelta() <= now - at < _SHORT_TIME:
            found = await self.channels(team_id, of=of, types=types)
            self._channels = _fresh(self._channels, now, _SHORT_TIME)
            self._channels[key] = (now, found)
        return found

    async def channel_named(self, name: str, *, of: FullMember) -> ChannelId:
        """Return the channel of that person with this name; NO_CHANNEL if Slack names none."""
        about = f"the channels of {of.user_id} in {of.team_id}"
        async with _asking(about, PRESENCE_SECONDS, or_raise=UnknownPresenceError):
            names = await self._names(of.team_id, of.user_id, _TYPES)
        return next((each for each, one in names.items() if one == name), NO_CHANNEL)

    async def _names(self, team_id: TeamId, of: UserId | None, types: str) -> dict[ChannelId, str]:
        client = await self._teams.asking(team_id)
        names: dict[ChannelId, str] = {}
        async for page in await client.users_conversations(
            user=of, types=types, exclude_archived=True, limit=999
        ):
            names |= {channel["id"]: channel.get("name", "") for channel in page["channels"]}
        return names

    async def person(self, team_id: TeamId, user_id: UserId) -> Person:
        """Return the user as Slack describes them, cached for five minutes.

        Raises `UnknownPersonError` if asking Slack fails, `NoSuchPersonError` if it knows none.
        """
        if known := self._known(team_id, user_id):
            return known
        now = self._clock()
        at, _ = self._people.get((team_id, user_id), (None, None))
        if at and timedelta() <= now - at < _SHORT_TIME:
            raise NoSuchPersonError
        about = f"user {user_id} of {team_id}"
        try:
            async with _asking(about, ASK_SECONDS, or_raise=UnknownPersonError):
                client = await self._teams.asking(team_id)
                response = await client.users_info(user=user_id)
                person = Person.of(response["user"], team_id=team_id)
        except UnknownPersonError as error:
            failed = error.__cause__
            if isinstance(failed, SlackApiError) and classify(failed).code == "user_not_found":
                self._people = _fresh(self._people, now)
                self._people[team_id, user_id] = (now, None)
                raise NoSuchPersonError from error
            raise
        self._people = _fresh(self._people, now)
        self._people[team_id, user_id] = (now, person)
        return person

    def _known(self, team_id: TeamId, user_id: UserId) -> Person | None:
        """Return the user as Slack described them in the last five minutes; None if it did not."""
        at, person = self._people.get((team_id, user_id), (None, None))
        return person if at and timedelta() <= self._clock() - at < _CACHE_TIME else None

    def _drop(self, team_id: TeamId) -> None:
        self._people = {who: one for who, one in self._people.items() if who[0] != team_id}
        self._creators = {what: one for what, one in self._creators.items() if what[0] != team_id}
        self._channels = {what: one for what, one in self._channels.items() if what[0] != team_id}


def _fresh(
    cache: dict[_Key, tuple[datetime, _Found]], now: datetime, kept: timedelta = _CACHE_TIME
) -> dict[_Key, tuple[datetime, _Found]]:
    """Return the entries that are not expired, so that no personal data is kept longer."""
    return {
        key: (at, found) for key, (at, found) in cache.items() if timedelta() <= now - at < kept
    }


@asynccontextmanager
async def _asking(
    about: str, seconds: float, *, or_raise: Callable[[], ParleyError]
) -> AsyncIterator[None]:
    """Log and raise *or_raise* if what is done within fails or takes longer than *seconds*."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except ParleyError:
        raise
    except Exception as error:
        # Not only FAILURES: the SDK itself may raise on a body that Slack did not write.
        log.warning("asking Slack about %s failed: %s", about, classify(error).code)
        raise or_raise() from error


async def _passes(check: Awaitable[None]) -> bool:
    try:
        await check
    except ParleyError:
        return False
    return True
