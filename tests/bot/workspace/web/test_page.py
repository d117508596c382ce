"""What the page asks of the server, and who may ask."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from tests.ids import ANA, BEN, GENERAL, LEADERS

BUTTONS = [
    {
        "type": "actions",
        "block_id": "below",
        "elements": [
            {
                "type": "button",
                "action_id": "share",
                "text": {"type": "plain_text", "text": "Share"},
                "value": "42",
            },
            {
                "type": "static_select",
                "action_id": "kind",
                "options": [{"text": {"type": "plain_text", "text": "One"}, "value": "1"}],
            },
        ],
    }
]


class Browser:
    """Asks as the page does."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        async with self.session.get(path, params=query, raise_for_status=True) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"X-Workspace": "1"}
        async with self.session.post(
            path, json=body, headers=headers, raise_for_status=True
        ) as response:
            answer: dict[str, Any] = await response.json()
            return answer


@pytest.fixture
async def browser(workspace: Workspace) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(workspace.url) as session:
        yield Browser(session)


async def test_another_site_cannot_drive_it(workspace: Workspace, browser: Browser) -> None:
    ask = browser.session.request

    async def status(method: str, path: str, **headers: str) -> int:
        async with ask(method, path, headers=headers, json={"seconds": 60}) as response:
            return response.status

    own = workspace.url.rstrip("/")
    clock = {"method": "POST", "path": "/page/clock"}
    assert await status(**clock) == 403
    assert await status(**clock, **{"X-Workspace": "1", "Origin": "https://evil.example"}) == 403
    assert await status(**clock, **{"X-Workspace": "1", "Origin": "null"}) == 403
    assert await status(**clock, **{"X-Workspace": "1", "Host": "evil.example"}) == 403
    assert workspace.clock.offset == timedelta()
    assert await status("GET", "/page/state", Host="evil.example:80") == 403
    assert await status("GET", f"/page/live?user={ANA}", Origin="https://evil.example") == 403
    assert await status(**clock, **{"X-Workspace": "1", "Origin": own}) == 200
    assert workspace.clock.offset == timedelta(seconds=60)
    for site in ("cross-site", "same-site"):
        fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
        followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        for path in ("/api/users.list", "/page/state", "/"):
            assert await status("GET", path, **fetched) == 403
        assert await status("GET", "/api/users.list", **followed) == 403
        assert await status(**clock, **{"X-Workspace": "1"}, **followed) == 403
        assert await status("GET", "/", **followed) == 200
    assert await status("GET", "/", **{"Sec-Fetch-Site": "none"}) == 200
    assert await status("GET", "/static/nothing.js") == 404
    assert await status("GET", "/static/..%2fserver.py") == 404
    assert await status("GET", "/elsewhere") == 404


async def test_a_person_sees_what_is_theirs(
    workspace: Workspace, browser: Browser, client: AsyncWebClient
) -> None:
    workspace.tour = {"title": "Welcome", "intro": "", "steps": []}
    state = await browser.get("/page/state", user="U0CHLOE")
    assert {one["name"] for one in state["channels"] if one["kind"] == "public"} == {
        "general",
        "world-news",
        "random",
        "archive-2024",
    }
    assert [one["with"] for one in state["channels"] if one["kind"] == "im"] == ["U0CHLOE"]
    assert LEADERS not in {one["id"] for one in state["channels"]}
    assert state["commands"][0] == {
        "command": "/brief",
        "description": "Find",
        "usage_hint": "",
    }
    assert state["message_shortcuts"] == [{"name": "Related", "callback_id": "related"}]
    assert state["tour"]["title"] == "Welcome"
    await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="Psst")
    for user, count in ((ANA, 1), (BEN, 0)):
        seen = await browser.get("/page/messages", user=user, channel=GENERAL)
        assert len(seen["messages"]) == count
    query = {"user": "U0CHLOE", "channel": LEADERS}
    async with browser.session.get("/page/messages", params=query) as response:
        assert response.status == 404


