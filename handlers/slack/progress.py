"""Telling a person how far long work has come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.slack.background import answer
from handlers.views.preview import under_way
from store.progress import Progress

_AFTER_SECONDS = (1.5, 10.0, 60.0)
"""When it is told; a response_url works five times, and one is for the answer."""


@asynccontextmanager
async def notify_progress(respond: AsyncRespond) -> AsyncIterator[Progress]:
    """Give a progress to work with; while the work goes on, one message is kept up to date."""
    progress = Progress()
    telling = asyncio.create_task(_tell(progress, respond))
    try:
        yield progress
    finally:
        telling.cancel()
        # That it could not be told is no reason for the work to fail.
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(progress: Progress, respond: AsyncRespond) -> None:
    waited = 0.0
    for is_told, seconds in enumerate(_AFTER_SECONDS):
        await asyncio.sleep(seconds - waited)
        waited = seconds
        await answer(respond, under_way(progress), replace=bool(is_told))
