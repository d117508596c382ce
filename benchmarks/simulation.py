"""Run many seeds of the simulation, and plant faults in the code to see whether it finds them.

python -m benchmarks.simulation --seeds 1000                 a week each
python -m benchmarks.simulation --world feeds --seeds 100    polls instead of posts
python -m benchmarks.simulation --seeds 20 --days 365
python -m benchmarks.simulation --seed 4711 --shrink         replay one, with few faults
python -m benchmarks.simulation --planted --seeds 100        how many seeds find each fault

Ends with 1 if a promise was broken, or if a planted fault was found in no seed.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.machine import ROOT
from tests.simulation.feed_world import FeedWorld
from tests.simulation.posting_world import PostingWorld
from tests.simulation.world import Report, World, prepare, run

WORLDS: dict[str, type[World]] = {"posting": PostingWorld, "feeds": FeedWorld}
_PACKAGES = ("benchmarks", "bot", "handlers", "store", "tests")


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault to plant: in *file*, *right* becomes *wrong*."""

    what: str
    file: str
    right: str
    wrong: str
    world: str = "posting"


DELIVERY, HISTORY = "handlers/jobs/delivery.py", "handlers/jobs/history.py"
POSTS, RECORD = "store/posting/posts.py", "store/posting/record.py"
PLANNING, ERRORS = "store/posting/planning.py", "handlers/slack/api_errors.py"

PLANTED = (
    Planted(
        "a claim that was interrupted is sent without a look into the history",
        POSTS,
        "may_have_arrived=may_be_there or post.state is not PostState.PLANNED,",
        "may_have_arrived=may_be_there or post.state is PostState.UNKNOWN,",
    ),
    Planted(
        "the history is never looked at",
        DELIVERY,
        "if claim.may_have_arrived and",
        "if claim.may_have_arrived and not claim.post.key and",
    ),
    Planted(
        "a lost answer counts as not delivered",
        ERRORS,
        "        return FailureKind.UNKNOWN_OUTCOME\n    status",
        "        return FailureKind.NOT_DELIVERED\n    status",
    ),
    Planted(
        "a server error counts as not delivered",
        ERRORS,
        "        return FailureKind.UNKNOWN_OUTCOME\n    return _KINDS",
        "        return FailureKind.NOT_DELIVERED\n    return _KINDS",
    ),
    Planted(
        "the history is looked at once, at once",
        DELIVERY,
        "for seconds in (5, 15, 30, 60)",
        "for seconds in (1,)",
    ),
    Planted(
        "a history that cannot be read counts as empty",
        DELIVERY,
        "            return self._unreadable(post, classify(error))",
        "            return None",
    ),
    Planted(
        "the history is read from too late on",
        HISTORY,
        "_MARGIN = timedelta(minutes=10)",
        "_MARGIN = timedelta(seconds=-30)",
    ),
    Planted(
        "only the metadata tells a message of ours",
        HISTORY,
        'return any(block.get("block_id")',
        'return False and any(block.get("block_id")',
    ),
    Planted(
        "replies are looked for in the channel",
        HISTORY,
        "        if parent_ts:",
        "        if parent_ts and not post.key:",
    ),
    Planted(
        "a claim that was overtaken writes its outcome",
        RECORD,
        "WHERE key = $1 AND state = $2 AND attempts = $3",
        "WHERE key = $1",
    ),
    Planted(
        "a post that was sent is planned again",
        RECORD,
        "post.state IN ('failed', 'missed')",
        "post.state IN ('failed', 'missed', 'sent')",
    ),
    Planted(
        "the ts of a message is not stored",
        RECORD,
        "            self.message_ts,\n            self.error,",
        "            None,\n            self.error,",
    ),
    Planted(
        "the story in the thread is planned only for questions of people",
        POSTS,
        "if post and outcome and outcome.message_ts and change.has_thread:",
        "if post and outcome and outcome.message_ts and change.has_thread and before.asked_by:",
    ),
    Planted(
        "nobody is asked about an unknown outcome",
        POSTS,
        "if post and outcome and outcome.asks_person:",
        "if post and outcome and outcome.asks_person and before.asked_by:",
    ),
    Planted(
        "a schedule advances twice",
        "store/posting/schedules.py",
        "after = [following(schedule).next for schedule in schedules]",
        "after = [following(following(schedule)).next for schedule in schedules]",
    ),
    Planted(
        "a schedule does not advance past a post that is there already",
        PLANNING,
        "        for schedule, new_post in zip(schedules, new_posts, strict=True):",
        "        if len(planned) < len(schedules):\n            raise DatabaseError('twice')\n"
        "        for schedule, new_post in zip(schedules, new_posts, strict=True):",
    ),
    Planted(
        "a post may come a day late",
        RECORD,
        "GRACE = timedelta(hours=2)",
        "GRACE = timedelta(hours=26)",
    ),
    Planted(
        "the schedules of a channel share the keys of their posts",
        PLANNING,
        'return f"{schedule.id}:{on}"',
        'return f"{schedule.team_id}:{schedule.channel_id}:{on}"',
    ),
    Planted(
        "today's post on demand has a key of its own",
        PLANNING,
        "        key=key or occurrence_key(schedule, on),",
        "        key=key or f\"{occurrence_key(schedule, on)}{fields.get('asked_by') or ''}\",",
    ),
    Planted(
        "a post that waits for a person has no reason",
        PLANNING,
        'return PostState.MISSED, "found too late"',
        "return PostState.MISSED, None",
    ),
    Planted(
        "a claim does not keep other processes from polling",
        "store/sources/sources.py",
        "    AND (lease_until IS NULL OR lease_until <= $2)\nRETURNING",
        "RETURNING",
        "feeds",
    ),
    Planted(
        "an edit of a feed is taken for no change",
        "store/loading/feed_load.py",
        "sorted(str(entry.story) for entry in entries)",
        "sorted(str(entry.story.provenance) for entry in entries)",
        "feeds",
    ),
    Planted(
        "a question that somebody wrote is not laid over an edited story",
        "store/articles/written_questions.py",
        "        if article.question or not written or not written[0].question:",
        "        if len(self._versions) > 1 or not written or not written[0].question:",
        "feeds",
    ),
)


