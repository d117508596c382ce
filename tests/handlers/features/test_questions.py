"""Admins write the questions of stories that have none."""

import json
from typing import Any

import pytest

from bot.workspace import Fault
from bot.workspace.people.forms import fill
from handlers.ids import Action, Block, Field
from store.articles.written_questions import WrittenQuestion
from store.types import Article, Found
from tests.handlers.conftest import Slack, labels, texts
from tests.ids import ANA, BEN, TEAM

QUESTION = "Who pays for the fog?"
WRITE, CHANGE = "Write its question", "Change its question"


async def load(slack: Slack, *stories: tuple[str, str], **more: str) -> None:
    """Load stories without a question: (headline, summary)."""
    records = [{"headline": headline, "summary": summary} | more for headline, summary in stories]
    (slack.corpus / "unasked.jsonl").write_text("\n".join(map(json.dumps, records)))
    await slack.type("/corpus reload")


FOG = "Fog", "Ferries wait in the fog for hours."
SUN = "Sun", "Swimmers fill the beaches of the island."


def filled(question: str, insight: str = "") -> dict[str, Any]:
    return {
        Block.INSIGHT: {Field.INSIGHT: {"value": insight}},
        Block.QUESTION: {Field.QUESTION: {"value": question}},
    }


async def found(slack: Slack, words: str = "ferries") -> Article:
    answer = await slack.parley.store.corpus.find(words)
    assert isinstance(answer, Found)
    return answer.matches[0].article


async def opened(slack: Slack, words: str = "ferries") -> dict[str, Any]:
    """Open the form under the story that *words* find."""
    (answer,) = await slack.type(f"/brief {words}")
    await slack.press(Action.QUESTION_WRITE, answer)
    modal = slack.modal()
    assert modal
    return modal


async def save(slack: Slack, question: str, insight: str = "") -> dict[str, Any]:
    """Save a question for the story about ferries, and return the modal after that."""
    assert not await slack.submit(await opened(slack), filled(question, insight))
    modal = slack.modal()
    assert modal
    return modal


def initial(modal: dict[str, Any], block_id: Block) -> str | None:
    (block,) = [one for one in modal["blocks"] if one.get("block_id") == block_id]
    return block["element"].get("initial_value")  # type: ignore[no-any-return]


async def test_an_admin_writes_a_question_and_the_story_is_asked(slack: Slack) -> None:
    await load(slack, FOG)
    (answer,) = await slack.type("/brief ferries")
    assert labels(answer)[-1] == WRITE
    form = await opened(slack)
    assert "Ferries wait in the fog for hours." in texts([form])
    assert "1 story has no question." in texts([form])
    await slack.submit(form, filled(QUESTION, "Fog costs money."))
    modal = slack.modal()
    assert modal
    assert "Saved." in texts([modal])
    assert "Every story has a question now." in texts([modal])
    article = await found(slack)
    assert (article.insight, article.question) == ("Fog costs money.", QUESTION)
    (answer,) = await slack.type("/discuss ferries")
    assert QUESTION in texts([answer])


async def test_status_and_app_home_lead_through_the_stories(slack: Slack) -> None:
    await load(slack, FOG, SUN)
    (answer,) = await slack.type("/corpus status")
    assert "2 stories have no question." in answer["text"]
    await slack.press(Action.QUESTION_NEXT, answer)
    form = slack.modal()
    assert form
    (first,) = [one for one in (FOG, SUN) if one[1] in texts([form])]
    form = await slack.press_in(form, Action.QUESTION_NEXT)
    assert form
    assert first[1] not in texts([form])
    assert not await slack.submit(form, filled("What then?"))
    modal = slack.modal()
    assert modal
    assert "1 story has no question." in texts([modal])
    form = await slack.press_in(modal, Action.QUESTION_NEXT)
    assert form
    assert first[1] in texts([form])
    await slack.submit(form, filled("And who else swims?"))
    (answer,) = await slack.type("/corpus status")
    assert "no question" not in answer["text"]
    assert "when a question was written" in answer["text"]
    assert not labels(answer)


async def test_what_is_typed_for_one_story_does_not_move_to_the_next(slack: Slack) -> None:
    await load(slack, FOG, SUN)
    (answer,) = await slack.type("/corpus status")
    await slack.press(Action.QUESTION_NEXT, answer)
    form = slack.modal()
    assert form
    fields = {block["block_id"]: block["element"] for block in form["blocks"] if "element" in block}
    action_id = fields[Block.QUESTION]["action_id"]
    fill(slack.workspace.views[form["id"]], {Block.QUESTION: {action_id: {"value": QUESTION}}})
    asked = await slack.press_in(form, Action.QUESTION_NEXT)
    assert asked
    assert "You have typed something here." in texts([asked])
    assert QUESTION in str(asked["state"])
    form = await slack.press_in(asked, Action.QUESTION_NEXT)
    assert form
    assert QUESTION not in str(form["state"])


