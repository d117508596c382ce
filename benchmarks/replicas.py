"""Run three bots with many channels due at once, and kill one of them: `make bench-replicas`.

Needs Debian's package postgresql. Exits with 1 unless every channel has exactly one question and
every question exactly one story.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests import postgres
from tests.replicas import Outcome, post_to_many


async def measure(channels: int) -> Outcome:
    """Run the test on a new database."""
    with postgres.server() as address, tempfile.TemporaryDirectory() as folder:
        async with postgres.schema(address) as url:
            return await post_to_many(
                url,
                Path(folder),
                channels=channels,
                replicas=3,
                kill_after=channels // 4,
                call_seconds=0.02,
            )


def main() -> int:
    """Run the test and print the result; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=500)
    channels = parser.parse_args().channels
    outcome = asyncio.run(measure(channels))
    sys.stdout.write(
        f"channels by questions: {dict(outcome.questions)}\n"
        f"questions by stories: {dict(outcome.stories)}\n"
        f"posts by state: { {state.value: n for state, n in outcome.states.items() if n} }\n"
        f"posts cut off by the kill: {outcome.cut_off}, look-ups: {outcome.looked_up}\n"
        f"{outcome.seconds:.1f} s from due to settled, leases of the killed bot included\n"
    )
    once = Counter({1: channels})
    return 0 if outcome.questions == outcome.stories == once else 1


if __name__ == "__main__":
    sys.exit(main())
