"""Text of stories is shown with every character as it is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.as_written import Part, as_written
from handlers.views.blocks import Block

MENU = {"type": "overflow", "action_id": "x", "options": []}
MARKS = ["5 * 3 * 2", "snake_case_name", "~old~ new", "`code`", "> quoted", "at :anchor: noon"]


def rich(*elements: dict[str, Any]) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def piece(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


@pytest.mark.parametrize("text", MARKS)
def test_a_text_with_marks_is_rich_text_and_unchanged(text: str) -> None:
    block = as_written(Part("Head", "bold"), Part(text), Part(text, "quote"))
    assert block == rich(
        {"type": "rich_text_section", "elements": [piece("Head", bold=True)]},
        {"type": "rich_text_section", "elements": [piece(text)]},
        {"type": "rich_text_quote", "elements": [piece(text)]},
    )


@pytest.mark.parametrize("text", MARKS)
def test_a_text_with_marks_beside_a_button_is_plain_text(text: str) -> None:
    block = as_written(Part("Head", "bold"), Part(text), accessory=MENU)
    assert block["text"] == {"type": "plain_text", "text": f"Head\n{text}", "emoji": False}
    assert block["accessory"] == MENU


def test_a_text_without_marks_is_a_section() -> None:
    block = as_written(Part("A & b", "bold"), Part("Zelenskiy met <x>"), words=["Zelenskiy"])
    assert block["text"]["text"] == "*A &amp; b*\n*Zelenskiy* met &lt;x&gt;"


def test_words_are_bold_in_rich_text_too() -> None:
    block = as_written(Part("5 * Zelenskiy & co."), words=["Zelenskiy"])
    elements = [piece("5 * "), piece("Zelenskiy", bold=True), piece(" & co.")]
    assert block == rich({"type": "rich_text_section", "elements": elements})


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=300))
def test_rich_text_loses_nothing(text: str) -> None:
    block = as_written(Part(f"*{text.strip()}x"), words=text.split()[:2])
    (section,) = block["elements"]
    shown = "".join(element["text"] for element in section["elements"])
    assert shown == f"*{text.strip()}x"
