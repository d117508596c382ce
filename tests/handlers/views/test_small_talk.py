"""Every kind of small talk has an answer in every place, for members and for guests."""

import re

import pytest

from handlers.button_value import CHANNEL, CONVERSATION, DIRECT, MODAL
from handlers.parsing.small_talk import SmallTalk
from handlers.views.small_talk import about_schedules, small_talk
from tests.blockkit import check_message

_PLACEHOLDER = re.compile(r"\{\w*\}")


@pytest.mark.parametrize("is_guest", [False, True])
@pytest.mark.parametrize("where", [CHANNEL, DIRECT, MODAL, CONVERSATION, "1.2"])
@pytest.mark.parametrize("talk", SmallTalk)
def test_every_kind_has_an_answer(talk: SmallTalk, where: str, is_guest: bool) -> None:
    for examples in ([], ["Grain deal", "Ferry"]):
        answer = small_talk(talk, examples, where=where, is_guest=is_guest)
        check_message(answer)
        assert not _PLACEHOLDER.search(answer["text"])


@pytest.mark.parametrize("talk", SmallTalk)
@pytest.mark.parametrize("text", ["pause it until spring", "no posts on holidays", "later please"])
def test_what_stands_before_schedules_is_complete(talk: SmallTalk, text: str) -> None:
    assert not _PLACEHOLDER.search(about_schedules(talk, text, name="news"))


def test_commands_are_typed_outside_of_threads() -> None:
    assert "Outside of threads, in" in small_talk(SmallTalk.NEXT, [], where="1.2")["text"]
    assert "Outside of threads" not in small_talk(SmallTalk.NEXT, [], where=CHANNEL)["text"]


def test_a_guest_learns_that_members_set_up_schedules() -> None:
    answer = small_talk(SmallTalk.SCHEDULE, [], where=CHANNEL, is_guest=True)["text"]
    assert "guests can't" in answer
    assert "09:30" not in answer


def test_a_courtesy_names_the_way_to_ask_that_is_at_hand() -> None:
    thanks = SmallTalk.THANKS
    assert "send me a few words" in small_talk(thanks, [], where=DIRECT)["text"]
    assert "search box" in small_talk(thanks, [], where=MODAL)["text"]
    assert "mention me" in small_talk(thanks, [], where="1.2")["text"]
