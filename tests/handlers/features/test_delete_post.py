"""*Delete this post*: a mistaken post is taken back, once and for all."""

from typing import Any

import pytest

from bot.workspace.web_api.faults import Fault
from handlers.button_value import Value
from handlers.ids import Action, Shortcut
from store.db import DatabaseUnavailableError
from store.posting.posts import Posts
from tests.handlers.conftest import Slack, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, TEAM


async def asked(
    slack: Slack, ts: str, *, user: str = ANA, channel: str = GENERAL
) -> dict[str, Any] | None:
    """Choose *Delete this post* in the menu of a message; return the modal."""
    using = slack.workspace.use_message_shortcut(user, Shortcut.DELETE, channel, ts)
    assert (await using).acked
    await slack.settled()
    return slack.modal(user)


async def deleted(slack: Slack, ts: str, *, user: str = ANA) -> str:
    """Choose it and confirm; return what the modal says then."""
    modal = await asked(slack, ts, user=user)
    assert modal
    await slack.submit(modal, user=user)
    return texts([slack.modal(user) or {}])


async def question(slack: Slack, words: str = "dockworkers", user: str = ANA) -> dict[str, Any]:
    """Post a question, and return its message."""
    (shown,) = await slack.type(f"/discuss {words}", user=user)
    await slack.press(Action.DISCUSS_POST, shown, user=user)
    return slack.public()[-1]


async def test_a_question_goes_with_its_story(slack: Slack) -> None:
    posted = await question(slack)
    modal = await asked(slack, posted["ts"])
    assert modal
    assert "What people answered in the thread stays." in texts([modal])
    assert "Deleted." in await deleted(slack, posted["ts"])
    assert not slack.public()
    deletions = [one for one in slack.workspace.calls if one.method == "chat.delete"]
    assert len(deletions) == 2
    (shown,) = await slack.type("/discuss dockworkers")
    assert "Last asked here" not in texts([shown])


async def test_a_deleted_question_does_not_come_back_at_once(slack: Slack) -> None:
    posted = await question(slack, "")
    await deleted(slack, posted["ts"])
    again = await question(slack, "")
    assert texts([again]) != texts([posted])


async def test_the_press_that_posted_it_does_not_post_it_again(slack: Slack) -> None:
    (shown,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, shown)
    late = slack.payloads[-1]
    assert "Deleted." in await deleted(slack, slack.public()[-1]["ts"])
    slack.payloads.append(late | {"trigger_id": "1.1.late"})
    await slack.repeat()
    assert not slack.public()
    (again,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, again)
    assert len(slack.public()) == 1


async def test_it_is_for_who_asked_and_for_admins(slack: Slack) -> None:
    posted = await question(slack, user=BEN)
    slack.workspace.change_person(ANA, is_admin=False)
    slack.parley.directory._drop(TEAM)
    refused = await asked(slack, posted["ts"])
    assert refused is None
    assert "Only the person who asked" in slack.workspace.messages(GENERAL, ANA)[-1]["text"]
    modal = await asked(slack, posted["ts"], user=BEN)
    assert modal
    await slack.submit(modal, user=BEN)
    assert not slack.public()


async def test_a_forged_seal_deletes_nothing(slack: Slack) -> None:
    posted = await question(slack, user=BEN)
    modal = await asked(slack, posted["ts"], user=BEN)
    assert modal
    value = Value.decode(modal["private_metadata"])
    slack.in_place_of[value.seal] = "0" * 64
    await slack.submit(modal, user=BEN)
    assert "Only the person who asked" in texts([slack.modal(BEN) or {}])
    assert slack.public()


async def test_a_scheduled_post_is_for_its_owner(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily", user=BEN)
    slack.clock.forward(hours=2)
    await slack.parley.ticker.tick()
    posted = slack.public()[-1]
    assert "Asked by" not in texts([posted])
    assert await asked(slack, posted["ts"], user=CHLOE) is None
    assert "Deleted." in await deleted(slack, posted["ts"], user=BEN)
    assert not slack.public()


async def test_what_people_answered_stays(slack: Slack) -> None:
    posted = await question(slack)
    slack.workspace.post_as(BEN, GENERAL, "Because of the docks.", thread_ts=posted["ts"])
    assert "Deleted." in await deleted(slack, posted["ts"])
    (left,) = slack.public()
    assert left["text"] == "This message was deleted."
    thread = slack.workspace.messages(GENERAL, ANA, posted["ts"])
    assert [one["text"] for one in thread][-1] == "Because of the docks."
    await asked(slack, posted["ts"])
    assert "deleted already" in slack.workspace.messages(GENERAL, ANA)[-1]["text"]


@pytest.mark.parametrize("of", ["person", "story"])
async def test_other_messages_are_not_deleted(slack: Slack, of: str) -> None:
    thread_ts = None
    if of == "person":
        ts = slack.workspace.post_as(BEN, GENERAL, "Hello")["ts"]
    else:
        thread_ts = (await question(slack))["ts"]
        ts = slack.workspace.messages(GENERAL, ANA, thread_ts)[-1]["ts"]
    assert await asked(slack, ts) is None
    shown = slack.workspace.messages(GENERAL, ANA, thread_ts)[-1]
    assert "Choose its first message." in shown["text"]


async def test_a_refusal_of_slack_is_said_and_the_record_stays(slack: Slack) -> None:
    posted = await question(slack)
    fault = Fault(method="chat.delete", kind="refuse", error="cant_delete_message")
    slack.workspace.faults.add(fault)
    assert "Slack did not let me delete it" in await deleted(slack, posted["ts"])
    (shown,) = await slack.type("/discuss dockworkers")
    assert "Last asked here" in texts([shown])
    modal = slack.modal()
    assert modal
    assert not await slack.submit(modal)
    assert "Deleted." in texts([slack.modal() or {}])


async def test_a_post_that_could_not_be_recorded_as_deleted_can_be_from_the_form(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is gone, and its menu with it."""
    posted = await question(slack)

    async def fail(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("silent")

    with monkeypatch.context() as broken:
        broken.setattr(Posts, "take_back", fail)
        assert "disappear for everybody" in await deleted(slack, posted["ts"])
    assert not slack.public()
    modal = slack.modal()
    assert modal
    assert not await slack.submit(modal)
    assert "Deleted." in texts([slack.modal() or {}])
    (shown,) = await slack.type("/discuss dockworkers")
    assert "Last asked here" not in texts([shown])
