"""A PostgreSQL that goes silent on open connections: the bot reports it, survives it, and stops."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path

from bot.clock import MovableClock
from bot.manifest import manifest
from bot.workspace import Fault, Workspace
from handlers.jobs.posting import IN_FLIGHT
from store import open_store
from store.samples import STARTER
from store.types import ChannelId, Order, TeamId, Timetable
from tests import postgres
from tests.black_hole import BlackHole
from tests.handlers.conftest import texts
from tests.ids import ANA, GENERAL
from tests.machine import free_port, running_clock
from tests.test_end_to_end import bot, line_with
from tests.test_life_cycle import get

POST = "chat.postMessage"
CHANNELS = 30
SILENT, BACK = "the database does not answer", "the database answers again"


@dataclass
class Scene:
    """A bot with channels to post to, and the proxy between the bot and its database."""

    workspace: Workspace
    clock: MovableClock
    hole: BlackHole
    process: Process
    status: int
    channels: list[ChannelId]
    turn: timedelta
    """The time until the channels' next post is due."""
    log: list[str] = field(default_factory=list)

    async def until_ready(self, code: int) -> dict[str, str]:
        """Poll /readyz until it returns *code*; return the result of each check."""
        while True:
            found, said = await get(self.status, "/readyz")
            if found == code:
                checks: dict[str, str] = json.loads(said)["checks"]
                return checks

    def questions(self) -> Counter[int]:
        """Return the number of channels by how many questions they have."""
        return Counter(
            sum(bool(one.get("bot_id")) for one in self.workspace.messages(channel))
            for channel in self.channels
        )

    def stories(self) -> Counter[int]:
        """Return the number of questions by how many stories their threads have."""
        return Counter(
            len(self.workspace.messages(channel, thread_ts=one["ts"])) - 1
            for channel in self.channels
            for one in self.workspace.messages(channel)
        )

    async def everything_arrives(self) -> None:
        """Wait until each channel has its question and its story, even if leases must run out."""
        once = Counter({1: CHANNELS})
        await self.until_ready(200)
        moves = 0
        while (self.questions(), self.stories()) != (once, once):
            before = len(self.workspace.calls)
            # No event shows that the bot is only waiting, so poll.
            await asyncio.sleep(0.2)
            # Ten minutes are enough for leases. After hours a slow bot would find its posts late.
            if len(self.workspace.calls) == before and moves < 30:
                self.clock.move(timedelta(seconds=20))
                moves += 1

    async def end(self) -> str:
        """Send SIGTERM, wait up to half a minute for the process to end, and return its log."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            await self.process.wait()
        assert self.process.stderr
        rest = (await self.process.stderr.read()).decode()
        assert self.process.returncode == 0, rest
        return rest


@asynccontextmanager
async def scene(server: str, folder: Path) -> AsyncIterator[Scene]:
    clock, status = running_clock(), free_port()
    async with (
        postgres.schema(server) as url,
        BlackHole(url).listening() as hole,
        Workspace(manifest=manifest(), clock=clock) as workspace,
    ):
        workspace.pace = False
        channels = [
            ChannelId(workspace.add_channel(f"c{number}", members=[workspace.bot_user_id]).id)
            for number in range(CHANNELS)
        ]
        at = clock() + timedelta(hours=1)
        async with open_store(url) as store:
            await store.loads.reload(STARTER, by="terminal", at=clock())
            for channel in channels:
                schedule = await store.schedules.set(
                    team_id=TeamId(workspace.team_id),
                    channel_id=channel,
                    owner_id=ANA,
                    now=clock(),
                    order=Order(
                        timetable=Timetable(
                            at=time(at.hour, at.minute), weekdays=frozenset(range(7)), zone="UTC"
                        )
                    ),
                )
        environ = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": workspace.api_url,
            "CLOCK_URL": f"{workspace.url}page/clock",
            "DATABASE_URL": hole.url,
            "STATUS_PORT": str(status),
        }
        async with bot("run", folder=folder, module="tests.impatient", **environ) as process:
            assert process.stderr
            await line_with(process.stderr, '"connected"')
            turn = schedule.next.due_at - clock() + timedelta(seconds=1)
            one = Scene(workspace, clock, hole, process, status, channels, turn)
            await one.until_ready(200)
            yield one


async def test_channels_that_are_due_while_the_database_is_silent(
    postgres_server: str, tmp_path: Path
) -> None:
    """The outage is reported, posts are sent after it, and the bot can be stopped during it."""
    async with scene(postgres_server, tmp_path) as one:
        one.hole.swallow()
        one.clock.move(one.turn)
        checks = await one.until_ready(503)
        assert checks.pop("database") != "well"
        assert set(checks.values()) == {"well"}
        assert (await get(one.status, "/healthz"))[0] == 200
        assert "parley_database_up 0.0" in (await get(one.status, "/metrics"))[1]
        assert one.process.stderr
        await line_with(one.process.stderr, SILENT)
        delivery = await one.workspace.type("/digest list", user=ANA, channel=GENERAL)
        assert delivery.acked
        told = await one.workspace.seen(GENERAL, lambda _: True, user=ANA)
        assert "My database does not answer just now" in texts([told])
        assert one.questions() == Counter({0: CHANNELS})

        one.hole.restore(forgetful=True)
        await one.everything_arrives()
        one.hole.swallow()
        one.clock.move(timedelta(days=1))
        log = await one.end()
        # One line at the start of the outage, which was read above, and one at its end.
        assert log.count(BACK) == 1
        assert log.index(BACK) < log.find(SILENT) or SILENT not in log
        assert "Traceback" not in log


async def test_a_database_that_falls_silent_while_messages_go_out(
    postgres_server: str, tmp_path: Path
) -> None:
    """A message that Slack accepted but nobody recorded is found in the history, not sent again."""
    async with scene(postgres_server, tmp_path) as one:
        one.workspace.faults.add(
            Fault(method=POST, kind="delay", seconds=0.2, after=True, times=10**9)
        )
        one.clock.move(one.turn)
        await one.workspace.received(POST, IN_FLIGHT + 5)
        one.hole.swallow()
        await one.until_ready(503)
        one.hole.restore(forgetful=False)
        await one.everything_arrives()
        await one.end()
