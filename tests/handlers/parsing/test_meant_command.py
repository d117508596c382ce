"""Verbs that mean a sub-command of `/digest`."""

from datetime import date

import pytest

from handlers.parsing.meant_command import guess_command, is_edit, is_new
from handlers.parsing.spoken_orders import Verb, spoken_order
from handlers.parsing.sub_commands import DELAY, MOVE, VERBS, DigestWord

_TODAY = date(2026, 11, 24)
_VERBS = [(verb, word) for word in VERBS if word is not DigestWord.ON for verb in VERBS[word]]


@pytest.mark.parametrize(("verb", "word"), _VERBS)
def test_a_verb_means_the_same_after_the_command_and_in_a_sentence(
    verb: str, word: DigestWord
) -> None:
    assert guess_command(verb, "lunch-quiz", today=_TODAY) == f"{word} lunch-quiz"
    order = spoken_order(f"{verb} the questions in this channel", today=_TODAY)
    is_of_posts = verb in ("delete", "remove")  # "delete the question" may be about a post
    assert is_of_posts if order is None else order.verb == str(word)


@pytest.mark.parametrize("verb", VERBS[DigestWord.ON])
def test_a_verb_begins_a_schedule(verb: str) -> None:
    assert is_new(verb, "one")
    assert guess_command(verb, "9:30 mon", today=_TODAY) == "on 9:30 mon"
    order = spoken_order(f"{verb} a question every day at 9:30", today=_TODAY)
    assert order
    assert order.verb is Verb.ON


@pytest.mark.parametrize("verb", MOVE)
def test_a_verb_changes_a_schedule(verb: str) -> None:
    assert is_edit(verb, "it")
    assert guess_command(verb, "it to 10:00", today=_TODAY) == "on 10:00"
    order = spoken_order(f"{verb} the question to 10:00", today=_TODAY)
    assert order
    assert (order.verb, order.words) == (Verb.MOVE, "10:00")


@pytest.mark.parametrize("verb", DELAY)
@pytest.mark.parametrize("until", ["until Monday", "until 10 December", "for 2 weeks", "ten days"])
def test_to_put_off_until_a_date_is_a_pause(verb: str, until: str) -> None:
    for what in ("it ", "", "lunch-quiz "):
        named = what if what == "lunch-quiz " else ""
        assert guess_command(verb, f"{what}{until}", today=_TODAY) == f"pause {named}{until}"
    order = spoken_order(f"{verb} the question {until}", today=_TODAY)
    assert order
    assert order.verb is Verb.PAUSE


@pytest.mark.parametrize("verb", DELAY)
@pytest.mark.parametrize("day", ["tomorrow", "1 December", "the 5th", "next week"])
def test_to_put_off_to_a_day_that_no_schedule_can_keep_to_is_a_pause(verb: str, day: str) -> None:
    for what in ("it ", "", "lunch-quiz "):
        named = what if what == "lunch-quiz " else ""
        guess = guess_command(verb, f"{what}to {day}", today=_TODAY)
        assert guess == f"pause {named}until {day}"
    for said in (f"{verb} the question to {day}", f"{verb} it back to {day}"):
        order = spoken_order(said, today=_TODAY)
        assert order
        assert (order.verb, order.words) == (Verb.PAUSE, f"until {day}")


@pytest.mark.parametrize("verb", ["post", "send", "ask", "make", "set", "put", "change", "update"])
@pytest.mark.parametrize("until", ["until Monday", "for three weeks", "a month", "to 10 days"])
def test_no_other_verb_of_a_change_is_a_pause(verb: str, until: str) -> None:
    assert "pause" not in guess_command(verb, f"it {until}", today=_TODAY)
    assert spoken_order(f"{verb} the digest {until}", today=_TODAY) is None


def test_to_put_off_to_a_day_or_a_time_is_a_change() -> None:
    assert guess_command("push", "to Monday", today=_TODAY) == "on Monday"
    assert guess_command("delay", "lunch-quiz to monday", today=_TODAY) == "on lunch-quiz monday"
    assert guess_command("delay", "it to 10:30", today=_TODAY) == "on 10:30"
    assert guess_command("change", "until 10 december", today=_TODAY) == ""
    moved = guess_command("move", "lunch-quiz from mondays to fridays", today=_TODAY)
    assert moved == "on lunch-quiz fridays"
    assert guess_command("change", "mon to fri", today=_TODAY) == "on mon to fri"
    assert guess_command("move", "it from mondays to fridays", today=_TODAY) == "on fridays"


@pytest.mark.parametrize(
    "typed",
    [
        "please do NOT end the schedule, I only asked",
        "cancel nothing yet",
        "we're off for MLK day, skip it",
        "don't stop",
    ],
)
def test_no_end_is_guessed_from_words_that_may_want_none(typed: str) -> None:
    word, _, rest = typed.partition(" ")
    assert not guess_command(word, rest, today=_TODAY).startswith("off")


@pytest.mark.parametrize("when", ["to 11 tomorrow", "to 9 for today", "to 10:30 this friday"])
def test_a_time_on_one_day_is_no_pause(when: str) -> None:
    order = spoken_order(f"move it {when}", today=_TODAY)
    assert order is None or order.verb is Verb.MOVE


@pytest.mark.parametrize(
    ("typed", "guess"),
    [("aus", ""), ("stopp", "off"), ("pausse", "pause"), ("kip", "skip"), ("of", "off")],
)
def test_a_mistyped_word_is_close_to_the_one_that_is_meant(typed: str, guess: str) -> None:
    assert guess_command(typed, "", today=_TODAY) == guess
