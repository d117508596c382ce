"""Retrying calls to Slack."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from tenacity import AsyncRetrying, RetryCallState

from bot import retry
from bot.retry import BACK_OFF, StoppedError, is_temporary, retrying
from store.db import DatabaseError, DatabaseInUseError, DatabaseUnavailableError


def refusal(error: str, status: int = 200) -> SlackApiError:
    class Response(dict[str, object]):
        status_code = status

    return SlackApiError("refused", Response(ok=False, error=error))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aiohttp.ClientConnectionError(), True),
        (TimeoutError(), True),
        (refusal("service_unavailable", 503), True),
        (refusal("ratelimited", 429), True),
        (refusal("internal_error"), True),
        (refusal("anything", 502), True),
        (refusal("invalid_auth"), False),
        (refusal("account_inactive"), False),
        (refusal("not_allowed_token_type"), False),
        (DatabaseUnavailableError(), True),
        (DatabaseInUseError("in use by process 1"), True),
        (DatabaseError("has a newer schema"), False),
        (ZeroDivisionError(), False),
    ],
)
def test_which_errors_are_temporary(error: Exception, expected: bool) -> None:
    assert is_temporary(error) is expected


def test_the_waits_grow_to_a_minute() -> None:
    def back_off(tries: int) -> float:
        state = RetryCallState(AsyncRetrying(), None, (), {})
        state.attempt_number = tries
        return BACK_OFF(state)

    assert [back_off(tries) for tries in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert back_off(100_000) == 60


async def test_it_retries_until_there_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def pause(seconds: float, _: asyncio.Event) -> None:
        waited.append(seconds)

    monkeypatch.setattr(retry, "pause", pause)
    outcomes: list[Exception | str] = [TimeoutError(), refusal("fatal_error"), "here I am"]

    async def call() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert await retrying(asyncio.Event())(call) == "here I am"
    assert waited == [1, 2]


async def test_an_error_that_is_not_temporary_is_raised() -> None:
    async def call() -> None:
        raise refusal("invalid_auth")

    with pytest.raises(SlackApiError):
        await retrying(asyncio.Event())(call)


async def test_stop_ends_the_retries() -> None:
    stop = asyncio.Event()

    async def call() -> None:
        stop.set()
        raise TimeoutError

    with pytest.raises(StoppedError):
        await retrying(stop)(call)
