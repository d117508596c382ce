"""The Web API by the SDK's own client: as strict as Slack."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Fault, Workspace
from bot.workspace.errors import ApiError
from bot.workspace.model.tickets import Triggers
from tests.bot.workspace.conftest import error, refusal
from tests.ids import ANA, BEN

GENERAL, RANDOM, LEADERS, ARCHIVE = "C0GENERAL", "C0RANDOM", "C0LEADERS", "C0ARCHIVE"
DIVIDER = {"type": "divider"}
HOME = {"type": "home", "blocks": [DIVIDER]}


async def post_many(client: AsyncWebClient, count: int) -> list[str]:
    return [
        (await client.chat_postMessage(channel=GENERAL, text=f"Message {n}"))["ts"]
        for n in range(count)
    ]


async def test_tokens_of_the_right_kind_are_asked_for(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    me = await client.auth_test()
    assert (me["user_id"], me["bot_id"], me["team_id"]) == ("U0PARLEY", "B0PARLEY", "T0LOCAL")
    assert await error(client.auth_test(token="xoxb-other")) == "invalid_auth"
    assert await error(client.auth_test(token=workspace.app_token)) == "not_allowed_token_type"
    wrong = client.apps_connections_open(app_token=workspace.bot_token)
    assert await error(wrong) == "not_allowed_token_type"
    assert await error(client.api_call("chat.sing")) == "unknown_method"
    async with aiohttp.request("POST", workspace.api_url + "auth.test") as response:
        assert (await response.json())["error"] == "not_authed"


async def test_arguments_come_by_query_form_and_json(workspace: Workspace) -> None:
    url = workspace.api_url + "chat.postMessage"
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    form = {"channel": GENERAL, "text": "form", "blocks": json.dumps([DIVIDER])}
    async with aiohttp.ClientSession(headers=headers) as session:
        for sent in (
            session.post(url, params={"channel": GENERAL, "text": "query"}),
            session.post(url, data=form),
            session.post(url, params={"channel": GENERAL}, json={"text": "json"}),
        ):
            async with sent as response:
                assert (await response.json())["ok"]
        bad = {"channel": GENERAL, "blocks": "[{"}
        async with session.post(url, data=bad) as response:
            assert (await response.json())["error"] == "invalid_blocks_format"
    drawn = workspace.messages(GENERAL)
    assert [message["text"] for message in drawn] == ["query", "form", "json"]
    assert drawn[1]["blocks"][0]["block_id"]


@pytest.mark.parametrize("method", ["chat.postMessage", "views.publish", "conversations.join"])
async def test_an_image_of_a_page_writes_nothing(workspace: Workspace, method: str) -> None:
    """A browser without Sec-Fetch-Site asks by GET for images, as for pages."""
    query = {"channel": GENERAL, "text": "query", "token": workspace.bot_token}
    async with aiohttp.request("GET", workspace.api_url + method, params=query) as response:
        assert response.status == 405
    assert not workspace.messages(GENERAL)


async def test_a_scope_that_is_missing_is_named(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    body = await refusal(client.conversations_open(users=[ANA]))
    assert (body["error"], body["needed"]) == ("missing_scope", "im:write")
    assert "chat:write" in body["provided"].split(",")
    workspace.invite(LEADERS, workspace.bot_user_id)
    body = await refusal(client.conversations_info(channel=LEADERS))
    assert body["needed"] == "groups:read"


async def test_the_bot_writes_only_where_it_is_let_in(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    async def post(channel: str, **more: Any) -> str:
        return await error(client.chat_postMessage(channel=channel, text="Hello", **more))

    assert await post(RANDOM) == "not_in_channel"
    assert await post(LEADERS) == "channel_not_found"
    assert await post("C0NOWHERE") == "channel_not_found"
    assert await post(ARCHIVE) == "is_archived"
    assert await post(GENERAL, thread_ts="1.000000") == "thread_not_found"
    assert await error(client.conversations_history(channel=RANDOM)) == "not_in_channel"
    workspace.remove(GENERAL, workspace.bot_user_id)
    assert await post(GENERAL) == "not_in_channel"
    workspace.invite(RANDOM, workspace.bot_user_id)
    assert (await client.chat_postMessage(channel=RANDOM, text="Hello"))["ok"]
    assert (await client.chat_postMessage(channel=ANA, text="Hello"))["channel"] == "D0ANA"


async def test_a_message_has_something_to_say_within_the_limits(client: AsyncWebClient) -> None:
    nothing = client.api_call("chat.postMessage", json={"channel": GENERAL, "text": " "})
    assert await error(nothing) == "no_text"
    many = await refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=[DIVIDER] * 51))
    assert many["error"] == "invalid_blocks"
    assert many["response_metadata"]["messages"] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    long = client.chat_postMessage(channel=GENERAL, text="x", blocks=[section] * 4)
    assert await error(long) == "msg_blocks_too_long"
    cut = await client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert (len(cut["message"]["text"]), cut["warning"]) == (40_000, "message_truncated")
    update = client.chat_update(channel=GENERAL, ts=cut["ts"], text="x" * 4_001)
    assert await error(update) == "msg_too_long"


async def test_metadata_is_given_only_to_who_asks(client: AsyncWebClient) -> None:
    metadata = {"event_type": "delivery", "event_payload": {"key": "1"}}
    await client.chat_postMessage(channel=GENERAL, text="Hello", metadata=metadata)
    (plain,) = (await client.conversations_history(channel=GENERAL))["messages"]
    assert plain["metadata"] == {"event_type": "delivery"}
    asked = await client.conversations_history(channel=GENERAL, include_all_metadata=True)
    assert asked["messages"][0]["metadata"] == metadata
    bad = client.chat_postMessage(channel=GENERAL, text="x", metadata={"event_type": "a b"})
    assert await error(bad) == "invalid_metadata_schema"


async def test_an_update_keeps_metadata_unless_it_brings_its_own(client: AsyncWebClient) -> None:
    first, second = (
        {"event_type": "delivery", "event_payload": {"key": key}} for key in ("1", "2")
    )
    ts = (await client.chat_postMessage(channel=GENERAL, text="A", metadata=first))["ts"]

    async def metadata() -> object:
        page = await client.conversations_history(channel=GENERAL, include_all_metadata=True)
        return page["messages"][0]["metadata"]

    await client.chat_update(channel=GENERAL, ts=ts, text="B")
    assert await metadata() == first
    await client.chat_update(channel=GENERAL, ts=ts, text="C", metadata=second)
    assert await metadata() == second


async def test_history_pages_from_the_newest(workspace: Workspace, client: AsyncWebClient) -> None:
    workspace.pace = False
    ts = await post_many(client, 7)
    await client.chat_postMessage(channel=GENERAL, text="Reply", thread_ts=ts[2])
    await client.chat_postEphemeral(channel=GENERAL, text="Psst", user=ANA)
    found: list[str] = []
    cursor = None
    while cursor != "":
        page = await client.conversations_history(channel=GENERAL, limit=3, cursor=cursor)
        assert page["has_more"] is (len(found) < 6)
        found += [message["ts"] for message in page["messages"]]
        metadata: dict[str, str] = page.get("response_metadata") or {}
        cursor = metadata.get("next_cursor", "")
    assert found == ts[::-1]
    assert (
        await error(client.conversations_history(channel=GENERAL, cursor="?")) == "invalid_cursor"
    )


async def test_history_begins_and_ends_where_it_is_told(client: AsyncWebClient) -> None:
    ts = await post_many(client, 4)

    async def between(**bounds: Any) -> list[str]:
        page = await client.conversations_history(channel=GENERAL, **bounds)
        return [message["ts"] for message in page["messages"]][::-1]

    assert await between(oldest=ts[1]) == ts[2:]
    assert await between(oldest=ts[1], inclusive=True) == ts[1:]
    assert await between(latest=ts[2]) == ts[:2]
    assert await between(oldest=ts[1], latest=ts[2], inclusive=True) == ts[1:3]
    assert await between(oldest=int(float(ts[0])) - 1) == ts
    assert await error(between(oldest="yesterday")) == "invalid_ts_oldest"


async def test_a_thread_is_read_from_its_first_message(client: AsyncWebClient) -> None:
    root, other = await post_many(client, 2)
    first = await client.chat_postMessage(channel=GENERAL, text="First", thread_ts=root)
    # A reply to a reply goes to the same thread.
    await client.chat_postMessage(channel=GENERAL, text="Second", thread_ts=first["ts"])
    thread = (await client.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert [message["text"] for message in thread] == ["Message 0", "First", "Second"]
    assert thread[0]["reply_count"] == 2
    assert {message["thread_ts"] for message in thread} == {root}
    history = (await client.conversations_history(channel=GENERAL))["messages"]
    assert [message["ts"] for message in history] == [other, root]


async def test_the_bot_changes_only_its_own_messages(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    theirs = workspace.post_as(ANA, GENERAL, "Mine")["ts"]
    update = client.chat_update(channel=GENERAL, ts=theirs, text="Ours")
    assert await error(update) == "cant_update_message"
    delete = client.chat_delete(channel=GENERAL, ts=theirs)
    assert await error(delete) == "cant_delete_message"
    ours = (await client.chat_postMessage(channel=GENERAL, text="A", blocks=[DIVIDER]))["ts"]
    await client.chat_update(channel=GENERAL, ts=ours, text="B")
    _, message = workspace.messages(GENERAL)
    assert (message["text"], message["edited"]) == ("B", True)
    assert message["blocks"][0]["type"] == "divider"
    await client.chat_delete(channel=GENERAL, ts=ours)
    gone = client.chat_update(channel=GENERAL, ts=ours, text="C")
    assert await error(gone) == "message_not_found"


async def test_an_ephemeral_is_for_a_member_and_not_in_history(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    sent = await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="Psst")
    (seen,) = workspace.messages(GENERAL, user=ANA)
    assert (seen["ts"], seen["ephemeral"]) == (sent["message_ts"], True)
    assert workspace.messages(GENERAL, user=BEN) == []
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []
    update = client.chat_update(channel=GENERAL, ts=sent["message_ts"], text="x")
    assert await error(update) == "message_not_found"
    workspace.remove(GENERAL, BEN)
    other = client.chat_postEphemeral(channel=GENERAL, user=BEN, text="Psst")
    assert await error(other) == "user_not_in_channel"


async def test_ts_follow_the_clock_and_only_rise(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    (before,) = await post_many(client, 1)
    workspace.clock.move(timedelta(days=1))
    (later,) = await post_many(client, 1)
    assert 86_400 <= float(later) - float(before) < 86_430
    workspace.clock.move(timedelta(days=-2))
    (last,) = await post_many(client, 1)
    assert last > later


async def test_a_channel_takes_a_message_a_second_after_a_burst(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    await post_many(client, 5)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=GENERAL, text="Too many")
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "1"
    assert (await client.chat_postMessage(channel="C0WORLD", text="Elsewhere"))["ok"]
    workspace.pace = False
    assert (await client.chat_postMessage(channel=GENERAL, text="More"))["ok"]


async def test_a_person_has_a_zone_and_may_be_an_admin(client: AsyncWebClient) -> None:
    ana = (await client.users_info(user=ANA))["user"]
    assert (ana["tz"], ana["is_admin"], ana["is_bot"]) == ("Europe/Lisbon", True, False)
    assert (await client.users_info(user=BEN))["user"]["is_admin"] is False
    assert await error(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_a_home_is_published_under_its_hash(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    first = (await client.views_publish(user_id=ANA, view=HOME))["view"]
    home = workspace.home(ANA)
    assert home
    assert home["id"] == first["id"]
    await client.views_publish(user_id=ANA, view=HOME, hash=first["hash"])
    stale = client.views_publish(user_id=ANA, view=HOME, hash=first["hash"])
    assert await error(stale) == "hash_conflict"
    bad = await refusal(client.views_publish(user_id=ANA, view={"type": "home", "blocks": [{}]}))
    assert bad["error"] == "invalid_arguments"
    assert "json-pointer:/view/blocks/0/type" in bad["response_metadata"]["messages"][0]


async def test_a_trigger_works_once(workspace: Workspace, client: AsyncWebClient) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [DIVIDER]}
    command = (await workspace.type("/brief", user=ANA, channel=GENERAL)).payload
    opened = (await client.views_open(trigger_id=command["trigger_id"], view=view))["view"]
    assert workspace.views[opened["id"]].user == ANA
    again = client.views_open(trigger_id=command["trigger_id"], view=view)
    assert await error(again) == "exchanged_trigger_id"
    made_up = client.views_open(trigger_id="1.2.3", view=view)
    assert await error(made_up) == "invalid_trigger_id"
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)
    stale = client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)
    assert await error(stale) == "hash_conflict"


def test_a_trigger_lives_for_a_while() -> None:
    triggers = Triggers(seconds=-1)
    with pytest.raises(ApiError, match="expired_trigger_id"):
        triggers.redeem(triggers.issue(ANA))


async def test_modals_stack_three_high(workspace: Workspace, client: AsyncWebClient) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [DIVIDER]}

    async def trigger() -> str:
        command = await workspace.type("/brief", user=ANA, channel=GENERAL)
        return str(command.payload["trigger_id"])

    await client.views_open(trigger_id=await trigger(), view=view)
    for _ in range(2):
        await client.views_push(trigger_id=await trigger(), view=view)
    fourth = client.views_push(trigger_id=await trigger(), view=view)
    assert await error(fourth) == "push_limit_reached"
    first, second, third = workspace.views
    assert (third.previous_id, third.root_id) == (second.id, first.id)
    await workspace.close_view(ANA, third.id)
    assert list(workspace.views) == [first, second]


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_server_error_leaves_it_open_whether_it_was_done(
    workspace: Workspace, client: AsyncWebClient, is_done: bool
) -> None:
    workspace.faults.add(Fault(method="chat.postMessage", kind="status", status=503, after=is_done))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=GENERAL, text="Hello")
    assert caught.value.response.status_code == 503
    assert len(workspace.messages(GENERAL)) == int(is_done)


async def test_a_cut_connection_leaves_the_message(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add(Fault(method="chat.postMessage", kind="drop_after"))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=GENERAL, text="Hello")
    assert [message["text"] for message in workspace.messages(GENERAL)] == ["Hello"]
    (call,) = await workspace.called("chat.postMessage")
    assert (call.status, call.token_kind) == (0, "xoxb-…")
    await client.chat_postMessage(channel=GENERAL, text="Again")


async def test_calls_are_refused_and_put_off_as_often_as_told(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add(Fault(method="auth.test", kind="refuse", error="fatal_error", times=2))
    workspace.faults.add(Fault(method="*", kind="ratelimit", seconds=7))
    assert [await error(client.auth_test()) for _ in range(2)] == ["fatal_error"] * 2
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.headers["Retry-After"] == "7"
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize("after", [True, False])
async def test_a_delayed_call_can_be_given_up(
    workspace: Workspace, client: AsyncWebClient, after: bool
) -> None:
    workspace.faults.add(Fault(method="chat.postMessage", kind="delay", seconds=60, after=after))
    call = asyncio.create_task(client.chat_postMessage(channel=GENERAL, text="Hello"))
    await workspace.received("chat.postMessage")
    sent = int(after)
    await workspace._state.signal.until(lambda: len(workspace.messages(GENERAL)) == sent or None)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(workspace.messages(GENERAL)) == sent
