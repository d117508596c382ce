"""What goes wrong when it is told to: where, how often, and to which calls."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Fault, Workspace
from bot.workspace.web_api.faults import Faults
from tests.bot.workspace.conftest import error
from tests.ids import GENERAL, WORLD

METADATA = {"event_type": "delivery", "event_payload": {"key": "1"}}


async def history(client: AsyncWebClient, channel: str = GENERAL) -> list[dict[str, Any]]:
    answer = await client.conversations_history(channel=channel, include_all_metadata=True)
    messages: list[dict[str, Any]] = answer["messages"]
    return messages


async def test_history_lags_until_the_clock_has_moved(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    old = (await client.chat_postMessage(channel=GENERAL, text="Old"))["ts"]
    workspace.clock.move(timedelta(seconds=60))
    new = (await client.chat_postMessage(channel=GENERAL, text="New"))["ts"]
    reply = (await client.chat_postMessage(channel=GENERAL, text="Reply", thread_ts=old))["ts"]
    workspace.faults.add(Fault(method="conversations.*", kind="lag", seconds=30, times=None))
    assert [one["ts"] for one in await history(client)] == [old]
    thread = await client.conversations_replies(channel=GENERAL, ts=old)
    assert [one["ts"] for one in thread["messages"]] == [old]
    workspace.clock.move(timedelta(seconds=31))
    assert [one["ts"] for one in await history(client)] == [new, old]
    thread = await client.conversations_replies(channel=GENERAL, ts=old)
    assert [one["ts"] for one in thread["messages"]] == [old, reply]


async def test_metadata_can_be_left_out(workspace: Workspace, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=GENERAL, text="Hello", metadata=METADATA)
    workspace.faults.add(Fault(method="conversations.history", kind="no_metadata"))
    assert "metadata" not in (await history(client))[0]
    assert (await history(client))[0]["metadata"] == METADATA


async def test_history_can_be_limited_as_for_a_distributed_app(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.pace = False
    for number in range(20):
        await client.chat_postMessage(channel=GENERAL, text=str(number))
    workspace.faults.add(Fault(method="conversations.history", kind="strict", times=None))
    assert len(await history(client)) == 15
    workspace.clock.move(timedelta(seconds=20))
    with pytest.raises(SlackApiError) as refused:
        await history(client)
    assert 39 <= int(refused.value.response.headers["Retry-After"]) <= 40
    workspace.clock.move(timedelta(seconds=40))
    assert len(await history(client)) == 15


async def test_a_request_can_be_dropped_before_it_is_done(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add(Fault(method="chat.postMessage", kind="drop_before"))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=GENERAL, text="Hello")
    assert workspace.messages(GENERAL) == []
    assert workspace.calls[-1].status == 0


async def test_a_page_of_html_may_come_in_place_of_an_answer(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add(Fault(method="chat.postMessage", kind="html", status=502))
    with pytest.raises(SlackApiError, match="non-JSON format: <html>") as refused:
        await client.chat_postMessage(channel=GENERAL, text="Hello")
    assert (refused.value.response.status, refused.value.response.content_type) == (
        502,
        "application/json",
    )
    assert workspace.messages(GENERAL) == []
    assert workspace.calls[-1].status == 502


async def test_a_fault_can_be_kept_to_one_channel(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    fault = Fault(method="chat.*", kind="refuse", error="fatal_error", channel=WORLD, times=None)
    workspace.faults.add(fault)
    assert (await client.chat_postMessage(channel=GENERAL, text="Hello"))["ok"]
    refused = [await error(client.chat_postMessage(channel=WORLD, text="Hello")) for _ in range(3)]
    assert refused == ["fatal_error"] * 3
    assert (await history(client, WORLD)) == []


async def test_a_share_of_the_calls_is_told_to_come_later(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.pace = False
    workspace.faults.add(
        Fault(method="chat.postMessage", kind="ratelimit", seconds=2, share=0.2, times=None)
    )
    refusals = []
    for n in range(50):
        try:
            await client.chat_postMessage(channel=GENERAL, text=f"Message {n}")
        except SlackApiError as refused:
            refusals.append(refused.response)
    assert len(refusals) + len(workspace.messages(GENERAL)) == 50
    assert 2 <= len(refusals) <= 20
    assert {one.headers["Retry-After"] for one in refusals} == {"2"}


def test_the_share_is_the_same_in_every_run() -> None:
    def struck(seed: int) -> list[int]:
        faults = Faults()
        faults.add(Fault(method="*", kind="refuse", share=0.05, times=None, seed=seed))
        return [n for n in range(2000) if faults.take("chat.postMessage", {})]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 60 <= len(struck(1)) <= 140


def test_a_fault_that_makes_no_sense_is_not_taken() -> None:
    for wrong in ({"kind": "sing"}, {"kind": "lag", "share": 0}, {"kind": "lag", "times": 0}):
        with pytest.raises(ValueError, match=r"fault|share"):
            Fault(method="*", **wrong)
