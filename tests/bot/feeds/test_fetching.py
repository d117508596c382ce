"""Fetching from a publisher that behaves, and from one that does not."""

import asyncio
import gzip
import ssl
import zlib
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import connector
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.feeds.addresses import Addresses, AllowList
from bot.feeds.fetching import Failed, Fetched, Fetcher, Gone, Limits, NotModified
from store.version import VERSION
from tests.conftest import StoppedClock
from tests.forward_proxy import forward_proxy, tls_front
from tests.publisher import Names, Publisher, Request, Write, answer

FEED = b"<rss><channel><item><title>A</title></item></channel></rss>"


async def failed(fetcher: Fetcher, url: str, **validators: str) -> Failed:
    outcome = await fetcher.fetch(url, **validators)
    assert isinstance(outcome, Failed), outcome
    assert outcome.problem.endswith(".")
    return outcome


async def fetched(fetcher: Fetcher, url: str, **validators: str) -> Fetched:
    outcome = await fetcher.fetch(url, **validators)
    assert isinstance(outcome, Fetched), outcome
    return outcome


async def test_a_feed_is_fetched_by_a_program_that_says_who_it_is(
    fetcher: Fetcher, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = answer(FEED, "Content-Type: application/rss+xml")
    outcome = await fetched(fetcher, publisher.url("/feed#newest"))
    assert outcome.data == FEED
    assert (outcome.etag, outcome.last_modified, outcome.permanent_url) == (None, None, None)
    (request,) = publisher.requests
    assert request.path == "/feed"
    agent = request.headers["user-agent"]
    assert agent == f"Parley/{VERSION} (feed reader; https://ops.example/parley)"
    assert "if-none-match" not in request.headers
    assert "cookie" not in request.headers


@pytest.mark.parametrize(
    "etag",
    ['"abc"', 'W/"abc"', "abc", "'x'", '""', '"a,b", W/"c"', '"a\\"b"', '"gr\u00fc\u00df"'],
)  # fmt: skip
async def test_validators_are_sent_back_byte_for_byte(
    fetcher: Fetcher, publisher: Publisher, etag: str
) -> None:
    modified = "Thu, 30 Feb 2026 25:61:00 +0000 (whenever)"
    publisher.answers["/feed"] = answer(FEED, f"ETag: {etag}", f"Last-Modified: {modified}")
    first = await fetched(fetcher, publisher.url("/feed"))
    assert (first.etag, first.last_modified) == (etag, modified)
    publisher.answers["/feed"] = b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n"
    assert await fetcher.fetch(
        publisher.url("/feed"), etag=first.etag, last_modified=first.last_modified
    ) == NotModified(fresh_for=timedelta(seconds=60))
    sent = publisher.requests[1].headers
    assert sent["if-none-match"] == etag.encode().decode("latin-1")
    assert sent["if-modified-since"] == modified


@pytest.mark.parametrize("etag", ["*", "", " ", "0" * 1_001, "a\udcffb", "a\tb", "\u200b"])
async def test_an_etag_that_cannot_be_sent_back_is_not_stored(
    fetcher: Fetcher, publisher: Publisher, etag: str
) -> None:
    publisher.answers["/feed"] = answer(FEED, f"ETag: {etag}", "Last-Modified: today")
    outcome = await fetched(fetcher, publisher.url("/feed"))
    assert (outcome.etag, outcome.last_modified) == (None, "today")


async def test_304_to_an_unconditional_request_is_a_failure(
    fetcher: Fetcher, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    problem = "feeds.test answers 304 Not Modified, although it was asked for the whole feed."
    assert (await failed(fetcher, publisher.url("/feed"))).problem == problem


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Cache-Control: max-age=600"], 600),
        (["Cache-Control: public, MAX-AGE = \"600\""], 600),
        (["Cache-Control: max-age=600", "Age: 500"], 100),
        (["Cache-Control: max-age=600", "Age: 5000"], 0),
        (["Cache-Control: max-age=600", "Age: old"], 600),
        (["Cache-Control: no-cache, max-age=600"], 0),
        (["Cache-Control: no-store"], 0),
        (["Cache-Control: max-age=" + "9" * 5_000], 999_999_999),
        (["Cache-Control: public", "Cache-Control: max-age=600"], 600),
        (["Cache-Control: s-maxage=600"], None),
        (["Cache-Control: max-age=-1"], None),
        (["Cache-Control: max-age=soon"], None),
        ([], None),
    ],
)  # fmt: skip
async def test_for_how_long_an_answer_is_fresh(
    fetcher: Fetcher, publisher: Publisher, headers: list[str], seconds: int | None
) -> None:
    publisher.answers["/feed"] = answer(FEED, *headers)
    fresh_for = (await fetched(fetcher, publisher.url("/feed"))).fresh_for
    assert fresh_for == (None if seconds is None else timedelta(seconds=seconds))


