"""Post in thousands of channels in the same minute, and time slash commands during that.

The bot runs as a separate process, connected by Socket Mode. The local workspace accepts one
message per second and channel. There are two runs:

    cost      no limit for the workspace: what planning, claims and outcomes cost
    manners   300 posts a minute in the workspace, which also rejects a share of all posts with
              status 429. It lasts as many minutes as the limit allows, and longer if the bot
              wastes some

Beside each of them, a client sends the same messages and keeps no record. With more schedules for
each channel there is no such client, because then a channel's own limit decides.

    python -m benchmarks.crowd --channels 2000 --share 0.002
    python -m benchmarks.crowd --channels 500 --schedules 3
"""

import argparse
import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryDirectory

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks import databases
from benchmarks.scene import AT, DAILY, FORKING, POST
from bot.app import serve
from bot.clock import FollowingClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Fault, Workspace
from handlers.jobs.posting import IN_FLIGHT
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
"""The limit for the bot's time without a limit, as a multiple of the bare client's."""
_MOST_WITH_LIMIT = 1.05
"""The same with a limit."""
_MOST_REJECTED = 1 / 50
"""The largest share of calls that the workspace may refuse because there were too many."""
_LEAD = timedelta(seconds=10)
"""How long before the posts are due the bot starts: by then it has read the clock and its model."""


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
    messages: int
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
        patient = AsyncRateLimitErrorRetryHandler(max_retry_count=1000)
        client = AsyncWebClient(token, base_url=api_url, session=session, retry_handlers=[patient])

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


async def without_bot(channels: int, share: float, limit: float) -> float:
    """Return how many seconds a client needs that only sends the messages."""
    async with crowd(channels, share, limit) as (workspace, ids, _):
        with TemporaryDirectory() as folder:
            async with open_store(f"sqlite:///{folder}/parley.db") as store:
                await store.loads.reload(STARTER, by="terminal", at=workspace.clock())
                article = await store.choice.next(TeamId(workspace.team_id), ids[0])
        arguments = (workspace.api_url, workspace.bot_token, ids, article)
        process = FORKING.Process(target=run_bare, args=arguments, daemon=True)
        process.start()
        try:
            await workspace.called(POST, 1)
            began = time.monotonic()
            await _all_sent(workspace, channels * _MESSAGES)
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


async def with_bot(kind: str, channels: int, schedules: int, share: float, limit: float) -> Run:
    """Measure the bot, with slash commands during the posts."""
    async with (
        databases.database(kind) as url,
        crowd(channels, share, limit) as (workspace, ids, fault),
    ):
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            clock_url=f"{workspace.url}page/clock",
            database_url=url,
            corpus_dir=STARTER,
        )
        async with open_store(settings.database_url) as store:
            await store.loads.reload(STARTER, by="terminal", at=workspace.clock())
            await store.embedder.run()
            for channel in ids * schedules:
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
            workspace.clock.move(schedule.next.due_at - workspace.clock() - _LEAD)
            await asyncio.sleep((schedule.next.due_at - workspace.clock()).total_seconds())
            return await _time(workspace, channels * schedules * _MESSAGES, fault)
        finally:
            process.kill()
            await asyncio.to_thread(process.join)


async def _time(workspace: Workspace, messages: int, fault: Fault | None) -> Run:
    commands: list[float] = []

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
    await _all_sent(workspace, messages)
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
        messages=messages,
        not_once=sum(count != 1 for count in sent.values()) + messages - len(sent),
        commands=sorted(commands),
    )


async def _all_sent(workspace: Workspace, messages: int) -> None:
    """Wait until the workspace has accepted this many different messages."""
    while (missing := messages - len(_sent(workspace))) > 0:
        calls = sum(call.method == POST for call in workspace.calls)
        await workspace.called(POST, calls + missing)


def _sent(workspace: Workspace) -> Counter[str]:
    return Counter(
        str(call.args["metadata"]["event_payload"]["delivery_key"])
        for call in workspace.calls
        if call.method == POST and call.is_ok
    )


async def measure(
    kind: str, channels: int, schedules: int, share: float, *, has_manners: bool
) -> int:
    """Measure and print the tables; return 1 if a limit is exceeded."""
    if schedules > 1:
        run = await with_bot(kind, channels, schedules, share, math.inf)
        _print(f"{channels:,} channels with {schedules} schedules due at once, no limit", run)
        return int(run.not_once > 0)
    # The bare client before and after, because other work on the machine may begin or end.
    before = await without_bot(channels, 0, math.inf)
    cost = await with_bot(kind, channels, 1, 0, math.inf)
    bare = (before + await without_bot(channels, 0, math.inf)) / 2
    _print(f"{channels:,} channels due at once, no limit", cost, bare)
    is_bad = cost.not_once > 0 or cost.seconds > _MOST_COST * bare
    if has_manners:
        # Together, because both of them wait most of the time.
        bare, run = await asyncio.gather(
            without_bot(channels, share, _LIMIT), with_bot(kind, channels, 1, share, _LIMIT)
        )
        _print(f"{channels:,} channels due at once, {_LIMIT} posts a minute", run, bare)
        calls = run.messages + run.injected + run.rejected
        is_rude = run.rejected > _MOST_REJECTED * calls
        is_bad |= run.not_once > 0 or is_rude or run.seconds > _MOST_WITH_LIMIT * bare
    return int(is_bad)


def _print(title: str, run: Run, bare: float | None = None) -> None:
    print(f"| {title} | |\n|---|---:|")
    print(f"| not there exactly once, of {run.messages:,} messages | {run.not_once} |")
    print(f"| refused by a fault | {run.injected} |")
    print(f"| refused because there were too many | {run.rejected} |")
    print(f"| from due to the first message | {run.first:.1f} s |")
    print(f"| from due to the last message | {run.seconds:.1f} s |")
    if bare:
        print(f"| a client that keeps no record | {bare:.1f} s |")
        print(f"| as a multiple of that | {run.seconds / bare:.2f} |")
    print(f"| slash commands during that; p50, p99 | {len(run.commands)}; {_percentiles(run)} |\n")


def _percentiles(run: Run) -> str:
    p50, p99 = (run.commands[int(len(run.commands) * part)] * 1000 for part in (0.5, 0.99))
    return f"{p50:.0f} ms, {p99:.0f} ms"


def main() -> int:
    """Run the benchmark; return 1 if a message is there several times or not at all, or late.

    Also if too many calls are refused.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=2000)
    parser.add_argument("--schedules", type=int, default=1, help="schedules of each channel")
    parser.add_argument("--share", type=float, default=0.002)
    parser.add_argument("--database", choices=databases.KINDS, default="sqlite")
    parser.add_argument("--cost", action="store_true", help="measure only the cost")
    given = parser.parse_args()
    what = given.database, given.channels, given.schedules
    return asyncio.run(measure(*what, given.share, has_manners=not given.cost))


if __name__ == "__main__":
    raise SystemExit(main())
