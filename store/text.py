"""Functions that replace characters that text must not contain."""

import re

MISLEADING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that control a terminal, break a line or reverse the direction of the text."""
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Return *text* with U+FFFD in place of NUL and of each lone surrogate.

    JSON, command lines and parsers can produce these characters. UTF-8 cannot encode a lone
    surrogate, so databases, logs and networks reject it, and PostgreSQL rejects NUL. A pair of
    surrogates becomes the character that it stands for. Named after JavaScript's `toWellFormed`.
    """
    # The fast path for nearly every text: a printable text has none of these characters.
    if text.isprintable() or not _NOT_STORABLE.search(text):
        return text
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return paired.replace("\0", "\ufffd")


def showable(text: str) -> str:
    """Return a name or a message on one line, safe for a terminal.

    Characters that are invalid, or that control how text is shown, become "?".
    """
    return MISLEADING.sub("?", text.encode(errors="replace").decode())
