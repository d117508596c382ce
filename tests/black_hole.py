"""A TCP proxy to PostgreSQL that can go silent: it keeps connections, and forwards nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlencode, urlsplit


class BlackHole:
    """The proxy; `url` is the URL of the database behind it."""

    def __init__(self, database_url: str) -> None:
        """Set the URL of a database on a Unix socket, as `tests.postgres` returns it."""
        parts = urlsplit(database_url)
        query = parse_qs(parts.query)
        (folder,) = query.pop("host")
        self._socket = f"{folder}/.s.PGSQL.5432"
        self._database = f"{parts.path}?{urlencode(query, doseq=True)}"
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    def swallow(self) -> None:
        """Forward nothing any more: neither bytes nor the end of a connection."""
        self._is_open.clear()

    def restore(self, *, forgetful: bool) -> None:
        """Forward again; if *forgetful*, only on connections that are opened from now on."""
        if forgetful:
            self._is_open = asyncio.Event()
        self._is_open.set()

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator["BlackHole"]:
        """Listen on *port*, or on a free one if it is 0."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        port = server.sockets[0].getsockname()[1]
        self.url = f"postgresql://parley@127.0.0.1:{port}{self._database}"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_open = self._is_open
        task = asyncio.create_task(self._forward(reader, writer, is_open))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event
    ) -> None:
        writers = [writer]
        try:
            await is_open.wait()
            try:
                there, back = await asyncio.open_unix_connection(self._socket)
            except OSError:
                return  # The server is down, so the client's connection ends too.
            writers.append(back)
            await asyncio.gather(_pump(reader, back, is_open), _pump(there, writer, is_open))
        finally:
            for one in writers:
                one.transport.abort()
            await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event
) -> None:
    with suppress(ConnectionError):
        while some := await reader.read(1 << 16):
            await is_open.wait()
            writer.write(some)
            await writer.drain()
    await is_open.wait()
    writer.close()
