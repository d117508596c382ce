"""Read what was fetched, in child processes: the entries of a feed, or the feeds of a web page."""

import asyncio
import io
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin, urlsplit

from bot.feeds.fetching import Fetched
from store.loading.documents.feed import from_rows
from store.loading.documents.source import MAX_TEXT, Source, Story
from store.parsing import Limits, Parser, ParsingError
from store.text import showable
from store.types import Problem

MAX_ENTRIES = 2_000
"""The entries of one answer that are read: the first, which are the newest in nearly every feed."""
_LIMITS = Limits(
    seconds=5,
    seconds_per_mb=1,
    memory=512 << 20,
    answer=32 << 20,
    seconds_in_all=math.inf,
)
_THREADS = 16
_SMALL = 1 << 20
"""Bytes after which a child process is not used again: it would keep the memory it has taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it was fetched."""

    title: str
    """Empty if unknown."""
    stories: Sequence[Story]
    warnings: Sequence[Problem]


class NotAFeedError(Exception):
    """Raised for an answer that is not a feed; the message is a sentence for an admin."""

    def __init__(self, problem: str, feeds: Sequence[str]) -> None:
        """Create an error; *feeds* are the addresses of feeds that the answer, a page, names."""
        super().__init__(problem)
        self.feeds = feeds


class FeedReader:
    """Reads feeds, each in a process of its own, so that none waits for another; close it."""

    def __init__(self) -> None:
        self._parsers: set[Parser] = set()
        self._idle: list[Parser] = []
        # Threads of its own: a look-up must not wait for one that waits for a hostile feed.
        self._threads = ThreadPoolExecutor(_THREADS, "feeds")

    async def read(self, fetched: Fetched) -> Feed:
        """Return the feed that was fetched; raises `NotAFeedError`."""
        parser = self._idle.pop() if self._idle else Parser(_LIMITS)
        self._parsers.add(parser)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _read, parser, fetched)
        finally:
            if len(fetched.data) <= _SMALL:
                self._idle.append(parser)
            else:
                parser.close()
                self._parsers.discard(parser)

    def close(self) -> None:
        """Stop the child processes, and what they are reading."""
        for parser in self._parsers:
            parser.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _read(parser: Parser, fetched: Fetched) -> Feed:
    host = urlsplit(fetched.url).hostname or ""
    # Without a time: the load decides about dates in the future.
    source = Source(host, io.BytesIO(), parser, None)
    try:
        parsed = parser.parse("feed", host, fetched.data, longest=MAX_TEXT)
    except ParsingError as error:
        raise _not_a_feed(parser, fetched, f"{host} {error}") from error
    for line, message in parsed.warnings:
        source.add_warning(line, message)
    rows = islice(_absolute(parsed.rows, fetched.url), MAX_ENTRIES)
    stories = [*from_rows(source, rows)]
    if next(parsed.rows, None):
        source.add_warning(
            None, f"has more than {MAX_ENTRIES:,} entries: the first {MAX_ENTRIES:,} are read"
        )
    publishers = {story.provenance.publisher for story in stories}
    title = publishers.pop() if len(publishers) == 1 else None
    return Feed(title=title or "", stories=stories, warnings=source.warnings)


def _absolute(rows: Iterator[list[str]], url: str) -> Iterator[list[str]]:
    """Yield the rows with links that can be followed: some feeds write `/2026/story`."""
    for title, text, guid, link, *others in rows:
        with suppress(ValueError):
            link = urljoin(url, link) if link else ""
        yield [title, text, guid, link, *others]


def _not_a_feed(parser: Parser, fetched: Fetched, problem: str) -> NotAFeedError:
    feeds: list[str] = []
    if b"<link" in fetched.data.lower():
        # A page that cannot be read names no feed.
        with suppress(ParsingError, ValueError):
            rows = parser.parse("page", "", fetched.data).rows
            links = (urljoin(fetched.url, href) for (href,) in rows)
            feeds = [link for link in links if link.startswith(("http://", "https://"))]
    found = f"; it names the feed {feeds[0]}" if feeds else ""
    return NotAFeedError(showable(f"{problem}{found}."), feeds)
