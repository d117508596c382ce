"""Text of stories in blocks, with every character as it is written."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from handlers.mrkdwn import marked, plain, quote, split_at, truncate
from handlers.views.blocks import Block, Element, literal, section
from store.text import legible
from store.types import Article

_MARK = re.compile(r"[*_~`]|^\s*>|:[\w+'-]+:", re.MULTILINE)
"""What Slack reads as formatting or as an emoji. mrkdwn has no escape for it."""
_IN_MARK = "*_~`>:"
"""One of these is in every mark; looking for them is faster."""


class Part(NamedTuple):
    """A text, how it looks, and its most characters when it is escaped."""

    text: str
    style: Literal["plain", "bold", "quote"] = "plain"
    most: int = 3000


def as_written(*parts: Part, words: Sequence[str] = (), accessory: Element | None = None) -> Block:
    """Return a block with *parts* one below the other, and *words* of plain parts in bold.

    A text with marks becomes rich text; beside a button, where there is no rich text, plain text.
    """
    if not any(_has_mark(part.text) for part in parts):
        text = "\n".join(_mrkdwn(part, words) for part in parts)
        return section(text, accessory=accessory)
    if accessory:
        text = "\n".join(truncate(part.text, part.most) for part in parts)
        return {"type": "section", "text": literal(truncate(text, 3000)), "accessory": accessory}
    return {"type": "rich_text", "elements": [_rich(part, words) for part in parts]}


def _has_mark(text: str) -> bool:
    return any(mark in text for mark in _IN_MARK) and _MARK.search(text) is not None


def question_of(article: Article) -> Block:
    """Return a block with a story's headline and, as a quote, its question."""
    return as_written(Part(article.headline, "bold", 150), Part(article.question, "quote", 2000))


def _mrkdwn(part: Part, words: Sequence[str]) -> str:
    match part.style:
        case "bold":
            return f"*{plain(part.text, part.most)}*"
        case "quote":
            return quote(part.text, part.most)
        case "plain":
            return marked(part.text, words, part.most)


def _rich(part: Part, words: Sequence[str]) -> Element:
    text = legible(truncate(part.text, part.most))
    wanted = words if part.style == "plain" else ()
    elements = [
        _text(piece, is_bold=part.style == "bold" or place % 2 == 1)
        for place, piece in enumerate(split_at(text, wanted))
        if piece
    ]
    kind = "rich_text_quote" if part.style == "quote" else "rich_text_section"
    return {"type": kind, "elements": elements}


def _text(text: str, *, is_bold: bool) -> Element:
    element: Element = {"type": "text", "text": text}
    return element | {"style": {"bold": True}} if is_bold else element
