"""What is too long is refused before it is parsed, in one sentence, wherever it is typed."""

import sys
from types import FrameType
from typing import Any

import pytest

from handlers.ids import Block, Field
from handlers.parsing import timetable
from handlers.parsing.message_text import MAX_LENGTH, message_text
from handlers.parsing.words import as_typed
from handlers.slack.typed_text import MOST_CHARACTERS, TOO_LONG, has_too_long
from tests.handlers.conftest import Slack, dm, texts
from tests.handlers.features.test_start_discussion import filled, opened
from tests.ids import ANA, GENERAL

LONG = ["the " * MOST_CHARACTERS, "x" * (MOST_CHARACTERS + 1), "ﷺ" * 200, "24 dec, " * 5_000]
MARK = "kubernetes"


@pytest.mark.parametrize("text", LONG, ids=["words", "one word", "ligatures", "dates"])
@pytest.mark.parametrize("command", ["/brief", "/discuss", "/digest", "/corpus", "/digest skip"])
async def test_a_command_that_is_too_long_is_refused(slack: Slack, command: str, text: str) -> None:
    slack.in_place_of = {MARK: text}
    await slack.type(f"{command} {MARK}")
    assert TOO_LONG in str(slack.acks[-1])


@pytest.mark.parametrize("text", LONG, ids=["words", "one word", "ligatures", "dates"])
async def test_a_message_that_is_too_long_is_refused(slack: Slack, text: str) -> None:
    slack.in_place_of = {MARK: text}
    (answer,) = await slack.say(f"@Parley {MARK}")
    assert TOO_LONG in texts([answer])
    assert TOO_LONG in texts(await slack.say(MARK, channel=dm(ANA)))


async def test_a_form_that_is_too_long_stays_open(slack: Slack) -> None:
    slack.in_place_of = {MARK: LONG[0]}
    await slack.submit(await opened(slack), filled(GENERAL, MARK))
    assert TOO_LONG in str(slack.acks[-1]["errors"])


@pytest.mark.parametrize("text", ["/brief geneva", "/digest next", "/corpus status"])
async def test_as_many_characters_as_are_read_are_no_problem(slack: Slack, text: str) -> None:
    slack.in_place_of = {MARK: "a " * ((MOST_CHARACTERS - len(text)) // 2)}
    shown = await slack.type(f"{text} {MARK}")
    assert TOO_LONG not in f"{texts(shown)} {slack.acks}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "é" * MOST_CHARACTERS}, False),
        ({"type": "block_suggestion", "value": LONG[1]}, True),
        ({"actions": [{"selected_option": {"value": LONG[1]}}]}, True),
        ({"view": {"state": {"values": {Block.WORDS: {Field.WORDS: {"value": LONG[1]}}}}}}, True),
        ({"view": {"private_metadata": LONG[1]}}, True),
        # Somebody else's message, and what Parley itself shows, are not typed.
        ({"message": {"text": LONG[1]}}, False),
        ({"view": {"blocks": [{"text": LONG[1]}]}}, False),
        ({"text": None, "view": None, "actions": 3, "value": [LONG[1]]}, True),
    ],
)
def test_every_text_that_a_client_sends_is_measured(body: dict[str, Any], expected: bool) -> None:
    assert has_too_long(body) is expected


def calls_during(words: str) -> int:
    """Return how many functions `as_typed` calls for *words*."""
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    as_typed(words)
    sys.setprofile(note)
    try:
        as_typed(words)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("word", ["the ", "nxt ", "monday ", "tmrw, "])
def test_a_word_costs_the_same_however_many_words_are_known(word: str) -> None:
    """A word is looked up, and not compared with each word that people shorten."""
    few, many = calls_during(word * 10), calls_during(word * 100)
    assert many - few < 90 * 40


@pytest.mark.parametrize("word", ["at", "about", "around"])
def test_words_before_a_time_belong_to_it(word: str) -> None:
    assert timetable.has_time(f"{word} {word} 9:30", first=True)
    assert timetable.has_time(f"{word} " * 700 + "9:30")


def test_a_message_with_thousands_of_texts_is_read_until_it_is_long_enough() -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"part {number} of it"}}
        for number in range(3_000)
    ]
    text = message_text({"blocks": blocks})
    assert len(text) <= MAX_LENGTH
    assert text.endswith("…")
    assert message_text({"text": f"<https://x.example/{'a' * 30_000}>"}) == ""
    assert message_text({"text": "<https://x.example/12ports-in-riga>"}) == "ports in riga"
