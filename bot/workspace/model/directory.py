"""The people and channels of a workspace."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from bot.workspace.errors import Json

Kind = Literal["public", "private", "mpim", "im"]
FAMILIES: dict[Kind, str] = {
    "public": "channels",
    "private": "groups",
    "mpim": "mpim",
    "im": "im",
}

TEAM_ID = "T0LOCAL"
TEAM_NAME = "Harbour News"
APP_ID = "A0PARLEY"
BOT_USER_ID = "U0PARLEY"
BOT_ID = "B0PARLEY"
STRANGERS_TEAM_ID = "T0ELSEWHERE"
SISTER_TEAM_ID = "T0SISTER"
"""Another workspace of the Enterprise organization, if the workspace is in one."""
ORGANIZATION: Json = {"id": "E0LOCAL", "name": "Harbour Group"}

_COLORS = ("4a7c59", "9b4f96", "a95c1f", "3b6ea5", "a33b3b", "5b5ea6", "2f7f7b", "8a6d3b")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamInfo:
    """A workspace, called a team in Slack's API; teams may share user and channel ids."""

    id: str
    name: str
    domain: str


HOME = TeamInfo(id=TEAM_ID, name=TEAM_NAME, domain="harbour-news")


@dataclass(slots=True, kw_only=True)
class Person:
    """A member of the workspace, or the app's bot user; *tz* is an IANA zone.

    A guest is restricted; a single-channel guest is ultra-restricted too. A stranger belongs to
    another team and is here through a shared channel. With *teams*, the person belongs to an
    Enterprise organization, and to these workspaces of it.
    """

    id: str
    name: str
    real_name: str
    tz: str = "UTC"
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_deleted: bool = False
    teams: tuple[str, ...] = ()
    color: str = ""

    def __post_init__(self) -> None:
        self.color = self.color or _COLORS[sum(map(ord, self.id)) % len(_COLORS)]

    def as_page(self) -> Json:
        """Render the person for the page."""
        return {
            "id": self.id,
            "name": self.name,
            "real_name": self.real_name,
            "tz": self.tz,
            "is_admin": self.is_admin,
            "is_bot": self.is_bot,
            "is_guest": self.is_restricted,
            "is_stranger": self.is_stranger,
            "is_deleted": self.is_deleted,
            "color": self.color,
        }

    def team_id(self, here: TeamInfo) -> str:
        """Return the id of the person's team, as seen from the team *here*."""
        return STRANGERS_TEAM_ID if self.is_stranger else [*self.teams, here.id][0]

    def payload_team_id(self, here: TeamInfo) -> str:
        """Return the team id of the person in interactions: the organization's if there is one."""
        return str(ORGANIZATION["id"]) if self.teams else self.team_id(here)

    def as_slack(self, now: datetime, here: TeamInfo) -> Json:
        """Render the person as in `users.info` of the team *here* at the instant *now*.

        For deactivated people Slack returns no time zone and no roles.
        """
        team_id = self.team_id(here)
        drawn: Json = {
            "id": self.id,
            "team_id": team_id,
            "name": self.name,
            "deleted": self.is_deleted,
            "profile": {
                "real_name": self.real_name,
                "real_name_normalized": self.real_name,
                "display_name": self.name,
                "display_name_normalized": self.name,
                "team": team_id,
            },
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1700000000,
        }
        if self.is_stranger:
            drawn["is_stranger"] = True
        if self.teams:
            drawn["enterprise_user"] = {
                "id": self.id,
                "enterprise_id": ORGANIZATION["id"],
                "enterprise_name": ORGANIZATION["name"],
                "is_admin": False,
                "is_owner": False,
                "teams": [*self.teams],
            }
        if self.is_deleted:
            return drawn
        local = now.astimezone(ZoneInfo(self.tz))
        offset = local.utcoffset()
        return drawn | {
            "color": self.color,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": local.tzname() or self.tz,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "is_admin": self.is_admin or self.is_owner,
            "is_owner": self.is_owner,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
        }


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; *with_user* is the person of a direct message with the bot."""

    id: str
    name: str
    kind: Kind = "public"
    members: set[str] = field(default_factory=set)
    with_user: str | None = None
    is_archived: bool = False
    is_read_only: bool = False
    topic: str = ""
    creator: str = "U0ANA"

    def scope(self, what: Literal["read", "history"]) -> str:
        """Return the scope needed to read about this channel, or to read its history."""
        return f"{FAMILIES[self.kind]}:{what}"

    @property
    def message_event(self) -> str:
        """Return the event that an app subscribes to for messages in this channel."""
        return f"message.{FAMILIES[self.kind]}"

    @property
    def channel_type(self) -> str:
        """Return the channel type as in message events."""
        return {"public": "channel", "private": "group"}.get(self.kind, self.kind)

    @property
    def payload_name(self) -> str:
        """Return the name used in payloads, which hides private names."""
        return {"private": "privategroup", "im": "directmessage"}.get(self.kind, self.name)

    def as_page(self, user: str) -> Json:
        """Render the channel for *user*'s page."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "with": self.with_user,
            "is_member": user in self.members,
            "bot_is_member": BOT_USER_ID in self.members,
            "is_archived": self.is_archived,
            "is_read_only": self.is_read_only,
            "topic": self.topic,
        }

    def as_slack(self, here: TeamInfo) -> Json:
        """Render the channel as in `conversations.info` of the team *here* for the bot."""
        drawn: Json = {
            "id": self.id,
            "created": 1700000000,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "public",
            "is_archived": self.is_archived,
            "is_org_shared": False,
            "context_team_id": here.id,
        }
        if self.kind == "im":
            return drawn | {"user": self.with_user, "is_open": True}
        return drawn | {
            "name": self.name,
            "name_normalized": self.name,
            "is_general": self.name == "general",
            "is_member": BOT_USER_ID in self.members,
            "creator": self.creator,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }


def direct_message(person: Person) -> Channel:
    """Build the direct message channel between *person* and the bot."""
    return Channel(
        id="D" + person.id[1:],
        name=person.name,
        kind="im",
        members={person.id, BOT_USER_ID},
        with_user=person.id,
    )


def seed(bot_name: str) -> tuple[list[Person], list[Channel]]:
    """Return the people and channels of a new workspace."""
    people = [
        Person(id="U0ANA", name="ana", real_name="Ana Silva", tz="Europe/Lisbon", is_admin=True),
        Person(id="U0BEN", name="ben", real_name="Ben Osei", tz="Africa/Accra"),
        Person(id="U0CHLOE", name="chloe", real_name="Chloe Park", tz="America/New_York"),
        Person(id=BOT_USER_ID, name=bot_name.lower(), real_name=bot_name, is_bot=True),
    ]
    humans = {person.id for person in people if not person.is_bot}
    everyone = humans | {BOT_USER_ID}
    channels = [
        Channel(
            id="C0GENERAL", name="general", members=set(everyone), topic="What concerns us all"
        ),
        Channel(
            id="C0WORLD", name="world-news", members=set(everyone), topic="Stories from abroad"
        ),
        Channel(id="C0RANDOM", name="random", members=set(humans), topic="Parley is not in here"),
        Channel(id="C0LEADERS", name="leadership", kind="private", members={"U0ANA", "U0BEN"}),
        Channel(id="C0ARCHIVE", name="archive-2024", members=set(everyone), is_archived=True),
    ]
    channels += [direct_message(person) for person in people if not person.is_bot]
    return people, channels
