"""Waiting for Slack: trying again, less and less often, while it cannot be reached."""

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
"""Seconds between two tries, at most."""

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
    """End what was waited for: the process is to stop."""


def is_temporary(error: Exception) -> bool:
    """Say whether it may go better another time; if not, somebody must change something."""
    if not isinstance(error, SlackApiError):
        return isinstance(error, (aiohttp.ClientError, TimeoutError, OSError))
    response, code = error.response, _code(error)
    # What is not JSON comes as aiohttp's own response, which spells it otherwise.
    status = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    return status >= 500 or code is None or code in _TEMPORARY


def _code(error: SlackApiError) -> str | None:
    """Give Slack's word for it; None where it did not answer in JSON."""
    data = getattr(error.response, "data", error.response)
    return data.get("error") if isinstance(data, dict) else None


def back_off(tries: int) -> float:
    """Give the seconds to wait after so many tries that failed: 1, 2, 4, … and at most a minute."""
    return min(2.0 ** min(tries - 1, 10), LONGEST)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait, but no longer than until *stop* is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def retry_until_answered(call: Callable[[], Awaitable[T]], *, stop: asyncio.Event) -> T:
    """Call Slack until it answers.

    Raises what cannot get better by waiting, and `StoppedError` when *stop* is set.
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
    """Name what went wrong, in a word or two."""
    if isinstance(error, SlackApiError):
        return _code(error) or "an answer that is not JSON"
    return str(error) or type(error).__name__
