"""Retries with exponential backoff while Slack or the database cannot be reached."""

import asyncio
import logging
from contextlib import suppress

import aiohttp
from slack_sdk.errors import SlackApiError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)

from handlers.slack.api_errors import classify
from store.db import DatabaseError, DatabaseInUseError, DatabaseUnavailableError

log = logging.getLogger(__name__)

BACK_OFF = wait_exponential(max=60)
"""Waits 1, 2, 4, … seconds after the first, second, third … try, at most a minute."""
_IN_USE_SECONDS = 30
"""How long to wait for a process that holds the database: one that ends needs half a minute."""


class StoppedError(Exception):
    """Raised when the process stops while it waits for Slack or the database."""


def is_temporary(error: BaseException) -> bool:
    """Return whether a retry may succeed; if not, somebody has to change something."""
    if isinstance(error, DatabaseUnavailableError | DatabaseInUseError):
        return True
    if not isinstance(error, SlackApiError | aiohttp.ClientError | OSError):
        return False
    return classify(error).is_temporary


def reason(error: BaseException) -> str:
    """Return Slack's error code, or a short description of *error*."""
    if isinstance(error, SlackApiError):
        return classify(error).code
    return str(error) or type(error).__name__


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait for *seconds*, or until *stop* is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def retrying(stop: asyncio.Event, *, most: int | None = None) -> AsyncRetrying:
    """Return a caller that repeats a call to Slack or the database, at most *most* times if given.

    It raises the last error, or at once an error that is not temporary, and `StoppedError` if
    *stop* is set while it waits. A database that another process holds is awaited for 30 seconds.
    """

    async def sleep(seconds: float) -> None:
        await pause(seconds, stop)
        if stop.is_set():
            raise StoppedError

    return AsyncRetrying(
        retry=retry_if_exception(is_temporary),
        wait=BACK_OFF,
        stop=stop_after_attempt(most) if most else _is_in_use_for_long,
        sleep=sleep,
        before_sleep=_log_failure,
        reraise=True,
    )


def _is_in_use_for_long(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    waited = state.seconds_since_start or 0
    return isinstance(error, DatabaseInUseError) and waited > _IN_USE_SECONDS


def _log_failure(state: RetryCallState) -> None:
    if state.outcome and (error := state.outcome.exception()):
        is_slack = not isinstance(error, DatabaseError)
        what = f"Slack cannot be reached ({reason(error)})" if is_slack else str(error).rstrip(".")
        message = "%s, try %d; trying again in %.0f s"
        log.warning(message, what, state.attempt_number, state.upcoming_sleep)
