"""Work that goes on after the ack: tracked, waited for at the end, its failures told."""

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
"""For what is cut off to end."""


class Background:
    """The tasks that listeners left behind."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], respond: AsyncRespond | None = None) -> None:
        """Run *work* after the ack; if it raises, the person who asked is told by *respond*.

        Without *respond* nobody waits for it, and a failure is only logged.
        """
        task = asyncio.create_task(self._run(work, respond))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Wait for what is running, at most *seconds*, and cancel the rest."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("%d answers were cut off at the end", len(late))
            await asyncio.wait(late, timeout=_CUT_SECONDS)

    async def _run(self, work: Coroutine[Any, Any, None], respond: AsyncRespond | None) -> None:
        try:
            await work
        except Exception as error:
            text = sentence(error)
            if respond is None:
                return
            try:
                await answer(respond, Message(text=text, blocks=[]))
            except Exception:
                log.exception("the person who asked could not be told: %s", text)


async def answer(
    respond: AsyncRespond,
    message: Message,
    *,
    replace: bool = False,
    thread_ts: str | None = None,
) -> None:
    """Answer only the person who asked, by the response_url of what they typed or pressed.

    *replace* puts the message in the place of the one whose button was pressed.
    """
    _check(
        await respond(
            **message, response_type="ephemeral", replace_original=replace, thread_ts=thread_ts
        )
    )


async def answer_channel(
    respond: AsyncRespond, message: Message, *, thread_ts: str | None = None
) -> WebhookResponse:
    """Show everybody in the channel or thread, where Parley need not be a member.

    Gives Slack's answer, which may be a refusal.
    """
    # Without the SDK's retry, which after a lost connection would show it twice.
    client = AsyncWebhookClient(respond.response_url or "", proxy=respond.proxy, retry_handlers=[])
    options = {"response_type": "in_channel", "replace_original": False}
    if thread_ts:
        options["thread_ts"] = thread_ts
    return await client.send_dict({**message, **options})


def _check(response: WebhookResponse) -> None:
    # A dead response_url (used five times, or half an hour old) does not raise by itself.
    if response.status_code != 200:
        raise RuntimeError(f"response_url answered {response.status_code}: {response.body}")
