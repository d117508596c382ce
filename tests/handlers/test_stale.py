"""Buttons out of their time: with a value of another version, or about what has gone meanwhile."""

import copy
from typing import Any

import pytest

from handlers.ids import Action
from tests.handlers.conftest import Slack, texts
from tests.handlers.test_register import WAYS

_TELLING = ("response_url", "views.open", "views.push", "views.update", "views.publish")
_VALUES = (
    "",
    "{",
    "null",
    "[]",
    '{"place": "x"}',
    '{"place": -1}',
    '{"where": "elsewhere"}',
    '{"article_id": {"a": 1}}',
    '{"article_id": "no such", "words": "x", "place": 99999999999999999999, "key": "no such"}',
    '{"words": "edit", "channel_id": "C0NONE"}',
    '{"words": "edit", "channel_id": "<!channel>"}',
)


@pytest.fixture
def switches() -> dict[str, bool]:
    return {"agent_view": True, "workflow_steps": True}


async def press_again(slack: Slack, action: str, value: str | None = None) -> str:
    """Press what was pressed, with another *value* where one is given; say what is then told.

    Somebody has had the message or the modal open all the while.
    """
    pressed = [one for one in slack.payloads if action in _actions(one)]
    payload = copy.deepcopy(pressed[-1])
    state, user = slack.workspace._state, payload["user"]["id"]
    payload["trigger_id"] = state.triggers.issue(user)
    if "response_url" in payload:
        channel, ts = payload["channel"]["id"], payload["container"]["message_ts"]
        payload["response_url"] = state.new_response_url(user=user, channel=channel, message_ts=ts)
    if value is not None:
        given = payload["actions"][0]
        (given.get("selected_option") or given)["value"] = value
    before = len(slack.workspace.calls)
    slack.payloads.append(payload)
    await slack.repeat()
    calls = slack.workspace.calls[before:]
    told = [call.args for call in calls if call.method in _TELLING]
    return texts([{"text": "", "blocks": [], **one.get("view", one)} for one in told])


def _actions(payload: dict[str, Any]) -> set[str]:
    return {
        one["action_id"].rstrip("0123456789").removesuffix("_")
        for one in payload.get("actions", [])
    }


@pytest.mark.parametrize("action", list(Action))
async def test_any_button_value_is_answered(
    slack: Slack, action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    """Another version drew it, or a client made it up."""
    await WAYS[action](slack)
    await slack.settled()
    caplog.clear()
    for value in _VALUES:
        told = await press_again(slack, action, value)
        assert told.strip(), value
        assert "Something went wrong" not in told, value
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


@pytest.mark.parametrize("action", list(Action))
async def test_a_button_of_removed_stories_is_answered(
    slack: Slack, action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    await WAYS[action](slack)
    await slack.settled()
    for document in slack.corpus.iterdir():
        document.unlink()
    garden = "Turnips\nTurnips grew well.\nThey do.\nWhy turnips?\n"
    (slack.corpus / "garden.txt").write_text(garden)
    await slack.parley.store.corpus.reload(slack.corpus, by="U0ANA", at=slack.clock())
    caplog.clear()
    told = await press_again(slack, action)
    assert told.strip()
    assert "Something went wrong" not in told
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
