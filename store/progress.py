"""How far long work has come, for whoever watches it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Progress:
    """The stage of a piece of work; the worker writes it, in any thread, and a watcher reads it."""

    def __init__(self) -> None:
        self.stage = ""
        self.done = 0
        self.total = 0
        """0 where it is not known."""

    def start(self, stage: str, total: int) -> None:
        """Begin a *stage* of so many steps."""
        self.stage, self.done, self.total = stage, 0, total

    def through(self, stage: str, things: Sequence[_T]) -> Iterator[_T]:
        """Yield each of *things*, as a stage of its own."""
        self.start(stage, len(things))
        for done, thing in enumerate(things):
            self.done = done
            yield thing
        self.done = self.total

    def counting(self, things: Iterable[_T]) -> Iterator[_T]:
        """Yield each of *things*, counting on in the stage that was begun."""
        for thing in things:
            self.done += 1
            yield thing
