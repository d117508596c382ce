"""How fast `/brief` is answered, beside the least that a Bolt app can do: `make bench`.

Both are processes with the same settings of Bolt; the clients are in this one, on another core where
there is one. Parley and the echo app take turns, and the middle one of the rounds counts, so that what
else the machine does falls on both. Memory is what the server holds at the end.
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
from pathlib import Path

from tests.bench.load import FakeSlack, Measured, by_http, read_queries

ROOT = Path(__file__).parents[2]
_NUMBERS = {1: 1500, 32: 8000, 256: 12000}
"""Commands in a run, by clients."""


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
            "BENCH_CORPUS": str(corpus.resolve()) if corpus else "",
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


def memory(process: Process) -> float:
    """Give the megabytes that *process* holds."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


async def run(
    way: str, queries: Sequence[str], *, clients: int, rounds: int, corpus: Path | None
) -> tuple[Measured, Measured, float, float]:
    """Measure one line of the table: echo, Parley, and the memory of each."""
    found: dict[str, list[Measured]] = {"echo": [], "parley": []}
    held: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for who, measurements in found.items():
                slack = FakeSlack()
                async with (
                    slack.listening(),
                    server(who, way, slack, folder, corpus) as (process, port),
                ):
                    for number in (500, _NUMBERS[clients]):
                        if way == "http":
                            last = await by_http(port, queries, clients=clients, number=number)
                        else:
                            last = await slack.by_socket(queries, clients=clients, number=number)
                    measurements.append(last)
                    held[who] = memory(process)
    echo, parley = (
        sorted(found[who], key=lambda one: one.a_second)[rounds // 2] for who in ("echo", "parley")
    )
    return echo, parley, held["echo"], held["parley"]


async def table(
    queries: Sequence[str], *, rounds: int, corpus: Path | None, ways: Sequence[str]
) -> None:
    """Write the table, a line as soon as it is known."""
    write = sys.stdout.write
    write("| way in | clients | echo: a second | p50, p99 ms | Parley: a second | p50, p99 ms ")
    write("| of echo | p99 to echo's | memory MB, echo and Parley |\n")
    write("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for way in ways:
        for clients in _NUMBERS:
            echo, parley, echo_mb, parley_mb = await run(
                way, queries, clients=clients, rounds=rounds, corpus=corpus
            )
            write(
                f"| {way} | {clients} | {echo.a_second:,.0f} | {echo.p50:.2f}, {echo.p99:.2f} "
                f"| {parley.a_second:,.0f} | {parley.p50:.2f}, {parley.p99:.2f} "
                f"| {parley.a_second / echo.a_second:.0%} | {parley.p99 / echo.p99:.1f} "
                f"| {echo_mb:.0f}, {parley_mb:.0f} |\n"
            )
            sys.stdout.flush()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path, help="a folder; else the starter corpus")
    parser.add_argument("--lookups", type=Path, default=ROOT / "tests/store/lookups.jsonl")
    parser.add_argument("--ways", nargs="+", default=["http", "socket"])
    options = parser.parse_args()
    if len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, cores[1:])
    queries = read_queries(options.lookups)
    asyncio.run(
        table(queries, rounds=options.rounds, corpus=options.corpus, ways=options.ways)
    )


if __name__ == "__main__":
    main()
