"""Background tasks that run after the ack, and answers by response_url."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.slack.error_replies import sentence
from handlers.views.message import Message

log = logging.getLogger(__name__)

_CUT_SECONDS = 3
"""How long cancelled tasks may take to end."""


class Background:
    """The tasks that listeners started and that outlive their ack."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], respond: AsyncRespond | None = None) -> None:
        """Run *work* after the ack; if it raises, send the error to the user with *respond*.

        Without *respond* an error is only logged.
        """
        task = asyncio.create_task(self._run(work, respond))
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

    async def _run(self, work: Coroutine[Any, Any, None], respond: AsyncRespond | None) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 -- `sentence` logs it
            text = sentence(error)
            if respond is None:
                return
            try:
                await answer(respond, Message(text=text, blocks=[]))
            except Exception:
                # Without the sentence, which may quote what the user wrote.
                log.exception("the user could not be notified of an error")


async def answer(
    respond: AsyncRespond, message: Message, *, replace: bool = False, thread_ts: str | None = None
) -> None:
    """Send an ephemeral answer by the response_url of a command or a button press.

    *replace* replaces the message whose button was pressed.
    """
    _check(
        await respond(
            **message, response_type="ephemeral", replace_original=replace, thread_ts=thread_ts
        )
    )


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


def _check(response: WebhookResponse) -> None:
    # The SDK does not raise if a response_url has expired (five uses, or half an hour).
    if response.status_code != 200:
        raise RuntimeError(f"response_url answered {response.status_code}: {response.body}")
