"""Text into mrkdwn that says only what it says: escaped, bounded, never a mention."""

import html
import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"<[@#!]?[^<>|]*(?:\|(?P<label>[^<>]*))?>")
_CHARACTERS = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def escape(text: str) -> str:
    """Escape the three characters that mrkdwn reads (docs.slack.dev, formatting message text)."""
    return html.escape(text, quote=False)


def unescape(text: str) -> str:
    """Read the entities that Slack puts into what people type; & comes last, for it is in each."""
    for entity, character in _CHARACTERS:
        text = text.replace(entity, character)
    return text


def readable(text: str) -> str:
    """Give the words of what a person wrote, as Slack sends it (docs.slack.dev, formatting).

    Of a mention or a link its label is left, or nothing where it has none.
    """
    return " ".join(unescape(_MARKUP.sub(_label, text)).split())


def _label(found: re.Match[str]) -> str:
    return f" {found['label'] or ''} "


def truncate(text: str, limit: int) -> str:
    """Cut *text* to at most *limit* characters, at a word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    word_end = cut.rfind(" ")
    return (cut[:word_end] if word_end > limit * 0.8 else cut).rstrip() + "…"


def plain(text: str, limit: int = 3000) -> str:
    """Give *text* ready for a mrkdwn object of at most *limit* characters.

    It is cut before it is escaped, so that no entity is cut through; escaping can make it longer
    again, so it is cut more where that passes the limit.
    """
    room = limit
    while len(result := escape(truncate(text, room))) > limit:
        room -= max(1, (len(result) - limit) // 4)
    return result


def marked(text: str, words: Iterable[str], limit: int = 3000) -> str:
    """Give *text* as `plain` does, with *words* in bold wherever they stand alone in it.

    Nothing is bold where that would not fit, or where the text has asterisks of its own.
    """
    wanted = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    if not wanted or "*" in text or len(text) > limit:
        return plain(text, limit)
    # Slack takes an asterisk for a mark only beside a blank or punctuation.
    parts = re.split(rf"(?<![\w'’&;])({wanted})(?![\w&])", text)
    shown = "".join(
        f"*{escape(part)}*" if place % 2 else escape(part) for place, part in enumerate(parts)
    )
    return shown if len(shown) <= limit else plain(text, limit)


def pieces(text: str, limit: int) -> Sequence[str]:
    """Cut *text* into pieces that are at most *limit* characters long when they are escaped.

    It is cut after a sentence where one ends late enough, else at a blank, else anywhere; nothing
    but the blanks at the cuts is lost.
    """
    cut: list[str] = []
    rest = text.strip()
    while len(escape(rest)) > limit:
        room = limit
        while len(escape(rest[:room])) > limit:
            room -= max(1, (len(escape(rest[:room])) - limit) // 5)
        head = rest[:room]
        sentence = max(head.rfind(end) for end in (". ", "! ", "? ", ".” ")) + 1
        at = sentence if sentence > room // 2 else head.rfind(" ")
        at = at if at > room // 2 else room
        cut.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*cut, rest] if rest else cut


def quote(text: str, limit: int = 3000) -> str:
    """Give *text* as a block quote of one line, at most *limit* characters."""
    return f"> {plain(' '.join(text.split()), limit - 2)}"


def date(epoch: int, fallback: str, style: str = "{date_short_pretty} at {time}") -> str:
    """Give an instant that Slack shows in each reader's own zone (docs.slack.dev, date formatting).

    *fallback* is what clients show that cannot; it must hold none of the three characters.
    """
    return f"<!date^{epoch}^{style}|{escape(fallback)}>"
