"""Background tasks that run after the ack, and answers by response_url."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.slack.api_errors import FAILURES, classify
from handlers.slack.error_replies import PendingError, sentence
from handlers.views.message import Message, message

log = logging.getLogger(__name__)

_ANSWER_WAITS = (0.5, 2.0)
"""The waits in seconds before an answer is sent again that Slack did not take."""
_CUT_SECONDS = 3
"""How long cancelled tasks may take to end."""


class ResponseUrlError(Exception):
    """Raised when Slack does not take an answer by response_url."""

    def __init__(self, response: WebhookResponse) -> None:
        super().__init__(f"response_url answered {response.status_code}: {response.body[:100]}")


class Background:
    """The tasks that listeners started and that outlive their ack."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self,
        work: Coroutine[Any, Any, object],
        respond: AsyncRespond | None = None,
        *,
        is_press: bool = False,
        thread_ts: str | None = None,
    ) -> None:
        """Run *work* after the ack; if it raises, send the error to the user with *respond*.

        The error is shown in the thread *thread_ts*, or in the channel if that is None. Without
        *respond* it is only logged. If the outcome of a press (*is_press*) is not known yet, the
        note about that replaces the message with its buttons.
        """
        task = asyncio.create_task(self._run(work, respond, is_press, thread_ts))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Wait at most *seconds* for the running tasks, and cancel the rest."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("cancelled %d answers at shutdown", len(late))
            await asyncio.wait(late, timeout=_CUT_SECONDS)

    async def _run(
        self,
        work: Coroutine[Any, Any, object],
        respond: AsyncRespond | None,
        is_press: bool,
        thread_ts: str | None,
    ) -> None:
        try:
            await work
        except ResponseUrlError as error:
            log.warning("an answer was not shown: %s", error)
        except Exception as error:  # noqa: BLE001 -- `sentence` logs it
            text = sentence(error)
            if respond is None:
                return
            follow = error.follow if isinstance(error, PendingError) else None
            try:
                replace = is_press and follow is not None
                await answer(respond, message(text), replace=replace, thread_ts=thread_ts)
                if follow:
                    follow(respond)
            except ResponseUrlError as failed:
                log.warning("the user could not be told of an error: %s", failed)
            except FAILURES as failed:
                # Without the sentence, which may quote what the user wrote.
                log.warning("the user could not be told of an error: %s", classify(failed).code)
            except Exception:
                log.exception("the user could not be told of an error")


async def answer(
    respond: AsyncRespond, message: Message, *, replace: bool = False, thread_ts: str | None = None
) -> None:
    """Send an ephemeral answer by the response_url of a command or a button press.

    *replace* replaces the message whose button was pressed.
    """
    for wait in (*_ANSWER_WAITS, None):
        try:
            response = await respond(
                **message, response_type="ephemeral", replace_original=replace, thread_ts=thread_ts
            )
        except FAILURES as error:
            # Without a response_url, the responder has tried again if that is safe.
            if wait is None or not respond.response_url or not classify(error).is_temporary:
                raise
        else:
            # The SDK does not raise if a response_url has expired (five uses, or half an hour).
            if response.status_code == 200:
                return
            if wait is None or response.status_code not in (429, *range(500, 600)):
                raise ResponseUrlError(response)
        # An answer that only one person sees may be there twice, but must not be lost.
        await asyncio.sleep(wait)


async def dismiss(respond: AsyncRespond) -> None:
    """Delete the ephemeral message whose button was pressed.

    A failure is only logged, because a preview that stays does no harm.
    """
    try:
        response = await respond(delete_original=True)
    except FAILURES as error:
        log.warning("a preview was not deleted: %s", classify(error).code)
    else:
        if response.status_code != 200:
            log.warning("a preview was not deleted: %s", response.body[:100])


async def answer_channel(
    respond: AsyncRespond, message: Message, *, thread_ts: str | None = None
) -> WebhookResponse:
    """Post *message* to the channel or thread by response_url; Parley need not be a member.

    Returns Slack's response, which may be an error.
    """
    # No retries: after a lost connection, the SDK's retry could post the message twice.
    client = AsyncWebhookClient(respond.response_url or "", proxy=respond.proxy, retry_handlers=[])
    options = {"response_type": "in_channel", "replace_original": False}
    if thread_ts:
        options["thread_ts"] = thread_ts
    return await client.send_dict({**message, **options})
