"""Post in thousands of channels in the same minute, and time slash commands during that.

The bot runs as a separate process, connected by Socket Mode. The local workspace accepts one
message per second and channel, and rejects a share of all posts with status 429, which holds for
the whole workspace. There are two runs: without a limit for the workspace, and with 300 posts a
minute. The second lasts as many minutes as the limit allows, and longer if the bot wastes some.

    python -m benchmarks.crowd --channels 2000 --share 0.002
"""

import argparse
import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from benchmarks.scene import AT, DAILY, FORKING, POST
from bot.app import serve
from bot.clock import FollowingClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Fault, Workspace
from store import open_store
from store.samples import STARTER
from store.types import ChannelId, Order, TeamId, Timetable
from tests.ids import ANA
from tests.machine import running_clock

_RETRY_AFTER = 3
_MOST = 10**9
"""How often the fault may strike; it counts down."""
_LIMIT = 300
"""Posts a minute in a workspace; Slack speaks of several hundred."""
_PAUSE = 0.05
_MESSAGES = 2
"""A question and its story."""


@dataclass(frozen=True)
class Run:
    """The result of one run."""

    seconds: float
    injected: int
    """Calls that the fault refused."""
    rejected: int
    """Calls that the workspace refused because there were too many."""
    not_once: int
    """Messages that are in a channel several times, or not at all."""
    commands: list[float]
    """How long each slash command took, in seconds, ascending."""


def run_bot(settings: Settings) -> None:
    """Run the bot; the main function of its process."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    clock = FollowingClock(settings.clock_url)
    await serve(settings, clock=clock, stop=asyncio.Event())


@asynccontextmanager
async def crowd(
    channels: int, share: float, limit: float
) -> AsyncIterator[tuple[Workspace, list[ChannelId], Fault]]:
    """Open a workspace with this many channels that takes *limit* posts a minute.

    It rejects a share of all posts besides.
    """
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        members = [ANA, workspace.bot_user_id]
        ids = [
            ChannelId(workspace.add_channel(f"team-{n}", members=members).id)
            for n in range(channels)
        ]
        workspace.limit(POST, limit)
        fault = Fault(
            method=POST, kind="ratelimit", seconds=_RETRY_AFTER, times=_MOST, share=share, seed=1
        )
        workspace.faults.add(fault)
        yield workspace, ids, fault


async def with_bot(channels: int, share: float, limit: float) -> Run:
    """Measure the bot, with slash commands during the posts."""
    with TemporaryDirectory() as folder:
        async with crowd(channels, share, limit) as (workspace, ids, fault):
            settings = Settings(
                slack_bot_token=workspace.bot_token,
                slack_app_token=workspace.app_token,
                slack_api_url=workspace.api_url,
                clock_url=f"{workspace.url}page/clock",
                database_url=f"sqlite:///{folder}/parley.db",
                corpus_dir=STARTER,
            )
            async with open_store(settings.database_url) as store:
                await store.corpus.reload(STARTER, by="terminal", at=workspace.clock())
                for channel in ids:
                    schedule = await store.schedules.set(
                        team_id=TeamId(workspace.team_id),
                        channel_id=channel,
                        owner_id=ANA,
                        now=workspace.clock(),
                        order=Order(timetable=Timetable(at=AT, weekdays=DAILY, zone="UTC")),
                    )
            process = FORKING.Process(target=run_bot, args=(settings,), daemon=True)
            process.start()
            try:
                await workspace.called("apps.connections.open")
                await asyncio.sleep(2)
                workspace.clock.move(schedule.next.due_at - workspace.clock())
                return await _time(workspace, channels, fault)
            finally:
                process.kill()
                await asyncio.to_thread(process.join)


async def _time(workspace: Workspace, channels: int, fault: Fault) -> Run:
    wanted, commands = channels * _MESSAGES, []

    async def type_commands() -> None:
        while True:
            began = time.perf_counter()
            delivery = await workspace.type("/brief embassy", user="U0ANA", channel="C0GENERAL")
            if delivery.acked:
                commands.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE)

    began = time.monotonic()
    typing = asyncio.create_task(type_commands())
    while (missing := wanted - len(_sent(workspace))) > 0:
        calls = sum(call.method == POST for call in workspace.calls)
        await workspace.called(POST, calls + missing)
    seconds = time.monotonic() - began
    typing.cancel()
    await asyncio.wait([typing])
    sent = _sent(workspace)
    refused = [call for call in workspace.calls if call.method == POST and call.status == 429]
    injected = _MOST - (fault.times or 0)
    return Run(
        seconds=seconds,
        injected=injected,
        rejected=len(refused) - injected,
        not_once=sum(count != 1 for count in sent.values()) + wanted - len(sent),
        commands=sorted(commands),
    )


def _sent(workspace: Workspace) -> Counter[str]:
    return Counter(
        str(call.args["metadata"]["event_payload"]["delivery_key"])
        for call in workspace.calls
        if call.method == POST and call.is_ok
    )


async def measure(channels: int, share: float) -> int:
    """Measure both and print a table; return how many messages are not there exactly once."""
    free = await with_bot(channels, share, math.inf)
    limited = await with_bot(channels, share, _LIMIT)
    wanted = channels * _MESSAGES
    print(f"| {channels:,} channels due at once | no limit | {_LIMIT} posts a minute |")
    print("|---|---:|---:|")
    print(f"| messages (a question and its story each) | {wanted:,} | {wanted:,} |")
    print(f"| not there exactly once | {free.not_once} | {limited.not_once} |")
    print(f"| refused by a fault ({share:.1%}) | {free.injected} | {limited.injected} |")
    print(f"| refused because there were too many | {free.rejected} | {limited.rejected} |")
    print(f"| time | {free.seconds:.0f} s | {limited.seconds:.0f} s |")
    print(f"| slash commands during that | {len(free.commands):,} | {len(limited.commands):,} |")
    print(f"| their p50 and p99 | {_percentiles(free)} | {_percentiles(limited)} |")
    return free.not_once + limited.not_once


def _percentiles(run: Run) -> str:
    p50, p99 = (run.commands[int(len(run.commands) * part)] * 1000 for part in (0.5, 0.99))
    return f"{p50:.0f} ms, {p99:.0f} ms"


def main() -> int:
    """Run the benchmark; return 1 if a message is there several times or not at all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.002)
    arguments = parser.parse_args()
    return int(asyncio.run(measure(arguments.channels, arguments.share)) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
