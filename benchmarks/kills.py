"""Kill reloads at random moments, and check that the corpus is always complete: old or new.

python -m benchmarks.kills --kills 200 --database postgres
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import databases
from store import Store, open_store
from store.loading import staging
from store.loading.documents import read_corpus
from store.types import Found
from tests.machine import NOW, ROOT

_DOCUMENTS, _ARTICLES = 4, 150


def write(folder: Path, mark: str) -> None:
    """Write a corpus whose stories contain *mark*; each letter of it adds a document."""
    folder.mkdir()
    for document in range(_DOCUMENTS + len(mark)):
        lines = [f"Head {document} of all"]
        for number in range(_ARTICLES):
            lines += [f"Story {document}x{number} on {mark}.", "It stands.", f"Why {mark}{number}?"]
        (folder / f"{document}.txt").write_text("\n".join(lines))


async def reload_forever(url: str, folders: list[Path]) -> None:
    """Load the folders in turn until the process is killed; every load is staged."""
    staging._FEWEST = 1
    async with open_store(url) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            for folder in folders:
                await store.loads.reload(folder, by="kills", at=NOW)
            await store.loads.undo(by="kills", at=NOW)


async def state(url: str, folders: list[Path]) -> int:
    """Return which of *folders* is loaded; fail unless exactly one is, and completely."""
    async with open_store(url) as store:
        revision = store.corpus.revision
        assert revision, "nothing is loaded"
        contents = [read_corpus(folder) for folder in folders]
        which = [each.fingerprint for each in contents].index(revision.fingerprint)
        wanted = {(a.document, a.position): a.summary for a in contents[which].articles()}
        assert revision.articles == len(wanted)
        assert await find_all(store) == wanted, "not the articles of one corpus"
        reload = await store.loads.reload(folders[which], by="kills", at=NOW)
        assert not reload.is_changed, "not what was loaded"
        return which


async def find_all(store: Store) -> dict[tuple[str, int], str]:
    """Return the summaries of all articles, found through the index."""
    answer = await store.corpus.find("head of all story", limit=1_000_000)
    assert isinstance(answer, Found)
    return {
        (match.article.document, match.article.position): match.article.summary
        for match in answer.matches
    }


async def run(kills: int, seed: int, kind: str = "sqlite") -> Counter[int]:
    """Kill this many reloads; return how often each of the two corpora was loaded afterwards.

    The database is one of `databases.KINDS`.
    """
    rng = random.Random(seed)
    found: Counter[int] = Counter()
    with TemporaryDirectory(prefix="parley-kills-") as temporary:
        folders = [Path(temporary) / "old", Path(temporary) / "new"]
        for path, mark in zip(folders, ("ants", "bees!"), strict=True):
            write(path, mark)
        async with databases.database(kind) as url:
            await _first(url, folders[0])
            for number in range(1, kills + 1):
                await asyncio.to_thread(_kill, url, folders, seconds=rng.uniform(0, 3))
                found[await state(url, folders)] += 1
                if number % 20 == 0:
                    print(f"{number} kills, always whole", file=sys.stderr, flush=True)
    return found


def _kill(url: str, folders: list[Path], *, seconds: float) -> None:
    """Reload in another process, and kill it after so many seconds."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kills", "--child", url, *map(str, folders)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert child.stdout
    with child.stdout as output:
        assert output.readline() == b"ready\n"
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGKILL)
    child.wait()


async def _first(url: str, folder: Path) -> None:
    async with open_store(url) as store:
        await store.loads.reload(folder, by="kills", at=NOW)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--database", choices=databases.KINDS, default="sqlite")
    parser.add_argument("--child", nargs=3, metavar=("URL", "OLD", "NEW"))
    arguments = parser.parse_args()
    if arguments.child:
        address, *both = arguments.child
        asyncio.run(reload_forever(address, [Path(one) for one in both]))
    counts = asyncio.run(run(arguments.kills, arguments.seed, arguments.database))
    sys.stdout.write(
        f"{arguments.kills} kills on {arguments.database} (seed {arguments.seed}): the old corpus"
        f" {counts[0]} times, the new one {counts[1]} times, always whole.\n"
    )
