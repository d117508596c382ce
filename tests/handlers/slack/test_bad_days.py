"""What people read while Slack fails: whose fault it is, and what to do next."""

from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Shortcut
from tests.handlers.conftest import Slack, dm, texts
from tests.ids import ANA, GENERAL

DOWN: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "502 with a page": {"kind": "html", "status": 502},
    "503": {"kind": "status", "status": 503, "error": "service_unavailable"},
    "internal_error": {"kind": "refuse", "error": "internal_error"},
    "cut off": {"kind": "drop_before"},
}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    return caplog


def no_tracebacks(log: pytest.LogCaptureFixture) -> bool:
    return not any(record.exc_info for record in log.records)


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
@pytest.mark.parametrize("method", ["views.open", "users.info"])
async def test_a_call_that_fails_once_is_repeated(
    slack: Slack, method: str, fault: dict[str, Any]
) -> None:
    slack.workspace.faults.add(Fault(method=method, **fault))
    assert not await slack.type("/digest")
    assert slack.modal()


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
@pytest.mark.parametrize(
    ("method", "command"), [("views.open", "/digest"), ("conversations.info", "/digest on 09:30")]
)
async def test_a_command_says_that_slack_has_a_problem(
    slack: Slack, method: str, command: str, fault: dict[str, Any], log: pytest.LogCaptureFixture
) -> None:
    slack.workspace.faults.add(Fault(method=method, times=None, **fault))
    (reply,) = await slack.type(command)
    assert reply["text"].startswith("Slack has a problem right now (")
    assert reply["text"].endswith("). Please try again in a minute.")
    assert no_tracebacks(log)


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
async def test_a_shortcut_that_cannot_open_its_form_answers_by_direct_message(
    slack: Slack, fault: dict[str, Any], log: pytest.LogCaptureFixture
) -> None:
    slack.workspace.faults.add(Fault(method="views.open", times=None, **fault))
    await slack.workspace.use_shortcut(ANA, Shortcut.DISCUSSION)
    await slack.settled()
    (reply,) = slack.public(dm(ANA))
    assert "Slack has a problem right now" in reply["text"]
    assert no_tracebacks(log)


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
async def test_a_mention_is_answered_by_direct_message_if_need_be(
    slack: Slack, fault: dict[str, Any], log: pytest.LogCaptureFixture
) -> None:
    slack.workspace.faults.add(Fault(method="chat.postEphemeral", times=None, **fault))
    assert not await slack.say("@Parley dockworkers")
    (reply,) = slack.public(dm(ANA))
    assert "Dockworkers in Gdansk" in texts([reply])
    assert no_tracebacks(log)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("after", [True, False])
async def test_an_answer_is_sent_again_until_slack_takes_it(
    slack: Slack, status: int, after: bool, log: pytest.LogCaptureFixture
) -> None:
    slack.workspace.faults.add(
        Fault(method="response_url", kind="status", status=status, after=after, times=2)
    )
    replies = await slack.type("/corpus status")
    # Twice is better than not at all: one person sees it.
    assert len({reply["text"] for reply in replies}) == 1
    assert "documents" in texts(replies)
    assert no_tracebacks(log)


async def test_an_answer_that_slack_never_takes_is_one_line_in_the_log(
    slack: Slack, log: pytest.LogCaptureFixture
) -> None:
    slack.workspace.faults.add(Fault(method="response_url", kind="status", times=None))
    assert not await slack.type("/corpus status")
    assert len([one for one in log.messages if "response_url answered 500" in one]) == 1
    assert no_tracebacks(log)


async def test_a_rate_limit_says_when_to_try_again_and_is_kept(
    slack: Slack, log: pytest.LogCaptureFixture
) -> None:
    """The method is limited for the whole team, so a second person's call is not made."""
    limit = Fault(method="conversations.info", kind="ratelimit", seconds=30)
    slack.workspace.faults.add(limit)
    for seconds in (30, 18):
        (reply,) = await slack.type("/digest on 09:30")
        assert reply["text"] == (
            "Slack has had too many requests from me and did not do that."
            f" Please try again in {seconds} seconds."
        )
        slack.clock.forward(seconds=12)
    calls = [call for call in slack.workspace.calls if call.method == "conversations.info"]
    assert len(calls) == 1
    # Another method goes on.
    assert not await slack.type("/digest")
    assert slack.modal()
    assert no_tracebacks(log)


async def test_a_short_rate_limit_is_waited_for(slack: Slack) -> None:
    slack.workspace.faults.add(Fault(method="conversations.info", kind="ratelimit", seconds=1))
    (reply,) = await slack.type("/digest on 09:30")
    assert "09:30" in texts([reply])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("token_revoked", "Slack doesn't let me in (token_revoked). Please tell an admin."),
        ("app_access_restricted", "Slack doesn't let me in (app_access_restricted)."),
        ("method_deprecated", "Slack doesn't let me in (method_deprecated)."),
        ("team_added_to_org", "Slack has a problem right now (team_added_to_org)."),
        ("user_not_found", "Slack doesn't let me do that in this conversation (user_not_found)."),
        ("moon_phase", "Something went wrong on my side."),
    ],
)
async def test_a_refusal_says_what_to_do(slack: Slack, error: str, expected: str) -> None:
    slack.workspace.faults.add(Fault(method="views.open", kind="refuse", error=error, times=None))
    (reply,) = await slack.type("/digest", channel=GENERAL)
    assert reply["text"].startswith(expected)
