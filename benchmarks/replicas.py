"""Kill three bots and their database again and again, and count messages: `make bench-replicas`.

Every round is one occurrence of each of three schedules in many channels. While the bots post, one
or two of them are killed and started again at once, and the database fails in one of these ways:

    restart    PostgreSQL stops as in a crash and starts up to 8 seconds later
    silent     the connections of one or all bots stay open and carry nothing
    frozen     every process of PostgreSQL is stopped by SIGSTOP, as by a disk that hangs
    read-only  PostgreSQL takes no writes, as with a full disk

The run fails unless every occurrence has exactly one question and one story in each channel,
/readyz tells the state of its bot within 5 seconds, and every bot is ready for good 30 seconds
after its trouble. A post that was cut off waits for its lease and for checks of the channel's
history; this wait is not real, because the clock is moved when nothing else is left to do. Needs
Debian's package postgresql.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aiohttp
import asyncpg

from bot.manifest import manifest
from bot.workspace import Fault, Workspace
from store import open_store
from store.db import open_database, to_text
from store.samples import STARTER
from store.types import ChannelId, Schedule, TeamId
from tests import postgres
from tests.black_hole import BlackHole
from tests.machine import environment, free_port, running_clock
from tests.replicas import POST, UNSETTLED, count_deliveries, schedule_posts

REPLICAS = 3
KINDS = ("restart", "silent", "frozen", "read-only")
TRUE_WITHIN, READY_WITHIN = 5, 30
_SLOW_POST = 0.2
_POLL = 0.2
_QUIET = 3
"""Seconds without a call to Slack or a change of a post after which the clock is moved."""
_STEP = timedelta(seconds=20)
_ROUND_SECONDS = 150


def now() -> float:
    """Return seconds on the clock of the event loop."""
    return asyncio.get_running_loop().time()


class Reading(NamedTuple):
    """An answer of /readyz."""

    asked: float
    """When it was requested."""
    at: float
    """When it came."""
    is_ready: bool
    text: str


@dataclass
class Trouble:
    """The time during which a bot cannot work."""

    kind: str
    began: float
    lasted_until: float
    """When its cause was about to be removed: until then, it was there for sure."""
    ended: float
    """When its cause had been removed for sure."""
    noticed_after: float | None = None
    """Seconds until /readyz said so, or None if it did not."""
    ready_at: float = inf
    """When /readyz was 200 again, and stayed so."""
    ready_after: float = inf
    """Seconds from the end, of this trouble and any that came on top of it, to `ready_at`."""


@dataclass
class Replica:
    """A bot process, its proxy to the database, and what its /readyz answered."""

    settings: dict[str, str]
    hole: BlackHole
    folder: Path
    number: int
    port: int = field(default_factory=free_port)
    process: Process | None = None
    readings: list[Reading] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    """The exit codes of the process, when it ended by itself."""

    async def supervise(self) -> None:
        """Start the process whenever it ends, as a supervisor does; not after exit code 78."""
        while True:
            await self._start()
            assert self.process
            code = await self.process.wait()
            if code != -signal.SIGKILL:
                self.exits.append(code)
                if code == os.EX_CONFIG:
                    return
                await asyncio.sleep(1)

    async def _start(self) -> None:
        """Start the process; its log is appended to a file."""
        with (self.folder / f"{self.number}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self.folder,
                env=environment(
                    TESTS_EMBED="1",
                    **self.settings,
                    DATABASE_URL=self.hole.url,
                    STATUS_PORT=str(self.port),
                ),
                stderr=log,
            )

    async def kill(self) -> None:
        """End the process with SIGKILL, if it runs, and wait until it has ended."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def poll(self) -> None:
        """Record what /readyz says, again and again."""
        timeout = aiohttp.ClientTimeout(total=TRUE_WITHIN)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                asked = now()
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                        is_ready, text = response.status == 200, await response.text()
                except (aiohttp.ClientError, TimeoutError) as error:
                    is_ready, text = False, type(error).__name__
                self.readings.append(Reading(asked, now(), is_ready, text))
                await asyncio.sleep(_POLL)

    def is_ready_since(self, moment: float) -> bool:
        """Return whether the last answer was requested after *moment* and was 200."""
        return any(one.is_ready and one.asked > moment for one in self.readings[-1:])


