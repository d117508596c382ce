"""Each call of a posting client is counted, whatever comes back."""

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.slack_clients import PostingClient


@pytest.mark.parametrize("options", [{"json": {"channel": "C1"}}, {"params": {"channel": "C1"}}])
async def test_a_body_that_is_no_json_is_an_error_with_its_status(
    options: dict[str, object],
) -> None:
    async def broken(_: web.Request) -> web.Response:
        return web.Response(text="{", status=502, content_type="application/json")

    app = web.Application()
    app.router.add_post("/api/chat.postMessage", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    calls = []
    try:
        async with aiohttp.ClientSession() as session:
            client = PostingClient(
                called=lambda method, status, _: calls.append((method, status)),
                token="xoxb-1",
                base_url=f"{site.name}/api/",
                session=session,
            )
            with pytest.raises(SlackApiError):
                await client.api_call("chat.postMessage", **options)
    finally:
        await runner.cleanup()
    assert calls == [("chat.postMessage", 502)]
