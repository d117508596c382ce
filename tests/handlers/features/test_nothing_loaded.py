"""Look-ups when every story was removed say what to do."""

import asyncio
from pathlib import Path

import pytest

from store import open_store
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from tests.handlers.conftest import Slack
from tests.machine import NOW


@pytest.fixture
def bot_database(tmp_path: Path) -> str:
    """The URL of a database whose only story was removed."""
    url = f"sqlite:///{tmp_path}/empty.db"

    async def load_and_remove() -> None:
        async with open_store(url) as store:
            feed = await store.sources.add("https://news.example/feed", now=NOW)
            story = Story("Talks", "Envoys met.", "", "", Provenance())
            await store.feed_loads.load(feed, [story], at=NOW)
            await store.feed_loads.remove(feed, by="terminal", at=NOW)

    asyncio.run(load_and_remove())
    return url


async def test_a_look_up_says_that_nothing_is_loaded(slack: Slack) -> None:
    (answer,) = await slack.type("/brief geneva")
    assert answer["text"].startswith("No stories are loaded yet.")
    assert "`/corpus sources add ADDRESS`" in answer["text"]
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/brief kubernetes")
    assert answer["text"].startswith("I have no story on “kubernetes”.")
