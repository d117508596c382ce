"""The interface of `store.db` over sqlite3 in one thread, with faults between the statements."""

import asyncio
import sqlite3
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NoReturn

from store.db import Connection, DatabaseUnavailableError, Row
from store.db.types import storable

Step = Callable[[str], Awaitable[None]]
"""Lets virtual time pass before a statement; raises if it fails, or if the process is dead."""


class SimulatedConnection:
    """A connection inside a transaction."""

    def __init__(self, raw: sqlite3.Connection, step: Step) -> None:
        self._raw = raw
        self._step = step

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and return all rows."""
        await self._step("database")
        return self._raw.execute(sql, _named(args)).fetchall()

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and yield its rows."""
        for row in await self.fetch(sql, *args):
            yield row

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* and return nothing."""
        await self.fetch(sql, *args)

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        await self._step("database")
        self._raw.executemany(sql, map(_named, rows))

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Copy a table; the simulation copies no database."""
        raise NotImplementedError(table, columns, rows)


class SimulatedDatabase:
    """The database as one process sees it; all processes share the file and its *writing* lock."""

    is_read_only = False
    blocks_writers = True

    def __init__(self, path: Path, *, step: Step, writing: asyncio.Lock) -> None:
        """*step* is called with "database" before statements and with "commit" after a commit."""
        self._step = step
        self._writing = writing
        self._reading = asyncio.Lock()
        self._writer, self._reader = connect(path), connect(path)

    def close(self) -> None:
        """Close both connections, which rolls back an open transaction."""
        self._writer.close()
        self._reader.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes; see `store.db.Database`."""
        async with self._writing:
            await self._step("database")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield SimulatedConnection(self._writer, self._step)
                await self._step("database")
            except BaseException:
                # A process that was killed has closed its connections.
                if is_open(self._writer):
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")
            await self._step("commit")

    long_transaction = transaction

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads one snapshot."""
        async with self._reading:
            await self._step("database")
            self._reader.execute("BEGIN")
            try:
                yield SimulatedConnection(self._reader, self._step)
            finally:
                if is_open(self._reader):
                    self._reader.execute("COMMIT")

    long_reading = reading

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT outside of a transaction."""
        async with self._reading:
            return await SimulatedConnection(self._reader, self._step).fetch(sql, *args)

    async def probe(self) -> None:
        """Do nothing: the simulation asks no bot whether it is ready."""

    async def overwrite_deleted(self) -> None:
        """Do nothing: the file is deleted with the simulation."""

    async def examine(self) -> None:
        """Do nothing."""

    async def tables(self) -> Sequence[str]:
        """Return the names of the tables."""
        rows = await self.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [row["name"] for row in rows]

    async def keep_copy(self, suffix: str) -> Path | None:
        """Raise: the schema is never changed in the simulation."""
        raise NotImplementedError(suffix)

    def changing_schema(self) -> AbstractAsyncContextManager[Connection]:
        """Raise: the schema is never changed in the simulation."""
        raise NotImplementedError

    def ddl(self, statement: str) -> str:
        """Raise: the schema is never changed in the simulation."""
        raise NotImplementedError(statement)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, in which readers see the last commit while another process writes."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA synchronous = OFF")
    return raw


def is_open(raw: sqlite3.Connection) -> bool:
    """Return whether the connection is open and in a transaction."""
    try:
        return raw.in_transaction
    except sqlite3.ProgrammingError:
        return False


def unavailable() -> NoReturn:
    """Raise what a database raises that does not answer."""
    raise DatabaseUnavailableError


def _named(args: Sequence[object]) -> dict[str, object]:
    return {str(number): storable(value) for number, value in enumerate(args, start=1)}
