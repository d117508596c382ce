"""Decode the bytes of a file by what they are, where that differs from what the file declares."""

import codecs
import re
from collections.abc import Mapping

from .report import ProblemError, Warnings

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
    # The first characters of a file without a byte order mark (XML 1.0, appendix F).
    ("<".encode("utf-32-le"), "utf-32-le"),
    ("<".encode("utf-32-be"), "utf-32-be"),
    ("<?".encode("utf-16-le"), "utf-16-le"),
    ("<?".encode("utf-16-be"), "utf-16-be"),
    ("<?xm".encode("cp037"), "cp037"),
)
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']\s*([\w.:-]+)""", re.IGNORECASE)
_HEAD = 2_000
_PROBE = b"<?xml"
"""The start of a file in every charset that holds ASCII."""
_WEB: Mapping[str, str] = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    # Names that Python does not know.
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "cp-1251": "cp1251",
    "win-1251": "cp1251",
    "x-mac-cyrillic": "mac-cyrillic",
}
"""The charset that is meant by a name on the web (encoding.spec.whatwg.org): often a superset."""
_NO_CHARSETS = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7")
_CANDIDATES = [
    "big5",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "cp866",
    "cp874",
    "cp932",
    "cp949",
    "euc-jp",
    "gb18030",
    "iso2022_jp_2",
    "iso8859-1",
    "iso8859-15",
    "iso8859-2",
    "iso8859-5",
    "iso8859-6",
    "iso8859-7",
    "iso8859-8",
    "iso8859-9",
    "koi8-r",
    "koi8-u",
]
"""The charsets that the web has used."""
_MIN_CONFIDENCE = 0.06
"""Of bytes that are no text, chardet is less sure than this."""
_CLEARLY = 1.8
"""How much more likely another charset must be than the one that is declared."""
_FEW = 4
"""So few characters prove nothing about a charset."""
_GOOD_FOR_ONE_BAD = 4
_ASCII_FOR_ONE_OTHER = 6
_SAMPLE = 100_000
_OTHER_LETTER = re.compile(r"(?![\x00-\x7f])[^\W\d_]")
_AFTER_SMALL = re.compile("[a-z]([\u00c0-\u024f])")
_LATIN = "A-Za-z\u00c0-\u024f"
_NOT_LATIN = "\u02c6-\u02dd\u0370-\u06ff\u0e00-\u0e7f\u2500-\u25ff"
_MIXED = re.compile(
    f"[{_LATIN}][{_NOT_LATIN}]|(?<![{_LATIN}])[{_NOT_LATIN}][{_LATIN}]|[\x80-\x84\x86-\x9f\ufffd]"
    f"|(?<=[{_LATIN}])[\xa1-\xaa\xac\xae-\xb6\xb8-\xba\xbc-\xbf](?=[{_LATIN}])"
)
"""A letter of another script, or a part of a frame, beside a Latin letter; a sign within a word; or
a control character."""
_ODD = 10
"""Of so many letters outside ASCII, one may be odd, as in a word with a foreign ending."""


def decode(data: bytes, warnings: Warnings, *, can_declare: bool = True) -> str:
    """Return the text of a file; warn if it is not what the file declares.

    *can_declare* is False for a format whose files cannot name their charset. Raises `ProblemError`
    if the charset cannot be found out.
    """
    for mark, marked in _BOMS:
        if data.startswith(mark):
            head = data[:_HEAD].decode(marked, "replace").encode(errors="replace")
            # EBCDIC has many variants. Those of UTF do not depend on what the file declares.
            declared_too = _codec(_declared(head)) if marked == "cp037" else None
            return _replace(data, declared_too or marked, warnings).removeprefix("\ufeff")
    declared = _declared(data[:_HEAD]) if can_declare else ""
    codec = _codec(declared)
    if codec and _PROBE.decode(codec, "ignore").encode() != _PROBE:
        # Windows writes UTF-16 into files that it then stores as UTF-8.
        codec = None
    if declared and codec is None:
        warnings.add(f"declares the charset {declared}, which it cannot be", 1)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if not can_declare:
            return _decode_undeclared(data, error, warnings)
        return _decode_other(data, declared, codec, error, warnings)
    if codec and codec != "utf-8":
        return _text_of_either(data, text, declared, codec, warnings)
    if "\x1b$" in text:
        # ISO-2022-JP consists of ASCII characters.
        return data.decode("iso2022_jp_2", "replace")
    return text


def _decode_undeclared(data: bytes, error: UnicodeDecodeError, warnings: Warnings) -> str:
    """Return the text of a table or a text file, which cannot say that it is not UTF-8."""
    good, bad = _count_utf8(data)
    if good >= bad * _GOOD_FOR_ONE_BAD:
        return _replace(data, "utf-8", warnings)
    # Fewer characters do not show which charset they are in.
    is_long = b"\0" in data or sum(byte > 0x7F for byte in data) >= _FEW
    best, _, score = _detect(data, None) if is_long else (None, 0.0, 0.0)
    if score < _MIN_CONFIDENCE:
        is_western = not is_long or _is_mostly_ascii(data, bad)
        best = "cp1252" if is_western and _is_plausible(data.decode("cp1252", "replace")) else None
    if best is None:
        raise ProblemError(*_not_utf8("", data, error))
    warnings.add(f"is not UTF-8: it is read as {_shown(best)}", 1)
    return data.decode(best, "replace")


