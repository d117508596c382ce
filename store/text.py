"""Functions that replace or remove characters that text must not contain."""

import re
import unicodedata

MISLEADING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that control a terminal, break a line or reverse the direction of the text."""
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")

_BIDI_MARKS = "\u061c\u200e\u200f"
_ZWSP, _ZWNJ, _ZWJ = "\u200b", "\u200c", "\u200d"
_TAGS = "\U000e0020-\U000e007f"
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, and what Unicode says to leave out when it is not supported
(DerivedCoreProperties.txt, Default_Ignorable_Code_Point)."""
_LINE_BREAKS = "\x0b\x0c\x85\u2028\u2029"
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f")
"""The flag of a part of a country, such as Scotland (UTS 51, emoji tag sequences)."""
_EMOJI_MODIFIERS = "\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_JOINING = re.compile(
    "[\u0600-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
"""Scripts whose letters join or form clusters: there, a joiner changes what is seen."""
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u1950-\u1aaf]")
"""Scripts that mark the end of a word with a zero-width space, if at all."""
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]"
)
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


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


def legible(text: str) -> str:
    """Return *text* without characters that nobody sees, to be shown to people.

    They can hide words, break them apart or reverse what is read. An invisible character stays only
    where it changes its neighbours: a joiner inside an emoji or in a script that joins letters
    (RFC 5892, appendix A, is similar), one variation selector after a character, a zero-width space
    in a script without spaces, a direction mark in text with right-to-left letters. A text of
    nothing else becomes U+FFFD.
    """
    if (text.isascii() and text.isprintable()) or not _INVISIBLE.search(text):
        return text
    is_right_to_left = bool(_RIGHT_TO_LEFT.search(text))
    flags = {place for flag in _FLAG.finditer(text) for place in range(*flag.span())}
    following, after = [], ""
    for char in reversed(text):
        following.append(after)
        if not _INVISIBLE.match(char):
            after = char
    kept: list[str] = []
    for place, (char, after) in enumerate(zip(text, reversed(following), strict=True)):
        if char in _LINE_BREAKS:
            kept.append("\n")
        elif (
            not _INVISIBLE.match(char)
            or place in flags
            or (char in _BIDI_MARKS and is_right_to_left)
            or (kept and _changes(kept[-1], char, after))
        ):
            kept.append(char)
    shown = "".join(kept)
    return shown if shown.strip() else "\ufffd"


def _changes(before: str, char: str, after: str) -> bool:
    """Return whether an invisible *char* changes how its neighbours are shown.

    *after* is the next character that is not invisible, or empty.
    """
    if before != "\ufe0f" and _INVISIBLE.match(before):
        return False
    if char == _ZWJ and _is_emoji(before) and _is_emoji(after):
        return True
    if char in (_ZWJ, _ZWNJ):
        # After a word, only a joiner is seen: it keeps the last letter's joined form.
        ends = char == _ZWNJ and not _JOINING.match(after)
        return bool(_JOINING.match(before)) and not ends
    if char == _ZWSP:
        return bool(_WITHOUT_SPACES.match(before) and _WITHOUT_SPACES.match(after))
    if "\ufe00" <= char <= "\ufe0f":
        return not before.isspace() and before != "\ufe0f"
    if "\U000e0100" <= char <= "\U000e01ef":
        return bool(_IDEOGRAPH.match(before))
    if "\u180b" <= char <= "\u180f":
        return "\u1820" <= before <= "\u18aa"
    if char == "\u034f":
        return unicodedata.combining(before) > 0 and unicodedata.combining(after or " ") > 0
    return char in "\u115f\u1160" and any("\u1100" <= one <= "\u11ff" for one in (before, after))


def _is_emoji(char: str) -> bool:
    """Return whether *char* may stand beside the joiner of an emoji (UTS 51)."""
    return bool(char) and (char in _EMOJI_MODIFIERS or unicodedata.category(char) in ("So", "Sm"))
