"""The database: connections, transactions and migrations. The only file that knows a driver.

SQL here and in the rest of `store` is one text for every engine: parameters are $1, $2, …, which
SQLite takes as names and PostgreSQL natively.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import aiosqlite

from store.types import ParleyError

_SQLITE_URL = "sqlite:///"


class DatabaseError(ParleyError):
    """Say why the database cannot be opened."""


class Row(Protocol):
    """A result row, read by column name."""

    def __getitem__(self, column: str, /) -> Any: ...


class Connection(Protocol):
    """What a transaction gives: three ways to run a statement."""

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and give every row."""
        ...

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* for its effect."""
        ...

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        ...


class Database(Protocol):
    """A database that hands out transactions."""

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that writes: committed at the end, rolled back on any exception."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that reads one state and never waits for a writer."""
        ...

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT by itself and give every row: quicker than a transaction."""
        ...


def to_text(instant: datetime) -> str:
    """Write an aware *instant* as UTC text of fixed width, so that it sorts."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_instant(text: str) -> datetime:
    """Read what `to_text` wrote."""
    return datetime.fromisoformat(text)


def places(values: Sequence[object], *, start: int = 1) -> str:
    """Give the placeholders of *values* for an IN (…), numbered from *start*."""
    return ", ".join(f"${place}" for place in range(start, start + len(values)))


def _named(args: Sequence[object]) -> dict[str, object]:
    return {str(place): value for place, value in enumerate(args, start=1)}


class _SQLiteConnection:
    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        return list(await self._raw.execute_fetchall(sql, _named(args)))

    async def execute(self, sql: str, *args: object) -> None:
        await self._raw.execute(sql, _named(args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        await self._raw.executemany(sql, map(_named, rows))


class SQLiteDatabase:
    """One SQLite file: a connection that writes, and beside it one that reads.

    WAL lets the reader go on while the writer works. A lock for each keeps the statements of two
    tasks from falling into one transaction.
    """

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer, self._writing = writer, asyncio.Lock()
        self._reader, self._reads = reader, asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes."""
        async with self._writing, _transaction(self._writer, "BEGIN IMMEDIATE") as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads."""
        async with self._reads, _transaction(self._reader, "BEGIN") as connection:
            yield connection

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT by itself."""
        async with self._reads:
            return await _SQLiteConnection(self._reader).fetch(sql, *args)


@asynccontextmanager
async def _transaction(raw: aiosqlite.Connection, begin: str) -> AsyncIterator[Connection]:
    try:
        # Inside the try: a task cancelled while BEGIN runs would otherwise leave it open.
        await raw.execute(begin)
        yield _SQLiteConnection(raw)
        await raw.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            await raw.execute("ROLLBACK")
        raise


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open the database at *url* (`sqlite:///path/to/file`) with its schema up to date.

    Raises `DatabaseError` where the file is no database, cannot be written or is too new.
    """
    if not url.startswith(_SQLITE_URL):
        raise DatabaseError(
            f"DATABASE_URL must start with {_SQLITE_URL}, as in {_SQLITE_URL}data/parley.db"
        )
    path = Path(url.removeprefix(_SQLITE_URL))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"The database {path} cannot be opened: {error.strerror}.") from error
    async with _connect(path) as writer, _connect(path) as reader:
        database = SQLiteDatabase(writer, reader)
        try:
            await _migrate(database)
        except sqlite3.Error as error:
            raise DatabaseError(f"The database {path} cannot be used: {error}.") from error
        yield database


@asynccontextmanager
async def _connect(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    try:
        raw = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise DatabaseError(f"The database {path} cannot be opened: {error}.") from error
    try:
        raw.row_factory = sqlite3.Row
        try:
            await raw.execute("PRAGMA busy_timeout = 2000")
            await raw.execute("PRAGMA journal_mode = WAL")
            await raw.execute("PRAGMA foreign_keys = ON")
            # FULL: what is committed before a message leaves must survive a power cut.
            await raw.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise DatabaseError(f"The database {path} cannot be used: {error}.") from error
        yield raw
    finally:
        await raw.close()


_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""


async def _migrate(database: Database) -> None:
    files = sorted(
        (resources.files("store") / "migrations").iterdir(),
        key=lambda entry: entry.name,
    )
    async with database.transaction() as connection:
        await connection.execute(_LEDGER)
        applied = {
            row["version"] for row in await connection.fetch("SELECT version FROM schema_migration")
        }
        if applied and max(applied) > len(files):
            raise DatabaseError(
                f"The database has schema {max(applied)}, this Parley knows {len(files)}: "
                "use the newer Parley that wrote it, or restore a backup."
            )
        for version, file in enumerate(files, start=1):
            if version not in applied:
                for statement in _statements(file.read_text(encoding="utf-8")):
                    await connection.execute(statement)
                await connection.execute(
                    "INSERT INTO schema_migration (version, name) VALUES ($1, $2)",
                    version,
                    file.name,
                )


def _statements(script: str) -> Iterable[str]:
    """Split *script* at the semicolons that end a statement (executescript would commit first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
