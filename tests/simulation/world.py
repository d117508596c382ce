"""What every simulated world has: processes that are killed, outages, clocks, and a last check."""

import asyncio
import contextvars
import hashlib
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from store import open_store
from store.db import DatabaseUnavailableError, to_instant
from store.samples import STARTER
from tests.simulation.database import SharedDatabase, SimulatedDatabase, unavailable
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualLoop, owner, simulate

_QUIET = timedelta(hours=3)
"""How long everything works at the end: longer than a post may be late."""
_LONGEST_REST = 3 * 3600.0
_FIRST_DATE, _LAST_DATE = date(2026, 1, 1), date(2028, 6, 1)


class Killed(BaseException):
    """Raised in a process that was killed, at whatever it does next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened in one run."""

    broken: tuple[str, ...]
    """The promises that were broken, in words."""
    faults: tuple[str, ...]
    """The faults that happened, by name."""
    count: int
    """How many posts or stories there were."""
    digest: str
    """A hash of everything that happened, to compare two runs of a seed."""


class Process(ABC):
    """One bot from its start until it is killed."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.is_alive = True
        self.ahead = timedelta()
        """How far its clock is ahead of the true time."""
        self.database = SimulatedDatabase(world.database, step=self.step)

    @abstractmethod
    async def work(self) -> None:
        """Do what is due, as the jobs of the ticker do."""

    async def run(self) -> None:
        """Work and rest until the process is killed."""
        while True:
            try:
                await self.work()
            except DatabaseUnavailableError:
                await self.world.database_back.wait()
                await asyncio.sleep(5)
            else:
                await self.world.rest(self)
            self.require_alive()

    def clock(self) -> datetime:
        """Return the time of the machine that it runs on."""
        return self.world.now() + self.ahead

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work* in a task of this process."""

        async def guarded() -> None:
            with suppress(Killed):
                await work()

        context = contextvars.copy_context()
        context.run(owner.set, self)
        context.run(asyncio.ensure_future, guarded())

    async def step(self, kind: str) -> None:
        """Wait a while before a statement or a call; raise if it fails or if this is the end."""
        world, faults = self.world, self.world.faults
        world.note(self.name, kind)
        self.require_alive()
        if faults.happens("crash"):
            world.kill(self)
            raise Killed
        if kind != "slack":
            fault = "commit unanswered" if kind == "commit" else "database"
            if not world.database_back.is_set() or faults.happens(fault):
                await world.loop.sleep(faults.between("silence", 0.01, 2))
                self.require_alive()
                unavailable()
            await world.loop.sleep(faults.between("latency", 0.0001, 0.003))
        self.require_alive()

    def require_alive(self) -> None:
        """Raise `Killed` once the process is dead."""
        if not self.is_alive:
            raise Killed

    def die(self) -> None:
        """End without another statement; what was not committed is rolled back."""
        self.is_alive = False
        self.world.loop.cancel(self)


