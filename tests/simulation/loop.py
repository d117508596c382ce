"""An event loop with virtual time: when nothing is left to do, time jumps to the next timer."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

owner: ContextVar[object] = ContextVar("owner", default=None)
"""The simulated process that a task belongs to."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: it moves the loop's time instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("every task waits, and no timer is set")
        self.loop.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs tasks in a fixed order and without waiting; functions of threads run at once."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now = 0.0
        super().__init__(selector)
        self.tasks: dict[object, dict[asyncio.Task[Any], None]] = {}
        """The running tasks of each process, in the order in which they were started."""
        self.set_task_factory(_make_task)  # type: ignore[arg-type]

    def time(self) -> float:
        """Return the seconds since the start of the simulation."""
        return self.now

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Call *func* now, in the only thread that there is."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 -- as an executor does
            done.set_exception(error)
        return done

    def cancel(self, of: object) -> None:
        """Cancel all tasks of a process, in the order in which they were started."""
        for task in tuple(self.tasks.get(of, ())):
            task.cancel()


def _make_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], **options: Any
) -> asyncio.Task[T]:
    assert isinstance(loop, VirtualLoop)
    task = asyncio.Task(coroutine, loop=loop, **options)
    tasks = loop.tasks.setdefault(owner.get(), {})
    tasks[task] = None
    task.add_done_callback(tasks.pop)
    return task


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* on a virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