class Run:
    """The bots, their database and the local workspace."""

    def __init__(
        self, server: postgres.Server, url: str, workspace: Workspace, chance: random.Random
    ) -> None:
        self.server, self.url, self.workspace, self.chance = server, url, workspace, chance
        self.channels: list[ChannelId] = []
        self.schedules: list[Schedule] = []
        self.replicas: list[Replica] = []
        self.faults: Counter[str] = Counter()
        self.overdue: list[float] = []
        """Seconds by Parley's clock from due to the last message of a round."""
        self.wrong: list[str] = []

    async def play(self, kind: str) -> None:
        """Play one round with the database failing in the way of *kind*."""
        due_at = await self._next()
        clock = self.workspace.clock
        clock.move(due_at - clock() + timedelta(seconds=1))
        kills = self.chance.choice((1, 2))
        self.faults[kind] += 1
        self.faults["kill"] += kills
        await asyncio.gather(
            self._break(kind, self.chance.uniform(0.5, 4)),
            *(self._kill(self.chance.uniform(0.5, 12)) for _ in range(kills)),
        )
        ended = now()
        try:
            async with asyncio.timeout(_ROUND_SECONDS):
                await self._settle(ended)
        except TimeoutError:
            self.wrong.append(f"{due_at:%d %B}: not settled after {_ROUND_SECONDS} s")
        self.overdue.append((clock() - due_at).total_seconds())

    async def all_ready(self, since: float) -> None:
        """Wait until every bot was ready after *since*."""
        while not all(one.is_ready_since(since) for one in self.replicas):  # noqa: ASYNC110
            await asyncio.sleep(_POLL)  # /readyz sends no events, so poll.

    async def _next(self) -> datetime:
        async with open_database(self.url) as database:
            (row,) = await database.fetch("SELECT MIN(next_at) AS at FROM schedule")
        return datetime.fromisoformat(row["at"])

    async def _kill(self, after: float) -> None:
        await asyncio.sleep(after)
        victim = self.chance.choice(self.replicas)
        began = now()
        await victim.kill()
        killed = now()
        victim.troubles.append(Trouble("kill", began, killed, killed))

    async def _break(self, kind: str, after: float) -> None:
        await asyncio.sleep(after)
        victims, began = self.replicas, now()
        seconds = self.chance.uniform(6, 10)
        match kind:
            case "restart":
                await asyncio.to_thread(self.server.stop)
                await asyncio.sleep(self.chance.uniform(0, 8))
                # It takes connections before `start` returns.
                lasted_until = now()
                await asyncio.to_thread(self.server.start)
            case "silent":
                victims = self.chance.choice(([self.chance.choice(self.replicas)], self.replicas))
                for one in victims:
                    one.hole.swallow()
                await asyncio.sleep(seconds)
                lasted_until = now()
                for one in victims:
                    one.hole.restore(forgetful=self.chance.random() < 0.5)
            case "frozen":
                self.server.freeze()
                try:
                    await asyncio.sleep(seconds)
                finally:
                    # A frozen server cannot be stopped.
                    lasted_until = now()
                    self.server.thaw()
            case "read-only":
                await self._alter("SET default_transaction_read_only = on")
                began = now()
                await asyncio.sleep(seconds)
                lasted_until = now()
                await self._alter("RESET default_transaction_read_only")
        for one in victims:
            one.troubles.append(Trouble(kind, began, lasted_until, now()))

    async def _alter(self, change: str) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.execute(f"ALTER SYSTEM {change}")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    async def _settle(self, ended: float) -> None:
        """Wait until no post is open, and move the clock while nothing happens."""
        await self.all_ready(ended)
        before: object = None
        quiet_since = now()
        async with open_database(self.url) as database:
            while True:
                rows = await database.fetch("SELECT state, COUNT(*) AS n FROM post GROUP BY state")
                states = {row["state"]: row["n"] for row in rows}
                due = await database.fetch(
                    "SELECT 1 FROM schedule WHERE next_at <= $1", to_text(self.workspace.clock())
                )
                if not due and not any(states.get(state) for state in UNSETTLED):
                    return
                found = (states, len(self.workspace.calls))
                if found != before:
                    before, quiet_since = found, now()
                elif now() - quiet_since > _QUIET:
                    self.workspace.clock.move(_STEP)
                    quiet_since = now()
                # The database sends no events, so poll it.
                await asyncio.sleep(_POLL)

    def check_messages(self, rounds: int) -> Counter[int]:
        """Return how many of the expected messages arrived how many times."""
        found = count_deliveries(self.workspace, self.channels)
        dates = {key.removesuffix(":story").rpartition(":")[2] for key in found}
        keys = {
            f"{schedule.id}:{date}{part}"
            for schedule in self.schedules
            for date in dates
            for part in ("", ":story")
        }
        counts = Counter(found[key] for key in keys)
        if len(dates) != rounds or set(found) - keys or set(counts) - {1}:
            odd = sorted(key for key in keys | set(found) if key not in keys or found[key] != 1)
            self.wrong.append(f"messages: {len(dates)} dates, odd keys {odd[:10]}")
        return counts


