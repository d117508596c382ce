"""A press of a button: who, where and on what, and how its listener runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.background import Background
from handlers.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a block_actions payload says of one button, or of one option of a menu."""

    team_id: str
    channel_id: str
    user_id: str
    message_ts: str
    value: Value

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Read the payload; raises `ParleyError` for a value that is not ours."""
        action = body["actions"][0]
        option = action.get("selected_option") or {}
        return cls(
            team_id=body["team"]["id"],
            channel_id=body["channel"]["id"],
            user_id=body["user"]["id"],
            message_ts=body["container"]["message_ts"],
            value=Value.decode(action.get("value") or option.get("value", "")),
        )

    def key(self, purpose: str) -> str:
        """Give the delivery key of what this press posts: pressed twice, it is the same."""
        where = f"{self.team_id}:{self.channel_id}:{self.message_ts}"
        return f"{where}:{purpose}:{self.value.article_id}"


Pressed = Callable[[Press, AsyncRespond], Awaitable[None]]
"""What a feature does about a press; a `ParleyError` that it raises is told to the person."""


def on_press(background: Background, pressed: Pressed) -> Callable[..., Awaitable[None]]:
    """Make a Bolt listener of *pressed*: it acks at once, and goes on in the background."""

    async def listener(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        async def work() -> None:
            await pressed(Press.of(body), respond)

        await ack()
        background.start(work(), respond)

    return listener
