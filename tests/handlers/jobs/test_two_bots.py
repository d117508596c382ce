"""Two bots on one database: a bot does not repeat what the other has done."""

import asyncio
import copy
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.app import Parley, assemble
from bot.workspace import Fault
from handlers.ids import Action, Step
from store.db import DatabaseError
from store.types import ChannelId
from tests import postgres
from tests.handlers.conftest import Slack, Switches, texts
from tests.ids import ANA, GENERAL, RANDOM, TEAM


@pytest.fixture
async def bot_database(postgres_server: str) -> AsyncIterator[str]:
    async with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture
def switches() -> Switches:
    return {"agent_view": True, "workflow_steps": True}


@pytest.fixture
async def other(slack: Slack) -> AsyncIterator[Parley]:
    """A second bot on the database of the bot in *slack*."""
    async with assemble(slack.settings, clock=slack.clock) as other:
        yield other


async def press_on_other(slack: Slack, other: Parley, action: str) -> None:
    """Repeat the last press of the button as a new click that goes to the second bot."""
    pressed = [
        payload
        for payload in slack.payloads
        if any(element["action_id"] == action for element in payload.get("actions", []))
    ]
    payload = copy.deepcopy(pressed[-1])
    user, channel = payload["user"]["id"], payload["channel"]["id"]
    state, ts = slack.workspace._state, payload["container"]["message_ts"]
    payload["trigger_id"] = state.triggers.issue(user)
    payload["response_url"] = state.new_response_url(user=user, channel=channel, message_ts=ts)
    await deliver_to_other(slack, other, payload)


async def deliver_to_other(slack: Slack, other: Parley, payload: dict[str, Any]) -> None:
    request = AsyncBoltRequest(body=copy.deepcopy(payload), mode="socket_mode")
    response = await other.app.async_dispatch(request)
    assert response.status == 200
    await other.background.drain(10)
    await slack.settled()


@pytest.mark.parametrize("channel", [GENERAL, RANDOM], ids=["a member", "no member"])
async def test_a_story_is_shared_once(slack: Slack, other: Parley, channel: ChannelId) -> None:
    (answer,) = await slack.type("/brief dockworkers", channel=channel)
    await slack.press(Action.BRIEF_SHARE, answer, channel=channel)
    await press_on_other(slack, other, Action.BRIEF_SHARE)
    assert len(slack.public(channel)) == 1


async def test_a_question_is_posted_once(slack: Slack, other: Parley) -> None:
    (preview,) = await slack.type("/discuss")
    await slack.press(Action.DISCUSS_POST, preview)
    await press_on_other(slack, other, Action.DISCUSS_POST)
    (question,) = slack.public()
    assert question["reply_count"] == 1


async def test_replies_are_counted_once(slack: Slack, other: Parley) -> None:
    (preview,) = await slack.type("/discuss")
    await slack.press(Action.DISCUSS_POST, preview)
    slack.clock.forward(days=1)
    for bot in (slack.parley, other):
        await bot.ticker.tick()
    assert len(await slack.workspace.called("conversations.history")) == 1


@pytest.mark.parametrize("error", [None, "msg_too_long"], ids=["sent", "refused"])
async def test_who_asked_is_told_if_the_bot_that_took_the_press_has_ended(
    slack: Slack, other: Parley, error: str | None
) -> None:
    (preview,) = await slack.type("/discuss")
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="ratelimit", seconds=7))
    seen = await slack.press(Action.DISCUSS_POST, preview)
    if error:
        slack.workspace.faults.add(Fault(method="chat.postMessage", kind="refuse", error=error))
    slack.clock.forward(seconds=10)
    await other.ticker.tick()
    await other.background.drain(10)
    new = slack.workspace.messages(GENERAL, ANA)[len(seen) :]
    public = slack.public()
    assert len(public) == (error is None)
    (told,) = [one["text"] for one in new if one not in public]
    refused = f"Slack refused the post in <#{GENERAL}> ({error})."
    assert told.startswith(refused if error else f"Posted in <#{GENERAL}>.")


@pytest.fixture
async def followed(slack: Slack, other: Parley) -> None:
    """Post by a press that Slack limits; the second bot sends the post, much later is now."""
    (preview,) = await slack.type("/discuss")
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="ratelimit", seconds=7))
    await slack.press(Action.DISCUSS_POST, preview)
    slack.clock.forward(seconds=10)
    await other.ticker.tick()
    slack.clock.forward(hours=1)


@pytest.mark.usefixtures("followed")
async def test_an_outcome_is_reported_once(slack: Slack) -> None:
    """Its note can no longer be replaced, so each report is a new direct message."""
    await slack.parley.posting.run()
    await slack.settled()
    assert [one["text"] for one in slack.public("D0ANA")] == [f"Posted in <#{GENERAL}>."]


