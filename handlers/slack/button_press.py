"""A button press: its payload, and the listener that handles it in the background."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import NO_CHANNEL, Value
from handlers.slack.background import Background
from handlers.slack.directory import Directory
from handlers.slack.payloads import Interaction, SlashCommand
from handlers.slack.responders import Responders
from store.types import ChannelId, ParleyError, TeamId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A typed command or a pressed button: who asks, and where."""

    team_id: TeamId
    channel_id: ChannelId
    """NO_CHANNEL if a button is in a modal or in App Home."""
    user_id: UserId
    trigger_id: str = ""
    message_ts: str = ""
    """The ts of the button's message; in a modal or in App Home, the id of the root view."""
    is_confirmed: bool = False
    """Whether Parley asked before, and the person confirmed."""
    undoes: UserId | None = None
    """Who made the change of a schedule that is taken back with this; None if it is not."""

    @classmethod
    def of_command(cls, command: SlashCommand) -> "Request":
        """Parse the payload of a slash command."""
        return Request(
            team_id=command["team_id"],
            channel_id=command["channel_id"],
            user_id=command["user_id"],
            trigger_id=command["trigger_id"],
        )

    @property
    def once(self) -> str:
        """Unique in the channel; equal only for a repeated request or press of one button."""
        return self.message_ts or self.trigger_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(Request):
    """A block_actions payload for one button, one menu option or one input."""

    value: Value
    view_id: str = ""
    """The id of the modal that holds the button; "" in a message or in App Home."""
    has_text: bool = False
    """Whether a text field of the modal with the button is filled in."""

    @classmethod
    def of(cls, body: Interaction) -> Self:
        """Parse the payload; raises `ParleyError` if Parley did not write the button's value."""
        action = body["actions"][0]
        view = body.get("view")
        if action["type"] == "plain_text_input":
            value = Value(words=(action.get("value") or "").strip())
        else:
            option = action.get("selected_option") or {}
            value = Value.decode(action.get("value") or option.get("value", ""))
        return cls(
            team_id=home_of(body),
            channel_id=NO_CHANNEL if view else body["channel"]["id"],
            user_id=body["user"]["id"],
            message_ts=view["root_view_id"] if view else body["container"]["message_ts"],
            value=value,
            trigger_id=body["trigger_id"],
            view_id=view["id"] if view and view["type"] == "modal" else "",
            has_text=view is not None and view["type"] == "modal" and _has_text(view),
        )

    @property
    def place(self) -> ChannelId:
        """The channel that the button is about: its value's, or else where it was pressed."""
        return self.value.channel_id or self.channel_id

    def key(self, purpose: str) -> str:
        """Return the delivery key of the resulting post; a repeated press has the same key."""
        where = f"{self.team_id}:{self.channel_id}:{self.message_ts}"
        return f"{where}:{purpose}:{self.value.article_id}"

    def key_outside(self, purpose: str) -> str:
        """Return the delivery key of the post if Parley is not in the channel."""
        return f"{self.key(purpose)}:outside"


Pressed = Callable[[Press, AsyncRespond], Awaitable[None]]
"""A feature's handler of a press; if it raises, the user sees the error."""


async def acknowledge(ack: AsyncAck) -> None:
    """Ack the press of a button that opens a link: there is nothing else to do."""
    await ack()


def on_press(
    background: Background,
    responders: Responders,
    directory: Directory,
    pressed: Pressed,
    *,
    asks_presence: bool = True,
) -> Callable[..., Awaitable[None]]:
    """Build a Bolt listener that acks immediately and runs *pressed* in the background.

    It answers by response_url, or in a modal if the press has none. A second press of the same
    button is ignored while the first one is being handled. Users of other companies are refused,
    and with *asks_presence* so are those who are not in the channel that the value names.
    """
    running: set[Press] = set()

    async def once(body: Interaction, respond: AsyncRespond) -> None:
        press = Press.of(body)
        same = replace(press, trigger_id="")
        if same in running:
            return
        running.add(same)
        try:
            await require_reader(directory, body)
            if asks_presence and press.value.channel_id not in (NO_CHANNEL, press.channel_id):
                # The value comes from the client.
                await directory.require_present(press.team_id, press.user_id, press.place)
            await pressed(press, respond)
        finally:
            running.discard(same)

    async def listener(ack: AsyncAck, body: Interaction, respond: AsyncRespond) -> None:
        view = body.get("view")
        where = respond
        if view:
            is_modal = view["type"] == "modal"
            where = (
                responders.modal(home_of(body), view["id"])
                if is_modal
                else responders.window(home_of(body), body["trigger_id"], body["user"]["id"])
            )
        await ack()
        background.start(once(body, where), where, is_press=True)

    return listener


def _has_text(view: dict[str, Any]) -> bool:
    values = view["state"]["values"].values()
    fields = (field for block in values for field in block.values())
    texts = (one.get("value") or "" for one in fields if one["type"] == "plain_text_input")
    return any(text.strip() for text in texts)


def home_of(body: Interaction) -> TeamId:
    """Return the id of the team in which the app of this interaction is installed.

    In a Slack Connect channel, a view's `team` may be the other team (docs.slack.dev: Slack
    Connect). Raises `ParleyError` if no team is named, because a whole organization installed it.
    """
    if home := (body.get("view") or {}).get("app_installed_team_id"):
        return TeamId(home)
    if body["team"] is None:
        raise ParleyError("I work in one workspace at a time, not in a whole organization.")
    return body["team"]["id"]


async def require_reader(directory: Directory, body: Interaction) -> TeamId:
    """Return `home_of(body)`; raises `ParleyError` if the user does not belong to that workspace.

    It does not raise if asking Slack fails, so it permits look-ups only.
    """
    home, user = home_of(body), body["user"]
    # In an Enterprise organization, this is the id of the organization, or of any of its
    # workspaces (docs.slack.dev: block_suggestion payload).
    if user.get("team_id") != home:
        await directory.require_reader(home, user["id"])
    return home
