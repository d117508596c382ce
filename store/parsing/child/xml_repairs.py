"""Repair the mistakes that feeds make in XML, so that a strict parser reads the whole feed."""

import re
from html.entities import html5
from xml.sax.saxutils import escape

from .markup import well_formed
from .report import Warnings

_DECLARATION = "<?xml version='1.0' encoding='utf-8'?>"
_OLD_DECLARATION = re.compile(r"<\?xml\s[^>]*>")
_START = re.compile(r"<\?[A-Za-z]|<!DOCTYPE|<!--|<[A-Za-z_]")
_VERBATIM = r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
"""Where an & stands for itself."""
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff"
"""The characters that XML does not allow (XML 1.0, 2.2)."""
_CONTROL = re.compile(f"[{_CONTROLS}]")
_SIGN = re.compile(
    rf"(?P<verbatim>{_VERBATIM})|&#(?:(?P<decimal>[0-9]+)|[xX](?P<hex>[0-9a-fA-F]+));"
    r"|&(?P<name>[A-Za-z_][\w.-]*);|&|<(?![A-Za-z_:/!?])|\]\]>",
    re.DOTALL,
)
_LITERALS = {"&": "&amp;", "<": "&lt;", "]]>": "]]&gt;"}
_OF_XML = ("amp", "lt", "gt", "quot", "apos")
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]+)\s+(SYSTEM|PUBLIC)?")
_NAME = r"[A-Za-z_][\w.-]*"
_ROOT = re.compile(rf"{_VERBATIM}|(?P<tag><{_NAME}(?::{_NAME})?)", re.DOTALL)
_PREFIX = re.compile(rf"<({_NAME}):{_NAME}")
_NAMESPACE = re.compile(rf"\sxmlns:({_NAME})\s*=")
_NAMESPACES = {
    "a10": "http://www.w3.org/2005/Atom",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


class XmlText:
    """The text of an XML file, repaired."""

    def __init__(self, text: str, warnings: Warnings) -> None:
        """Repair *text*, and warn of each kind of mistake."""
        self._text = text
        self._warnings = warnings
        start = _START.search(text)
        begin = start.start() if start else 0
        if skipped := text[:begin].strip("\ufeff"):
            what = "other text" if skipped.strip() else "a blank or an empty line"
            warnings.add(f"begins with {what} before the XML, which is skipped", 1)
        declaration = _OLD_DECLARATION.match(text, begin)
        self._start = declaration.end() if declaration else begin
        self._lines_before = text.count("\n", 0, self._start)
        body = _CONTROL.sub(self._blank, text[self._start :])
        declared = _ENTITY.findall(body[: _root_end(body)])
        self._elsewhere = {name for name, is_elsewhere in declared if is_elsewhere}
        """The entities whose text is in another file."""
        self._entities = {*_OF_XML, *(name for name, _ in declared)} - self._elsewhere
        body = well_formed(_SIGN.sub(self._reference, body))
        self.repaired = _DECLARATION + self._with_namespaces(body)

    def line_in_file(self, line: int) -> int:
        """Return the line of the file for a *line* of the repaired text."""
        return line + self._lines_before

    def _blank(self, found: re.Match[str]) -> str:
        name = f"U+{ord(found[0]):04X}"
        self._warn(name, found, f"XML does not allow the character {name}", "a blank")
        return " "

    def _reference(self, found: re.Match[str]) -> str:
        text = found[0]
        if found["verbatim"]:
            return text
        if text in _LITERALS:
            self._warn(text, found, f"{text} stands by itself, which XML does not allow", "text")
            return _LITERALS[text]
        if name := found["name"]:
            if name in self._entities:
                return text
            meant = html5.get(f"{name};")
            read_as = f"“{meant}”" if meant and meant.strip() else "in HTML" if meant else "text"
            mistake = f"XML has no entity {text}"
            if name in self._elsewhere:
                mistake = f"{text} stands for the text of another file, which is not read"
            self._warn(text, found, mistake, read_as)
            return escape(meant or text)
        decimal, hexadecimal = found["decimal"], found["hex"]
        digits = (decimal or hexadecimal).lstrip("0")[:9] or "0"
        number = int(digits, 10 if decimal else 16)
        if 0xD800 <= number <= 0xDFFF:
            # Two of them, one after the other, stand for one character.
            self._warn(text, found, f"{text} is half a character", "one, with its other half")
            return chr(number)
        if number > 0x10FFFF or _CONTROL.match(chr(number)):
            self._warn(text, found, f"{text[:20]} stands for no character", "“\ufffd”")
            return "\ufffd"
        return text

    def _warn(self, kind: str, found: re.Match[str], mistake: str, read_as: str) -> None:
        if self._warnings.is_new(kind):
            at = self._start + found.start()
            line = self._text.count("\n", 0, at) + 1
            column = at - self._text.rfind("\n", 0, at)
            message = f"character {column}: {mistake}; it is read as {read_as}"
            self._warnings.add_first(kind, message, line)

    def _with_namespaces(self, body: str) -> str:
        """Declare the prefixes that are used and not declared."""
        missing = {*_PREFIX.findall(body)} - {*_NAMESPACE.findall(body)} - {"xml", "xmlns"}
        if missing:
            # Again without the text of CDATA sections, in which HTML may have prefixes.
            missing &= {*_PREFIX.findall(re.sub(_VERBATIM, "", body, flags=re.DOTALL))}
        if not missing:
            return body
        for prefix in sorted(missing):
            line = self._text.count("\n", 0, self._text.find(f"<{prefix}:")) + 1
            self._warnings.add(
                f"the prefix {prefix}: is not declared; it is read all the same", line
            )
        names = "".join(
            f' xmlns:{prefix}="{_NAMESPACES.get(prefix, f"urn:undeclared:{prefix}")}"'
            for prefix in sorted(missing)
        )
        end = _root_end(body)
        return body[:end] + names + body[end:]


def _root_end(body: str) -> int:
    """Return where the name of the first element ends; entities are declared before it."""
    return next((found.end() for found in _ROOT.finditer(body) if found["tag"]), 0)
