"""Posts are never sent twice, whatever fails: Slack, the network or the process."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action
from handlers.jobs.posting import IN_FLIGHT
from store.posting.posts import Claim, Outcome
from store.posting.record import GRACE, LEASE, NewPost
from store.types import Post, PostKind, PostState
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.ids import ANA, BEN, GENERAL, TEAM

POST = "chat.postMessage"
ANA_DM = "D0ANA"
BOT = "U0PARLEY"


async def due(slack: Slack) -> None:
    """Schedule a question for the channel, and move the clock past its time."""
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(minutes=91)


async def states(slack: Slack) -> list[PostState]:
    posts = slack.parley.store.posts
    return [post.state for post in await posts.scheduled(TEAM, GENERAL, since=date(2026, 11, 24))]


async def settle(slack: Slack) -> None:
    """Move the clock far enough for every check of the history and one more attempt."""
    for _ in range(16):
        slack.clock.forward(seconds=20)
        await slack.parley.ticker.tick()


def notices(slack: Slack) -> list[dict[str, Any]]:
    """Return the notices that the owner received."""
    return slack.public(ANA_DM)


def questions(slack: Slack) -> list[dict[str, Any]]:
    return [message for message in slack.public() if "Question of the day" in texts([message])]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=POST, kind="drop_after"),
        Fault(method=POST, kind="status", status=500, after=True),
        Fault(method=POST, kind="status", status=503, after=True),
    ],
    ids=["connection lost after accepting", "500 after accepting", "503 after accepting"],
)
async def test_a_post_that_arrived_without_an_answer_is_found_and_not_sent_again(
    slack: Slack, fault: Fault
) -> None:
    await due(slack)
    slack.workspace.faults.add(fault)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.UNKNOWN]
    slack.clock.forward(seconds=61)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.SENT]
    (question,) = questions(slack)
    assert question["reply_count"] == 1


async def test_cancelled_posting_leaves_no_call_behind(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="delay", seconds=600))
    before = asyncio.all_tasks()
    posting = asyncio.create_task(slack.parley.posting.run())
    await slack.workspace.received(POST)
    calls = [task for task in asyncio.all_tasks() - before if "_send" in repr(task.get_coro())]
    assert calls
    posting.cancel()
    await asyncio.wait([posting])
    assert all(call.cancelled() for call in calls)
    assert await states(slack) == [PostState.SENDING]


async def test_a_history_that_lags_is_checked_again(slack: Slack) -> None:
    """Slack loses the answer, and the message appears in the history a minute later."""
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    slack.workspace.faults.add(
        Fault(method="conversations.history", kind="lag", seconds=60, times=None)
    )
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1


async def test_another_process_may_have_called_since(slack: Slack) -> None:
    """The history is complete long after the last call, whichever process made that."""
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_before"))
    await slack.parley.ticker.tick()
    slack.clock.forward(minutes=2)
    posts = slack.parley.store.posts
    (post,) = await posts.open(slack.clock())
    assert await posts.claim(post, owner="killed in its call", now=slack.clock())
    slack.clock.forward(seconds=LEASE.total_seconds() + 1)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.UNKNOWN]
    assert not questions(slack)


async def test_a_history_without_metadata_is_read_by_the_blocks(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    slack.workspace.faults.add(Fault(method="conversations.*", kind="no_metadata", times=None))
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit calls to Slack to a second."""
    monkeypatch.setattr("bot.slack_clients._CALL_SECONDS", 1)


@pytest.mark.usefixtures("impatient")
async def test_a_post_that_arrives_after_the_timeout_is_not_sent_again(
    slack: Slack,
) -> None:
    """The call times out, and only then Slack posts the message."""
    await due(slack)
    delay = Fault(method=POST, kind="delay", seconds=600)
    slack.workspace.faults.add(delay)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.UNKNOWN]
    assert not questions(slack)
    delay.end()
    await slack.workspace.called(POST)
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1


async def test_a_storm_of_rate_limits_ends_in_one_message_per_channel(slack: Slack) -> None:
    # The clock stands still during a tick, so a rate limit never ends within one.
    slack.parley.posting.beat = 0.05
    channels = [slack.workspace.add_channel(f"c{n}", members=[ANA, BOT]).id for n in range(12)]
    for channel in channels:
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    storm = Fault(method=POST, kind="ratelimit", seconds=7, times=None, share=0.8, seed=4)
    slack.workspace.faults.add(storm)
    for _ in range(40):
        await slack.parley.ticker.tick()
        slack.clock.forward(seconds=7)
    slack.workspace.faults.clear()
    await settle(slack)
    for channel in channels:
        (question,) = slack.public(channel)
        assert question["reply_count"] == 1


