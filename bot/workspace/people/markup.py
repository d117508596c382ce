"""Turn typed text into the form that Slack stores and sends (docs.slack.dev: formatting text)."""

import re
from collections.abc import Iterable

from bot.workspace.model.directory import Channel, Person

_TOKEN = re.compile(r"(?<!\S)([@#])([\w.-]*\w)|(https?://[^\s<>|]+)|([&<>])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINKED = re.compile(r"<(?:[@#][UWC]\w+(?:\|[^>]*)?|https?://[^\s>]+)>")


def escape(
    text: str, *, people: Iterable[Person], channels: Iterable[Channel], with_names: bool
) -> str:
    """Escape & < >, and turn @name, #name and addresses into links with ids.

    Commands include the names of people (*with_names*), messages do not. Links stay as they are.
    """
    user_ids = {person.name.casefold(): person for person in people}
    channel_ids = {channel.name: channel for channel in channels if channel.kind != "im"}

    def replaced(token: re.Match[str]) -> str:
        sign, name, address, special = token.groups()
        if special:
            return _ENTITIES[special]
        if address:
            return f"<{address.replace('&', '&amp;')}>"
        if sign == "@" and (person := user_ids.get(name.casefold())):
            return f"<@{person.id}|{person.name}>" if with_names else f"<@{person.id}>"
        if sign == "#" and (channel := channel_ids.get(name)):
            return f"<#{channel.id}|{channel.name}>"
        return str(token[0])

    parts, end = [], 0
    for link in _LINKED.finditer(text):
        parts += [_TOKEN.sub(replaced, text[end : link.start()]), link[0]]
        end = link.end()
    return "".join([*parts, _TOKEN.sub(replaced, text[end:])])


def escape_plain(text: str) -> str:
    """Escape & < > and nothing else."""
    return re.sub("[&<>]", lambda special: _ENTITIES[special[0]], text)
