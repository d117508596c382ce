"""Lists of feeds in OPML: what feed readers write, and what we write."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import Store
from store.sources.opml import MAX_BYTES, Outline, read_opml, write_opml
from store.types import ParleyError
from tests.machine import NOW

READER = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Subscriptions</title></head><body>
  <outline text="News" title="News">
    <outline type="rss" text="A &amp; B" title="A &amp; B" xmlUrl="https://a.example/feed?x=1&amp;y=2"
             htmlUrl="https://a.example"/>
    <OUTLINE text='Ümlaut' xmlurl='http://b.example/rss'>
  </outline>
  <outline text="A again" xmlUrl="https://a.example/feed?x=1&amp;y=2"/>
  <outline text="a folder without feeds"/>
  <!-- <outline xmlUrl="https://comment.example/"/> -->
</body></opml>
"""
FOUND = [
    Outline("https://a.example/feed?x=1&y=2", "A & B"),
    Outline("http://b.example/rss", "Ümlaut"),
]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_feeds_of_a_list_are_read(charset: str) -> None:
    assert read_opml(READER.encode(charset)) == FOUND


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no list of feeds"),
        (b"<rss version='2.0'><channel/></rss>", "no list of feeds"),
        (b"<opml><body><outline text='x'/></body></opml>", "names no feed"),
        (b"<opml>" + b" " * MAX_BYTES, "larger than 4 MB"),
    ],
)
def test_another_file_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ParleyError, match=said):
        read_opml(data)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda one: f"<opml>{one}".encode()))
def test_any_file_is_a_list_or_refused(data: bytes) -> None:
    with suppress(ParleyError):
        assert read_opml(data)


async def test_what_is_written_is_read_again(store: Store) -> None:
    for title, url in (("A & <B> \"c\" 'd'", "https://a.example/?x=1&y=2"), ("", "b.example")):
        await store.sources.add(url, title=title, now=NOW)
    feeds = await store.sources.all()
    assert sorted(read_opml(write_opml(feeds).encode())) == sorted(
        Outline(feed.url, feed.name) for feed in feeds
    )