async def test_membership_lost_while_the_outcome_is_unknown_is_left_to_the_owner(
    slack: Slack,
) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    await slack.parley.ticker.tick()
    slack.workspace.remove(GENERAL, BOT)
    await settle(slack)
    assert await states(slack) == [PostState.UNKNOWN]
    assert "Slack did not confirm a post of mine" in texts(notices(slack))
    assert len(questions(slack)) == 1
    # The post now waits for a person, so it does not count as lag.
    assert await slack.parley.store.statistics.lag(slack.clock()) == timedelta()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=POST, kind="status", status=500),
        Fault(method=POST, kind="refuse", error="internal_error"),
        Fault(method=POST, kind="refuse", error="fatal_error"),
    ],
    ids=["500", "internal_error", "fatal_error"],
)
async def test_a_post_that_did_not_arrive_is_sent_after_checking_the_history(
    slack: Slack, fault: Fault
) -> None:
    await due(slack)
    slack.workspace.faults.add(fault)
    await slack.parley.ticker.tick()
    for seconds in (5, 15, 30):
        slack.clock.forward(seconds=seconds)
        await slack.parley.ticker.tick()
        assert not questions(slack), "not before every check of the history"
    slack.clock.forward(seconds=60)
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == 1
    assert await states(slack) == [PostState.SENT]


@pytest.mark.parametrize("error", ["service_unavailable", "request_timeout"])
async def test_a_post_that_was_certainly_not_delivered_is_retried(slack: Slack, error: str) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error=error))
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.PLANNED]
    slack.clock.forward(seconds=6)
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == 1


async def test_retry_after_is_honoured(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="ratelimit", seconds=7))
    await slack.parley.ticker.tick()
    slack.clock.forward(seconds=6)
    await slack.parley.ticker.tick()
    assert not questions(slack)
    slack.clock.forward(seconds=1)
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == 1


