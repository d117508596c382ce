"""RSS and Atom feeds: every entry an article of a title and a summary, without a question."""

import io
import re
from collections.abc import Iterator
from typing import Any
from xml.sax import SAXException

import feedparser  # type: ignore[import-untyped]
from markupsafe import Markup

from store.loading.documents.source import MAX_TEXT, Source, Story, tidy

_MOST = 32 << 20
"""Bytes of a feed, which is read as a whole."""
_DECLARATIONS = tuple("<?xml".encode(name) for name in ("utf-8", "utf-8-sig", "utf-16"))
_BLOCK = re.compile(
    r"</?(?:p|br|div|li|[uod]l|d[dt]|h[1-6]|hr|tr|t[dh]|blockquote)\b", re.IGNORECASE
)
"""Marks between which no blank is written, and which part words all the same."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the entries of a feed, without their markup; they can be found, and are never asked."""
    data = source.whole(most=_MOST)
    if source.problems:
        return
    feed: Any = feedparser.parse(io.BytesIO(data), resolve_relative_uris=False)
    if not feed.get("version"):
        _not_a_feed(source, data, feed.get("bozo_exception"))
        return
    if feed.bozo and isinstance(feed.bozo_exception, SAXException):
        _not_a_feed(source, data, feed.bozo_exception)
        return
    for place, entry in enumerate(feed.entries, start=1):
        title, summary = _plain(entry, "title"), _plain(entry, "summary")
        if not title and not summary:
            source.problem(None, f"entry {place} has neither a title nor a summary")
            continue
        # A feed of headlines alone is a feed all the same.
        yield Story(title or _plain(feed.feed, "title") or "News", summary or title, "", "")
    if not feed.entries:
        source.problem(None, "is a feed without entries")


def _not_a_feed(source: Source, data: bytes, error: Any) -> None:
    line = error.getLineNumber() if hasattr(error, "getLineNumber") else None
    # feedparser puts a declaration before what has none, on a line of its own.
    if line and not data.startswith(_DECLARATIONS):
        line = max(line - 1, 1)
    why = f": {error.getMessage()}" if hasattr(error, "getMessage") else ""
    source.problem(line, f"is no RSS or Atom feed{why}")


def _plain(entry: Any, name: str) -> str:
    text = entry.get(name) or ""
    if entry.get(f"{name}_detail", {}).get("type") != "text/plain":
        # Markup only takes the marks out here; what is left is escaped where it is drawn.
        text = str(Markup(_BLOCK.sub(r" \g<0>", text)).striptags())  # noqa: S704
    return " ".join(tidy(text).split())[:MAX_TEXT]
