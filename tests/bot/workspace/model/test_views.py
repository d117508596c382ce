"""Modals and App Home as a person works in them."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.workspace import Workspace
from tests.ids import ANA, GENERAL


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(title: str, **more: Any) -> dict[str, Any]:
    element = {"type": "external_select", "action_id": "topic", "min_query_length": 1}
    return {
        "type": "modal",
        "callback_id": title.lower(),
        "title": plain(title),
        "submit": plain("Save"),
        "blocks": [
            {
                "type": "input",
                "block_id": "topics",
                "label": plain("Topic"),
                "element": element,
                "optional": True,
            },
            {
                "type": "actions",
                "block_id": "days",
                "elements": [
                    {
                        "type": "static_select",
                        "action_id": "day",
                        "options": [
                            {"text": plain("Monday"), "value": "mon"},
                            {"text": plain("Friday"), "value": "fri"},
                        ],
                    }
                ],
            },
        ],
        **more,
    }


@pytest.fixture
async def plan(workspace: Workspace, app: AsyncApp, connect: Any) -> AsyncApp:
    """An app whose command opens the modal "Plan"."""

    @app.command("/brief")
    async def brief(ack: Any, command: dict[str, Any], client: Any) -> None:
        await ack()
        view = modal("Plan", notify_on_close=True)
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    await connect(app)
    await workspace.type("/brief", user=ANA, channel=GENERAL)
    return app


async def test_a_select_asks_the_app_for_options(workspace: Workspace, plan: AsyncApp) -> None:
    @plan.options("topic")
    async def topic(ack: Any, payload: dict[str, Any]) -> None:
        await ack(options=[{"text": plain(payload["value"] + "elenskiy"), "value": "1"}])

    (view,) = workspace.views
    delivery = await workspace.options(ANA, "topic", "Z", view_id=view.id)
    assert delivery.answer["options"][0]["text"]["text"] == "Zelenskiy"


async def test_what_was_chosen_is_in_the_state_of_what_follows(
    workspace: Workspace, plan: AsyncApp
) -> None:
    states: list[Any] = []

    @plan.action("day")
    async def day(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        view = body["view"]
        states.append(view["state"]["values"]["days"]["day"]["selected_option"]["value"])
        await client.views_update(view_id=view["id"], hash=view["hash"], view=modal("Plan"))

    @plan.view("plan")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        await ack()
        states.append(view["state"]["values"]["days"]["day"]["selected_option"]["value"])

    (view,) = workspace.views
    with pytest.raises(LookupError):
        await workspace.press(ANA, "day", view_id=view.id, selected_option="sun")
    await workspace.press(ANA, "day", view_id=view.id, selected_option="fri")
    # The update kept it, as block_id and action_id are the same.
    await workspace.submit(ANA, view.id)
    assert states == ["fri", "fri"]


async def test_an_ack_may_change_push_and_clear(workspace: Workspace, plan: AsyncApp) -> None:
    @plan.view("plan")
    async def first(ack: Any) -> None:
        await ack(response_action="push", view=modal("More"))

    @plan.view("more")
    async def second(ack: Any) -> None:
        await ack(response_action="update", view=modal("Sure"))

    @plan.view("sure")
    async def third(ack: Any) -> None:
        await ack(response_action="clear")

    titles = []
    while views := list(workspace.views):
        titles.append([view.content["title"]["text"] for view in views])
        delivery = await workspace.submit(ANA, views[-1].id)
        assert delivery.error is None
    assert titles == [["Plan"], ["Plan", "More"], ["Plan", "Sure"]]


async def test_a_wrong_ack_leaves_the_modal_open(workspace: Workspace, plan: AsyncApp) -> None:
    @plan.view("plan")
    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"days": "No input block."})

    (view,) = workspace.views
    delivery = await workspace.submit(ANA, view.id)
    assert "trouble connecting" in str(delivery.error)
    assert list(workspace.views) == [view]


async def test_closing_is_told_where_asked_for(workspace: Workspace, plan: AsyncApp) -> None:
    closed: list[str] = []

    @plan.view_closed("plan")
    async def on_close(ack: Any, view: dict[str, Any]) -> None:
        await ack()
        closed.append(view["id"])

    (view,) = workspace.views
    await workspace.close_view(ANA, view.id)
    assert closed == [view.id]
    assert list(workspace.views) == []


async def test_an_opened_home_is_published(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: Any) -> None:
        blocks = [{"type": "header", "text": plain(("view" in event and "Again") or "Hello")}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    await connect(app)
    texts = []
    for _ in range(2):
        assert (await workspace.open_home(ANA)).acked
        home = workspace.home(ANA)
        assert home
        texts.append(home["blocks"][0]["text"]["text"])
    assert texts == ["Hello", "Again"]
    assert workspace.home("U0BEN") is None
