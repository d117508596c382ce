"""What a person reads when something goes wrong: one sentence, or the number of a log entry."""

import logging
from secrets import token_hex

from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError

from store.types import ParleyError

log = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """Give the sentence for the person who asked.

    What is no `ParleyError` is logged whole under an id, and the sentence holds only the id.
    """
    if isinstance(error, ParleyError):
        return str(error)
    error_id = token_hex(4)
    log.error("error %s", error_id, exc_info=error)
    return f"Something went wrong on my side. If it happens again, tell an admin: error {error_id}."


async def on_error(error: Exception, context: AsyncBoltContext) -> BoltResponse:
    """Answer for a listener that raised before it acked.

    Slack shows the body of a 200 to the person who typed a command; for any other request it is an
    empty ack. Any other status would leave the person with `dispatch_failed`.
    """
    context["outcome"] = "error"
    if isinstance(error, BoltUnhandledRequestError):
        context["outcome"] = "unknown"
        log.warning(
            "no listener for a request of type %s", error.request.body.get("type", "command")
        )
        return BoltResponse(status=200, body="I do not know that one. Type `/brief help` to begin.")
    return BoltResponse(status=200, body=sentence(error))
