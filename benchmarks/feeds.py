"""Poll hostile feeds on loopback, and judge what comes of it: `make bench-feeds`.

The clock of the run goes on by ten days; at each of its steps everything that is due is polled.
Look-ups run during many of the polls. The server (`benchmarks.feed_server`) judges the requests;
this process notes every connection that it makes itself. At the end, the stories in the database
are compared with what the server sent.

    python -m benchmarks.feeds --feeds 500 --polls 100 --minutes 100
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import random
import selectors
import socket
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as wall
from ipaddress import IPv4Address, IPv6Address, ip_address
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, cast

from benchmarks import databases
from benchmarks.feed_judge import Verdict, kept
from benchmarks.feed_server import Brought, serve
from benchmarks.hostile_feeds import ALLOWED, TRAPS
from bot.feeds.addresses import Addresses, AllowList
from bot.feeds.fetching import Fetcher, Limits
from bot.feeds.poller import Poller
from bot.feeds.reading import FeedReader
from bot.observability.metrics import Metrics
from store import Store, open_store
from store.types import ChannelId, Found, News, Order, PostKind, Timetable
from tests.ids import T1, U1
from tests.machine import NOW

_LENGTH = timedelta(days=10)
"""Longer than the time after which a feed is asked for as a whole, whatever it says."""
_ANSWER_SECONDS = 1.0
"""How long a feed may take; 30 seconds outside of this benchmark, which has many that never end."""
_FINDABLE_SECONDS = 2.0
_LOOK_UP_EVERY = 0.05
_LOOKED_UP = 2_000
"""How many different words are looked up."""
_LOOK_UP_ROUNDS = 60
"""The most rounds with look-ups, during the polls and for some time after them."""
_QUIET_SECONDS = 1
_MAX_GROWTH = 1.15
"""Memory at the end, as a multiple of the maximum in the first fifth, when the caches fill."""
_MB_OF_A_STORY = 0.004
"""What memory may grow by for each story since then: its text, its index and what is noted here."""
_MAX_WORK = 0.01
"""Seconds by which polls may lengthen the p99 of what the event loop does during a look-up."""

_DIGEST_AT = wall(9)
_ORDER = Order(
    timetable=Timetable(at=_DIGEST_AT, weekdays=frozenset(range(7)), zone="UTC"),
    kind=PostKind.DIGEST,
    stories=5,
    news=News.NEW_OR_NOTHING,
)


@dataclass(slots=True)
class Times:
    """How long look-ups took, in seconds."""

    all: "array[float]" = field(default_factory=lambda: array("d"))
    work: "array[float]" = field(default_factory=lambda: array("d"))
    """The work of the event loop from the time at which the look-up was due to its answer.

    Other processes on the machine do not change it.
    """


class Selector(selectors.DefaultSelector):
    """Notes how much the event loop's thread had worked when each of its rounds began."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds = deque[tuple[float, float]](maxlen=10_000)
        self._is_noting = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, and note the time."""
        events = super().select(timeout)
        if self._is_noting:
            self._rounds.append((time.monotonic(), time.thread_time()))
        return events

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Note the rounds inside the block."""
        self._rounds.clear()
        self._rounds.append((time.monotonic(), time.thread_time()))
        self._is_noting = True
        try:
            yield
        finally:
            self._is_noting = False

    def work_since(self, at: float) -> float:
        """Return the seconds of work since the round began in which it was *at*, at least."""
        begun = (worked for began, worked in reversed(self._rounds) if began <= at)
        return time.thread_time() - next(begun, self._rounds[0][1])


class Polls(Metrics):
    """Counts the polls by how they went, and notes when each feed's last poll ended."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes = Counter[str]()
        self.ended: dict[str, float] = {}
        """By the name of the poll's task, on the monotonic clock."""

    def polled(self, outcome: str, seconds: float) -> None:
        """Count a poll."""
        self.outcomes[outcome] += 1
        if task := asyncio.current_task():
            self.ended[task.get_name()] = time.monotonic()
        super().polled(outcome, seconds)


