"""Find the feeds that a web page names."""

from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from .charsets import decode
from .report import Warnings

_TYPES = (
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/rss+xml",
)
_MOST = 20


def parse_page(data: bytes, warnings: Warnings) -> Iterator[list[str]]:
    """Yield the address of each feed that a page links to, one in each row; comments come last.

    Addresses may be relative to that of the page.
    """
    page = LexborHTMLParser(decode(data, warnings))
    base = next((one.attributes["href"] for one in page.css("base[href]")), "")
    found: dict[str, str] = {}
    for link in page.css("link[rel][href]"):
        rel, kind, href, title = (
            (link.attributes.get(name) or "").strip() for name in ("rel", "type", "href", "title")
        )
        is_feed = "alternate" in rel.lower().split() and kind.partition(";")[0].lower() in _TYPES
        if href and (is_feed or "feed" in rel.lower().split()):
            found.setdefault(urljoin(base or "", href), title)
    feeds = sorted(found.items(), key=lambda one: "comment" in f"{one[0]} {one[1]}".lower())
    yield from ([href] for href, _ in feeds[:_MOST])
