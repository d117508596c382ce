"""What was posted follows its story: changed in place, said so, and never for ever."""

from typing import Any

import pytest

from bot.workspace import Fault
from store.posting.corrections import TRIES
from tests.handlers.conftest import ANA, GENERAL, Slack, texts

UPDATE = "chat.update"
CORRECTED = "Corrected since it was posted."


@pytest.fixture
def corrects() -> bool:
    return True


async def posted(slack: Slack) -> dict[str, Any]:
    """Post the day's question, and give the question and its story."""
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(minutes=91)
    await tick(slack, 2)
    (question,) = [one for one in slack.public() if "Question of the day" in one["text"]]
    return question


def story(slack: Slack, question: dict[str, Any]) -> dict[str, Any]:
    return slack.public(thread_ts=question["ts"])[1]


async def tick(slack: Slack, times: int = 3) -> None:
    for _ in range(times):
        await slack.parley.ticker.tick()
        slack.clock.forward(seconds=2)


async def edit(slack: Slack, old: str, new: str) -> None:
    """Change every document, and load them."""
    for path in slack.corpus.iterdir():
        path.write_text(path.read_text().replace(old, new))
    await slack.parley.store.corpus.reload(slack.corpus, by=ANA, at=slack.clock())


def updates(slack: Slack) -> int:
    return sum(call.method == UPDATE for call in slack.workspace.calls)


def now(slack: Slack, question: dict[str, Any]) -> str:
    """Give what the question and its story say now."""
    return texts(slack.public(thread_ts=question["ts"]))


async def test_an_edited_story_is_changed_where_it_was_posted_once(slack: Slack) -> None:
    question = await posted(slack)
    assert CORRECTED not in now(slack, question)
    await edit(slack, "?", " today?")
    await tick(slack)
    (changed,) = [one for one in slack.public() if "Question of the day" in one["text"]]
    assert changed["ts"] == question["ts"]
    assert " today?" in texts([changed])
    assert changed["text"].startswith("Corrected. ")
    assert CORRECTED in texts([changed])
    # Its story's notification says the question too.
    assert updates(slack) == 2
    await tick(slack, 3)
    slack.clock.forward(hours=1)
    await tick(slack, 3)
    assert updates(slack) == 2


async def test_a_message_without_what_was_edited_stays_as_it_is(slack: Slack) -> None:
    question = await posted(slack)
    for old, new in ((".", "!"), ("!", ".")):
        await edit(slack, old, new)
        await tick(slack)
        assert slack.public(thread_ts=question["ts"])[0] == question
    # Its story was changed, and changed back.
    assert updates(slack) == 2
    assert CORRECTED not in texts([story(slack, question)])


async def test_it_still_carries_its_key(slack: Slack) -> None:
    question = await posted(slack)
    await edit(slack, "?", " today?")
    await tick(slack)
    history = await slack.parley.app.client.conversations_history(
        token=slack.workspace.bot_token, channel=GENERAL, include_all_metadata=True
    )
    (changed,) = [one for one in history["messages"] if one["ts"] == question["ts"]]
    post = await slack.parley.store.posts.by_message("T0LOCAL", GENERAL, question["ts"])
    assert post
    assert changed["metadata"]["event_payload"]["delivery_key"] == post.key
    assert changed["blocks"][0]["block_id"].endswith(post.key)


async def test_an_undo_takes_the_correction_back(slack: Slack) -> None:
    question = await posted(slack)
    before = now(slack, question)
    await edit(slack, "?", " today?")
    await tick(slack)
    await slack.parley.store.corpus.undo(by=ANA, at=slack.clock())
    await tick(slack)
    assert updates(slack) == 4
    assert CORRECTED not in now(slack, question)
    assert slack.public(thread_ts=question["ts"])[0]["text"] in before


async def test_what_only_moved_and_what_is_old_stays(slack: Slack) -> None:
    await posted(slack)
    talks = slack.corpus / "talks.txt"
    talks.rename(slack.corpus / "zeta.txt")
    await edit(slack, "no such words", "")
    await tick(slack)
    slack.clock.forward(days=8)
    await edit(slack, "?", " today?")
    await tick(slack)
    assert updates(slack) == 0


async def test_a_story_that_is_gone_leaves_its_post_as_it_is(slack: Slack) -> None:
    question = await posted(slack)
    before = now(slack, question)
    for path in slack.corpus.iterdir():
        path.unlink()
    (slack.corpus / "other.txt").write_text("Other\nAnother summary altogether.\nSo.\nWhy?\n")
    await edit(slack, "no such words", "")
    await tick(slack)
    assert now(slack, question) == before


