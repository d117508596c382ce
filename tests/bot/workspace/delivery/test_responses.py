"""response_url: five uses in thirty minutes, and what they may do."""

from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.workspace import Workspace
from tests.ids import ANA, BEN, GENERAL


@pytest.fixture
async def response_url(workspace: Workspace) -> AsyncWebhookClient:
    """A client for the response_url of a command that Ana has typed."""

    async def receive(envelope: dict[str, Any]) -> None:
        return None

    workspace.receive_with(receive)
    delivery = await workspace.type("/brief x", user=ANA, channel=GENERAL)
    return AsyncWebhookClient(delivery.payload["response_url"])


async def test_it_is_used_up(workspace: Workspace, response_url: AsyncWebhookClient) -> None:
    for _ in range(5):
        assert (await response_url.send(text="Again")).status_code == 200
    sixth = await response_url.send(text="Again")
    assert (sixth.status_code, sixth.body) == (404, "used_url")
    assert len(workspace.messages(GENERAL, user=ANA)) == 5
    assert len(await workspace.called("response_url", 6)) == 6


async def test_it_expires(workspace: Workspace, response_url: AsyncWebhookClient) -> None:
    workspace.clock.move(timedelta(minutes=30, seconds=1))
    late = await response_url.send(text="Late")
    assert (late.status_code, late.body) == (404, "expired_url")
    assert workspace.messages(GENERAL, user=ANA) == []


async def test_it_answers_its_person_unless_told_otherwise(
    workspace: Workspace, response_url: AsyncWebhookClient
) -> None:
    root = workspace.post_as(BEN, GENERAL, "Talks?")["ts"]
    await response_url.send(text="For you")
    await response_url.send(text="For all", response_type="in_channel")
    await response_url.send_dict(
        {"text": "In the thread", "response_type": "in_channel", "thread_ts": root}
    )
    assert [one["text"] for one in workspace.messages(GENERAL, user=ANA)] == [
        "Talks?",
        "For you",
        "For all",
    ]
    assert [one["text"] for one in workspace.messages(GENERAL, user=BEN)] == ["Talks?", "For all"]
    _, reply = workspace.messages(GENERAL, thread_ts=root)
    assert reply["text"] == "In the thread"


async def test_a_command_s_has_no_original(
    workspace: Workspace, response_url: AsyncWebhookClient
) -> None:
    """Replacing only posts again there (bolt-js#2287)."""
    await response_url.send(text="One")
    await response_url.send(text="Two", replace_original=True)
    assert [one["text"] for one in workspace.messages(GENERAL, user=ANA)] == ["One", "Two"]


async def test_it_is_as_strict_as_a_call(response_url: AsyncWebhookClient) -> None:
    bad = await response_url.send(text="x", blocks=[{"type": "section"}])
    assert (bad.status_code, bad.body) == (400, "invalid_blocks")
    empty = await response_url.send_dict({"response_type": "ephemeral"})
    assert (empty.status_code, empty.body) == (400, "no_text")
