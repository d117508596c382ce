"""Measure how fast `/brief` is answered, compared with a minimal Bolt app: `make bench`.

No look-up is made twice, and words decide each: semantic search is not needed. Look-ups from a
file are repeated, and most answers come from the cache. The stories are embedded, and the server
idle, before anything is measured.

Parley and the minimal app ("echo") run as separate processes with the same Bolt settings. The
clients run in this process, on another core if there is one. The two servers are measured in turn,
and the median round counts, so that other load on the machine affects both. CPU time is that of the
server process, which other load changes least. Memory is measured at the end. The benchmark fails
if Parley is slower than the limits allow.
"""

import argparse
import asyncio
import math
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, product
from pathlib import Path

from benchmarks.corpora import News, new_lookups
from benchmarks.load import FakeSlack, Measured, by_http, read_queries
from store import open_store
from store.finding.finder import Finder
from store.loading.documents import read_corpus
from store.samples import STARTER
from store.types import Article, Found
from tests.machine import free_port

ROOT = Path(__file__).parents[1]
_NUMBERS = {1: 1500, 32: 3000, 256: 6000}
"""Commands in a run, by number of clients."""
_WARM_UP = 500
_MOST_STORIES = 20_000
"""How many stories new look-ups are about."""
_NEW, _REPEATED, _OF_A_MILLION = (0.45, 3.0), (0.6, 2.0), (0.25, math.inf)
"""Limits with 32 clients: minimum share of the echo app's speed, maximum multiple of its p99."""
_IDLE, _PAUSE = 0.05, 0.5
"""A server that uses less of a core for so many seconds is idle."""
_EMBEDDED = 20_000
"""The stories of a larger corpus are embedded while it is measured, because that takes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The result of one server in one round."""

    speed: Measured
    cpu: float
    """Microseconds of CPU time for each command."""
    memory: float
    """Megabytes."""


