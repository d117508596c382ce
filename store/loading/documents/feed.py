"""RSS and Atom feeds: every entry an article of a title and a summary, without a question."""

import io
from collections.abc import Iterator
from typing import Any
from xml.sax import SAXException

import feedparser  # type: ignore[import-untyped]
from markupsafe import Markup

from store.loading.documents.source import MAX_TEXT, Source, Story

_MOST = 32 << 20
"""Bytes of a feed, which is read as a whole."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the entries of a feed, without their markup; they can be found, and are never asked."""
    data = source.whole(most=_MOST)
    if source.problems:
        return
    feed: Any = feedparser.parse(io.BytesIO(data), resolve_relative_uris=False)
    if not feed.get("version"):
        _not_a_feed(source, feed.get("bozo_exception"))
        return
    if feed.bozo and isinstance(feed.bozo_exception, SAXException):
        _not_a_feed(source, feed.bozo_exception)
        return
    for place, entry in enumerate(feed.entries, start=1):
        title, summary = _plain(entry.get("title")), _plain(entry.get("summary"))
        if not title and not summary:
            source.problem(None, f"entry {place} has neither a title nor a summary")
            continue
        # A feed of headlines alone is a feed all the same.
        yield Story(title or _plain(feed.feed.get("title")) or "News", summary or title, "", "")
    if not feed.entries:
        source.problem(None, "is a feed without entries")


def _not_a_feed(source: Source, error: Any) -> None:
    line = error.getLineNumber() if hasattr(error, "getLineNumber") else None
    why = f": {error.getMessage()}" if hasattr(error, "getMessage") else ""
    source.problem(line, f"is no RSS or Atom feed{why}")


def _plain(html: str | None) -> str:
    # Markup only takes the marks out here; what is left is escaped where it is drawn.
    return str(Markup(html or "").striptags())[:MAX_TEXT].replace("\0", "")  # noqa: S704
