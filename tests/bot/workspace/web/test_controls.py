"""What the page can do behind the scenes, by the same JSON as everything else of it."""

from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any, get_args

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.web_api.faults import FaultKind
from tests.bot.workspace.conftest import Listener, error, extended
from tests.machine import running_clock

ANA, BEN, GENERAL, DIRECT = "U0ANA", "U0BEN", "C0GENERAL", "D0ANA"
SHOUT = {
    "title": "Shout",
    "description": "Say it loudly",
    "input_parameters": {"properties": {"words": {"type": "string"}}, "required": ["words"]},
    "output_parameters": {"properties": {"text": {"type": "string"}}},
}


@pytest.fixture
async def workspace(ack_seconds: float) -> AsyncIterator[Workspace]:
    manifest = extended(
        scopes=["files:read"],
        events=["app_uninstalled", "tokens_revoked", "function_executed"],
        functions={"shout": SHOUT},
    )
    clock = running_clock()
    async with Workspace(manifest=manifest, clock=clock, ack_seconds=ack_seconds) as workspace:
        yield workspace


@pytest.fixture
async def session(workspace: Workspace) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"X-Workspace": "1"}
    async with aiohttp.ClientSession(workspace.url, headers=headers) as session:
        yield session


async def test_a_channel_is_run_from_the_page(
    workspace: Workspace, session: aiohttp.ClientSession
) -> None:
    async def do(act: str, **more: str) -> int:
        body = {"channel": GENERAL, "act": act, "user": ANA, **more}
        async with session.post("/page/channel", json=body) as response:
            return response.status

    channel = workspace.channels[GENERAL]
    assert await do("rename", name="everybody") == 200
    assert channel.name == "everybody"
    assert await do("archive") == 200
    assert channel.is_archived
    assert await do("unarchive") == 200
    assert await do("restrict") == 200
    assert (channel.is_archived, channel.is_read_only) == (False, True)
    assert await do("open") == 200
    assert not channel.is_read_only
    assert await do("paint") == 400
    assert await do("delete") == 200
    assert await do("archive") == 404


async def test_a_person_is_changed_and_a_file_shared_from_the_page(
    workspace: Workspace, session: aiohttp.ClientSession
) -> None:
    listener = Listener(workspace)
    body: dict[str, Any] = {"user": BEN, "changes": {"is_restricted": True}}
    async with session.post("/page/person", json=body) as response:
        assert response.status == 200
    assert workspace.people[BEN].is_restricted
    content = b64encode(b"Lima\n").decode()
    body = {"user": ANA, "channel": DIRECT, "name": "lima.txt", "content": content}
    async with session.post("/page/file", json=body) as response:
        assert response.status == 200
    (file,) = workspace.files.values()
    assert file.content == b"Lima\n"
    assert (await listener.events())[0]["subtype"] == "file_share"
    async with session.post("/page/file", json=body | {"content": "?"}) as response:
        assert response.status == 400


async def test_an_address_that_does_not_answer_is_refused_with_the_reason(
    session: aiohttp.ClientSession,
) -> None:
    async with session.post("/page/request-url", json={"url": "http://127.0.0.1:1/"}) as response:
        assert response.status == 400
        assert "does not answer" in await response.text()


async def test_the_app_is_taken_out_and_let_in_again(
    workspace: Workspace, session: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    listener = Listener(workspace)

    async def commands() -> list[Any]:
        async with session.get("/page/state") as response:
            found: list[Any] = (await response.json())["commands"]
            return found

    async with session.post("/page/uninstall", json={}) as response:
        assert response.status == 200
    assert {one["type"] for one in await listener.events()} == {"tokens_revoked", "app_uninstalled"}
    assert await error(client.auth_test()) == "account_inactive"
    assert await commands() == []
    async with session.post("/page/install", json={}) as response:
        assert response.status == 200
    assert (await client.auth_test())["ok"]
    assert await commands()
    async with session.get("/page/app") as response:
        assert "files:read" in (await response.json())["scopes"]


async def test_a_step_is_run_from_the_page(
    workspace: Workspace, session: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    async def answer(envelope: Any) -> None:
        event = envelope["payload"]["event"]
        if event["type"] == "function_executed":
            await client.functions_completeSuccess(
                function_execution_id=event["function_execution_id"],
                outputs={"text": event["inputs"]["words"].upper()},
            )

    workspace.receive_with(answer)
    async with session.get("/page/app") as response:
        (function,) = (await response.json())["functions"]
    assert [one["name"] for one in function["inputs"]] == ["words"]
    body = {"function": "shout", "inputs": {"words": "lima"}}
    async with session.post("/page/step", json=body) as response:
        assert await response.json() == {"ok": True, "outputs": {"text": "LIMA"}, "error": None}
    async with session.post("/page/step", json=body | {"inputs": {}}) as response:
        assert response.status == 400
        assert "missing required parameter: words" in await response.text()
    workspace.uninstall()
    async with session.post("/page/step", json=body) as response:
        assert (response.status, "not installed" in await response.text()) == (400, True)


async def test_how_the_app_is_reached_is_told(session: aiohttp.ClientSession) -> None:
    async with session.get("/page/app") as response:
        assert (await response.json())["delivery"] == {"way": "socket", "sockets": 0}


async def test_an_app_that_is_reached_by_http_is_told_with_its_addresses() -> None:
    """Those of its manifest, each once, and the one that is set in their place."""
    at = "http://127.0.0.1:9/slack/events"
    manifest = extended()
    manifest["settings"]["socket_mode_enabled"] = False
    manifest["settings"]["interactivity"]["request_url"] = at
    for command in manifest["features"]["slash_commands"]:
        command["url"] = at
    async with (
        Workspace(manifest=manifest, clock=running_clock()) as workspace,
        aiohttp.ClientSession(workspace.url) as session,
        session.get("/page/app") as response,
    ):
        assert (await response.json())["delivery"] == {"way": "http", "urls": [at]}


async def test_every_kind_of_fault_is_described(session: aiohttp.ClientSession) -> None:
    async with session.get("/page/fault-kinds") as response:
        kinds = (await response.json())["kinds"]
    assert {one["kind"] for one in kinds} == set(get_args(FaultKind))
    for one in kinds:
        body = {"method": "*", "kind": one["kind"], "times": None}
        async with session.post("/page/faults", json=body) as response:
            fault = (await response.json())["faults"][-1]
        assert one["label"]
        assert set(one["fields"]) <= fault.keys()
