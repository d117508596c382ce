"""Finding the feed at an address that a person writes."""

import pytest

from bot.feeds.discovery import Discovery
from bot.feeds.fetching import Fetcher
from bot.feeds.reading import FeedReader
from store.types import ParleyError
from tests.publisher import Publisher, answer, rss


@pytest.fixture
def discovery(fetcher: Fetcher, reader: FeedReader) -> Discovery:
    return Discovery(fetcher, reader)


PAGE = b"""<html><head><link rel="alternate" type="application/rss+xml" href="/comments/feed">
<link rel=alternate type=application/rss+xml href=/broken><link rel=alternate
type=application/atom+xml href="/feed#x"></head><body>News</body></html>"""


async def test_the_address_of_a_site_leads_to_its_feed(
    discovery: Discovery, publisher: Publisher
) -> None:
    publisher.answers["/"] = answer(PAGE)
    publisher.answers["/broken"] = answer(status="500 Broken")
    publisher.answers["/feed"] = answer(rss("Ferries strike", "Bridge opens"))
    site = await discovery.find_feed(publisher.url(""))
    assert (site.title, site.stories) == ("Harbour News", 2)
    assert site.url == publisher.url("/feed#x")
    # Without a scheme, and the host speaks no TLS.
    site = await discovery.find_feed(f"feeds.test:{publisher.port}/feed")
    assert site.url == publisher.url("/feed")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/page", "is a web page.*Look for a link to “RSS”"),
        ("/names", "is a web page.*it names the feed .*/nowhere"),
        ("/inward", "is a web page"),
        ("/script", "is a web page.*Look for a link to “RSS”"),
        ("/nowhere", "404 Not Found: the feed may have moved; check its address"),
        ("/gone", "gone for good"),
    ],
)
async def test_an_address_without_a_feed_is_answered_in_a_sentence(
    discovery: Discovery, publisher: Publisher, path: str, problem: str
) -> None:
    link = '<html><link rel="alternate" type="application/rss+xml" href="{}">'
    publisher.answers |= {
        "/page": answer(b"<html><p>News</p></html>"),
        "/names": answer(link.format("/nowhere").encode()),
        "/script": answer(link.format("javascript:alert(1)").encode()),
        "/inward": answer(link.format(f"http://127.0.0.1:{publisher.port}/").encode()),
        "/gone": answer(status="410 Gone"),
    }
    with pytest.raises(ParleyError, match=problem):
        await discovery.find_feed(publisher.url(path))
    assert "/" not in publisher.paths
