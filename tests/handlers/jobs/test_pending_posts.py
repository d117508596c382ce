"""What a person reads whose post Slack does not take at once, and when the outcome is known."""

from dataclasses import replace
from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action
from handlers.jobs.outcomes import format_outcome, format_pending
from store.posting.record import NewPost
from store.types import PostKind, PostState
from tests.handlers.conftest import Slack, labels, texts
from tests.handlers.features.test_start_discussion import filled, opened
from tests.handlers.jobs.test_posting import settle
from tests.ids import ANA, GENERAL, TEAM

POST = "chat.postMessage"
DONE = f"Posted in <#{GENERAL}>."
LIMITED: dict[str, Any] = {"kind": "ratelimit", "seconds": 7}
LIMITED_NOTE = "Slack has had too many posts from me. I will send this one in 7 seconds"
UNCONFIRMED: dict[str, dict[str, Any]] = {
    "an answer that is lost": {"kind": "drop_after"},
    "a server error after the post": {"kind": "status", "status": 502, "after": True},
    "a server error instead of the post": {"kind": "status", "status": 500},
}


async def pressed(slack: Slack, **fault: Any) -> dict[str, Any]:
    """Press *Post it here* while Slack fails; return the note in place of the preview."""
    (preview,) = await slack.type("/discuss")
    slack.workspace.faults.add(Fault(method=POST, **fault))
    seen = await slack.press(Action.DISCUSS_POST, preview)
    note = next(one for one in seen if one["ts"] == preview["ts"])
    assert not labels(note), "nothing to press while the outcome is open"
    return note


async def submitted(slack: Slack) -> dict[str, Any]:
    """Post by the form while Slack limits posts; return the modal, which says so."""
    await slack.submit(await opened(slack), filled(GENERAL, "timber"))
    preview = slack.modal()
    assert preview
    slack.workspace.faults.add(Fault(method=POST, **LIMITED))
    await slack.submit(preview)
    note = slack.modal()
    assert note
    return note


async def note_after(slack: Slack, note: dict[str, Any]) -> str:
    await slack.settled()
    seen = slack.workspace.messages(GENERAL, ANA)
    return str(next(one for one in seen if one["ts"] == note["ts"])["text"])


async def test_a_rate_limited_post_is_sent_later_and_its_note_replaced(slack: Slack) -> None:
    note = await pressed(slack, **LIMITED)
    assert note["text"].startswith(LIMITED_NOTE)
    await slack.parley.ticker.tick()
    assert (await note_after(slack, note)).startswith(LIMITED_NOTE)
    await settle(slack)
    assert await note_after(slack, note) == DONE
    assert texts(slack.workspace.messages(GENERAL, ANA)).count(DONE) == 1
    assert len(slack.public()) == 1


@pytest.mark.parametrize("fault", UNCONFIRMED.values(), ids=UNCONFIRMED)
async def test_the_note_about_an_unconfirmed_post_is_replaced(
    slack: Slack, fault: dict[str, Any]
) -> None:
    note = await pressed(slack, **fault)
    assert "I'm checking whether it arrived, and will tell you here or, if that" in note["text"]
    await settle(slack)
    outcome = await note_after(slack, note)
    assert len(slack.public()) == (outcome == DONE)
    assert outcome == DONE or "Please press *Post it* to try again" in outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("is_archived", "This channel is archived, so I can't post in it."),
        (
            "msg_too_long",
            f"Slack refused the post in <#{GENERAL}> (msg_too_long)."
            " If you need it there, tell an admin.",
        ),
    ],
)
async def test_a_post_that_is_refused_later_says_why(
    slack: Slack, error: str, outcome: str
) -> None:
    note = await pressed(slack, **LIMITED)
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error=error))
    await settle(slack)
    assert await note_after(slack, note) == outcome


async def test_a_post_whose_outcome_stays_unknown_is_left_to_the_person(slack: Slack) -> None:
    slack.workspace.faults.add(
        Fault(method="conversations.history", kind="refuse", error="missing_scope", times=None)
    )
    note = await pressed(slack, kind="drop_after")
    await settle(slack)
    assert "I am sending you a direct message about it" in await note_after(slack, note)
    (asked,) = slack.public("D0ANA")
    assert labels(asked) == ["Post it", "It is there"]


