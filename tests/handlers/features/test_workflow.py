"""The steps for Workflow Builder: their outputs and failures."""

import pytest

from bot.workspace import Fault
from handlers.ids import Step
from tests.handlers.conftest import Slack, Switches
from tests.ids import ANA, GENERAL, TEAM


@pytest.fixture
def switches() -> Switches:
    return {"workflow_steps": True}


async def run(slack: Slack, step: str, **inputs: str) -> tuple[str, dict[str, str], str]:
    """Run a step, and return (status, outputs, error)."""
    done = await slack.workspace.over(slack.workspace.run_step(step, inputs))
    await slack.settled()
    return done.status, done.outputs or {}, done.error or ""


async def test_find_a_story_returns_its_texts(slack: Slack) -> None:
    status, outputs, _ = await run(slack, Step.FIND_STORY, words="dokworkers")
    assert status == "completed"
    assert outputs["headline"] == "Harbours of the north"
    assert outputs["question"] == "What would make night work fair?"


async def test_a_miss_or_an_uncertain_match_fails_with_a_sentence(slack: Slack) -> None:
    status, _, error = await run(slack, Step.FIND_STORY, words="kubernetes")
    assert (status, error) == ("failed", "I have no story on “kubernetes”.")
    assert await slack.parley.store.misses.number(TEAM, since=slack.clock()) == 1
    status, _, error = await run(slack, Step.FIND_STORY, words="qwzrt strike")
    assert status == "failed"
    assert error == "I'm not sure what “qwzrt strike” means. Perhaps: Harbours of the north"


async def test_pick_a_question_returns_each_question_once(slack: Slack) -> None:
    picked = [
        (await run(slack, Step.PICK_QUESTION, channel=GENERAL))[1]["question"] for _ in range(2)
    ]
    (preview,) = await slack.type("/discuss", user=ANA)
    picked.append(preview["text"].removeprefix("Here is a question: "))
    assert len(set(picked)) == 3


async def test_a_step_needs_no_person(slack: Slack) -> None:
    """Slack runs the step for a workflow that a member of the workspace published."""
    slack.workspace.faults.add(Fault(method="users.*", kind="html", status=503, times=None))
    for step, inputs in (
        (Step.FIND_STORY, {"words": "geneva"}),
        (Step.PICK_QUESTION, {"channel": GENERAL}),
    ):
        status, _, error = await run(slack, step, **inputs)
        assert (status, error) == ("completed", "")
    assert "users.info" not in {call.method for call in slack.workspace.calls}


async def test_pick_a_question_on_a_topic(slack: Slack) -> None:
    _, outputs, _ = await run(slack, Step.PICK_QUESTION, channel=GENERAL, words="timber")
    assert outputs["question"].startswith("Which sanction")
    status, _, error = await run(slack, Step.PICK_QUESTION, channel=GENERAL, words="kubernetes")
    assert (status, error) == ("failed", "I have no story on “kubernetes”.")


async def test_a_bug_fails_the_step_with_an_id_that_is_in_the_log(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(slack.parley.store.corpus, "find", broken)
    status, _, error = await run(slack, Step.FIND_STORY, words="dockworkers")
    assert status == "failed"
    error_id = error.rstrip(".").split()[-1]
    assert f"error {error_id}" in caplog.text
    assert "fire" not in error
