"""What a person reads when something goes wrong: one sentence, or the number of a log entry."""

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
from store.types import ParleyError

log = logging.getLogger(__name__)


class AgainError(Exception):
    """Have Slack send an event again, in a minute or two: what it asks for cannot be done yet."""


def sentence(error: Exception) -> str:
    """Give the sentence for the person who asked.

    What is no `ParleyError` is logged whole under an id, and the sentence holds only the id.
    """
    if isinstance(error, ParleyError):
        return str(error)
    error_id = token_hex(4)
    log.error("error %s", error_id, exc_info=error)
    return f"Something went wrong on my side. If it happens again, tell an admin: error {error_id}."


async def require_first(idempotency: Idempotency, team_id: str, key: str, *, now: datetime) -> None:
    """Raise `ParleyError` where the same came before, to whichever process.

    It may have failed then, and is not tried again by itself.
    """
    if not await idempotency.claim(team_id, key, now=now):
        raise ParleyError(
            "That came to me twice, and I act on it once: to have it done again, type it again."
        )


async def on_error(
    error: Exception, context: AsyncBoltContext, body: dict[str, Any]
) -> BoltResponse:
    """Answer for a listener that raised before it acked.

    Any other status than 200 would leave the person with `dispatch_failed`; behind an event that is
    to come again, there is none.
    """
    context["outcome"] = "error"
    if isinstance(error, AgainError):
        log.warning("an event that is to come again: %s", error, exc_info=error.__cause__)
        return BoltResponse(status=503, body="")
    if isinstance(error, BoltUnhandledRequestError):
        context["outcome"] = "unknown"
        log.warning("no listener for a request of type %s", body.get("type", "command"))
        return _told("I do not know that one. Type `/brief help` to begin.", body)
    return _told(sentence(error), body)


def _told(text: str, body: dict[str, Any]) -> BoltResponse:
    """Say *text* in an ack, as each kind of request takes it.

    A form stays as it was filled in, with the text at its first field: an ack without a word closes
    it. A text is shown to whoever typed a command, and is no more than an ack for anything else.
    """
    match body.get("type"):
        case "view_submission":
            view = body["view"]
            inputs = [one["block_id"] for one in view.get("blocks", []) if one["type"] == "input"]
            answer: dict[str, Any] = {"response_action": "update", "view": window(message(text))}
            if inputs:
                # What stands beside a field is no mrkdwn.
                told = text.replace("`", "")
                answer = {"response_action": "errors", "errors": {inputs[0]: told}}
            return BoltResponse(status=200, body=answer)
        case "block_suggestion":
            return BoltResponse(status=200, body={"options": []})
        case _:
            return BoltResponse(status=200, body=text)
