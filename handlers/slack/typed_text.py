"""The limit on what people type, which is checked before any of it is parsed.

Parsing takes longer the more there is to parse, and no other request is answered meanwhile.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

MOST_CHARACTERS = 3_000
"""As many as a text field of Slack holds (docs.slack.dev: plain-text input element)."""
TOO_LONG = (
    f"That is too long: I read at most {MOST_CHARACTERS:,} characters at a time."
    " Please shorten it and try again."
)


def is_too_long(text: str) -> bool:
    """Return whether *text* is too long to be parsed."""
    # NFKC makes up to 18 characters of one.
    return len(text) > MOST_CHARACTERS or len(unicodedata.normalize("NFKC", text)) > MOST_CHARACTERS


def has_too_long(body: Mapping[str, Any]) -> bool:
    """Return whether a text that the user typed or a client sent is too long to be parsed.

    That is the text of a command, the fields of a form, the values of buttons, or the words for a
    suggestion. The text of a message is not checked: only the listener knows if it is for Parley.
    """
    view = body.get("view")
    left = [body.get("text"), body.get("value"), body.get("actions")]
    if isinstance(view, dict):
        left += view.get("state"), view.get("private_metadata")
    while left:
        match left.pop():
            case str() as text if is_too_long(text):
                return True
            case dict() as inner:
                left += inner.values()
            case list() as inner:
                left += inner
    return False
