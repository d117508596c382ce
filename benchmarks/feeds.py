"""Poll hostile feeds on loopback, and judge what comes of it: `make bench-feeds`.

The clock of the run goes on by ten days; at each of its steps everything that is due is polled.
Look-ups run all the time. The server (`benchmarks.feed_server`) judges the requests; this process
notes every connection that it makes itself. At the end, the stories in the database are compared
with what the server sent.

    python -m benchmarks.feeds --feeds 500 --polls 100 --minutes 100
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as wall
from ipaddress import IPv4Address, IPv6Address, ip_address
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import databases
from benchmarks.feed_server import Served, serve
from benchmarks.hostile_feeds import ALLOWED, TRAPS
from bot.feeds.addresses import Addresses, AllowList
from bot.feeds.fetching import Fetcher, Limits
from bot.feeds.poller import Poller
from bot.feeds.reading import FeedReader
from bot.observability.metrics import Metrics
from store import Store, open_store
from store.db import open_database, to_instant
from store.types import ChannelId, Found, News, Order, PostKind, Timetable
from tests.ids import T1, U1
from tests.machine import NOW

_LENGTH = timedelta(days=10)
"""Longer than the time after which a feed is asked for as a whole, whatever it says."""
_ANSWER_SECONDS = 3.0
"""How long a feed may take; 30 seconds outside of this benchmark, which has many that never end."""
_FINDABLE_SECONDS = 2.0
_KEEP_STORIES = 15
"""How many stories of every third feed are kept: more than a feed lists."""
_LOOK_UP_EVERY = 0.05
_QUIET_SECONDS = 1
_QUIET_ROUNDS = 60
"""The most rounds after which the look-ups go on without polls."""
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
_LOAD = timedelta(minutes=15)
_DIGESTS = """
SELECT p.due_at, a.summary FROM post p JOIN post_story s ON s.post_key = p.key JOIN (
    SELECT id, summary FROM loaded_article UNION SELECT id, summary FROM retired_article
) a ON a.id = s.article_id
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A story in the database."""

    text: str
    first_seen_at: datetime
    published_at: datetime | None


class Judge:
    """Compares what the server sent with what was found and stored."""

    def __init__(self, kept: Callable[[int], int | None]) -> None:
        """*kept* returns how many stories of a feed are kept, by its number; None for all."""
        self._kept = kept
        self.first: dict[str, Served] = {}
        """The answer that first brought each word."""
        self._last: dict[int, Served] = {}
        """The last answer of each feed."""
        self._marks: dict[str, str] = {}
        self.problems = Counter[str]()

    def note(self, served: Served) -> Sequence[str]:
        """Note an answer; return the words that no answer brought before."""
        words = [word for pair in served.stories.items() for word in pair if word]
        new = [word for word in words if word not in self.first]
        self.first.update(dict.fromkeys(new, served))
        self._last[served.feed] = served
        self._marks |= served.stories
        return new

    def note_found(self, seconds: float | None) -> None:
        """Note how long after its poll a word was found; None if no look-up found it."""
        if seconds is None or seconds > _FINDABLE_SECONDS:
            self.problems["new, and not found in time"] += 1

    def judge(self, stories: Sequence[Stored]) -> None:
        """Compare all stories in the database with what was sent."""
        by_word: dict[str, list[Stored]] = {word: [] for word in self._marks}
        counts = Counter[int]()
        for story in stories:
            for word in by_word.keys() & set(story.text.split()):
                by_word[word].append(story)
        for word, found in by_word.items():
            first = self.first[word]
            is_listed = word in self._last[first.feed].stories
            must_be_there = is_listed or self._kept(first.feed) is None
            counts[first.feed] += len(found)
            self.problems["lost"] += must_be_there and not found
            self.problems["there twice"] += len(found) > 1
            for story in found:
                self.problems["old, and thought to be new"] += story.first_seen_at > first.now
                is_late = (story.published_at or story.first_seen_at) > story.first_seen_at
                self.problems["dated after it was there"] += is_late
                mark = self._marks[word]
                self.problems["without its last edit"] += bool(mark) and mark not in story.text
        for feed, count in counts.items():
            self.problems["more than are kept"] += count > (self._kept(feed) or count)

    def judge_digests(self, digests: Mapping[datetime, Sequence[str]]) -> None:
        """Judge digests of what is new: the texts of their stories, by the time of each digest."""
        posted: set[str] = set()
        # A story may be loaded while the last digest is chosen.
        since: datetime | None = None
        for at, texts in sorted(digests.items()):
            words = {word for text in texts for word in text.split()} & self._marks.keys()
            self.problems["posted twice"] += len(words & posted)
            old = [word for word in words if since and self.first[word].now < since]
            self.problems["posted as new after an earlier digest could have it"] += len(old)
            posted |= words
            since = at - _LOAD


@dataclass(slots=True)
class Times:
    """How long look-ups took, in seconds."""

    all: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    """The work of the event loop from the time at which the look-up was due to its answer.

    Other processes on the machine do not change it.
    """


class Selector(selectors.DefaultSelector):
    """Notes how much the event loop's thread had worked when each of its rounds began."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds = deque[tuple[float, float]](maxlen=10_000)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, and note the time."""
        events = super().select(timeout)
        self._rounds.append((time.monotonic(), time.thread_time()))
        return events

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
        judge: Judge,
        ended: Callable[[int], float],
        selector: Selector,
    ) -> None:
        """*ended* returns when the last poll of a feed ended, by its number."""
        self._selector = selector
        self._store, self._poller, self._pipe, self._ended = store, poller, pipe, ended
        # A thread of its own, because the polls use those that all share.
        self._asking = ThreadPoolExecutor(1)
        self.judge = judge
        self.complaints = Counter[str]()
        self.delays: list[float] = []
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
        missing: dict[str, Served] = {}
        is_over = False
        while missing or not is_over:
            await asyncio.wait([polling], timeout=0.05)
            is_over = polling.done()
            for served in await self._ask(None):
                # One word of each answer: all its stories are loaded at once.
                new = self.judge.note(served)[-1:]
                missing |= {} if is_first else dict.fromkeys(new, served)
            for word, served in list(missing.items()):
                found_at, ended = await self._found(word), self._ended(served.feed)
                until = found_at or time.monotonic()
                # The poll that brought it may not have ended yet.
                late = until - ended if ended > served.at else 0
                if found_at or (is_over and late > 2 * _FINDABLE_SECONDS):
                    self.judge.note_found(late if found_at else None)
                    self.delays.append(until - served.at)
                    del missing[word]
        await polling
        self.memory.append((memory(), len(self.judge.first)))

    async def _ask(self, order: datetime | None) -> Sequence[Served]:
        """Send an order to the server; return what it has sent since the last order."""

        def ask() -> tuple[Sequence[Served], Sequence[str]]:
            self._pipe.send(order)
            answer: tuple[Sequence[Served], Sequence[str]] = self._pipe.recv()
            return answer

        served, complaints = await asyncio.get_running_loop().run_in_executor(self._asking, ask)
        self.complaints.update(complaints)
        return served

    async def _found(self, word: str) -> float | None:
        answer = await self._store.corpus.find(word)
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
        words = [*self.judge.first]
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
            feed = await store.sources.add(feed_url, now=now, keep_stories=_kept(number))
            ids.append(feed.id)
        await store.schedules.set(
            team_id=T1, channel_id=ChannelId("C1"), owner_id=U1, order=_ORDER, now=now
        )
        run = Run(
            store,
            poller,
            pipe,
            Judge(_kept),
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
                continue
            async with looking_up(run, run.busy):
                await run.pass_round(now, is_first=False)
            # In turn, so that other load on the machine affects both.
            if number % max(rounds // _QUIET_ROUNDS, 1) == 0:
                async with looking_up(run, run.quiet):
                    await asyncio.sleep(_QUIET_SECONDS)
            if number % 20 == 19:
                print(f"{number + 1} of {rounds} rounds", file=sys.stderr, flush=True)
        stored, digests = await _stored(url), await _digests(url)
        run.judge.judge(stored)
        run.judge.judge_digests(digests)
    problems = run.complaints + run.judge.problems
    elsewhere = {address for address in connected if address != f"{ALLOWED}:{port}"}
    problems.update({f"a connection to {address}": connected[address] for address in elsewhere})
    print(f"| {feeds} feeds, {polls} polls of each | |")
    print("|---|---:|")
    outcomes = ", ".join(f"{count:,} {name}" for name, count in metrics.outcomes.most_common())
    print(f"| polls in {rounds} rounds: {outcomes} | {metrics.outcomes.total():,} |")
    print(f"| connections; stories sent | {connected.total():,}; {len(run.judge.first):,} |")
    print(f"| stories in the database | {len(stored):,} |")
    posted = sum(map(len, digests.values()))
    print(f"| digests of what is new; stories in them | {len(digests)}; {posted} |")
    problems.update(run.judge_speed(rounds))
    for problem, count in sorted(problems.items()):
        print(f"| {problem} | {count:,} |")
    print(f"| **all that is wrong** | **{problems.total():,}** |")
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return problems.total()


def _kept(number: int) -> int | None:
    return _KEEP_STORIES if number % 3 == 0 else None


def p99(values: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(values)[len(values) * 99 // 100]


def _spread(values: Sequence[float], unit: float) -> str:
    return f"{median(values) * unit:.2f}; {p99(values) * unit:.2f}"


async def _stored(url: str) -> Sequence[Stored]:
    async with open_database(url, is_looking=True) as database:
        rows = await database.fetch("SELECT * FROM loaded_article")
    return [
        Stored(
            text=f"{row['headline']} {row['summary']}",
            first_seen_at=to_instant(row["first_seen_at"]),
            published_at=to_instant(row["published_at"]) if row["published_at"] else None,
        )
        for row in rows
    ]


async def _digests(url: str) -> Mapping[datetime, Sequence[str]]:
    async with open_database(url, is_looking=True) as database:
        rows = await database.fetch(_DIGESTS)
    texts: dict[datetime, list[str]] = {}
    for row in rows:
        texts.setdefault(to_instant(row["due_at"]), []).append(row["summary"])
    return texts


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
