"""The server of hostile feeds, on loopback, in a process of its own.

It records every request that a polite reader would not make, and every connection to an address
that nobody may connect to; `benchmarks.feed_judge` records what it sends.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from benchmarks.feed_judge import Judge, Served, kept
from benchmarks.hostile_feeds import ALLOWED, FULL_EVERY, KINDS, TRAPS, Answer, Feed, Request

_LONGEST_ANSWER = 60
"""Seconds."""
_REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True, slots=True)
class Brought:
    """The new stories and edits of an answer that was sent."""

    feed: int
    at: float
    """When it had been sent, by the machine's monotonic clock."""
    words: Sequence[str]
    """Words that no answer had brought before."""


class Manners:
    """Judges the requests for one feed."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._asked: dict[str, datetime] = {}
        """When each path was last asked for."""
        self._waits: dict[str, datetime] = {}
        """Until when each path must not be asked for."""
        self._validators: set[str | None] = {None}
        """The validators that the reader may send: of the last feed, and of what came after it."""
        self._can_be_conditional = False
        self._unconditional: list[datetime] = []
        """When a whole feed was asked for, although a condition was possible."""

    def judge(self, request: Request, now: datetime) -> Iterator[str]:
        """Yield what is wrong with a request."""
        path, headers = request.path, request.headers
        if "parley" not in headers.get("user-agent", "").lower():
            yield "without a name"
        if path in self._waits and now < self._waits[path]:
            yield "that the server had asked not to make"
        if path in self._asked and now - self._asked[path] < self._every:
            yield "sooner than the setting allows"
        etag, since = headers.get("if-none-match"), headers.get("if-modified-since")
        if not {etag, since} <= self._validators:
            yield "with a validator that the server did not send last"
        # A redirect and what follows it are one poll.
        is_another = [now] != self._unconditional[-1:]
        if self._can_be_conditional and etag is None and since is None and is_another:
            self._unconditional.append(now)
            # Whole polls are due at fixed times, and made at the next poll.
            weeks = (now - self._unconditional[0] + 2 * self._every) // FULL_EVERY
            if len(self._unconditional) > 1 + weeks:
                yield "needlessly without a condition"
        self._asked[path] = now

    def note(self, request: Request, answer: Answer, now: datetime) -> None:
        """Note what the reader was sent."""
        if answer.wait:
            self._waits[request.path] = now + answer.wait
        sent = {answer.headers.get("ETag"), answer.headers.get("Last-Modified")} - {None}
        if answer.status == 200 and answer.ending == "whole":
            # Nobody has to store the validators of what cannot be read.
            self._validators = (set() if answer.stories else self._validators) | {None} | sent
            self._can_be_conditional = bool(answer.stories and sent)
        elif answer.status not in (304, *_REDIRECTS):
            self._can_be_conditional = False


class Server:
    """Serves the feeds, and records what it sent and what was wrong."""

    def __init__(self, count: int, seed: int, start: datetime, every: timedelta) -> None:
        self._count, self._seed = count, seed
        self.port = 0
        self._now, self._every = start, every
        self._feeds: dict[str, Feed] = {}
        """By host."""
        self._manners: dict[str, Manners] = {}
        self._open = Counter[str]()
        """How many requests each host is answering."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._brought: list[Brought] = []
        self.judge = Judge(kept)
        self._sent: set[str] = set()
        """The words of the stories that were sent, or that nobody waits for any longer."""
        self._problems: list[str] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen on a free port of the allowed address, and on the same port of the others."""
        server = await asyncio.start_server(self._serve, ALLOWED, 0)
        servers = [server]
        self.port = server.sockets[0].getsockname()[1]
        for address in TRAPS:
            # A machine may have no IPv6 or, like macOS, a loopback of one address.
            with suppress(OSError):
                servers.append(await asyncio.start_server(self._trap, address, self.port))
        for number in range(self._count):
            feed = KINDS[number % len(KINDS)](number, self.port, self._seed, self._now)
            self._feeds[feed.host] = feed
            self._manners[feed.host] = Manners(self._every)
        try:
            yield
        finally:
            for server in servers:
                server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def urls(self) -> Sequence[str]:
        """Return the addresses of the feeds, in the order of their numbers."""
        return [feed.url for feed in self._feeds.values()]

    def pass_time(self, now: datetime) -> None:
        """Go on to the time *now*; some feeds publish or edit stories."""
        for feed in self._feeds.values():
            if feed.delay is not None:
                # A wait has some jitter, and the clock goes by half a wait.
                latest = self._now - feed.delay - 1.7 * self._every
                listed = [story.word for story in feed.entries()]
                late = {word for word in listed if feed.published[word] < latest} - self._sent
                self._problems += [f"{type(feed).__name__}: a story not read in time" for _ in late]
                self._sent |= late
            feed.pass_time(now)
        self._now = now

    def take(self) -> tuple[list[Brought], list[str]]:
        """Return what new was sent, and what was wrong, since the last call."""
        taken = self._brought, self._problems
        self._brought, self._problems = [], []
        return taken

    async def _trap(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._problems.append(f"a connection to {writer.get_extra_info('sockname')[0]}")
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Everything ends the connection: a bad request, a reader that is gone, and the end.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            pairs = (line.partition(": ") for line in lines if line)
            headers = {name.lower(): text for name, _, text in pairs}
            host = headers["host"].partition(":")[0]
            self._open[host] += 1
            answering = asyncio.create_task(
                self._answer(host, Request(first.split(" ")[1], headers), writer)
            )
            # A reader that says more has gone, or pipelines, which none does any longer.
            leaving = asyncio.create_task(reader.read())
            try:
                await asyncio.wait(
                    (answering, leaving),
                    timeout=_LONGEST_ANSWER,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                self._open[host] -= 1
                leaving.cancel()
                answering.cancel()
                await asyncio.gather(answering, leaving, return_exceptions=True)
        writer.close()

    async def _answer(self, host: str, request: Request, writer: asyncio.StreamWriter) -> None:
        feed, manners = self._feeds[host], self._manners[host]
        problems = [*manners.judge(request, self._now)]
        if self._open[host] > 1:
            problems.append("during another one to the same host")
        self._problems += [f"{type(feed).__name__}: a request {problem}" for problem in problems]
        answer = feed.answer(request)
        manners.note(request, answer, self._now)
        await _send(answer, writer)
        if answer.stories:
            self._sent |= answer.stories.keys()
            served = Served(feed.number, time.monotonic(), self._now, answer.stories)
            if new := self.judge.note(served):
                self._brought.append(Brought(served.feed, served.at, new))


async def _send(answer: Answer, writer: asyncio.StreamWriter) -> None:
    if answer.ending == "silence":
        await asyncio.sleep(_LONGEST_ANSWER)
    is_chunked = "Transfer-Encoding" in answer.headers
    body = b"" if answer.status == 304 else answer.body
    headers = {**answer.headers, "Connection": "close"}
    if not is_chunked and answer.status != 304:
        headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {answer.status} OK", *(f"{name}: {text}" for name, text in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if answer.ending == "drip":
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
    elif is_chunked and body:
        for start in range(0, len(body), 700):
            piece = body[start : start + 700]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await asyncio.sleep(0.001)
        writer.write(b"0\r\n\r\n")
    else:
        writer.write(body[: len(body) // 2] if answer.ending == "cut" else body)
    await writer.drain()


def serve(pipe: Connection, count: int, seed: int, start: datetime, every: timedelta) -> None:
    """Serve *count* feeds until the other end of *pipe* is closed: the main of the process.

    Sends the port and the addresses. Then it goes on to each time that it is sent and answers with
    `Server.take`, as it answers None. It answers the URL of a database with the `Verdict` on it.
    """
    asyncio.run(_serve(pipe, Server(count, seed, start, every)))


async def _serve(pipe: Connection, server: Server) -> None:
    async with server.listening():
        pipe.send((server.port, server.urls))
        with suppress(EOFError, OSError):
            while True:
                match await asyncio.to_thread(pipe.recv):
                    case str(url):
                        pipe.send(await server.judge.judge_database(url))
                        continue
                    case datetime() as now:
                        server.pass_time(now)
                pipe.send(server.take())
