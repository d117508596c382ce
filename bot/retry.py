"""Retries with exponential backoff while Slack cannot be reached."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST = 60.0
"""The longest wait between two tries, in seconds."""

_TEMPORARY = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "service_unavailable",
        "internal_error",
        "fatal_error",
        "request_timeout",
    }
)


class StoppedError(Exception):
    """Raised when the process stops while it waits for Slack."""


def is_temporary(error: Exception) -> bool:
    """Return whether a retry may succeed; if not, somebody has to change something."""
    if not isinstance(error, SlackApiError):
        return isinstance(error, (aiohttp.ClientError, TimeoutError, OSError))
    response, code = error.response, _code(error)
    # If the body is not JSON, this is aiohttp's response, which calls the field `status`.
    status = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    return status >= 500 or code is None or code in _TEMPORARY


def _code(error: SlackApiError) -> str | None:
    """Return Slack's error code; None if the answer is not JSON."""
    data = getattr(error.response, "data", error.response)
    return data.get("error") if isinstance(data, dict) else None


def back_off(tries: int) -> float:
    """Return the seconds to wait after *tries* failed tries: 1, 2, 4, …, at most a minute."""
    return min(2.0 ** min(tries - 1, 10), LONGEST)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait for *seconds*, or until *stop* is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def retry_until_answered(call: Callable[[], Awaitable[T]], *, stop: asyncio.Event) -> T:
    """Retry *call* until Slack answers, and return its result.

    Raises any error that is not temporary, and `StoppedError` if *stop* is set.
    """
    tries = 0
    while not stop.is_set():
        try:
            return await call()
        except Exception as error:
            if not is_temporary(error):
                raise
            tries += 1
            seconds = back_off(tries)
            log.warning(
                "Slack cannot be reached (%s); trying again in %.0f s", reason(error), seconds
            )
        await pause(seconds, stop)
    raise StoppedError


def reason(error: Exception) -> str:
    """Return Slack's error code, or a short description of *error*."""
    if isinstance(error, SlackApiError):
        return _code(error) or "an answer that is not JSON"
    return str(error) or type(error).__name__
