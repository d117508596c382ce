"""The workspace against the real Bolt: commands, buttons, modals and events by Socket Mode."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.delivery.sockets import Sockets
from bot.workspace.delivery.transports import InProcess
from tests.ids import ANA, BEN, GENERAL, LEADERS, RANDOM

BUTTON = {
    "type": "button",
    "action_id": "share",
    "text": {"type": "plain_text", "text": "Share"},
    "value": "42",
}
BUTTONS = [{"type": "actions", "block_id": "below", "elements": [BUTTON]}]
MODAL = {
    "type": "modal",
    "callback_id": "plan",
    "title": {"type": "plain_text", "text": "Plan"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "time",
            "label": {"type": "plain_text", "text": "Time"},
            "element": {"type": "plain_text_input", "action_id": "at"},
        }
    ],
}


async def test_an_answer_in_the_ack_is_seen_by_who_asked_alone(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    commands: list[dict[str, Any]] = []

    @app.command("/brief")
    async def brief(ack: Any, command: dict[str, Any]) -> None:
        commands.append(command)
        await ack(text="Found", blocks=BUTTONS)

    await connect(app)
    text = "a < b & @ben in #world-news"
    delivery = await workspace.type(f"/brief {text}", user=ANA, channel=LEADERS)
    assert delivery.acked
    assert delivery.error is None
    (answer,) = workspace.messages(LEADERS, user=ANA)
    assert (answer["text"], answer["ephemeral"], answer["user"]) == ("Found", True, "U0PARLEY")
    assert workspace.messages(LEADERS, user=BEN) == []
    assert workspace.messages(LEADERS) == []
    (command,) = commands
    assert command["text"] == "a &lt; b &amp; <@U0BEN|ben> in <#C0WORLD|world-news>"
    assert command["channel_name"] == "privategroup"
    assert command["is_enterprise_install"] == "false"


async def test_a_command_answered_in_channel_shows_what_was_typed(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    @app.command("/raw")
    async def raw(ack: Any, command: dict[str, Any]) -> None:
        await ack(text=command["text"], response_type="in_channel")

    await connect(app)
    await workspace.type("/raw @ben", user=ANA, channel=RANDOM)
    echo, answer = workspace.messages(RANDOM)
    assert (echo["user"], echo["text"], echo["is_command_echo"]) == (ANA, "/raw @ben", True)
    assert answer["text"] == "@ben"


async def test_a_command_that_cannot_be_answered_says_why(
    workspace: Workspace, app: AsyncApp, connect: Any, give_up: Callable[..., None]
) -> None:
    give_up(Sockets, lambda envelope: envelope["payload"]["command"] == "/brief")

    @app.command("/brief")
    async def brief(ack: Any) -> None:
        raise ValueError("broken")

    @app.command("/raw")
    async def raw(ack: Any) -> None:
        await ack(blocks=[{"type": "divider"}] * 51)

    async def error(text: str, channel: str = GENERAL, thread_ts: str | None = None) -> str | None:
        delivery = await workspace.type(text, user=ANA, channel=channel, thread_ts=thread_ts)
        return delivery.error

    assert await error("/brief x") == '/brief failed with the error "dispatch_failed"'
    await connect(app)
    assert await error("/brief x") == '/brief failed with the error "operation_timeout"'
    assert await error("/raw") == '/raw failed with the error "invalid_blocks"'
    assert "/nope is not a valid command" in str(await error("/nope"))
    assert "archived" in str(await error("/brief", channel="C0ARCHIVE"))
    root = workspace.post_as(ANA, GENERAL, "Hello")
    threaded = await error("/brief x", thread_ts=root["ts"])
    assert threaded == "/brief is not supported in threads. Sorry!"
    assert workspace.messages(GENERAL, user=ANA) == [root]


async def test_a_button_can_replace_its_message_and_speak_to_the_channel(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    bodies: list[dict[str, Any]] = []

    @app.command("/brief")
    async def brief(ack: Any) -> None:
        await ack(text="Found", blocks=BUTTONS)

    @app.action("share")
    async def share(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        bodies.append(body)
        await respond(text="For all", response_type="in_channel")
        await respond(text="Shared", replace_original=True, response_type="in_channel")

    await connect(app)
    # The bot is no member of #random: a response_url works there all the same.
    await workspace.type("/brief x", user=ANA, channel=RANDOM)
    delivery = await workspace.press(ANA, "share", channel=RANDOM)
    assert delivery.acked
    shared, public = workspace.messages(RANDOM, user=ANA)
    assert (shared["text"], shared["blocks"], shared["ephemeral"]) == ("Shared", [], True)
    assert [message["text"] for message in workspace.messages(RANDOM, user=BEN)] == ["For all"]
    assert public["ephemeral"] is False

    (body,) = bodies
    (action,) = body["actions"]
    assert action["value"] == "42"
    assert action["block_id"] == "below"
    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body
    assert body["channel"] == {"id": RANDOM, "name": "random"}
    with pytest.raises(LookupError):
        await workspace.press(BEN, "share", channel=RANDOM)


async def test_a_button_of_a_public_message_carries_the_message(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.action("share")
    async def share(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        await respond(delete_original=True)
        seen.put_nowait(body)

    await connect(app)
    posted = await app.client.chat_postMessage(channel=GENERAL, text="Press", blocks=BUTTONS)
    await workspace.press(BEN, "share", channel=GENERAL)
    body = await seen.get()
    assert body["message"]["ts"] == posted["ts"]
    assert body["user"]["id"] == BEN
    assert workspace.messages(GENERAL) == []


async def test_a_modal_opens_by_a_trigger_and_is_submitted(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    triggers: list[str] = []
    submitted: list[str] = []

    @app.command("/brief")
    async def brief(ack: Any, command: dict[str, Any], client: Any) -> None:
        await ack()
        triggers.append(command["trigger_id"])
        await client.views_open(trigger_id=command["trigger_id"], view=MODAL)

    @app.view("plan")
    async def plan(ack: Any, view: dict[str, Any]) -> None:
        value = view["state"]["values"]["time"]["at"]["value"]
        if value == "25:00":
            await ack(response_action="errors", errors={"time": "There is no such time."})
        else:
            await ack()
            submitted.append(value)

    await connect(app)
    await workspace.type("/brief", user=ANA, channel=GENERAL)
    (view,) = workspace.views
    empty = await workspace.submit(ANA, view.id)
    assert empty.errors == {"time": "Please complete this required field."}
    wrong = await workspace.submit(ANA, view.id, {"time": {"at": {"value": "25:00"}}})
    assert wrong.errors == {"time": "There is no such time."}
    right = await workspace.submit(ANA, view.id, {"time": {"at": {"value": "09:30"}}})
    assert right.acked
    assert submitted == ["09:30"]
    assert list(workspace.views) == []
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await app.client.views_open(trigger_id=triggers[0], view=MODAL)


async def test_an_event_that_is_not_acked_comes_again(
    workspace: Workspace, app: AsyncApp, connect: Any, give_up: Callable[..., None]
) -> None:
    give_up(Sockets, lambda envelope: envelope["retry_attempt"] == 0)
    attempts: list[tuple[str, Any]] = []

    @app.event("app_mention")
    async def mention(body: dict[str, Any], request: Any, say: Any) -> None:
        attempts.append((body["event_id"], request.headers.get("x-slack-retry-num")))
        if len(attempts) < 2:
            raise ValueError("not yet")
        await say("Here", thread_ts=body["event"]["ts"])

    await connect(app)
    delivery = await workspace.type("@Parley are you there?", user=ANA, channel=GENERAL)
    assert delivery.acked
    (first, _), (second, retry) = attempts
    assert first == second
    assert retry == ["1"]
    (root,) = workspace.messages(GENERAL)
    assert root["text"] == "<@U0PARLEY> are you there?"
    answer = await workspace.seen(GENERAL, lambda one: one["text"] == "Here", thread_ts=root["ts"])
    assert answer["thread_ts"] == root["ts"]
    assert root["reply_count"] == 1


async def test_an_event_is_given_up_after_three_retries(workspace: Workspace) -> None:
    envelopes: list[dict[str, Any]] = []

    async def refuse(envelope: dict[str, Any]) -> None:
        envelopes.append(envelope)
        raise ValueError("never")

    workspace.receive_with(refuse)
    delivery = await workspace.type("Hello", user=ANA, channel="D0ANA")
    assert not delivery.acked
    assert [one["retry_attempt"] for one in envelopes] == [0, 1, 2, 3]
    assert envelopes[0]["payload"]["event"]["channel_type"] == "im"


async def test_a_listener_that_is_late_still_runs_to_its_end(
    workspace: Workspace, give_up: Callable[..., None]
) -> None:
    give_up(InProcess, lambda _: True)
    go, done = asyncio.Event(), asyncio.Event()

    async def late(envelope: dict[str, Any]) -> None:
        await go.wait()
        done.set()

    workspace.receive_with(late)
    delivery = await workspace.type("/brief", user=ANA, channel=GENERAL)
    assert "operation_timeout" in str(delivery.error)
    go.set()
    await done.wait()


async def test_what_happens_in_a_gap_comes_after_it(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    """A refresh closes the socket; the SDK opens another one, and the event waits for that."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    @app.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.put_nowait(event["text"])

    await connect(app)
    await workspace.disconnect_sockets()
    delivery = await workspace.type("Still there?", user=ANA, channel="D0ANA")
    assert delivery.acked
    assert await heard.get() == "Still there?"
    await workspace.called("apps.connections.open", 2)


