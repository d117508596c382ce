"""Workflow steps and the agent's messages tab, with the real Bolt."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from tests.bot.workspace.conftest import error, extended
from tests.machine import running_clock

ANA, DIRECT = "U0ANA", "D0ANA"
FIND = {
    "title": "Find a story",
    "description": "Finds the story of a few words",
    "input_parameters": {
        "properties": {"words": {"type": "string", "title": "Words"}},
        "required": ["words"],
    },
    "output_parameters": {
        "properties": {
            "headline": {"type": "string"},
            "score": {"type": "number"},
            "reader": {"type": "slack#/types/user_id"},
        },
        "required": ["headline"],
    },
}


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    manifest = extended(
        scopes=["assistant:write"], events=["function_executed"], functions={"find": FIND}
    )
    async with Workspace(manifest=manifest, clock=running_clock()) as workspace:
        yield workspace


async def test_a_step_runs_and_completes(workspace: Workspace, app: AsyncApp, connect: Any) -> None:
    tokens: list[str] = []

    @app.function("find")
    async def find(inputs: dict[str, Any], complete: Any, client: AsyncWebClient) -> None:
        tokens.append(str(client.token))
        await complete(outputs={"headline": f"On {inputs['words']}", "score": 0.5})

    await connect(app)
    step = await workspace.over(workspace.run_step("find", {"words": "gdansk"}))
    assert (step.status, step.outputs) == ("completed", {"headline": "On gdansk", "score": 0.5})
    # The token lent for the step is over with it, and not shown.
    late = AsyncWebClient(token=tokens[0], base_url=workspace.api_url)
    assert tokens[0].startswith("xwfp-")
    assert await error(late.auth_test()) == "token_expired"
    shown = [one.as_page() for one in workspace._traffic.everything]
    assert tokens[0] not in str(shown)


async def test_a_step_can_fail(workspace: Workspace, app: AsyncApp, connect: Any) -> None:
    @app.function("find")
    async def find(fail: Any) -> None:
        await fail(error="Nothing was found")

    await connect(app)
    step = await workspace.over(workspace.run_step("find", {"words": "gdansk"}))
    assert (step.status, step.error) == ("failed", "Nothing was found")


async def test_what_a_step_is_given_and_gives_is_checked(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    with pytest.raises(ValueError, match="missing required parameter: words"):
        workspace.run_step("find", {})
    with pytest.raises(ValueError, match="words must be of type string"):
        workspace.run_step("find", {"words": 3})
    with pytest.raises(LookupError):
        workspace.run_step("lose", {})
    step = workspace.run_step("find", {"words": "gdansk"})

    async def complete(**outputs: Any) -> str:
        return await error(
            client.functions_completeSuccess(function_execution_id=step.id, outputs=outputs)
        )

    assert await complete() == "parameter_validation_failed"
    assert await complete(headline="x", score=True) == "parameter_validation_failed"
    assert await complete(headline="x", reader=7) == "parameter_validation_failed"
    assert await complete(headline="x", colour="red") == "parameter_validation_failed"
    unknown = client.functions_completeError(function_execution_id="Fx0", error="No")
    assert await error(unknown) == "function_execution_not_found"
    await client.functions_completeError(function_execution_id=step.id, error="No")
    assert await complete(headline="x") == "execution_not_in_running_state"


async def test_the_messages_tab_offers_what_the_app_suggests(
    workspace: Workspace, app: AsyncApp, connect: Any
) -> None:
    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event["tab"] == "messages":
            await client.assistant_threads_setSuggestedPrompts(
                channel_id=event["channel"],
                thread_ts="",
                title="Ask",
                prompts=[{"title": "Gdansk", "message": "What of Gdansk?"}],
            )

    await connect(app)
    assert (await workspace.open_messages(ANA)).acked
    assert workspace.prompts[DIRECT]["prompts"][0]["title"] == "Gdansk"
    five = [{"title": "x", "message": "x"}] * 5
    for wrong in (five, [], [{"title": "x"}]):
        call = app.client.assistant_threads_setSuggestedPrompts(
            channel_id=DIRECT, thread_ts="", prompts=wrong
        )
        assert await error(call) == "invalid_arguments"
    elsewhere = app.client.assistant_threads_setSuggestedPrompts(
        channel_id="C0GENERAL", thread_ts="", prompts=five[:1]
    )
    assert await error(elsewhere) == "channel_not_found"
