"""The first words, and small talk."""

import pytest

from bot.workspace import Fault
from handlers.ids import Action, Modal
from store.types import UserId
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, RANDOM


async def opened(slack: Slack, user: UserId = BEN) -> list[str]:
    """Open the direct message with Parley, and return the texts that stand there."""
    await slack.workspace.open_messages(user)
    await slack.settled()
    return [message["text"] for message in slack.workspace.messages(dm(user), user)]


async def test_an_empty_direct_message_says_what_parley_is(slack: Slack) -> None:
    (text,) = await opened(slack)
    assert text.startswith("Hello! I find stories from a few words")
    assert "3. In a channel, type `/digest on 09:30`" in text


async def test_it_says_so_once(slack: Slack) -> None:
    await opened(slack)
    assert len(await opened(slack)) == 1


async def test_a_conversation_is_not_interrupted(slack: Slack) -> None:
    await slack.say("geneva", channel=dm(BEN), user=BEN)
    before = len(slack.workspace.messages(dm(BEN), BEN))
    assert len(await opened(slack)) == before


async def test_nobody_is_welcomed_while_slack_cannot_show_the_history(slack: Slack) -> None:
    fault = Fault(method="conversations.history", kind="refuse", error="internal_error", times=None)
    slack.workspace.faults.add(fault)
    assert not await opened(slack)


async def test_who_adds_parley_to_a_channel_is_told_how_to_begin(slack: Slack) -> None:
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id, by=BEN)
    await slack.settled()
    (told,) = slack.workspace.messages(RANDOM, BEN)
    assert told["ephemeral"]
    assert "Thanks for adding me" in told["text"]
    assert labels(told) == ["Set up a daily question"]
    assert not slack.workspace.messages(RANDOM, ANA)


async def test_nobody_is_told_when_parley_joins_by_itself(slack: Slack) -> None:
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id)
    slack.workspace.invite(GENERAL, CHLOE, by=BEN)
    await slack.settled()
    assert not slack.workspace.messages(RANDOM, BEN)
    assert not slack.workspace.messages(GENERAL, BEN)


@pytest.mark.parametrize("said", ["hello", "what can you do?", "help", ":wave:"])
async def test_small_talk_in_a_direct_message(slack: Slack, said: str) -> None:
    (answer,) = await slack.say(said, channel=dm(BEN), user=BEN)
    assert "Three things to try" in answer["text"]
    assert "Ask for this topic" not in labels(answer)


async def test_thanks_are_answered_in_a_line(slack: Slack) -> None:
    (answer,) = await slack.say("thanks @Parley!")
    assert answer["text"].startswith("You're welcome!")


@pytest.mark.parametrize(
    ("said", "typed", "button"),
    [
        ("how do I set up a daily question?", "`/digest on 09:30`", "Set up a daily question"),
        ("how do I skip a post?", "`/digest skip`", "Show the schedules"),
        ("how do I ask a question in <#C1|random>?", "`/discuss Geneva`", "Start a discussion"),
        ("how can I add stories?", "`/corpus sources add ADDRESS`", "Geneva"),
        ("how do I invite you?", "`/invite @Parley`", "Start a discussion"),
    ],
)
async def test_a_question_on_how_to_is_answered_wherever_it_is_asked(
    slack: Slack, said: str, typed: str, button: str
) -> None:
    (direct,) = await slack.say(said, channel=dm(BEN), user=BEN)
    (mention,) = await slack.say(f"@Parley {said}")
    (command,) = await slack.type(f"/brief {said}")
    assert direct["text"] == mention["text"] == command["text"]
    await slack.workspace.open_home(BEN)
    await slack.settled()
    home = slack.workspace.home(BEN)
    assert home
    found = await slack.press_in(home, Action.HOME_SEARCH, user=BEN, value=said)
    assert found
    for answer in (direct, mention, command, found):
        assert typed in texts([answer])
        assert button in labels(answer)


async def test_a_form_opens_on_top_of_the_answer_in_a_modal(slack: Slack) -> None:
    await slack.workspace.open_home(BEN)
    await slack.settled()
    home = slack.workspace.home(BEN)
    assert home
    value = "how do I set up a daily question?"
    shown = await slack.press_in(home, Action.HOME_SEARCH, user=BEN, value=value)
    assert shown
    form = await slack.press_in(shown, Action.DIGEST_SET, user=BEN)
    assert form
    assert form["callback_id"] == Modal.SCHEDULE


async def test_in_a_thread_it_says_that_commands_work_outside(slack: Slack) -> None:
    root = slack.workspace.post_as(BEN, GENERAL, "What do we know?")
    (answer,) = await slack.say("@Parley can I schedule this?", thread_ts=root["ts"])
    assert answer["text"].startswith("Outside of threads, in a channel, type `/digest on 09:30`")


@pytest.mark.parametrize("said", ["how do I set up a daily question?", "stop the digest please"])
async def test_a_guest_is_not_told_to_type_what_guests_cannot(slack: Slack, said: str) -> None:
    slack.workspace.change_person(CHLOE, is_restricted=True)
    (answer,) = await slack.say(said, channel=dm(CHLOE), user=CHLOE)
    assert "uests can't" in answer["text"]
    assert not labels(answer)


async def test_help_in_a_thread_says_what_works_there(slack: Slack) -> None:
    root = slack.workspace.post_as(BEN, GENERAL, "What do we know?")
    (answer,) = await slack.say("@Parley help", thread_ts=root["ts"])
    assert "Write `@Parley Geneva` in this thread" in texts([answer])
    assert "`/brief" not in texts([answer])
