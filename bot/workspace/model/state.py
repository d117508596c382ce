"""The state of a team; every change wakes waiting tasks and is pushed to the page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import (
    BOT_ID,
    BOT_USER_ID,
    HOME,
    Channel,
    Kind,
    Person,
    TeamInfo,
    direct_message,
    seed,
)
from bot.workspace.model.rate_tiers import MethodRates
from bot.workspace.model.signal import Signal
from bot.workspace.model.tickets import (
    RESPONSE_URL_LIFE,
    MessageRate,
    ResponseUrl,
    Triggers,
    new_id,
)
from bot.workspace.model.timeline import Message, Timeline
from bot.workspace.model.views import Views

if TYPE_CHECKING:
    from bot.workspace.model.files import File


@dataclass(frozen=True, slots=True)
class Change:
    """A change that the page shows; *seen_by* None means everybody."""

    event: Json
    seen_by: frozenset[str] | None = None


class State:
    """Holds a team's people, channels, messages and views, and assigns ts from the clock."""

    def __init__(
        self, manifest: Json, clock: Callable[[], datetime], team: TeamInfo = HOME
    ) -> None:
        self.team = team
        self.manifest = manifest
        self.clock = clock
        self.base_url = ""
        self.signal = Signal()
        self.watchers: list[Callable[[Change], None]] = []
        self.heralds: list[Callable[[Json], None]] = []
        self.bot_token: str | None = None
        self.scopes: list[str] = []
        people, channels = seed(manifest["display_information"]["name"])
        self.people = {person.id: person for person in people}
        self.channels: dict[str, Channel] = {}
        self._timelines: dict[str, Timeline] = {}
        for channel in channels:
            self.add_channel(channel)
        self.triggers = Triggers()
        self.socket_tickets: set[str] = set()
        self.response_urls: dict[str, ResponseUrl] = {}
        self.pace = MessageRate()
        self.tiers = MethodRates()
        self.views = Views(team.id, self._view_changed)
        self.files: dict[str, File] = {}
        self.prompts: dict[str, Json] = {}
        self._last_us = 0

    def is_subscribed(self, event: str, scope: str | None = None) -> bool:
        """Return whether the app is subscribed to *event* and has the *scope* it needs."""
        if self.bot_token is None:
            return False
        settings = self.manifest.get("settings", {})
        events = settings.get("event_subscriptions", {}).get("bot_events", [])
        return event in events and (scope is None or scope in self.scopes)

    def tell_app(self, event: Json, *, name: str | None = None, scope: str | None = None) -> None:
        """Send *event* if the app is subscribed to it, or to *name* if that is given."""
        if self.is_subscribed(name or event["type"], scope):
            event.setdefault("event_ts", self.next_ts())
            for herald in self.heralds:
                herald(event)

    def need(self, scope: str) -> None:
        """Raise `ApiError` (missing_scope) unless the app has *scope*."""
        if scope not in self.scopes:
            raise ApiError("missing_scope", needed=scope, provided=",".join(self.scopes))

    def next_ts(self) -> str:
        """Return the ts of a new message: the clock's seconds, unique and increasing."""
        now = self.clock() - datetime(1970, 1, 1, tzinfo=UTC)
        microseconds = (now.days * 86400 + now.seconds) * 1_000_000 + now.microseconds
        self._last_us = max(microseconds, self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def changed(self, event: Json, seen_by: Iterable[str] | None = None) -> None:
        """Push *event* to the page and wake every task that waits for a change."""
        change = Change(event, None if seen_by is None else frozenset(seen_by))
        for watcher in tuple(self.watchers):
            watcher(change)
        self.signal.notify()

    # People and channels

    def add_person(self, person: Person) -> None:
        """Add *person* to the workspace, with a direct message with the bot."""
        self.people[person.id] = person
        self.add_channel(direct_message(person))

    def add_channel(self, channel: Channel) -> None:
        """Add *channel*."""
        self.channels[channel.id] = channel
        self._timelines[channel.id] = Timeline()

    def drop_channel(self, channel: Channel) -> None:
        """Delete *channel* with everything in it."""
        del self.channels[channel.id], self._timelines[channel.id]
        self.changed({"type": "channel", "channel": channel.id})

    def make_channel(self, name: str, kind: Kind, members: Iterable[str]) -> Channel:
        """Create a channel called *name* and return it."""
        channel = Channel(id=new_id("C"), name=name, kind=kind, members=set(members))
        self.add_channel(channel)
        return channel

    def set_member(
        self, channel: Channel, user: str, *, is_member: bool, inviter: str | None = None
    ) -> None:
        """Add *user* to *channel* or remove them; send the app the event if it is a member.

        *inviter* is the person who adds another one; None if *user* joins by themselves.
        """
        if (user in channel.members) is is_member:
            return
        is_heard = BOT_USER_ID in channel.members
        if is_member:
            channel.members.add(user)
        else:
            channel.members.discard(user)
        self.changed({"type": "membership", "channel": channel.id, "user": user})
        if is_heard or BOT_USER_ID in channel.members:
            event = {
                "type": "member_joined_channel" if is_member else "member_left_channel",
                "user": user,
                "channel": channel.id,
                "channel_type": "C" if channel.kind == "public" else "G",
                "team": self.team.id,
            }
            if is_member and inviter and inviter != user:
                event["inviter"] = inviter
            self.tell_app(event, scope=channel.scope("read"))

    def withdraw(self, user: str) -> None:
        """Deactivate *user* and remove them from every channel."""
        self.people[user].is_deleted = True
        for channel in self.channels.values():
            if channel.kind != "im":
                self.set_member(channel, user, is_member=False)

    def sees(self, user: str, channel: Channel) -> bool:
        """Return whether *user* may see that *channel* exists.

        Guests and people of another team see no public channel before they are in it.
        """
        if user in channel.members:
            return True
        person = self.people.get(user)
        is_member = person and not (person.is_restricted or person.is_stranger)
        return channel.kind == "public" and bool(is_member)

    def visible_channel(self, user: str, channel: str) -> Channel:
        """Return a channel that *user* can see; raises LookupError."""
        found = self.channels[channel]
        if not self.sees(user, found):
            raise LookupError(f"{user} does not see {channel}")
        return found

    def find_channel(self, ref: str) -> Channel:
        """Return the channel that the bot means by *ref*: a channel id, a person's id, or #name.

        Raises `ApiError` if there is no such channel or the bot cannot see it.
        """
        channel = self.channels.get(ref)
        if channel is None and ref in self.people:
            channel = self.channels.get("D" + ref[1:])
        if channel is None:
            name = ref.removeprefix("#")
            channel = next(
                (one for one in self.channels.values() if one.kind != "im" and one.name == name),
                None,
            )
        if channel is None or not self.sees(BOT_USER_ID, channel):
            raise ApiError("channel_not_found")
        return channel

    # Messages

    def timeline(self, channel: str) -> Timeline:
        """Return the messages of *channel*; raises KeyError if there is no such channel."""
        return self._timelines[channel]

    def post(self, message: Message) -> Message:
        """Add *message* to its channel and return it."""
        self.timeline(message.channel).add(message)
        self._message_changed("message", message)
        if message.thread_ts and message.only_for is None:
            self._root_changed(message)
        return message

    def edited(self, message: Message) -> None:
        """Push the edited *message* to the page."""
        self._message_changed("changed", message)

    def remove(self, message: Message) -> None:
        """Delete *message* from its channel."""
        self.timeline(message.channel).remove(message)
        event = {"type": "removed", "channel": message.channel, "ts": message.ts}
        self.changed(event, self._audience(message))
        if message.thread_ts and message.only_for is None:
            self._root_changed(message)

    def bot_message(self, channel: Channel, text: str, blocks: list[Json]) -> Message:
        """Build a message of the bot without posting it."""
        return Message(
            ts=self.next_ts(),
            team_id=self.team.id,
            channel=channel.id,
            user=BOT_USER_ID,
            bot_id=BOT_ID,
            text=text,
            blocks=blocks,
        )

    def render(self, message: Message) -> Json:
        """Render *message* for the page and the tests."""
        return message.as_page(self.people[message.user].real_name)

    def _root_changed(self, reply: Message) -> None:
        root = self.timeline(reply.channel).root(reply.thread_ts or "")
        if root:
            self._message_changed("changed", root)

    def _message_changed(self, kind: str, message: Message) -> None:
        self.changed({"type": kind, "message": self.render(message)}, self._audience(message))

    def _audience(self, message: Message) -> Iterable[str]:
        if message.only_for is not None:
            return [message.only_for]
        channel = self.channels[message.channel]
        return [user for user in self.people if self.sees(user, channel)]

    # Addresses

    def new_socket_url(self) -> str:
        """Return the address of a Socket Mode connection, valid once."""
        ticket = new_id("")
        self.socket_tickets.add(ticket)
        return f"{self.base_url.replace('http', 'ws', 1)}/socket?ticket={ticket}"

    def new_response_url(
        self,
        *,
        user: str,
        channel: str,
        message_ts: str | None = None,
    ) -> str:
        """Return a response_url for what *user* has just done."""
        key = new_id("") + new_id("")
        self.response_urls[key] = ResponseUrl(
            user=user,
            channel=channel,
            message_ts=message_ts,
            expires_at=self.clock() + RESPONSE_URL_LIFE,
        )
        return f"{self.base_url}/response/{self.team.id}/{key}"

    def _view_changed(self, event: Json, user: str) -> None:
        self.changed(event, [user])
