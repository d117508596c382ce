"""Socket Mode: a WebSocket to Slack that is replaced as soon as Slack leaves it or it is lost.

This does not use the SDK's client. It looks for a lost socket every ten seconds only, keeps
retrying one URL, and may not notice a failed refresh (python-slack-sdk#1110, #1446, #1922).
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import isnan
from typing import Any

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMessage, WSMsgType
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

    connect: float = 10
    """From opening the socket's URL to Slack's hello."""
    ping: float = 2
    """Without a frame before a ping is sent; after as long again, another socket is opened."""
    brief: float = 1
    """A socket that ends sooner is followed by a pause as long as this."""
    tries: int = 8
    """The number of tries (not seconds) to rebuild a lost socket: about four minutes."""
    ack: float = 3
    """For sending an ack, on this socket or the next; Slack does not wait longer."""
    drain: float = 3
    """For unfinished answers at shutdown, and for the last frames on a socket that was replaced."""
    close: float = 3
    """For Slack's reply when a socket is closed."""


@dataclass(slots=True, eq=False)
class _Socket:
    """One WebSocket to Slack."""

    connection: ClientWebSocketResponse
    deadline: asyncio.Timeout
    """When this socket is closed: first, without a hello; later, when another one replaces it."""
    is_open: bool = False
    """Whether Slack has said hello, and the connection is not known to be lost."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is known whether Slack says hello."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another socket is needed: Slack announced a disconnect, or this one is lost."""

    def close_at(self, when: float | None) -> None:
        """Set the deadline, by the event loop's clock; None for no deadline."""
        if not self.deadline.expired():
            self.deadline.reschedule(when)


