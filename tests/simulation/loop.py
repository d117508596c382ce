"""An event loop with virtual time: when nothing is left to do, time jumps to the next timer."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, ContextVar
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")

owner: ContextVar[object] = ContextVar("owner", default=None)
"""The simulated process that a task belongs to."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs tasks in a fixed order and without waiting; functions of threads run at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.tasks: dict[object, dict[asyncio.Task[Any], None]] = {}
        """The running tasks of each process, in the order in which they were started."""
        self._soon: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        """A heap; the number keeps timers of the same instant in order."""
        self._number = count()
        self.set_task_factory(_make_task)  # type: ignore[arg-type]

    def time(self) -> float:
        """Return the seconds since the start of the simulation."""
        return self.now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call *callback* after what is to be called already."""
        handle = asyncio.Handle(callback, args, self, context)
        self._soon.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call *callback* when it is *when*."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._number), handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled timer is dropped when its time comes."""

    def _write_to_self(self) -> None:
        """Do nothing: there is no other thread whose call could wake the loop."""

    def _run_once(self) -> None:
        """Call what is to be called now; if nothing is, jump to the next timer."""
        soon = self._soon
        if not soon:
            if not self._timers:
                raise RuntimeError("every task waits, and no timer is set")
            when, _, timer = heapq.heappop(self._timers)
            if timer.cancelled():
                return
            self.now = max(self.now, when)
            soon.append(timer)
        for _ in range(len(soon)):
            handle = soon.popleft()
            if not handle.cancelled():
                handle._run()

    def jump(self, seconds: float) -> bool:
        """Move the time by *seconds*; return False, and do nothing, if anything is due by then."""
        if self._soon:
            return False
        timers, until = self._timers, self.now + seconds
        while timers and timers[0][0] <= until:
            if not timers[0][2].cancelled():
                return False
            heapq.heappop(timers)
        self.now = until
        return True

    async def sleep(self, seconds: float) -> None:
        """Sleep as `asyncio.sleep` does, without a timer if nothing happens until then."""
        if not self.jump(seconds):
            await asyncio.sleep(seconds)

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
