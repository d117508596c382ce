"""Python imports this when it starts a bot for a test, and in pytest under `tests/any_day.py`."""

import os
import select
import sys
import time


def _sleep(seconds: float, /) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


if "FAKETIME" in os.environ:
    # libfaketime 0.9.10 makes `clock_nanosleep` fail with EINVAL unless it moves the monotonic
    # clock too.
    time.sleep = _sleep  # type: ignore[assignment]
if "TESTS_EMBED" not in os.environ:
    # Then Parley finds no embeddings installed.
    sys.modules["threadpoolctl"] = None  # type: ignore[assignment]
