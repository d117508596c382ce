"""Modals, the App Home, blocks and shortcuts, against a small Bolt app that uses all of them."""

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.workspace import Workspace
from tests.bot.workspace.conftest import MANIFEST
from tests.browser.conftest import MORNING, Open
from tests.conftest import StoppedClock
from tests.ids import ANA, BEN, GENERAL
from tests.machine import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]
TOPICS = ["Sanctions", "Saudi Arabia", "Turkey", "Ukraine"]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def options(*texts: str) -> list[Json]:
    return [{"text": plain(text), "value": text.lower()} for text in texts]


def an_input(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": block_id, **element},
        **more,
    }


def a_button(action_id: str, label: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), "value": "7", **more}


def a_modal(title: str, blocks: list[Json], **more: Any) -> Json:
    return {"type": "modal", "title": plain(title), "blocks": blocks, **more}


SCHEDULE = a_modal(
    "New schedule",
    [
        an_input("title", "Title", {"type": "plain_text_input", "min_length": 3}),
        an_input("time", "Time", {"type": "timepicker", "initial_time": "09:30"}),
        an_input("days", "Days", {"type": "checkboxes", "options": options("Monday", "Friday")}),
        an_input("kind", "Kind", {"type": "radio_buttons", "options": options("Question", "News")}),
        an_input("topic", "Topic", {"type": "external_select", "min_query_length": 2}),
        an_input("start", "Start", {"type": "datepicker"}, optional=True),
        an_input(
            "groups",
            "Groups",
            {"type": "multi_static_select", "options": options("Readers", "Editors", "Guests")},
            hint=plain("Who is told of it"),
        ),
        an_input("owner", "Owner", {"type": "users_select", "initial_user": ANA}),
        {"type": "actions", "elements": [a_button("more", "More settings")]},
    ],
    callback_id="schedule",
    submit=plain("Save"),
    notify_on_close=True,
)
MORE = a_modal(
    "More settings",
    [an_input("note", "Note", {"type": "plain_text_input", "multiline": True})],
    callback_id="more",
    submit=plain("Keep"),
)
MANY_BLOCKS: list[Json] = [
    {"type": "header", "text": plain("Everything & more")},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Bold* words"},
        "fields": [{"type": "mrkdwn", "text": "*Left*"}, {"type": "mrkdwn", "text": "Right"}],
        "accessory": {
            "type": "overflow",
            "action_id": "overflow",
            "options": options("Edit", "Skip"),
        },
    },
    {"type": "divider"},
    {
        "type": "image",
        "image_url": "https://example.org/chart.png",
        "alt_text": "A rising chart",
        "title": plain("The chart"),
    },
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": one}]}
                    for one in ("First", "Second")
                ],
            }
        ],
    },
    {
        "type": "actions",
        "elements": [
            {
                **a_button("remove", "Remove", style="danger"),
                "confirm": {
                    "title": plain("Remove it?"),
                    "text": plain("It cannot be brought back."),
                    "confirm": plain("Remove it"),
                    "deny": plain("Keep it"),
                    "style": "danger",
                },
            },
            {
                "type": "static_select",
                "action_id": "colour",
                "placeholder": plain("Colour"),
                "option_groups": [
                    {"label": plain("Warm"), "options": options("Red", "Amber")},
                    {"label": plain("Cold"), "options": options("Blue")},
                ],
            },
        ],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "_Small print_"}]},
]


def home(words: str | None = None) -> Json:
    blocks: list[Json] = [
        {"type": "header", "text": plain("Find a topic")},
        an_input("words", "Search", {"type": "plain_text_input"}, dispatch_action=True),
    ]
    if words is not None:
        found = [one for one in TOPICS if words.lower() in one.lower()]
        blocks += [{"type": "section", "text": plain(one)} for one in found or ["No topic"]]
    return {"type": "home", "blocks": blocks}


