"""A PostgreSQL server for the tests: Debian's package, in a temporary folder, on a Unix socket."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Self
from urllib.parse import quote

import asyncpg
import pytest

from store.db import open_database
from tests.machine import real_environment

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_NUMBERS = count(1)
_TEMPLATE = "template_of_parley"
_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY relname
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SEED = "INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, $1)"
_pools: dict[str, "_Pool"] = {}
"""{address of a server: its databases}."""


class Server:
    """A server in a temporary folder, run as the user postgres (it refuses root)."""

    def __init__(self, folder: Path) -> None:
        """Create the files of the server in *folder*."""
        self.url = f"postgresql://parley@/postgres?host={quote(str(folder), safe='')}"
        self._folder = folder
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            self._prefix = ["runuser", "-u", "postgres", "--"]
        self._run(
            "initdb",
            "--username=parley",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        # No test needs to survive a power cut, so do not wait for the disk.
        options = (
            f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off"
            " -c autovacuum=off"
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", "--log", log, "--options", options, "--wait", "start")

    def stop(self) -> None:
        """Stop the server as a crash does: it recovers when it starts again."""
        self._run("pg_ctl", "--mode=immediate", "stop")

    def freeze(self) -> None:
        """Stop every process of the server where it is, as a disk that hangs does."""
        # The first process must be stopped before its children are listed: it starts new ones.
        os.kill(self._pid, signal.SIGSTOP)
        for pid in self._children():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume the frozen processes."""
        for pid in [*self._children(), self._pid]:
            os.kill(pid, signal.SIGCONT)

    @property
    def _pid(self) -> int:
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def _children(self) -> list[int]:
        pid = self._pid
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [
                *self._prefix,
                str(_BINARIES[-1].parent / program),
                f"--pgdata={self._folder / 'data'}",
                *arguments,
            ],
            check=True,
            cwd=self._folder,
            env=real_environment(),
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, yield it, and delete it at the end."""
    if not _BINARIES:
        pytest.skip("needs Debian's package postgresql, which is not here")
    folder = Path(tempfile.mkdtemp(prefix="parley-pg-"))
    try:
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def server() -> Iterator[str]:
    """Start a server, and yield its URL."""
    with running() as one:
        yield one.url


@asynccontextmanager
async def database(address: str) -> AsyncIterator[str]:
    """Yield the URL of a database on the server at *address*, with today's schema and no rows."""
    if address not in _pools:
        _pools[address] = await _Pool.made(address)
    async with _pools[address].database() as url:
        yield url


class _Pool:
    """The databases of a server: a test gets one that an earlier test has left, or a new copy.

    To copy a database takes some tenths of a second, to empty one some hundredths.
    """

    def __init__(self, address: str, tables: Sequence[str], seeds: Mapping[str, str]) -> None:
        self._address = address
        self._tables = tables
        self._seeds = seeds
        """{table: the rows that migrations leave in it, as JSON}."""
        self._free: list[str] = []

    @classmethod
    async def made(cls, address: str) -> Self:
        """Make the database from which others are copied."""
        await _execute(address, f"CREATE DATABASE {_TEMPLATE}")
        async with open_database(_url(address, _TEMPLATE)):
            pass
        async with _connected(_url(address, _TEMPLATE)) as connection:
            tables = await _tables(connection)
            rows = {
                table: await connection.fetchval(f"SELECT json_agg(t)::text FROM {table} t")
                for table in tables
            }
        return cls(address, tables, {table: seed for table, seed in rows.items() if seed})

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Yield the URL of a database without rows."""
        name = self._free.pop() if self._free else await self._copied()
        yield _url(self._address, name)
        if await self._is_emptied(name):
            self._free.append(name)
        else:
            await _execute(self._address, f"DROP DATABASE {name} WITH (FORCE)")

    async def _copied(self) -> str:
        name = f"test_{next(_NUMBERS)}"
        await _execute(self._address, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    async def _is_emptied(self, name: str) -> bool:
        """Delete all rows but those of the migrations; False if a test has changed the tables."""
        async with _connected(_url(self._address, name)) as connection:
            await connection.execute(_END_OTHERS)
            if await _tables(connection) != self._tables:
                return False
            is_filled = (f"SELECT '{one}' WHERE EXISTS (SELECT FROM {one})" for one in self._tables)
            filled = [row[0] for row in await connection.fetch(" UNION ALL ".join(is_filled))]
            if filled:
                await connection.execute(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE")
            for table, rows in self._seeds.items():
                await connection.execute(_SEED.format(table), rows)
            return True


@asynccontextmanager
async def schema(address: str) -> AsyncIterator[str]:
    """Yield the URL of an empty schema on the server at *address*, which works like a database."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    await _execute(address, f"CREATE SCHEMA {name}")
    yield f"{address}&search_path={name}"
    await _execute(address, f"DROP SCHEMA {name} CASCADE")


async def _execute(address: str, sql: str) -> None:
    # With a connection of its own, because the server may be restarted in between.
    async with _connected(address) as connection:
        await connection.execute(sql)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def _url(address: str, name: str) -> str:
    return address.replace("/postgres?", f"/{name}?")


async def _tables(connection: asyncpg.Connection) -> Sequence[str]:
    return [row["relname"] for row in await connection.fetch(_TABLES)]
