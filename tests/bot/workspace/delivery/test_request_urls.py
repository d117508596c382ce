"""The workspace against the real Bolt by signed HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.delivery.request_urls import RequestUrls
from tests.bot.workspace.conftest import MANIFEST, extended
from tests.ids import ANA, GENERAL
from tests.machine import PATIENCE, running_clock

BUTTON = {
    "type": "button",
    "action_id": "share",
    "text": {"type": "plain_text", "text": "Share"},
    "value": "42",
}
BUTTONS = [{"type": "actions", "block_id": "below", "elements": [BUTTON]}]

Serve = Callable[[web.Application], Awaitable[str]]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def workspace(ack_seconds: float) -> AsyncIterator[Workspace]:
    async with Workspace(
        manifest=MANIFEST,
        clock=running_clock(),
        ack_seconds=ack_seconds,
        retry_waits=(0, 0, 0),
    ) as workspace:
        yield workspace


@pytest.fixture
def app(workspace: Workspace, client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(
        client=client, signing_secret=workspace.signing_secret, process_before_response=True
    )


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return a function that serves an application on loopback and returns its address."""
    async with AsyncExitStack() as stack:

        async def serve(application: web.Application) -> str:
            runner = web.AppRunner(application, shutdown_timeout=0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            return f"http://{host}:{port}/slack/events"

        yield serve


async def listen(serve: Serve, answer: Answer) -> tuple[str, list[web.Request]]:
    """Serve *answer* once the challenge is met; give its address, and the requests it gets."""
    requests: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.text()
        if "url_verification" in body:
            return web.json_response({"challenge": (await request.json())["challenge"]})
        if "ssl_check=1" in body:
            return web.Response()
        requests.append(request)
        return await answer(request)

    application = web.Application()
    application.add_routes([web.post("/slack/events", handle)])
    return await serve(application), requests


async def test_bolt_is_reached_as_slack_reaches_it(
    workspace: Workspace, app: AsyncApp, serve: Serve
) -> None:
    """A command, a button, a select and an event, each signed and in its own form."""
    heard: list[str] = []

    @app.command("/brief")
    async def brief(ack: Any, command: dict[str, Any]) -> None:
        heard.append(command["text"])
        await ack(text="Found", blocks=BUTTONS)

    @app.action("share")
    async def share(ack: Any, respond: Any, action: dict[str, Any]) -> None:
        await ack()
        await respond(text=f"Shared {action['value']}", response_type="in_channel")

    @app.options("topic")
    async def topic(ack: Any, payload: dict[str, Any]) -> None:
        option = {"text": {"type": "plain_text", "text": payload["value"]}, "value": "1"}
        await ack(options=[option])

    @app.event("app_mention")
    async def mention(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    await workspace.set_request_url(await serve(app.web_app(path="/slack/events")))
    delivery = await workspace.type("/brief a & b @ben", user=ANA, channel=GENERAL)
    assert delivery.error is None
    (answer,) = workspace.messages(GENERAL, user=ANA)
    assert (answer["text"], answer["ephemeral"]) == ("Found", True)
    assert (await workspace.press(ANA, "share", channel=GENERAL, ts=answer["ts"])).acked
    assert (await workspace.seen(GENERAL, lambda one: one["text"] == "Shared 42"))["blocks"] == []
    assert (await workspace.type("Hello @parley", user=ANA, channel=GENERAL)).acked
    assert heard == ["a &amp; b <@U0BEN|ben>", "Hello <@U0PARLEY>"]
    (select,) = [{"type": "external_select", "action_id": "topic"}]
    await app.client.chat_postMessage(
        channel=GENERAL, text="?", blocks=[{"type": "actions", "elements": [select]}]
    )
    offered = await workspace.options(ANA, "topic", "zel", channel=GENERAL)
    assert offered.answer["options"][0]["text"]["text"] == "zel"


async def test_an_address_is_taken_only_when_it_answers_the_challenge(
    workspace: Workspace, client: AsyncWebClient, serve: Serve
) -> None:
    other = AsyncApp(client=client, signing_secret="another secret")
    url = await serve(other.web_app(path="/slack/events"))
    with pytest.raises(ValueError, match="does not answer with 200"):
        await workspace.set_request_url(url)

    async def silent(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    application = web.Application()
    application.add_routes([web.post("/slack/events", silent)])
    with pytest.raises(ValueError, match="does not answer the challenge"):
        await workspace.set_request_url(await serve(application))
    with pytest.raises(ValueError, match="not on this computer"):
        await workspace.set_request_url("http://192.0.2.1/slack/events")
    with pytest.raises(ValueError, match="connection_failed"):
        await workspace.set_request_url("http://127.0.0.1:1/slack/events")
    # The app is still reached by Socket Mode, where nobody is connected.
    delivery = await workspace.type("/brief", user=ANA, channel=GENERAL)
    assert delivery.error == '/brief failed with the error "dispatch_failed"'


async def test_a_command_that_is_not_answered_with_200_says_so(
    workspace: Workspace, serve: Serve, give_up: Callable[..., None]
) -> None:
    is_over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if "late" not in await request.text():
            return web.Response(status=404)
        await is_over.wait()
        return web.Response()

    url, requests = await listen(serve, answer)
    await workspace.set_request_url(url)
    give_up(RequestUrls, lambda envelope: envelope["payload"]["text"] == "late")
    delivery = await workspace.type("/brief", user=ANA, channel=GENERAL)
    assert delivery.error == '/brief failed with the error "dispatch_failed"'
    delivery = await workspace.type("/brief late", user=ANA, channel=GENERAL)
    is_over.set()
    assert delivery.error == '/brief failed with the error "operation_timeout"'
    # A slow machine may give up the second before the server sees it.
    assert len(requests) <= 2, "Slack does not repeat commands"


async def test_an_event_comes_again_and_says_why(
    workspace: Workspace, serve: Serve, give_up: Callable[..., None]
) -> None:
    answers = {None: 500, "1": "late", "2": 403, "3": 204}
    is_over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        status = answers[request.headers.get("X-Slack-Retry-Num")]
        if status == "late":
            await is_over.wait()
        return web.Response(status=status if isinstance(status, int) else 200)

    url, requests = await listen(serve, answer)
    await workspace.set_request_url(url)
    give_up(RequestUrls, lambda envelope: envelope["retry_attempt"] == 1)
    assert (await workspace.type("Hello @parley", user=ANA, channel=GENERAL)).acked
    is_over.set()
    reasons = {
        one.headers.get("X-Slack-Retry-Num"): one.headers.get("X-Slack-Retry-Reason")
        for one in requests
    }
    # A slow machine may give up the first retry before the server sees it.
    assert {"1": "http_error", **reasons} == {
        None: None,
        "1": "http_error",
        "2": "http_timeout",
        "3": "http_error",
    }
    ids = {(await one.json())["event_id"] for one in requests}
    assert len(ids) == 1


async def test_an_event_that_is_not_wanted_again_stays_away(
    workspace: Workspace, serve: Serve
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    url, requests = await listen(serve, answer)
    await workspace.set_request_url(url)
    assert not (await workspace.type("Hello @parley", user=ANA, channel=GENERAL)).acked
    assert len(requests) == 1


async def test_each_kind_goes_to_the_address_that_the_manifest_names(serve: Serve) -> None:
    requests: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        requests.append((request.path, await request.text()))
        return web.Response()

    application = web.Application()
    application.add_routes([web.post("/{path:.*}", handle)])
    base = (await serve(application)).removesuffix("/slack/events")
    manifest = extended()
    manifest["features"]["slash_commands"] = [
        {"command": "/brief", "description": "Find", "url": f"{base}/commands"},
        {"command": "/raw", "description": "Without an address"},
    ]
    manifest["settings"] = {
        "socket_mode_enabled": False,
        "interactivity": {"is_enabled": True, "request_url": f"{base}/actions"},
        "event_subscriptions": {"bot_events": ["app_mention"], "request_url": f"{base}/events"},
    }
    async with Workspace(
        manifest=manifest, clock=running_clock(), ack_seconds=PATIENCE
    ) as workspace:
        assert (await workspace.type("/brief", user=ANA, channel=GENERAL)).acked
        assert not (await workspace.type("/raw", user=ANA, channel=GENERAL)).acked
        assert (await workspace.use_shortcut(ANA, "start")).acked
        await workspace.type("Hello @parley", user=ANA, channel=GENERAL)
    assert [path for path, _ in requests] == ["/commands", "/actions", "/events"]
    command, action, event = (body for _, body in requests)
    assert parse_qs(command)["command"] == ["/brief"]
    assert json.loads(parse_qs(action)["payload"][0])["callback_id"] == "start"
    assert json.loads(event)["event"]["type"] == "app_mention"
