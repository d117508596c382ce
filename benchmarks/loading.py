"""Measure how fast a corpus loads, how much memory that takes, and how long people wait during it.

python -m benchmarks.loading --size 100000
"""

import argparse
import asyncio
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from benchmarks.corpora import News
from benchmarks.databases import KINDS, database
from benchmarks.load import FakeSlack, payloads
from bot.app import assemble
from bot.clock import system_clock
from bot.settings import Settings
from store import Store, open_store
from store.loading.documents import read_corpus
from tests.ids import T1

ROOT = Path(__file__).parents[1]
_MOST_MS = 250
"""The limit for the longest write, in milliseconds."""
_INSERT = "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def insert_only(folder: Path, database: Path) -> float:
    """Insert the same rows into one SQLite table with executemany; return the seconds it takes."""
    articles = list(read_corpus(folder).articles())
    started = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE article (id TEXT PRIMARY KEY, number BIGINT, document TEXT,"
            " position BIGINT, headline TEXT, summary TEXT, insight TEXT, question TEXT)"
        )
        with connection:
            connection.executemany(
                _INSERT,
                (
                    (
                        str(number),
                        number,
                        a.document,
                        a.position,
                        a.headline,
                        a.summary,
                        a.insight,
                        a.question,
                    )
                    for number, a in enumerate(articles)
                ),
            )
    return time.perf_counter() - started


async def send_commands(app: AsyncApp, queries: list[str], is_done: asyncio.Event) -> list[float]:
    """Send `/brief` every few milliseconds; return how long each answer took, in ms."""
    took: list[float] = []
    for payload in payloads(queries, 1_000_000):
        if is_done.is_set():
            break
        started = time.perf_counter()
        response = await app.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        took.append((time.perf_counter() - started) * 1000)
        if response.status != 200:
            raise RuntimeError(response.body)
        await asyncio.sleep(0.005)
    return took


async def write_requests(store: Store, is_done: asyncio.Event) -> list[float]:
    """Write a topic request every 0.1 s; return how long each write took, in ms."""
    took: list[float] = []
    for number in count():
        if is_done.is_set():
            return took
        started = time.perf_counter()
        now = datetime.now(UTC)
        await store.topic_requests.add(T1, f"request {number}", by=f"{number}", now=now)
        took.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.1)
    return took


async def load(url: str, folder: Path) -> None:
    """Load a corpus; print the seconds, and the peak memory in MB before and after."""
    async with open_store(url) as store:
        before = _peak()
        started = time.perf_counter()
        await store.loads.reload(folder, by="bench", at=datetime.now(UTC))
        took = time.perf_counter() - started
    sys.stdout.write(f"{took} {before} {_peak()}\n")


def load_in_child(url: str, folder: Path) -> tuple[float, ...]:
    """Run `load` in another process; return what it prints."""
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.loading", "--child", url, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(map(float, child.stdout.split()))


async def time_to_open(url: str) -> float:
    """Return the seconds that it takes to open the store."""
    started = time.perf_counter()
    async with open_store(url):
        return time.perf_counter() - started


async def edit(url: str, folder: Path) -> tuple[float, float]:
    """Edit every story of one file; return the seconds that the reload and the undo take."""
    file = max(folder.glob("*.txt"))  # noqa: ASYNC240 -- nothing else runs
    text = file.read_text()
    async with open_store(url) as store:
        file.write_text(text.replace(".\n", " again.\n"))
        started = time.perf_counter()
        await store.loads.reload(folder, by="bench", at=datetime.now(UTC))
        reloaded = time.perf_counter() - started
        file.write_text(text)
        started = time.perf_counter()
        await store.loads.undo(by="bench", at=datetime.now(UTC))
        return reloaded, time.perf_counter() - started


