"""Taking a database elsewhere: to another engine, into a backup and back from it."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from store.db import open_database, readable, sqlite
from store.db.schema import LEDGER_TABLE
from store.db.types import Connection, DatabaseError


async def copy(source_url: str, target_url: str) -> Mapping[str, int]:
    """Copy every row into an empty database; give the number of rows for each table.

    All or nothing, and of one state: an SQLite file is held meanwhile, so that no running bot
    writes what would be left behind. Raises `DatabaseError` where the target is not empty.
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
    """Write the database into the SQLite file *file*, of one state, while the bot runs.

    Raises `DatabaseError` where *file* is there already.
    """
    part = _part_of(file)
    if url.startswith(sqlite.URL):
        await sqlite.copy_file(sqlite.path_of(url), part)
    else:
        await copy(url, f"{sqlite.URL}{part}")
        part.with_name(f"{part.name}.lock").unlink()
    part.rename(file)


def _part_of(file: Path) -> Path:
    """Give the name to write first: a backup that is there is a whole one."""
    if file.exists():
        raise DatabaseError(f"{file} is there already: name a new file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    return part


async def restore(file: Path, url: str) -> Path | None:
    """Put the backup *file* in the place of the database at *url*.

    An SQLite file that was there is kept, under the name that is given. Raises `DatabaseError`
    where *file* is no backup, and where a PostgreSQL database is not empty.
    """
    if url.startswith(sqlite.URL):
        return await sqlite.replace_file(sqlite.path_of(url), by=file)
    with tempfile.TemporaryDirectory(prefix="parley-restore-") as folder:
        # A copy of it, for opening it brings its schema up to date.
        await sqlite.copy_file(file, Path(folder) / "backup.db")
        await copy(f"{sqlite.URL}{folder}/backup.db", url)
    return None
