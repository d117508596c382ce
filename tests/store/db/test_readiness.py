"""The readiness probe writes to the database, again and again, and leaves nothing behind."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store.db import Database, DatabaseError, open_database, sqlite
from tests import postgres

GROW = "INSERT INTO once (team_id, key, at) VALUES ('T1', $1, $2)"


async def test_many_probes_leave_one_row(database_url: str) -> None:
    async with open_database(database_url) as database:
        for _ in range(20):
            await database.probe()
        rows = await database.fetch("SELECT LENGTH(ballast) AS n FROM readiness")
        assert [row["n"] for row in rows] == [0]


async def test_a_probe_does_not_wait_for_a_load(database_url: str) -> None:
    """A load may take minutes; its own deadlines show that the database answers."""
    async with open_database(database_url) as database, database.long_transaction() as load:
        await load.execute(GROW, "a load", "t")
        await database.probe()


# --- SQLite -------------------------------------------------------------------------------------


async def pragma(database: Database, text: str) -> None:
    assert isinstance(database, sqlite.SQLite)
    await database._writer.raw.execute(f"PRAGMA {text}")


async def pages(database: Database) -> int:
    (row,) = await database.fetch("PRAGMA page_count")
    return int(row["page_count"])


async def test_probes_do_not_grow_the_file(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        await database.probe()
        before = await pages(database)
        for _ in range(20):
            await database.probe()
        assert await pages(database) == before


async def test_a_file_that_cannot_grow(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        await pragma(database, f"max_page_count = {await pages(database)}")
        for _ in range(2):
            with pytest.raises(DatabaseError, match="disk is full"):
                await database.probe()
        await pragma(database, "max_page_count = 100000")
        await database.probe()


async def test_a_read_only_file(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        await pragma(database, "query_only = ON")
        with pytest.raises(DatabaseError, match="can only be read"):
            await database.probe()
        await pragma(database, "query_only = OFF")
        await database.probe()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs leave to mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_disk_that_is_full(small_disk: Path) -> None:
    async with open_database(f"sqlite:///{small_disk}/parley.db") as database:
        await database.probe()
        full = small_disk / "full"
        with full.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))
        with pytest.raises(DatabaseError, match=r"disk is full|disk refuses"):
            # The probe succeeds until the WAL has used up the free space.
            for _ in range(100):
                await database.probe()
        full.unlink()
        await database.probe()


async def test_another_process_that_writes_for_a_long_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe fails only after the time that a load may take."""
    path = tmp_path / "parley.db"
    async with open_database(f"sqlite:///{path}") as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                await database.probe()
            monkeypatch.setattr(sqlite, "_BUSY_SECONDS", -1)
            with pytest.raises(DatabaseError, match="busy for over ten minutes"):
                await database.probe()
        await database.probe()
        assert isinstance(database, sqlite.SQLite)
        (row,) = await (await database._writer.raw.execute("PRAGMA busy_timeout")).fetchall()
        assert tuple(row) == (2000,)


# --- PostgreSQL ---------------------------------------------------------------------------------


async def test_a_read_only_server(postgres_server: str) -> None:
    """A standby is read-only, and so is a server that an administrator set to it."""
    async with postgres.database(postgres_server) as url:
        async with open_database(url):
            pass
        async with open_database(f"{url}&default_transaction_read_only=on") as database:
            with pytest.raises(DatabaseError, match="can only be read"):
                await database.probe()


async def test_another_process_that_freezes_while_it_writes(postgres_server: str) -> None:
    """Its lock blocks other writers for some seconds, but not the probe."""
    async with (
        postgres.database(postgres_server) as url,
        open_database(url) as one,
        open_database(url) as other,
        other.transaction() as connection,
    ):
        await connection.execute(GROW, "still", "t")
        await one.probe()
