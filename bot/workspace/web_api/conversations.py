"""conversations.* and users.*: channels, members and messages (docs.slack.dev)."""

import re
from base64 import b64decode, b64encode
from typing import Literal, TypeVar

from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import APP_ID, BOT_ID, BOT_USER_ID, FAMILIES, Channel, Kind
from bot.workspace.model.state import State
from bot.workspace.web_api.arguments import Args

T = TypeVar("T")

_TYPES: dict[Kind, str] = {
    "public": "public_channel",
    "private": "private_channel",
    "mpim": "mpim",
    "im": "im",
}
_TS = re.compile(r"(\d{1,10})(?:\.(\d{1,6}))?\Z")


def info(state: State, args: Args) -> Json:
    """Describe a channel."""
    return {"channel": _readable(state, args, "read").as_slack(state.team)}


def list_channels(state: State, args: Args) -> Json:
    """List the channels that the bot can see."""
    channels = [
        channel
        for channel in _of_types(state, args)
        if state.sees(BOT_USER_ID, channel)
        and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    page, cursor = _page(channels, args, default=100)
    return {"channels": [channel.as_slack(state.team) for channel in page], **cursor}


def history(state: State, args: Args) -> Json:
    """Return the channel's messages, newest first, without thread replies."""
    channel = _readable(state, args, "history")
    _need_member(channel)
    oldest, latest = _ts(args, "oldest", "0"), _ts(args, "latest", "9999999999")
    messages = state.timeline(channel.id).between(oldest, latest, inclusive=args.flag("inclusive"))
    page, cursor = _page(messages[::-1], args, default=100)
    with_metadata = args.flag("include_all_metadata")
    return {
        "messages": [message.as_slack(with_metadata=with_metadata) for message in page],
        "has_more": bool(cursor),
        "pin_count": 0,
        **cursor,
    }


def replies(state: State, args: Args) -> Json:
    """Return a thread, oldest message first."""
    channel = _readable(state, args, "history")
    _need_member(channel)
    root = state.timeline(channel.id).root(args.text("ts"))
    if root is None:
        raise ApiError("thread_not_found")
    oldest, latest = _ts(args, "oldest", "0"), _ts(args, "latest", "9999999999")
    is_inclusive = args.flag("inclusive")
    thread = [
        root,
        *(
            reply
            for reply in root.replies
            if oldest < reply.ts < latest or (is_inclusive and reply.ts in (oldest, latest))
        ),
    ]
    page, cursor = _page(thread, args, default=1000)
    with_metadata = args.flag("include_all_metadata")
    return {
        "messages": [message.as_slack(with_metadata=with_metadata) for message in page],
        "has_more": bool(cursor),
        **cursor,
    }


def members(state: State, args: Args) -> Json:
    """List the members of a channel."""
    channel = _readable(state, args, "read")
    page, cursor = _page(sorted(channel.members), args, default=100)
    return {"members": page, **cursor}


def join(state: State, args: Args) -> Json:
    """Add the bot to a public channel."""
    channel = state.find_channel(args.text("channel"))
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    state.set_member(channel, BOT_USER_ID, is_member=True)
    return {"channel": channel.as_slack(state.team)}


def open_direct(state: State, args: Args) -> Json:
    """Return the direct message with one person."""
    user = args.text("users")
    if user not in state.people:
        raise ApiError("user_not_found")
    if state.people[user].is_deleted:
        raise ApiError("user_disabled")
    return {"channel": {"id": state.find_channel(user).id}, "no_op": True, "already_open": True}


def user_info(state: State, args: Args) -> Json:
    """Describe a person, their time zone and whether they are an admin."""
    person = state.people.get(args.text("user"))
    if person is None:
        raise ApiError("user_not_found")
    user = person.as_slack(state.clock(), state.team)
    if args.flag("include_locale"):
        user["locale"] = "en-US"
    return {"user": user}


def bot_info(state: State, args: Args) -> Json:
    """Describe the app's bot."""
    if args.maybe("bot") not in (None, BOT_ID):
        raise ApiError("bot_not_found")
    bot = state.people[BOT_USER_ID]
    return {
        "bot": {
            "id": BOT_ID,
            "deleted": bot.is_deleted,
            "name": bot.real_name,
            "updated": 1700000000,
            "app_id": APP_ID,
            "user_id": BOT_USER_ID,
            "icons": {},
        }
    }


def of_user(state: State, args: Args) -> Json:
    """List the channels of a person that the bot can see."""
    user = args.maybe("user") or BOT_USER_ID
    if user not in state.people:
        raise ApiError("user_not_found")
    channels = [
        channel
        for channel in _of_types(state, args)
        if user in channel.members
        and state.sees(BOT_USER_ID, channel)
        and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    page, cursor = _page(channels, args, default=100)
    return {"channels": [channel.as_slack(state.team) for channel in page], **cursor}


def list_users(state: State, args: Args) -> Json:
    """List all users."""
    page, cursor = _page(list(state.people.values()), args, default=100)
    return {"members": [person.as_slack(state.clock(), state.team) for person in page], **cursor}


def _of_types(state: State, args: Args) -> list[Channel]:
    """Return the channels of the requested types; each type needs its own scope."""
    wanted = (args.maybe("types") or "public_channel").replace(" ", "").split(",")
    if not set(wanted) <= {*_TYPES.values()}:
        raise ApiError("invalid_types")
    channels = []
    for kind, name in _TYPES.items():
        if name in wanted:
            state.need(f"{FAMILIES[kind]}:read")
            channels += [one for one in state.channels.values() if one.kind == kind]
    return channels


def _readable(state: State, args: Args, what: Literal["read", "history"]) -> Channel:
    channel = state.find_channel(args.text("channel"))
    state.need(channel.scope(what))
    return channel


def _need_member(channel: Channel) -> None:
    if BOT_USER_ID not in channel.members:
        raise ApiError("not_in_channel")


def _ts(args: Args, name: str, default: str) -> str:
    """Return a ts argument with six decimals, so that it compares as text with message ts."""
    given = _TS.match(args.maybe(name) or default)
    if given is None:
        raise ApiError(f"invalid_ts_{name}")
    return f"{given[1]:0>10}.{given[2] or '':0<6}"


def _page(everything: list[T], args: Args, *, default: int) -> tuple[list[T], Json]:
    limit = args.number("limit", default, most=1000)
    start = 0
    if cursor := args.maybe("cursor"):
        try:
            start = int(b64decode(cursor, validate=True).removeprefix(b"next:"))
        except ValueError:
            raise ApiError("invalid_cursor") from None
    page, rest = everything[start : start + limit], everything[start + limit :]
    if not rest:
        return page, {}
    following = b64encode(f"next:{start + limit}".encode()).decode()
    return page, {"response_metadata": {"next_cursor": following}}
