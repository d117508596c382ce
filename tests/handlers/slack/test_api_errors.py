"""The classification of Slack's errors."""

from datetime import timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers.slack.api_errors import CODES, Failure, FailureKind, classify


def refused(code: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Failure:
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data={"ok": False, "error": code},
        headers=headers or {},
        status_code=status,
    )
    return classify(SlackApiError("refused", response))


@pytest.mark.parametrize(
    ("code", "kind"),
    [(code, kind) for kind, codes in CODES.items() for code in sorted(codes)],
)
def test_each_code_has_the_kind_of_its_table(code: str, kind: FailureKind) -> None:
    assert refused(code).kind is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("accesslimited", FailureKind.TOKEN),
        ("app_access_restricted", FailureKind.TOKEN),
        ("two_factor_setup_required", FailureKind.TOKEN),
        ("deprecated_endpoint", FailureKind.TOKEN),
        ("method_deprecated", FailureKind.TOKEN),
        ("is_bot", FailureKind.CHANNEL),
        ("external_channel_migrating", FailureKind.CHANNEL),
        ("slack_connect_file_link_sharing_blocked", FailureKind.CONTENT),
        ("slack_connect_canvas_sharing_blocked", FailureKind.CONTENT),
        ("team_added_to_org", FailureKind.NOT_DELIVERED),
    ],
)
def test_a_rare_code_has_a_kind(code: str, kind: FailureKind) -> None:
    """Else a post is tried five times, and the channel or the team is not told why."""
    assert refused(code).kind is kind


def test_no_code_is_in_two_tables() -> None:
    every = [code for codes in CODES.values() for code in codes]
    assert len(every) == len(set(every))


@given(st.sampled_from([code for codes in CODES.values() for code in codes] + ["moon_phase"]))
def test_a_server_error_has_an_unknown_outcome(code: str) -> None:
    assert refused(code, status=500).kind is FailureKind.UNKNOWN_OUTCOME
    assert refused(code, status=429).kind is FailureKind.NOT_DELIVERED


def test_an_answer_that_is_not_json_has_an_unknown_outcome() -> None:
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data="<html>Bad gateway</html>",  # type: ignore[arg-type]  # as the SDK does
        headers={},
        status_code=200,
    )
    assert classify(SlackApiError("refused", response)).kind is FailureKind.UNKNOWN_OUTCOME


def test_an_unknown_code_is_unrecognized() -> None:
    assert refused("moon_phase").kind is FailureKind.UNRECOGNIZED


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), FailureKind.UNKNOWN_OUTCOME),
        (aiohttp.ServerDisconnectedError(), FailureKind.UNKNOWN_OUTCOME),
        (aiohttp.ClientOSError(), FailureKind.UNKNOWN_OUTCOME),
        (aiohttp.ClientPayloadError(), FailureKind.UNKNOWN_OUTCOME),
        (aiohttp.SocketTimeoutError(), FailureKind.UNKNOWN_OUTCOME),
        (aiohttp.ConnectionTimeoutError(), FailureKind.NOT_DELIVERED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_only_without_a_connection_nothing_was_sent(error: Exception, kind: FailureKind) -> None:
    assert classify(error).kind is kind


def test_retry_after_comes_first_and_waits_grow_to_a_bound() -> None:
    asked = refused("ratelimited", status=429, headers={"Retry-After": "30"})
    assert asked.wait(9) == timedelta(seconds=30)
    waits = [refused("service_unavailable").wait(attempts) for attempts in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[:3] == [timedelta(seconds=seconds) for seconds in (5, 10, 20)]
    assert waits[-1] == timedelta(minutes=5)
    assert refused("message_limit_exceeded").wait(1) == timedelta(minutes=10)
