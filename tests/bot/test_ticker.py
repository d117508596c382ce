"""Jobs that fail: each failure is logged once, then counted, and tried again later and later."""

import logging
from datetime import timedelta

import pytest

from bot.ticker import Ticker
from store.db import DatabaseError, DatabaseUnavailableError
from tests.machine import NOW


class Failing:
    """A job that raises what it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        if self.error:
            raise self.error


async def test_a_failure_is_logged_once_and_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Seen before: a traceback a second and job, 0.9 GB a day."""
    job = Failing()
    ticker = Ticker([job.run])
    job.error = ZeroDivisionError("no")
    for _ in range(250):
        await ticker.tick()
    job.error = None
    for _ in range(3):
        await ticker.tick()
    assert caplog.messages == [
        "Failing.run failed and will run again: ZeroDivisionError",
        "Failing.run has failed 100 times: ZeroDivisionError",
        "Failing.run has failed 200 times: ZeroDivisionError",
        "Failing.run works again after 250 failures",
    ]
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False, False]


async def test_another_error_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    job = Failing()
    ticker = Ticker([job.run])
    for job.error in (DatabaseError("The disk is full."), KeyError("x"), KeyError("y")):
        await ticker.tick()
    assert caplog.messages == [
        "Failing.run failed and will run again: The disk is full.",
        "Failing.run failed and will run again: KeyError",
    ]
    assert not caplog.records[0].exc_info, "the sentence says it all"


async def test_an_outage_of_the_database_is_not_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    job = Failing()
    job.error = DatabaseUnavailableError()
    await Ticker([job.run]).tick()
    assert not caplog.messages


async def test_a_job_that_fails_does_not_stop_the_others() -> None:
    first, second = Failing(), Failing()
    first.error = OSError(24, "Too many open files")
    await Ticker([first.run, second.run]).tick()
    assert second.runs == 1


@pytest.mark.parametrize("late", [0.0, 0.25])
async def test_ticks_come_with_the_second_and_later_and_later_for_a_job_that_fails(
    monkeypatch: pytest.MonkeyPatch, late: float
) -> None:
    waited: list[float] = []
    job = Failing()
    job.error = ZeroDivisionError()
    ticker = Ticker([job.run], clock=lambda: NOW + timedelta(seconds=late))

    class Timeout:
        def __init__(self, seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 6:
                job.error = None
            if len(waited) == 8:
                ticker.stop()

        async def __aenter__(self) -> None:
            raise TimeoutError

        async def __aexit__(self, *_: object) -> None: ...

    monkeypatch.setattr("bot.ticker.asyncio.timeout", Timeout)
    await ticker.run()
    assert waited == [seconds - late for seconds in (1, 2, 4, 8, 10, 10, 1, 1)]
