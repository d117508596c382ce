"""Repeated deliveries, removed stories, guests and strangers, and bugs in Parley."""

import asyncio
import json
from typing import Any

import pytest

from bot.dispatch import ParleyApp
from bot.workspace import Fault
from bot.workspace.model.directory import ORGANIZATION, SISTER_TEAM_ID
from handlers.features.start_discussion import DiscussionForm
from handlers.ids import Action, Block, Command, Field, Shortcut
from handlers.slack.directory import STRANGER
from tests.handlers.conftest import Slack, dm, texts
from tests.ids import ANA, BEN, GENERAL, TEAM

# Repeated deliveries


async def test_a_repeated_command_gets_the_same_answer_and_runs_once(slack: Slack) -> None:
    (answer,) = await slack.type("/brief kubernetes")
    again = json.loads(await slack.repeat())
    assert again["text"] == answer["text"]
    assert await slack.parley.store.misses.number(TEAM, since=slack.clock()) == 1


async def test_a_repeated_press_posts_once(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    calls = len(await _shared(slack, answer))
    await slack.repeat()
    assert len(slack.public()) == 1
    assert len(slack.workspace.calls) == calls


async def _shared(slack: Slack, answer: dict[str, Any]) -> list[Any]:
    await slack.press(Action.BRIEF_SHARE, answer)
    return slack.workspace.calls


async def test_a_repeated_mention_is_answered_once(slack: Slack) -> None:
    await slack.say("@Parley dockworkers")
    seen = len(slack.workspace.messages(GENERAL, ANA))
    await slack.repeat()
    assert len(slack.workspace.messages(GENERAL, ANA)) == seen


async def test_a_mention_is_remembered_however_many_commands_and_presses_follow(
    slack: Slack,
) -> None:
    """Slack delivers an event for the last time minutes after the first."""
    await slack.say("@Parley dockworkers")
    mention = slack.payloads[-1]
    seen = len(slack.workspace.messages(GENERAL, ANA))
    await slack.type("/brief geneva")
    command = slack.payloads[-1]
    for number in range(600):
        slack.payloads.append({**command, "trigger_id": f"1.1.{number}"})
        await slack.repeat()
    slack.payloads.append(mention)
    await slack.repeat()
    assert len(slack.workspace.messages(GENERAL, ANA)) == seen + 1


async def test_two_concurrent_deliveries_run_once(slack: Slack) -> None:
    await slack.type("/brief dockworkers")
    payload = {**slack.payloads[-1], "trigger_id": "1.1.another", "text": "kubernetes"}
    slack.payloads.append(payload)
    await asyncio.gather(slack.repeat(), slack.repeat())
    assert await slack.parley.store.misses.number(TEAM, since=slack.clock()) == 1


async def test_a_failed_dispatch_is_retried(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed dispatch must not be cached as the answer to its repeats."""
    await slack.type("/brief dockworkers")
    slack.payloads.append({**slack.payloads[-1], "trigger_id": "1.1.another"})

    async def fails(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(ParleyApp, "_dispatch", fails)
        await slack.repeat()
    assert "Dockworkers" in json.loads(await slack.repeat())["text"]


async def test_an_ack_that_shows_a_view_leaves_before_that_view_is_updated(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, answer)
    (shared,) = slack.public()
    await slack.workspace.use_message_shortcut(ANA, Shortcut.DELETE, GENERAL, shared["ts"])
    await slack.settled()
    modal = slack.modal()
    assert modal
    slack.is_holding = True
    await slack.workspace.submit(ANA, modal["id"], {})
    calls = len(slack.workspace.calls)
    response = await slack.parley.intake.take(slack.payloads[-1])
    assert "Deleting the post" in response.body
    assert len(slack.workspace.calls) == calls
    await slack.settled()
    assert not slack.public()
    assert slack.workspace.calls[-1].method == "views.update"


async def test_a_second_press_does_not_request_a_topic_twice(slack: Slack) -> None:
    (answer,) = await slack.type("/brief kubernetes")
    press = {"channel": GENERAL, "ts": answer["ts"]}
    await asyncio.gather(
        slack.workspace.press(ANA, Action.BRIEF_ASK, **press),
        slack.workspace.press(ANA, Action.BRIEF_ASK, **press),
    )
    await slack.settled()
    (request,) = await slack.parley.store.topic_requests.list(TEAM, since=slack.clock())
    assert request.requests == 1


async def test_an_unconfirmed_answer_is_not_sent_again(
    slack: Slack,
) -> None:
    """A retry by the client would post the answer twice."""
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="drop_after"))
    await slack.workspace.type("dockworkers", user=ANA, channel=dm(ANA))
    await slack.settled()
    replies = [
        message for message in slack.public(dm(ANA)) if message["text"].startswith("Harbours")
    ]
    assert len(replies) == 1


# Removed stories


@pytest.mark.parametrize(
    "action", [Action.BRIEF_SHARE, Action.BRIEF_DISCUSS, Action.BRIEF_LIKE, Action.BRIEF_PICK]
)
async def test_a_button_of_a_removed_story_says_so(slack: Slack, action: str) -> None:
    (answer,) = await slack.type("/brief qwzrt strike")
    if action != Action.BRIEF_PICK:
        (answer,) = await slack.press(Action.BRIEF_PICK, answer)
    (slack.corpus / "ports.txt").unlink()
    await slack.type("/corpus reload")
    seen = await slack.press(action, answer)
    assert "no longer in the corpus" in seen[-1]["text"]
    assert not slack.public()


async def test_next_match_after_a_reload_shows_what_there_is(slack: Slack) -> None:
    (answer,) = await slack.type("/brief geneva")
    (slack.corpus / "talks.txt").unlink()
    await slack.type("/corpus reload")
    seen = await slack.press(Action.BRIEF_NEXT, answer)
    assert any("I have no story on “geneva”" in message["text"] for message in seen)


# People


async def test_a_guest_can_look_up_and_share(slack: Slack) -> None:
    slack.workspace.change_person(BEN, is_restricted=True, is_ultra_restricted=True)
    (answer,) = await slack.type("/brief dockworkers", user=BEN)
    await slack.press(Action.BRIEF_SHARE, answer, user=BEN)
    assert f"Shared by <@{BEN}>" in texts(slack.public())


async def test_a_stranger_presses_nothing(slack: Slack) -> None:
    """Somebody from another company can see posts in a shared channel, but gets no answers."""
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_DISCUSS, answer)
    slack.workspace.change_person(BEN, is_stranger=True)
    root = slack.workspace.post_as(ANA, GENERAL, "harbour strike in Gdansk")
    shared = {"channel": GENERAL, "ts": root["ts"]}
    await slack.workspace.use_message_shortcut(BEN, Shortcut.RELATED, **shared)
    await slack.settled()
    reply = slack.workspace.messages(GENERAL, BEN)[-1]
    assert reply["text"] == STRANGER
    await slack.workspace.use_shortcut(BEN, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal(BEN)
    assert modal
    assert "only help members of this workspace" in texts([modal])


async def test_a_stranger_submits_nothing(slack: Slack) -> None:
    await slack.workspace.use_shortcut(BEN, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal(BEN)
    assert modal
    slack.workspace.change_person(BEN, is_stranger=True)
    channel: dict[str, Any] = {Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}}}
    await slack.submit(modal, channel, user=BEN)
    reply = slack.modal(BEN)
    assert reply
    assert "only help members of this workspace" in texts([reply])
    assert not slack.public()


async def test_a_member_in_an_enterprise_organization_presses_everything(slack: Slack) -> None:
    """Their payloads name the organization in place of the workspace."""
    slack.workspace.change_person(BEN, teams=(SISTER_TEAM_ID, TEAM))
    (answer,) = await slack.type("/brief dockworkers", user=BEN)
    assert slack.payloads[-1]["user_id"] == BEN
    await slack.press(Action.BRIEF_SHARE, answer, user=BEN)
    assert slack.payloads[-1]["user"]["team_id"] == ORGANIZATION["id"]
    (shared,) = slack.public()
    await slack.workspace.use_message_shortcut(BEN, Shortcut.RELATED, GENERAL, shared["ts"])
    await slack.workspace.use_shortcut(BEN, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal(BEN)
    assert modal
    channel: dict[str, Any] = {Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}}}
    assert not await slack.submit(modal, channel, user=BEN)
    modal = slack.modal(BEN)
    assert modal
    await slack.submit(modal, user=BEN)
    assert len(slack.public()) == 2
    assert STRANGER not in texts(slack.workspace.messages(GENERAL, BEN))


async def test_an_interaction_of_a_whole_organization_is_refused(slack: Slack) -> None:
    (answer,) = await slack.type("/brief dockworkers")
    await slack.press(Action.BRIEF_SHARE, answer)
    press = slack.payloads[-1]
    await slack.workspace.use_shortcut(BEN, Shortcut.DISCUSSION)
    await slack.settled()
    shortcut = slack.payloads[-1]
    for number, payload in enumerate((press, shortcut)):
        slack.payloads.append({**payload, "team": None, "trigger_id": f"1.{number}.late"})
        await slack.repeat()
    assert len(slack.public()) == 1
    *_, refused = slack.workspace.messages(GENERAL, ANA)
    assert refused["text"] == "I work in one workspace at a time, not in a whole organization."


async def test_in_a_group_direct_message_stories_are_found_and_nothing_is_posted(
    slack: Slack,
) -> None:
    group = slack.workspace.add_channel("mpdm-ana--ben-1", kind="mpim", members=[ANA, BEN])
    (found,) = await slack.type("/brief dockworkers", channel=group.id)
    assert "Gdansk" in found["text"]
    (listed,) = await slack.type("/digest list", channel=group.id)
    assert "No channel that you see has a schedule" in listed["text"]
    sentence = "In a group direct message I can't post: please choose a channel."
    (refused,) = await slack.type("/digest on 09:30 daily", channel=group.id)
    assert sentence in refused["text"]
    (offered,) = await slack.type("/discuss", channel=group.id)
    *_, refused = await slack.press(Action.DISCUSS_POST, offered, channel=group.id)
    assert sentence in refused["text"]


async def test_a_deactivated_admin_has_no_admin_rights(slack: Slack) -> None:
    slack.workspace.change_person(ANA, is_deleted=True)
    slack.clock.forward(minutes=6)
    (answer,) = await slack.type("/corpus reload")
    assert answer["text"].startswith("Only Parley admins can do that")


async def test_the_schedule_of_a_deactivated_person_still_posts(slack: Slack) -> None:
    await slack.type("/digest on 09:00 daily UTC")
    slack.workspace.change_person(ANA, is_deleted=True)
    slack.clock.forward(hours=1, minutes=1)
    await slack.parley.ticker.tick()
    assert "Question of the day" in slack.public()[-1]["text"]


# Errors


async def test_a_bug_in_a_command_shows_an_id_that_is_in_the_log(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _break(slack, monkeypatch)
    (answer,) = await slack.type("/brief dockworkers")
    _assert_error_id(answer["text"], caplog.text)


async def test_a_bug_after_the_ack_shows_an_id_too(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = await slack.type("/brief geneva")
    _break(slack, monkeypatch)
    seen = await slack.press(Action.BRIEF_NEXT, answer)
    _assert_error_id(seen[-1]["text"], caplog.text)
    (reply,) = await slack.say("geneva", channel=dm(ANA))
    _assert_error_id(reply["text"], caplog.text)


async def test_a_bug_in_a_form_is_shown_at_a_field_and_loses_nothing(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await slack.type("/digest")
    modal = slack.modal()
    assert modal
    _break(slack, monkeypatch)
    topics = [{"text": {"type": "plain_text", "text": "Geneva"}, "value": "Geneva"}]
    filled: dict[str, Any] = {Block.TOPICS: {Field.TOPICS: {"selected_options": topics}}}
    errors = await slack.submit(modal, filled)
    assert list(errors) == [Block.CHANNEL]
    _assert_error_id(errors[Block.CHANNEL], caplog.text)
    kept = slack.modal()
    assert kept
    assert kept["state"]["values"][Block.TOPICS][Field.TOPICS]["selected_options"] == topics


async def test_a_bug_in_a_form_without_fields_is_shown_in_the_modal(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal()
    assert modal
    channel: dict[str, Any] = {Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}}}
    await slack.submit(modal, channel)
    preview = slack.modal()
    assert preview

    async def broken(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(DiscussionForm, "_post", broken)
    await slack.submit(preview)
    reply = slack.modal()
    assert reply
    _assert_error_id(reply["blocks"][0]["text"]["text"], caplog.text)


async def test_a_bug_while_somebody_types_offers_nothing(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await slack.type("/digest")
    modal = slack.modal()
    assert modal

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(slack.parley.store.corpus, "complete", broken)
    delivery = await slack.workspace.options(ANA, Field.TOPICS, "gen", view_id=modal["id"])
    assert delivery.answer == {"options": []}
    assert "the disk is on fire" in caplog.text


async def test_a_form_of_another_version_stays_open_and_says_so(slack: Slack) -> None:
    await slack.type("/digest")
    modal = slack.modal()
    assert modal
    slack.workspace.views[modal["id"]].content["callback_id"] = "of old"
    errors = await slack.submit(modal)
    assert errors == {Block.CHANNEL: "I don't know that one. Type /brief help to begin."}


def _break(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(slack.parley.store.corpus, "find", broken)


def _assert_error_id(text: str, log: str) -> None:
    assert text.startswith("Something went wrong on my side.")
    error_id = text.rstrip(".").split()[-1]
    assert f"error {error_id}" in log
    assert "the disk is on fire" in log
    assert "fire" not in text


@pytest.mark.parametrize(
    "payload",
    [
        {"command": "/another", "text": ""},
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "of old"}]},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "of old"}},
        {"type": "shortcut", "callback_id": "of old"},
        {"type": "event_callback", "event": {"type": "of old"}},
    ],
)
async def test_a_request_without_a_listener_is_acked(slack: Slack, payload: dict[str, Any]) -> None:
    """After an update, the app still gets the buttons that its old version rendered."""
    await slack.type("/brief geneva")
    base = {key: slack.payloads[-1][key] for key in ("team_id", "user_id", "channel_id")}
    where = {"team": {"id": base["team_id"]}, "user": {"id": base["user_id"]}}
    slack.payloads.append({**base, **where, **payload})
    body = await slack.repeat()
    assert "/brief help" in body


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("words", ["<!channel>", "&amp;", "😀" * 500, "`*_~", "\u202e", "x" * 9000])
async def test_any_words_are_answered_and_ping_nobody(
    slack: Slack, command: str, words: str
) -> None:
    """The fixture `slack` checks everything that was sent when the test ends."""
    for line in (words, f"on {words}", f"on 09:30 {words}", f"skip {words}"):
        assert len(await slack.type(f"{command} {line}")) == 1
