"""Socket Mode: a WebSocket to Slack, with a watchdog that rebuilds it when it is lost.

The SDK usually reconnects by itself, but not always: it retries one URL for ever, and may not
notice a failed refresh (python-slack-sdk#1110, #1446, #1922).
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from math import isnan
from typing import Any

from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.entrances.intake import Intake
from bot.observability.metrics import Metrics
from bot.proxies import ProxyFor, no_proxy_for
from bot.retry import StoppedError, is_temporary, pause, retrying

log = logging.getLogger(__name__)

_FRAMES = ("hello", "pong", "envelope")
_MOST_CONNECTIONS = 10
"""The most sockets that Slack allows for an app (docs.slack.dev: Using Socket Mode)."""


class SocketLostError(Exception):
    """Raised when the socket cannot be rebuilt, so that the supervisor restarts the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Timeouts in seconds."""

    connect: float = 30
    """From opening the socket's URL to Slack's hello."""
    lost: float = 60
    """Without a connected socket, or without the hello after Slack announced a disconnect."""
    check: float = 1
    """Between two checks by the watchdog."""
    ping: float = 10
    """Between two pings of the SDK, which gives up a socket after four pings without a pong."""
    tries: int = 8
    """The number of tries (not seconds) to rebuild a lost socket: about four minutes."""
    drain: float = 3
    """For unfinished answers at shutdown."""
    close: float = 3
    """For Slack's reply when a socket is closed."""


