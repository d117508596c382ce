"""Kill the bot at random moments, and count the messages that arrived.

One or two bot processes post, and one or all of them are killed with SIGKILL. Then one or two are
started again. The local workspace sometimes answers late, before or after it stored the message.
Each round is one occurrence of a schedule: its question and its story must each be there once.

SQLite allows one process, PostgreSQL several.

    python -m benchmarks.sigkill --kills 1000 --database postgres
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter

from benchmarks import databases
from benchmarks.scene import POST, Scene, with_scene
from bot.workspace import Fault


async def measure(kills: int, seed: int, url: str) -> int:
    """Kill this many times and print the results; return how many rounds went wrong."""
    chance = random.Random(seed)
    killed: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    began = time.monotonic()

    async def run(scene: Scene) -> None:
        for number in range(1, kills + 1):
            when = await _kill(scene, chance, counts)
            killed[when] += 1
            await scene.start(chance.choice(counts))
            await scene.settle()
            await scene.kill()
            found = scene.count()
            due = [key + of for key in scene.keys for of in ("", ":story")]
            wrong[when] += any(found[key] != 1 for key in due)
            if number % 100 == 0:
                print(f"{number} kills, {wrong.total()} wrong", file=sys.stderr, flush=True)

    counts = (1,) if url.startswith("sqlite") else (1, 2)
    await with_scene(url, run)
    print("| when it was killed | Slack had it | kills | not exactly one message |")
    print("|---|---|---:|---:|")
    for when, count in sorted(killed.items()):
        print(f"| {when[0]} | {when[1]} | {count} | {wrong[when]} |")
    print(f"| **all** | | **{kills}** | **{wrong.total()}** |")
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return wrong.total()


async def _kill(scene: Scene, chance: random.Random, counts: tuple[int, ...]) -> tuple[str, str]:
    """Start an occurrence and kill at a random moment.

    Return the state of the posts at that time, and whether Slack had the message.
    """
    count = chance.choice(counts)
    await scene.start(count)
    # A slow Slack lengthens the phases of a post, which are very short on loopback.
    slow = chance.choice((0, 0.1, 0.2))
    if slow:
        is_after = chance.random() < 0.5
        fault = Fault(method=POST, kind="delay", seconds=slow, after=is_after, times=2)
        scene.workspace.faults.add(fault)
    await scene.go_to_next_occurrence()
    await asyncio.sleep(chance.uniform(0.03, 0.25 + 2 * slow))
    await scene.kill(chance.choice((count, 1)))
    scene.workspace.faults.clear()
    states, arrived = await scene.states(), scene.count()
    question, story = states.get(scene.key), states.get(f"{scene.key}:story")
    if question is None:
        return "before the question was planned", ""
    if question != "sent":
        return f"question {question}", "yes" if arrived[scene.key] else "not yet"
    return f"question sent, story {story}", "yes" if arrived[f"{scene.key}:story"] else "not yet"


async def _on(database: str, kills: int, seed: int) -> int:
    async with databases.database(database) as url:
        return await measure(kills, seed, url)


def main() -> int:
    """Run the test; return 1 if any round went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=databases.KINDS, default="sqlite")
    arguments = parser.parse_args()
    return int(asyncio.run(_on(arguments.database, arguments.kills, arguments.seed)) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
