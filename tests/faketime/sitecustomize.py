"""Python imports this when it starts under `tests/any_day.py`.

libfaketime 0.9.10 makes `clock_nanosleep` fail with EINVAL unless it moves the monotonic clock too.
"""

import select
import time


def _sleep(seconds: float, /) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep  # type: ignore[assignment]