def _count_utf8(data: bytes) -> tuple[int, int]:
    """Return how many characters outside ASCII are UTF-8, and how many bytes are not."""
    text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) - bad, bad


def _not_utf8(lead: str, data: bytes, error: UnicodeDecodeError) -> tuple[str, int]:
    """Return the problem of bytes in no known charset, and its line."""
    message = (
        f"{lead}is not UTF-8 text: byte {error.start:,} of the file is"
        f" 0x{data[error.start]:02X}; save it as UTF-8"
    )
    return message, data.count(b"\n", 0, error.start) + 1


def _declared(head: bytes) -> str:
    found = _DECLARED.search(head)
    return found[1].decode("ascii", "replace") if found else ""


def _codec(name: str) -> str | None:
    """Return Python's name of the charset that is meant by *name*; None if it is unknown."""
    name = name.lower()
    try:
        known = codecs.lookup(_WEB.get(name, name)).name
        is_text = isinstance(_PROBE.decode(known, "ignore"), str)
    except (LookupError, ValueError):
        return None
    return None if known in _NO_CHARSETS or not is_text else _WEB.get(known, known)


def _text_of_either(data: bytes, text: str, declared: str, codec: str, warnings: Warnings) -> str:
    """Return *text*, which *data* is in UTF-8, or what it is in the charset that is declared."""
    count = sum(character > "\x7f" for character in text)
    try:
        other = data.decode(codec)
    except UnicodeDecodeError:
        other = text
    if not count or other == text:
        return other
    # Chinese can look like a few characters of UTF-8, but text in other charsets never does.
    if count < _FEW and len(other) == len(text):
        return other
    warnings.add(f"declares the charset {declared} and is UTF-8: it is read as UTF-8", 1)
    return text


def _decode_other(
    data: bytes, declared: str, codec: str | None, error: UnicodeDecodeError, warnings: Warnings
) -> str:
    """Return the text of *data*, which is not UTF-8, or not quite."""
    good, bad = _count_utf8(data)
    is_utf8 = good >= bad * _GOOD_FOR_ONE_BAD or bad < _FEW
    if is_utf8 and codec in (None, "utf-8"):
        return _replace(data, "utf-8", warnings)
    best, codec_score, best_score = _detect(data, codec)
    if (
        codec
        and codec != "utf-8"
        and (best is None or codec_score * _CLEARLY >= best_score or best_score < _MIN_CONFIDENCE)
    ):
        return _replace(data, codec, warnings)
    if best_score < _MIN_CONFIDENCE and _is_mostly_ascii(data, bad):
        # Too little text for a language, and too much to lose: the web's default.
        best = "cp1252"
    elif best is None or best_score < _MIN_CONFIDENCE:
        what = f"declares the charset {declared}" if declared else "declares no charset"
        raise ProblemError(*_not_utf8(f"{what} and ", data, error))
    says = f"declares the charset {declared} and is not" if declared else "declares no charset"
    text = data.decode(best, "replace")
    warnings.add(f"{says}: it is read as {_shown(best)}", 1)
    return text


def _detect(data: bytes, codec: str | None) -> tuple[str | None, float, float]:
    """Return the most likely charset, the score of *codec*, and the score of that charset."""
    import chardet

    # Tags and names are of ASCII letters and would blur the language of the text.
    text = re.sub(rb"<!\[CDATA\[|\]\]>|<[^<>]*>", b"\n", data)
    text = b"\n".join(line for line in text.splitlines() if not line.isascii())
    found = chardet.detect_all(text, ignore_threshold=True, include_encodings=_CANDIDATES)
    scores: dict[str, float] = {}
    for each in found:
        name = _codec(each["encoding"] or "")
        if name:
            scores.setdefault(name, each["confidence"])
    best = next((one for one in scores if _is_plausible(text.decode(one, "replace"))), None)
    return best, scores.get(codec or "", 0.0), scores.get(best or "", 0.0)


def _is_mostly_ascii(data: bytes, bad: int) -> bool:
    """Return whether *data*, with *bad* bytes that are not UTF-8, is text of ASCII in the main."""
    return bad * _ASCII_FOR_ONE_OTHER < len(data) and b"\0" not in data


def _is_plausible(text: str) -> bool:
    """Return whether the words of *text* are of one script each, without capitals within.

    A wrong charset turns the accented letters of “Café à Orléans” into Hebrew letters or capitals.
    """
    text = text[:_SAMPLE]
    within: list[str] = _AFTER_SMALL.findall(text)
    odd = len(_MIXED.findall(text)) + sum(map(str.isupper, within))
    return odd == 0 or odd * _ODD <= len(_OTHER_LETTER.findall(text))


def _replace(data: bytes, codec: str, warnings: Warnings) -> str:
    """Decode *data*; a byte that is no part of a character costs one character, and a warning."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        text = data.decode(codec, "replace")
        lost = text.count("\ufffd")
        at, line = error.start, data.count(b"\n", 0, error.start) + 1
        more = f" (and {lost - 1:,} more times)" if lost > 1 else ""
        warnings.add(
            f"byte {at:,} of the file, 0x{data[at]:02X}, is not {_shown(codec)}: it is read as"
            f" “\ufffd”{more}",
            line,
        )
        return text


def _shown(codec: str) -> str:
    return (
        codec.replace("cp125", "Windows-125")
        .replace("iso8859", "ISO-8859")
        .upper()
        .replace("WINDOWS", "Windows")
    )