@pytest.mark.usefixtures("followed")
async def test_an_error_of_the_planner_at_the_end_of_a_run_is_raised(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting, posts = slack.parley.posting, slack.parley.store.posts
    posting.beat = 0.01
    is_last, has_failed, calls = asyncio.Event(), asyncio.Event(), count()

    async def get(*_: object) -> None:
        if next(calls) == 0:
            await is_last.wait()
            has_failed.set()
            raise DatabaseError("the planner's report")
        is_last.set()
        await has_failed.wait()

    monkeypatch.setattr(posts, "get", get)
    with pytest.raises(DatabaseError, match="the planner's report"):
        await posting.run()


async def test_now_posts_one_more_once(slack: Slack, other: Parley) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest now")
    await deliver_to_other(slack, other, slack.payloads[-1])
    assert len(slack.public()) == 1


@pytest.mark.parametrize(("word", "posted", "skipped"), [("nwo", 1, 0), ("skp", 0, 1)])
async def test_a_guess_is_acted_on_once(
    slack: Slack, other: Parley, word: str, posted: int, skipped: int
) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type(f"/digest {word}")
    await slack.press(Action.DIGEST_GUESS, answer)
    await press_on_other(slack, other, Action.DIGEST_GUESS)
    assert len(slack.public()) == posted
    reply = await slack.type("/digest next")
    assert texts(reply).partition("\n[")[0].count("no post (skipped)") == skipped


async def test_a_guess_undoes_one_skip(slack: Slack, other: Parley) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip")
    (answer,) = await slack.type("/digest unskp")
    await slack.press_thrice(Action.DIGEST_GUESS, answer)
    await press_on_other(slack, other, Action.DIGEST_GUESS)
    assert "I received that twice" in texts(slack.workspace.messages(GENERAL, "U0ANA"))
    reply = await slack.type("/digest next")
    assert "no post (skipped)" not in texts(reply).partition("\n[")[0]
    # Typed again, it is a new request.
    await slack.type("/digest skip")
    (answer,) = await slack.type("/digest unskp")
    await slack.press(Action.DIGEST_GUESS, answer)
    reply = await slack.type("/digest next")
    assert "no post (skipped)" not in texts(reply).partition("\n[")[0]


@pytest.mark.parametrize("word", ["skp", "unskp"])
async def test_a_guess_with_an_invalid_date_gets_the_same_error_each_time(
    slack: Slack, other: Parley, word: str
) -> None:
    """The first press did nothing, so the second must not say “twice”."""
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type(f"/digest {word} nonsense")
    await slack.press(Action.DIGEST_GUESS, answer)
    await press_on_other(slack, other, Action.DIGEST_GUESS)
    reply = texts(slack.workspace.messages(GENERAL, "U0ANA"))
    assert "I don't understand “nonsense” as a date" in reply
    assert "twice" not in reply


async def test_skipping_a_date_twice_is_not_an_error(slack: Slack, other: Parley) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/digest skp tomorrow")
    await slack.press(Action.DIGEST_GUESS, answer)
    await press_on_other(slack, other, Action.DIGEST_GUESS)
    assert "twice" not in texts(slack.workspace.messages(GENERAL, "U0ANA"))
    reply = await slack.type("/digest next")
    assert texts(reply).partition("\n[")[0].count("no post (skipped)") == 1


async def test_parley_joins_and_starts_a_schedule_once(slack: Slack, other: Parley) -> None:
    (offer,) = await slack.type("/digest on 09:30", channel=RANDOM)
    await slack.press(Action.DIGEST_JOIN, offer, channel=RANDOM)
    await press_on_other(slack, other, Action.DIGEST_JOIN)
    assert len(await slack.parley.store.schedules.list(TEAM)) == 1


async def test_a_repeated_reload_changes_nothing(slack: Slack, other: Parley) -> None:
    (slack.corpus / "garden.txt").write_text("Turnips\nThey grew.\nWell.\nWhy turnips?\n")
    await slack.type("/corpus reload")
    await deliver_to_other(slack, other, slack.payloads[-1])
    assert "Nothing has changed: still revision 2" in texts(
        slack.workspace.messages(GENERAL, "U0ANA")
    )


@pytest.mark.parametrize("words", ["undo", "undo 2"])
async def test_a_repeated_undo_undoes_once(slack: Slack, other: Parley, words: str) -> None:
    for number in range(2):
        (slack.corpus / "garden.txt").write_text(f"Turnips\n{number} grew.\nWell.\nWhy turnips?\n")
        await slack.type("/corpus reload")
    await slack.type(f"/corpus {words}")
    undone = slack.payloads[-1]
    await other.store.revisions.follow()
    await deliver_to_other(slack, other, undone)
    (revision, *_) = await other.store.loads.history()
    assert (revision.number, revision.restores) == (4, 2)
    assert "I received that twice" in texts(slack.workspace.messages(GENERAL, "U0ANA"))
    # Typed again, it is a new request.
    await slack.type("/corpus undo")
    (revision, *_) = await other.store.loads.history()
    assert (revision.number, revision.restores) == (5, 1)


async def test_a_repeated_skip_skips_once(slack: Slack, other: Parley) -> None:
    await slack.type("/digest on 09:30 daily")
    await slack.type("/digest skip")
    await deliver_to_other(slack, other, slack.payloads[-1])
    reply = await slack.type("/digest next")
    assert texts(reply).partition("\n[")[0].count("no post (skipped)") == 1
    await slack.type("/digest unskip")
    await deliver_to_other(slack, other, slack.payloads[-1])
    reply = await slack.type("/digest next")
    assert "no post (skipped)" not in texts(reply).partition("\n[")[0]


async def test_a_topic_is_requested_once(slack: Slack, other: Parley) -> None:
    (answer,) = await slack.type("/brief kubernetes")
    await slack.press(Action.BRIEF_ASK, answer)
    await deliver_to_other(slack, other, slack.payloads[-1])
    await press_on_other(slack, other, Action.BRIEF_ASK)
    (request,) = await other.store.topic_requests.list(TEAM, since=slack.clock())
    assert (request.words, request.requests) == ("kubernetes", 1)


async def test_a_repeated_step_picks_the_same_question(slack: Slack, other: Parley) -> None:
    await slack.workspace.over(slack.workspace.run_step(Step.PICK_QUESTION, {"channel": GENERAL}))
    function = next(
        payload for payload in slack.payloads if payload.get("event", {}).get("function")
    )
    await deliver_to_other(slack, other, function)
    (first, *_) = picked = [
        call.args for call in slack.workspace.calls if call.method == "functions.completeSuccess"
    ]
    assert len(picked) == 2
    assert all(call["outputs"] == first["outputs"] for call in picked)