async def test_who_skips_every_story_is_told_so_and_may_begin_again(slack: Slack) -> None:
    await load(slack, FOG, SUN)
    (answer,) = await slack.type("/corpus status")
    await slack.press(Action.QUESTION_NEXT, answer)
    first = slack.modal()
    assert first
    second = await slack.press_in(first, Action.QUESTION_NEXT)
    assert second
    end = await slack.press_in(second, Action.QUESTION_NEXT)
    assert end
    assert "That was the last one. 2 stories have no question." in texts([end])
    again = await slack.press_in(end, Action.QUESTION_NEXT)
    assert again
    assert again["blocks"][1]["text"] == first["blocks"][1]["text"]


async def test_app_home_shows_how_many_to_admins(slack: Slack) -> None:
    await load(slack, FOG)
    for user in (ANA, BEN):
        await slack.workspace.open_home(user)
    await slack.settled()
    ours, theirs = slack.workspace.home(ANA), slack.workspace.home(BEN)
    assert ours
    assert theirs
    assert "1 story has no question." in texts([ours])
    assert "no question" not in texts([theirs])
    form = await slack.press_in(ours, Action.QUESTION_NEXT)
    assert form
    assert "Ferries wait" in texts([form])


async def test_only_admins_see_the_button(slack: Slack) -> None:
    await load(slack, FOG)
    (answer,) = await slack.type("/brief ferries", user=BEN)
    assert WRITE not in labels(answer)
    (answer,) = await slack.say("ferries", user=BEN, channel=f"D{BEN[1:]}")
    assert WRITE not in labels(answer)
    (answer,) = await slack.say("ferries", channel=f"D{ANA[1:]}")
    assert WRITE in labels(answer)


async def test_a_command_does_not_wait_to_learn_who_is_an_admin(slack: Slack) -> None:
    await load(slack, FOG)
    slack.clock.forward(minutes=6)
    (answer, offer) = await slack.type("/brief ferries")
    assert WRITE not in labels(answer)
    assert offer["text"] == "You can write a question for “Fog”."
    await slack.press(Action.QUESTION_WRITE, offer)
    assert "Ferries wait" in texts([slack.modal() or {}])
    (answer,) = await slack.type("/brief ferries")
    assert WRITE in labels(answer)


async def test_the_form_for_a_written_question_is_offered_late_too(slack: Slack) -> None:
    await load(slack, FOG)
    await save(slack, QUESTION)
    slack.clock.forward(minutes=6)
    (_, offer) = await slack.type("/brief ferries")
    assert offer["text"] == "You can change the question of “Fog”."
    await slack.press(Action.QUESTION_WRITE, offer)
    assert initial(slack.modal() or {}, Block.QUESTION) == QUESTION


async def test_nothing_is_offered_late_to_those_who_may_not_write(slack: Slack) -> None:
    await load(slack, FOG)
    await slack.type("/brief ferries", user=BEN)
    slack.clock.forward(minutes=6)
    assert len(await slack.type("/brief ferries", user=BEN)) == 1
    # Nor for a story that has a question of its own: Slack is not even asked.
    slack.clock.forward(minutes=6)
    calls = len(slack.workspace.calls)
    assert len(await slack.type("/brief geneva")) == 1
    assert len(slack.workspace.calls) == calls
    # If Slack cannot say who asks, the answer stays as it is.
    slack.workspace.faults.add(Fault(method="users.info", kind="refuse", times=None))
    assert len(await slack.type("/brief ferries")) == 1


async def test_a_story_with_a_question_of_its_own_has_no_button(slack: Slack) -> None:
    await slack.type("/corpus status")
    (answer,) = await slack.type("/brief geneva")
    assert not {WRITE, CHANGE} & {*labels(answer)}
    await load(slack, FOG)
    (answer,) = await slack.type("/brief ferries")
    await load(slack, FOG, question="Who owns the ferries?")
    await slack.press(Action.QUESTION_WRITE, answer)
    assert slack.modal() is None
    assert (await found(slack)).question == "Who owns the ferries?"


async def test_a_written_question_is_changed_and_taken_back(slack: Slack) -> None:
    await load(slack, FOG)
    await save(slack, QUESTION, "Fog costs money.")
    (answer,) = await slack.type("/brief ferries")
    assert labels(answer)[-1] == CHANGE
    form = await opened(slack)
    assert initial(form, Block.QUESTION) == QUESTION
    assert initial(form, Block.INSIGHT) == "Fog costs money."
    await slack.submit(form, filled("Who else pays?"))
    assert (await found(slack)).question == "Who else pays?"
    modal = await save(slack, "")
    assert "The question is taken back." in texts([modal])
    assert (await found(slack)).question == ""


