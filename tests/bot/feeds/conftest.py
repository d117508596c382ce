"""A publisher on loopback, and a fetcher that may reach it under the names of `.test`."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.feeds.addresses import Addresses, AllowList
from bot.feeds.fetching import Fetcher, Limits
from bot.feeds.reading import FeedReader
from tests.conftest import StoppedClock
from tests.publisher import Names, Publisher, publishing

LIMITS = Limits(size=1 << 20)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as publisher:
        yield publisher


@pytest.fixture
def names() -> Names:
    return Names(feeds_test=["127.0.0.1"], other_test=["127.0.0.1"])


@pytest.fixture
async def fetcher(
    publisher: Publisher, names: Names, clock: StoppedClock
) -> AsyncIterator[Fetcher]:
    allow = AllowList.parse(f"*.test:{publisher.port}")
    async with Fetcher.open(
        Addresses(allow),
        clock=clock,
        contact="https://ops.example/parley",
        limits=LIMITS,
        look_up=names.look_up,
    ) as fetcher:
        yield fetcher


@pytest.fixture(scope="package")
def reader() -> Iterator[FeedReader]:
    """Return one reader for all tests: to start its child takes longer than most tests."""
    reader = FeedReader()
    yield reader
    reader.close()


@pytest.fixture
def own_reader() -> Iterator[FeedReader]:
    """Return a reader that the test may close."""
    reader = FeedReader()
    yield reader
    reader.close()
