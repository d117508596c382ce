"""How fast `/brief` is answered, beside the least that a Bolt app can do: `make bench`.

Both are processes with the same settings of Bolt. The clients are in this one, on another core
where there is one. Parley and the echo app take turns, and the middle one of the rounds counts, so
that what else the machine does falls on both. CPU is the server's own, which a busy machine changes
least. Memory is what it holds at the end. It fails where Parley is slower than it may be.
"""

import argparse
import asyncio
import os
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.bench.corpora import News
from tests.bench.load import FakeSlack, Measured, by_http, read_queries

ROOT = Path(__file__).parents[2]
_NUMBERS = {1: 1500, 32: 8000, 256: 12000}
"""Commands in a run, by clients."""
_WARM_UP = 500
_FLOOR, _FLOOR_OF_A_MILLION, _LATEST = 0.6, 0.25, 2.0
"""With 32 clients: the least share of the echo app's speed, and the most times its p99."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one server came to, in the middle one of the rounds."""

    speed: Measured
    cpu: float
    """Microseconds of CPU for a command."""
    memory: float


@asynccontextmanager
async def server(
    who: str, way: str, slack: FakeSlack, folder: str, corpus: Path | None
) -> AsyncIterator[tuple[Process, int]]:
    """Start one of the servers; give its process and its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.servers", who, way),
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
            raise RuntimeError(f"{who} did not start")
        yield process, port
        process.terminate()
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


def cpu(process: Process) -> float:
    """Give the seconds of CPU that *process* has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: Process) -> float:
    """Give the megabytes that *process* holds."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


async def run(
    way: str, queries: Sequence[str], *, clients: int, rounds: int, folder: str, corpus: Path | None
) -> tuple[Line, Line]:
    """Measure one line of the table: the echo app and Parley, whose database is in *folder*."""
    found: dict[str, list[Line]] = {"echo": [], "parley": []}
    for _ in range(rounds):
        for who, lines in found.items():
            lines.append(await _measure(who, way, queries, clients, folder, corpus))
    echo, parley = (
        sorted(lines, key=lambda one: one.speed.a_second)[rounds // 2] for lines in found.values()
    )
    return echo, parley


async def _measure(
    who: str, way: str, queries: Sequence[str], clients: int, folder: str, corpus: Path | None
) -> Line:
    slack = FakeSlack()
    async with slack.listening(), server(who, way, slack, folder, corpus) as (process, port):
        for number in (_WARM_UP, _NUMBERS[clients]):
            before = cpu(process)
            if way == "http":
                speed = await by_http(port, queries, clients=clients, number=number)
            else:
                speed = await slack.by_socket(queries, clients=clients, number=number)
        used = (cpu(process) - before) / number * 1e6
        return Line(speed=speed, cpu=used, memory=memory(process))


async def table(
    queries: Sequence[str], *, rounds: int, corpus: Path | None, ways: Sequence[str], floor: float
) -> list[str]:
    """Write the table, a line as soon as it is known; give a sentence for each broken promise."""
    broken = []
    heads = (
        *("way in", "clients", "echo: a second", "p50, p99 ms", "CPU µs", "MB"),
        *("Parley: a second", "p50, p99 ms", "CPU µs", "MB", "of echo's speed", "p99 to echo's"),
    )
    _row(heads)
    _row(["---"] * len(heads))
    with tempfile.TemporaryDirectory() as folder:
        for way, clients in product(ways, _NUMBERS):
            lines = await run(
                way, queries, clients=clients, rounds=rounds, folder=folder, corpus=corpus
            )
            cells = [way, str(clients)]
            for line in lines:
                speed = line.speed
                cells += [
                    f"{speed.a_second:,.0f}",
                    f"{speed.p50:.2f}, {speed.p99:.2f}",
                    f"{line.cpu:.0f}",
                    f"{line.memory:.0f}",
                ]
            echo, parley = (line.speed for line in lines)
            share, late = parley.a_second / echo.a_second, parley.p99 / echo.p99
            cells += [f"{share:.0%}", f"{late:.1f}"]
            _row(cells)
            if clients == 32 and share < floor:
                broken.append(f"{way}: {share:.0%} of the echo app's speed, and not {floor:.0%}.")
            if clients == 32 and floor == _FLOOR and late > _LATEST:
                broken.append(f"{way}: p99 is {late:.1f} times the echo app's, and not {_LATEST}.")
    return broken


def _row(cells: Sequence[str]) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def _whole_path(text: str) -> Path:
    return Path(text).resolve()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=_whole_path, help="a folder; else the starter corpus")
    parser.add_argument("--lookups", type=Path, default=ROOT / "tests/store/finding/lookups.jsonl")
    parser.add_argument("--size", type=int, help="of a corpus that is made, with its look-ups")
    parser.add_argument("--different", type=int, default=324, help="look-ups, with --size")
    parser.add_argument("--ways", nargs="+", default=["http", "socket"])
    options = parser.parse_args()
    if len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, cores[1:])
    with tempfile.TemporaryDirectory() as made:
        corpus, queries = options.corpus, []
        if options.size:
            corpus, news = Path(made), News(options.size)
            news.write(corpus)
            queries = [lookup.query for lookup in news.lookups(options.different)]
        broken = asyncio.run(
            table(
                queries or read_queries(options.lookups),
                rounds=options.rounds,
                corpus=corpus,
                ways=options.ways,
                floor=_FLOOR_OF_A_MILLION if (options.size or 0) >= 1_000_000 else _FLOOR,
            )
        )
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
