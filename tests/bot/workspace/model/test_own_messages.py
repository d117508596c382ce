"""The app hears of its own messages too; Bolt drops these."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from tests.bot.workspace.conftest import Listener

ANA, DIRECT, GENERAL = "U0ANA", "D0ANA", "C0GENERAL"


async def test_the_bot_s_own_messages_come_back_as_events(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    listener = Listener(workspace)
    ts = (await client.chat_postMessage(channel=DIRECT, text="One"))["ts"]
    await client.chat_update(channel=DIRECT, ts=ts, text="Two")
    await client.chat_delete(channel=DIRECT, ts=ts)
    posted, changed, deleted = await listener.events()
    assert (posted["text"], posted["bot_id"], posted["channel_type"]) == ("One", "B0PARLEY", "im")
    assert "subtype" not in posted
    assert changed["subtype"] == "message_changed"
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("One", "Two")
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)


async def test_nothing_is_told_of_ephemerals_or_where_nothing_is_subscribed_to(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    listener = Listener(workspace)
    await client.chat_postMessage(channel=GENERAL, text="One")
    await client.chat_postEphemeral(channel=DIRECT, user=ANA, text="Psst")
    assert await listener.events() == []


async def test_bolt_keeps_them_from_its_listeners(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    heard: list[str] = []

    @app.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    await connect(app)
    ts = (await app.client.chat_postMessage(channel=DIRECT, text="One"))["ts"]
    await app.client.chat_update(channel=DIRECT, ts=ts, text="Two")
    await workspace.type("Three", user=ANA, channel=DIRECT)
    await workspace.settled()
    assert heard == ["Three"]
