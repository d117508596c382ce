"""Copies of a database: to another engine, into a backup file, and restored from a backup file."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from store.db import open_database, readable, sqlite
from store.db.schema import LEDGER_TABLE
from store.db.types import Connection, DatabaseError


async def copy(source_url: str, target_url: str) -> Mapping[str, int]:
    """Copy every row into an empty database; return the number of rows of each table.

    The copy is one transaction and shows one state: an SQLite file is held during the copy, so no
    running bot can write rows that would be missed. Raises `DatabaseError` if the target is not
    empty.
    """
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(open_database(source_url, hold=True))
        target = await stack.enter_async_context(open_database(target_url, hold=True))
        tables = [table for table in await target.tables() if table != LEDGER_TABLE]
        reader = await stack.enter_async_context(source.long_reading())
        writer = await stack.enter_async_context(target.long_transaction())
        for table in tables:
            if await writer.fetch(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608 -- our own names
                raise DatabaseError(
                    f"{readable(target_url)} is not empty: copy into a new database."
                )
        return {table: await _copy_table(reader, writer, table) for table in tables}


async def _copy_table(reader: Connection, writer: Connection, table: str) -> int:
    select = f"SELECT * FROM {table}"  # noqa: S608 -- our own names
    first = await reader.fetch(f"{select} LIMIT 1")
    if not first:
        return 0
    columns = list(first[0].keys())
    number = 0

    async def rows() -> AsyncIterator[Sequence[object]]:
        nonlocal number
        async for row in reader.stream(select):
            number += 1
            yield tuple(row[column] for column in columns)

    await writer.fill(table, columns, rows())
    return number


async def backup(url: str, file: Path) -> None:
    """Write a snapshot of the database to the new SQLite file *file*; the bot may be running.

    Raises `DatabaseError` if *file* exists.
    """
    part = _part_of(file)
    if url.startswith(sqlite.URL):
        await sqlite.copy_file(sqlite.path_of(url), part)
    else:
        await copy(url, f"{sqlite.URL}{part}")
        part.with_name(f"{part.name}.lock").unlink()
    part.rename(file)


def _part_of(file: Path) -> Path:
    """Return the file to write before it is renamed, so that *file* is always a complete backup."""
    if file.exists():
        raise DatabaseError(f"{file} already exists: name a new file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    return part


async def restore(file: Path, url: str) -> Path | None:
    """Replace the database at *url* by the backup *file*.

    An SQLite file that is replaced is kept under another name, which is returned. Raises
    `DatabaseError` if *file* is not a backup, or if a PostgreSQL database is not empty.
    """
    if url.startswith(sqlite.URL):
        return await sqlite.replace_file(sqlite.path_of(url), by=file)
    with tempfile.TemporaryDirectory(prefix="parley-restore-") as folder:
        # Work on a copy, because opening the file migrates its schema.
        await sqlite.copy_file(file, Path(folder) / "backup.db")
        await copy(f"{sqlite.URL}{folder}/backup.db", url)
    return None