def judge(replica: Replica) -> list[str]:
    """Compare what /readyz said with the troubles of a bot; measure them, and return what is wrong.

    While a trouble of more than 5 seconds lasts, no answer after these may be 200.
    """
    wrong, readings = [], replica.readings
    troubles = sorted(replica.troubles, key=lambda one: one.began)
    for one in troubles:
        name = f"bot {replica.number}, {one.kind}"
        during = [found for found in readings if one.began < found.asked < one.lasted_until]
        noticed = (found.at for found in during if not found.is_ready)
        one.noticed_after = next((at - one.began for at in noticed), None)
        late = [found.at for found in during if found.is_ready and found.at < one.lasted_until]
        if late and late[-1] > one.began + TRUE_WITHIN:
            wrong.append(f"{name}: /readyz was 200 after {late[-1] - one.began:.1f} s")
        ended = one.ended
        while True:
            one.ready_at = _ready_at(readings, troubles, ended)
            on_top = [
                other.ended
                for other in troubles
                if other.began <= one.ready_at and other.ended > ended
            ]
            if not on_top:
                break
            ended = max(on_top)
        one.ready_after = one.ready_at - ended
        if one.ready_after > READY_WITHIN:
            wrong.append(f"{name}: ready {one.ready_after:.1f} s after it ended")
    since = None
    for found in readings:
        is_in_trouble = any(
            one.began <= found.at and found.asked <= one.ready_at for one in troubles
        )
        if found.is_ready or is_in_trouble:
            since = None
        elif (lasted := found.at - (since := since or found.asked)) > TRUE_WITHIN:
            wrong.append(
                f"bot {replica.number}: /readyz was 503 for {lasted:.1f} s although all was well:"
                f" {found.text}"
            )
            break
    return wrong


def _ready_at(readings: Sequence[Reading], troubles: Sequence[Trouble], ended: float) -> float:
    """Return when /readyz was 200 after *ended* and stayed so until 30 s or a new trouble.

    The first 200 may not last: a session of the time of the trouble may still hold a lock.
    """
    until = min([ended + READY_WITHIN, *(one.began for one in troubles if one.began > ended)])
    since = ended
    for found in readings:
        if ended < found.asked < found.at < until and not found.is_ready:
            since = found.asked
    return next((one.at for one in readings if one.is_ready and one.asked > since), inf)


