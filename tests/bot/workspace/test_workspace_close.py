"""Closing leaves nothing, whatever was going on."""

import asyncio
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Fault, Workspace
from tests.bot.workspace.conftest import MANIFEST
from tests.machine import running_clock


async def test_closing_ends_what_is_under_way() -> None:
    before = asyncio.all_tasks()
    workspace = Workspace(manifest=MANIFEST, clock=running_clock())
    await workspace.start()
    started = asyncio.Event()

    async def never(envelope: dict[str, Any]) -> None:
        started.set()
        await asyncio.Event().wait()

    workspace.receive_with(never)
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=workspace.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        workspace.faults.add(Fault(method="auth.test", kind="delay", seconds=60))
        delayed = asyncio.create_task(client.auth_test())
        await workspace.received("auth.test")
        polling = asyncio.create_task(session.get(workspace.url + "page/clock?after=0"))
        live = await session.ws_connect(workspace.url + "page/live?user=U0ANA")
        socket_url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
        socket = await session.ws_connect(socket_url)
        assert (await socket.receive_json())["type"] == "hello"
        typing = asyncio.create_task(workspace.type("/brief", user="U0ANA", channel="C0GENERAL"))
        await started.wait()
        async with asyncio.timeout(30):
            closing = asyncio.create_task(workspace.close())
            assert (await live.receive()).type in (
                aiohttp.WSMsgType.TEXT,
                aiohttp.WSMsgType.CLOSE,
            )
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            await socket.close()
            await live.close()
            await closing
            await asyncio.gather(delayed, polling, return_exceptions=True)
            assert not (await typing).acked
    assert asyncio.all_tasks() == before
