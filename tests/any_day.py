"""Run the tests on days, at hours and in zones at which tests fail: `make test-any-day`.

libfaketime moves the clock of pytest, of its workers and of every bot that a test starts, all by
the same distance, and TZ sets their zone. The days are dates, not distances from today, so that a
failure can be repeated. Some things are not moved:

- The monotonic clock, because a wait for a lock would hang. asyncio and deadlines use it.
- The times of files, because Python would compile every module again.
- PostgreSQL, which no statement of ours asks for the time. Its zone is that of the run.
- Chromium, which does not start with libfaketime. The page shows the workspace's time.

libfaketime 0.9.10 breaks `time.sleep` while the monotonic clock is not moved:
`tests/processes/sitecustomize.py` replaces it.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from bot.clock import system_clock
from tests.machine import PROCESSES, ROOT

# Debian has it below the name of the architecture, others in lib itself.
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
_MISSING = "libfaketime is missing: on Debian and Ubuntu, apt install libfaketime"


@dataclass(frozen=True)
class Day:
    """When and where a run begins."""

    at: datetime
    zone: str = "UTC"


DAYS = {
    # Schedules that run from Monday to Friday have nothing to post for two days.
    "friday-evening": Day(datetime(2026, 11, 27, 21, 30, tzinfo=UTC)),
    # Sunday begins there, fourteen hours ahead of UTC.
    "saturday": Day(datetime(2026, 11, 28, 10, 0, tzinfo=UTC), "Pacific/Kiritimati"),
    # It is still the 28th there, three and a half hours behind UTC.
    "leap-day": Day(datetime(2028, 2, 29, 0, 30, tzinfo=UTC), "America/St_Johns"),
    "new-year": Day(datetime(2026, 12, 31, 23, 58, tzinfo=UTC)),
    # The clocks change two minutes after the start.
    "europe-spring": Day(datetime(2027, 3, 28, 0, 58, tzinfo=UTC), "Europe/Berlin"),
    "europe-autumn": Day(datetime(2027, 10, 31, 0, 58, tzinfo=UTC), "Europe/Berlin"),
    "us-spring": Day(datetime(2027, 3, 14, 6, 58, tzinfo=UTC), "America/New_York"),
    "us-autumn": Day(datetime(2027, 11, 7, 5, 58, tzinfo=UTC), "America/New_York"),
}


def library(folders: Sequence[str] = _LIBRARIES) -> Path | None:
    """Return libfaketime for programs with threads; None if it is not installed."""
    name = "faketime/libfaketimeMT.so.1"
    found = (
        path for one in folders for where in ("", "*/") for path in Path(one).glob(where + name)
    )
    return next(found, None)


def faked(day: Day, path: Path, now: datetime) -> dict[str, str]:
    """Return the variables that move a process from *now* to *day*, with the library at *path*.

    The clock is moved by an offset: with a fixed date, each new process would start at that date.
    """
    return {
        "LD_PRELOAD": str(path),
        "FAKETIME": f"{ceil((day.at - now).total_seconds()):+}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Without it, a wait for a lock is measured from the faked clock; if the time left comes out
        # negative, Python aborts: "take_gil: PyCOND_WAIT(gil->cond) failed".
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "NO_FAKE_STAT": "1",
        "PYTHONPATH": str(PROCESSES),
        "TZ": day.zone,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run pytest on each day; return 0 if all runs passed."""
    parser = argparse.ArgumentParser(description="Run the tests on days at which tests fail")
    parser.add_argument(
        "days", nargs="*", metavar="day", help=f"of {', '.join(DAYS)}; default: all"
    )
    parser.add_argument(
        "--tests", default="tests", help="files or folders, for a part of the tests"
    )
    given = parser.parse_args(arguments)
    if unknown := set(given.days) - set(DAYS):
        parser.error(f"{', '.join(sorted(unknown))} is not one of the days: {', '.join(DAYS)}")
    path = library()
    if path is None:
        parser.exit(1, f"{_MISSING}\n")
    results = {}
    for name in given.days or DAYS:
        day = DAYS[name]
        sys.stdout.write(f"\n{name}: from {day.at:%A %d %B %Y, %H:%M} UTC in {day.zone}\n")
        sys.stdout.flush()
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--numprocesses", "auto", "--maxprocesses", "4"),
                *given.tests.split(),
            ],
            cwd=ROOT,
            env=os.environ | faked(day, path, system_clock()),
            check=False,
        )
        results[name] = "passed" if run.returncode == 0 else "failed"
    sys.stdout.write("\n" + "".join(f"{name}: {result}\n" for name, result in results.items()))
    return int("failed" in results.values())


if __name__ == "__main__":
    sys.exit(main())
