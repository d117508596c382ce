"""Clocks: the machine's, and clocks that can be moved for demos and tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp

Clock = Callable[[], datetime]
"""Returns the current time as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


class MovableClock:
    """A clock that runs at a changeable offset from another clock."""

    def __init__(self, source: Clock = system_clock) -> None:
        self._source = source
        self._listeners: list[Callable[[], None]] = []
        self.offset = timedelta()

    def __call__(self) -> datetime:
        """Return the time with the offset added."""
        return self._source() + self.offset

    def move(self, by: timedelta) -> None:
        """Move the clock by *by*, backwards if negative, and call the listeners."""
        self.offset += by
        for listener in self._listeners:
            listener()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call *listener* after every move."""
        self._listeners.append(listener)


class FollowingClock:
    """A clock that follows the local workspace's clock, reading its offset by HTTP."""

    def __init__(self, url: str, *, proxy: str | None = None) -> None:
        """Read the offset from *url*, through the HTTP proxy *proxy* if given."""
        self._url = url
        self._proxy = proxy
        self._clock = MovableClock()

    def __call__(self) -> datetime:
        """Return the time of the followed clock, with the offset of the last `read`."""
        return self._clock()

    async def read(self) -> None:
        """Read the current offset."""
        async with aiohttp.request(
            "GET", self._url, raise_for_status=True, proxy=self._proxy
        ) as response:
            answer = await response.json()
        self._clock.offset = timedelta(seconds=answer["offset_seconds"])
