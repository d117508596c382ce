"""The words of a message that somebody wrote or an app posted, wherever Slack keeps them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from handlers.mrkdwn import readable, truncate

MAX_LENGTH = 3_000
"""The most characters that are read; later words say little about what a message is about."""

_ATTACHED = ("pretext", "title", "text")
_INSIDE = ("text", "title", "description", "elements", "fields", "rows", "blocks", "cells")
"""The parts of a block that hold text or more blocks."""
_WITHOUT_WORDS = frozenset(
    ("actions", "button", "divider", "file", "image", "input", "workflow_button")
)
_LINK = re.compile(r"<(https?://[^|>\s]+)")
_WORDS_OF_ADDRESS = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+(?:[-_+][^\W_]++){2,}")
"""The part of a path that names a story: three words or more."""


def message_text(message: Mapping[str, Any]) -> str:
    """Return the words of a message on one line: its text, blocks, attachments and unfurled links.

    Emoji, mentions of people and buttons are left out. A link that was not unfurled stands for the
    words in its address.
    """
    found: list[str] = []
    length = 0
    for text in _texts(message):
        if length > MAX_LENGTH:
            break
        # Blocks and attachments often repeat the text.
        if text and not any(text in other for other in found):
            found.append(text)
            length += len(text) + 1
    if not found:
        links = _LINK.findall(str(message.get("text") or ""))
        found = [words for link in links if (words := _words_of_address(link))]
    return truncate(" ".join(found), MAX_LENGTH)


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    yield readable(str(message.get("text") or ""))
    yield from _block_texts(message.get("blocks"))
    for attachment in message.get("attachments") or ():
        own = [readable(str(attachment.get(name) or "")) for name in _ATTACHED]
        for field in attachment.get("fields") or ():
            own += [readable(str(field.get(name) or "")) for name in ("title", "value")]
        own += _block_texts(attachment.get("blocks"))
        # A shared message.
        for shared in attachment.get("message_blocks") or ():
            own += _block_texts(shared.get("message"))
        yield from own if any(own) else [readable(str(attachment.get("fallback") or ""))]


def _block_texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _block_texts(each)
    if not isinstance(value, dict):
        return
    kind, text = str(value.get("type")), value.get("text")
    if kind in _WITHOUT_WORDS:
        return
    if kind.startswith("rich_text_") and kind != "rich_text_list":
        # A word may be partly bold, so that it is in two elements.
        elements = value.get("elements")
        pieces = map(_inline, elements) if isinstance(elements, list) else ()
        yield " ".join("".join(pieces).split())
        return
    if isinstance(text, str):
        yield readable(text) if kind in ("mrkdwn", "markdown") else " ".join(text.split())
    for name in _INSIDE:
        yield from _block_texts(value.get(name))


def _inline(element: object) -> str:
    text = element.get("text") if isinstance(element, dict) else None
    # An emoji, a mention or a link without a text parts words.
    return text if isinstance(text, str) else " "


def _words_of_address(link: str) -> str:
    """Return the words in the last part of an address that has three or more."""
    path = unquote(link.partition("?")[0].partition("#")[0])
    names = [found for part in path.split("/") if (found := _WORDS_OF_ADDRESS.search(part))]
    return re.sub(r"[-_+]", " ", names[-1][0]) if names else ""