async def test_a_refusal_counts_from_its_call(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A post that was claimed before the last refusal, and called after it, shows the limit too."""
    await due(slack)
    posts, limiter = slack.parley.store.posts, slack.parley.posting._delivery.rate_limiter
    claim = posts.claim

    async def claim_early(post: Post, **fields: Any) -> Claim | None:
        claimed = await claim(post, **fields)
        now = slack.clock.forward(seconds=1)
        limiter.refused(TEAM, now, wait=timedelta(seconds=1), called_at=now)
        slack.clock.forward(seconds=5)
        return claimed

    monkeypatch.setattr(posts, "claim", claim_early)
    slack.workspace.faults.add(Fault(method=POST, kind="ratelimit", seconds=7))
    await slack.parley.ticker.tick()
    assert "Slack limits the posts in T0LOCAL: none for 7 s" in caplog.text


async def test_a_channel_error_stops_its_schedule_and_is_reported_once(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="restricted_action"))
    for _ in range(3):
        await slack.parley.ticker.tick()
        slack.clock.forward(hours=25)
    assert await states(slack) == [PostState.FAILED, PostState.MISSED, PostState.MISSED]
    (notice,) = notices(slack)
    assert "only some people may post in it" in notice["text"]
    assert labels(notice) == ["Resume"]
    assert len([call for call in slack.workspace.calls if call.method == POST]) == 2


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long"])
async def test_a_content_error_is_final(slack: Slack, error: str) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error=error, times=9))
    await settle(slack)
    assert await states(slack) == [PostState.FAILED]
    assert len([call for call in slack.workspace.calls if call.method == POST]) == 1


async def test_a_token_error_stops_posting_for_a_while(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    for channel in (GENERAL, "C0WORLD"):
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="token_revoked", times=2))
    for _ in range(10):
        await slack.parley.ticker.tick()
    assert len([call for call in slack.workspace.calls if call.method == POST]) == 2
    assert "Slack lets Parley post nothing in T0LOCAL (token_revoked)" in caplog.text
    slack.clock.forward(minutes=6)
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == len(slack.public("C0WORLD")) == 1


async def test_an_unknown_error_is_retried_a_few_times(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="moon_phase", times=99))
    for _ in range(9):
        slack.clock.forward(minutes=6)
        await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.FAILED]
    assert len([call for call in slack.workspace.calls if call.method == POST]) == 5


async def test_the_row_says_sending_before_the_call_leaves(slack: Slack, tmp_path: Path) -> None:
    await due(slack)
    delay = Fault(method=POST, kind="delay", seconds=600)
    slack.workspace.faults.add(delay)
    tick = asyncio.create_task(slack.parley.ticker.tick())
    await slack.workspace.received(POST)
    with closing(sqlite3.connect(tmp_path / "parley.db")) as other:
        rows = other.execute("SELECT state, owner FROM post WHERE kind = 'question'").fetchall()
    assert [state for state, _ in rows] == ["sending"]
    assert rows[0][1]
    delay.end()
    await tick
    assert len(questions(slack)) == 1


async def test_a_call_that_hangs_does_not_block_the_others(slack: Slack) -> None:
    for channel in (GENERAL, "C0WORLD"):
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    delay = Fault(method=POST, kind="delay", seconds=600)
    slack.workspace.faults.add(delay)
    tick = asyncio.create_task(slack.parley.ticker.tick())
    first = await first_with_its_story(slack)
    other = GENERAL if first == "C0WORLD" else "C0WORLD"
    assert not slack.public(other)
    delay.end()
    await tick
    assert len(slack.public(other)) == 1


async def test_posts_are_sent_while_others_are_planned(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of two thousand channels does not wait for the choice of all the others."""
    monkeypatch.setattr("store.posting.planning._BATCH", 1)
    for channel in (GENERAL, "C0WORLD"):
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    planning = slack.parley.store.planning
    plan_some, planned = planning.plan_some, count()

    async def plan_after_the_first_is_sent(now: datetime) -> bool:
        if next(planned) == 1:
            await slack.workspace.received(POST)
        return await plan_some(now)

    monkeypatch.setattr(planning, "plan_some", plan_after_the_first_is_sent)
    await slack.parley.ticker.tick()
    assert all(len(slack.public(channel)) == 1 for channel in (GENERAL, "C0WORLD"))


async def first_with_its_story(slack: Slack) -> str:
    """Wait until one of the channels has a question with its story."""
    waiting = {
        asyncio.create_task(slack.workspace.seen(channel, lambda one: one["reply_count"])): channel
        for channel in (GENERAL, "C0WORLD")
    }
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return waiting[done.pop()]


async def lose_outcome(slack: Slack, *, arrives: bool) -> dict[str, Any]:
    """Lose a post's answer while the history cannot be read; return the notice to the owner."""
    await due(slack)
    kind = "drop_after" if arrives else "status"
    slack.workspace.faults.add(Fault(method=POST, kind=kind))  # type: ignore[arg-type]
    slack.workspace.faults.add(
        Fault(method="conversations.history", kind="refuse", error="missing_scope", times=999)
    )
    await settle(slack)
    assert await states(slack) == [PostState.UNKNOWN]
    (notice,) = notices(slack)
    assert labels(notice) == ["Post it", "It is there"]
    return notice


@pytest.mark.parametrize("arrives", [True, False])
async def test_nothing_is_sent_again_if_the_history_cannot_be_read(
    slack: Slack, arrives: bool
) -> None:
    await lose_outcome(slack, arrives=arrives)
    calls = len(slack.workspace.calls)
    slack.clock.forward(hours=3)
    await slack.parley.ticker.tick()
    posts = [call for call in slack.workspace.calls[calls:] if call.method == POST]
    assert not posts
    assert len(questions(slack)) == arrives


async def test_post_it_sends_the_missing_post(slack: Slack) -> None:
    notice = await lose_outcome(slack, arrives=False)
    await slack.press(Action.POST_AGAIN, notice, channel=ANA_DM)
    assert len(questions(slack)) == 1
    assert questions(slack)[0]["reply_count"] == 1
    assert await states(slack) == [PostState.SENT]
    assert f"Posted in <#{GENERAL}>." in texts(slack.public(ANA_DM))


async def test_it_is_there_records_the_post_as_sent(slack: Slack) -> None:
    notice = await lose_outcome(slack, arrives=True)
    await slack.press(Action.POST_SEEN, notice, channel=ANA_DM)
    assert await states(slack) == [PostState.SENT]
    await settle(slack)
    assert len(questions(slack)) == 1


async def test_a_temporarily_unreadable_history_is_read_later(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    slack.workspace.faults.add(
        Fault(method="conversations.history", kind="status", status=502, times=3)
    )
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1
    assert not notices(slack)


async def test_a_history_of_many_pages_is_read_to_its_end(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    await slack.parley.ticker.tick()
    for number in range(450):
        slack.workspace.post_as(ANA, GENERAL, f"chatter {number}")
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1


HISTORY = "conversations.history"
STRICT = Fault(method=HISTORY, kind="strict", times=None)


def history_calls(slack: Slack, *, ok: bool = True) -> list[dict[str, Any]]:
    calls = [call for call in slack.workspace.calls if call.method == HISTORY]
    return [call.args for call in calls if call.is_ok is ok]


async def test_a_history_that_is_read_once_a_minute_goes_on_where_it_was(slack: Slack) -> None:
    """Slack limits an app like that if it is distributed outside of the Marketplace."""
    for number in range(100):
        slack.workspace.post_as(ANA, GENERAL, f"old {number}")
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    slack.workspace.faults.add(replace(STRICT))
    await slack.parley.ticker.tick()
    for number in range(40):
        slack.workspace.post_as(ANA, GENERAL, f"chatter {number}")
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1
    first, *others = history_calls(slack)
    assert "cursor" not in first
    assert len({call["cursor"] for call in others}) == len(others) == 2
    # What is older than the post is never read.
    assert all(float(call["oldest"]) > slack.clock().timestamp() - 3600 for call in others)
    # While Slack refuses, it is not asked again.
    assert len(history_calls(slack, ok=False)) <= len(others)


async def test_many_lost_posts_are_settled_at_one_call_a_minute(slack: Slack) -> None:
    channels = [slack.workspace.add_channel(f"c{n}", members=[ANA, BOT]).id for n in range(10)]
    for channel in channels:
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after", times=5))
    slack.workspace.faults.add(Fault(method=POST, kind="status", times=5))
    slack.workspace.faults.add(replace(STRICT))
    for _ in range(60):
        await slack.parley.ticker.tick()
        slack.clock.forward(seconds=20)
    for channel in channels:
        (question,) = slack.public(channel)
        assert question["reply_count"] == 1


async def test_a_cursor_that_slack_refuses_is_dropped(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    await slack.parley.ticker.tick()
    for number in range(20):
        slack.workspace.post_as(ANA, GENERAL, f"chatter {number}")
    slack.workspace.faults.add(replace(STRICT, times=2))
    slack.clock.forward(seconds=6)
    await slack.parley.ticker.tick()
    slack.workspace.faults.add(Fault(method=HISTORY, kind="refuse", error="invalid_cursor"))
    await settle(slack)
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1


async def test_a_post_is_found_with_a_clock_ahead_of_slack_s(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    await slack.parley.ticker.tick()
    slack.clock.forward(hours=30)
    await settle(slack)
    assert await states(slack) == [PostState.SENT, PostState.MISSED]
    assert len(questions(slack)) == 1


async def test_after_three_calls_without_an_answer_the_owner_is_asked(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="internal_error", times=3))
    for _ in range(4):
        await settle(slack)
    assert await states(slack) == [PostState.UNKNOWN]
    (notice,) = notices(slack)
    assert labels(notice) == ["Post it", "It is there"]
    assert not questions(slack)


async def test_somebody_else_s_message_with_our_key_is_not_ours(slack: Slack) -> None:
    """Any app can write metadata, so only a message of our own bot counts as arrived."""
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="internal_error"))
    await slack.parley.ticker.tick()
    (post,) = await slack.parley.store.posts.scheduled(TEAM, GENERAL, since=date(2026, 11, 24))
    slack.workspace.post_as(
        ANA,
        GENERAL,
        "me first",
        metadata={"event_type": "x", "event_payload": {"delivery_key": post.key}},
    )
    await settle(slack)
    assert len(questions(slack)) == 1


async def test_a_post_that_comes_too_late_is_missed(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="service_unavailable"))
    await slack.parley.ticker.tick()
    slack.clock.forward(seconds=GRACE.total_seconds())
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.MISSED]
    assert not questions(slack)