async def test_a_command_gets_a_second_message_with_the_outcome(slack: Slack) -> None:
    await slack.type("/digest on 23:00 daily")
    slack.workspace.faults.add(Fault(method=POST, **LIMITED))
    (note,) = await slack.type("/digest now")
    assert note["text"].startswith(LIMITED_NOTE)
    await settle(slack)
    await slack.settled()
    assert slack.workspace.messages(GENERAL, ANA)[-1]["text"] == DONE


async def test_a_form_shows_the_outcome(slack: Slack) -> None:
    note = await submitted(slack)
    assert LIMITED_NOTE in texts([note])
    await settle(slack)
    await slack.settled()
    done = slack.modal()
    assert done
    assert DONE in texts([done])


async def test_an_outcome_that_comes_too_late_for_the_note_is_a_direct_message(
    slack: Slack,
) -> None:
    """The note's response_url works half an hour; here Slack is away for longer."""
    (preview,) = await slack.type("/discuss")
    slack.workspace.faults.add(Fault(method=POST, kind="refuse", error="internal_error"))
    seen = await slack.press(Action.DISCUSS_POST, preview)
    note = next(one for one in seen if one["ts"] == preview["ts"])
    lead = "Slack answered with an error (internal_error), so I'm checking whether it arrived"
    assert note["text"].startswith(lead)
    assert "in a direct message" in note["text"]
    slack.clock.forward(hours=1)
    await settle(slack)
    await slack.settled()
    (told,) = slack.public("D0ANA")
    lead = f"The post is not in <#{GENERAL}>: Slack answered with an error (internal_error)"
    assert told["text"].startswith(lead)
    question = preview["text"].removeprefix("Here is a question: ")
    assert question in texts([told])
    assert labels(told) == ["Post it"]
    await slack.press_thrice(Action.POST_AGAIN, told, channel="D0ANA")
    (post,) = slack.public()
    assert question in texts([post])
    assert post["reply_count"] == 1


async def test_only_who_is_in_the_channel_posts_again_what_came_too_late(slack: Slack) -> None:
    await pressed(slack, kind="status", status=500)
    slack.clock.forward(hours=1)
    await settle(slack)
    await slack.settled()
    (told,) = slack.public("D0ANA")
    slack.workspace.remove(GENERAL, ANA)
    slack.clock.forward(minutes=6)
    await slack.press(Action.POST_AGAIN, told, channel="D0ANA")
    assert not slack.public()


async def test_an_outcome_that_comes_after_the_form_was_closed_is_a_direct_message(
    slack: Slack,
) -> None:
    note = await submitted(slack)
    await slack.workspace.close_view(ANA, note["id"])
    await settle(slack)
    await slack.settled()
    assert [told["text"] for told in slack.public("D0ANA")] == [DONE]


@pytest.mark.parametrize(
    ("state", "error", "sentence"),
    [
        (PostState.PLANNED, None, "The post is not sent yet. I will send it in"),
        (PostState.PLANNED, "held up", "The post is not sent yet. I will send it in"),
        (PostState.PLANNED, "request_timeout", "Slack did not take the post (request_timeout)."),
        (PostState.SENDING, "ratelimited", "Slack has not confirmed the post, so"),
        (PostState.UNKNOWN, "TimeoutError", "Slack has not confirmed the post, so"),
        (PostState.UNKNOWN, "fatal_error", "Slack answered with an error (fatal_error), so"),
        (PostState.MISSED, "broken off", f"The post is not in <#{GENERAL}>: I could not send it"),
        (PostState.MISSED, "TimeoutError", f"The post is not in <#{GENERAL}>: Slack did not take"),
        (PostState.FAILED, "its story is gone", f"I could not post in <#{GENERAL}>: its story"),
    ],
)
async def test_only_what_slack_refused_is_called_refused(
    slack: Slack, state: PostState, error: str | None, sentence: str
) -> None:
    new = NewPost(
        key="k", team_id=TEAM, channel_id=GENERAL, kind=PostKind.SHARE, due_at=slack.clock()
    )
    planned = await slack.parley.store.posts.plan(new, now=slack.clock())
    assert planned
    post = replace(planned, state=state, error=error)
    shown = format_outcome(post) or format_pending(post, slack.clock())
    assert shown.startswith(sentence)
    assert "refused" not in shown