async def test_retry_after_is_understood(
    fetcher: Fetcher, publisher: Publisher, clock: StoppedClock
) -> None:
    later, earlier = clock() + timedelta(hours=3), clock() - timedelta(days=3)
    for text, expected in {
        "120": timedelta(seconds=120),
        "0": timedelta(),
        format_datetime(later, usegmt=True): timedelta(hours=3),
        format_datetime(earlier, usegmt=True): timedelta(),
        later.strftime("%A, %d-%b-%y %H:%M:%S GMT"): timedelta(hours=3),
        later.strftime("%a, %d %b %Y %H:%M:%S"): timedelta(hours=3),
        "9" * 5_000: timedelta(days=7),
        "691200": timedelta(days=7),
        "soon": None,
        "-5": None,
        "Fri, 99 Foo 99999 99:99:99 GMT": None,
        "": None,
    }.items():
        publisher.answers["/feed"] = answer(b"", f"Retry-After: {text}", status="502 Bad Gateway")
        outcome = await failed(fetcher, publisher.url("/feed"))
        assert outcome.retry_after == expected, text
        assert outcome.problem == "feeds.test answers 502 Bad Gateway."


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_host_that_asks_for_a_pause_is_left_alone(
    fetcher: Fetcher, publisher: Publisher, clock: StoppedClock, status: str
) -> None:
    """All its feeds are: there may be fifty of them."""
    publisher.answers["/1"] = answer(b"", "Retry-After: 3600", status=status)
    publisher.answers["/2"] = answer(FEED)
    publisher.answers["/0"] = redirect(302, publisher.url("/2"))
    await failed(fetcher, publisher.url("/1"))
    clock.forward(minutes=10)
    outcome = await failed(fetcher, publisher.url("/2"))
    assert outcome.problem == "feeds.test has asked for a pause."
    assert outcome.retry_after == timedelta(minutes=50)
    await failed(fetcher, publisher.url("/0", "other.test"))
    assert publisher.paths == ["/1", "/0"]
    clock.forward(minutes=50)
    await fetched(fetcher, publisher.url("/2"))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("403 Forbidden", "it wants a sign-in, or refuses programs"),
        ("404 Not Found", "check its address"),
        ("204 No Content", "204 No Content"),
        ("206 Partial Content", "206 Partial Content"),
        ("300 Multiple Choices", "300 Multiple Choices"),
        ("302 Found", "302 Found"),
        ("799 Whatever", "answers 799."),
    ],
)
async def test_another_status_is_a_failure(
    fetcher: Fetcher, publisher: Publisher, status: str, words: str
) -> None:
    publisher.answers["/feed"] = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    outcome = await failed(fetcher, publisher.url("/feed"))
    assert words in outcome.problem
    assert outcome.is_reachable


def redirect(status: int, location: str) -> bytes:
    return answer(b"moved", f"Location: {location}", status=f"{status} Moved")


@pytest.mark.parametrize(
    ("statuses", "is_stored"),
    [
        ([301], True),
        ([308], True),
        ([301, 308, 301], True),
        ([302], False),
        ([303], False),
        ([307], False),
        ([301, 302], False),
        ([302, 301], False),
        ([308, 307, 301], False),
    ],
)
async def test_only_permanent_redirects_are_stored(
    fetcher: Fetcher, publisher: Publisher, statuses: list[int], is_stored: bool
) -> None:
    for number, status in enumerate(statuses):
        publisher.answers[f"/{number}"] = redirect(status, f"{number + 1}#x")
    publisher.answers[f"/{len(statuses)}"] = answer(FEED)
    outcome = await fetched(fetcher, publisher.url("/0"), etag='"x"')
    last = publisher.url(f"/{len(statuses)}")
    assert outcome.url == last
    assert outcome.permanent_url == (last if is_stored else None)
    assert [one.headers["if-none-match"] for one in publisher.requests] == ['"x"'] * (
        len(statuses) + 1
    )


