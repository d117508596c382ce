"""Find the feed at an address that a person writes: of a feed, or of a web page that names one."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from bot.feeds.fetching import Fetched, Fetcher
from bot.feeds.reading import FeedReader, NotAFeedError
from store.sources.feed_urls import normalise_url
from store.types import ParleyError

_MOST = 3
"""The feeds of a web page that are tried; most pages name one, or one with the comments."""
_SECONDS = 45
"""Somebody is waiting for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A feed that works."""

    url: str
    title: str
    """Empty if unknown."""
    stories: int


class Discovery:
    """Finds feeds with the fetcher and the reader that poll them."""

    def __init__(self, fetcher: Fetcher, reader: FeedReader) -> None:
        self._fetcher = fetcher
        self._reader = reader

    def check(self, written: str) -> None:
        """Raise `ParleyError` if no request is needed to see that no feed is at *written*."""
        self._fetcher.check(normalise_url(written))

    async def find_feed(self, written: str) -> Discovered:
        """Return the feed at the address *written*; raises `ParleyError` if no feed is there.

        An address without a scheme is tried with https and then with http. For a web page, the
        first feed that the page names and that works is returned.
        """
        url = normalise_url(written)
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._find(written, url)
        except TimeoutError as error:
            raise ParleyError(
                f"{url} did not lead to a feed within {_SECONDS} seconds. Try again later."
            ) from error

    async def _find(self, written: str, url: str) -> Discovered:
        try:
            return await self._first(url)
        except ParleyError:
            if "://" in written or not url.startswith("https://"):
                raise
            with suppress(ParleyError):
                return await self._first(f"http{url.removeprefix('https')}")
            raise

    async def _first(self, url: str) -> Discovered:
        """Return the feed at *url*, or the first that works of those that a page there names."""
        try:
            return await self._read(url)
        except NotAFeedError as error:
            page = error
        for feed in page.feeds[:_MOST]:
            with suppress(NotAFeedError, ParleyError):
                return await self._read(feed)
        hint = "" if page.feeds else " Look for a link to “RSS” on the site, and add its address."
        raise ParleyError(f"{page}{hint}")

    async def _read(self, url: str) -> Discovered:
        answer = await self._fetcher.fetch(url)
        if not isinstance(answer, Fetched):
            raise ParleyError(getattr(answer, "problem", "The server answers nothing."))
        feed = await self._reader.read(answer)
        return Discovered(
            url=answer.permanent_url or url, title=feed.title, stories=len(feed.stories)
        )
