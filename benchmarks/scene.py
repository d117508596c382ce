"""Bot processes to start and kill, and three schedules of a channel in a local workspace."""

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as wall
from multiprocessing.process import BaseProcess

from bot.app import assemble
from bot.clock import FollowingClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Workspace
from store import open_store
from store.db import open_database
from store.db.types import Database
from store.posting.planning import occurrence_key
from store.samples import STARTER
from store.types import Order, Schedule, TeamId, Timetable
from tests.ids import ANA, GENERAL
from tests.machine import PATIENCE, running_clock
from tests.replicas import count_deliveries

POST = "chat.postMessage"
CHANNEL = GENERAL
AT, DAILY = wall(9), frozenset(range(7))
TIMES = AT, wall(9, 1), wall(9, 2)
_TICK_SECONDS = 0.02
_STEP = timedelta(seconds=10)

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["benchmarks.scene"])


def run_bot(settings: Settings) -> None:
    """Run the bot without a socket: it ticks until it is killed."""
    asyncio.run(_tick(settings))


async def _tick(settings: Settings) -> None:
    clock = FollowingClock(settings.clock_url)
    async with assemble(settings, clock=clock) as parley:
        while True:
            await parley.ticker.tick()
            await asyncio.sleep(_TICK_SECONDS)


@dataclass
class Scene:
    """A workspace, a database with three daily schedules of a channel, and bot processes."""

    workspace: Workspace
    settings: Settings
    database: Database
    processes: list[BaseProcess] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.workspace.clock()

    async def set_up(self) -> None:
        """Load stories, and schedule a daily question in the channel at each of `TIMES`."""
        async with open_store(self.settings.database_url) as store:
            await store.loads.reload(self.settings.corpus_dir, by="terminal", at=self.now)
            for at in TIMES:
                schedule = await store.schedules.set(
                    team_id=TeamId(self.workspace.team_id),
                    channel_id=CHANNEL,
                    owner_id=ANA,
                    now=self.now,
                    order=Order(timetable=Timetable(at=at, weekdays=DAILY, zone="UTC")),
                )
                self.schedules.append(schedule)

    async def start(self, count: int = 1) -> None:
        """Start bot processes, and wait until each has called `auth.test`."""
        before = len([call for call in self.workspace.calls if call.method == "auth.test"])
        for _ in range(count):
            process = FORKING.Process(target=run_bot, args=(self.settings,), daemon=True)
            process.start()
            self.processes.append(process)
        await self.workspace.called("auth.test", before + count)

    async def kill(self, count: int | None = None) -> None:
        """Kill the first *count* bot processes with SIGKILL; None means all."""
        killed = self.processes[:count]
        for process in killed:
            process.kill()
        for process in killed:
            await asyncio.to_thread(process.join)
        del self.processes[: len(killed)]

    async def go_to_next_occurrence(self) -> None:
        """Move the clock to the next occurrence of the first schedule."""
        sql = "SELECT next_at FROM schedule WHERE id = $1"
        (row,) = await self.database.fetch(sql, self.schedules[0].id)
        self.workspace.clock.move(datetime.fromisoformat(row["next_at"]) - self.now)

    @property
    def key(self) -> str:
        """The delivery key of today's first question."""
        return self.keys[0]

    @property
    def keys(self) -> list[str]:
        """The delivery keys of today's questions."""
        return [occurrence_key(schedule, self.now.date()) for schedule in self.schedules]

    async def states(self) -> dict[str, str]:
        """Return the state of every post by its key."""
        sql = "SELECT key, state FROM post WHERE kind IN ('question', 'story')"
        return {row["key"]: row["state"] for row in await self.database.fetch(sql)}

    async def settle(self, *, seconds: float = PATIENCE) -> None:
        """Move the clock until today's questions and their stories are sent.

        The clock moves much faster than real time, so it stops while a process sends a post.
        """
        deadline = time.monotonic() + seconds
        stories = [f"{key}:story" for key in self.keys]
        while {(states := await self.states()).get(story) for story in stories} != {"sent"}:
            assert time.monotonic() < deadline, states
            alive = tuple(f":{process.pid}" for process in self.processes)
            sql = "SELECT owner FROM post WHERE state = 'sending'"
            sending = [str(row["owner"]) for row in await self.database.fetch(sql)]
            if not any(owner.endswith(alive) for owner in sending):
                self.workspace.clock.move(_STEP)
            await asyncio.sleep(0.05)

    def count(self) -> Counter[str]:
        """Count the messages in the channel and its threads by delivery key."""
        return count_deliveries(self.workspace, [CHANNEL])


async def with_scene(database_url: str, run: Callable[[Scene], Awaitable[None]]) -> None:
    """Set up a scene in an empty database, call *run* with it, and kill all processes."""
    async with (
        Workspace(manifest=manifest(), clock=running_clock()) as workspace,
        open_database(database_url) as database,
    ):
        workspace.pace = False
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            clock_url=f"{workspace.url}page/clock",
            database_url=database_url,
            corpus_dir=STARTER,
        )
        scene = Scene(workspace=workspace, settings=settings, database=database)
        await scene.set_up()
        try:
            await run(scene)
        finally:
            await scene.kill()
