"""Verbs that mean a sub-command of `/digest`."""

from datetime import date

import pytest

from handlers.parsing.meant_command import guess_command, is_edit, is_new
from handlers.parsing.spoken_orders import Verb, spoken_order
from handlers.parsing.sub_commands import MOVE, VERBS, DigestWord

_VERBS = [(verb, word) for word in VERBS if word is not DigestWord.ON for verb in VERBS[word]]


@pytest.mark.parametrize(("verb", "word"), _VERBS)
def test_a_verb_means_the_same_after_the_command_and_in_a_sentence(
    verb: str, word: DigestWord
) -> None:
    assert guess_command(verb, "lunch-quiz") == f"{word} lunch-quiz"
    order = spoken_order(f"{verb} the questions in this channel", today=date(2026, 11, 24))
    is_of_posts = verb in ("delete", "remove")  # "delete the question" may be about a post
    assert is_of_posts if order is None else order.verb == str(word)


@pytest.mark.parametrize("verb", VERBS[DigestWord.ON])
def test_a_verb_begins_a_schedule(verb: str) -> None:
    assert is_new(verb, "one")
    assert guess_command(verb, "9:30 mon") == "on 9:30 mon"
    order = spoken_order(f"{verb} a question every day at 9:30", today=date(2026, 11, 24))
    assert order
    assert order.verb is Verb.ON


@pytest.mark.parametrize("verb", MOVE)
def test_a_verb_changes_a_schedule(verb: str) -> None:
    assert is_edit(verb, "it")
    assert guess_command(verb, "it to 10:00") == "on 10:00"
    order = spoken_order(f"{verb} the question to 10:00", today=date(2026, 11, 24))
    assert order
    assert (order.verb, order.words) == (Verb.MOVE, "10:00")


def test_to_put_off_until_a_date_is_a_pause() -> None:
    assert guess_command("postpone", "it until Monday") == "pause until Monday"
    assert guess_command("push", "to Monday") == "on Monday"
