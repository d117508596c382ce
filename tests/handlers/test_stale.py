"""Stale buttons: with a value from another version, or about stories that were removed."""

import copy
from typing import Any

import pytest

from handlers.ids import Action
from tests.handlers.conftest import Slack, Switches, texts
from tests.handlers.test_register import WAYS

# A link only opens its page.
_ANSWERED = [action for action in Action if action is not Action.STORY_OPEN]
_SHOWING = ("response_url", "views.open", "views.push", "views.update", "views.publish")
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
def switches() -> Switches:
    return {"agent_view": True, "workflow_steps": True}


async def press_again(slack: Slack, action: str, value: str | None = None) -> str:
    """Repeat the last press of the button, with *value* if not None; return the answer's text.

    This is a press by somebody who still has the old message or modal open.
    """
    pressed = [payload for payload in slack.payloads if action in _actions(payload)]
    payload = copy.deepcopy(pressed[-1])
    state, user = slack.workspace._state, payload["user"]["id"]
    payload["trigger_id"] = state.triggers.issue(user)
    if "response_url" in payload:
        channel, ts = payload["channel"]["id"], payload["container"]["message_ts"]
        payload["response_url"] = state.new_response_url(user=user, channel=channel, message_ts=ts)
    if value is not None:
        element = payload["actions"][0]
        (element.get("selected_option") or element)["value"] = value
    before = len(slack.workspace.calls)
    slack.payloads.append(payload)
    await slack.repeat()
    calls = slack.workspace.calls[before:]
    answers = [call.args for call in calls if call.method in _SHOWING]
    return texts([{"text": "", "blocks": [], **args.get("view", args)} for args in answers])


def _actions(payload: dict[str, Any]) -> set[str]:
    return {
        action["action_id"].rstrip("0123456789").removesuffix("_")
        for action in payload.get("actions", [])
    }


@pytest.mark.parametrize("action", _ANSWERED)
async def test_any_button_value_is_answered(
    slack: Slack, action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    """Another version may have rendered it, or a client may have forged it."""
    await WAYS[action](slack)
    await slack.settled()
    caplog.clear()
    for value in _VALUES:
        reply = await press_again(slack, action, value)
        assert reply.strip(), value
        assert "Something went wrong" not in reply, value
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("action", _ANSWERED)
async def test_a_button_of_removed_stories_is_answered(
    slack: Slack, action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    await WAYS[action](slack)
    await slack.settled()
    for document in slack.corpus.iterdir():
        document.unlink()
    garden = "Turnips\nTurnips grew well.\nThey do.\nWhy turnips?\n"
    (slack.corpus / "garden.txt").write_text(garden)
    await slack.parley.store.loads.reload(slack.corpus, by="U0ANA", at=slack.clock())
    caplog.clear()
    reply = await press_again(slack, action)
    assert reply.strip()
    assert "Something went wrong" not in reply
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