@pytest.mark.parametrize(
    "location",
    [
        "/0",
        "http://feeds.test:{port}/0#again",
        "/1?x",
    ],
)
async def test_redirects_in_a_circle_end(
    fetcher: Fetcher, publisher: Publisher, location: str
) -> None:
    publisher.answers["/0"] = redirect(302, "/1")
    publisher.answers["/1"] = redirect(301, location.format(port=publisher.port))
    publisher.answers["/1?x"] = redirect(301, "/0")
    assert "circle" in (await failed(fetcher, publisher.url("/0"))).problem
    assert len(publisher.requests) <= 3


async def test_redirects_without_end_end(fetcher: Fetcher, publisher: Publisher) -> None:
    for number in range(20):
        publisher.answers[f"/{number}"] = redirect(301, f"/{number + 1}")
    assert "more than 5 times" in (await failed(fetcher, publisher.url("/0"))).problem
    assert len(publisher.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://0x7f.1:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://inward.test:1/secret",
        "http://inward.example/secret",
        "http://ana:secret@feeds.test:{port}/secret",
        "//169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://feeds.test/secret",
        "http://[",
        "http://a b/",
        "http://\udcff/",
        "",
    ],
)
async def test_a_redirect_inward_is_not_followed(
    fetcher: Fetcher, publisher: Publisher, names: Names, location: str
) -> None:
    names.add("localhost", "127.0.0.1")
    names.add("inward.example", "10.0.0.1")
    publisher.answers["/secret"] = answer(FEED)
    publisher.answers["/0"] = redirect(302, location.format(port=publisher.port))
    outcome = await failed(fetcher, publisher.url("/0"))
    assert "feeds.test redirects" in outcome.problem
    assert "FEEDS_ALLOW" not in outcome.problem, "a stranger chose the address"
    assert set(publisher.paths) == {"/0"}


async def test_a_name_that_changes_its_address_is_refused_at_the_second_connection(
    publisher: Publisher, clock: StoppedClock
) -> None:
    """Each connection goes to an address that was checked for it."""
    names = Names(rebinding_test=["127.0.0.1", "127.0.0.2"])
    allow = AllowList.parse(f"127.0.0.1:{publisher.port}")
    publisher.answers["/0"] = redirect(302, "/1")
    publisher.answers["/1"] = answer(FEED)
    async with Fetcher.open(Addresses(allow), clock=clock, look_up=names.look_up) as fetcher:
        outcome = await failed(fetcher, publisher.url("/0", "rebinding.test"))
    assert "rebinding.test is not on the public internet" in outcome.problem
    assert publisher.paths == ["/0"]
    assert names.asked == ["rebinding.test", "rebinding.test"]


async def test_a_name_is_resolved_once_for_a_connection(
    fetcher: Fetcher, publisher: Publisher, names: Names
) -> None:
    names.add("feeds.test", "127.0.0.1", "10.0.0.1")
    publisher.answers["/feed"] = answer(FEED)
    await fetched(fetcher, publisher.url("/feed"))
    assert names.asked == ["feeds.test"]


