"""What those who run a team do: channels renamed, archived, closed; people changed; apps let go."""

from dataclasses import replace

from bot.workspace.errors import Json
from bot.workspace.people import BOT_USER_ID, Channel
from bot.workspace.state import State

_CHANGEABLE = frozenset(
    {
        "real_name",
        "tz",
        "is_admin",
        "is_owner",
        "is_restricted",
        "is_ultra_restricted",
        "is_stranger",
        "is_deleted",
    }
)


class Office:
    """Changes channels and people, and tells the app what it hears of."""

    def __init__(self, state: State) -> None:
        self._state = state

    def archive(self, channel: str, by: str) -> None:
        """Close a channel, which stays to be read."""
        self._set_archived(self._state.channels[channel], by, is_archived=True)

    def unarchive(self, channel: str, by: str) -> None:
        """Open an archived channel again."""
        self._set_archived(self._state.channels[channel], by, is_archived=False)

    def rename(self, channel: str, name: str) -> None:
        """Give a channel another name; its id stays."""
        found = self._state.channels[channel]
        found.name = name
        described = {"id": found.id, "name": name, "name_normalized": name, "created": 1700000000}
        self._tell(found, "rename", {"channel": described})

    def restrict(self, channel: str, *, is_read_only: bool = True) -> None:
        """Let only some people post in a channel; the app is not told, and finds out."""
        self._state.channels[channel].is_read_only = is_read_only
        self._state.changed({"type": "channel", "channel": channel})

    def delete(self, channel: str) -> None:
        """Take a channel away, with all that was said in it."""
        found = self._state.channels[channel]
        self._tell(found, "deleted", {"channel": found.id})
        self._state.drop_channel(found)

    def change_person(self, user: str, **changes: str | bool) -> None:
        """Change a person: their name, zone, role, or whether they are active (`is_deleted`).

        Who is deactivated leaves every channel. Raises ValueError for what cannot be changed.
        """
        if unknown := changes.keys() - _CHANGEABLE:
            raise ValueError(f"not to be changed: {', '.join(sorted(unknown))}")
        if changes.get("is_deleted"):
            self._state.withdraw(user)
        person = replace(self._state.people[user], **changes)  # type: ignore[arg-type]
        self._state.people[user] = person
        self._state.changed({"type": "person", "person": person.as_page()})
        drawn = person.as_slack(self._state.clock(), self._state.team)
        self._state.tell_app({"type": "user_change", "user": drawn}, scope="users:read")

    def _set_archived(self, channel: Channel, by: str, *, is_archived: bool) -> None:
        channel.is_archived = is_archived
        name = "archive" if is_archived else "unarchive"
        self._tell(channel, name, {"channel": channel.id, "user": by})

    def _tell(self, channel: Channel, what: str, about: Json) -> None:
        self._state.changed({"type": "channel", "channel": channel.id})
        if channel.is_visible_to(BOT_USER_ID):
            kind = "channel" if channel.kind == "public" else "group"
            self._state.tell_app({"type": f"{kind}_{what}", **about}, scope=channel.scope("read"))
