"""Wait for a condition without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Signal:
    """Wakes every waiting task so that it checks its condition again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake every waiting task because something has changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, look: Callable[[], T | None]) -> T:
        """Wait until *look* returns something other than None, and return that."""
        while (found := look()) is None:
            await self._event.wait()
        return found