@asynccontextmanager
async def server(
    name: str, transport: str, slack: FakeSlack, folder: str, corpus: Path | None
) -> AsyncIterator[tuple[Process, int]]:
    """Start one of the servers; yield its process and its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.servers", name, transport),
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "BENCH_API": slack.api,
            "BENCH_PORT": str(port),
            "BENCH_FOLDER": folder,
            "BENCH_CORPUS": str(corpus or ""),
        },
        stdout=PIPE,
    )
    assert process.stdout
    try:
        line = await process.stdout.readline()
        if not line.startswith(b"ready"):
            raise RuntimeError(f"{name} did not start")
        yield process, port
        process.terminate()
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


def cpu(process: Process) -> float:
    """Return the seconds of CPU time that *process* has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: Process) -> float:
    """Return the resident memory of *process* in megabytes."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


async def run(
    transport: str,
    queries: Sequence[str],
    *,
    clients: int,
    rounds: int,
    folder: str,
    corpus: Path | None,
) -> tuple[Line, Line]:
    """Measure one row of the table; return the median rounds of the echo app and of Parley.

    Parley's database is in *folder*.
    """
    found: dict[str, list[Line]] = {"echo": [], "parley": []}
    for _ in range(rounds):
        for name, lines in found.items():
            lines.append(await _measure(name, transport, queries, clients, folder, corpus))
    echo, parley = (
        sorted(lines, key=lambda line: line.speed.per_second)[rounds // 2]
        for lines in found.values()
    )
    return echo, parley


async def _measure(
    name: str,
    transport: str,
    queries: Sequence[str],
    clients: int,
    folder: str,
    corpus: Path | None,
) -> Line:
    slack = FakeSlack()
    async with slack.listening(), server(name, transport, slack, folder, corpus) as (process, port):
        await until_idle(process)
        for number, sent in ((_WARM_UP, queries), (_NUMBERS[clients], [*queries[_WARM_UP:]])):
            before = cpu(process)
            if transport == "http":
                speed = await by_http(port, sent or queries, clients=clients, number=number)
            else:
                speed = await slack.by_socket(sent or queries, clients=clients, number=number)
        used = (cpu(process) - before) / number * 1e6
        return Line(speed=speed, cpu=used, memory=memory(process))


async def until_idle(process: Process) -> None:
    """Wait until the server has loaded its models, which it does after it accepts requests."""
    before = -1.0
    while (now := cpu(process)) - before > _IDLE * _PAUSE:
        before = now
        await asyncio.sleep(_PAUSE)


async def table(
    queries: Sequence[str],
    *,
    rounds: int,
    corpus: Path | None,
    transports: Sequence[str],
    clients: Sequence[int],
    limits: tuple[float, float],
) -> list[str]:
    """Print the table row by row; return a sentence for each limit that was missed."""
    failures = []
    floor, ceiling = limits
    heads = (
        *("transport", "clients", "echo: per second", "p50, p99 ms", "CPU µs", "MB"),
        *(
            "Parley: per second",
            "p50, p99 ms",
            "CPU µs",
            "MB",
            "share of echo's speed",
            "p99 / echo's p99",
        ),
    )
    _print_row(heads)
    _print_row(["---"] * len(heads))
    with tempfile.TemporaryDirectory() as folder:
        await _load(folder, corpus or STARTER)
        for transport, count in product(transports, clients):
            lines = await run(
                transport, queries, clients=count, rounds=rounds, folder=folder, corpus=corpus
            )
            cells = [transport, str(count)]
            for line in lines:
                speed = line.speed
                cells += [
                    f"{speed.per_second:,.0f}",
                    f"{speed.p50:.2f}, {speed.p99:.2f}",
                    f"{line.cpu:.0f}",
                    f"{line.memory:.0f}",
                ]
            echo, parley = (line.speed for line in lines)
            share, late = parley.per_second / echo.per_second, parley.p99 / echo.p99
            cells += [f"{share:.0%}", f"{late:.1f}"]
            _print_row(cells)
            if count == 32 and share < floor:
                failures.append(
                    f"{transport}: {share:.0%} of the echo app's speed; "
                    f"at least {floor:.0%} is required."
                )
            if count == 32 and late > ceiling:
                failures.append(
                    f"{transport}: p99 is {late:.1f} times the echo app's; "
                    f"at most {ceiling} is allowed."
                )
    return failures


async def _load(folder: str, corpus: Path) -> None:
    """Load *corpus* into Parley's database in *folder*, and embed its stories."""
    async with open_store(f"sqlite:///{folder}/parley.db") as store:
        await store.loads.reload(corpus, by="bench", at=datetime.now(UTC))
        if store.corpus.finder.index.size <= _EMBEDDED:
            await store.embedder.run()


async def _decided_by_words(articles: Sequence[Article], count: int) -> list[str]:
    """Return *count* new look-ups that find a story by their words."""
    finder = Finder.of(articles)
    drafts = new_lookups(articles, count + count // 4)
    found = [query for query in drafts if isinstance(await finder.find(query), Found)]
    return found[:count]


def _print_row(cells: Sequence[str]) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def _whole_path(text: str) -> Path:
    return Path(text).resolve()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=_whole_path, help="a folder; default: the starter corpus")
    parser.add_argument("--lookups", type=Path, help="repeat the look-ups of this file")
    parser.add_argument("--size", type=int, help="generate a corpus of this size")
    parser.add_argument("--transports", nargs="+", default=["http", "socket"])
    parser.add_argument("--clients", nargs="+", type=int, default=[*_NUMBERS], choices=_NUMBERS)
    options = parser.parse_args()
    if len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, cores[1:])
    with tempfile.TemporaryDirectory() as generated:
        corpus = options.corpus
        if options.size:
            corpus = Path(generated)
            News(options.size).write(corpus)
        if options.lookups:
            queries, limits = read_queries(options.lookups), _REPEATED
        else:
            articles = [*islice(read_corpus(corpus or STARTER).articles(), _MOST_STORIES)]
            count = _WARM_UP + max(_NUMBERS.values())
            queries = asyncio.run(_decided_by_words(articles, count))
            limits = _NEW
        failures = asyncio.run(
            table(
                queries,
                rounds=options.rounds,
                corpus=corpus,
                transports=options.transports,
                clients=options.clients,
                limits=_OF_A_MILLION if (options.size or 0) >= 1_000_000 else limits,
            )
        )
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