async def test_an_insight_of_the_file_is_shown_and_not_asked_for(slack: Slack) -> None:
    await load(slack, FOG, insight="The pier is old.")
    form = await opened(slack)
    assert "The pier is old." in texts([form])
    assert Block.INSIGHT not in [one.get("block_id") for one in form["blocks"]]
    await slack.submit(form, {Block.QUESTION: {Field.QUESTION: {"value": QUESTION}}})
    assert (await found(slack)).insight == "The pier is old."


@pytest.mark.parametrize(
    "typed", ["  \n ", "???", "1234 5678?", "Why?", "asdf", "it's", "__ a __", "🙂 🙂"]
)
async def test_a_question_without_words_is_refused(slack: Slack, typed: str) -> None:
    await load(slack, FOG)
    errors = await slack.submit(await opened(slack), filled(typed))
    assert errors == {Block.QUESTION: "Please write a question of at least two words."}
    assert (await found(slack)).question == ""


@pytest.mark.parametrize(
    "typed", ["Who pays?", "¿Y ahora?", "谁来付钱？", "誰が払うのか", "ใครเป็นคนจ่าย", "Wer zahlt? 9"]
)
async def test_a_short_question_in_any_language_is_saved(slack: Slack, typed: str) -> None:
    await load(slack, FOG)
    await save(slack, typed)
    assert (await found(slack)).question == typed


async def test_a_changed_question_without_words_does_not_take_it_back(slack: Slack) -> None:
    await load(slack, FOG)
    await save(slack, QUESTION)
    errors = await slack.submit(await opened(slack), filled("???"))
    assert errors == {Block.QUESTION: "Please write a question of at least two words."}
    assert (await found(slack)).question == QUESTION


async def test_a_nearly_identical_question_is_pointed_out_once(slack: Slack) -> None:
    await load(slack, FOG, SUN)
    await save(slack, QUESTION)
    form = await opened(slack, "beaches")
    await slack.submit(form, filled("Who pays for this fog?", "Sand."))
    form = slack.modal() or {}
    assert "The story “Fog” asks nearly the same: “Who pays for the fog?”" in texts([form])
    assert initial(form, Block.QUESTION) == "Who pays for this fog?"
    assert initial(form, Block.INSIGHT) == "Sand."
    assert (await found(slack, "beaches")).question == ""
    await slack.submit(form, filled("Who pays for this fog?", "Sand."))
    assert (await found(slack, "beaches")).question == "Who pays for this fog?"


async def test_two_admins_do_not_overwrite_each_other_unseen(slack: Slack) -> None:
    await load(slack, FOG)
    form = await opened(slack)
    story, written = await found(slack), WrittenQuestion(insight="", question=QUESTION)
    await slack.parley.store.questions.write(
        story.id, written, team_id=TEAM, by=BEN, at=slack.clock()
    )
    await slack.submit(form, filled("Another question?"))
    form = slack.modal() or {}
    assert f"Somebody saved another question since you opened this: “{QUESTION}”" in texts([form])
    assert (await found(slack)).question == QUESTION
    await slack.submit(form, filled("Another question?"))
    assert (await found(slack)).question == "Another question?"


async def test_nothing_typed_is_lost_when_slack_cannot_say_who_is_asking(slack: Slack) -> None:
    await load(slack, FOG)
    form = await opened(slack)
    slack.clock.forward(minutes=6)
    slack.workspace.faults.add(Fault(method="users.info", kind="refuse", error="x", times=None))
    await slack.submit(form, filled(QUESTION))
    form = slack.modal() or {}
    assert "I can't check with Slack who you are" in texts([form])
    assert initial(form, Block.QUESTION) == QUESTION
    assert (await found(slack)).question == ""
    slack.workspace.faults.clear()
    await slack.submit(form, filled(QUESTION))
    assert (await found(slack)).question == QUESTION


async def test_a_story_that_is_gone_is_named(slack: Slack) -> None:
    await load(slack, FOG, SUN)
    form = await opened(slack)
    await load(slack, SUN)
    await slack.submit(form, filled(QUESTION))
    assert "no longer in the corpus" in texts([slack.modal() or {}])


async def test_what_is_written_looks_as_written(slack: Slack) -> None:
    await load(slack, FOG)
    modal = await save(slack, "Who   is\n <!channel> & *who* pays?")
    assert "Who is <!channel> & *who* pays?" in json.dumps(modal, ensure_ascii=False)
    assert (await found(slack)).question == "Who is <!channel> & *who* pays?"
