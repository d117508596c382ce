"""chat.*: what the bot writes (docs.slack.dev: chat.postMessage and its neighbours)."""

import re
from typing import Any

from bot.workspace.block_kit.elements import with_ids
from bot.workspace.block_kit.rules import TextTooLongError, check
from bot.workspace.errors import ApiError, Json, invalid
from bot.workspace.model import own_messages
from bot.workspace.model.directory import BOT_ID, BOT_USER_ID, Channel
from bot.workspace.model.state import State
from bot.workspace.model.timeline import Message
from bot.workspace.web_api.arguments import Args

MAX_TEXT = 40_000
MAX_UPDATED_TEXT = 4_000

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*\Z", re.IGNORECASE)


def post_message(state: State, args: Args) -> Json:
    """Post to a channel that the bot is a member of, or to one of its threads."""
    channel = _writable(state, args)
    text, blocks = content(args)
    metadata = _metadata(args.get("metadata"))
    thread_ts = _thread(state, channel, args)
    state.pace.take(channel.id)
    message = state.bot_message(channel, text[:MAX_TEXT], blocks)
    message.thread_ts = thread_ts
    message.metadata = metadata
    state.post(message)
    own_messages.posted(state, message)
    answer: Json = {"channel": channel.id, "ts": message.ts, "message": message.as_slack()}
    if len(text) > MAX_TEXT:
        answer["warning"] = "message_truncated"
    return answer


def post_ephemeral(state: State, args: Args) -> Json:
    """Post a message that only one member of the channel sees."""
    channel = _writable(state, args)
    user = args.text("user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    text, blocks = content(args)
    message = state.bot_message(channel, text, blocks)
    message.thread_ts = _thread(state, channel, args)
    message.only_for = user
    state.post(message)
    return {"message_ts": message.ts}


def update(state: State, args: Args) -> Json:
    """Update a message of the bot; omitted blocks and metadata stay as they are."""
    channel = state.find_channel(args.text("channel"))
    message = _own_message(state, channel, args, "cant_update_message")
    text, blocks = content(args)
    if len(text) > MAX_UPDATED_TEXT:
        raise ApiError("msg_too_long")
    before = message.as_slack()
    message.text = text
    if args.get("blocks") is not None:
        message.blocks = blocks
    if args.get("metadata") is not None:
        message.metadata = _metadata(args["metadata"])
    message.edited_ts = state.next_ts()
    state.edited(message)
    own_messages.edited(state, message, before)
    drawn = message.as_slack()
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": drawn}


def delete(state: State, args: Args) -> Json:
    """Delete a message of the bot."""
    channel = state.find_channel(args.text("channel"))
    message = _own_message(state, channel, args, "cant_delete_message")
    if message.replies:
        message.bury()
        state.edited(message)
    else:
        state.remove(message)
    own_messages.removed(state, message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(state: State, args: Args) -> Json:
    """Return the permalink of a message."""
    channel = state.find_channel(args.text("channel"))
    ts = args.text("message_ts")
    if state.timeline(channel.id).root(ts) is None:
        raise ApiError("message_not_found")
    link = f"{state.base_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def content(args: Json) -> tuple[str, list[Json]]:
    """Return the text and the blocks of a message, with ids filled in; raises `ApiError`."""
    text, blocks = args.get("text") or "", args.get("blocks") or []
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if not str(text).strip() and not blocks:
        raise ApiError("no_text")
    try:
        problems = check(blocks, "message")
    except TextTooLongError:
        raise ApiError("msg_blocks_too_long") from None
    if problems:
        raise invalid("invalid_blocks", problems)
    return str(text), with_ids(blocks)


def _writable(state: State, args: Args) -> Channel:
    channel = state.find_channel(args.text("channel"))
    if channel.is_archived:
        raise ApiError("is_archived")
    if BOT_USER_ID not in channel.members and not (
        channel.kind == "public" and "chat:write.public" in state.scopes
    ):
        raise ApiError("not_in_channel")
    if channel.is_read_only:
        raise ApiError("restricted_action_read_only_channel")
    return channel


def _thread(state: State, channel: Channel, args: Args) -> str | None:
    thread_ts = args.maybe("thread_ts")
    if thread_ts is None:
        return None
    root = state.timeline(channel.id).root(thread_ts)
    if root is None:
        raise ApiError("thread_not_found")
    return root.ts


def _own_message(state: State, channel: Channel, args: Args, refusal: str) -> Message:
    message = state.timeline(channel.id).get(args.text("ts"))
    if message is None or message.only_for is not None or message.is_tombstone:
        raise ApiError("message_not_found")
    if message.bot_id != BOT_ID:
        raise ApiError(refusal)
    return message


def _metadata(metadata: Any) -> Json | None:
    if not metadata:
        return None
    if not isinstance(metadata, dict):
        raise ApiError("invalid_metadata_format")
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not _EVENT_TYPE.match(event_type):
        raise ApiError("invalid_metadata_schema")
    if not isinstance(payload, dict):
        raise ApiError("invalid_metadata_schema")
    return {"event_type": event_type, "event_payload": payload}