async def test_an_address_without_tls_replaces_none_with_tls(
    clock: StoppedClock, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.answers["/0"] = redirect(301, publisher.url("/1"))
    publisher.answers["/1"] = answer(FEED)
    async with tls_front("feeds.test", publisher.port, tmp_path) as (port, certificate):
        allow = AllowList.parse(f"*.test:{port} *.test:{publisher.port}")
        names = Names(feeds_test=["127.0.0.1"])
        url = f"https://feeds.test:{port}/0"
        async with Fetcher.open(Addresses(allow), clock=clock, look_up=names.look_up) as fetcher:
            untrusted = await failed(fetcher, url)
        # aiohttp reads the trusted certificates when it is imported.
        trusting = ssl.create_default_context(cafile=certificate)
        monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", trusting)
        async with Fetcher.open(Addresses(allow), clock=clock, look_up=names.look_up) as fetcher:
            outcome = await fetched(fetcher, url)
    assert "no valid certificate: self-signed certificate" in untrusted.problem
    assert outcome.data == FEED
    assert outcome.permanent_url is None


async def test_410_says_that_a_feed_is_gone(fetcher: Fetcher, publisher: Publisher) -> None:
    publisher.answers["/gone"] = answer(status="410 Gone")
    publisher.answers["/moved"] = redirect(301, "/gone")
    publisher.answers["/lent"] = redirect(302, "/gone")
    gone = Gone(problem="feeds.test says that the feed is gone for good (410).")
    assert await fetcher.fetch(publisher.url("/gone")) == gone
    assert await fetcher.fetch(publisher.url("/moved")) == gone
    # Where a feed is for the time being, it may be gone without being gone for good.
    assert "410 Gone" in (await failed(fetcher, publisher.url("/lent"))).problem


def packed(data: bytes) -> bytes:
    """Return *data* in gzip, without the time: it would be part of a test's name."""
    return gzip.compress(data, mtime=0)


def deflated(data: bytes, bits: int) -> bytes:
    stream = zlib.compressobj(wbits=bits)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", FEED),
        ("gzip", packed(FEED)),
        ("X-GZIP", packed(FEED)),
        ("gzip", packed(FEED[:9]) + packed(FEED[9:])),
        ("gzip", packed(FEED) + b"\0" * 9),
        ("deflate", deflated(FEED, zlib.MAX_WBITS)),
        ("deflate", deflated(FEED, -zlib.MAX_WBITS)),
        # Packed twice: the parser unpacks a file that is packed with gzip.
        ("", FEED),
    ],
)
async def test_a_packed_answer_is_unpacked(
    fetcher: Fetcher, publisher: Publisher, encoding: str, body: bytes
) -> None:
    publisher.answers["/feed"] = answer(body, f"Content-Encoding: {encoding}")
    assert (await fetched(fetcher, publisher.url("/feed"))).data == FEED
    assert publisher.requests[0].headers["accept-encoding"] == "gzip, deflate"


ZEROS = bytes(50 << 20)


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", packed(ZEROS), "larger than 1 MB when it is unpacked"),
        ("deflate", deflated(ZEROS, -15), "larger than 1 MB when it is unpacked"),
        ("gzip", packed(b"x") * 5_000, "too many parts"),
        ("gzip", packed(FEED)[:-9], "cut off"),
        ("gzip", b"", "cut off"),
        ("gzip", FEED, "damaged"),
        ("deflate", FEED, "damaged"),
        ("br", FEED, "packed as 'br'"),
        ("gzip, gzip", packed(packed(FEED)), "packed as 'gzip, gzip'"),
        ("", bytes((1 << 20) + 1), "larger than 1 MB"),
    ],
)
async def test_a_bomb_or_a_broken_answer_is_refused(
    fetcher: Fetcher, publisher: Publisher, encoding: str, body: bytes, words: str
) -> None:
    publisher.answers["/feed"] = answer(body, f"Content-Encoding: {encoding}")
    assert words in (await failed(fetcher, publisher.url("/feed"))).problem


async def test_an_answer_without_end_is_cut(fetcher: Fetcher, publisher: Publisher) -> None:
    async def flood(_: Request, write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")

    publisher.answers["/feed"] = flood
    assert "larger than 1 MB" in (await failed(fetcher, publisher.url("/feed"))).problem


def dripping(start: bytes, drop: bytes) -> Any:
    async def drip(_: Request, write: Write) -> None:
        await write(start)
        while True:
            await write(drop)
            await asyncio.sleep(0.005)

    return drip


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"[:0]),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"[:0]),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"<"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n<\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 302 Found\r\nLocation: /0\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
    ],
)
async def test_a_slow_drip_ends_at_the_deadline(
    publisher: Publisher, names: Names, clock: StoppedClock, start: bytes, drop: bytes
) -> None:
    publisher.answers["/feed"] = dripping(start, drop)
    publisher.answers["/0"] = dripping(start, drop)
    allow = AllowList.parse(f"*.test:{publisher.port}")
    limits = Limits(seconds=0.3)
    async with Fetcher.open(
        Addresses(allow), clock=clock, look_up=names.look_up, limits=limits
    ) as fetcher:
        outcome = await failed(fetcher, publisher.url("/feed"))
    assert outcome.problem.startswith("feeds.test ")


async def test_name_servers_that_do_not_answer_end_at_the_deadline(
    publisher: Publisher, clock: StoppedClock
) -> None:
    async def look_up(host: str, port: int) -> list[Any]:
        await asyncio.Event().wait()
        return []

    async with Fetcher.open(
        Addresses(), clock=clock, look_up=look_up, limits=Limits(seconds=0.05)
    ) as fetcher:
        outcome = await failed(fetcher, "https://feeds.example/")
    assert not outcome.is_reachable


