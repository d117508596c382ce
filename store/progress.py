"""How far long work has come, for whoever watches it; and how it lets others go first."""

import gc
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")


class _Way:
    """How the interpreter shares its time, changed while anybody in the process works long."""

    _SWITCH_SECONDS = 0.0005
    _NEVER = 1 << 30

    def __init__(self) -> None:
        self._working = 0
        self._usual = sys.getswitchinterval(), gc.get_threshold()

    @contextmanager
    def given(self) -> Iterator[None]:
        if not self._working:
            self._usual = sys.getswitchinterval(), gc.get_threshold()
            _, (young, middle, _) = self._usual
            sys.setswitchinterval(self._SWITCH_SECONDS)
            gc.set_threshold(young, middle, self._NEVER)
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                sys.setswitchinterval(self._usual[0])
                gc.set_threshold(*self._usual[1])


background_work = _Way().given
"""Let the other threads of this process go first for as long as long work is done in one.

A thread that computes gives the interpreter up after half a millisecond and not after five, for an
answer to a person takes several turns; and the garbage collections that look through everything
there is wait, for each keeps all threads for 50 ms.
"""


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
