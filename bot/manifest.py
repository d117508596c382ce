"""The app manifest to paste into Slack, made from the names in `handlers.ids`."""

import json
from typing import Any

from bot.http_mode import PATH
from handlers.ids import Command

_COMMANDS = {
    Command.BRIEF: ("Find a story by a few words", "embassy talks"),
    Command.DISCUSS: ("Get a question for this channel", "[words]"),
    Command.DIGEST: (
        "A question or digest a day for this channel",
        "on 09:30 | next | preview | skip | pause",
    ),
    Command.CORPUS: ("What is loaded, and loading it anew (admins)", "status | reload"),
}

SCOPES = {
    "commands": "answer slash commands",
    "chat:write": "post questions and stories where people asked for them",
    "channels:read": "see whether it is in a public channel",
    "groups:read": "see whether it is in a private channel",
    "channels:history": "look whether a post arrived before sending it again",
    "groups:history": "the same in private channels",
    "im:history": "see the documents that admins drop into its direct messages",
    "files:read": "read those documents",
    "users:read": "take a person's time zone, and see who is an admin",
}
"""Every bot scope, and what it is for."""


def manifest(url: str | None = None) -> dict[str, Any]:
    """Give the manifest (docs.slack.dev, app manifest, version 2).

    *url* is where Slack finds Parley by HTTP; None is for Socket Mode.
    """
    entry = f"{url.rstrip('/')}{PATH}" if url else None
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Parley",
            "description": "Finds the right story, and gets a channel talking",
            "background_color": "#1f4b5e",
        },
        "features": {
            "app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "Parley", "always_online": True},
            "slash_commands": [
                {
                    "command": str(command),
                    "description": description,
                    "usage_hint": hint,
                    "should_escape": True,
                }
                | ({"url": entry} if entry else {})
                for command, (description, hint) in _COMMANDS.items()
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True} | ({"request_url": entry} if entry else {}),
            "event_subscriptions": {"bot_events": ["message.im"]}
            | ({"request_url": entry} if entry else {}),
            "org_deploy_enabled": False,
            "socket_mode_enabled": entry is None,
            "token_rotation_enabled": False,
        },
    }


def render(url: str | None = None) -> str:
    """Write the manifest as JSON; without *url* it is what `manifest.json` holds."""
    return json.dumps(manifest(url), indent=2) + "\n"
