"""A PostgreSQL server for the tests: Debian's package, in a temporary folder, on a Unix socket."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from tests.machine import real_environment

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_NUMBERS = count(1)


@contextmanager
def server() -> Iterator[str]:
    """Start a server as the user postgres (it refuses root), and yield its URL."""
    if not _BINARIES:
        pytest.skip("needs Debian's package postgresql, which is not here")
    binaries = _BINARIES[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="parley-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*prefix, str(binaries / program), *arguments],
            check=True,
            cwd=folder,
            env=real_environment(),
            stdout=subprocess.DEVNULL,
        )

    data = str(folder / "data")
    # No test needs to survive a power cut, so do not wait for the disk.
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    try:
        run(
            "initdb",
            "--pgdata",
            data,
            "--username=parley",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        log = str(folder / "log")
        run("pg_ctl", "--pgdata", data, "--log", log, "--options", options, "--wait", "start")
        try:
            yield f"postgresql://parley@/postgres?host={quote(str(folder), safe='')}"
        finally:
            run("pg_ctl", "--pgdata", data, "--mode=immediate", "stop")
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def schema(address: str) -> AsyncIterator[str]:
    """Yield the URL of an empty schema on the server at *address*, which works like a database."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(f"CREATE SCHEMA {name}")
        yield f"{address}&search_path={name}"
        await connection.execute(f"DROP SCHEMA {name} CASCADE")
    finally:
        await connection.close()
