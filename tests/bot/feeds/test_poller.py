"""Polling: from a publisher on loopback into a corpus, on both engines."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.feeds import backoff
from bot.feeds.addresses import Addresses, AllowList
from bot.feeds.fetching import Fetcher, Limits
from bot.feeds.poller import Poller
from bot.feeds.reading import FeedReader
from bot.observability.metrics import Metrics
from bot.ticker import Ticker
from store import Store
from store.db import DatabaseUnavailableError
from store.types import Article, FeedSource, Found
from tests.conftest import StoppedClock
from tests.publisher import Names, Publisher, Request, Write, answer, rss

EVERY = timedelta(minutes=30)


class Bench:
    """A poller with its publisher, store and clock."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        publisher: Publisher,
        clock: StoppedClock,
        reader: FeedReader,
    ) -> None:
        self.store = store
        self.fetcher = fetcher
        self.publisher = publisher
        self.clock = clock
        self.reader = reader
        self.metrics = Metrics()
        self.poller = self.another()

    def another(self, owner: str = "here:1") -> Poller:
        return Poller(
            self.store,
            self.fetcher,
            self.reader,
            self.metrics,
            owner=owner,
            every=EVERY,
            clock=self.clock,
        )

    async def add(self, path: str, host: str = "feeds.test") -> FeedSource:
        feed = await self.store.sources.add(self.publisher.url(path, host), now=self.clock())
        # The port is part of its id, and the id decides when its weekly full poll is.
        while backoff.is_full_poll(feed.id, self.clock(), self.clock() + timedelta(days=1)):
            self.clock.forward(days=1)
        return feed

    async def get(self, feed: FeedSource) -> FeedSource:
        found = await self.store.sources.get(feed.id)
        assert found
        return found

    async def poll(self, feed: FeedSource, *, later: timedelta | None = None) -> FeedSource:
        """Move the clock to the next poll of *feed*, or by *later*, and poll; return the feed."""
        due = (await self.get(feed)).next_poll_at
        self.clock.now = self.clock() + later if later else max(due, self.clock())
        await self.poller.run()
        return await self.get(feed)

    async def outcomes(self) -> dict[str, float]:
        page = (await self.metrics.page(self.store, self.clock())).decode()
        lines = [one for one in page.splitlines() if one.startswith("parley_feed_polls_total{")]
        return {one.split('"')[1]: float(one.rpartition(" ")[2]) for one in lines}


@pytest.fixture
def bench(
    store: Store, fetcher: Fetcher, publisher: Publisher, clock: StoppedClock, reader: FeedReader
) -> Bench:
    return Bench(store, fetcher, publisher, clock, reader)


async def found(store: Store, words: str) -> Article | None:
    answer = await store.corpus.find(words)
    return answer.matches[0].article if isinstance(answer, Found) else None


async def headline(store: Store, words: str) -> str | None:
    article = await found(store, words)
    return article.headline if article else None


async def test_the_stories_of_a_feed_are_found_and_an_unchanged_feed_costs_little(
    bench: Bench,
) -> None:
    publisher = bench.publisher
    publisher.answers["/feed"] = answer(rss("Ferries strike"), 'ETag: W/"1"', "Last-Modified: x")
    feed = await bench.poll(await bench.add("/feed"))
    assert await headline(bench.store, "ferries strike") == "Ferries strike"
    assert (feed.title, feed.etag, feed.last_modified) == ("Harbour News", 'W/"1"', "x")
    assert feed.last_success_at == bench.clock()
    assert EVERY <= feed.next_poll_at - bench.clock() <= EVERY * 1.1

    publisher.answers["/feed"] = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    await bench.poller.run()
    assert len(publisher.requests) == 1, "it was not due"
    feed = await bench.poll(feed)
    assert publisher.requests[1].headers["if-none-match"] == 'W/"1"'
    assert feed.last_success_at == bench.clock()
    assert feed.etag == 'W/"1"'

    publisher.answers["/feed"] = answer(rss("Bridge opens", "Ferries strike"), "ETag: 2")
    await bench.poll(feed)
    assert await headline(bench.store, "bridge opens") == "Bridge opens"
    assert await bench.outcomes() == {"changed": 2, "not modified": 1}


