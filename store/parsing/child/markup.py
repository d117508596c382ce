"""Turn HTML into plain text: every word is kept, and what is not meant to be read is left out."""

import re
from html.entities import html5

from selectolax.lexbor import LexborHTMLParser

_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|blink|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|meter"
    "|nobr|output|q|rb|rp|rt|rtc|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_BLOCKS = (
    "address|article|aside|blockquote|body|br|caption|center|dd|details|dialog|dir|div|dl|dt"
    "|fieldset|figcaption|figure|footer|form|h1|h2|h3|h4|h5|h6|header|hgroup|hr|html|img|legend|li"
    "|main|marquee|menu|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
"""Elements whose text is parted from the text around them."""
_UNREAD = (
    "applet|audio|button|canvas|embed|frame|frameset|head|iframe|input|map|math|meta|link|noembed"
    "|noframes|noscript|object|optgroup|option|param|picture|progress|script|select|source|style"
    "|svg|template|textarea|title|track|video|xml"
)
"""Elements whose text is not read: code, fallbacks and controls."""
_BOOLEAN = (
    "allowfullscreen|async|autoplay|checked|compact|controls|defer|disabled|download|hidden|ismap"
    "|loop|muted|nohref|noshade|nowrap|open|playsinline|readonly|reversed|selected"
)
_TAG = (
    # Names with a hyphen are elements of a page's own, and Office writes tags with a prefix: <o:p>.
    rf"(?:/?(?:{_INLINE}|{_BLOCKS}|{_UNREAD}|[a-z]+-[a-z0-9-]+|(?:o|st1|v|w):[a-z]+)"
    # After the name: the end, or an attribute. In “a <b and c> d” there is no tag.
    rf"(?=\s*/?>|\s+[\w:.-]+\s*=|\s+(?:{_BOOLEAN})\b|/?\s*\Z)|!doctype|\?xml)"
)
_REFERENCE = r"&(?:#(?P<decimal>[0-9]+)|#x(?P<hex>[0-9a-f]+)|(?P<name>[a-z][a-z0-9]*));"
_SIGN = re.compile(
    rf"{_REFERENCE}|(?P<tag><{_TAG})|(?P<comment><!--)|[<&]",
    re.IGNORECASE,
)
"""Each < and &, and what it begins if it is markup."""
_MARKUP = re.compile(rf"<{_TAG}|<!--|{_REFERENCE}", re.IGNORECASE)
_OTHER_TAG = re.compile(rf"<(?!{_TAG})/?[a-z_][^<>]*>", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00ad\u200b\ufeff]")
"""Where a word may be broken. They would keep a word from being found."""


def has_markup(text: str) -> bool:
    """Return whether *text* has a tag of HTML or a character reference."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def plain_text(html: str) -> str:
    """Return the text of a piece of HTML on one line.

    A < or an & that is not markup stays: “growth <2%, debt >60%”, “<ana@example.org>”.
    """
    if "<" not in html and "&" not in html:
        return on_one_line(html)
    last_comment = html.rfind("-->")

    def sign(found: re.Match[str]) -> str:
        text = found[0]
        if found["decimal"] and 0xD800 <= int(found["decimal"][:9]) <= 0xDFFF:
            return chr(int(found["decimal"]))
        is_comment = found["comment"] and found.start() < last_comment
        is_known = found["name"] and f"{found['name']};" in html5
        if found["tag"] or found["decimal"] or found["hex"] or is_comment or is_known:
            return text
        return f"&{'lt' if text[0] == '<' else 'amp'};{text[1:]}"

    html = well_formed(_SIGN.sub(sign, html))
    body = LexborHTMLParser(f"<!doctype html><body>{html}").body
    if body is None:
        return ""
    body.strip_tags(_UNREAD.split("|"), recursive=True)
    for node in body.css(_BLOCKS.replace("|", ",")):
        node.insert_before(" ")
        node.insert_after(" ")
    return on_one_line(body.text())


def without_other_tags(xml: str) -> str:
    """Return a piece of XML with a blank in the place of each tag that is none of HTML."""
    return _OTHER_TAG.sub(" ", xml)


def well_formed(text: str) -> str:
    """Return *text* with one character for each pair of surrogates, and U+FFFD for a single one."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def on_one_line(text: str) -> str:
    """Return *text* with single blanks, and without characters that only allow a line break."""
    return " ".join(_INVISIBLE.sub("", text).split())