async def test_guests_and_strangers_see_the_channels_that_they_are_in(
    workspace: Workspace, browser: Browser
) -> None:
    guest = workspace.add_person("Dina Reyes", is_restricted=True)
    stranger = workspace.add_person("Emre Kaya", is_stranger=True)
    for person in (guest, stranger):
        workspace.invite(GENERAL, person.id)
        state = await browser.get("/page/state", user=person.id)
        shown = [one["name"] for one in state["channels"] if one["kind"] != "im"]
        assert shown == ["general"]
        query = {"user": person.id, "channel": "C0RANDOM"}
        async with browser.session.get("/page/messages", params=query) as response:
            assert response.status == 404
    assert [one["name"] for one in (await browser.get("/page/state", user=BEN))["people"]][-2:] == [
        "dina",
        "emre",
    ]

    # Slack offers an app's commands, shortcuts and Home to the people of its own workspace.
    state = await browser.get("/page/state", user=stranger.id)
    for offer in ("commands", "shortcuts", "message_shortcuts", "home_enabled"):
        assert not state[offer]
    assert not [one for one in state["channels"] if one["kind"] == "im"]
    typed = await browser.post("/page/type", user=stranger.id, channel=GENERAL, text="/brief x")
    assert "/brief is not a valid command" in typed["error"]
    state = await browser.get("/page/state", user=guest.id)
    assert state["commands"]
    assert state["home_enabled"]


async def test_a_guest_hears_nothing_of_other_channels(
    workspace: Workspace, browser: Browser
) -> None:
    guest = workspace.add_person("Dina Reyes", is_restricted=True)
    workspace.invite(GENERAL, guest.id)
    live = await browser.session.ws_connect(f"/page/live?user={guest.id}")
    workspace.post_as(BEN, "C0RANDOM", "Not for guests")
    workspace.post_as(BEN, GENERAL, "For all")
    while (event := await live.receive_json())["type"] != "message":
        pass
    assert event["message"]["text"] == "For all"


async def test_a_long_channel_is_read_by_pages(workspace: Workspace, browser: Browser) -> None:
    for number in range(5):
        workspace.post_as(BEN, GENERAL, str(number))

    async def page(**query: Any) -> tuple[list[str], bool]:
        answer = await browser.get("/page/messages", user=ANA, channel=GENERAL, **query)
        oldest.append(answer["messages"][0]["ts"])
        return [one["text"] for one in answer["messages"]], answer["has_more"]

    oldest: list[str] = []
    assert await page() == (["0", "1", "2", "3", "4"], False)
    assert await page(limit=2) == (["3", "4"], True)
    assert await page(limit=2, before=oldest[-1]) == (["1", "2"], True)
    assert await page(limit=2, before=oldest[-1]) == (["0"], False)
    with pytest.raises(aiohttp.ClientResponseError, match="400"):
        await page(limit="-1")


async def test_live_events_go_to_those_who_may_see_them(
    workspace: Workspace, browser: Browser, client: AsyncWebClient
) -> None:
    async def live(user: str) -> aiohttp.ClientWebSocketResponse:
        return await browser.session.ws_connect(f"/page/live?user={user}")

    async def next_message(socket: aiohttp.ClientWebSocketResponse) -> str:
        while True:
            event = await socket.receive_json()
            if event["type"] == "message":
                return str(event["message"]["text"])

    ana, chloe = await live(ANA), await live("U0CHLOE")
    await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="Psst")
    workspace.post_as(BEN, LEADERS, "Between us")
    workspace.post_as(BEN, GENERAL, "For all")
    assert [await next_message(ana) for _ in range(3)] == ["Psst", "Between us", "For all"]
    assert await next_message(chloe) == "For all"
    workspace.clock.move(timedelta(hours=1))
    while (event := await chloe.receive_json())["type"] != "clock":
        pass
    assert event["offset_seconds"] == 3600


