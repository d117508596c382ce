"""Administration of a team: rename, archive and delete channels, and change people."""

from dataclasses import replace

from bot.workspace.errors import Json
from bot.workspace.model.directory import BOT_USER_ID, Channel
from bot.workspace.model.state import State

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
        "teams",
    }
)


class Administration:
    """Changes channels and people, and sends the app the events it subscribes to."""

    def __init__(self, state: State) -> None:
        self._state = state

    def archive(self, channel: str, by: str) -> None:
        """Archive a channel; it can still be read."""
        self._set_archived(self._state.channels[channel], by, is_archived=True)

    def unarchive(self, channel: str, by: str) -> None:
        """Unarchive a channel."""
        self._set_archived(self._state.channels[channel], by, is_archived=False)

    def rename(self, channel: str, name: str) -> None:
        """Rename a channel; its id stays."""
        found = self._state.channels[channel]
        found.name = name
        described = {"id": found.id, "name": name, "name_normalized": name, "created": 1700000000}
        self._tell(found, "rename", {"channel": described})

    def restrict(self, channel: str, *, is_read_only: bool = True) -> None:
        """Restrict who may post in a channel; no event tells the app."""
        self._state.channels[channel].is_read_only = is_read_only
        self._state.changed({"type": "channel", "channel": channel})

    def delete(self, channel: str) -> None:
        """Delete a channel with all its messages."""
        found = self._state.channels[channel]
        self._tell(found, "deleted", {"channel": found.id})
        self._state.drop_channel(found)

    def change_person(self, user: str, **changes: str | bool | tuple[str, ...]) -> None:
        """Change a person: their name, zone, role, or whether they are active (`is_deleted`).

        A deactivated person leaves every channel. Raises ValueError for a field that cannot change.
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
        if self._state.sees(BOT_USER_ID, channel):
            kind = "channel" if channel.kind == "public" else "group"
            self._state.tell_app({"type": f"{kind}_{what}", **about}, scope=channel.scope("read"))
