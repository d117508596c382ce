"""The replies to each question are counted a day and a week later, with one call for each count."""

from datetime import timedelta
from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action
from store.posting.reply_counts import DELETED, Asked
from store.types import ChannelId
from tests.handlers.conftest import Slack
from tests.ids import ANA, BEN, CHLOE, GENERAL, TEAM

HISTORY = "conversations.history"
BOT = "U0PARLEY"


async def ask(slack: Slack, channel: ChannelId = GENERAL) -> dict[str, Any]:
    """Post a question with its story, and return the message."""
    (preview,) = await slack.type("/discuss", channel=channel)
    await slack.press(Action.DISCUSS_POST, preview, channel=channel)
    question = slack.public(channel)[-1]
    assert question["reply_count"] == 1
    return question


async def reply(slack: Slack, question: dict[str, Any], *people: str) -> None:
    for user in people:
        await slack.workspace.type(
            "I think so.", user=user, channel=question["channel"], thread_ts=question["ts"]
        )


async def later(slack: Slack, **by: float) -> int:
    """Move the clock, run the job, and return how often it read a history."""
    before = len(reads(slack))
    slack.clock.forward(**by)
    await slack.parley.ticker.tick()
    return len(reads(slack)) - before


def reads(slack: Slack) -> list[Any]:
    return [call for call in slack.workspace.calls if call.method == HISTORY]


async def counted(slack: Slack, channel: ChannelId = GENERAL) -> list[Asked]:
    since = slack.clock() - timedelta(days=90)
    return [*await slack.parley.store.reply_counts.asked(TEAM, [channel], since=since)]


async def figures(slack: Slack) -> tuple[int | None, int | None, str | None]:
    one = (await counted(slack))[0]
    return one.replies, one.people, one.problem


def add_channel(slack: Slack, name: str) -> ChannelId:
    return ChannelId(slack.workspace.add_channel(name, members=[ANA, BOT]).id)


async def test_replies_and_people_are_counted_without_parley_s_own(slack: Slack) -> None:
    question = await ask(slack)
    await reply(slack, question, ANA, BEN, ANA)
    assert await later(slack, hours=23) == 0
    assert await later(slack, hours=1) == 1
    assert await figures(slack) == (3, 2, None)
    await reply(slack, question, CHLOE)
    assert await later(slack, days=6) == 1
    assert await figures(slack) == (4, 3, None)
    assert await later(slack, days=30) == 0


async def test_no_reply_is_zero(slack: Slack) -> None:
    await ask(slack)
    await later(slack, days=1)
    assert await figures(slack) == (0, 0, None)


async def test_only_the_first_message_of_the_thread_is_read(slack: Slack) -> None:
    question = await ask(slack)
    await reply(slack, question, BEN)
    await later(slack, days=1)
    (call,) = reads(slack)
    assert (call.args["oldest"], call.args["latest"]) == (question["ts"], question["ts"])
    assert str(call.args["limit"]) == "1"
    assert not [one for one in slack.workspace.calls if one.method == "conversations.replies"]


async def test_a_team_is_asked_once_a_minute(slack: Slack) -> None:
    """As Slack limits apps that are distributed outside of its Marketplace."""
    slack.workspace.faults.add(Fault(method="conversations.*", kind="strict", times=None))
    channels = [add_channel(slack, f"c{number}") for number in range(3)]
    for channel in channels:
        await ask(slack, channel)
    assert await later(slack, days=1) == 1
    assert await later(slack, seconds=59) == 0
    assert [await later(slack, minutes=1) for _ in range(3)] == [1, 1, 0]
    for channel in channels:
        assert [one.replies for one in await counted(slack, channel)] == [0]


async def test_a_rate_limit_holds_the_team_up_for_as_long_as_slack_asks(slack: Slack) -> None:
    await ask(slack)
    await ask(slack, add_channel(slack, "other"))
    slack.workspace.faults.add(Fault(method=HISTORY, kind="ratelimit", seconds=600))
    assert await later(slack, days=1) == 1
    assert await later(slack, minutes=9) == 0
    assert await later(slack, minutes=1) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=HISTORY, kind="status", status=500),
        Fault(method=HISTORY, kind="html", status=200),
        # aiohttp itself repeats a GET once.
        Fault(method=HISTORY, kind="drop_before", times=2),
        Fault(method=HISTORY, kind="refuse", error="an_error_of_next_year"),
    ],
    ids=lambda fault: fault.kind,
)
async def test_a_failed_call_is_repeated_an_hour_later(slack: Slack, fault: Fault) -> None:
    question = await ask(slack)
    await reply(slack, question, BEN)
    slack.workspace.faults.add(fault)
    await later(slack, days=1)
    assert (await figures(slack))[0] is None
    assert await later(slack, minutes=59) == 0
    assert await later(slack, minutes=1) == 1
    assert await figures(slack) == (1, 1, None)


async def test_a_deleted_question_is_read_no_more(slack: Slack) -> None:
    question = await ask(slack)
    client = slack.parley.app.client
    token = slack.workspace.bot_token
    await client.chat_delete(token=token, channel=GENERAL, ts=question["ts"])
    assert await later(slack, days=1) == 1
    assert await figures(slack) == (None, None, DELETED)
    assert await later(slack, days=6) == 0


async def test_a_channel_that_parley_left_is_asked_for_once(slack: Slack) -> None:
    await ask(slack)
    await ask(slack)
    slack.workspace.remove(GENERAL, BOT)
    assert await later(slack, days=1) == 1
    assert [await later(slack, minutes=1), await later(slack, days=6)] == [0, 0]
    assert [one.problem for one in await counted(slack)] == ["not_in_channel"] * 2


async def test_a_scope_that_private_channels_lack_leaves_the_public_ones(slack: Slack) -> None:
    quiet = add_channel(slack, "quiet")
    lacking = Fault(method=HISTORY, kind="refuse", error="missing_scope", channel=quiet, times=None)
    slack.workspace.faults.add(lacking)
    await ask(slack, quiet)
    await ask(slack)
    assert [await later(slack, days=1), await later(slack, minutes=1)] == [1, 1]
    assert [one.problem for one in await counted(slack, quiet)] == ["missing_scope"]
    assert await figures(slack) == (0, 0, None)


async def test_a_revoked_token_holds_the_team_up_for_an_hour(slack: Slack) -> None:
    await ask(slack)
    await ask(slack, add_channel(slack, "other"))
    slack.workspace.faults.add(Fault(method=HISTORY, kind="refuse", error="token_revoked"))
    assert await later(slack, days=1) == 1
    assert await later(slack, minutes=59) == 0
    assert [await later(slack, minutes=1) for _ in range(2)] == [1, 1]