async def test_a_story_that_asks_nothing_any_more_leaves_its_question(slack: Slack) -> None:
    for path in slack.corpus.iterdir():
        path.unlink()
    table = slack.corpus / "table.csv"
    summary = "Envoys of nine countries met in Geneva, and agreed on the hour of their next meeting"
    table.write_text(f'headline,summary,question\nTalks,"{summary}",Why?\n')
    await edit(slack, "no such words", "")
    question = await posted(slack)
    await edit(slack, "Why?", "")
    await tick(slack)
    assert slack.public(thread_ts=question["ts"])[0]["text"] == question["text"]
    # Its story is another's text now too, and is drawn.
    assert updates(slack) == 1
    assert CORRECTED in texts([story(slack, question)])


async def test_a_share_is_corrected_too(slack: Slack) -> None:
    (answer,) = await slack.type("/brief gdansk strike")
    await slack.press("brief_share", answer)
    await edit(slack, "night shifts", "late shifts")
    await tick(slack)
    (shared,) = [one for one in slack.public() if "Shared" in texts([one])]
    assert "late shifts" in texts([shared])
    assert CORRECTED in texts([shared])


async def test_a_digest_shows_all_its_stories_in_their_order(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily digest 3")
    slack.clock.forward(minutes=91)
    await tick(slack, 2)
    (digest,) = [one for one in slack.public() if "Today's stories" in one["text"]]
    headlines = [block["text"]["text"].splitlines()[0] for block in digest["blocks"][1:4]]
    await edit(slack, "night shifts", "late shifts")
    await tick(slack)
    (changed,) = [one for one in slack.public() if "Today's stories" in one["text"]]
    assert "late shifts" in texts([changed])
    assert [one["text"]["text"].splitlines()[0] for one in changed["blocks"][1:4]] == headlines
    assert "late shifts" in texts([story(slack, digest)])


@pytest.mark.parametrize(
    ("error", "calls"), [("message_not_found", 2), ("cant_update_message", 2), ("is_archived", 4)]
)
async def test_what_cannot_be_changed_is_given_up_at_once(
    slack: Slack, error: str, calls: int
) -> None:
    """Another edit is another try, but for a message that is gone."""
    await posted(slack)
    slack.workspace.faults.add(Fault(method=UPDATE, kind="refuse", error=error, times=None))
    await edit(slack, "?", " today?")
    await tick(slack)
    assert updates(slack) == 2
    slack.clock.forward(hours=2)
    await tick(slack, 4)
    assert updates(slack) == 2
    await edit(slack, " today?", " tomorrow?")
    await tick(slack)
    assert updates(slack) == calls


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=UPDATE, kind="drop_after", times=None),
        Fault(method=UPDATE, kind="status", status=500, times=None),
        Fault(method=UPDATE, kind="refuse", error="no_word_we_know", times=None),
    ],
    ids=["no answer", "500", "strange"],
)
async def test_what_never_works_is_tried_a_few_times(slack: Slack, fault: Fault) -> None:
    await posted(slack)
    slack.workspace.faults.add(fault)
    await edit(slack, "?", " today?")
    for _ in range(40):
        await slack.parley.ticker.tick()
        slack.clock.forward(minutes=10)
    assert updates(slack) == 2 * TRIES


async def test_a_lost_answer_is_no_second_line(slack: Slack) -> None:
    question = await posted(slack)
    slack.workspace.faults.add(Fault(method=UPDATE, kind="drop_after"))
    await edit(slack, "?", " today?")
    await tick(slack, 10)
    assert updates(slack) == 3
    (changed,) = [one for one in slack.public() if one["ts"] == question["ts"]]
    assert texts([changed]).count(CORRECTED) == 1


async def test_an_undo_before_a_lost_answer_is_made_up_for(slack: Slack) -> None:
    question = await posted(slack)
    slack.workspace.faults.add(Fault(method=UPDATE, kind="drop_after", times=2))
    await edit(slack, "?", " today?")
    await tick(slack, 2)
    assert CORRECTED in now(slack, question)
    await slack.parley.store.corpus.undo(by=ANA, at=slack.clock())
    slack.clock.forward(hours=1)
    await tick(slack, 4)
    assert CORRECTED not in now(slack, question)
    assert " today?" not in now(slack, question)


async def test_when_slack_asks_to_wait_nothing_is_sent_and_nothing_counted(slack: Slack) -> None:
    question = await posted(slack)
    slack.workspace.faults.add(Fault(method=UPDATE, kind="ratelimit", seconds=30, times=2 * TRIES))
    await edit(slack, "?", " today?")
    await tick(slack, 5)
    assert updates(slack) == 1
    for _ in range(4 * TRIES):
        slack.clock.forward(seconds=31)
        await slack.parley.ticker.tick()
    assert CORRECTED in now(slack, question)


@pytest.mark.parametrize("corrects", [False])
async def test_without_the_setting_nothing_is_changed(slack: Slack) -> None:
    await posted(slack)
    await edit(slack, "?", " today?")
    await tick(slack)
    assert updates(slack) == 0
