"""Events about the app's own messages, which Slack sends to the app like any others."""

from bot.workspace.errors import Json
from bot.workspace.model.directory import BOT_USER_ID
from bot.workspace.model.state import State
from bot.workspace.model.timeline import Message


def posted(state: State, message: Message) -> None:
    """Send the event of a new message."""
    _tell(state, message, message.as_slack())


def edited(state: State, message: Message, before: Json) -> None:
    """Send the event of an edited message; *before* is how it was rendered until now."""
    now = message.as_slack()
    change = {"subtype": "message_changed", "message": now, "previous_message": before}
    _tell(state, message, change | {"ts": state.next_ts()})


def removed(state: State, message: Message) -> None:
    """Send the event of a deleted message."""
    change = {"subtype": "message_deleted", "deleted_ts": message.ts}
    before = {"previous_message": message.as_slack(), "ts": state.next_ts()}
    _tell(state, message, change | before)


def _tell(state: State, message: Message, about: Json) -> None:
    channel = state.channels[message.channel]
    if message.only_for is None and BOT_USER_ID in channel.members:
        event = about | {
            "type": "message",
            "channel": channel.id,
            "channel_type": channel.channel_type,
            "event_ts": about["ts"],
        }
        if "subtype" in about:
            event["hidden"] = True
        state.tell_app(event, name=channel.message_event, scope=channel.scope("history"))
