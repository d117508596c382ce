"""What a user reads when something goes wrong: one sentence, or the id of a log entry."""

import logging
from datetime import datetime
from secrets import token_hex
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError

from handlers.views.message import message
from handlers.views.modal import window
from store.guards.idempotency import Idempotency
from store.types import ParleyError, TeamId

log = logging.getLogger(__name__)


class AgainError(Exception):
    """Raised to make Slack redeliver the event later, because it cannot be handled yet."""


def sentence(error: Exception) -> str:
    """Return the sentence that the user reads about *error*.

    Any error but `ParleyError` is logged under a new id, and the sentence holds only that id.
    """
    if isinstance(error, ParleyError):
        return str(error)
    error_id = token_hex(4)
    log.error("error %s", error_id, exc_info=error)
    return f"Something went wrong on my side. If it happens again, tell an admin: error {error_id}."


async def require_first(
    idempotency: Idempotency, team_id: TeamId, key: str, *, now: datetime
) -> None:
    """Raise `ParleyError` if any process has claimed *key* before.

    At most once: an earlier request may have failed, and is not retried.
    """
    if not await idempotency.claim(team_id, key, now=now):
        raise ParleyError(
            "That came to me twice, and I act on it once: to have it done again, type it again."
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
        return _reply("I do not know that one. Type `/brief help` to begin.", body)
    return _reply(sentence(error), body)


def _reply(text: str, body: dict[str, Any]) -> BoltResponse:
    """Build the ack that shows *text*, as each type of request allows.

    A form stays open with the text at its first field, because an empty ack would close it. Slack
    shows the text of an ack to the user who typed a command, and ignores it for anything else.
    """
    match body.get("type"):
        case "view_submission":
            view = body["view"]
            inputs = [one["block_id"] for one in view.get("blocks", []) if one["type"] == "input"]
            answer: dict[str, Any] = {"response_action": "update", "view": window(message(text))}
            if inputs:
                # Slack shows the error of a field as plain text.
                shown = text.replace("`", "")
                answer = {"response_action": "errors", "errors": {inputs[0]: shown}}
            return BoltResponse(status=200, body=answer)
        case "block_suggestion":
            return BoltResponse(status=200, body={"options": []})
        case _:
            return BoltResponse(status=200, body=text)
