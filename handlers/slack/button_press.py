"""A press of a button: who, where and on what, and how its listener runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import Value
from handlers.slack.background import Background
from handlers.slack.directory import STRANGER
from handlers.slack.responders import Responders
from store.types import ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a block_actions payload says of one button, one option of a menu, or one input."""

    team_id: str
    channel_id: str
    """"" for a press in a modal or in App Home."""
    user_id: str
    message_ts: str
    """The id of the first modal of the stack, or of App Home, for a press there."""
    value: Value
    trigger_id: str = ""
    view_id: str = ""
    """The modal that it is in; "" for a press in a message or in App Home."""

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Read the payload; raises `ParleyError` for a value that is not ours."""
        team_id = require_home(body)
        action = body["actions"][0]
        view = body.get("view")
        if action["type"] == "plain_text_input":
            value = Value(words=(action.get("value") or "").strip())
        else:
            option = action.get("selected_option") or {}
            value = Value.decode(action.get("value") or option.get("value", ""))
        return cls(
            team_id=team_id,
            channel_id="" if view else body["channel"]["id"],
            user_id=body["user"]["id"],
            message_ts=view["root_view_id"] if view else body["container"]["message_ts"],
            value=value,
            trigger_id=body["trigger_id"],
            view_id=view["id"] if view and view["type"] == "modal" else "",
        )

    def key(self, purpose: str) -> str:
        """Give the delivery key of what this press posts: pressed twice, it is the same."""
        where = f"{self.team_id}:{self.channel_id}:{self.message_ts}"
        return f"{where}:{purpose}:{self.value.article_id}"


Pressed = Callable[[Press, AsyncRespond], Awaitable[None]]
"""What a feature does about a press; a `ParleyError` that it raises is told to the person."""


def on_press(
    background: Background, responders: Responders, pressed: Pressed
) -> Callable[..., Awaitable[None]]:
    """Make a Bolt listener of *pressed*: it acks at once, and goes on in the background.

    It answers by the response_url of each press, or where there is none in a modal. A second press
    of the same button, while the first one is seen to, says nothing new.
    """
    seen_to: set[Press] = set()

    async def once(body: dict[str, Any], respond: AsyncRespond) -> None:
        press = Press.of(body)
        same = replace(press, trigger_id="")
        if same in seen_to:
            return
        seen_to.add(same)
        try:
            await pressed(press, respond)
        finally:
            seen_to.discard(same)

    async def listener(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        view = body.get("view")
        where = respond
        if view:
            is_modal = view["type"] == "modal"
            where = (
                responders.modal(home_of(body), view["id"])
                if is_modal
                else responders.window(home_of(body), body["trigger_id"])
            )
        await ack()
        background.start(once(body, where), where)

    return listener


def home_of(body: dict[str, Any]) -> str:
    """Give the team whose Parley an interaction is with.

    In a channel that two share, a view's `team` may be the other one (docs.slack.dev: Slack
    Connect).
    """
    home = (body.get("view") or {}).get("app_installed_team_id") or body["team"]["id"]
    return str(home)


def require_home(body: dict[str, Any]) -> str:
    """Give the team whose Parley it is; raises `ParleyError` for somebody of another one."""
    home, theirs = home_of(body), body["user"].get("team_id")
    if theirs and theirs != home:
        raise ParleyError(STRANGER)
    return home
