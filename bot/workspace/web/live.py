"""Live events: push every change to the pages whose user may see it."""

import asyncio
from typing import Any

from aiohttp import web

from bot.workspace.model.state import Change, State

_HEARTBEAT_SECONDS = 30


class Live:
    """Serves the page's WebSocket."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: set[web.WebSocketResponse] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Send one page every change that its user may see."""
        user = request.query.get("user", "")
        if user not in self._state.people:
            raise web.HTTPNotFound(text="no such person")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, timeout=1)
        await socket.prepare(request)
        changes: asyncio.Queue[Change] = asyncio.Queue()

        def watch(change: Change) -> None:
            if change.seen_by is None or user in change.seen_by:
                changes.put_nowait(change)

        async def send() -> None:
            while True:
                await socket.send_json((await changes.get()).event)

        self._state.watchers.append(watch)
        self._open.add(socket)
        sending: asyncio.Task[Any] = asyncio.create_task(send())
        try:
            async for _ in socket:
                pass
        finally:
            self._state.watchers.remove(watch)
            self._open.discard(socket)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Close every page's WebSocket."""
        await asyncio.gather(*(socket.close(code=1001) for socket in tuple(self._open)))
