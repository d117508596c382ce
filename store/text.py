"""What text may hold, wherever it comes from."""

import re

_MISLEADING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that control a terminal, break a line or turn round what is around them."""
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Return *text* with U+FFFD in place of NUL and of each lone surrogate.

    JSON, command lines and parsers bring these characters. UTF-8 has no lone surrogates, so that
    no database, log or network takes them, and PostgreSQL takes no NUL. A pair of surrogates
    becomes the character that it stands for. The name is that of JavaScript's `toWellFormed`.
    """
    # Nearly every text ends here: neither of these characters is printable.
    if text.isprintable() or not _NOT_STORABLE.search(text):
        return text
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return paired.replace("\0", "\ufffd")


def showable(text: str) -> str:
    """Return a name or a message on one line, with "?" for what is no text or would mislead."""
    return _MISLEADING.sub("?", text.encode(errors="replace").decode())
