"""Waiting for something to become true, without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Signal:
    """Wakes everybody who waits, so that they look again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Tell everybody who waits that something has changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, look: Callable[[], T | None]) -> T:
        """Wait until *look* gives something else than None, and give that."""
        while (found := look()) is None:
            await self._event.wait()
        return found
