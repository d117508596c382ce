"""The payloads that Slack sends, as far as listeners read them (docs.slack.dev).

Bolt passes them on unchecked. Their types say which text is the id of a team, channel or user.
"""

from typing import Any, NotRequired, TypedDict

from store.types import ChannelId, TeamId, UserId


class SlashCommand(TypedDict):
    """A slash command."""

    team_id: TeamId
    channel_id: ChannelId
    user_id: UserId
    trigger_id: str
    text: NotRequired[str]


class Event(TypedDict):
    """A message, a mention, an opened App Home or panel, or somebody who joined a channel."""

    channel: ChannelId
    user: UserId
    channel_type: NotRequired[str]
    subtype: NotRequired[str]
    bot_id: NotRequired[str]
    text: NotRequired[str]
    ts: NotRequired[str]
    thread_ts: NotRequired[str]
    files: NotRequired[list[dict[str, Any]]]
    tab: NotRequired[str]
    inviter: NotRequired[UserId]
    view: NotRequired[dict[str, Any]]


class EventCallback(TypedDict):
    """The body of a request with an event."""

    team_id: TeamId
    event_time: int
    event: dict[str, Any]


class Context(TypedDict):
    """What Bolt knows about a request: the team, and Parley's user in it."""

    team_id: TeamId
    bot_user_id: UserId


class InteractionTeam(TypedDict):
    """The team of an interaction."""

    id: TeamId


class InteractionUser(TypedDict):
    """The user of an interaction."""

    id: UserId
    team_id: NotRequired[TeamId]


class InteractionChannel(TypedDict):
    """The channel of an interaction."""

    id: ChannelId


class Interaction(TypedDict):
    """The body of a button press, a shortcut or a submitted form."""

    team: InteractionTeam | None
    user: InteractionUser
    channel: NotRequired[InteractionChannel]
    trigger_id: str
    actions: NotRequired[list[dict[str, Any]]]
    container: NotRequired[dict[str, Any]]
    view: NotRequired[dict[str, Any]]
