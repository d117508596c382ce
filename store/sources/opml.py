"""Lists of feeds in OPML (opml.org/spec2), as feed readers export them."""

from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from store.links import MAX_LINK
from store.text import well_formed
from store.types import FeedSource, ParleyError

MAX_BYTES = 4 << 20


class Outline(NamedTuple):
    """A feed in a list."""

    url: str
    """As it is written there."""
    title: str
    """Empty if it has none."""


class _Outlines(HTMLParser):
    """Collects outlines; it is tolerant, and knows no entities that could grow."""

    def __init__(self) -> None:
        super().__init__()
        self.is_opml = False
        self.found: dict[str, Outline] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_opml |= tag == "opml"
        values = {name: (value or "").strip() for name, value in attrs}
        if tag == "outline" and (url := values.get("xmlurl")):
            title = " ".join((values.get("title") or values.get("text") or "").split())
            self.found.setdefault(url[: MAX_LINK + 1], Outline(url, title[:200]))


def read_opml(data: bytes) -> Sequence[Outline]:
    """Return the feeds of a list, each once; raises `ParleyError` if *data* is no such list."""
    if len(data) > MAX_BYTES:
        raise ParleyError(f"This list is larger than {MAX_BYTES >> 20} MB, and was not read.")
    parser = _Outlines()
    parser.feed(well_formed(_decode(data)))
    parser.close()
    if not parser.is_opml:
        raise ParleyError("This is no list of feeds in OPML: it has no <opml> element.")
    if not parser.found:
        raise ParleyError("This list names no feed: no <outline> in it has an xmlUrl.")
    return list(parser.found.values())


def write_opml(feeds: Iterable[FeedSource]) -> str:
    """Return *feeds* as a list that `read_opml` and feed readers read."""
    lines = [
        f"    <outline type={quoteattr('rss')} text={quoteattr(feed.name)}"
        f" title={quoteattr(feed.name)} xmlUrl={quoteattr(feed.url)}/>"
        for feed in feeds
    ]
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<opml version="2.0">',
            "  <head><title>Feeds of Parley</title></head>",
            "  <body>",
            *lines,
            "  </body>",
            "</opml>",
            "",
        )
    )


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What old programs write on Windows; every byte is a character in it.
        return data.decode("cp1252", "replace")
