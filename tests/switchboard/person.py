"""What a person does who has no client but this: types, presses, fills in; and what they see."""

import time
import uuid
from typing import Any, Protocol

from bot.workspace.block_kit.elements import initial_values, with_ids

Json = dict[str, Any]

_OPENING = ("views.open", "views.push")
_NAMES = {"channel_name": "general", "user_name": "somebody", "team_domain": "somewhere"}


class Send(Protocol):
    """Sends a payload to the bot, with what every payload has, and gives the ack's."""

    async def __call__(self, kind: str, payload: Json) -> Any:
        """Send *payload* in an envelope of *kind*."""


class Person:
    """Types and presses as *user* in *channel*; everything they do has a trigger of its own."""

    def __init__(self, user: str, channel: str, team: str, *, send: Send) -> None:
        self._user, self._channel, self._team = user, channel, team
        self._send = send
        self._triggers: set[str] = set()
        self._shown: list[Json] = []
        self.view: Json = {}

    # What they see

    def shown(self, message: Any) -> None:
        """Show an answer that came in an ack or by a response_url."""
        if isinstance(message, dict) and message.get("blocks"):
            self._shown.append(message)

    def opened(self, view: Json) -> None:
        """Show a modal, or render it again."""
        self.view = view | {"blocks": with_ids(view["blocks"])}

    def answer(self, method: str, sent: Json) -> Json | None:
        """Answer what the bot asks of its modals; None for any other method."""
        if method not in (*_OPENING, "views.update"):
            return None
        if method == "views.update":
            if sent["view_id"] != self.view.get("id"):
                return {"ok": False, "error": "not_found"}
            return {"ok": True, "view": sent["view"] | {"id": sent["view_id"]}}
        if sent["trigger_id"] not in self._triggers:
            return {"ok": False, "error": "invalid_trigger_id"}
        self._triggers.remove(sent["trigger_id"])
        return {"ok": True, "view": sent["view"] | {"id": f"V{uuid.uuid4().hex[:10].upper()}"}}

    # What they do

    async def type(self, line: str) -> None:
        """Type a slash command, and wait for its ack."""
        command, _, text = line.partition(" ")
        payload = {
            "command": command,
            "text": text,
            "team_id": self._team,
            "channel_id": self._channel,
            "user_id": self._user,
            "is_enterprise_install": "false",
        }
        await self._do("slash_commands", payload | _NAMES)

    async def press(self, action_id: str) -> None:
        """Press a button of what the bot showed last, and wait for the ack."""
        block, button = next(
            (block, element)
            for message in reversed(self._shown)
            for block in message.get("blocks", [])
            for element in [*block.get("elements", []), block.get("accessory") or {}]
            if element.get("action_id") == action_id
        )
        stamp = f"{time.time():.6f}"
        action = {
            "type": button["type"],
            "action_id": action_id,
            "block_id": block.get("block_id", "b1"),
            "text": button["text"],
            "value": button.get("value", ""),
            "action_ts": stamp,
        }
        container = {"type": "message", "message_ts": stamp, "channel_id": self._channel}
        payload = {
            "type": "block_actions",
            "channel": {"id": self._channel, "name": "general"},
            "container": container | {"is_ephemeral": True},
            "state": {"values": {}},
            "actions": [action],
        }
        await self._interact(payload)

    async def offered(self, block_id: str, action_id: str, typed: str) -> list[Json]:
        """Type into a select of the modal; give the options that the bot offers."""
        payload = {
            "type": "block_suggestion",
            "block_id": block_id,
            "action_id": action_id,
            "value": typed,
            "view": self.view,
            "container": {"type": "view", "view_id": self.view["id"]},
        }
        options: list[Json] = (await self._interact(payload))["options"]
        return options

    async def submit(self, values: Json) -> dict[str, str]:
        """Fill the modal in and submit it; give what is said beside its fields, by block_id."""
        filled = initial_values(self.view["blocks"])
        for block_id, fields in values.items():
            for action_id, value in fields.items():
                filled[block_id][action_id] |= value
        view = self.view | {"state": {"values": filled}}
        ack = await self._interact({"type": "view_submission", "view": view})
        errors: dict[str, str] = (ack or {}).get("errors", {})
        return errors

    async def _interact(self, payload: Json) -> Any:
        who = {"id": self._user, "username": "somebody", "team_id": self._team}
        team = {"id": self._team, "domain": "somewhere"}
        return await self._do("interactive", payload | {"user": who, "team": team})

    async def _do(self, kind: str, payload: Json) -> Any:
        trigger = f"1.2.{uuid.uuid4().hex}"
        self._triggers.add(trigger)
        return await self._send(kind, payload | {"trigger_id": trigger})
