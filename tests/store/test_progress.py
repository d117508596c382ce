"""Long work changes settings of the process, and restores them afterwards."""

import asyncio
import gc
import sys
from itertools import repeat
from threading import Event

import pytest

from store.progress import Progress, background_work


def shared() -> tuple[float, tuple[int, int, int]]:
    return sys.getswitchinterval(), gc.get_threshold()


def test_the_settings_are_restored_after_the_last_of_many() -> None:
    before = shared()
    one, two = background_work(), background_work()
    one.__enter__()
    during = shared()
    two.__enter__()
    one.__exit__(None, None, None)
    assert shared() == during
    two.__exit__(None, None, None)
    assert shared() == before
    assert during != before


async def test_a_thread_ends_at_its_next_step_after_it_was_cancelled() -> None:
    progress, begun, ended = Progress(), Event(), Event()

    def work() -> None:
        try:
            for _ in progress.counting(repeat(None)):
                begun.set()
        finally:
            ended.set()

    working = asyncio.create_task(progress.in_thread(work))
    await asyncio.to_thread(begun.wait)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await asyncio.to_thread(ended.wait, 60)
