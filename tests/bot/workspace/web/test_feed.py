"""The workspace's feed, as the page changes it and as a reader sees it."""

from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest

from bot.workspace import Workspace


class Publisher:
    """Does what the page does, and reads the feed as Parley does."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._etag = ""

    async def act(self, act: str, **body: Any) -> int:
        headers = {"X-Workspace": "1"}
        async with self._session.post(
            "/page/feed", json={"act": act, **body}, headers=headers
        ) as a:
            return a.status

    async def page(self) -> dict[str, Any]:
        async with self._session.get("/page/feed") as answer:
            page: dict[str, Any] = await answer.json()
            return page

    async def titles(self) -> list[str | None]:
        async with self._session.get("/feed.xml", headers={"If-None-Match": self._etag}) as answer:
            answer.raise_for_status()
            self._etag = answer.headers["ETag"]
            body = await answer.text()
            return [item.findtext("title") for item in ElementTree.fromstring(body).iter("item")]

    async def status(self) -> int:
        async with self._session.get("/feed.xml", headers={"If-None-Match": self._etag}) as answer:
            return answer.status


@pytest.fixture
async def publisher(workspace: Workspace) -> AsyncIterator[Publisher]:
    async with aiohttp.ClientSession(workspace.url) as session:
        yield Publisher(session)


async def test_a_story_is_published_and_edited(workspace: Workspace, publisher: Publisher) -> None:
    workspace.feed.drafts = [("Draft", "One."), ("Next", "Two.")]
    assert (await publisher.page())["last_request"] is None
    await publisher.act("publish", title="Bell <raised>", text="From\n1871 &\x01 before.")
    await publisher.act("publish", title="Night bus", text="It waits.")
    assert await publisher.titles() == ["Night bus", "Bell <raised>"]
    page = await publisher.page()
    assert [one["text"] for one in page["entries"]] == ["It waits.", "From 1871 & before."]
    assert page["last_request"] == {"at": workspace.clock().isoformat(), "status": 200}
    assert page["draft"] == ["", ""]
    assert await publisher.status() == 304
    await publisher.act("edit", number=1, title="Bell raised", text="From 1872.")
    assert await publisher.titles() == ["Night bus", "Bell raised"]
    async with aiohttp.request("GET", f"{workspace.url}stories/1") as story:
        assert await story.text() == "Bell raised\n\nFrom 1872.\n"


async def test_a_broken_feed_fails_until_it_is_mended(publisher: Publisher) -> None:
    await publisher.act("publish", title="Bell", text="From 1871.")
    await publisher.titles()
    await publisher.act("break")
    assert await publisher.status() == 500
    assert (await publisher.page())["is_broken"]
    await publisher.act("repair")
    assert await publisher.status() == 304


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("publish", {"title": " \n", "text": "x"}, 400),
        ("publish", {"title": "x"}, 404),
        ("edit", {"number": 7, "title": "x", "text": "x"}, 404),
        ("burn", {}, 400),
    ],
)
async def test_what_cannot_be_done_changes_nothing(
    publisher: Publisher, act: str, body: dict[str, Any], status: int
) -> None:
    await publisher.act("publish", title="Bell", text="From 1871.")
    assert await publisher.act(act, **body) == status
    assert await publisher.titles() == ["Bell"]
