"""A workspace, the SDK's own client, and a small Bolt app joined by Socket Mode."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from copy import deepcopy
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.workspace import Workspace
from tests.conftest import StoppedClock
from tests.machine import PATIENCE

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Parley"},
    "features": {
        "bot_user": {"display_name": "Parley"},
        "app_home": {"home_tab_enabled": True},
        "slash_commands": [
            {"command": "/brief", "description": "Find", "should_escape": True},
            {"command": "/raw", "description": "Not escaped"},
        ],
        "shortcuts": [
            {"name": "Related", "type": "message", "callback_id": "related", "description": "Find"}
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "app_mentions:read",
                "channels:history",
                "channels:read",
                "chat:write",
                "commands",
                "groups:history",
                "im:history",
                "users:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "app_mention", "message.im"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}

Envelopes = Callable[[dict[str, Any]], bool]
"""Whether an envelope is one that a test speaks of."""

Connect = Callable[..., Any]


def extended(
    *, scopes: Iterable[str] = (), events: Iterable[str] = (), **more: Any
) -> dict[str, Any]:
    """Return the manifest with more scopes, events and parts."""
    manifest = deepcopy(MANIFEST) | more
    manifest["oauth_config"]["scopes"]["bot"] += scopes
    manifest["settings"]["event_subscriptions"]["bot_events"] += events
    return manifest


async def refusal(call: Awaitable[Any]) -> dict[str, Any]:
    """Return the body of a call that must be refused."""
    with pytest.raises(SlackApiError) as caught:
        await call
    body: dict[str, Any] = caught.value.response.data
    assert body["ok"] is False
    return body


async def error(call: Awaitable[Any]) -> str:
    return str((await refusal(call))["error"])


class Listener:
    """Acks everything, as an app in this process, and keeps what it was sent."""

    def __init__(self, workspace: Workspace) -> None:
        self.envelopes: list[dict[str, Any]] = []
        workspace.receive_with(self._receive)
        self._workspace = workspace

    async def _receive(self, envelope: dict[str, Any]) -> None:
        self.envelopes.append(envelope)

    async def events(self) -> list[dict[str, Any]]:
        """Wait for what is under way, and give every event until now."""
        await self._workspace.settled()
        return [one["payload"]["event"] for one in self.envelopes if one["type"] == "events_api"]


@pytest.fixture
def ack_seconds() -> float:
    """How long the workspace waits for an ack."""
    return PATIENCE


@pytest.fixture
async def workspace(ack_seconds: float) -> AsyncIterator[Workspace]:
    clock = MovableClock(source=StoppedClock())
    async with Workspace(manifest=MANIFEST, clock=clock, ack_seconds=ack_seconds) as workspace:
        yield workspace


@pytest.fixture
def give_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, Envelopes], None]:
    """Return a function that has a transport wait only a moment for acks of some envelopes.

    The test does not ack these. Nothing else has to be done before a deadline.
    """

    def give_up(transport: type, envelopes: Envelopes) -> None:
        ask = transport.ask  # type: ignore[attr-defined]

        async def ask_for_a_moment(self: Any, envelope: dict[str, Any], seconds: float) -> Any:
            return await ask(self, envelope, 0.2 if envelopes(envelope) else seconds)

        monkeypatch.setattr(transport, "ask", ask_for_a_moment)

    return give_up


@pytest.fixture
async def client(workspace: Workspace) -> AsyncIterator[AsyncWebClient]:
    """A client as the bot's posting client is: one session, no retries."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=workspace.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )


@pytest.fixture
async def connect(workspace: Workspace, client: AsyncWebClient) -> AsyncIterator[Connect]:
    """Return a function that builds a Bolt app; `connect(app)` connects it by Socket Mode."""
    async with AsyncExitStack() as stack:

        async def connect(app: AsyncApp) -> AsyncSocketModeHandler:
            handler = AsyncSocketModeHandler(app, workspace.app_token)
            await handler.connect_async()
            stack.push_async_callback(handler.close_async)
            return handler

        yield connect


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, process_before_response=True)
