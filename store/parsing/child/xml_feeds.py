"""Parse RSS and Atom."""

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .entries import Entry, longest_text
from .markup import has_markup, on_one_line, plain_text, without_other_tags
from .report import ProblemError, Warnings
from .xml_repairs import XmlText

_XML_MISTAKES = {
    "mismatched tag": "a tag is closed that is not open",
    "no element found": "the file ends before its elements are closed",
    "unclosed token": "the file ends within a tag",
    "not well-formed (invalid token)": "a tag is not written as XML",
    "duplicate attribute": "an attribute occurs twice",
    "junk after document element": "something comes after the feed's end",
    "undefined entity": "an entity is not declared",
    "unbound prefix": "a prefix is not declared",
}
"""Our words for the messages of expat."""


def parse_xml_feed(text: str, warnings: Warnings) -> Iterable[Entry]:
    """Return the entries of an RSS or Atom feed.

    Raises `ProblemError` if *text* is no feed.
    """
    from xml.sax import SAXParseException

    xml = XmlText(text, warnings)
    parsed = _feedparser().parse(
        io.BytesIO(xml.repaired.encode()), resolve_relative_uris=False, sanitize_html=False
    )
    error = parsed.get("bozo_exception")
    is_malformed = isinstance(error, SAXParseException)
    line = xml.line_in_file(error.getLineNumber() or 1) if is_malformed else None
    mistake = error.getMessage() if is_malformed else ""
    mistake = _XML_MISTAKES.get(mistake, mistake)
    version = parsed.get("version") or ""
    if not parsed.entries and (is_malformed or not version):
        raise _not_a_feed(text, mistake, line)
    if is_malformed:
        at = f"character {error.getColumnNumber() + 1}: " if error.getColumnNumber() else ""
        warnings.add(f"{at}{mistake}; what could be read before and after it is loaded", line)
    is_literal = version.startswith("atom")
    for number, entry in enumerate(parsed.entries, start=1):
        _warn_of_unread(entry, number, warnings)
    publisher = _plain(parsed.feed.get("title"), parsed.feed.get("title_detail"), is_literal)
    return (_entry(entry, is_literal, publisher) for entry in parsed.entries)


def _not_a_feed(text: str, mistake: str, line: int | None) -> ProblemError:
    expected = "an RSS, Atom or JSON feed was expected"
    root = re.search(r"<([A-Za-z_][\w.:-]*)", text)
    name = root[1][:30] if root else ""
    if name.lower() == "html":
        return ProblemError(f"is a web page: {expected}", is_another_kind=True)
    if name.lower() in ("rss", "feed", "rdf:rdf"):
        return ProblemError(f"is a feed that cannot be read: {mistake}", line)
    if name:
        found = f"is XML with the element <{name}> first: {expected}"
        return ProblemError(found, is_another_kind=True)
    if text.strip():
        return ProblemError(f"is no XML: {expected}", is_another_kind=True)
    return ProblemError(f"is empty: {expected}")


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith("xml")


def _warn_of_unread(entry: Any, number: int, warnings: Warnings) -> None:
    """Warn if the text of an entry is data, as of a picture."""
    for content in entry.get("content", ()):
        kind = content.get("type") or "text/html"
        if content.get("value") and not _is_text(kind) and warnings.is_new(f"content {kind}"):
            message = f"the content of entry {number:,} is {kind[:50]}, which is not read"
            warnings.add_first(f"content {kind}", message, None)


def _entry(entry: Any, is_literal: bool, publisher: str) -> Entry:
    # Entries of a planet or a news search name the feed that they come from.
    source = entry.get("source") or {}
    origin = _plain(source.get("title"), source.get("title_detail"), is_literal)
    title = _plain(entry.get("title"), entry.get("title_detail"), is_literal)
    texts = [(each.get("value"), each) for each in entry.get("content", ())]
    # Without details it is a copy of the content, which lacks its type.
    if not texts or "summary_detail" in entry:
        texts.append((entry.get("summary"), entry.get("summary_detail")))
    return Entry(
        title or _plain(entry.get("media_title"), None, is_literal),
        longest_text((_plain(value, detail, is_literal) for value, detail in texts), title)
        or _plain(entry.get("media_description"), None, is_literal)
        or _plain(entry.get("subtitle"), entry.get("subtitle_detail"), is_literal),
        guid=_text(entry, "id"),
        link=_link(entry),
        published=_text(entry, "published") or _text(entry, "created"),
        updated=_text(entry, "updated"),
        publisher=origin or publisher,
    )


def _link(entry: Any) -> str:
    """Return the address of an entry; of an episode without a page, that of its recording."""
    link = _text(entry, "link")
    # feedparser takes an id for the link of an entry that has none, also if it is no address.
    if link and (link != _text(entry, "id") or "://" in link):
        return link
    hrefs = (_text(one, "href") for one in entry.get("links", ()) if one.get("rel") == "enclosure")
    return next(filter(None, hrefs), "")


def _text(entry: Any, name: str) -> str:
    # feedparser's own get() returns the date of publication for a missing date of update.
    value = dict.get(entry, name)
    return value if isinstance(value, str) else ""


def _plain(value: object, detail: Mapping[str, str] | None, is_literal: bool) -> str:
    """Return a text of a feed without markup; *is_literal* if the feed says which text has none."""
    kind = (detail or {}).get("type") or "text/html"
    if not isinstance(value, str) or not _is_text(kind):
        return ""
    if is_literal and kind == "text/plain":
        return on_one_line(value)
    # In XML a < that begins no tag is escaped.
    text = plain_text(without_other_tags(value) if kind.endswith("xml") else value)
    # Some feeds escape their HTML twice.
    return plain_text(text) if text.startswith("<") and has_markup(text) else text


def _feedparser() -> Any:
    """Return feedparser, changed in how it reads the text of an entry.

    A text of XML keeps its words. A photo's caption is not taken for the text: feedparser takes
    every media:title and media:description for the title and the text of the entry. Kept are those
    of a media:group, which describe a video; elsewhere they are captions and credits.
    """
    import feedparser
    from feedparser import api, mixin

    def start(parser: Any, name: str) -> None:
        parser.media = [*getattr(parser, "media", ()), name]
        parser.push(name, 1)

    def end(parser: Any, name: str) -> None:
        kept = parser.entries[-1].get(name) if parser.entries else None
        parser.pop(name)
        parser.media = parser.media[:-1] if getattr(parser, "media", ()) else []
        if parser.entries and parser.media != ["media_group"]:
            parser.entries[-1][name] = kept

    # Not that of the classes below, which is this change itself once a feed has been parsed.
    map_type = mixin._FeedParserMixin.map_content_type

    for kind in (api.StrictFeedParser, api.LooseFeedParser):
        # The elements of other XML would become fields of the entry.
        kind.map_content_type = staticmethod(
            lambda name: map_type("xhtml" if name.lower().endswith(("/xml", "+xml")) else name)
        )
        for name in ("media_content", "media_description", "media_group", "media_title"):
            setattr(kind, f"_start_{name}", lambda parser, _, name=name: start(parser, name))
            setattr(kind, f"_end_{name}", lambda parser, name=name: end(parser, name))
    return feedparser
