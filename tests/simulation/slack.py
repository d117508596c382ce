"""A Slack that takes messages, and loses requests and answers on the way."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from tests.simulation.faults import Faults

BOT_ID = "B1"
_TIMEOUT = 10.0
"""Seconds after which the bots' clients give up a call, as `bot.slack_clients` has it."""
_LAG = 30.0
"""The most seconds after which a message is in the history; Parley looks for 110 seconds."""


@dataclass(slots=True)
class Sent:
    """A message that Slack took."""

    channel: str
    ts: str
    thread_ts: str | None
    key: str
    block_id: str
    taken_at: float
    visible_at: float
    has_metadata: bool

    def as_slack(self) -> dict[str, Any]:
        """Return the message as conversations.history has it."""
        metadata = {"event_payload": {"delivery_key": self.key}} if self.has_metadata else {}
        blocks = [{"block_id": self.block_id}]
        return {"ts": self.ts, "bot_id": BOT_ID, "metadata": metadata, "blocks": blocks}


@dataclass(slots=True)
class SimulatedSlack:
    """The messages of every channel, and the way to them."""

    faults: Faults
    began: datetime
    """When the simulation begins."""
    taken: Callable[[Sent], None]
    """Called with each message that Slack takes."""
    is_away: bool = False
    closed: set[str] = field(default_factory=set)
    """The channels from which somebody has removed the bots."""
    messages: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0

    def by_key(self) -> dict[str, list[Sent]]:
        """Return all messages by their delivery key: one of each, if all is well."""
        by_key: dict[str, list[Sent]] = defaultdict(list)
        for messages in self.messages.values():
            for sent in messages:
                by_key[sent.key].append(sent)
        return by_key

    async def post(self, arguments: dict[str, Any], answer: Callable[[], None]) -> dict[str, Any]:
        """Store a message, or fail as calls to Slack fail; call *answer* before a result."""
        faults = self.faults
        if faults.happens("connect"):
            await asyncio.sleep(faults.between("latency", 0.01, 5))
            raise aiohttp.ConnectionTimeoutError
        there, back = (faults.between("latency", 0.02, 0.8) for _ in range(2))
        if self.is_away or faults.happens("request lost"):
            await _never_answered(answer)
        if refusal := self._refusal(arguments["channel"]):
            await asyncio.sleep(there + back)
            answer()
            raise refusal
        if faults.happens("late arrival"):
            there = faults.between("lateness", 1, 40)
        taken = await self._carry(arguments, there, answer)
        if faults.happens("answer lost"):
            if faults.number("half") < 0.5:
                await _never_answered(answer)
            raise aiohttp.ServerDisconnectedError
        await asyncio.sleep(back)
        answer()
        return {"ts": taken, "channel": arguments["channel"]}

    async def _carry(
        self, arguments: dict[str, Any], there: float, answer: Callable[[], None]
    ) -> str:
        """Return the ts of the message, which arrives even if its sender is dead by then."""
        loop, faults = asyncio.get_running_loop(), self.faults
        ts = asyncio.Future[str](loop=loop)
        is_failing = faults.happens("server error")
        if not is_failing or faults.number("half") < 0.5:
            loop.call_later(there, lambda: ts.set_result(self._take(arguments)))
        if is_failing:
            await asyncio.sleep(min(there, _TIMEOUT))
            answer()
            raise _refused("internal_error", 500)
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await asyncio.shield(ts)
        except TimeoutError:
            answer()
            raise

    def _refusal(self, channel: str) -> SlackApiError | None:
        if channel in self.closed:
            return _refused("not_in_channel", 200)
        if self.faults.happens("ratelimited"):
            return _refused("ratelimited", 429, self.faults.whole("retry after", 1, 60))
        return None

    async def read(self, arguments: dict[str, Any], answer: Callable[[], None]) -> dict[str, Any]:
        """Return what the history of a channel or thread shows by now, newest first."""
        loop, faults = asyncio.get_running_loop(), self.faults
        if self.is_away:
            await _never_answered(answer)
        await asyncio.sleep(faults.between("latency", 0.05, 1))
        answer()
        if faults.happens("history error"):
            raise _refused("ratelimited", 429, faults.whole("retry after", 1, 60))
        thread_ts, cursor = arguments.get("ts"), int(arguments.get("cursor") or 0)
        shown = [
            sent
            for sent in reversed(self.messages[arguments["channel"]])
            if sent.visible_at <= loop.time()
            and sent.thread_ts == thread_ts
            and float(sent.ts) > float(arguments["oldest"])
        ]
        page = shown[cursor : cursor + arguments["limit"]]
        following = str(cursor + len(page)) if cursor + len(page) < len(shown) else ""
        return {
            "messages": [sent.as_slack() for sent in page],
            "response_metadata": {"next_cursor": following},
        }

    def _take(self, arguments: dict[str, Any]) -> str:
        now, faults = asyncio.get_running_loop().time(), self.faults
        self._count += 1
        ts = f"{self.began.timestamp() + now:.0f}.{self._count:06d}"
        sent = Sent(
            channel=arguments["channel"],
            ts=ts,
            thread_ts=arguments.get("thread_ts"),
            key=arguments["metadata"]["event_payload"]["delivery_key"],
            block_id=arguments["blocks"][0]["block_id"],
            taken_at=now,
            visible_at=now + _LAG * faults.number("lag") ** 3,
            has_metadata=not faults.happens("no metadata"),
        )
        self.messages[sent.channel].append(sent)
        self.taken(sent)
        return ts


class Client:
    """The part of `AsyncWebClient` that delivery uses, for one process."""

    def __init__(
        self,
        slack: SimulatedSlack,
        begin: Callable[[], Awaitable[None]],
        alive: Callable[[], None],
    ) -> None:
        """*begin* is awaited before each call; *alive* raises once the process is dead."""
        self._slack = slack
        self._begin = begin
        self._alive = alive

    async def chat_postMessage(self, **arguments: Any) -> dict[str, Any]:  # noqa: N802
        """Post a message."""
        await self._begin()
        return await self._slack.post(arguments, self._alive)

    async def conversations_history(self, **arguments: Any) -> dict[str, Any]:
        """Read the messages of a channel, without the replies."""
        await self._begin()
        return await self._slack.read(arguments, self._alive)

    conversations_replies = conversations_history


async def _never_answered(answer: Callable[[], None]) -> None:
    await asyncio.sleep(_TIMEOUT)
    answer()
    raise TimeoutError


def _refused(error: str, status: int, retry_after: int | None = None) -> SlackApiError:
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    response = SimpleNamespace(data={"error": error}, status_code=status, headers=headers)
    return SlackApiError(error, response)
