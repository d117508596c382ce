"""How a failed call to Slack is classified (docs.slack.dev, errors of each method).

Only a post that was certainly not delivered may be sent again without checking the history first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

import aiohttp
from slack_sdk.errors import SlackApiError

from handlers.slack.teams import ClosedError, NotInstalledError

FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError, NotInstalledError)
"""The exceptions that a failed call to Slack raises."""


class FailureKind(Enum):
    """Why a call failed, which decides whether it is tried again."""

    TOKEN = auto()
    """The token or the app is refused: nothing can be sent to the team until somebody acts."""
    CHANNEL = auto()
    """The channel refuses posts until something changes there."""
    CONTENT = auto()
    """The message itself is refused, so sending it again does not help."""
    NOT_DELIVERED = auto()
    """Not delivered for now, for example because of a rate limit: may be tried again."""
    UNKNOWN_OUTCOME = auto()
    """The message may have arrived."""
    UNRECOGNIZED = auto()
    """The error code is not listed in `CODES`: tried a few times."""


CODES: dict[FailureKind, frozenset[str]] = {
    FailureKind.TOKEN: frozenset(
        [
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "missing_scope",
            "not_allowed_token_type",
            "no_permission",
            "access_denied",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "team_access_not_granted",
            "org_login_required",
            "accesslimited",
            "app_access_restricted",
            "two_factor_setup_required",
            "deprecated_endpoint",
            "method_deprecated",
        ]
    ),
    FailureKind.CHANNEL: frozenset(
        [
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "restricted_action_non_threadable_channel",
            "restricted_action_thread_locked",
            "messages_tab_disabled",
            "cannot_reply_to_message",
            "team_not_found",
            "is_bot",
            "is_inactive",
            "user_not_found",
            "user_not_visible",
            "user_not_in_channel",
            "user_disabled",
            "cannot_dm_bot",
            "external_channel_migrating",
            "posting_to_channel_denied",
            "posting_to_general_channel_denied",
        ]
    ),
    FailureKind.CONTENT: frozenset(
        [
            "no_text",
            "msg_too_long",
            "msg_blocks_too_long",
            "invalid_blocks",
            "invalid_blocks_format",
            "too_many_attachments",
            "attachment_payload_limit_exceeded",
            "markdown_text_conflict",
            "metadata_too_large",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "invalid_arguments",
            "invalid_arg_name",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_post_type",
            "missing_post_type",
            "metadata_must_be_sent_from_app",
            "block_mismatch",
            "thread_not_found",
            "slack_connect_blocked_file_type",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_clip_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_file_upload_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
        ]
    ),
    FailureKind.NOT_DELIVERED: frozenset(
        [
            "ratelimited",
            "rate_limited",
            "service_unavailable",
            "request_timeout",
            "message_limit_exceeded",
            "team_added_to_org",
        ]
    ),
    FailureKind.UNKNOWN_OUTCOME: frozenset({"fatal_error", "internal_error"}),
}
"""Slack's error codes by kind; any other code is UNRECOGNIZED."""

_KINDS = {code: kind for kind, codes in CODES.items() for code in codes}
_NOT_JSON = "an answer that is not JSON"
_NOT_INSTALLED, _CLOSED = "not_installed", "encrypted_with_another_key"

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)
_LONG_WAIT = timedelta(minutes=10)
_LONG_WAITS = frozenset({"message_limit_exceeded", "team_added_to_org"})
"""Errors that do not end within seconds: the message quota, and a move into an organization."""
RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
"""Slack refuses the method for the whole team until Retry-After."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A classified failure of a call: its kind, its error code and when to try again."""

    kind: FailureKind
    code: str
    """Slack's error code, or the name of the exception if Slack sent no answer."""
    retry_after: timedelta | None
    """The wait that Slack asked for in Retry-After; None if there was none."""

    @property
    def is_temporary(self) -> bool:
        """Whether the same call may succeed soon."""
        return self.kind in (FailureKind.NOT_DELIVERED, FailureKind.UNKNOWN_OUTCOME)

    @property
    def is_rate_limit(self) -> bool:
        """Whether Slack refuses this method for the whole team for a while."""
        return self.code in RATE_LIMITED

    def wait(self, attempts: int = 1) -> timedelta:
        """Return how long to wait before the next try, after *attempts* tries."""
        if self.retry_after is not None:
            return self.retry_after
        if self.code in _LONG_WAITS:
            return _LONG_WAIT
        doubled = 1 << min(max(attempts - 1, 0), 10)
        return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)


def classify(error: Exception) -> Failure:
    """Return the classified *error*, an instance of one of `FAILURES`."""
    code = _code(error)
    return Failure(kind=_kind(error, code), code=code, retry_after=_retry_after(error))


def _kind(error: Exception, code: str) -> FailureKind:
    # Without a connection nothing was sent. After any other network error it may have been.
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return FailureKind.NOT_DELIVERED
    if isinstance(error, NotInstalledError):
        return FailureKind.TOKEN
    if not isinstance(error, SlackApiError):
        return FailureKind.UNKNOWN_OUTCOME
    status = status_of(error)
    if status == 429:
        return FailureKind.NOT_DELIVERED
    if status >= 500 or code == _NOT_JSON:
        return FailureKind.UNKNOWN_OUTCOME
    return _KINDS.get(code, FailureKind.UNRECOGNIZED)


def _code(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        # If the body is not JSON, the SDK passes its text or aiohttp's own response.
        body = getattr(error.response, "data", error.response)
        code = body.get("error") if isinstance(body, Mapping) else None
        return str(code or _NOT_JSON)
    if isinstance(error, ClosedError):
        return _CLOSED
    return _NOT_INSTALLED if isinstance(error, NotInstalledError) else type(error).__name__


def status_of(error: SlackApiError) -> int:
    """Return the HTTP status of the answer to a failed call, or 0 if no answer came."""
    # If the body is not JSON, this is aiohttp's response, which calls the field `status`.
    response = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0))


def _retry_after(error: Exception) -> timedelta | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return timedelta(seconds=max(1, int(headers.get("Retry-After", ""))))
    except ValueError:
        return None
