"""A publisher of feeds on loopback that sends the bytes a test says, and fake name servers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

from bot.feeds.addresses import IP

_TLS = b"\x16"
"""The first byte of a client that speaks TLS."""
Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    """By lower-case name; the values are decoded as Latin-1, so that every byte is kept."""


Answer = bytes | Callable[[Request, Write], Awaitable[None]]


def answer(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """Return a whole answer; *length* is what Content-Length claims, if not the truth."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def rss(*titles: str, name: str = "Harbour News") -> bytes:
    """Return a feed whose stories have these titles."""
    items = "".join(
        f"<item><title>{one}</title><guid>{one}</guid><link>/{one.replace(' ', '-')}</link>"
        f"<description>All about {one} in one sentence.</description></item>"
        for one in titles
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


@dataclass
class Publisher:
    """The server, its answers by path, and the requests that it got."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)
    """The most requests that a host got at the same time."""
    _now: Counter[str] = field(default_factory=Counter)

    def url(self, path: str, host: str = "feeds.test") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = await reader.readexactly(1)
        if start == _TLS:
            return
        head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        pairs = (line.partition(": ") for line in lines if line)
        request = Request(first.split(" ")[1], {name.lower(): text for name, _, text in pairs})
        self.requests.append(request)
        host = request.headers["host"].partition(":")[0]
        self._now[host] += 1
        self.most_at_once[host] = max(self.most_at_once[host], self._now[host])

        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            told = self.answers.get(request.path, answer(status="404 Not Found"))
            if isinstance(told, bytes):
                await write(told)
            else:
                await told(request, write)
        finally:
            self._now[host] -= 1


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    """Serve a publisher on a free port of 127.0.0.1."""
    publisher = Publisher()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        try:
            await publisher.serve(reader, writer)
            writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            if not writer.is_closing():
                writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    publisher.port = server.sockets[0].getsockname()[1]
    try:
        yield publisher
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Names:
    """Name servers that answer each look-up of a host with the next of its addresses.

    The last address of a host stays; an unknown host has none.
    """

    def __init__(self, **hosts: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._hosts = {name.replace("_", "."): list(found) for name, found in hosts.items()}

    def add(self, host: str, *found: str) -> None:
        self._hosts[host] = list(found)

    async def look_up(self, host: str, port: int) -> Sequence[IP]:
        self.asked.append(host)
        found = self._hosts.get(host)
        if not found:
            raise OSError("no such host")
        ips = found.pop(0) if len(found) > 1 else found[0]
        return [ip_address(one) for one in ips.split()]