async def test_the_same_bytes_with_another_etag_are_no_change_and_are_not_parsed_again(
    store: Store,
    fetcher: Fetcher,
    publisher: Publisher,
    clock: StoppedClock,
    own_reader: FeedReader,
) -> None:
    bench = Bench(store, fetcher, publisher, clock, own_reader)
    feed = await bench.add("/feed")
    for number in range(3):
        publisher.answers["/feed"] = answer(rss("Ferries strike"), f"ETag: {number}")
        feed = await bench.poll(feed)
        assert feed.etag == str(number)
        # It cannot parse anything from now on.
        own_reader.close()
    assert feed.failures == 0
    assert feed.title == "Harbour News"
    assert await bench.outcomes() == {"changed": 1, "unchanged": 2}


async def test_the_same_bytes_are_loaded_again_if_their_stories_were_undone_or_retired(
    bench: Bench,
) -> None:
    publisher, sources = bench.publisher, bench.store.sources
    publisher.answers["/feed"] = answer(rss("Ferries strike"))
    feed = await bench.poll(await bench.add("/feed"))
    both = answer(rss("Bridge opens", "Ferries strike"))
    publisher.answers["/feed"] = both
    await bench.poll(feed)

    latest = (await bench.store.loads.history(1, source=feed.id))[0]
    await bench.store.loads.undo(by="U1", at=bench.clock(), number=latest.number - 1)
    assert not await headline(bench.store, "bridge opens")
    await sources.resume(feed.id, now=bench.clock())
    await bench.poll(feed)
    assert await headline(bench.store, "bridge opens")

    await sources.keep(feed.id, days=None, stories=0)
    await bench.poll(feed)
    assert not await headline(bench.store, "bridge opens")
    await sources.keep(feed.id, days=None, stories=None)
    await bench.poll(feed)
    assert await headline(bench.store, "bridge opens")


async def test_a_server_that_answers_304_for_ever_is_asked_in_full_within_a_week(
    bench: Bench,
) -> None:
    """Such as one that computes no ETag and compares it with nothing."""
    told = rss("Ferries strike")

    async def lie(request: Request, write: Write) -> None:
        is_conditional = "if-none-match" in request.headers
        await write(b"HTTP/1.1 304 x\r\n\r\n" if is_conditional else answer(told, "ETag: 1"))

    bench.publisher.answers["/feed"] = lie
    feed = await bench.poll(await bench.add("/feed"))
    told = rss("Bridge opens")
    for _ in range(8):
        feed = await bench.poll(feed, later=timedelta(days=1))
    assert await headline(bench.store, "bridge opens") == "Bridge opens"
    unconditional = [one for one in bench.publisher.requests if "if-none-match" not in one.headers]
    assert 2 <= len(unconditional) <= 3


