"""/discuss: a preview for one person, then a post for the channel."""

import asyncio
from typing import Any

import pytest

from bot.workspace import Fault
from bot.workspace.web_api.faults import FaultKind
from handlers.ids import Action
from store.types import ChannelId, UserId
from tests.handlers.conftest import Slack, labels, texts
from tests.ids import ANA, BEN, GENERAL, LEADERS, RANDOM


async def test_the_preview_is_for_one_person(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss")
    assert preview["ephemeral"]
    assert labels(preview) == ["Post it here", "Another one"]
    assert not slack.workspace.messages(GENERAL, BEN)


async def test_another_one_goes_through_every_question(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss")
    seen = [texts([preview])]
    for _ in range(3):
        (preview,) = await slack.press(Action.DISCUSS_ANOTHER, preview)
        seen.append(texts([preview]).replace('"place', ""))
    assert len({text.split("“")[0].split("\n")[0] for text in seen}) == 3


async def test_words_choose_the_question(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss timber")
    assert "Which sanction would you lift first" in texts([preview])


async def test_post_it_here_posts_the_question_that_was_shown(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss timber")
    await slack.press(Action.DISCUSS_POST, preview)
    (question,) = slack.public()
    assert "Which sanction would you lift first" in texts([question])
    assert question["reply_count"] == 1


async def test_a_question_that_was_posted_is_not_the_next_one(slack: Slack) -> None:
    asked = set()
    for _ in range(3):
        (preview,) = await slack.type("/discuss")
        await slack.press(Action.DISCUSS_POST, preview)
        slack.clock.forward(seconds=90)
        asked.add(slack.public()[-1]["text"])
    assert len(asked) == 3


async def test_pressing_post_twice_posts_once(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss")
    for _ in range(2):
        await slack.workspace.press(ANA, Action.DISCUSS_POST, channel=GENERAL, ts=preview["ts"])
    await slack.parley.background.drain(10)
    assert len(slack.public()) == 1


async def test_where_parley_is_not_a_member_it_says_how_to_invite_it(slack: Slack) -> None:
    """And offers to share the story, which works there too."""
    (preview,) = await slack.type("/discuss timber", channel=LEADERS)
    seen = await slack.press(Action.DISCUSS_POST, preview, channel=LEADERS)
    assert "`/invite @Parley`" in seen[-1]["text"]
    await slack.press(Action.BRIEF_SHARE, seen[-1], channel=LEADERS)
    (shared,) = slack.public(LEADERS)
    assert "Which sanction would you lift first" in texts([shared])


async def offer_to_join(slack: Slack) -> dict[str, Any]:
    """Press *Post it here* where Parley is not a member, and return what stands there then."""
    (preview,) = await slack.type("/discuss timber", channel=RANDOM)
    (offer,) = await slack.press(Action.DISCUSS_POST, preview, channel=RANDOM)
    assert labels(offer) == ["Join and post it", "Another one"]
    assert "Which sanction would you lift first" in texts([offer])
    return offer


async def test_joining_posts_the_question_and_leaves_no_preview(slack: Slack) -> None:
    offer = await offer_to_join(slack)
    seen = await slack.press_thrice(Action.DISCUSS_JOIN, offer, channel=RANDOM)
    assert len(slack.public(RANDOM)) == 1
    assert Action.DISCUSS_JOIN not in texts(seen)
    assert Action.DISCUSS_POST not in texts(seen)


async def press_late(slack: Slack, action: str, ts: str | None = None) -> None:
    """Press a button that was pressed before, as from a window that still shows it.

    With *ts* the button is in another message.
    """
    pressed = next(
        payload
        for payload in slack.payloads
        if payload.get("actions", [{}])[0].get("action_id") == action
    )
    place = pressed["container"] | ({"message_ts": ts} if ts else {})
    slack.payloads.append({**pressed, "trigger_id": "1.1.late", "container": place})
    await slack.repeat()


async def test_late_presses_after_joining_post_nothing_more(slack: Slack) -> None:
    offer = await offer_to_join(slack)
    await slack.press(Action.DISCUSS_JOIN, offer, channel=RANDOM)
    await press_late(slack, Action.DISCUSS_POST)
    await press_late(slack, Action.DISCUSS_JOIN)
    # Slack may have shown the offer as a message of its own.
    await press_late(slack, Action.DISCUSS_JOIN, ts="1.000001")
    assert len(slack.public(RANDOM)) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_joining_again_after_slack_was_lost_posts_once(slack: Slack, kind: FaultKind) -> None:
    offer = await offer_to_join(slack)
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind=kind))
    await slack.press(Action.DISCUSS_JOIN, offer, channel=RANDOM)
    await press_late(slack, Action.DISCUSS_JOIN)
    await press_late(slack, Action.DISCUSS_POST)
    slack.clock.forward(minutes=2)
    await slack.parley.posting.run()
    await slack.settled()
    assert len(slack.public(RANDOM)) == 1


async def test_words_without_a_story(slack: Slack) -> None:
    (answer,) = await slack.type("/discuss kubernetes")
    assert "I have no story on “kubernetes”." in answer["text"]


async def test_help(slack: Slack) -> None:
    (answer,) = await slack.type("/discuss help")
    assert "Only you see it until you post it." in answer["text"]


async def test_a_question_asked_here_comes_last_and_says_when(slack: Slack) -> None:
    (preview,) = await slack.type("/discuss timber")
    await slack.press(Action.DISCUSS_POST, preview)
    slack.clock.forward(days=1)
    (preview,) = await slack.type("/discuss timber")
    first = texts([preview])
    seen = [first]
    for _ in range(20):
        if "Last asked here:" in seen[-1]:
            break
        (preview,) = await slack.press(Action.DISCUSS_ANOTHER, preview)
        seen.append(texts([preview]))
    assert "Which sanction would you lift first" in seen[-1]
    assert "Last asked here: <!date^" in seen[-1]
    (elsewhere,) = await slack.type("/discuss timber", channel=RANDOM)
    assert "Last asked here:" not in texts([elsewhere])


async def previews(slack: Slack, *, channel: ChannelId = GENERAL) -> dict[UserId, dict[str, Any]]:
    """Return the previews of the same question that Ana and Ben each see."""
    return {
        user: (await slack.type("/discuss timber", user=user, channel=channel))[0]
        for user in (ANA, BEN)
    }


async def press_at_once(
    slack: Slack, action: str, seen: dict[UserId, dict[str, Any]], *, channel: ChannelId = GENERAL
) -> dict[UserId, dict[str, Any]]:
    """Press the same button in everybody's own message at the same time.

    Return the messages that are there then, without those that are gone.
    """
    await asyncio.gather(
        *(
            slack.workspace.press(user, action, channel=channel, ts=message["ts"])
            for user, message in seen.items()
        )
    )
    await slack.settled()
    return {
        user: one
        for user, message in seen.items()
        for one in slack.workspace.messages(channel, user)
        if one["ts"] == message["ts"]
    }


async def test_two_people_who_press_at_once_ask_the_question_once(slack: Slack) -> None:
    left = await press_at_once(slack, Action.DISCUSS_POST, await previews(slack))
    (question,) = slack.public()
    ((user, told),) = left.items()
    assert f"<@{BEN if user == ANA else ANA}>" in texts([question])
    assert f"in <#{GENERAL}> already: <!date^" in told["text"]
    assert labels(told) == ["Ask it again", "Another one"]


async def test_a_preview_that_somebody_has_asked_since_says_so_and_asks_again_if_meant(
    slack: Slack,
) -> None:
    seen = await previews(slack)
    await slack.press(Action.DISCUSS_POST, seen[ANA])
    slack.clock.forward(seconds=5)
    told = (await press_at_once(slack, Action.DISCUSS_POST, {BEN: seen[BEN]}))[BEN]
    assert "already" in told["text"]
    assert len(slack.public()) == 1
    await slack.press_thrice(Action.DISCUSS_POST, told, user=BEN)
    assert len(slack.public()) == 2


async def test_asking_again_is_for_what_was_shown_and_not_for_what_came_after(
    slack: Slack,
) -> None:
    (preview,) = await slack.type("/discuss timber")
    await slack.press(Action.DISCUSS_POST, preview)
    slack.clock.forward(minutes=2)
    seen = {}
    for user in (ANA, BEN):
        answer = (await slack.type("/brief timber", user=user))[0]
        shown = await slack.press(Action.BRIEF_DISCUSS, answer, user=user)
        (seen[user],) = [one for one in shown if one["ts"] == answer["ts"]]
        assert "Last asked here" in texts([seen[user]])
    await slack.press(Action.DISCUSS_POST, seen[ANA])
    slack.clock.forward(minutes=2)
    told = (await press_at_once(slack, Action.DISCUSS_POST, {BEN: seen[BEN]}))[BEN]
    assert "already" in told["text"]
    assert len(slack.public()) == 2


async def test_two_people_who_discuss_a_story_at_once_ask_its_question_once(slack: Slack) -> None:
    seen = {user: (await slack.type("/brief timber", user=user))[0] for user in (ANA, BEN)}
    ((_, told),) = (await press_at_once(slack, Action.BRIEF_DISCUSS, seen)).items()
    assert len(slack.public()) == 1
    assert "already" in told["text"] or "Last asked here" in texts([told])


async def test_two_people_who_share_a_story_at_once_share_it_once(slack: Slack) -> None:
    seen = {user: (await slack.type("/brief timber", user=user))[0] for user in (ANA, BEN)}
    ((_, told),) = (await press_at_once(slack, Action.BRIEF_SHARE, seen)).items()
    assert len(slack.public()) == 1
    assert labels(told)[0] == "Share again"


async def test_two_people_who_join_at_once_ask_the_question_once(slack: Slack) -> None:
    seen = await previews(slack, channel=RANDOM)
    offers: dict[UserId, dict[str, Any]] = {}
    for user, one in seen.items():
        offers |= await press_at_once(slack, Action.DISCUSS_POST, {user: one}, channel=RANDOM)
    assert [labels(one)[0] for one in offers.values()] == ["Join and post it"] * 2
    ((user, told),) = (
        await press_at_once(slack, Action.DISCUSS_JOIN, offers, channel=RANDOM)
    ).items()
    assert len([one for one in slack.public(RANDOM) if one.get("blocks")]) == 1
    assert "already" in told["text"]
    await slack.press(Action.DISCUSS_POST, told, user=user, channel=RANDOM)
    assert len([one for one in slack.public(RANDOM) if one.get("blocks")]) == 2


async def test_a_question_that_missed_its_time_is_not_asked_after_somebody_else_has(
    slack: Slack,
) -> None:
    (preview,) = await slack.type("/discuss timber")
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="status", status=500))
    await slack.press(Action.DISCUSS_POST, preview)
    slack.clock.forward(hours=1)
    await slack.parley.posting.run()
    await slack.settled()
    (told,) = slack.public("D0ANA")
    (preview,) = await slack.type("/discuss timber", user=BEN)
    await slack.press(Action.DISCUSS_POST, preview, user=BEN)
    (asked,) = await slack.press(Action.POST_AGAIN, told, channel="D0ANA")
    assert len(slack.public()) == 1
    assert "already" in asked["text"]
    await slack.press(Action.POST_AGAIN, asked, channel="D0ANA")
    assert len(slack.public()) == 2