@dataclass(slots=True)
class _LastFrames:
    """When a socket last received each kind of frame, by the monotonic clock; None: never."""

    hello: float | None = None
    pong: float | None = None
    envelope: float | None = None
    disconnect: float | None = None
    """Slack announced that it will close the socket, so another hello must follow."""
    got_hello: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """The entrance by Socket Mode."""

    def __init__(
        self,
        app: AsyncApp,
        intake: Intake,
        client: AsyncWebClient,
        *,
        app_token: str,
        metrics: Metrics,
        timeouts: Timeouts | None = None,
        proxy_for: ProxyFor = no_proxy_for,
    ) -> None:
        self._app = app
        self._intake = intake
        self._client = client
        self._app_token = app_token
        self._metrics = metrics
        self._timeouts = timeouts or Timeouts()
        self._proxy_for = proxy_for
        self._last = _LastFrames()
        self._is_connected = False
        self._running: set[asyncio.Task[Any]] = set()
        for frame in _FRAMES:
            metrics.watch_silence(frame, partial(self._silence, frame))

    async def problem(self) -> str | None:
        """Return what is wrong with the socket, or None if it is connected."""
        return None if self._is_connected else "not connected"

    def seconds_since(self) -> Mapping[str, float | None]:
        """Return the seconds since the last hello, pong and envelope; None: never."""
        return {
            frame: None if isnan(seconds := self._silence(frame)) else round(seconds, 1)
            for frame in _FRAMES
        }

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until *stop* is set, then wait for unfinished answers.

        *ready* is called once the first socket is connected. Raises `SocketLostError` if a lost
        socket cannot be rebuilt, and `SlackApiError` for a token that Slack refuses.
        """
        was_connected = False

        async def serve() -> None:
            nonlocal was_connected
            async with self._socket() as client:
                if not was_connected:
                    log.info("connected")
                    ready()
                was_connected = True
                await self._watch(client, stop)

        while not stop.is_set():
            # Parley must start even if Slack is unreachable: the first socket has no limit.
            retries = retrying(stop, most=self._timeouts.tries if was_connected else None)
            try:
                await retries(serve)
            except StoppedError:
                return
            except Exception as error:
                if not is_temporary(error):
                    raise
                raise SocketLostError("The socket is lost and cannot be rebuilt") from error
            if not stop.is_set():
                self._metrics.socket_rebuilds.inc()

    @asynccontextmanager
    async def _socket(self) -> AsyncIterator[SocketModeClient]:
        """Open a new socket; on exit, wait for unfinished answers and close it."""
        # Each URL works once.
        answer = await self._client.apps_connections_open(app_token=self._app_token)
        url = str(answer["url"])
        # The other times stay: they show since when there is no socket.
        self._last.disconnect = None
        self._last.got_hello.clear()
        handler = _Handler(
            self._app,
            self._intake,
            self._app_token,
            self._running,
            ping=self._timeouts.ping,
            proxy=self._proxy_for(url),
        )
        client = handler.client
        client.wss_uri = url
        client.on_message_listeners.append(self._note_frame)
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await handler.connect_async()  # type: ignore[no-untyped-call]
                await self._last.got_hello.wait()
            self._set_connected(True)
            yield client
        finally:
            # Wait before closing, which does not wait for listeners: an ack needs the socket.
            if self._running:
                await asyncio.wait(self._running, timeout=self._timeouts.drain)
            self._set_connected(False)
            await self._close(handler)

    async def _close(self, handler: "_Handler") -> None:
        """Close a socket, or abandon it if Slack does not reply in time."""
        closing = asyncio.create_task(handler.close_async())  # type: ignore[no-untyped-call]
        done, _ = await asyncio.wait([closing], timeout=self._timeouts.close)
        if done:
            await closing
            return
        log.warning("a socket was not closed in %.0f s and is abandoned", self._timeouts.close)
        closing.cancel()

    async def _watch(self, client: SocketModeClient, stop: asyncio.Event) -> None:
        """Watch the socket until *stop* is set or the socket is lost for too long."""
        connected_at = time.monotonic()
        pong_before = None
        while not stop.is_set():
            await pause(self._timeouts.check, stop)
            now, last = time.monotonic(), self._last
            # The SDK resets this time to None when it gives up a socket.
            if client.last_ping_pong_time not in (None, pong_before):
                pong_before, last.pong = client.last_ping_pong_time, now
            is_connected = await client.is_connected()
            self._set_connected(is_connected)
            disconnect = last.disconnect
            if is_connected and disconnect is None:
                connected_at = now
            elif now - (connected_at if disconnect is None else disconnect) > self._timeouts.lost:
                log.warning("the socket is lost; connecting again")
                return

    async def _note_frame(self, frame: WSMessage) -> None:
        """Record the kind and time of a frame before the SDK handles it."""
        text, now, last = str(frame.data or ""), time.monotonic(), self._last
        if '"envelope_id"' in text:
            last.envelope = now
            return
        message = json.loads(text) if text.startswith("{") else {}
        if message.get("type") == "hello":
            last.hello, last.disconnect = now, None
            last.got_hello.set()
            self._record_connections(message.get("num_connections") or 0)
        elif message.get("type") == "disconnect":
            last.disconnect = now

    def _record_connections(self, connections: int) -> None:
        # Exported only: the intended number of processes is unknown here, and another socket would
        # add to those that Slack still counts as connected.
        self._metrics.socket_connections.set(connections)
        if connections >= _MOST_CONNECTIONS:
            log.warning(
                "Slack counts %d sockets, the most it allows: look for leftover processes",
                connections,
            )

    def _set_connected(self, is_connected: bool) -> None:
        self._is_connected = is_connected
        self._metrics.socket_connected.set(is_connected)

    def _silence(self, frame: str) -> float:
        at = getattr(self._last, frame)
        return float("nan") if at is None else time.monotonic() - at


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler; passes requests to the intake and keeps track of running ones."""

    def __init__(
        self,
        app: AsyncApp,
        intake: Intake,
        app_token: str,
        running: set[asyncio.Task[Any]],
        *,
        ping: float,
        proxy: str | None,
    ) -> None:
        super().__init__(app, app_token, ping_interval=ping, proxy=proxy)
        self._intake = intake
        self._running = running

    async def handle(self, client: Any, req: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        response = await self._intake.take(req.payload)
        if response.status == 200:
            await client.send_message(_ack(req.envelope_id, response.body))


def _ack(envelope_id: str, body: str) -> str:
    """Return the ack of an envelope; *body* is JSON, a text to show, or empty.

    The result equals that of Bolt's adapter, which parses and serializes the JSON once more.
    """
    payload = body if body.startswith("{") else body and json.dumps({"text": body})
    shown = f', "payload": {payload}' if payload else ""
    return f'{{"envelope_id": {json.dumps(envelope_id)}{shown}}}'
