"""Convert text to and from mrkdwn: escaped, within Slack's limits, never a mention."""

import re
from collections.abc import Iterable, Iterator, Sequence

_MARKUP = re.compile(r"<(?P<person>@|!(?!date))?(?P<channel>#)?!?[^<>|]*(?:\|(?P<label>[^<>]*))?>")
_INSIDE, _NOT_AFTER = frozenset("_'’&;"), frozenset("_&")
"""What joins a word to the word after it, and before it; "&" and ";" belong to entities."""
_CHARACTERS = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_QUOTES = str.maketrans("", "", '"“”„‟«»‹›')
_QUOTED = re.compile(
    r"""
    (?<![\w'‘’])['‘’‚‛](?=\w)
    ((?:[^'‘’]|(?<=\w)['’](?=\w))*)  # an apostrophe inside a word quotes nothing
    ['‘’](?!\w)
    """,
    re.VERBOSE,
)


def escape(text: str) -> str:
    """Escape &, < and > (docs.slack.dev, formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Replace the entities that Slack puts into typed text; `&amp;` last, to undo it only once."""
    for entity, character in _CHARACTERS:
        text = text.replace(entity, character)
    return text


def typed_words(text: str) -> str:
    """Return what somebody typed after a command: on one line, and without quotation marks.

    Mentions stay. Any blank of Unicode parts words, and phones type several kinds of quotation
    marks.
    """
    words = unescape(text)
    if not words.isascii() or '"' in words or "'" in words:
        words = _QUOTED.sub(r"\1", words.translate(_QUOTES))
    return " ".join(words.split())


def readable(text: str) -> str:
    """Return the plain words of a message that Slack sent (docs.slack.dev, formatting).

    A mention of people is removed, and so are the marks of code. A link, a channel or a date is
    replaced by its label, or removed if it has none. The rest is as `typed_words` returns it.
    """
    return typed_words(_MARKUP.sub(_label, text).replace("`", " "))


def _label(found: re.Match[str]) -> str:
    label = found["label"] or ""
    if found["channel"] and label:
        label = f"#{label}"
    return " " if found["person"] else f" {label} "


def truncate(text: str, limit: int) -> str:
    """Cut *text* to at most *limit* characters, if possible between words, and add an ellipsis.

    A limit below 1 leaves nothing.
    """
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    cut = text[: limit - 1]
    word_end = cut.rfind(" ")
    return (cut[:word_end] if word_end > limit * 0.8 else cut).rstrip() + "…"


def plain(text: str, limit: int = 3000) -> str:
    """Return *text* escaped for a mrkdwn object of at most *limit* characters.

    The text is cut before it is escaped, so that no entity is split. Escaping makes it longer, so
    it is cut further until the result fits.
    """
    limit = room = max(0, limit)
    while len(result := escape(truncate(text, room))) > limit:
        room -= max(1, (len(result) - limit) // 4)
    return result


def code(text: str, limit: int) -> str:
    """Return *text* as `plain` does, without the mark that would end code in mrkdwn."""
    return plain(text, limit).replace("`", "'")


def marked(text: str, words: Iterable[str], limit: int = 3000) -> str:
    """Return *text* as `plain` does, with *words* in bold where they are whole words.

    Nothing is bold if the result would be too long, or if the text contains asterisks itself.
    """
    words = [*words]
    if not words or "*" in text or len(text) > limit:
        return plain(text, limit)
    shown = "".join(
        f"*{escape(part)}*" if place % 2 else escape(part)
        for place, part in enumerate(split_at(text, words))
    )
    return shown if len(shown) <= limit else plain(text, limit)


def split_at(text: str, words: Iterable[str]) -> Sequence[str]:
    """Split *text* at *words*, where they are whole words; every second piece is one of them.

    Slack reads an asterisk as a mark only next to a space or punctuation.
    """
    split: list[str] = []
    end = 0
    # The first place, and of words at the same place the longest.
    places = [(at, -len(word)) for word in {*words} if word in text for at in _places(text, word)]
    for at, shorter in sorted(places):
        if at >= end:
            split += [text[end:at], text[at : at - shorter]]
            end = at - shorter
    return [*split, text[end:]]


def _places(text: str, word: str) -> Iterator[int]:
    """Yield where *word* is a whole word of *text*."""
    at = text.find(word)
    while at >= 0 and word:
        before, after = text[max(at - 1, 0) : at], text[at + len(word) : at + len(word) + 1]
        if not (before.isalnum() or after.isalnum() or before in _INSIDE or after in _NOT_AFTER):
            yield at
        at = text.find(word, at + 1)


def pieces(text: str, limit: int) -> Sequence[str]:
    """Split *text* into pieces of at most *limit* characters each, measured after escaping.

    A piece of more than half the limit ends after a sentence, or else at a space, or else anywhere.
    Only the spaces at the cuts are lost.
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
    """Return *text* as a block quote of one line and at most *limit* characters."""
    return f"> {plain(' '.join(text.split()), limit - 2)}"


def date(epoch: int, fallback: str, style: str = "{date_short_pretty} at {time}") -> str:
    """Return a date that Slack shows in each reader's time zone (docs.slack.dev, date formatting).

    *fallback* is shown by clients that cannot format dates; it must not contain &, < or >.
    """
    return f"<!date^{epoch}^{style}|{escape(fallback)}>"
