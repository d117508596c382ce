"""/corpus sources: feeds are added, seen, paused and removed by admins only."""

from datetime import timedelta
from typing import Any

import pytest

from bot.feeds.discovery import Discovered, Discovery
from bot.workspace import Fault
from handlers.ids import Action
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.types import FeedSource, ParleyError
from tests.handlers.conftest import Slack, texts
from tests.handlers.features.test_uploads import upload
from tests.ids import ANA, BEN, TEAM

ADDRESS = "https://news.example/Feed?a=1&b=2"


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answer for every host but down.example with a feed of three stories; return what is asked."""
    asked: list[str] = []

    async def find_feed(_: Discovery, written: str) -> Discovered:
        asked.append(written)
        if "down.example" in written:
            raise ParleyError("down.example does not answer.")
        return Discovered(url=written, title="Example *News*", stories=3)

    monkeypatch.setattr(Discovery, "find_feed", find_feed)
    return asked


async def sources(slack: Slack, words: str = "", *, user: str = ANA) -> dict[str, Any]:
    (answer,) = await slack.type(f"/corpus sources {words}".strip(), user=user)
    return answer


async def added(slack: Slack, address: str = ADDRESS) -> FeedSource:
    await sources(slack, f"add {address}")
    return (await slack.parley.store.sources.all())[-1]


async def add_feed(slack: Slack, *, is_paused: bool = False) -> FeedSource:
    """Add a feed an hour ago, without a request."""
    sources, before = slack.parley.store.sources, slack.clock() - timedelta(hours=1)
    feed = await sources.add("https://news.example/feed", now=before)
    if is_paused:
        await sources.pause(feed.id, now=before)
    return feed


async def choose(slack: Slack, shown: dict[str, Any], label: str) -> dict[str, Any]:
    """Choose *label* in the menu of the first feed of a list, and return the answer."""
    menu = next(block["accessory"] for block in shown["blocks"] if "accessory" in block)
    (value,) = (one["value"] for one in menu["options"] if one["text"]["text"] == label)
    return (await slack.press(Action.SOURCE_MORE, shown, selected_option=value))[-1]


def choices(shown: dict[str, Any]) -> list[list[str]]:
    """Return the labels in the menu of each feed of a list."""
    menus = [block["accessory"] for block in shown["blocks"] if "accessory" in block]
    return [[one["text"]["text"] for one in menu["options"]] for menu in menus]


async def load(slack: Slack, feed: FeedSource, headline: str = "Tunnel opens") -> None:
    story = Story(headline, f"{headline} in Oslo.", "", "", Provenance(guid=headline))
    await slack.parley.store.feed_loads.load(feed, [story], at=slack.clock())


async def test_a_feed_is_added_and_listed(slack: Slack, asked: list[str]) -> None:
    assert "no feeds yet" in (await sources(slack))["text"]
    assert (await sources(slack, "refresh"))["text"].startswith("There are no feeds yet.")
    answer = await sources(slack, f"add {ADDRESS}")
    # The name cannot format anything, and the address keeps its letters.
    (feed,) = await slack.parley.store.sources.all()
    assert (feed.url, feed.team_id, feed.added_by) == (ADDRESS, TEAM, ANA)
    assert answer["text"].startswith("*Example News* is added. Its 3 stories can be found in")
    assert "no stories; " not in texts([answer])
    await load(slack, feed)
    shown = texts([await sources(slack)])
    assert "1 story from 1 feed" in shown
    assert "1 story; first poll in a moment" in shown
    asked.clear()
    for address in (ADDRESS, ADDRESS.replace("https", "http"), f"<{ADDRESS}|news>"):
        refused = (await sources(slack, f"add {address}"))["text"]
        assert refused.startswith("Example News (")
        assert refused.endswith("is there already.")
    assert not asked


async def test_a_feed_that_cannot_be_read_is_not_added(slack: Slack) -> None:
    answer = await sources(slack, "add down.example/feed")
    assert answer["text"] == "down.example does not answer."
    assert not await slack.parley.store.sources.all()


async def test_health_is_shown(slack: Slack) -> None:
    store, now = slack.parley.store, slack.clock()
    feed = await added(slack)
    for number in range(2):
        (claimed,) = await store.sources.claim_due(now, limit=1, owner="me")
        await store.sources.note_failure(
            claimed, f"It answers <{500 + number}>.", now=now, next_poll_at=now
        )
    shown = texts([await sources(slack)])
    assert ":warning:" in shown
    assert "failing since" in shown
    assert "It answers &lt;501&gt;." in shown
    (claimed,) = await store.sources.claim_due(now, limit=1, owner="me")
    await store.sources.note_success(
        claimed, now=now, next_poll_at=now + timedelta(hours=1), title="News"
    )
    shown = texts([await sources(slack)])
    assert "polled" in shown
    assert "next" in shown
    assert "failing since" not in shown
    await store.sources.keep(feed.id, days=30, stories=1)
    assert "keeps its newest story of the last 30 days" in texts([await sources(slack)])


async def test_a_menu_pauses_resumes_refreshes_and_removes(slack: Slack) -> None:
    store, feed = slack.parley.store, await added(slack)
    await load(slack, feed)
    shown = await sources(slack)
    assert choices(shown) == [["Refresh now", "Pause", "Remove"]]
    shown = await choose(slack, shown, "Pause")
    assert "is paused: its stories stay" in shown["text"]
    assert choices(shown) == [["Resume", "Remove"]]
    shown = await choose(slack, shown, "Resume")
    slack.clock.forward(minutes=5)
    shown = await choose(slack, shown, "Refresh now")
    (now,) = await store.sources.all()
    assert now.next_poll_at == slack.clock()
    asked = await choose(slack, shown, "Remove")
    assert asked["text"].endswith("with 1 story? `/corpus undo` can bring the stories back.")
    shown = (await slack.press(Action.SOURCE_MORE, asked))[-1]
    assert choices(shown) == [["Refresh now", "Pause", "Remove"]]
    asked = await choose(slack, shown, "Remove")
    shown = (await slack.press(Action.SOURCE_REMOVE, asked))[-1]
    assert "is removed, with 1 story. `/corpus undo` brings them back." in shown["text"]
    assert not await store.sources.all()
    (undone,) = await slack.type("/corpus undo")
    assert "Its feed is paused" in undone["text"]
    assert f"`/corpus sources resume {feed.id}`" in undone["text"]
    (history,) = await slack.type("/corpus history")
    assert "feed://" not in texts([history])


async def test_a_poll_is_undone_by_its_number(slack: Slack) -> None:
    feed = await added(slack)
    assert "No poll of" in (await sources(slack, "history news.example"))["text"]
    for headline in ("Tunnel opens", "Bridge closes"):
        await load(slack, feed, headline)
    shown = texts([await sources(slack, "history news.example")])
    assert "• *2*: 1 added" in shown
    assert "• *3*: 1 added" in shown
    # Without a number, an undo leaves polls alone.
    (nothing,) = await slack.type("/corpus undo")
    assert "there is no earlier load of the folder" in nothing["text"]
    (undone,) = await slack.type("/corpus undo 2")
    assert "as revision 4: 1 story; 1 removed. 3 stories of other sources stay" in undone["text"]
    assert "Its feed is paused" in undone["text"]
    assert (await slack.parley.store.sources.stories())[feed.id] == 1
    assert "*4* (revision 2 again)" in texts([await sources(slack, "history news.example")])


async def test_the_folder_is_counted_without_the_stories_of_feeds(slack: Slack) -> None:
    await load(slack, await added(slack))
    (slack.corpus / "new.txt").write_text("New\nA summary of Lima.\nAn insight.\nA question?\n")
    (reloaded,) = await slack.type("/corpus reload")
    assert "3 documents with 4 stories, 1 added" in reloaded["text"]
    (undone,) = await slack.type("/corpus undo")
    assert "3 stories; 1 removed. 1 story of feeds stays as before." in undone["text"]


async def test_a_feed_is_named_by_a_part_of_its_name(slack: Slack) -> None:
    await added(slack)
    await added(slack, "https://other.example/feed")
    assert "could be several feeds" in (await sources(slack, "pause example"))["text"]
    assert "is paused" in (await sources(slack, "pause OTHER.example"))["text"]
    assert "resume it first" in (await sources(slack, "refresh other.example"))["text"]
    assert "No feed has “weather”" in (await sources(slack, "remove weather"))["text"]
    shown = texts([await sources(slack, "other")])
    assert "1 feed." in shown
    assert "other.example" in shown
    assert "news.example" not in shown
    assert "I don't know “weather”" in (await sources(slack, "weather"))["text"]


@pytest.mark.parametrize(
    ("words", "answered"),
    [
        ("pause exmple news", "“exmple news” in its name or its address. Did you mean Example"),
        ("keep Exampel 30 days", "Did you mean Example"),
        ("history weather", "No feed has “weather” in its name or its address. The feeds: Example"),
        ("puase example", "Did you mean `/corpus sources pause example`?"),
        ("exmple", "Did you mean `/corpus sources Example *News*`?"),
        ("refresh", "Which feed? There is one: `/corpus sources refresh Example *News*`"),
        ("keep", "Which feed? There is one: `/corpus sources keep Example *News* 30 days`"),
        ("add", "Which feed? `/corpus sources add https://example.com/feed`, for example."),
    ],
)
async def test_a_feed_that_is_misspelt_or_missing_is_guessed_or_asked_for(
    slack: Slack, words: str, answered: str
) -> None:
    await added(slack)
    assert answered in (await sources(slack, words))["text"]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("keep news.example 30 days", (30, None)),
        ("keep News.Example 1 day", (1, None)),
        ("keep news.example 100 stories", (None, 100)),
        ("keep news.example all", (None, None)),
        ("keep Example *News* for ever", (None, None)),
        ("keep news.example 1 week", (7, None)),
        ("keep news.example for a week", (7, None)),
        ("keep news.example 2w", (14, None)),
        ("keep news.example 3 Months", (90, None)),
        ("keep news.example a year", (365, None)),
        ("keep news.example one story", (None, 1)),
    ],
)
async def test_retention_is_set(
    slack: Slack, words: str, kept: tuple[int | None, int | None]
) -> None:
    feed = await added(slack)
    await slack.parley.store.sources.keep(feed.id, days=7, stories=7)
    answered = (await sources(slack, words))["text"]
    assert answered.startswith("From its next poll on, *Example News* keeps ")
    assert ("Older ones" in answered) == (kept != (None, None))
    (feed,) = await slack.parley.store.sources.all()
    assert (feed.keep_days, feed.keep_stories) == kept


@pytest.mark.parametrize(
    "words",
    [
        "keep news.example",
        "keep news.example 0 days",
        "keep 30",
        "keep news.example 1 fortnight",
        "keep news.example days",
        "keep 3 days",
        "keep all",
    ],
)
async def test_a_strange_retention_changes_nothing(slack: Slack, words: str) -> None:
    before = await added(slack)
    await sources(slack, words)
    assert await slack.parley.store.sources.all() == [before]


async def test_a_list_of_feeds_is_imported_and_exported(slack: Slack) -> None:
    await added(slack)
    outlines = "".join(
        f"<outline text='Feed {number}' xmlUrl='https://{number}.example/feed'/>"
        for number in range(20)
    )
    more = f"<outline xmlUrl='{ADDRESS.replace('&', '&amp;')}'/><outline xmlUrl='ftp://x'/>"
    more += "<outline xmlUrl='https://ana:se@cret@news.example/feed'/>"
    data = f"<opml><body>{outlines}{more}</body></opml>".encode()
    answer = await upload(slack, "feeds.OPML", data)
    assert "20 feeds added" in answer["text"]
    shown = texts([answer])
    assert "Already there: 1 feed of the list." in shown
    assert "ftp://x: I can't poll an address that does not start with https://" in shown
    # A password stays out of messages.
    assert "https://…@news.example/feed: I can't poll an address with a user name" in shown
    (again,) = [await upload(slack, "feeds.OPML", data)]
    assert again["text"].startswith("Already there: 21 feeds of the list.")
    assert "… and 13 more feeds." in shown
    assert len(await slack.parley.store.sources.all()) == 21
    exported = texts([await sources(slack, "export")])
    assert "xmlUrl" in exported or "too many for a message" in exported
    refused = await upload(slack, "other.opml", b"<rss/>")
    assert "no list of feeds in OPML" in refused["text"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "http://10.0.0.1/feed",
            "10.0.0.1 is not on the public internet, so I don't fetch it. If it is",
        ),
        ("http://[::1]/feed", "::1 is not on the public internet"),
        ("https://localhost/feed", "localhost is not on the public internet"),
        ("intranet", "intranet is not on the public internet"),
        ("https://wiki.internal/rss", "wiki.internal is not on the public internet"),
        ("https://news.example:8443/", "ports 80 and 443 only, not from port 8443 of news"),
        ("not an address", "A feed needs its address"),
        ("http://127.1/", "IP address is not four decimal numbers"),
    ],
)
async def test_a_list_adds_no_address_that_cannot_work(
    slack: Slack, address: str, said: str
) -> None:
    data = f"<opml><body><outline xmlUrl='{address}'/></body></opml>".encode()
    answer = await upload(slack, "feeds.opml", data)
    assert answer["text"].startswith("Not added:")
    assert said in texts([answer])
    assert not await slack.parley.store.sources.all()


@pytest.mark.parametrize(
    "words",
    ["", "add https://news.example", "remove news", "pause news", "keep news all", "export"],
)
async def test_only_admins_may(slack: Slack, words: str) -> None:
    await added(slack)
    before = await slack.parley.store.sources.all()
    answer = await sources(slack, words, user=BEN)
    assert "Only Parley admins can do that" in answer["text"]
    assert await slack.parley.store.sources.all() == before


async def test_nothing_is_done_while_slack_cannot_say_who_asks(slack: Slack) -> None:
    await added(slack)
    before = await slack.parley.store.sources.all()
    slack.clock.forward(minutes=6)
    slack.workspace.faults.add(Fault(method="users.info", kind="refuse", times=None))
    answer = await sources(slack, "remove news.example")
    assert "I can't check with Slack who you are" in answer["text"]
    assert await slack.parley.store.sources.all() == before


async def test_quotation_marks_of_an_address_stay(slack: Slack) -> None:
    address = 'https://news.example/search?q="parking+fees"'
    (answer,) = await slack.type(f"/corpus sources pause {address}")
    assert '"parking+fees"' in texts([answer])