@pytest.mark.parametrize(
    "bytes_",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX\0: \0\r\n\r\n",
        b"HTTP/9.9 999999 \xff\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_failure(
    fetcher: Fetcher, publisher: Publisher, bytes_: bytes
) -> None:
    publisher.answers["/feed"] = bytes_
    assert (await failed(fetcher, publisher.url("/feed"))).problem.startswith(
        ("feeds.test ", "The")
    )


async def test_a_server_that_is_not_there(fetcher: Fetcher, publisher: Publisher) -> None:
    outcome = await failed(fetcher, publisher.url("/feed", "nobody.test"))
    assert outcome.problem == "There is no host nobody.test, or its name cannot be resolved now."
    assert not outcome.is_reachable
    assert not (await failed(fetcher, "http://127.0.0.1:1/")).retry_after


@pytest.mark.parametrize(
    "url", ["", "feed.xml", "http://", "http://[", "http://a:b", "\udcff", "http://x/\r\nA: b"]
)
async def test_a_broken_address_is_a_failure(fetcher: Fetcher, url: str) -> None:
    await failed(fetcher, url)


async def test_a_host_gets_one_request_at_a_time(
    fetcher: Fetcher, publisher: Publisher, names: Names
) -> None:
    """Also where a redirect leads to it; different hosts are requested side by side."""
    names.add("third.test", "127.0.0.1")
    both = asyncio.Event()
    arrived: set[str] = set()

    async def meet(request: Request, write: Write) -> None:
        arrived.add(request.headers["host"])
        if len(arrived) == 2:
            both.set()
        await both.wait()
        await write(answer(FEED))

    publisher.answers["/feed"] = meet
    publisher.answers["/0"] = redirect(302, publisher.url("/feed", "other.test"))
    urls = [publisher.url("/feed"), publisher.url("/0", "third.test")] * 3
    for outcome in await asyncio.gather(*map(fetcher.fetch, urls)):
        assert isinstance(outcome, Fetched)
    assert publisher.most_at_once == {"feeds.test": 1, "third.test": 1, "other.test": 1}


async def test_a_proxy_resolves_what_it_is_asked_for(
    publisher: Publisher, clock: StoppedClock
) -> None:
    """A name that only the proxy knows is fetched; private addresses are refused before it."""
    publisher.answers["/feed"] = answer(FEED)
    async with forward_proxy({"feeds.example": publisher.port}) as proxy:
        publisher.answers["http://feeds.example/feed"] = answer(FEED)
        publisher.answers["http://feeds.example/0"] = redirect(302, "http://10.0.0.1/feed")
        async with Fetcher.open(
            Addresses(), clock=clock, proxy_for=lambda _: proxy.url, look_up=Names().look_up
        ) as fetcher:
            assert (await fetched(fetcher, "http://feeds.example/feed")).data == FEED
            unknown = await failed(fetcher, "http://unknown.example/feed")
            refused = await failed(fetcher, "https://unknown.example/feed")
            for url in ("http://10.0.0.1/", "http://localhost/", "http://feeds.example/0"):
                assert "not on the public internet" in (await failed(fetcher, url)).problem
    assert "502 Bad Gateway" in unknown.problem
    assert "The proxy does not reach unknown.example" in refused.problem
    assert proxy.requests == [
        "GET http://feeds.example/feed",
        "GET http://unknown.example/feed",
        "CONNECT unknown.example:443",
        "GET http://feeds.example/0",
    ]


HEADS = st.sampled_from(
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 301 x\r\nLocation: ", b"HTTP/1.0 "]
)
LINES = st.sampled_from(
    [
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: deflate\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 9\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Cache-Control: max-age=",
        b"ETag: ",
        b"Set-Cookie: a=b; Domain=.test\r\n",
        b"\r\n",
        b"5\r\n<rss>\r\n0\r\n\r\n",
        b"Location: /feed\r\n",
        packed(b"<rss>"),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HEADS, st.lists(LINES | st.binary(max_size=20), max_size=8))
async def test_any_bytes_of_a_server_are_an_outcome(
    fetcher: Fetcher, publisher: Publisher, head: bytes, lines: list[bytes]
) -> None:
    publisher.answers["/feed"] = head + b"".join(lines)
    outcome = await fetcher.fetch(publisher.url("/feed"), etag="x")
    if isinstance(outcome, Failed | Gone):
        assert outcome.problem.endswith(".")
        assert outcome.problem.isprintable()