async def test_a_removed_story_is_not_posted(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="service_unavailable"))
    await slack.parley.ticker.tick()
    (slack.corpus / "talks.txt").unlink()
    (slack.corpus / "ports.txt").write_text("New\nA summary.\nInsight.\nWhy?\n")
    await slack.type("/corpus reload")
    slack.clock.forward(seconds=6)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.FAILED]


async def test_a_press_that_is_an_hour_old_is_not_posted(slack: Slack) -> None:
    """The person no longer waits, and may have pressed again."""
    article = await slack.parley.store.choice.next(TEAM, GENERAL)
    assert article
    plan = NewPost(
        key="k",
        team_id=TEAM,
        channel_id=GENERAL,
        kind=PostKind.SHARE,
        article_id=article.id,
        due_at=slack.clock(),
        asked_by=ANA,
    )
    await slack.parley.store.posts.plan(plan, now=slack.clock())
    slack.clock.forward(hours=1)
    await slack.parley.ticker.tick()
    await slack.settled()
    assert not slack.public()
    assert (
        "Please press *Post it* to try again" in slack.workspace.messages(GENERAL, ANA)[-1]["text"]
    )


async def test_an_archived_channel_does_not_affect_another(slack: Slack) -> None:
    for channel in (GENERAL, "C0WORLD"):
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="is_archived"))
    await slack.parley.ticker.tick()
    posted = slack.public() + slack.public("C0WORLD")
    assert len([message for message in posted if "Question of the day" in message["text"]]) == 1