async def embed(store: Store, *, seconds: float) -> None:
    """Embed stories for so long; the model is loaded first."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await store.embedder.run()


Work = Callable[[], Awaitable[object]]


async def measure_waits(url: str, small: Path, large: Path, edited: Path) -> float:
    """Send commands and write while the corpus is loaded and changed, and print a table.

    *edited* is *large* with other texts. Return how long the longest write took, in ms.
    """
    # More queries than the cache of answers holds, so that each one is looked up.
    queries = [lookup.query for lookup in News(1_000).lookups(1_000)]
    async with FakeSlack().listening() as slack:
        settings = Settings(
            slack_bot_token="xoxb-1",
            slack_app_token="xapp-1",
            slack_api_url=slack.api,
            database_url=url,
            corpus_dir=small,
        )
        async with assemble(settings, clock=system_clock) as parley:
            worst = 0.0
            loads, at = parley.store.loads, datetime.now(UTC)
            works: dict[str, Work] = {
                "nothing else": lambda: asyncio.sleep(3),
                "the load": lambda: loads.reload(large, by="b", at=at),
                "embedding": lambda: embed(parley.store, seconds=10),
                "an edit of every story": lambda: loads.reload(edited, by="b", at=at),
                "the undo of the edit": lambda: loads.undo(by="b", at=at),
                "the removal of all but 1,000": lambda: loads.reload(small, by="b", at=at),
                "the undo of the removal": lambda: loads.undo(by="b", at=at),
            }
            for name, work in works.items():
                is_done = asyncio.Event()
                tasks = asyncio.gather(
                    send_commands(parley.app, queries, is_done),
                    write_requests(parley.store, is_done),
                )
                await work()
                is_done.set()
                commands, writes = map(sorted, await tasks)
                print(f"| {name} | {_format(commands)} | {_format(writes)} |", flush=True)
                worst = max(worst, writes[-1])
    return worst


async def run(size: int, sentences: int, kind: str, *, has_load: bool) -> int:
    """Run the benchmark and print the tables; return 1 if a write waits too long.

    *has_load* is whether to measure a load in a process of its own first.
    """
    with TemporaryDirectory(prefix="parley-bench-") as temporary:
        at = Path(temporary)
        small, large, edited = at / "small", at / "large", at / "edited"
        for folder, articles in ((small, 1_000), (large, size), (edited, size)):
            folder.mkdir()
            News(articles, sentences=sentences).write(folder)
        for file in edited.glob("*.txt"):
            file.write_text(file.read_text().replace(".\n", " again.\n"))
        if has_load:
            await _measure_load(large, kind, size)
        print("| during | `/brief` without HTTP | a write |\n| --- | --- | --- |")
        async with database(kind) as url:
            worst = await measure_waits(url, small, large, edited)
        print(f"\nThe longest write took {worst:,.0f} ms; {_MOST_MS} ms are allowed.")
        return int(worst > _MOST_MS)


async def _measure_load(folder: Path, kind: str, size: int) -> None:
    sizes = await asyncio.to_thread(lambda: [file.stat().st_size for file in folder.iterdir()])
    async with database(kind) as url:
        loaded, before, peak = await asyncio.to_thread(load_in_child, url, folder)
        start = await time_to_open(url)
        reloaded, undone = await edit(url, folder)
    bare = insert_only(folder, folder.parent / "bare.db")
    print(f"| {size:,} articles, {sum(sizes) / 1e6:,.0f} MB of text | |\n| --- | --- |")
    for name, value in (
        ("load", f"{loaded:,.1f} s, {size / loaded:,.0f} articles per second"),
        ("a bare executemany of the same rows", f"{bare:,.1f} s"),
        ("ratio", f"{bare / loaded:.2f}"),
        ("peak memory", f"{peak:,.0f} MB, {peak - before:,.0f} MB more than before the load"),
        ("start from the stored index", f"{start:,.2f} s"),
        ("reload of one edited file", f"{reloaded:,.2f} s"),
        ("undo of that reload", f"{undone:,.2f} s"),
    ):
        print(f"| {name} | {value} |")
    print()


def _format(took: list[float]) -> str:
    median, late = took[len(took) // 2], took[int(len(took) * 0.99)]
    return f"median {median:,.1f} ms, 99 % {late:,.1f} ms, worst {took[-1]:,.1f} ms ({len(took):,})"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument(
        "--sentences", type=int, default=0, help="sentences in each insight; 14 make 1 kB"
    )
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--waits", action="store_true", help="measure only how long others wait")
    parser.add_argument("--child", nargs=2, metavar=("URL", "FOLDER"))
    arguments = parser.parse_args()
    if arguments.child:
        address, path = arguments.child
        asyncio.run(load(address, Path(path)))
    else:
        what = arguments.size, arguments.sentences, arguments.database
        sys.exit(asyncio.run(run(*what, has_load=not arguments.waits)))
