"""Reading what was fetched, in child processes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.feeds.fetching import Fetched
from bot.feeds.reading import FeedReader, NotAFeedError
from store.types import ParleyError
from tests.conftest import Children
from tests.publisher import rss


def fetched(data: bytes) -> Fetched:
    return Fetched(
        data=data,
        url="https://news.example/blog/feed",
        etag=None,
        last_modified=None,
        fresh_for=None,
        permanent_url=None,
    )


async def test_a_child_reads_many_feeds_but_none_after_a_large_one(
    own_reader: FeedReader, children: Children
) -> None:
    """It would keep the memory that it has taken for the large one."""
    small, large = fetched(rss("Ferries strike")), fetched(rss("Ferries strike") + b" " * (1 << 20))
    for feed in (small, small, large):
        assert [one.headline for one in (await own_reader.read(feed)).stories] == ["Ferries strike"]
    assert len(children) == 1
    assert children[0].poll() is not None
    with pytest.raises(NotAFeedError):
        await own_reader.read(fetched(b"nonsense"))
    assert len(children) == 2
    assert children[1].poll() is None
    own_reader.close()
    assert children[1].poll() is not None


async def test_a_hostile_feed_takes_no_thread_of_others(own_reader: FeedReader) -> None:
    """Look-ups and loads use the threads of the loop."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    item = b"<item><title>x</title><description><![CDATA[%s]]></description></item>"
    hostile = b"<rss><channel>" + item % (b"<div>" * 400_000) + b"</channel></rss>"
    reading = asyncio.create_task(own_reader.read(fetched(hostile)))
    await asyncio.sleep(0)
    assert await asyncio.to_thread(len, "ready") == 5
    assert not reading.done()
    own_reader.close()
    with pytest.raises(ParleyError, match="Parley is stopping"):
        await reading


async def test_the_title_of_a_feed_is_the_one_publisher_of_its_stories(reader: FeedReader) -> None:
    assert (await reader.read(fetched(rss("Ferries strike")))).title == "Harbour News"
    planet = b"""<rss version="2.0"><channel><title>Planet</title>
        <item><title>One</title><source url="https://a.example/">A</source></item>
        <item><title>Two</title><source url="https://b.example/">B</source></item>
        </channel></rss>"""
    assert (await reader.read(fetched(planet))).title == ""


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/2026/story?a=1&amp;b=2", "https://news.example/2026/story?a=1&b=2"),
        ("story", "https://news.example/blog/story"),
        ("//cdn.example/story", "https://cdn.example/story"),
        ("http://other.example/story", "http://other.example/story"),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("", None),
    ],
)
async def test_links_are_those_of_the_feed_s_site(
    reader: FeedReader, link: str, url: str | None
) -> None:
    data = f"<rss><channel><item><title>Story</title><link>{link}</link></item></channel></rss>"
    (story,) = (await reader.read(fetched(data.encode()))).stories
    assert story.provenance.url == url


async def test_the_entries_of_a_feed_are_limited(reader: FeedReader) -> None:
    feed = await reader.read(fetched(rss(*(f"Story {number}" for number in range(2_100)))))
    assert len(feed.stories) == 2_000
    assert "more than 2,000 entries" in feed.warnings[-1].message