@asynccontextmanager
async def prepared(channels: int, seed: int, folder: Path) -> AsyncIterator[Run]:
    """Start the server, the workspace and the bots, and schedule a daily post in each channel."""
    clock = running_clock()
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgres.running())
        url = await stack.enter_async_context(postgres.schema(server.url))
        workspace = await stack.enter_async_context(Workspace(manifest=manifest(), clock=clock))
        workspace.pace = False
        run = Run(server, url, workspace, random.Random(seed))
        run.channels += [
            ChannelId(workspace.add_channel(f"c{number}", members=[workspace.bot_user_id]).id)
            for number in range(channels)
        ]
        async with open_store(url) as store:
            await store.loads.reload(STARTER, by="terminal", at=clock())
            team_id = TeamId(workspace.team_id)
            run.schedules += await schedule_posts(store, team_id, run.channels, clock())
        # Slow enough that bots are killed before and after Slack has a message.
        for after in (False, True):
            workspace.faults.add(
                Fault(
                    method=POST,
                    kind="delay",
                    seconds=_SLOW_POST,
                    after=after,
                    times=None,
                    share=1 if after else 0.5,
                    seed=seed,
                )
            )
        settings = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": workspace.api_url,
            "CLOCK_URL": f"{workspace.url}page/clock",
        }
        tasks = []
        for number in range(1, REPLICAS + 1):
            hole = await stack.enter_async_context(BlackHole(url).listening())
            replica = Replica(settings, hole, folder, number)
            stack.push_async_callback(replica.kill)
            for work in (replica.poll(), replica.supervise()):
                tasks.append(asyncio.create_task(work))
                stack.callback(tasks[-1].cancel)
            run.replicas.append(replica)
        await run.all_ready(0)
        for replica in run.replicas:
            # Before its first start is done, a bot is rightly not ready.
            replica.readings.clear()
        yield run


async def measure(channels: int, rounds: int, seed: int, seconds: float) -> int:
    """Play the rounds and print the results; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        async with prepared(channels, seed, folder) as run:
            began, played = now(), 0
            kinds = [*KINDS * (rounds // len(KINDS) + 1)][:rounds]
            run.chance.shuffle(kinds)
            for kind in kinds:
                if now() - began > seconds or run.wrong:
                    break
                await run.play(kind)
                played += 1
                print(f"{played} of {rounds} rounds, {now() - began:.0f} s", file=sys.stderr)
            counts = run.check_messages(played)
            for replica in run.replicas:
                run.wrong += judge(replica)
                # With 1, it only waits for its supervisor: at a start while nothing can be written.
                if set(replica.exits) - {1}:
                    run.wrong.append(f"bot {replica.number} ended by itself: {replica.exits}")
            took = now() - began
        logs = "".join((folder / f"{one.number}.log").read_text() for one in run.replicas)
    _print(run, counts)
    print(
        f"\n{played} rounds x {channels} channels x 3 = {played * 3 * channels} questions; faults:"
        f" {dict(run.faults)}; starts that ended with 1:"
        f" {sum(one.exits.count(1) for one in run.replicas)};"
        f" tracebacks in the logs: {logs.count('Traceback')}; seed {seed}, {took:.0f} s"
    )
    if played < rounds:
        run.wrong.append(f"only {played} of {rounds} rounds were played")
    for line in run.wrong:
        print(f"WRONG {line}")
    if run.wrong:
        print("\n".join(line for line in logs.splitlines() if '"level": "error"' in line)[-4000:])
    return int(bool(run.wrong))


def _print(run: Run, counts: Counter[int]) -> None:
    print("| messages (questions and stories) | number |\n|---|---:|")
    for copies, number in sorted(counts.items()):
        print(f"| arrived {copies} times | {number} |")
    troubles = [one for replica in run.replicas for one in replica.troubles]
    print(
        "\n| trouble | bots in it | s until /readyz said so: median, most | s from end"
        " to ready: median, most |\n|---|---:|---:|---:|"
    )
    for kind in ("kill", *KINDS):
        found = [one for one in troubles if one.kind == kind]
        noticed = [one.noticed_after for one in found if one.noticed_after is not None]
        ready = [one.ready_after for one in found]
        print(f"| {kind} | {len(found)} | {_spread(noticed)} | {_spread(ready)} |")
    print(
        "\nseconds by Parley's clock from due to the last message of a round: median, most:"
        f" {_spread(run.overdue)}"
    )


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.1f}, {max(values):.1f}" if values else "–"


def main() -> int:
    """Run the test; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1800, help="start no round after these")
    given = parser.parse_args()
    return asyncio.run(measure(given.channels, given.rounds, given.seed, given.seconds))


if __name__ == "__main__":
    raise SystemExit(main())
