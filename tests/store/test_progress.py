"""Long work changes settings of the process, and restores them afterwards."""

import gc
import sys

from store.progress import background_work


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
