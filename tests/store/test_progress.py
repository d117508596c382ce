"""What long work changes for the whole process is as it was when nobody works any more."""

import gc
import sys

from store.progress import background_work


def shared() -> tuple[float, tuple[int, int, int]]:
    return sys.getswitchinterval(), gc.get_threshold()


def test_the_usual_comes_back_after_the_last_of_many() -> None:
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
