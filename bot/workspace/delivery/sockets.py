"""Socket Mode: hello, envelopes, acks and refreshes (docs.slack.dev: Using Socket Mode)."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from bot.workspace.delivery.transports import not_acked, not_connected
from bot.workspace.errors import Json
from bot.workspace.model.directory import APP_ID
from bot.workspace.model.state import State

MAX_CONNECTIONS = 10
_HEARTBEAT_SECONDS = 30
_CONNECTION_SECONDS = 3600


class Sockets:
    """The app's sockets; each envelope goes to one of them, in turn."""

    retry_waits: tuple[float, ...] = (0, 0, 0)

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: list[web.WebSocketResponse] = []
        self._leaving: list[web.WebSocketResponse] = []
        self._acks: dict[str, asyncio.Future[Any]] = {}

    @property
    def is_connected(self) -> bool:
        """Return whether an envelope can be sent."""
        return bool(self._open)

    @property
    def count(self) -> int:
        """Return how many sockets the app has open."""
        return len(self._open)

    async def ready(self, seconds: float) -> None:
        """Wait until the app has a socket; raises `UndeliveredError` after *seconds*."""
        try:
            async with asyncio.timeout(seconds):
                await self._state.signal.until(lambda: self._open or None)
        except TimeoutError:
            raise not_connected() from None

    async def ask(self, envelope: Json, seconds: float) -> Any:
        """Send *envelope* and return the payload of its ack.

        Raises `UndeliveredError` at once if there is no socket, or after *seconds* without an ack.
        """
        if not self._open:
            raise not_connected()
        socket = self._open.pop(0)
        self._open.append(socket)
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope["envelope_id"]] = ack
        try:
            async with asyncio.timeout(seconds):
                await socket.send_json(envelope)
                return await ack
        except (TimeoutError, ConnectionError):
            raise not_acked() from None
        finally:
            del self._acks[envelope["envelope_id"]]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until either side closes it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._state.socket_tickets:
            raise web.HTTPForbidden(text="unknown ticket")
        self._state.socket_tickets.remove(ticket)
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, timeout=1)
        await socket.prepare(request)
        if len(self._open) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self._open.append(socket)
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self._open),
                    "connection_info": {"app_id": APP_ID},
                    "debug_info": {
                        "host": "local",
                        "approximate_connection_time": _CONNECTION_SECONDS,
                    },
                }
            )
            self._tell()
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._take_ack(frame.data)
        finally:
            for sockets in (self._open, self._leaving):
                if socket in sockets:
                    sockets.remove(socket)
            self._tell()
        return socket

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect; its present sockets get no more envelopes."""
        self._leaving += self._open
        self._open.clear()
        self._tell()
        for socket in tuple(self._leaving):
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}
            )

    async def close(self) -> None:
        """Close every socket."""
        sockets = (*self._open, *self._leaving)
        await asyncio.gather(*(socket.close(code=1001) for socket in sockets))

    def _take_ack(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            return
        ack = self._acks.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
        if ack and not ack.done():
            ack.set_result(frame.get("payload"))

    def _tell(self) -> None:
        self._state.changed({"type": "connected", "connected": self.is_connected})
