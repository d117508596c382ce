"""Report the progress of long work, and keep the process responsive during it."""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")


class _BackgroundWork:
    """Postpones full garbage collections while long work runs anywhere in the process."""

    _NEVER = 1 << 30
    """A threshold that the garbage collector does not reach."""

    def __init__(self) -> None:
        self._running = 0
        self._previous = gc.get_threshold()

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self._running:
            self._previous = young, middle, _ = gc.get_threshold()
            gc.set_threshold(young, middle, self._NEVER)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                gc.set_threshold(*self._previous)


background_work = _BackgroundWork().running
"""Keep the other threads responsive while one thread does long work.

Full garbage collections are postponed, because each stops all threads for 50 ms.
"""


class Progress:
    """The progress of long work, written by the worker in any thread and read by others."""

    def __init__(self) -> None:
        self.stage = ""
        self.done = 0
        self.total = 0
        """0 if it is not known."""
        self._is_cancelled = False

    def start(self, stage: str, total: int) -> None:
        """Start a *stage* of *total* steps."""
        self.stage, self.done, self.total = stage, 0, total

    def through(self, stage: str, things: Sequence[_T]) -> Iterator[_T]:
        """Yield each of *things*, counted as a stage of its own."""
        self.start(stage, len(things))
        for done, thing in enumerate(things):
            self._check()
            self.done = done
            yield thing
        self.done = self.total

    def counting(self, things: Iterable[_T]) -> Iterator[_T]:
        """Yield each of *things*, counted in the current stage."""
        for thing in things:
            self._check()
            self.done += 1
            yield thing

    async def in_thread(self, function: Callable[..., _T], *args: object) -> _T:
        """Run *function* in a thread; if this task is cancelled, its next counted step raises.

        No thread can be stopped, and the process would wait for it at its end.
        """
        try:
            return await asyncio.to_thread(function, *args)
        except asyncio.CancelledError:
            self._is_cancelled = True
            raise

    def _check(self) -> None:
        if self._is_cancelled:
            raise asyncio.CancelledError