async def test_failures_are_noted_and_polled_less_and_less(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"))
    feed = await bench.poll(await bench.add("/feed"))
    caplog.clear()
    bench.publisher.answers["/feed"] = answer(status="500 Internal Server Error")
    waits = []
    for number in range(1, 9):
        feed = await bench.poll(feed)
        assert feed.failures == number
        waits.append((feed.next_poll_at - bench.clock()) / EVERY)
    for wait, expected in zip(waits, (1, 2, 4, 8, 16, 32, 48, 48), strict=True):
        assert expected <= wait <= expected * 1.1
    assert feed.last_problem == "feeds.test answers 500 Internal Server Error."
    assert await headline(bench.store, "ferries strike") == "Ferries strike"
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1

    bench.publisher.answers["/feed"] = answer(rss("Bridge opens"))
    feed = await bench.poll(feed)
    assert (feed.failures, feed.last_problem) == (0, None)
    assert await bench.outcomes() == {"changed": 2, "failed": 8}


async def test_a_server_says_when_it_is_polled_again(bench: Bench) -> None:
    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"), "Cache-Control: max-age=7200")
    feed = await bench.poll(await bench.add("/feed"))
    assert timedelta(hours=2) <= feed.next_poll_at - bench.clock() <= timedelta(hours=2.2)
    for status in ("429 Too Many Requests", "503 Service Unavailable"):
        bench.publisher.answers["/feed"] = answer(b"", "Retry-After: 86400", status=status)
        feed = await bench.poll(feed)
        assert timedelta(days=1) <= feed.next_poll_at - bench.clock() <= timedelta(days=1.1)


async def test_an_address_moves_once_it_leads_to_a_feed(bench: Bench) -> None:
    publisher = bench.publisher
    publisher.answers["/old"] = answer(b"", "Location: /new", status="301 Moved")
    publisher.answers["/new"] = answer(b"<html>Under construction</html>")
    feed = await bench.poll(await bench.add("/old"))
    assert feed.url == publisher.url("/old")
    publisher.answers["/new"] = answer(rss("Ferries strike"))
    feed = await bench.poll(feed)
    assert feed.url == publisher.url("/new")
    assert feed.id == (await bench.store.sources.all())[0].id
    publisher.requests.clear()
    await bench.poll(feed)
    assert publisher.paths == ["/new"]


async def test_an_address_moves_also_if_nothing_is_new_there(bench: Bench) -> None:
    publisher = bench.publisher
    publisher.answers["/old"] = answer(rss("Ferries strike"), 'ETag: "1"')
    feed = await bench.poll(await bench.add("/old"))
    publisher.answers["/old"] = answer(b"", "Location: /new", status="301 Moved")
    publisher.answers["/new"] = answer(status="304 Not Modified")
    feed = await bench.poll(feed)
    assert (feed.url, feed.last_problem) == (publisher.url("/new"), None)


async def test_a_feed_that_is_gone_is_polled_no_more(bench: Bench) -> None:
    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"))
    feed = await bench.poll(await bench.add("/feed"))
    bench.publisher.answers["/feed"] = answer(status="410 Gone")
    feed = await bench.poll(feed)
    assert feed.paused_at == bench.clock()
    assert feed.last_problem == "feeds.test says that the feed is gone for good (410)."
    await bench.poll(feed, later=timedelta(days=30))
    assert len(bench.publisher.requests) == 2
    assert await headline(bench.store, "ferries strike") == "Ferries strike"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html><head><title>x</title></head></html>", "feeds.test is a web page"),
        (
            b"<html><link rel=feed href=http://a.example/feed>",
            "feeds.test is a web page: an RSS, Atom or JSON feed was expected; it names the feed"
            " http://a.example/feed.",
        ),
        (b"", "feeds.test is empty"),
        (b"{}", "feeds.test is no JSON Feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "feeds.test "),
    ],
)
async def test_what_is_no_feed_is_a_failure(bench: Bench, body: bytes, problem: str) -> None:
    bench.publisher.answers["/feed"] = answer(body)
    feed = await bench.poll(await bench.add("/feed"))
    assert (feed.last_problem or "").startswith(problem)
    assert (feed.last_problem or "").endswith(".")