async def crowd(slack: Slack, *, behind: int) -> Fault:
    """Schedule posts in many channels, so that *behind* wait while the calls of the others hang."""
    for number in range(IN_FLIGHT + behind):
        channel = slack.workspace.add_channel(f"c{number}", members=[ANA, BOT]).id
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    delay = Fault(method=POST, kind="delay", seconds=600, times=IN_FLIGHT)
    slack.workspace.faults.add(delay)
    return delay


async def test_a_press_does_not_wait_behind_calls_that_hang(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss")
    delay = await crowd(slack, behind=1)
    tick = asyncio.create_task(slack.parley.ticker.tick())
    await slack.workspace.received(POST, IN_FLIGHT)
    await slack.press(Action.DISCUSS_POST, preview)
    assert len(slack.public()) == 1
    delay.end()
    await tick


async def test_a_post_whose_call_has_not_begun_is_planned_again_at_a_stop(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the next process would have to find out whether it arrived."""
    delay = await crowd(slack, behind=4)
    posts, outcomes = slack.parley.store.posts, asyncio.Queue[PostState]()
    claim, record, claims = posts.claim, posts.record, asyncio.Queue[str]()

    async def claim_noted(post: Post, **fields: Any) -> Claim | None:
        claimed = await claim(post, **fields)
        await claims.put(post.key)
        return claimed

    async def record_noted(claim: Claim, outcome: Outcome, **fields: Any) -> Claim | None:
        story = await record(claim, outcome, **fields)
        await outcomes.put(outcome.state)
        return story

    monkeypatch.setattr(posts, "claim", claim_noted)
    monkeypatch.setattr(posts, "record", record_noted)
    tick = asyncio.create_task(slack.parley.ticker.tick())
    for _ in range(IN_FLIGHT + 4):
        await claims.get()
    await slack.workspace.received(POST, IN_FLIGHT)
    slack.parley.posting.stop()
    assert [await outcomes.get() for _ in range(4)] == [PostState.PLANNED] * 4
    assert len(await posts.open(slack.clock())) == 4
    delay.end()
    await tick
    assert [outcomes.get_nowait() for _ in range(IN_FLIGHT)] == [PostState.SENT] * IN_FLIGHT


@pytest.mark.parametrize(
    "error",
    [
        "restricted_action_thread_locked",
        "cannot_reply_to_message",
        "restricted_action_non_threadable_channel",
        "restricted_action",
        "is_archived",
    ],
)
async def test_what_somebody_pressed_for_stops_no_schedule(slack: Slack, error: str) -> None:
    """Guests may share stories, and the thread that they share into may be locked."""
    slack.workspace.change_person(BEN, is_restricted=True)
    await slack.type("/digest on 09:30 daily")
    root = slack.workspace.post_as(ANA, GENERAL, "What about Geneva?")
    in_thread: dict[str, Any] = {"user": BEN, "thread_ts": root["ts"]}
    (answer,) = await slack.say(f"<@{slack.workspace.bot_user_id}> geneva", **in_thread)
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="refuse", error=error))
    await slack.press(Action.BRIEF_SHARE, answer, **in_thread)
    assert "Shared by" not in texts(slack.public(GENERAL, root["ts"]))
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert schedule.stopped is None
    assert not slack.public(dm(ANA))
