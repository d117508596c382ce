"""The payloads sent to the app (docs.slack.dev: interaction payloads, Events API)."""

import time
import uuid
from typing import Any, Literal

from bot.workspace.block_kit.elements import Element, initial_values
from bot.workspace.errors import Json
from bot.workspace.model.directory import APP_ID, BOT_USER_ID, ORGANIZATION, Channel
from bot.workspace.model.state import State
from bot.workspace.model.tickets import new_id
from bot.workspace.model.timeline import Message
from bot.workspace.model.views import View

_TOKEN = "local"  # noqa: S105 -- the deprecated verification token


class Payloads:
    """Builds payloads, with their triggers and response_urls."""

    def __init__(self, state: State) -> None:
        self._state = state

    def command(self, command: str, text: str, *, user: str, channel: Channel) -> Json:
        """Build the payload of a slash command."""
        return {
            "token": _TOKEN,
            "team_id": self._state.team.id,
            "team_domain": self._state.team.domain,
            "channel_id": channel.id,
            "channel_name": channel.payload_name,
            "user_id": user,
            "user_name": self._state.people[user].name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._state.new_response_url(user=user, channel=channel.id),
            "trigger_id": self._state.triggers.issue(user),
        }

    def message_action(self, user: str, message: Message, pressed: Element, chosen: Json) -> Json:
        """Build the block_actions of an element in a message."""
        channel = self._state.channels[message.channel]
        is_ephemeral = message.only_for is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = self._interaction("block_actions", user) | {
            "container": container,
            "channel": {"id": channel.id, "name": channel.payload_name},
            "state": {"values": _with(initial_values(message.blocks), pressed, chosen)},
            "response_url": self._state.new_response_url(
                user=user, channel=channel.id, message_ts=message.ts
            ),
            "actions": [self._action(pressed, chosen)],
        }
        if not is_ephemeral:
            payload["message"] = message.as_slack()
        return payload

    def view_action(self, view: View, pressed: Element, chosen: Json) -> Json:
        """Build the block_actions of an element in a view."""
        view.values = _with(view.values, pressed, chosen)
        return self._interaction("block_actions", view.user) | {
            "container": {"type": "view", "view_id": view.id},
            "view": view.as_slack(),
            "actions": [self._action(pressed, chosen)],
        }

    def suggestion(self, user: str, pressed: Element, value: str, where: Json) -> Json:
        """Build the block_suggestion of an external select; *where* is its container."""
        return self._interaction("block_suggestion", user) | {
            "action_id": pressed.action_id,
            "block_id": pressed.block_id,
            "value": value,
            **where,
        }

    def view_submission(self, view: View) -> Json:
        """Build the payload of a modal's submit button."""
        return self._interaction("view_submission", view.user) | {
            "view": view.as_slack(),
            "response_urls": [],
        }

    def view_closed(self, view: View) -> Json:
        """Build the payload of a closed modal."""
        payload = self._interaction("view_closed", view.user)
        del payload["trigger_id"]
        return payload | {"view": view.as_slack(), "is_cleared": False}

    def shortcut(self, user: str, callback_id: str, message: Message | None = None) -> Json:
        """Build the payload of a shortcut: global, or on *message*."""
        kind = "shortcut" if message is None else "message_action"
        payload: Json = self._interaction(kind, user) | {
            "callback_id": callback_id,
            "action_ts": _action_ts(),
        }
        if message is None:
            return payload
        channel = self._state.channels[message.channel]
        return payload | {
            "channel": {"id": channel.id, "name": channel.payload_name},
            "message_ts": message.ts,
            "message": message.as_slack(),
            "response_url": self._state.new_response_url(
                user=user, channel=channel.id, message_ts=message.ts
            ),
        }

    def message_event(self, kind: str, message: Message) -> Json:
        """Build the event of a message: `message` or `app_mention`."""
        event = message.as_slack() | {
            "type": kind,
            "channel": message.channel,
            "event_ts": message.ts,
        }
        if kind == "message":
            event["channel_type"] = self._state.channels[message.channel].channel_type
        return self.event(event)

    def home_opened(self, user: str, tab: Literal["home", "messages"]) -> Json:
        """Build the event of an opened App Home; *tab* is the tab that was opened."""
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._state.find_channel(user).id,
            "tab": tab,
            "event_ts": _action_ts(),
        }
        if tab == "home" and (view := self._state.views.home(user)):
            event["view"] = view.as_slack()
        return self.event(event)

    def event(self, event: Json) -> Json:
        """Wrap *event* as the Events API does."""
        return {
            "token": _TOKEN,
            "team_id": self._state.team.id,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(self._state.clock().timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._state.team.id,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": str(uuid.uuid4()),
        }

    def _interaction(self, kind: str, user: str) -> Json:
        person, team = self._state.people[user], self._state.team
        return {
            "type": kind,
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": person.payload_team_id(team),
            },
            "api_app_id": APP_ID,
            "token": _TOKEN,
            "trigger_id": self._state.triggers.issue(user),
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": ORGANIZATION if person.teams else None,
            "is_enterprise_install": False,
        }

    def _action(self, pressed: Element, chosen: Json) -> Json:
        element = pressed.element
        action: Json = {
            "type": element["type"],
            "action_id": pressed.action_id,
            "block_id": pressed.block_id,
            "action_ts": _action_ts(),
        }
        for shown in ("text", "value", "style", "placeholder"):
            if shown in element:
                action[shown] = element[shown]
        return action | chosen


def _with(values: Json, pressed: Element, chosen: Json) -> Json:
    if pressed.value_name is None:
        return values
    block = values.get(pressed.block_id, {})
    value: dict[str, Any] = {"type": pressed.element["type"], **chosen}
    return values | {pressed.block_id: block | {pressed.action_id: value}}


def _action_ts() -> str:
    return f"{time.time():.6f}"
