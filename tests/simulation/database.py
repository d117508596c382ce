"""The interface of `store.db` over sqlite3 in one thread, with faults between the statements."""

import asyncio
import sqlite3
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from store.db import Connection, DatabaseUnavailableError, Row
from store.db.types import storable

_NAMES = tuple(map(str, range(1, 32_767)))
"""The names of parameters: the most that SQLite allows by default (sqlite.org/limits.html)."""
T = TypeVar("T")
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

    async def fetchmany(self, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[Row]:
        """Run *sql* once for each of *rows*, and return the rows of all results, in this order."""
        await self._step("database")
        return [row for each in rows for row in self._raw.execute(sql, _named(each))]

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Copy a table; the simulation copies no database."""
        raise NotImplementedError(table, columns, rows)


class SharedDatabase:
    """The file of a world, and the connections that its processes share.

    One writes, behind a lock. One reads single statements, and sees only what is committed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writing = asyncio.Lock()
        self.writer, self.reader = connect(path), connect(path)

    def close(self) -> None:
        """Close both connections."""
        self.writer.close()
        self.reader.close()


class SimulatedDatabase:
    """The database as one process sees it; all processes of a world share what they write with."""

    is_read_only = False
    blocks_writers = True

    def __init__(self, shared: SharedDatabase, *, step: Step) -> None:
        """*step* is called with "database" before statements and with "commit" after a commit."""
        self._shared = shared
        self._step = step

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes; see `store.db.Database`."""
        shared = self._shared
        async with shared.writing:
            await self._step("database")
            shared.writer.execute("BEGIN IMMEDIATE")
            try:
                yield SimulatedConnection(shared.writer, self._step)
                await self._step("database")
            except BaseException:
                # Also if the process was killed: its tasks are cancelled, and end here.
                shared.writer.execute("ROLLBACK")
                raise
            shared.writer.execute("COMMIT")
            await self._step("commit")

    async def write(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in a `transaction`, and return its result."""
        async with self.transaction() as connection:
            return await work(connection)

    long_transaction = transaction

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads one snapshot."""
        await self._step("database")
        with closing(connect(self._shared.path)) as reader:
            reader.execute("BEGIN")
            yield SimulatedConnection(reader, self._step)

    long_reading = reading

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT outside of a transaction."""
        return await SimulatedConnection(self._shared.reader, self._step).fetch(sql, *args)

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

    def kept_copy(self, suffix: str) -> Path | None:
        """Raise: there is no file in the simulation."""
        raise NotImplementedError(suffix)

    def changing_schema(self) -> AbstractAsyncContextManager[Connection]:
        """Raise: the schema is never changed in the simulation."""
        raise NotImplementedError

    def ddl(self, statement: str) -> str:
        """Raise: the schema is never changed in the simulation."""
        raise NotImplementedError(statement)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, in which readers see the last commit while another process writes.

    No other process of the machine uses it, so SQLite need not lock it ("unix-excl").
    """
    raw = sqlite3.connect(f"{path.as_uri()}?vfs=unix-excl", uri=True, isolation_level=None)
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA synchronous = OFF")
    return raw


def unavailable() -> NoReturn:
    """Raise what a database raises that does not answer."""
    raise DatabaseUnavailableError


def _named(args: Sequence[object]) -> dict[str, object]:
    return dict(zip(_NAMES, map(storable, args), strict=False))
