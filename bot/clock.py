"""Where the time comes from: the machine, or a clock that can be moved to try things out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp

Clock = Callable[[], datetime]
"""Gives the present instant, aware and in UTC."""


def system_clock() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


class MovableClock:
    """Run beside the machine's clock, at a distance that can be changed."""

    def __init__(self, source: Clock = system_clock) -> None:
        self._source = source
        self._listeners: list[Callable[[], None]] = []
        self.offset = timedelta()

    def __call__(self) -> datetime:
        """Give the moved instant."""
        return self._source() + self.offset

    def move(self, by: timedelta) -> None:
        """Move the clock by *by*, backwards when negative, and tell those who subscribed."""
        self.offset += by
        for listener in self._listeners:
            listener()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call *listener* after every move."""
        self._listeners.append(listener)


class FollowingClock:
    """Run as the clock of another Slack does, which says by HTTP how far it was moved."""

    def __init__(self, url: str, *, proxy: str | None = None) -> None:
        """Ask *url*, through *proxy* (the URL of an HTTP proxy) if it is given."""
        self._url = url
        self._proxy = proxy
        self._clock = MovableClock()

    def __call__(self) -> datetime:
        """Give the instant of the clock that is followed, as of the last `read`."""
        return self._clock()

    async def read(self) -> None:
        """Take over how far the clock is moved by now."""
        async with aiohttp.request(
            "GET", self._url, raise_for_status=True, proxy=self._proxy
        ) as response:
            answer = await response.json()
        self._clock.offset = timedelta(seconds=answer["offset_seconds"])
