"""Progress messages for a user who waits for long work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.slack.background import answer
from handlers.views.preview import under_way
from store.progress import Progress

_AFTER_SECONDS = (1.5, 10.0, 60.0)
"""When each message is sent; a response_url works five times, and the answer needs one use."""


@asynccontextmanager
async def notify_progress(respond: AsyncRespond) -> AsyncIterator[Progress]:
    """Yield a progress to report to; a message shows it to the user and is updated."""
    progress = Progress()
    notifying = asyncio.create_task(_notify(progress, respond))
    try:
        yield progress
    finally:
        notifying.cancel()
        # The work must not fail because a progress message could not be sent.
        await asyncio.gather(notifying, return_exceptions=True)


async def _notify(progress: Progress, respond: AsyncRespond) -> None:
    waited = 0.0
    for number, seconds in enumerate(_AFTER_SECONDS):
        await asyncio.sleep(seconds - waited)
        waited = seconds
        sending = asyncio.create_task(
            answer(respond, under_way(progress), replace=number > 0), name="progress"
        )
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            # Let the call end, or this message could arrive after the answer.
            await asyncio.wait([sending])
            raise