def report(seed: int, *, world: type[World], template: Path, days: int) -> tuple[int, Report]:
    """Run one seed in a process of the pool."""
    logging.disable(logging.CRITICAL)
    return seed, run(world, template, seed, days=days)


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a new folder, in memory if the machine has such a file system."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="parley-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def run_seeds(
    world: type[World],
    seeds: Sequence[int],
    *,
    days: int,
    processes: int | None = None,
    stops: bool = False,
) -> tuple[int, dict[int, Report]]:
    """Run the seeds in *processes* (default: one a core); with *stops*, until one breaks a promise.

    Return how many were run, and the reports of those that broke a promise; print the rest.
    """
    broken, ran, count, faults, began = {}, 0, 0, 0, time.perf_counter()
    with scratch() as folder, Pool(processes) as pool:
        work = partial(report, world=world, template=prepare(folder), days=days)
        for seed, done in pool.imap(work, seeds):
            ran += 1
            count += done.count
            faults += len(done.faults)
            if done.broken:
                broken[seed] = done
                if stops:
                    break
    seconds = time.perf_counter() - began
    sys.stdout.write(
        f"{ran:,} seeds of {days} days: {count:,} {world.what}, {faults:,} faults,"
        f" {seconds:.0f} s; {len(broken)} broke a promise\n"
    )
    return ran, broken


def shrink(world: type[World], seed: int, *, days: int) -> frozenset[str]:
    """Return few faults with which *seed* still breaks a promise, by leaving out ever less."""
    with scratch() as folder:
        template = prepare(folder)
        kept = list(run(world, template, seed, days=days).faults)
        size = len(kept)
        while size:
            for start in range(0, len(kept), size):
                fewer = kept[:start] + kept[start + size :]
                if run(world, template, seed, days=days, only=frozenset(fewer)).broken:
                    kept = fewer
                    break
            else:
                size //= 2
        return frozenset(kept)


def _command(planted: Planted, seeds: int) -> Sequence[str]:
    days = "7" if planted.world == "posting" else "1"
    arguments = ("--world", planted.world, "--seeds", str(seeds), "--days", days, "--needed")
    return sys.executable, "-m", "benchmarks.simulation", *arguments


def plant(seeds: int) -> int:
    """Plant each fault in a copy of the code, and print how many seeds it takes to find it.

    Return how many faults are not found with that many *seeds*.
    """
    missed = 0
    for planted in PLANTED:
        with TemporaryDirectory(prefix="parley-") as folder:
            for package in _PACKAGES:
                shutil.copytree(ROOT / package, Path(folder) / package)
            file = Path(folder) / planted.file
            text = file.read_text()
            if text.count(planted.right) != 1:
                raise SystemExit(f"{planted.file} has no single place for: {planted.what}")
            file.write_text(text.replace(planted.right, planted.wrong))
            ended = subprocess.run(
                _command(planted, seeds),
                cwd=folder,
                env=os.environ | {"PYTHONPATH": folder},
                capture_output=True,
                text=True,
                check=False,
            )
        found = ended.stdout.strip().splitlines()[-1:] or [ended.stderr[-300:]]
        missed += found[0] == "0"
        sys.stdout.write(f"{found[0]:>6}  {planted.what}\n")
        sys.stdout.flush()
    return missed


def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description="Run the simulation")
    parser.add_argument("--world", choices=WORLDS, default="posting")
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--days", type=int, default=7, help="of each seed")
    parser.add_argument("--processes", type=int, help="how many at a time; default one a core")
    parser.add_argument("--seed", type=int, help="run only this one, and say what broke")
    parser.add_argument("--shrink", action="store_true", help="find few faults that suffice")
    parser.add_argument("--planted", action="store_true", help="plant faults in the code")
    parser.add_argument(
        "--needed",
        action="store_true",
        help="stop once a promise is broken, and print how many seeds that took, last (0: never)",
    )
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.planted:
        return int(plant(given.seeds) > 0)
    one = given.seed is not None
    seeds = [given.seed] if one else range(given.first, given.first + given.seeds)
    world = WORLDS[given.world]
    ran, broken = run_seeds(
        world, seeds, days=given.days, processes=given.processes, stops=given.needed
    )
    for seed, done in sorted(broken.items()):
        for what in done.broken[:3]:
            sys.stdout.write(f"seed {seed}: {what}\n")
        if given.shrink:
            few = sorted(shrink(world, seed, days=given.days))
            sys.stdout.write(f"seed {seed} needs: {', '.join(few) or 'no fault at all'}\n")
    if given.needed:
        sys.stdout.write(f"{ran if broken else 0}\n")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
