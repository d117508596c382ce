"""Post in thousands of channels in the same minute, and time slash commands during that.

The bot runs as a separate process, connected by Socket Mode. The local workspace accepts one
message per second and channel. There are two runs:

    cost      no limit for the workspace, and beside it a client that sends the same messages and
              keeps no record: what planning, claims and outcomes cost
    manners   300 posts a minute in the workspace, which also rejects a share of all posts with
              status 429. It lasts as many minutes as the limit allows, and longer if the bot
              wastes some

    python -m benchmarks.crowd --channels 2000 --share 0.002
"""

import argparse
import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.scene import AT, DAILY, FORKING, POST
from bot.app import serve
from bot.clock import FollowingClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Fault, Workspace
from handlers.jobs.delivery import IN_FLIGHT
from handlers.views import question
from store import open_store
from store.samples import STARTER
from store.types import Article, ChannelId, Order, TeamId, Timetable
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
_MOST_COST = 1.5
"""The floor for the bot's time without a limit, as a multiple of the bare client's."""


@dataclass(frozen=True)
class Run:
    """The result of one run."""

    seconds: float
    """From due to the last message."""
    first: float
    """From due to the first message."""
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


def run_bare(api_url: str, token: str, channels: Sequence[str], article: Article) -> None:
    """Post a question and its story in each channel; the main function of a process."""
    asyncio.run(_post_bare(api_url, token, channels, article))


async def _post_bare(api_url: str, token: str, channels: Sequence[str], article: Article) -> None:
    asked = question.question(article, asked_by=None, has_menu=True)
    told = question.thread([article])
    waiting = iter(channels)
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token, base_url=api_url, session=session)

        async def post() -> None:
            for channel in waiting:
                thread_ts = None
                for part, message in (("", asked), (":story", told)):
                    key = {"delivery_key": f"{channel}{part}"}
                    answer = await client.chat_postMessage(
                        channel=channel,
                        thread_ts=thread_ts,
                        unfurl_links=False,
                        unfurl_media=False,
                        metadata={"event_type": "delivery", "event_payload": key},
                        **message,
                    )
                    thread_ts = answer["ts"]

        await asyncio.gather(*(post() for _ in range(IN_FLIGHT)))


async def without_bot(channels: int) -> float:
    """Return how many seconds a client needs that only sends the messages."""
    async with crowd(channels, 0, math.inf) as (workspace, ids, _):
        with TemporaryDirectory() as folder:
            async with open_store(f"sqlite:///{folder}/parley.db") as store:
                await store.corpus.reload(STARTER, by="terminal", at=workspace.clock())
                article = await store.choice.next(TeamId(workspace.team_id), ids[0])
        arguments = (workspace.api_url, workspace.bot_token, ids, article)
        process = FORKING.Process(target=run_bare, args=arguments, daemon=True)
        process.start()
        try:
            await workspace.called(POST, 1)
            began = time.monotonic()
            await workspace.called(POST, channels * _MESSAGES)
            return time.monotonic() - began
        finally:
            process.kill()
            await asyncio.to_thread(process.join)


@asynccontextmanager
async def crowd(
    channels: int, share: float, limit: float
) -> AsyncIterator[tuple[Workspace, list[ChannelId], Fault | None]]:
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
        fault = None
        if share:
            fault = Fault(
                method=POST,
                kind="ratelimit",
                seconds=_RETRY_AFTER,
                times=_MOST,
                share=share,
                seed=1,
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


async def _time(workspace: Workspace, channels: int, fault: Fault | None) -> Run:
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
    await workspace.called(POST, 1)
    first = time.monotonic() - began
    while (missing := wanted - len(_sent(workspace))) > 0:
        calls = sum(call.method == POST for call in workspace.calls)
        await workspace.called(POST, calls + missing)
    seconds = time.monotonic() - began
    typing.cancel()
    await asyncio.wait([typing])
    sent = _sent(workspace)
    refused = [call for call in workspace.calls if call.method == POST and call.status == 429]
    injected = _MOST - (fault.times or 0) if fault else 0
    return Run(
        seconds=seconds,
        first=first,
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


async def measure(channels: int, share: float, *, has_manners: bool) -> int:
    """Measure and print the tables; return 1 if a floor is missed."""
    # The bare client before and after, because other work on the machine may begin or end.
    before = await without_bot(channels)
    cost = await with_bot(channels, 0, math.inf)
    bare = (before + await without_bot(channels)) / 2
    ratio = cost.seconds / bare
    print(f"| {channels:,} channels due at once, no limit | bare client | Parley |")
    print("|---|---:|---:|")
    print(f"| not there exactly once, of {channels * _MESSAGES:,} messages | – | {cost.not_once} |")
    print(f"| from due to the first message | – | {cost.first:.1f} s |")
    print(f"| from due to the last message | {bare:.1f} s | {cost.seconds:.1f} s |")
    print(f"| as a multiple | 1 | {ratio:.2f} |")
    print(
        f"| slash commands during that; p50, p99 | – | {len(cost.commands)}; {_percentiles(cost)} |"
    )
    if not has_manners:
        return int(cost.not_once > 0 or ratio > _MOST_COST)
    run = await with_bot(channels, share, _LIMIT)
    print(f"\n| {channels:,} channels due at once, {_LIMIT} posts a minute | |\n|---|---:|")
    print(f"| not there exactly once, of {channels * _MESSAGES:,} messages | {run.not_once} |")
    print(f"| refused by a fault ({share:.1%}) | {run.injected} |")
    print(f"| refused because there were too many | {run.rejected} |")
    print(f"| time | {run.seconds:.0f} s |")
    print(f"| slash commands during that; p50, p99 | {len(run.commands)}; {_percentiles(run)} |")
    return int(cost.not_once + run.not_once > 0 or ratio > _MOST_COST)


def _percentiles(run: Run) -> str:
    p50, p99 = (run.commands[int(len(run.commands) * part)] * 1000 for part in (0.5, 0.99))
    return f"{p50:.0f} ms, {p99:.0f} ms"


def main() -> int:
    """Run the benchmark; return 1 if a message is there several times or not at all, or late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.002)
    parser.add_argument("--cost", action="store_true", help="measure only the cost")
    given = parser.parse_args()
    return asyncio.run(measure(given.channels, given.share, has_manners=not given.cost))


if __name__ == "__main__":
    raise SystemExit(main())
