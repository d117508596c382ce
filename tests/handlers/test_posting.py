"""Never twice: what becomes of a post when Slack, the network or the process lets it down."""

import asyncio
from typing import Any

import pytest

from bot.workspace import Fault
from handlers.delivery import GRACE
from store.posts import LEASE
from store.types import PostKind, PostState
from tests.handlers.conftest import ANA, GENERAL, Slack, texts

POST = "chat.postMessage"


async def due(slack: Slack) -> None:
    """Give the channel a question, and let its time come."""
    await slack.type("/digest on 09:30 daily")
    slack.clock.forward(minutes=91)


async def states(slack: Slack) -> list[PostState]:
    posts = slack.parley.store.posts
    return [
        post.state for post in await posts.turns("T0LOCAL", GENERAL, since=slack.clock().date())
    ]


def questions(slack: Slack) -> list[dict[str, Any]]:
    return [one for one in slack.public() if "Question of the day" in texts([one])]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=POST, kind="drop_after"),
        Fault(method=POST, kind="status", status=500, after=True),
        Fault(method=POST, kind="status", status=503, after=True),
    ],
    ids=["connection lost after accepting", "500 after accepting", "503 after accepting"],
)
async def test_what_arrived_without_an_answer_is_found_and_not_sent_again(
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


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=POST, kind="status", status=500),
        Fault(method=POST, kind="refuse", error="internal_error"),
        Fault(method=POST, kind="refuse", error="fatal_error"),
    ],
    ids=["500", "internal_error", "fatal_error"],
)
async def test_what_did_not_arrive_is_sent_after_looking(slack: Slack, fault: Fault) -> None:
    await due(slack)
    slack.workspace.faults.add(fault)
    await slack.parley.ticker.tick()
    assert not questions(slack)
    slack.clock.forward(seconds=61)
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == 1
    assert await states(slack) == [PostState.SENT]


@pytest.mark.parametrize("error", ["service_unavailable", "request_timeout"])
async def test_what_was_certainly_not_delivered_is_tried_again(slack: Slack, error: str) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error=error))
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.PLANNED]
    slack.clock.forward(seconds=31)
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


async def test_a_refusal_is_final_and_said_once(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(
        Fault(method=POST, kind="refuse", error="restricted_action", times=9)
    )
    for _ in range(3):
        await slack.parley.ticker.tick()
        slack.clock.forward(minutes=2)
    assert await states(slack) == [PostState.FAILED]
    assert len([call for call in slack.workspace.calls if call.method == POST]) == 1


async def test_where_history_cannot_be_read_nothing_is_sent_again(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="drop_after"))
    slack.workspace.faults.add(
        Fault(method="conversations.history", kind="refuse", error="missing_scope", times=999)
    )
    for _ in range(4):
        await slack.parley.ticker.tick()
        slack.clock.forward(seconds=61)
    slack.clock.forward(seconds=GRACE.total_seconds())
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.UNKNOWN]
    assert len(questions(slack)) == 1
    calls = len(slack.workspace.calls)
    slack.clock.forward(hours=1)
    await slack.parley.ticker.tick()
    assert len(slack.workspace.calls) == calls


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_crash_while_sending_ends_in_one_message(slack: Slack, arrived: bool) -> None:
    """Cut off in the middle of the call, whether Slack had it already or not."""
    await due(slack)
    if arrived:
        slack.workspace.faults.add(Fault(method=POST, kind="delay", seconds=30, after=True))
    else:
        slack.workspace.faults.add(Fault(method=POST, kind="delay", seconds=30))
    tick = asyncio.create_task(slack.parley.ticker.tick())
    if arrived:
        await slack.workspace.seen(GENERAL, lambda one: "Question of the day" in one["text"])
    else:
        await slack.workspace.received(POST)
    tick.cancel()
    await asyncio.wait([tick])
    assert await states(slack) == [PostState.SENDING]
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == int(arrived)
    slack.clock.forward(seconds=LEASE.total_seconds() + 1)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.SENT]
    assert len(questions(slack)) == 1


async def test_somebody_else_s_message_with_our_key_is_not_ours(slack: Slack) -> None:
    """Metadata can be written by any app, so only our own bot's message counts as arrived."""
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="internal_error"))
    await slack.parley.ticker.tick()
    (post,) = await slack.parley.store.posts.turns("T0LOCAL", GENERAL, since=slack.clock().date())
    slack.workspace.post_as(
        ANA,
        GENERAL,
        "me first",
        metadata={"event_type": "x", "event_payload": {"delivery_key": post.key}},
    )
    slack.clock.forward(seconds=61)
    await slack.parley.ticker.tick()
    assert len(questions(slack)) == 1


async def test_what_is_found_too_late_is_missed(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="service_unavailable"))
    await slack.parley.ticker.tick()
    slack.clock.forward(seconds=GRACE.total_seconds())
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.MISSED]
    assert not questions(slack)


async def test_a_story_that_is_gone_by_its_time_is_not_posted(slack: Slack) -> None:
    await due(slack)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="service_unavailable"))
    await slack.parley.ticker.tick()
    (slack.corpus / "talks.txt").unlink()
    (slack.corpus / "ports.txt").write_text("New\nA summary.\nInsight.\nWhy?\n")
    await slack.type("/corpus reload")
    slack.clock.forward(seconds=31)
    await slack.parley.ticker.tick()
    assert await states(slack) == [PostState.FAILED]


async def test_a_post_of_an_hour_ago_that_a_person_pressed_for_is_dropped(slack: Slack) -> None:
    """Nobody waits for it any more, and they may have pressed again."""
    article = await slack.parley.store.choice.next("T0LOCAL", GENERAL)
    assert article
    await slack.parley.store.posts.plan(
        key="k",
        team_id="T0LOCAL",
        channel_id=GENERAL,
        kind=PostKind.SHARE,
        article_id=article.id,
        due_at=slack.clock(),
        asked_by=ANA,
    )
    slack.clock.forward(hours=1)
    await slack.parley.ticker.tick()
    assert not slack.public()


async def test_many_channels_at_once(slack: Slack) -> None:
    for channel in (GENERAL, "C0WORLD"):
        await slack.type("/digest on 09:30 daily", channel=channel)
    slack.clock.forward(minutes=91)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="is_archived"))
    await slack.parley.ticker.tick()
    posted = slack.public() + slack.public("C0WORLD")
    assert len([one for one in posted if "Question of the day" in one["text"]]) == 1