class Run:
    """One run: the server, the feeds that are polled, and the look-ups."""

    def __init__(
        self,
        store: Store,
        poller: Poller,
        pipe: Connection,
        ended: Callable[[int], float],
        selector: Selector,
    ) -> None:
        """*ended* returns when the last poll of a feed ended, by its number."""
        self._selector = selector
        self._store, self._poller, self._pipe, self._ended = store, poller, pipe, ended
        # A thread of its own, because the polls use those that all share.
        self._asking = ThreadPoolExecutor(1)
        self.problems = Counter[str]()
        self._words = deque[str](maxlen=_LOOKED_UP)
        """The last words of stories that were sent."""
        self.sent = 0
        """How many there were."""
        self.delays = array("d")
        """Seconds from the answer of the server until each new story was found."""
        self.memory: list[tuple[float, int]] = []
        """The megabytes after each round, and how many stories had been sent."""
        self.quiet, self.busy = Times(), Times()

    async def pass_round(self, now: datetime, *, is_first: bool) -> None:
        """Go on to *now*, poll what is due, and wait until what is new is found.

        In the first round all feeds are new, and the child processes that read them start.
        """
        await self._ask(now)
        polling = asyncio.create_task(self._poller.run())
        missing: dict[str, Brought] = {}
        is_over = False
        while missing or not is_over:
            await asyncio.wait([polling], timeout=0.05)
            is_over = polling.done()
            for brought in await self._ask(None):
                self.sent += len(brought.words)
                self._words.extend(brought.words)
                if not is_first:
                    # One word of each answer: all its stories are loaded at once.
                    missing[brought.words[-1]] = brought
            for word, brought in list(missing.items()):
                found_at, ended = await self._found(word), self._ended(brought.feed)
                until = found_at or time.monotonic()
                # The poll that brought it may not have ended yet.
                late = until - ended if ended > brought.at else 0
                if found_at or (is_over and late > 2 * _FINDABLE_SECONDS):
                    is_late = found_at is None or late > _FINDABLE_SECONDS
                    self.problems["new, and not found in time"] += is_late
                    self.delays.append(until - brought.at)
                    del missing[word]
        await polling
        self.memory.append((memory(), self.sent))

    async def _ask(self, order: datetime | None) -> Sequence[Brought]:
        """Send an order to the server; return what new it has sent since the last order."""
        brought, complaints = await self._request(order)
        self.problems.update(complaints)
        return cast("Sequence[Brought]", brought)

    async def verdict(self, url: str) -> Verdict:
        """Return the server's verdict on what is in the database."""
        return cast("Verdict", await self._request(url))

    async def _request(self, order: object) -> Any:
        def ask() -> Any:
            self._pipe.send(order)
            return self._pipe.recv()

        return await asyncio.get_running_loop().run_in_executor(self._asking, ask)

    async def _found(self, word: str) -> float | None:
        corpus = self._store.corpus
        # A word that is not there would be looked up as one that is misspelled, again and again.
        if word not in corpus.finder.index.vocabulary:
            return None
        answer = await corpus.find(word)
        if not isinstance(answer, Found):
            return None
        texts = (f"{match.article.headline} {match.article.summary}" for match in answer.matches)
        return time.monotonic() if any(word in text.split() for text in texts) else None

    def judge_speed(self, rounds: int) -> Iterator[str]:
        """Print the times and the memory of *rounds*; yield what is wrong with them."""
        fifth = self.memory[: max(rounds // 5, 10)]
        before, (after, sent) = max(fifth)[0], self.memory[-1]
        print(f"| seconds until a story is found: median; p99 | {_spread(self.delays, 1)} |")
        for name, times in (("", self.quiet), (" during polls", self.busy)):
            print(f"| milliseconds of a look-up{name}: median; p99 | {_spread(times.all, 1000)} |")
            print(f"| of them, work in the event loop | {_spread(times.work, 1000)} |")
        print(f"| MB after a fifth of the run; at the end | {before:.0f}; {after:.0f} |")
        if after > before * _MAX_GROWTH + _MB_OF_A_STORY * (sent - fifth[-1][1]):
            yield "memory grew"
        if p99(self.busy.work) > p99(self.quiet.work) + _MAX_WORK:
            yield "look-ups wait for polls"

    async def look_up(self, times: Times) -> None:
        """Look words up until it is cancelled, and append how long that took to *times*.

        A look-up that begins late, because the event loop was busy, has taken longer.
        """
        chance = random.Random(0)
        words = [*self._words]
        with self._selector.noting():
            while True:
                due = time.monotonic() + _LOOK_UP_EVERY
                await asyncio.sleep(_LOOK_UP_EVERY)
                await self._store.corpus.find(chance.choice(words))
                times.all.append(time.monotonic() - due)
                times.work.append(self._selector.work_since(due))


@contextlib.asynccontextmanager
async def looking_up(run: Run, times: Times) -> AsyncIterator[None]:
    """Look words up all the time inside the block."""
    task = asyncio.create_task(run.look_up(times))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def memory() -> float:
    """Return the resident memory of this process in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def memory_with(url: str) -> float:
    """Return the memory of this process, a new one, with the stories of the database *url*."""

    async def open_and_measure() -> float:
        async with open_store(url):
            return memory()

    return asyncio.run(open_and_measure())


def names() -> Callable[[str, int], Awaitable[Sequence[IPv4Address | IPv6Address]]]:
    """Return the name server of the run: some names lead inward, some only now and then."""
    asked = Counter[str]()

    async def look_up(host: str, _: int) -> Sequence[IPv4Address | IPv6Address]:
        asked[host] += 1
        inward = [ip_address(trap) for trap in TRAPS]
        match host.partition(".")[2]:
            case "feeds.test":
                return [ip_address(ALLOWED)]
            case "rebinding.test":
                return inward if asked[host] % 2 == 0 else [ip_address(ALLOWED)]
            case "twofold.test":
                return [*inward, ip_address(ALLOWED)]
        return inward

    return look_up


@contextlib.contextmanager
def connections(found: Counter[str]) -> Iterator[None]:
    """Count the hosts that this process connects to inside the block, by address and port."""
    is_on = True

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if is_on and event == "socket.connect" and args[0].family != socket.AF_UNIX:
            found[f"{args[1][0]}:{args[1][1]}"] += 1

    # A hook cannot be removed.
    sys.addaudithook(audit)
    try:
        yield
    finally:
        is_on = False


@contextlib.contextmanager
def server(
    count: int, seed: int, every: timedelta
) -> Iterator[tuple[Connection, int, Sequence[str]]]:
    """Run the server; yield a pipe to it, its port and the addresses of the feeds."""
    ours, theirs = Pipe()
    process = get_context("spawn").Process(
        target=serve, args=(theirs, count, seed, NOW, every), daemon=True
    )
    process.start()
    theirs.close()
    port, urls = ours.recv()
    try:
        yield ours, port, urls
    finally:
        ours.close()
        process.join()


async def measure(
    feeds: int, polls: int, seed: int, minutes: float, url: str, selector: Selector
) -> int:
    """Make the run on an empty database and print the results; return how much is wrong.

    After *minutes*, the run is cut short.
    """
    began = time.monotonic()
    every = _LENGTH / polls
    now = NOW
    connected = Counter[str]()
    async with contextlib.AsyncExitStack() as stack:
        pipe, port, urls = stack.enter_context(server(feeds, seed, every))
        stack.enter_context(connections(connected))
        store = await stack.enter_async_context(open_store(url))
        fetcher = await stack.enter_async_context(
            Fetcher.open(
                Addresses(AllowList.parse(f"{ALLOWED}:{port}")),
                clock=lambda: now,
                limits=Limits(seconds=_ANSWER_SECONDS),
                look_up=names(),
            )
        )
        reader, metrics = FeedReader(), Polls()
        stack.callback(reader.close)
        poller = Poller(
            store, fetcher, reader, metrics, owner="bench", every=every, clock=lambda: now
        )
        ids = []
        for number, feed_url in enumerate(urls):
            feed = await store.sources.add(feed_url, now=now, keep_stories=kept(number))
            ids.append(feed.id)
        await store.schedules.set(
            team_id=T1, channel_id=ChannelId("C1"), owner_id=U1, order=_ORDER, now=now
        )
        run = Run(
            store,
            poller,
            pipe,
            lambda number: metrics.ended[f"poll {ids[number]}"],
            selector,
        )
        # More than half a wait: what is polled in a round is due again two rounds later.
        rounds = 2 * polls
        digest_at = datetime.combine(NOW, _DIGEST_AT, UTC)
        for number in range(rounds):
            if time.monotonic() - began > minutes * 60:
                rounds = number
                break
            now += 0.56 * every
            while digest_at <= now:
                await store.planning.plan_due(digest_at)
                digest_at += timedelta(days=1)
            if not number:
                await run.pass_round(now, is_first=True)
                gc.collect()
                gc.freeze()  # as the bot does when it begins to serve
                continue
            if number % max(rounds // _LOOK_UP_ROUNDS, 1):
                await run.pass_round(now, is_first=False)
            else:
                async with looking_up(run, run.busy):
                    await run.pass_round(now, is_first=False)
                # In turn, so that other load on the machine affects both.
                async with looking_up(run, run.quiet):
                    await asyncio.sleep(_QUIET_SECONDS)
            if number % 20 == 19:
                print(f"{number + 1} of {rounds} rounds", file=sys.stderr, flush=True)
        verdict = await run.verdict(url)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        fresh = await asyncio.wrap_future(pool.submit(memory_with, url))
    problems = run.problems + verdict.problems
    elsewhere = {address for address in connected if address != f"{ALLOWED}:{port}"}
    problems.update({f"a connection to {address}": connected[address] for address in elsewhere})
    print(f"| {feeds} feeds, {polls} polls of each | |")
    print("|---|---:|")
    outcomes = ", ".join(f"{count:,} {name}" for name, count in metrics.outcomes.most_common())
    print(f"| polls in {rounds} rounds: {outcomes} | {metrics.outcomes.total():,} |")
    print(f"| connections; stories sent | {connected.total():,}; {run.sent:,} |")
    print(f"| stories in the database | {verdict.stories:,} |")
    print(f"| digests of what is new; stories in them | {verdict.digests}; {verdict.posted} |")
    print(f"| MB of a new process with the same stories | {fresh:.0f} |")
    problems.update(run.judge_speed(rounds))
    for problem, count in sorted(problems.items()):
        print(f"| {problem} | {count:,} |")
    print(f"| **all that is wrong** | **{problems.total():,}** |")
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return problems.total()


def p99(values: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(values)[len(values) * 99 // 100]


def _spread(values: Sequence[float], unit: float) -> str:
    return f"{median(values) * unit:.2f}; {p99(values) * unit:.2f}"


async def _on(asked: argparse.Namespace, selector: Selector) -> int:
    async with databases.database(asked.database) as url:
        return await measure(asked.feeds, asked.polls, asked.seed, asked.minutes, url, selector)


def main() -> int:
    """Run the benchmark; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=50)
    parser.add_argument("--polls", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600, help="when to cut the run short")
    parser.add_argument("--database", choices=databases.KINDS, default="sqlite")
    asked = parser.parse_args()
    # Most feeds fail on purpose.
    logging.getLogger("bot.feeds").setLevel(logging.ERROR)
    selector = Selector()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        return int(runner.run(_on(asked, selector)) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