async def test_a_feed_that_fails_blocks_no_other(
    store: Store, publisher: Publisher, names: Names, clock: StoppedClock, reader: FeedReader
) -> None:
    """Nor do more feeds than are polled at once, whose servers never finish."""
    released = asyncio.Event()

    async def hang(_: Request, write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\n")
        await released.wait()

    async with Fetcher.open(
        Addresses(AllowList.parse(f"*.test:{publisher.port}")),
        clock=clock,
        look_up=names.look_up,
        limits=Limits(seconds=0.2),
    ) as fetcher:
        bench = Bench(store, fetcher, publisher, clock, reader)
        for number in range(6):
            names.add(f"slow{number}.test", "127.0.0.1")
            publisher.answers[f"/{number}"] = hang
            await bench.add(f"/{number}", f"slow{number}.test")
        publisher.answers["/bomb"] = answer(b"<!DOCTYPE a [" + b"<!ENTITY a 'a'>" * 9_000)
        await bench.add("/bomb")
        publisher.answers["/feed"] = answer(rss("Ferries strike"))
        await bench.add("/feed", "other.test")
        await bench.poller.run()
    released.set()
    assert await headline(store, "ferries strike") == "Ferries strike"
    feeds = await store.sources.all()
    assert len([one for one in feeds if one.failures == 1]) == 7
    assert await bench.outcomes() == {"changed": 1, "failed": 7}


async def test_polls_do_not_hold_up_other_jobs_and_end_at_once_at_shutdown(bench: Bench) -> None:
    arrived, released = asyncio.Event(), asyncio.Event()

    async def hang(_: Request, write: Write) -> None:
        arrived.set()
        await released.wait()

    ticks = asyncio.Queue[None]()

    async def other() -> None:
        await ticks.put(None)

    bench.publisher.answers["/feed"] = hang
    feed = await bench.add("/feed")
    ticker = Ticker([bench.poller.run, other])
    running = asyncio.create_task(ticker.run())
    await arrived.wait()
    await ticks.get()
    await ticks.get()
    bench.poller.stop()
    ticker.stop()
    await running
    released.set()
    # It is claimed until the claim expires, and then polled again.
    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"))
    bench.poller = bench.another("here:2")
    await bench.poller.run()
    assert (await bench.get(feed)).last_success_at is None
    feed = await bench.poll(feed, later=timedelta(minutes=10))
    assert feed.last_success_at == bench.clock()
    assert await bench.outcomes() == {"changed": 1, "interrupted": 1}


async def test_of_several_processes_one_polls(bench: Bench) -> None:
    for number in range(8):
        bench.publisher.answers[f"/{number}"] = answer(rss(f"Story number {number}"))
        await bench.add(f"/{number}", "feeds.test" if number % 2 else "other.test")
    await asyncio.gather(*(bench.another(f"here:{one}").run() for one in range(3)))
    assert sorted(bench.publisher.paths) == [f"/{number}" for number in range(8)]
    assert set(bench.publisher.most_at_once.values()) == {1}


async def test_a_feed_that_is_paused_while_it_is_polled_brings_nothing(bench: Bench) -> None:
    async def pause(_: Request, write: Write) -> None:
        await bench.store.sources.pause(feed.id, now=bench.clock())
        await write(answer(rss("Ferries strike")))

    bench.publisher.answers["/feed"] = pause
    feed = await bench.add("/feed")
    feed = await bench.poll(feed)
    assert await headline(bench.store, "ferries strike") is None
    assert (feed.failures, feed.last_success_at) == (0, None)
    assert await bench.outcomes() == {"interrupted": 1}


async def test_a_database_that_fails_during_a_poll_is_no_fault_of_the_feed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> bool:
        raise DatabaseUnavailableError("gone")

    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"))
    feed = await bench.add("/feed")
    with monkeypatch.context() as patched:
        patched.setattr(bench.store.sources, "note_success", fail)
        patched.setattr(bench.store.sources, "note_failure", fail)
        await bench.poller.run()
    assert not [one for one in caplog.records if one.levelno > logging.INFO]
    feed = await bench.poll(feed, later=timedelta(minutes=10))
    assert (feed.failures, feed.last_success_at) == (0, bench.clock())
    assert await bench.outcomes() == {"interrupted": 1, "unchanged": 1}


async def test_polls_go_on_when_nothing_more_can_be_claimed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_due = bench.store.sources.claim_due

    async def fail_later(*args: Any, **options: Any) -> Sequence[FeedSource]:
        monkeypatch.setattr(bench.store.sources, "claim_due", fail)
        return await claim_due(*args, **options)

    async def fail(*_: object, **__: object) -> Sequence[FeedSource]:
        raise DatabaseUnavailableError("gone")

    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"))
    feed = await bench.add("/feed")
    monkeypatch.setattr(bench.store.sources, "claim_due", fail_later)
    with pytest.raises(DatabaseUnavailableError):
        await bench.poller.run()
    assert (await bench.get(feed)).last_success_at == bench.clock()


async def test_a_bug_is_logged_and_counts_as_a_failure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.store.feed_loads, "load", fail)
    bench.publisher.answers["/feed"] = answer(rss("Ferries strike"))
    feed = await bench.poll(await bench.add("/feed"))
    assert feed.last_problem == "It could not be polled: the log says more."
    assert "ZeroDivisionError" in caplog.text
