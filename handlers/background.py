"""Work that goes on after the ack: tracked, waited for at the end, its failures told."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.errors import sentence
from handlers.views.message import Message

log = logging.getLogger(__name__)


class Background:
    """The tasks that listeners left behind."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], respond: AsyncRespond) -> None:
        """Run *work* after the ack; if it raises, the person who asked is told by *respond*."""
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
            await asyncio.wait(late)

    async def _run(self, work: Coroutine[Any, Any, None], respond: AsyncRespond) -> None:
        try:
            await work
        except Exception as error:
            text = sentence(error)
            try:
                await answer(respond, Message(text=text, blocks=[]))
            except Exception:
                log.exception("the person who asked could not be told: %s", text)


async def answer(respond: AsyncRespond, message: Message, *, replace: bool = False) -> None:
    """Answer only the person who asked, by the response_url of what they typed or pressed.

    *replace* puts the message in the place of the one whose button was pressed.
    """
    await _use(respond, message, response_type="ephemeral", replace_original=replace)


async def answer_channel(respond: AsyncRespond, message: Message) -> None:
    """Show everybody in the channel, where Parley need not be a member."""
    await _use(respond, message, response_type="in_channel", replace_original=False)


async def _use(respond: AsyncRespond, message: Message, **options: Any) -> None:
    response = await respond(**message, **options)
    # A dead response_url (used five times, or half an hour old) does not raise by itself.
    if response.status_code != 200:
        raise RuntimeError(f"response_url answered {response.status_code}: {response.body}")
