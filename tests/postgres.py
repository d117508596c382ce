"""A PostgreSQL server for the tests: Debian's package, in a temporary folder, on a Unix socket."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from store.db import open_database
from tests.machine import real_environment

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_NUMBERS = count(1)
_TEMPLATE = "template_of_parley"
_with_template: set[str] = set()
"""The servers that have the database from which new ones are copied."""


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
    """Yield the URL of a new database on the server at *address*, with today's schema."""
    template = address.replace("/postgres?", f"/{_TEMPLATE}?")
    if address not in _with_template:
        await _execute(address, f"CREATE DATABASE {_TEMPLATE}")
        async with open_database(template):
            _with_template.add(address)
    name = f"test_{next(_NUMBERS)}"
    await _execute(address, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield address.replace("/postgres?", f"/{name}?")
    await _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def schema(address: str) -> AsyncIterator[str]:
    """Yield the URL of an empty schema on the server at *address*, which works like a database."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    await _execute(address, f"CREATE SCHEMA {name}")
    yield f"{address}&search_path={name}"
    await _execute(address, f"DROP SCHEMA {name} CASCADE")


async def _execute(address: str, sql: str) -> None:
    # With a connection of its own, because the server may be restarted in between.
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
