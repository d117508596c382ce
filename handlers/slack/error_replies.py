"""What a user reads when something goes wrong: one sentence, or the id of a log entry."""

import logging
from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk.errors import SlackApiError

from handlers.ids import Command
from handlers.slack.api_errors import FAILURES, Failure, FailureKind, classify
from handlers.views.message import in_words, message
from handlers.views.modal import field_errors, updated, window
from store.guards.idempotency import Idempotency
from store.types import ParleyError, TeamId

log = logging.getLogger(__name__)


class AgainError(Exception):
    """Raised to make Slack redeliver the event later, because it cannot be handled yet."""


class PendingError(ParleyError):
    """Raised when it is not known yet whether something was done.

    The user reads the sentence. *follow* gets the responder, to replace the sentence later.
    """

    def __init__(self, sentence: str, follow: Callable[[AsyncRespond], None]) -> None:
        super().__init__(sentence)
        self.follow = follow


def sentence(error: Exception) -> str:
    """Return the sentence that the user reads about *error*.

    It says so if Slack is the cause. Any other error but `ParleyError` is logged under a new id,
    and the sentence holds only that id.
    """
    if isinstance(error, ParleyError):
        return str(error)
    if isinstance(error, FAILURES):
        failure = classify(error)
        code = failure.code if isinstance(error, SlackApiError) else "no answer"
        if reply := _about_slack(failure, code):
            log.warning("a call to Slack failed: %s", failure.code)
            return reply
    error_id = token_hex(4)
    log.error("error %s", error_id, exc_info=error)
    return f"Something went wrong on my side. If it happens again, tell an admin: error {error_id}."


def _about_slack(failure: Failure, code: str) -> str | None:
    """Return what the user reads if the failure is Slack's; None if Parley's call was wrong."""
    match failure.kind:
        case FailureKind.NOT_DELIVERED if failure.is_rate_limit:
            return (
                "Slack has had too many requests from me and did not do that."
                f" Please try again in {in_words(failure.wait())}."
            )
        case FailureKind.NOT_DELIVERED | FailureKind.UNKNOWN_OUTCOME:
            return f"Slack has a problem right now ({code}). Please try again in a minute."
        case FailureKind.TOKEN:
            return f"Slack doesn't let me in ({code}). Please tell an admin."
        case FailureKind.CHANNEL:
            return f"Slack doesn't let me do that in this conversation ({code})."
        case _:
            return None


async def require_first(
    idempotency: Idempotency, team_id: TeamId, key: str, *, now: datetime
) -> None:
    """Raise `ParleyError` if any process has claimed *key* before.

    At most once: an earlier request may have failed, and is not retried.
    """
    if not await idempotency.claim(team_id, key, now=now):
        raise ParleyError(
            "I received that twice and did it once. Type it again if you want it repeated."
        )


async def on_error(
    error: Exception, context: AsyncBoltContext, body: dict[str, Any]
) -> BoltResponse:
    """Answer a request whose listener raised before its ack.

    The status is 200, because the user would see `dispatch_failed` for any other. Only an event
    that Slack shall redeliver gets 503: no user waits for its answer.
    """
    context["outcome"] = "error"
    if isinstance(error, AgainError):
        log.warning("asking Slack to redeliver an event: %s", error, exc_info=error.__cause__)
        return BoltResponse(status=503, body="")
    if isinstance(error, BoltUnhandledRequestError):
        context["outcome"] = "unknown"
        log.warning("no listener for a request of type %s", body.get("type", "command"))
        return reply(f"I don't know that one. Type `{Command.BRIEF} help` to begin.", body)
    return reply(sentence(error), body)


def reply(text: str, body: dict[str, Any]) -> BoltResponse:
    """Build the ack that shows *text*, as each type of request allows.

    A form stays open with the text at its first field, because an empty ack would close it. Slack
    shows the text of an ack to the user who typed a command, and ignores it for anything else.
    """
    match body.get("type"):
        case "view_submission":
            field = _first_input(body)
            shown = field_errors({field: text}) if field else updated(window(message(text)))
            return BoltResponse(status=200, body=shown)
        case "block_suggestion":
            return BoltResponse(status=200, body={"options": []})
        case _:
            return BoltResponse(status=200, body=text)


def _first_input(body: dict[str, Any]) -> str | None:
    """Return the block_id of the form's first input; None if the payload shows none."""
    try:
        blocks = body["view"]["blocks"]
        return next(str(one["block_id"]) for one in blocks if one["type"] == "input")
    except (KeyError, TypeError, StopIteration):
        return None
