"""What is small talk, and what is a look-up."""

import pytest

from handlers.parsing.small_talk import SmallTalk, small_talk
from tests.machine import ROOT


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "Hi!",
        "hey there 👋",
        "Good morning, Parley",
        ":wave: hallo",
        ":wave:",
        "👋",
        "!",
        "¡Hola!",
        "hi all",
    ],
)
def test_a_greeting(text: str) -> None:
    assert small_talk(text) is SmallTalk.HELLO


@pytest.mark.parametrize(
    "text",
    [
        "thanks",
        "Thank you so much!",
        "thx :+1:",
        "great, thanks",
        "merci beaucoup",
        "ok",
        "got it",
        "well done",
        "Good bot",
        "nice one!",
        "see you later",
    ],
)
def test_thanks(text: str) -> None:
    assert small_talk(text) is SmallTalk.THANKS


@pytest.mark.parametrize(
    "text",
    [
        "what can you do?",
        "who are you",
        "What's this bot?",
        "how does this work?",
        "how do I use it",
        "what commands do you have",
        "can you help me",
        "what do you know about",
        "what stories do you have?",
        "tell me about yourself",
    ],
)
def test_a_question_about_parley(text: str) -> None:
    assert small_talk(text) is SmallTalk.ABOUT


@pytest.mark.parametrize(
    "text",
    [
        "nice",
        "morning",
        "hello kitty",
        "good friday",
        "thank you letters",
        "what can you tell me about turkey",
        "what do you know about Geneva",
        "who",
        "WHO",
        "who is this",
        "the day after",
        "help desk",
        "work",
        "how do I start work here",
        "how do we get paid",
        "it department",
        "which topics are there about sanctions",
        "perfect storm",
        "wow air",
    ],
)
def test_what_may_be_a_look_up(text: str) -> None:
    assert small_talk(text) is None


def test_no_headline_of_the_samples_is_small_talk() -> None:
    for path in (ROOT / "store" / "starter").glob("*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert not line.strip() or small_talk(line) is None
            assert not any(small_talk(word) for word in line.split() if word[0].isupper())