async def test_a_person_types_and_presses(workspace: Workspace, browser: Browser) -> None:
    actions: list[dict[str, Any]] = []

    async def receive(envelope: dict[str, Any]) -> dict[str, Any] | None:
        payload = envelope["payload"]
        if envelope["type"] == "slash_commands":
            return {"text": "Found", "blocks": BUTTONS}
        actions.extend(payload.get("actions", []))
        return None

    workspace.receive_with(receive)
    typed = await browser.post("/page/type", user=ANA, channel=GENERAL, text="/brief x")
    assert typed == {"ok": True}
    seen = await browser.get("/page/messages", user=ANA, channel=GENERAL)
    (message,) = seen["messages"]
    where = {"user": ANA, "channel": GENERAL, "ts": message["ts"], "block_id": "below"}
    # A button's value is the app's own, whatever the page says.
    assert await browser.post("/page/press", **where, action_id="share", value="43") == {"ok": True}
    option = message["blocks"][0]["elements"][1]["options"][0]
    await browser.post("/page/press", **where, action_id="kind", selected_option=option)
    assert actions[0]["value"] == "42"
    assert actions[1]["selected_option"]["value"] == "1"
    spoken = await browser.post("/page/type", user=BEN, channel=GENERAL, text="Hello <all>")
    assert spoken == {"ok": True}
    assert workspace.messages(GENERAL)[-1]["text"] == "Hello &lt;all&gt;"
    wrong = await browser.post("/page/type", user=BEN, channel=GENERAL, text="/nope")
    assert "not a valid command" in wrong["error"]
    headers = {"X-Workspace": "1"}
    other = {**where, "user": BEN, "action_id": "share"}
    async with browser.session.post("/page/press", json=other, headers=headers) as response:
        assert response.status == 404
    async with browser.session.post("/page/press", json=[], headers=headers) as response:
        assert response.status == 400


async def test_the_inspector_hides_tokens(
    workspace: Workspace, browser: Browser, client: AsyncWebClient
) -> None:
    await client.auth_test()
    await client.api_call("auth.test", params={"token": workspace.bot_token})
    calls = (await browser.get("/page/calls"))["calls"]
    assert [call["name"] for call in calls] == ["auth.test"] * 2
    assert workspace.bot_token not in str(calls)
    assert (await browser.get("/page/calls", after=2))["calls"] == []


async def test_a_bot_in_another_process_waits_for_the_clock(browser: Browser) -> None:
    first = await browser.get("/page/clock")
    waiting = asyncio.create_task(browser.get("/page/clock", after=first["serial"]))
    moved = await browser.post("/page/clock", seconds=3600)
    answer = await waiting
    assert answer["offset_seconds"] == moved["offset_seconds"] == 3600
    assert answer["serial"] == first["serial"] + 1
    noon = await browser.post("/page/clock", to="2031-01-01T12:00:00+00:00")
    now = datetime.fromisoformat(noon["now"])
    assert now - datetime.fromisoformat("2031-01-01T12:00:00+00:00") < timedelta(seconds=30)


async def test_faults_and_membership_are_switched(
    workspace: Workspace, browser: Browser, client: AsyncWebClient
) -> None:
    fault = {"method": "auth.test", "kind": "refuse", "error": "fatal_error", "times": 1}
    (listed,) = (await browser.post("/page/faults", **fault))["faults"]
    assert listed["error"] == "fatal_error"
    assert await browser.post("/page/faults", clear=True) == {"faults": []}
    assert (await client.auth_test())["ok"]
    member = {"channel": "C0RANDOM", "user": workspace.bot_user_id}
    await browser.post("/page/membership", **member, member=True)
    assert (await client.chat_postMessage(channel="C0RANDOM", text="Hello"))["ok"]
    await browser.post("/page/membership", **member, member=False)
    assert workspace.bot_user_id not in workspace.channels["C0RANDOM"].members
