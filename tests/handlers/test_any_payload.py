"""Any payload ends in an answer, whatever Slack, or somebody in its place, left out or changed."""

import copy
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.conftest import Slack, Switches
from tests.handlers.test_register import WAYS

_GONE = object()
_ANYTHING: tuple[Any, ...] = (
    *(_GONE, None, "", "x", 0, -7, True),
    *([], {}, [[]], [{}], {"id": None}, "<!channel>"),
)
_ANSWERED = {200, 503}
"""503 asks Slack to redeliver an event: nobody waits for its answer."""


@pytest.fixture
def switches() -> Switches:
    return {"agent_view": True, "workflow_steps": True}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within *value*, at any depth."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    return [found for key, one in pairs for found in [(*path, key), *places(one, (*path, key))]]


def changed(payload: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Return a copy of *payload* with *value* at *path*, or nothing there if it is `_GONE`."""
    payload = copy.deepcopy(payload)
    *way, last = path
    inner: Any = payload
    for key in way:
        inner = inner[key]
    if value is _GONE:
        del inner[last]
    else:
        inner[last] = value
    return payload


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    """Hold what the local workspace sends for one way in, without what a test sends after it."""
    return []


@pytest.mark.parametrize("id_", WAYS)
@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_a_changed_payload_is_answered(
    slack: Slack, sent: list[dict[str, Any]], id_: StrEnum, data: Any
) -> None:
    if not sent:
        await WAYS[id_](slack)
        await slack.settled()
        sent += copy.deepcopy(slack.payloads)
    payload = data.draw(st.sampled_from(sent))
    for _ in range(data.draw(st.integers(1, 3))):
        # The form of a schedule is shown again with the blocks that Slack says it has.
        if paths := [path for path in places(payload) if path[:2] != ("view", "blocks")]:
            path, value = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(_ANYTHING))
            payload = changed(payload, path, value)
    response = await slack.parley.intake.take(payload)
    assert response.status in _ANSWERED
    await slack.settled()


@pytest.mark.parametrize("type_", ["view_submission", "block_actions", "block_suggestion", "x", 7])
@pytest.mark.parametrize("view", [_GONE, None, [], "x", {}, {"blocks": 7}, {"blocks": [7]}])
async def test_a_form_without_its_parts_is_answered(slack: Slack, type_: Any, view: Any) -> None:
    payload = {"type": type_, "team": {"id": "T0LOCAL"}, "user": {"id": "U0ANA"}}
    if view is not _GONE:
        payload["view"] = view
    assert (await slack.parley.intake.take(payload)).status == 200


@pytest.mark.parametrize("payload", [None, [], "x", 7, [{}]])
async def test_what_is_no_payload_is_refused(slack: Slack, payload: Any) -> None:
    assert (await slack.parley.intake.take(payload)).status == 400
