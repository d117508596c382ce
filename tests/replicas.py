"""Several bots on one database, one of which is killed while it posts.

`python -m benchmarks.replicas` does more harm, and for longer.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from bot.clock import MovableClock
from bot.manifest import manifest
from bot.workspace import Fault, Workspace
from store import Store, open_store
from store.db import open_database
from store.posting.record import LEASE
from store.samples import STARTER
from store.types import ChannelId, Order, PostState, Schedule, TeamId, Timetable
from tests.ids import ANA
from tests.machine import environment, running_clock

POST = "chat.postMessage"
_LOOK_UPS = ("conversations.history", "conversations.replies")
UNSETTLED = (PostState.PLANNED, PostState.SENDING, PostState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a run."""

    questions: Counter[int]
    """The number of channels by how many questions they got."""
    stories: Counter[int]
    """The number of questions by how many stories they got in their thread."""
    states: dict[PostState, int]
    cut_off: int
    """How many posts the killed bot had claimed and not finished."""
    looked_up: int
    """How many calls checked the history for a post."""
    seconds: float


async def post_to_many(
    url: str, folder: Path, *, channels: int, replicas: int, kill_after: int, call_seconds: float
) -> Outcome:
    """Make all *channels* due together, and kill one of the *replicas* after *kill_after* posts.

    *call_seconds* is how long Slack takes for a post: long enough to be killed in between.
    """
    clock = running_clock()
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(manifest=manifest(), clock=clock))
        workspace.pace = False
        ids = [
            ChannelId(workspace.add_channel(f"c{number}", members=[workspace.bot_user_id]).id)
            for number in range(channels)
        ]
        store = await stack.enter_async_context(open_store(url))
        await store.loads.reload(STARTER, by="terminal", at=clock())
        first, *_ = await schedule_posts(store, TeamId(workspace.team_id), ids, clock())
        bots = [
            await stack.enter_async_context(_bot(workspace, url, folder)) for _ in range(replicas)
        ]
        workspace.faults.add(
            Fault(method=POST, kind="delay", seconds=call_seconds, after=True, times=10**9)
        )
        began = asyncio.get_running_loop().time()
        clock.move(first.next.due_at - clock() + timedelta(seconds=1))
        await workspace.received(POST, kill_after)
        victim = await _busy(url, bots)
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        cut_off = (await _claims(url))[victim.pid]
        await _settle(store, clock, url, [one for one in bots if one is not victim])
        seconds = asyncio.get_running_loop().time() - began
        states = dict(await store.statistics.posts())
    questions = {one: _bot_messages(workspace, one) for one in ids}
    return Outcome(
        questions=Counter(map(len, questions.values())),
        stories=Counter(
            len(workspace.messages(one, thread_ts=ts)) - 1
            for one, found in questions.items()
            for ts in found
        ),
        states=states,
        cut_off=cut_off,
        looked_up=sum(call.method in _LOOK_UPS for call in workspace.calls),
        seconds=seconds,
    )


async def schedule_posts(
    store: Store, team: TeamId, channels: Sequence[ChannelId], now: datetime
) -> Sequence[Schedule]:
    """Create three schedules in every channel, each with a daily post an hour from now."""
    at = now + timedelta(hours=1)
    timetable = Timetable(at=time(at.hour, at.minute), weekdays=frozenset(range(7)), zone="UTC")
    return [
        await store.schedules.set(
            team_id=team,
            channel_id=channel,
            owner_id=ANA,
            now=now,
            order=Order(timetable=timetable, name=name),
        )
        for channel in channels
        for name in ("first", "second", "third")
    ]


@asynccontextmanager
async def _bot(workspace: Workspace, url: str, folder: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=folder,
        env=environment(
            SLACK_BOT_TOKEN=workspace.bot_token,
            SLACK_APP_TOKEN=workspace.app_token,
            SLACK_API_URL=workspace.api_url,
            CLOCK_URL=f"{workspace.url}page/clock",
            DATABASE_URL=url,
        ),
        stderr=PIPE,
    )
    assert process.stderr
    reading = None
    try:
        async for line in process.stderr:
            if b"connected" in line:
                break
        # Keep reading, or a full pipe would block the bot.
        reading = asyncio.create_task(process.stderr.read())
        yield process
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading:
            await reading


async def _settle(store: Store, clock: MovableClock, url: str, living: Sequence[Process]) -> None:
    """Wait until no post is open any more, and move the clock past the killed bot's leases.

    The clock does not move while a *living* bot sends, or a slow machine would end its lease.
    """
    before, quiet = None, 0
    while True:
        # The database sends no events, so poll it.
        await asyncio.sleep(0.2)
        states = await store.statistics.posts()
        quiet = quiet + 1 if states == before else 0
        before = states
        if quiet >= 10:
            if not any(states[state] for state in UNSETTLED):
                return
            claims = await _claims(url)
            if not any(claims[bot.pid] for bot in living):
                clock.move(LEASE + timedelta(seconds=1))
            quiet = 0


async def _busy(url: str, bots: Sequence[Process]) -> Process:
    """Wait for a bot that has claimed a post, and return it."""
    while True:
        claims = await _claims(url)
        for bot in bots:
            if claims[bot.pid]:
                return bot


async def _claims(url: str) -> Counter[int]:
    """Return how many posts each process has claimed and not finished, by process id."""
    async with open_database(url) as database:
        rows = await database.fetch("SELECT owner FROM post WHERE state = $1", PostState.SENDING)
    return Counter(int(row["owner"].rpartition(":")[2]) for row in rows)


def count_deliveries(workspace: Workspace, channels: Iterable[ChannelId]) -> Counter[str]:
    """Count the messages in the channels and their threads by delivery key."""
    return Counter(
        message["metadata"]["event_payload"]["delivery_key"]
        for channel in channels
        for root in workspace.messages(channel)
        for message in workspace.messages(channel, thread_ts=root["ts"])
        if message["metadata"]
    )


def _bot_messages(workspace: Workspace, channel: ChannelId) -> list[str]:
    return [one["ts"] for one in workspace.messages(channel) if one.get("bot_id")]