class SocketMode:
    """The entrance by Socket Mode."""

    def __init__(
        self,
        intake: Intake,
        client: AsyncWebClient,
        *,
        app_token: str,
        metrics: Metrics,
        timeouts: Timeouts | None = None,
        proxy_for: ProxyFor = no_proxy_for,
    ) -> None:
        self._intake = intake
        self._client = client
        self._app_token = app_token
        self._metrics = metrics
        self._timeouts = timeouts or Timeouts()
        self._proxy_for = proxy_for
        self._sockets: list[_Socket] = []
        """The newest last; during a replacement there are two."""
        self._connected = asyncio.Event()
        self._heard: dict[str, float] = {}
        """{kind of frame: when the last one came, by the monotonic clock}."""
        self._reading: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        for frame in _FRAMES:
            metrics.watch_silence(frame, partial(self._silence, frame))

    async def problem(self) -> str | None:
        """Return what is wrong with the socket, or None if it is connected."""
        return None if self._connected.is_set() else "not connected"

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
        async with ClientSession() as session:
            connecting = asyncio.create_task(self._stay_connected(session, stop, ready))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait([connecting, stopping], return_when=asyncio.FIRST_COMPLETED)
                # While answers are unfinished, a lost socket is still replaced: an ack needs one.
                await self._drain()
            finally:
                tasks = [connecting, stopping, *self._reading]
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=self._timeouts.close)
        if connecting.done() and not connecting.cancelled():
            connecting.result()

    async def _stay_connected(
        self, session: ClientSession, stop: asyncio.Event, ready: Callable[[], None]
    ) -> None:
        """Open a socket, and another one whenever Slack leaves the newest or it is lost."""
        # Parley must start even if Slack is unreachable: the first socket has no limit.
        tries = None
        while not stop.is_set():
            try:
                socket: _Socket = await retrying(stop, most=tries)(self._open, session)
            except StoppedError:
                return
            except Exception as error:
                if not is_temporary(error):
                    raise
                raise SocketLostError("The socket is lost and cannot be rebuilt") from error
            if tries is None:
                tries = self._timeouts.tries
                log.info("connected")
                ready()
            opened_at = time.monotonic()
            await socket.leaving.wait()
            self._metrics.socket_rebuilds.inc()
            if time.monotonic() - opened_at < self._timeouts.brief:
                await pause(self._timeouts.brief, stop)

    async def _open(self, session: ClientSession) -> _Socket:
        """Open a socket in place of the present one; return it once Slack has said hello."""
        # Each URL works once.
        answer = await self._client.apps_connections_open(app_token=self._app_token)
        url = str(answer["url"])
        deadline = asyncio.timeout(self._timeouts.connect)
        async with asyncio.timeout(self._timeouts.connect):
            connection = await session.ws_connect(url, proxy=self._proxy_for(url), autoping=False)
        socket = _Socket(connection, deadline)
        self._sockets.append(socket)
        reading = asyncio.create_task(self._read(socket))
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        await socket.settled.wait()
        if not socket.is_open:
            raise ConnectionError("no hello from Slack")
        # What Slack sent before it left may still come on the old socket.
        for old in self._sockets[:-1]:
            old.close_at(asyncio.get_running_loop().time() + self._timeouts.drain)
        return socket

    async def _read(self, socket: _Socket) -> None:
        """Read the frames of *socket* until it is closed or replaced, then close it."""
        try:
            with suppress(TimeoutError, ClientError, OSError):
                async with socket.deadline:
                    while not socket.connection.closed:
                        frame = await self._receive(socket)
                        if frame.type is WSMsgType.TEXT:
                            self._take(socket, frame.data)
                        elif frame.type is WSMsgType.PING:
                            await socket.connection.pong(frame.data)
                        elif frame.type is WSMsgType.PONG:
                            self._heard["pong"] = time.monotonic()
            if socket.is_open and not socket.leaving.is_set():
                log.warning("the socket is lost; connecting again")
        finally:
            self._set_open(socket, is_open=False)
            self._sockets.remove(socket)
            await socket.connection.close()

    async def _receive(self, socket: _Socket) -> WSMessage:
        """Return the next frame; while none comes, ping, and then have another socket opened."""
        connection, was_open = socket.connection, socket.is_open
        for is_silent in (False, True):
            with suppress(TimeoutError):
                return await connection.receive(timeout=self._timeouts.ping)
            if not is_silent:
                async with asyncio.timeout(self._timeouts.ping):
                    await connection.ping()
        if was_open:
            log.warning("the socket is silent; connecting again")
            self._set_open(socket, is_open=False)
        # It is read on until another one is open, because the silence may end.
        frame = await connection.receive()
        if was_open and not connection.closed:
            self._set_open(socket, is_open=True)
        return frame

    def _take(self, socket: _Socket, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            log.warning("ignored a frame that is not a JSON object")
            return
        now = time.monotonic()
        if envelope_id := message.get("envelope_id"):
            self._heard["envelope"] = now
            answering = asyncio.create_task(self._answer(socket, envelope_id, message))
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)
        elif message.get("type") == "hello":
            self._heard["hello"] = now
            socket.close_at(None)
            self._set_open(socket, is_open=True)
            if isinstance(connections := message.get("num_connections"), int):
                self._record_connections(connections)
        elif message.get("type") == "disconnect":
            socket.leaving.set()
            socket.settled.set()

    async def _answer(self, socket: _Socket, envelope_id: str, envelope: dict[str, Any]) -> None:
        response = await self._intake.take(envelope.get("payload"))
        if response.status != 200:
            return
        ack = _ack(envelope_id, response.body)
        try:
            async with asyncio.timeout(self._timeouts.ack):
                await self._send(ack, socket)
        except TimeoutError:
            log.warning("an answer was lost with its socket")

    async def _send(self, ack: str, socket: _Socket) -> None:
        """Send *ack* on *socket*; if that is lost, on the next one that is open."""
        while True:
            if not socket.is_open:
                await self._connected.wait()
                socket = next(one for one in self._sockets if one.is_open)
            try:
                await socket.connection.send_str(ack)
            except (ClientError, OSError):
                self._set_open(socket, is_open=False)
            else:
                return

    async def _drain(self) -> None:
        """Wait for unfinished answers, and cancel those that take too long."""
        if not self._answering:
            return
        _, late = await asyncio.wait(self._answering, timeout=self._timeouts.drain)
        for task in late:
            task.cancel()
        if late:
            log.warning("cancelled %d requests at shutdown", len(late))
            await asyncio.wait(late, timeout=self._timeouts.close)

    def _set_open(self, socket: _Socket, *, is_open: bool) -> None:
        socket.is_open = is_open
        socket.settled.set()
        if not is_open:
            socket.leaving.set()
        is_connected = any(one.is_open for one in self._sockets)
        self._metrics.socket_connected.set(is_connected)
        if is_connected:
            self._connected.set()
        else:
            self._connected.clear()

    def _record_connections(self, connections: int) -> None:
        # Exported only: the intended number of processes is unknown here, and another socket would
        # add to those that Slack still counts as connected.
        self._metrics.socket_connections.set(connections)
        if connections >= _MOST_CONNECTIONS:
            log.warning(
                "Slack counts %d sockets, the most it allows: look for leftover processes",
                connections,
            )

    def _silence(self, frame: str) -> float:
        at = self._heard.get(frame)
        return float("nan") if at is None else time.monotonic() - at


def _ack(envelope_id: str, body: str) -> str:
    """Return the ack of an envelope; *body* is JSON, a text to show, or empty."""
    payload = body if body.startswith("{") else body and json.dumps({"text": body})
    shown = f', "payload": {payload}' if payload else ""
    return f'{{"envelope_id": {json.dumps(envelope_id)}{shown}}}'