@dataclass
class Desk:
    """The workspace, and what its app was told."""

    workspace: Workspace
    client: AsyncWebClient
    told: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)

    async def next(self) -> Json:
        async with asyncio.timeout(30):
            return await self.told.get()


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    with_more = deepcopy(MANIFEST)
    with_more["oauth_config"]["scopes"]["bot"].append("assistant:write")
    with_more["features"]["shortcuts"].append(
        {"name": "New schedule", "type": "global", "callback_id": "new", "description": "Make"}
    )
    clock = MovableClock(source=StoppedClock(MORNING))
    async with (
        Workspace(manifest=with_more, clock=clock, ack_seconds=PATIENCE) as workspace,
        aiohttp.ClientSession() as session,
    ):
        client = AsyncWebClient(
            token=workspace.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        desk = Desk(workspace, client)
        app = AsyncApp(client=client, process_before_response=True)
        listen(app, desk)
        handler = AsyncSocketModeHandler(app, workspace.app_token)
        await handler.connect_async()
        yield desk
        await handler.close_async()


def listen(app: AsyncApp, desk: Desk) -> None:
    listen_to_forms(app, desk)
    listen_to_home(app)

    @app.action("remove")
    @app.action("colour")
    @app.action("overflow")
    @app.shortcut("related")
    async def told(ack: Any, body: Json) -> None:
        await ack()
        await desk.told.put(body)


def listen_to_forms(app: AsyncApp, desk: Desk) -> None:
    @app.command("/raw")
    @app.shortcut("new")
    async def opened(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=SCHEDULE)
        await ack()

    @app.options("topic")
    async def topics(ack: Any, payload: Json) -> None:
        found = [one for one in TOPICS if payload["value"].lower() in one.lower()]
        await ack(options=options(*found))

    @app.view("schedule")
    async def submitted(ack: Any, view: Json) -> None:
        values = view["state"]["values"]
        if values["time"]["time"]["selected_time"] == "03:00":
            await ack(response_action="errors", errors={"time": "Nobody is awake at three."})
            return
        await ack()
        await desk.told.put(values)

    @app.action("more")
    async def pushed(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_push(trigger_id=body["trigger_id"], view=MORE)
        await ack()
        await desk.told.put(body["view"]["state"]["values"])

    @app.view("more")
    async def kept(ack: Any, body: Json, client: AsyncWebClient) -> None:
        title = {**SCHEDULE, "title": plain("Schedule with note")}
        await client.views_update(view_id=body["view"]["root_view_id"], view=title)
        await ack()

    @app.view_closed("schedule")
    async def closed(ack: Any) -> None:
        await ack()
        await desk.told.put({"closed": True})


def listen_to_home(app: AsyncApp) -> None:
    @app.event("app_home_opened")
    async def home_opened(event: Json, client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=home())

    @app.action("words")
    async def searched(ack: Any, body: Json, action: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=body["user"]["id"], view=home(action["value"]))
        await ack()


async def test_a_modal_with_a_wrong_field_first(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace)
    await ana.write("/raw")
    form = ana.page.get_by_role("dialog", name="New schedule")
    await expect(form.get_by_role("textbox", name="Title")).to_be_focused()
    await ana.page.keyboard.type("Morning round")
    await form.get_by_label("Time").fill("03:00")
    await form.get_by_role("checkbox", name="Friday").check()
    await form.get_by_role("radio", name="Question").check()

    assert not await ana.barriers()

    # A required field is empty: Slack says so, and the app is not asked.
    await form.get_by_role("button", name="Save").click()
    topic = form.locator("[data-block=topic]")
    await expect(topic.get_by_role("alert")).to_have_text("Please complete this required field.")
    await expect(topic.get_by_role("combobox")).to_be_focused()
    await expect(topic.get_by_role("combobox")).to_have_attribute("aria-invalid", "true")

    # Type-ahead, by the app.
    await ana.page.keyboard.type("s")
    await expect(ana.page.get_by_text("Type 2 letters or more")).to_be_visible()
    await ana.page.keyboard.type("a")
    await expect(ana.page.get_by_role("option")).to_have_text(["Sanctions", "Saudi Arabia"])
    await ana.page.keyboard.press("ArrowDown")
    await ana.page.keyboard.press("Enter")
    await expect(topic.get_by_role("combobox")).to_have_value("Saudi Arabia")
    groups = form.get_by_role("combobox", name="Groups")
    await groups.click()
    await ana.page.get_by_role("option", name="Editors").click()
    await ana.page.get_by_role("option", name="Guests").click()
    # The list stays open, and leaves the buttons free.
    await form.get_by_role("button", name="Save").click(trial=True)
    await ana.page.keyboard.press("Escape")
    await form.get_by_role("button", name="Remove Guests").click()

    # Whatever closes the form, it asks first.
    for _ in range(3):
        await ana.page.keyboard.press("Escape")
        await ana.page.get_by_role("button", name="Keep editing").click()
        await expect(form.get_by_role("textbox", name="Title")).to_have_value("Morning round")

    # The app refuses the time, and nothing that was typed is lost.
    await form.get_by_role("button", name="Save").click()
    wrong = form.locator("[data-block=time]")
    await expect(wrong.get_by_role("alert")).to_have_text("Nobody is awake at three.")
    await expect(form.get_by_label("Time")).to_be_focused()
    await expect(topic.get_by_role("alert")).to_be_hidden()
    await form.get_by_label("Time").fill("09:30")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_be_hidden()

    values = await desk.next()
    told = {name: next(iter(actions.values())) for name, actions in values.items()}
    assert told["title"]["value"] == "Morning round"
    assert told["time"]["selected_time"] == "09:30"
    assert [one["value"] for one in told["days"]["selected_options"]] == ["friday"]
    assert told["kind"]["selected_option"]["value"] == "question"
    assert told["topic"]["selected_option"]["value"] == "saudi arabia"
    assert [one["value"] for one in told["groups"]["selected_options"]] == ["editors"]
    assert told["owner"]["selected_user"] == ANA
    assert told["start"]["selected_date"] is None


async def test_what_is_too_short_is_said_before_it_is_sent(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace)
    await ana.write("/raw")
    form = ana.page.get_by_role("dialog", name="New schedule")
    await expect(form).to_be_visible()
    await ana.page.keyboard.type("ab")
    await ana.page.keyboard.press("Enter")
    await expect(form.locator("[data-block=title] [role=alert]")).not_to_be_empty()
    assert [call.method for call in desk.workspace.calls].count("view_submission") == 0


async def test_a_view_on_top_of_another(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace)
    await ana.page.get_by_role("button", name="Commands and shortcuts").click()
    await ana.page.get_by_role("menuitem", name="New schedule").click()
    first = ana.page.get_by_role("dialog", name="New schedule")
    await first.get_by_role("textbox", name="Title").fill("Half typed")
    await first.get_by_role("button", name="More settings").click()
    assert (await desk.next())["title"]["title"]["value"] == "Half typed"
    second = ana.page.get_by_role("dialog", name="More settings")
    await second.get_by_role("button", name="Back").click()
    await expect(first.get_by_role("textbox", name="Title")).to_have_value("Half typed")
    await first.get_by_role("button", name="More settings").click()
    await desk.next()
    await second.get_by_role("textbox", name="Note").fill("Mind the holidays")
    await second.get_by_role("button", name="Keep").click()
    changed = ana.page.get_by_role("dialog", name="Schedule with note")
    await expect(changed.get_by_role("textbox", name="Title")).to_have_value("Half typed")
    await ana.page.keyboard.press("Escape")
    asked = ana.page.get_by_role("dialog", name="Close without saving?")
    await asked.get_by_role("button", name="Close").click()
    await expect(ana.dialog).to_have_count(0)
    assert await desk.next() == {"closed": True}


async def test_the_app_home_searches(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace)
    await ana.page.get_by_role("navigation").get_by_role("button", name="Parley").click()
    tab = ana.page.get_by_role("tab", name="Home")
    await expect(tab).to_have_attribute("aria-selected", "true")
    search = ana.page.get_by_role("textbox", name="Search")
    await search.fill("turk")
    await search.press("Enter")
    await expect(ana.page.get_by_text("Turkey")).to_be_visible()
    await expect(search).to_have_value("turk")
    await expect(search).to_be_focused()
    await search.fill("xyz")
    await search.press("Enter")
    await expect(ana.page.get_by_text("No topic")).to_be_visible()
    await ana.page.get_by_role("tab", name="Messages").click()
    await expect(ana.composer).to_be_visible()
    ben = await visit(desk.workspace, BEN, at="D0BEN/home")
    await expect(ben.page.get_by_role("textbox", name="Search")).to_have_value("")


async def test_blocks_are_drawn_and_pressed(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace)
    await desk.client.chat_postMessage(channel=GENERAL, text="Everything", blocks=MANY_BLOCKS)
    message = ana.message("Everything")
    await expect(message.get_by_role("heading", name="Everything & more")).to_be_visible()
    await expect(message.locator(".fields .text")).to_have_text(["Left", "Right"])
    await expect(message.get_by_role("img", name="A rising chart")).to_be_visible()
    await expect(message.locator("ol > li")).to_have_text(["First", "Second"])
    await expect(message.locator("hr")).to_be_visible()
    assert not await ana.barriers()

    await message.get_by_role("button", name="Remove").click()
    asked = ana.page.get_by_role("dialog", name="Remove it?")
    await expect(asked).to_contain_text("It cannot be brought back.")
    assert not await ana.barriers()
    await asked.get_by_role("button", name="Keep it").click()
    await message.get_by_role("button", name="Remove").click()
    await asked.get_by_role("button", name="Remove it").click()
    removed = await desk.next()
    assert removed["actions"][0]["value"] == "7"
    assert desk.told.empty()

    await message.get_by_role("combobox", name="Colour").fill("b")
    await expect(ana.page.get_by_role("option")).to_have_text(["Amber", "Blue"])
    await ana.page.keyboard.press("ArrowDown")
    await ana.page.keyboard.press("Enter")
    assert (await desk.next())["actions"][0]["selected_option"]["value"] == "blue"
    await message.get_by_role("button", name="More options").click()
    await ana.page.get_by_role("menuitem", name="Skip").click()
    assert (await desk.next())["actions"][0]["selected_option"]["value"] == "skip"


async def test_a_message_shortcut_names_its_message(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace)
    posted = desk.workspace.post_as(BEN, GENERAL, "What about Ankara?")
    await ana.message("Ankara").hover()
    await ana.message("Ankara").get_by_role("button", name="More actions").click()
    await ana.page.get_by_role("menuitem", name="Related").click()
    assert (await desk.next())["message"]["ts"] == posted["ts"]


async def test_what_the_app_suggests_is_asked_with_a_press(desk: Desk, visit: Open) -> None:
    ana = await visit(desk.workspace, at="D0ANA/messages")
    await desk.client.assistant_threads_setSuggestedPrompts(
        channel_id="D0ANA",
        thread_ts="",
        title="Ask me about",
        prompts=[{"title": "Gdansk", "message": "What of Gdansk?"}],
    )
    await expect(ana.page.get_by_text("Ask me about")).to_be_visible()
    await ana.page.get_by_role("button", name="Gdansk").click()
    await expect(ana.message("What of Gdansk?")).to_be_visible()
