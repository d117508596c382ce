"""The app manifest to paste into Slack, built from the names in `handlers.ids`."""

import json
from typing import Any

from bot.entrances.http_mode import PATH
from bot.entrances.install import REDIRECT_PATH
from handlers.ids import Command, Shortcut, Step

_COMMANDS = {
    Command.BRIEF: ("Find a story by a few words", "a few words"),
    Command.DISCUSS: ("Get a question for this channel", "[words]"),
    Command.DIGEST: (
        "A question or digest a day for this channel",
        "[help | on 09:30 | next | talk | list | pause]",
    ),
    Command.CORPUS: (
        "See and reload the stories (admins)",
        "status | reload | problems | missed",
    ),
}

_SHORTCUTS = {
    Shortcut.DISCUSSION: ("global", "Start a discussion", "Put a question to a channel"),
    Shortcut.RELATED: ("message", "Find related stories", "Find the stories close to a message"),
    Shortcut.DELETE: ("message", "Delete this post", "Delete a post that you asked Parley for"),
}

SCOPES = {
    "commands": "answer slash commands and shortcuts",
    "app_mentions:read": "answer `@Parley` in threads, where slash commands do not work",
    "chat:write": "post questions and stories where people asked for them",
    "channels:read": "see whether it is in a public channel",
    "groups:read": "see whether it is in a private channel",
    "channels:join": "join a public channel when somebody presses **Join**",
    "channels:history": "check whether a post arrived before sending it again, and count its"
    " replies",
    "groups:history": "the same in private channels",
    "im:history": "answer direct messages, and see the documents that admins drop there",
    "files:read": "read those documents",
    "users:read": "read a person's time zone, and see who is an admin, a guest or a stranger",
}
"""Every bot scope and its purpose."""
OPTIONAL = {
    "channels:join": "people have to invite it to each channel",
    "channels:history": "it cannot check whether a post arrived that Slack did not confirm, so it"
    " asks its owner, and it counts no replies",
    "groups:history": "in private channels it can neither check whether a post arrived nor"
    " count replies",
    "files:read": "it cannot add the documents that admins drop there",
}
"""Scopes that an admin may decline, and what is lost without each.

docs.slack.dev, App manifest reference: `bot_optional` lists scopes that are in `bot` too.
"""
_EVENTS = ("app_home_opened", "app_mention", "member_joined_channel", "message.im")
_UNINSTALL_EVENTS = ["app_uninstalled", "tokens_revoked"]

_STORY = {
    "headline": ("Headline", "The headline of the story"),
    "summary": ("Summary", "What happened"),
    "insight": ("Insight", "Why it matters, if the story says so"),
    "question": ("Question", "What to discuss, if the story asks"),
}
_WORDS = {"type": "string", "title": "Words", "description": "A few words, misspelt or not"}
_FUNCTIONS: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    Step.FIND_STORY: (
        "Find a story",
        "Find a story from a few words",
        {"words": _WORDS},
        ["words"],
    ),
    Step.PICK_QUESTION: (
        "Pick a question",
        "Pick the next question that a channel has not had",
        {
            "channel": {
                "type": "slack#/types/channel_id",
                "title": "Channel",
                "description": "The channel that is to be asked",
            },
            "words": _WORDS,
        },
        ["channel"],
    ),
}


def manifest(
    url: str | None = None,
    *,
    command_prefix: str = "",
    agent_view: bool = False,
    workflow_steps: bool = False,
    is_shared: bool = False,
) -> dict[str, Any]:
    """Return the manifest (docs.slack.dev, app manifest, version 2).

    *url* is Parley's public URL for HTTP, or None for Socket Mode. *command_prefix* is as in
    `CommandPrefix`. *is_shared* is for many
    workspaces and needs *url*.
    """
    whole = _plain(f"{url.rstrip('/')}{PATH}" if url else None, command_prefix)
    if url and is_shared:
        whole["oauth_config"]["redirect_urls"] = [f"{url.rstrip('/')}{REDIRECT_PATH}"]
        whole["settings"]["event_subscriptions"]["bot_events"] += _UNINSTALL_EVENTS
    if agent_view:
        description = "Finds the stories that a few words mean"
        whole["features"]["agent_view"] = {"agent_description": description}
        whole["oauth_config"]["scopes"]["bot"].append("assistant:write")
    if workflow_steps:
        whole["functions"] = {str(step): _function(*about) for step, about in _FUNCTIONS.items()}
        settings = whole["settings"]
        settings["event_subscriptions"]["bot_events"].append("function_executed")
        settings |= {"function_runtime": "remote", "org_deploy_enabled": True}
    return whole


def _function(
    title: str, description: str, inputs: dict[str, Any], required: list[str]
) -> dict[str, Any]:
    outputs = {
        name: {"type": "string", "title": title, "description": what}
        for name, (title, what) in _STORY.items()
    }
    return {
        "title": title,
        "description": description,
        "input_parameters": {"properties": inputs, "required": required},
        "output_parameters": {"properties": outputs, "required": ["headline", "summary"]},
    }


def _plain(entry: str | None, prefix: str) -> dict[str, Any]:
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Parley",
            "description": "Finds the right story, and gets a channel talking",
            "background_color": "#1f4b5e",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Parley", "always_online": True},
            "slash_commands": [
                {
                    "command": f"/{prefix}{command.value[1:]}",
                    "description": description,
                    "usage_hint": hint,
                    "should_escape": True,
                }
                | ({"url": entry} if entry else {})
                for command, (description, hint) in _COMMANDS.items()
            ],
            "shortcuts": [
                {
                    "name": name,
                    "type": kind,
                    "callback_id": str(shortcut),
                    "description": description,
                }
                for shortcut, (kind, name, description) in _SHORTCUTS.items()
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES), "bot_optional": list(OPTIONAL)}},
        "settings": {
            "interactivity": {"is_enabled": True}
            | ({"request_url": entry, "message_menu_options_url": entry} if entry else {}),
            "event_subscriptions": {"bot_events": [*_EVENTS]}
            | ({"request_url": entry} if entry else {}),
            "org_deploy_enabled": False,
            "socket_mode_enabled": entry is None,
            "token_rotation_enabled": False,
        },
    }


def render(url: str | None = None, **options: Any) -> str:
    """Return `manifest(url, **options)` as JSON; without arguments it equals `manifest.json`."""
    return json.dumps(manifest(url, **options), indent=2) + "\n"