async def test_one_socket_of_two_gets_an_envelope(
    workspace: Workspace, client: AsyncWebClient, connect: Any
) -> None:
    async def replica(name: str) -> None:
        app = AsyncApp(client=client, process_before_response=True)

        @app.command("/brief")
        async def brief(ack: Any) -> None:
            await ack(name)

        await connect(app)

    await replica("first")
    await replica("second")
    for _ in range(4):
        await workspace.type("/brief", user=ANA, channel=GENERAL)
    answers = [message["text"] for message in workspace.messages(GENERAL, user=ANA)]
    assert sorted(answers) == ["first", "first", "second", "second"]


async def test_the_bot_hears_only_where_it_is_a_member(workspace: Workspace) -> None:
    heard: list[str] = []

    async def receive(envelope: dict[str, Any]) -> None:
        heard.append(envelope["payload"]["event"]["text"])

    workspace.receive_with(receive)
    await workspace.type("@parley outside", user=ANA, channel=RANDOM)
    await workspace.type("@parley inside", user=ANA, channel=GENERAL)
    await workspace.type("not to you", user=ANA, channel=GENERAL)
    assert heard == ["<@U0PARLEY> inside"]


async def test_a_message_shortcut_carries_its_message(workspace: Workspace) -> None:
    async def receive(envelope: dict[str, Any]) -> None:
        assert envelope["payload"]["message"]["text"] == "Talks"

    workspace.receive_with(receive)
    message = workspace.post_as(BEN, GENERAL, "Talks")
    delivery = await workspace.use_message_shortcut(ANA, "related", GENERAL, message["ts"])
    assert delivery.acked
    assert delivery.payload["callback_id"] == "related"
    assert delivery.payload["response_url"].startswith(workspace.url)
