"""The machine that the tests run on: its clock, and the environment of the processes they start.

Tests take the time from here, so that the suite does the same on every day
(`tests/test_architecture.py`). `tests/any_day.py` runs it on days that would show otherwise.
"""

import os
import random
import socket
from datetime import UTC, datetime
from pathlib import Path

from bot.clock import MovableClock

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""A Tuesday morning: the time at which every test begins."""

PROCESSES = ROOT / "tests" / "processes"
"""The folder of what Python imports first in the processes that tests start."""

_PORTS = random.SystemRandom()

PATIENCE = 120
"""Seconds that nothing takes, however slow the machine is."""


def running_clock(start: datetime = NOW) -> MovableClock:
    """Return a clock that shows *start* and runs on.

    A bot in another process reads the same time if its CLOCK_URL leads to this clock.
    """
    clock = MovableClock()
    clock.move(start - clock())
    return clock


def free_port() -> int:
    """Return a port of this machine that no process listens on, for one that will.

    It is below those that the system hands out by itself (RFC 6335, section 6, and Linux's
    `ip_local_port_range`), or a connection of another test could take it before the process starts.
    """
    while True:
        port = _PORTS.randint(15_000, 30_000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of a bot process: *settings*, and nothing that the developer has set.

    The bot embeds no stories, which takes longer than most tests of a process, unless TESTS_EMBED
    is one of *settings*. The clock and the zone that `tests/any_day.py` sets are passed on.
    """
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TZ")}
    if is_faked():
        kept |= {name: value for name, value in os.environ.items() if "FAKE" in name}
        kept["LD_PRELOAD"] = os.environ["LD_PRELOAD"]
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), str(PROCESSES)]), **settings}


def real_environment() -> dict[str, str]:
    """Return this process's environment with the machine's own clock, for what is not Parley."""
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


def is_faked() -> bool:
    """Return whether libfaketime moves the clock of this process."""
    return "FAKETIME" in os.environ
