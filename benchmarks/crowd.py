"""Post in thousands of channels in the same minute, and time slash commands during that.

The bot runs as a separate process, connected by Socket Mode. The local workspace accepts one
message per second and channel, and rejects a share of all posts with status 429. For comparison, a
client that keeps no records sends the same messages with as many calls in flight: this is what the
workspace and the machine allow. Neither can be faster than the channel with the longest total of
Retry-After waits.

    python -m benchmarks.crowd --channels 2000 --share 0.05
"""

import argparse
import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.scene import AT, DAILY, FORKING, POST
from bot.app import serve
from bot.clock import FollowingClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Fault, Workspace
from handlers.jobs.posting import IN_FLIGHT
from store import open_store
from store.samples import STARTER
from store.types import ChannelId, TeamId, Timetable
from tests.ids import ANA
from tests.machine import running_clock

_RETRY_AFTER = 3
_PAUSE = 0.05
_MESSAGES = 2
"""A question and its story."""


@dataclass(frozen=True)
class Run:
    """The result of one run."""

    seconds: float
    longest_wait: float
    """The longest total wait that Retry-After asked of a channel, in seconds."""
    rejected: int
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
async def crowd(channels: int, share: float) -> AsyncIterator[tuple[Workspace, list[ChannelId]]]:
    """Open a workspace with this many channels that rejects a share of all posts."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        members = [ANA, workspace.bot_user_id]
        ids = [
            ChannelId(workspace.add_channel(f"team-{n}", members=members).id)
            for n in range(channels)
        ]
        fault = Fault(
            method=POST, kind="ratelimit", seconds=_RETRY_AFTER, times=None, share=share, seed=1
        )
        workspace.faults.add(fault)
        yield workspace, ids


async def with_bot(channels: int, share: float) -> Run:
    """Measure the bot, with slash commands during the posts."""
    with TemporaryDirectory() as folder:
        async with crowd(channels, share) as (workspace, ids):
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
                        timetable=Timetable(at=AT, weekdays=DAILY, zone="UTC"),
                        now=workspace.clock(),
                    )
            process = FORKING.Process(target=run_bot, args=(settings,), daemon=True)
            process.start()
            try:
                await workspace.called("apps.connections.open")
                await asyncio.sleep(2)
                return await _time(
                    workspace,
                    channels,
                    lambda: workspace.clock.move(schedule.next.due_at - workspace.clock()),
                )
            finally:
                process.kill()
                await asyncio.to_thread(process.join)


async def with_a_bare_client(channels: int, share: float) -> Run:
    """Measure a client that sends the same number of messages and keeps no records."""
    async with (
        crowd(channels, share) as (workspace, ids),
        aiohttp.ClientSession() as session,
        asyncio.TaskGroup() as tasks,
    ):
        client = AsyncWebClient(
            token=workspace.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        limit = asyncio.Semaphore(IN_FLIGHT)

        async def post(channel: ChannelId) -> None:
            for number in range(_MESSAGES):
                while True:
                    async with limit:
                        try:
                            await client.chat_postMessage(
                                channel=channel,
                                text=f"message {number}",
                                metadata={
                                    "event_type": "bare",
                                    "event_payload": {"delivery_key": f"{channel}:{number}"},
                                },
                            )
                            break
                        except SlackApiError as error:
                            wait = int(error.response.headers["Retry-After"])
                    await asyncio.sleep(wait)

        def start() -> None:
            for channel in ids:
                tasks.create_task(post(channel))

        return await _time(workspace, channels, start)


async def _time(workspace: Workspace, channels: int, start: Callable[[], None]) -> Run:
    wanted, commands = channels * _MESSAGES, []

    async def type_commands() -> None:
        while True:
            began = time.perf_counter()
            delivery = await workspace.type("/brief embassy", user="U0ANA", channel="C0GENERAL")
            if delivery.acked:
                commands.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE)

    start()
    began = time.monotonic()
    typing = asyncio.create_task(type_commands())
    while (missing := wanted - len(_sent(workspace))) > 0:
        calls = sum(call.method == POST for call in workspace.calls)
        await workspace.called(POST, calls + missing)
    seconds = time.monotonic() - began
    typing.cancel()
    await asyncio.wait([typing])
    sent = _sent(workspace)
    waits: dict[str, float] = defaultdict(float)
    for call in workspace.calls:
        if call.method == POST and call.status == 429:
            waits[call.args["channel"]] += _RETRY_AFTER
    return Run(
        seconds=seconds,
        longest_wait=max(waits.values(), default=0),
        rejected=int(sum(waits.values()) / _RETRY_AFTER),
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
    run, bare = await with_bot(channels, share), await with_a_bare_client(channels, share)
    p50, p99 = (run.commands[int(len(run.commands) * part)] * 1000 for part in (0.5, 0.99))
    print(f"| {channels:,} channels due at once, {share:.0%} of calls rejected | |")
    print("|---|---:|")
    print(f"| messages (a question and its story each) | {channels * _MESSAGES:,} |")
    print(f"| not there exactly once | {run.not_once} |")
    print(f"| calls rejected with 429 | {run.rejected} |")
    print(f"| time | {run.seconds:.1f} s |")
    print(f"| a client without records | {bare.seconds:.1f} s |")
    print(f"| the ratio of the two | {run.seconds / bare.seconds:.2f} |")
    print(f"| the longest total of Retry-After waits for one channel | {run.longest_wait:.0f} s |")
    print(f"| slash commands during that | {len(run.commands):,} |")
    print(f"| their p50 and p99 | {p50:.0f} ms, {p99:.0f} ms |")
    return run.not_once


def main() -> int:
    """Run the benchmark; return 1 if a message is there several times or not at all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.05)
    arguments = parser.parse_args()
    return int(asyncio.run(measure(arguments.channels, arguments.share)) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
