"""Copies of a database: to another engine, into a backup file, and restored from a backup file."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from store.db import connect, private, readable, sqlite
from store.db.schema import LEDGER_TABLE, migrate, version_of
from store.db.types import Connection, DatabaseError


async def copy(source_url: str, target_url: str) -> Mapping[str, int]:
    """Copy every row into an empty database; return the number of rows of each table.

    The copy is one transaction and shows one state: an SQLite file is held during the copy, so no
    running bot can write rows that would be missed. The source is not migrated: the target gets the
    schema of the source. Raises `DatabaseError` if the source does not exist or is empty, or if the
    target is not empty.
    """
    if source_url == target_url:
        raise DatabaseError("Name two databases: a database cannot be copied to itself.")
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(connect(source_url, hold=True, is_looking=True))
        version = await version_of(source)
        if not version:
            raise DatabaseError(f"{readable(source_url)} is not a Parley database.")
        target = await stack.enter_async_context(connect(target_url, hold=True))
        is_new = not await version_of(target)
        await migrate(target, to=version, keeps_copy=False)
        if await version_of(target) != version:
            raise DatabaseError(
                f"{readable(target_url)} has a newer schema than {readable(source_url)}: run"
                " `python -m bot migrate` for that one first, or copy into a new database."
            )
        tables = [table for table in await target.tables() if table != LEDGER_TABLE]
        reader = await stack.enter_async_context(source.long_reading())
        writer = await stack.enter_async_context(target.long_transaction())
        for table in tables:
            if is_new:
                # A migration may have written rows.
                await writer.execute(f"DELETE FROM {table}")  # noqa: S608 -- our own names
            elif await writer.fetch(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608 -- our own names
                raise DatabaseError(
                    f"{readable(target_url)} is not empty: name a database that is new."
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

    Raises `DatabaseError` if *file* exists or cannot be written.
    """
    _require_new(file)
    if url.startswith(sqlite.URL):
        await sqlite.copy_file(sqlite.path_of(url), file)
        return
    with private.written_whole(file) as part:
        await copy(url, f"{sqlite.URL}{part}")


def _require_new(file: Path) -> None:
    if file.exists():
        raise DatabaseError(f"{file} already exists: name a new file.")


async def restore(file: Path, url: str) -> Path | None:
    """Replace the database at *url* by the backup *file*.

    An SQLite file that is replaced is kept under another name, which is returned. Raises
    `DatabaseError` if *file* is not a backup, or if a PostgreSQL database is not empty.
    """
    if url.startswith(sqlite.URL):
        return await sqlite.replace_file(sqlite.path_of(url), by=file)
    with tempfile.TemporaryDirectory(prefix="parley-restore-") as folder:
        # Work on a copy, which is checked for damage and has a lock file of its own.
        await sqlite.copy_file(file, Path(folder) / "backup.db", damaged=sqlite.BAD_BACKUP)
        await copy(f"{sqlite.URL}{folder}/backup.db", url)
    return None
