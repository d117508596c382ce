"""The agent panel: its suggestions, and that its answers are ordinary look-ups."""

import pytest

from tests.handlers.conftest import Slack, Switches, dm, texts
from tests.ids import ANA


@pytest.fixture
def switches() -> Switches:
    return {"agent_view": True}


async def test_the_panel_suggests_topics_that_find_stories(slack: Slack) -> None:
    assert (await slack.workspace.open_messages(ANA)).acked
    await slack.settled()
    shown = slack.workspace.prompts[dm(ANA)]
    assert [prompt["title"] for prompt in shown["prompts"]] == [
        "Stories on Geneva",
        "Stories on envoys",
        "Stories on Gdansk",
        "Stories on sanction",
    ]
    (answer,) = await slack.say(shown["prompts"][0]["message"], channel=dm(ANA))
    assert "Match 1 of 2" in texts([answer])
    (asked,) = slack.workspace.messages(dm(ANA), ANA)
    assert answer["thread_ts"] == asked["ts"]


async def test_app_home_still_opens(slack: Slack) -> None:
    assert (await slack.workspace.open_home(ANA)).acked
    await slack.settled()
    assert slack.workspace.home(ANA)