class World(ABC):
    """The simulated world of one seed."""

    what = ""
    """What `Report.count` counts."""
    due = ""
    """A SELECT of the instant at which the processes next have something to do."""

    def __init__(self, database: SharedDatabase, faults: Faults, *, days: int) -> None:
        self.database = database
        self.faults = faults
        self.days = days
        days_later = faults.whole("begin", 0, (_LAST_DATE - _FIRST_DATE).days)
        begin = _FIRST_DATE + timedelta(days=days_later)
        self.began = datetime.combine(begin, time(faults.whole("begin", 0, 23)), UTC)
        self.database_back = asyncio.Event()
        self.database_back.set()
        self.changed = asyncio.Event()
        self.processes: list[Process] = []
        self.broken: list[str] = []
        """The promises that were broken, in words."""
        self._started = 0
        self._digest = hashlib.sha256()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.loop = loop

    @abstractmethod
    def make(self, name: str) -> Process:
        """Return a new process."""

    @abstractmethod
    def begin(self) -> None:
        """Prepare the world, once the first processes run."""

    @abstractmethod
    def trouble(self) -> Iterable[Awaitable[None]]:
        """Return what goes on besides outages, kills and wrong clocks, until it is cancelled."""

    @abstractmethod
    def repair(self) -> None:
        """End every trouble, because the last hours are quiet."""

    @abstractmethod
    async def check(self) -> tuple[int, Iterable[str]]:
        """Return how much was done, and which promises are broken, in words."""

    def now(self) -> datetime:
        """Return the true time."""
        return self.began + timedelta(seconds=self.loop.time())

    def note(self, who: str, what: str) -> None:
        """Add a step to the hash of everything that happened."""
        self._digest.update(f"{self.loop.now} {who} {what}\n".encode())

    def fetch(self, sql: str) -> list[sqlite3.Row]:
        """Run a SELECT that no process notices."""
        return self.database.reader.execute(sql).fetchall()

    async def run(self) -> Report:
        """Run the world for its days, then let everything work for a while, and check it."""
        for _ in range(self.faults.whole("bots", 1, 3)):
            self._start()
        self.begin()
        trouble = [self._outages(), self._restarts(), self._clocks(), *self.trouble()]
        tasks = [asyncio.ensure_future(each) for each in trouble]
        await asyncio.sleep(timedelta(days=self.days).total_seconds())
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        self.faults.is_over = True
        self.database_back.set()
        for process in self.processes:
            process.ahead = timedelta()
        if not self.processes:
            self._start()
        self.repair()
        self.wake()
        await asyncio.sleep(_QUIET.total_seconds())
        count, broken = await self.check()
        self.broken += broken
        for process in self.processes:
            process.die()
        return Report(
            broken=tuple(self.broken),
            faults=tuple(self.faults.happened),
            count=count,
            digest=self._digest.hexdigest(),
        )

    # --- processes ---------------------------------------------------------------------------

    def _start(self) -> None:
        self._started += 1
        process = self.make(f"bot{self._started}")
        self.processes.append(process)

        async def run() -> None:
            try:
                await process.run()
            except Exception as error:  # noqa: BLE001 -- reported as broken
                self.broken.append(f"{process.name} ended with {error!r}")

        process.begin(run)

    def kill(self, process: Process) -> None:
        """Kill a process; another one starts after a while."""
        if process in self.processes:
            self.processes.remove(process)
            process.die()
            self.loop.call_later(1 + 1800 * self.faults.number("pause") ** 4, self._start)

    def any_process(self) -> Process | None:
        """Return one of the processes that run; None if none does."""
        if not self.processes:
            return None
        return self.processes[self.faults.whole("which", 0, len(self.processes) - 1)]

    def wake(self) -> None:
        """Make every process look again for what is due."""
        self.changed.set()
        self.changed.clear()

    async def rest(self, process: Process) -> None:
        """Wait until something may be due, or until `wake`.

        The real ticker looks every second; in between it would find nothing.
        """
        ((due,),) = self.fetch(self.due)
        wait = _LONGEST_REST
        if due:
            wait = min(wait, (to_instant(due) - process.clock()).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait, 1)):
                await self.changed.wait()

    # --- trouble -----------------------------------------------------------------------------

    async def now_and_then(self, kind: str, *, days: float) -> AsyncIterator[str]:
        """Yield the name of a fault at random times, about every *days* days."""
        number = 0
        while True:
            await asyncio.sleep(2 * days * 86400 * self.faults.number(f"time of {kind}"))
            number += 1
            if self.faults.record(f"{kind} {number}"):
                yield f"{kind} {number}"

    def length(self) -> float:
        """Return the seconds that an outage lasts: most are short, some take hours."""
        return 8 * 3600 * self.faults.number("length") ** 3

    async def _outages(self) -> None:
        async for _ in self.now_and_then("database away", days=3):
            self.database_back.clear()
            await asyncio.sleep(self.length())
            self.database_back.set()

    async def _restarts(self) -> None:
        async for _ in self.now_and_then("kill", days=1):
            if process := self.any_process():
                self.kill(process)

    async def _clocks(self) -> None:
        async for _ in self.now_and_then("clock", days=2):
            if process := self.any_process():
                process.ahead = timedelta(seconds=self.faults.between("step", -200, 200))


def prepare(folder: Path) -> Path:
    """Create the database from which every run starts: the sample stories, and no schedule."""
    path = folder / "template.db"

    async def make() -> None:
        async with open_store(f"sqlite:///{path}") as store:
            await store.loads.reload(STARTER, by="terminal", at=datetime(2026, 1, 1, tzinfo=UTC))

    asyncio.run(make())
    return path


def run(
    world: type[World], template: Path, seed: int, *, days: int, only: frozenset[str] | None = None
) -> Report:
    """Run the *world* of *seed* for *days*; *only* is the set of faults that may happen."""
    path = template.with_name(f"{world.__name__}-{seed}-.db")
    shutil.copy(template, path)

    async def main() -> Report:
        return await world(database, Faults(seed, only=only), days=days).run()

    try:
        with closing(SharedDatabase(path)) as database:
            return simulate(main())
    finally:
        for file in path.parent.glob(f"{path.stem}*"):
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink()
