"""Socket Mode: a socket to Slack, watched, and built anew when it is lost.

The SDK heals a socket by itself, but not always (it tries one ticket for ever, and may not notice
a refresh that failed; python-slack-sdk#1110, #1446, #1922). So a watchdog looks on from outside.
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
from bot.retry import back_off, is_temporary, pause, reason, retry_until_answered

log = logging.getLogger(__name__)

_FRAMES = ("hello", "pong", "envelope")
_MOST_CONNECTIONS = 10
"""Sockets that Slack gives an app (docs.slack.dev: Using Socket Mode)."""


class SocketLostError(Exception):
    """Say that the socket could not be had back: the supervisor is to start the process anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long things may take, in seconds."""

    connect: float = 30
    """From the ticket to Slack's hello."""
    lost: float = 60
    """Without a live socket, or without the hello that a refresh must bring."""
    check: float = 1
    ping: float = 10
    """Between two pings of the SDK's, which takes the socket for lost after four without a pong."""
    tries: int = 8
    """Sockets in a row that could not be had, once there was one: about four minutes."""
    drain: float = 3
    """For the answers that are under way at the end."""
    close: float = 3
    """For Slack's farewell, when a socket is closed."""


@dataclass(slots=True)
class _Heard:
    """When a socket last brought what, by the monotonic clock; None: never."""

    hello: float | None = None
    pong: float | None = None
    envelope: float | None = None
    farewell: float | None = None
    """Slack said that it will close the socket, so another hello has to follow."""
    said_hello: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """The way in by Socket Mode."""

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
        self._heard = _Heard()
        self._is_connected = False
        self._running: set[asyncio.Task[Any]] = set()
        for frame in _FRAMES:
            metrics.watch_silence(frame, partial(self._silence, frame))

    async def problem(self) -> str | None:
        """Say what is wrong with the socket; None while it is well."""
        return None if self._is_connected else "not connected"

    def seconds_since(self) -> Mapping[str, float | None]:
        """Give how many seconds ago a socket last brought what; None: never."""
        return {
            frame: None if isnan(seconds := self._silence(frame)) else round(seconds, 1)
            for frame in _FRAMES
        }

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until *stop* is set, and then until what is under way is answered.

        *ready* is called once the first socket is there. Raises `SocketLostError` when a lost
        socket cannot be had back, and `SlackApiError` for a token that Slack refuses.
        """
        # At first as long as it takes: a start must not depend on Slack being there.
        url: str | None = await retry_until_answered(self._ticket, stop=stop)
        was_connected, tries = False, 0
        while not stop.is_set():
            try:
                async with self._socket(url or await self._ticket()) as client:
                    if not was_connected:
                        log.info("connected")
                        ready()
                    was_connected, tries = True, 0
                    await self._watch(client, stop)
            except Exception as error:
                if not is_temporary(error):
                    raise
                tries += 1
                log.warning("no socket (%s), try %d", reason(error), tries)
                if was_connected and tries >= self._timeouts.tries:
                    raise SocketLostError("The socket is lost and cannot be rebuilt") from error
                await pause(back_off(tries), stop)
            url = None
            if not stop.is_set():
                self._metrics.socket_rebuilds.inc()

    async def _ticket(self) -> str:
        """Give an address for one socket; each is good once."""
        answer = await self._client.apps_connections_open(app_token=self._app_token)
        return str(answer["url"])

    @asynccontextmanager
    async def _socket(self, url: str) -> AsyncIterator[SocketModeClient]:
        """Open a socket at *url*; leaving waits for the answers that are under way."""
        # What the sockets before it brought stays: it tells since when there is none.
        self._heard.farewell = None
        self._heard.said_hello.clear()
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
        client.on_message_listeners.append(self._hear)
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await handler.connect_async()  # type: ignore[no-untyped-call]
                await self._heard.said_hello.wait()
            self._set_connected(True)
            yield client
        finally:
            # Closing does not wait for listeners, and an ack needs a socket.
            if self._running:
                await asyncio.wait(self._running, timeout=self._timeouts.drain)
            self._set_connected(False)
            await self._close(handler)

    async def _close(self, handler: "_Handler") -> None:
        """Close a socket, and leave it behind where Slack does not answer its farewell."""
        closing = asyncio.create_task(handler.close_async())  # type: ignore[no-untyped-call]
        done, _ = await asyncio.wait([closing], timeout=self._timeouts.close)
        if done:
            await closing
            return
        log.warning("a socket was not closed in %.0f s and is left behind", self._timeouts.close)
        closing.cancel()

    async def _watch(self, client: SocketModeClient, stop: asyncio.Event) -> None:
        """Look on until *stop* is set or the socket is lost for too long."""
        well_at = time.monotonic()
        pong_before = None
        while not stop.is_set():
            await pause(self._timeouts.check, stop)
            now, heard = time.monotonic(), self._heard
            # The SDK forgets it when it gives a socket up.
            if client.last_ping_pong_time not in (None, pong_before):
                pong_before, heard.pong = client.last_ping_pong_time, now
            is_connected = await client.is_connected()
            self._set_connected(is_connected)
            farewell = heard.farewell
            if is_connected and farewell is None:
                well_at = now
            elif now - (well_at if farewell is None else farewell) > self._timeouts.lost:
                log.warning("the socket is lost; building another")
                return

    async def _hear(self, frame: WSMessage) -> None:
        """Note what came, before the SDK acts on it."""
        text, now, heard = str(frame.data or ""), time.monotonic(), self._heard
        if '"envelope_id"' in text:
            heard.envelope = now
            return
        message = json.loads(text) if text.startswith("{") else {}
        if message.get("type") == "hello":
            heard.hello, heard.farewell = now, None
            heard.said_hello.set()
            self._greet(message.get("num_connections") or 0)
        elif message.get("type") == "disconnect":
            heard.farewell = now

    def _greet(self, connections: int) -> None:
        # Shown, and never acted on: how many processes there are to be is not known here, and a
        # socket that is built anew would be one more beside those that Slack takes for alive.
        self._metrics.socket_connections.set(connections)
        if connections >= _MOST_CONNECTIONS:
            log.warning(
                "Slack counts %d sockets, the most there can be: look for processes left over",
                connections,
            )

    def _set_connected(self, is_connected: bool) -> None:
        self._is_connected = is_connected
        self._metrics.socket_connected.set(is_connected)

    def _silence(self, frame: str) -> float:
        at = getattr(self._heard, frame)
        return float("nan") if at is None else time.monotonic() - at


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, with every request passing the intake and waited for at the end."""

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
    """Write the ack of an envelope; *body* is JSON, or a text to be shown, or empty.

    As Bolt's adapter does, which reads the JSON of each answer only to write it anew.
    """
    payload = body if body.startswith("{") else body and json.dumps({"text": body})
    shown = f', "payload": {payload}' if payload else ""
    return f'{{"envelope_id": {json.dumps(envelope_id)}{shown}}}'
