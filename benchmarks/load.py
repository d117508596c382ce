"""Clients that send `/brief` as fast as they get answers, by signed HTTP or by Socket Mode."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from benchmarks.servers import SECRET
from bot.observability.status import listening

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The result of one run: latencies in milliseconds, and commands answered per second."""

    p50: float
    p99: float
    per_second: float


def payloads(queries: Sequence[str], number: int) -> Iterator[dict[str, str]]:
    """Return *number* slash commands, all different."""
    return (
        {
            "token": "x",
            "team_id": "T1",
            "team_domain": "bench",
            "channel_id": "C1",
            "channel_name": "general",
            "user_id": "U1",
            "user_name": "ana",
            "command": "/brief",
            "text": text,
            "api_app_id": "A1",
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/response/T1/x",
            "trigger_id": f"{count}.{time.time_ns()}",
        }
        for count, text in enumerate(islice(cycle(queries), number))
    )


def measured(seconds: Sequence[float], whole: float) -> Measured:
    """Return the result of a run that took *whole* seconds."""
    ordered = sorted(seconds)
    return Measured(
        p50=ordered[len(ordered) // 2] * 1000,
        p99=ordered[int(len(ordered) * 0.99)] * 1000,
        per_second=len(ordered) / whole,
    )


# --- by HTTP ------------------------------------------------------------------------------------


class _Client(asyncio.Protocol):
    """Sends requests one after the other on a connection that stays open."""

    def __init__(self, requests: list[bytes], seconds: list[float]) -> None:
        self._requests = requests
        self._seconds = seconds
        self._buffer = bytearray()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(self._requests.pop())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or not (found := _LENGTH.search(self._buffer, 0, head)):
            return
        if len(self._buffer) < head + 4 + int(found[1]):
            return
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(bytes(self._buffer[:200]).decode()))
            return
        self._buffer.clear()
        self._seconds.append(time.perf_counter() - self._began)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or RuntimeError("the server closed the connection"))


def _request(payload: dict[str, str]) -> bytes:
    body = urlencode(payload).encode()
    stamp = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return (
        "POST /slack/events HTTP/1.1\r\nHost: parley\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={signature.hexdigest()}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def by_http(port: int, queries: Sequence[str], *, clients: int, number: int) -> Measured:
    """Send *number* commands with *clients* concurrent clients, and measure the answers."""
    requests = [_request(payload) for payload in payloads(queries, number)]
    seconds: list[float] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    connections = [
        await loop.create_connection(lambda: _Client(requests, seconds), "127.0.0.1", port)
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.done for _, client in connections))
    return measured(seconds, time.perf_counter() - began)


# --- by Socket Mode -----------------------------------------------------------------------------


class FakeSlack:
    """Answers `auth.test`, and opens and serves sockets."""

    def __init__(self) -> None:
        self.api = ""
        self._base = ""
        self._socket: web.WebSocketResponse | None = None
        self._acks: dict[str, asyncio.Future[None]] = {}
        self._opened = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["FakeSlack"]:
        """Listen on a free port of loopback."""
        app = web.Application()
        app.add_routes([web.post("/api/{method}", self._call), web.get("/socket", self._open)])
        async with listening(app, ("127.0.0.1", 0), closing_seconds=0.1) as port:
            self._base = f"http://127.0.0.1:{port}"
            self.api = f"{self._base}/api/"
            yield self

    async def _call(self, request: web.Request) -> web.Response:
        answers = {
            "auth.test": {"team_id": "T1", "user_id": "U0", "bot_id": "B1", "user": "parley"},
            "apps.connections.open": {"url": f"{self._base}/socket"},
        }
        return web.json_response({"ok": True, **answers[request.match_info["method"]]})

    async def _open(self, request: web.Request) -> web.StreamResponse:
        self._socket = socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._opened.set()
        async for frame in socket:
            ack = self._acks.pop(json.loads(frame.data)["envelope_id"], None)
            if ack and not ack.done():
                ack.set_result(None)
        return socket

    async def by_socket(self, queries: Sequence[str], *, clients: int, number: int) -> Measured:
        """Send *number* commands with *clients* concurrent clients, and measure the answers."""
        await self._opened.wait()
        envelopes = [
            (
                f"e{count}",
                json.dumps(
                    {
                        "envelope_id": f"e{count}",
                        "type": "slash_commands",
                        "payload": payload,
                        "accepts_response_payload": True,
                    }
                ),
            )
            for count, payload in enumerate(payloads(queries, number))
        ]
        seconds: list[float] = []
        loop = asyncio.get_running_loop()

        async def client() -> None:
            while envelopes:
                key, text = envelopes.pop()
                self._acks[key] = ack = loop.create_future()
                began = time.perf_counter()
                if self._socket:
                    await self._socket.send_str(text)
                await ack
                seconds.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        return measured(seconds, time.perf_counter() - began)


def read_queries(file: Path) -> list[str]:
    """Read the queries of a file with one JSON object per line."""
    return [json.loads(line)["query"] for line in file.read_text().splitlines() if line]
