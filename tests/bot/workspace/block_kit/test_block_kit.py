"""Block Kit's limits, each one at its edge."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.block_kit.elements import initial_values, with_ids
from bot.workspace.block_kit.rules import check, check_view


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "x" * length}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain(5), **more}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def buttons(count: int) -> dict[str, Any]:
    return actions(*(button(action_id=f"a{n}") for n in range(count)))


def select(count: int) -> dict[str, Any]:
    options = [{"text": plain(5), "value": str(n)} for n in range(count)]
    return actions({"type": "static_select", "action_id": "s", "options": options})


def option(value: int) -> dict[str, Any]:
    options = [{"text": plain(5), "value": "x" * value}]
    return actions({"type": "overflow", "action_id": "o", "options": options})


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", **more}


EDGES = [
    (lambda n: section(text=mrkdwn(n)), 3000),
    (lambda n: section(fields=[mrkdwn(n)]), 2000),
    (lambda n: section(fields=[mrkdwn(1)] * n), 10),
    (lambda n: {"type": "header", "text": plain(n)}, 150),
    (lambda n: {"type": "context", "elements": [mrkdwn(1)] * n}, 10),
    (buttons, 25),
    (select, 100),
    (option, 75),
    (lambda n: actions(button(text=plain(n))), 75),
    (lambda n: actions(button(value="x" * n)), 2000),
    (lambda n: actions(button(url="x" * n)), 3000),
    (lambda n: actions(button(action_id="x" * n)), 255),
    (lambda n: actions(button(accessibility_label="x" * n)), 75),
    (lambda n: actions(button(confirm={"text": mrkdwn(n), "title": plain(1)})), 300),
    (lambda n: {"type": "divider", "block_id": "x" * n}, 255),
    (lambda n: {"type": "image", "image_url": "x" * n, "alt_text": "x"}, 3000),
    (lambda n: {"type": "image", "image_url": "x", "alt_text": "x" * n}, 2000),
    (lambda n: {"type": "markdown", "text": "x" * n}, 12_000),
]


@pytest.mark.parametrize(("make", "most"), EDGES)
def test_a_limit_holds_exactly(make: Any, most: int) -> None:
    assert check([make(most)], "home") == []
    assert len(check([make(most + 1)], "home")) == 1


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (section(), "missing required field: text or fields [json-pointer:/blocks/0]"),
        (section(text=mrkdwn(0)), "must be more than 0 characters"),
        ({"type": "header", "text": mrkdwn(3)}, "must be one of: plain_text"),
        ({"type": "image", "image_url": "x"}, "missing required field: alt_text"),
        ({"type": "poem"}, "unsupported type: poem [json-pointer:/blocks/0/type]"),
        ("poem", "unsupported type: None"),
        (actions(button(), button()), "action_id already exists"),
        (actions(button(style="loud")), "must be one of: primary, danger"),
        (actions({"type": "plain_text_input", "action_id": "a"}), "unsupported type"),
        ({"type": "input", "label": plain(1), "element": {}}, "unsupported type: input"),
    ],
)
def test_what_is_wrong_is_said(block: Any, problem: str) -> None:
    (found,) = check([block], "message")
    assert found.startswith("[ERROR] ")
    assert problem in found


def test_a_block_id_is_used_once() -> None:
    twice = [{"type": "divider", "block_id": "a"}] * 2
    assert "block_id already exists" in check(twice, "message")[0]


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_blocks_are_counted(surface: str, most: int) -> None:
    assert check([{"type": "divider"}] * most, surface) == []
    assert check([{"type": "divider"}] * (most + 1), surface)


def test_a_modal_with_an_input_can_be_submitted() -> None:
    element = {"type": "plain_text_input", "action_id": "a"}
    view: dict[str, Any] = {
        "type": "modal",
        "title": plain(24),
        "blocks": [{"type": "input", "label": plain(1), "element": element}],
    }
    assert "missing required field: submit" in check_view(view, "modal")[0]
    assert check_view({**view, "submit": plain(24)}, "modal") == []
    assert check_view({**view, "submit": plain(25)}, "modal")
    assert check_view({**view, "submit": plain(4), "private_metadata": "x" * 3001}, "modal")
    assert check_view({"type": "home", "blocks": []}, "modal")


names = st.sampled_from(
    ["type", "text", "elements", "element", "options", "accessory", "fields", "confirm", "value"]
)
kinds = st.sampled_from(["section", "actions", "context", "input", "rich_text", "header", "image"])
leaves = st.sampled_from([None, True, 0, -1, "", "x", "button", "mrkdwn", "static_select"])
# Drawn level by level: st.recursive spends seconds on trees that it then throws away.
inner = leaves | st.lists(leaves, max_size=2) | st.dictionaries(names, leaves, max_size=3)
anything = leaves | st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3)


@given(
    st.lists(
        st.builds(
            lambda block, kind: {**block, "type": kind},
            st.dictionaries(names, anything, max_size=3),
            kinds,
        ),
        max_size=3,
    )
)
def test_nonsense_is_refused_and_never_breaks_it(blocks: list[Any]) -> None:
    if problems := check(blocks, "modal"):
        assert all(problem.startswith("[ERROR] ") for problem in problems)
    else:
        assert initial_values(with_ids(blocks)) is not None
