"""SQLite, by aiosqlite: one file, and one process that serves from it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    suppress,
)
from itertools import count
from pathlib import Path
from typing import Self

import aiosqlite

from store.db import private
from store.db.holder import held
from store.db.types import Connection, DatabaseError, Row, places, storable

URL = "sqlite:///"
_OLDEST = (3, 35, 0)
"""The first SQLite with RETURNING."""
_BATCH = 1000


class SQLiteConnection:
    """A connection inside a transaction."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and give every row."""
        return list(await self._raw.execute_fetchall(sql, _named(args)))

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and give its rows as they come."""
        async with self._raw.execute(sql, _named(args)) as cursor:
            async for row in cursor:
                yield row

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* for its effect."""
        await self._raw.execute(sql, _named(args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        await self._raw.executemany(sql, map(_named, rows))

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Put *rows* into *table*."""
        # Until the transaction ends: a row may point to one that comes after it.
        await self._raw.execute("PRAGMA defer_foreign_keys = ON")
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places(columns)})"  # noqa: S608 -- our own names
        batch: list[Sequence[object]] = []
        async for row in rows:
            batch.append(row)
            if len(batch) >= _BATCH:
                await self.executemany(sql, batch)
                batch.clear()
        await self.executemany(sql, batch)


def _named(args: Sequence[object]) -> dict[str, object]:
    return {str(place): storable(value) for place, value in enumerate(args, start=1)}


class SQLite:
    """One SQLite file: a connection that writes, one that reads, and one for single statements.

    WAL lets readers go on while the writer works. A lock keeps the statements of two tasks from
    falling into one transaction.
    """

    def __init__(
        self, path: Path, connections: Sequence[aiosqlite.Connection], *, is_held: bool
    ) -> None:
        self._path = path
        self._writer, self._reader, self._single = connections
        self._writing, self._reading = asyncio.Lock(), asyncio.Lock()
        self._is_held = is_held

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, *, hold: bool) -> AsyncIterator[Self]:
        """Open the file, made where there is none; raises `DatabaseError`."""
        if sqlite3.sqlite_version_info < _OLDEST:
            raise DatabaseError(f"SQLite {sqlite3.sqlite_version} is too old: Parley needs 3.35.")
        path = path_of(url)
        with _sentence(path, "opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            private.create(path)
            # Here, for an aiosqlite connection that fails to open leaves its thread behind.
            sqlite3.connect(path).close()
        with ExitStack() as stack:
            if hold:
                stack.enter_context(held(path))
            async with _raw(path) as one, _raw(path) as two, _raw(path) as three:
                yield cls(path, (one, two, three), is_held=hold)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes."""
        with _told(self._path):
            async with self._writing, _transaction(self._writer, "BEGIN IMMEDIATE") as connection:
                yield connection

    def long_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction like any other: the file has one writer."""
        return self.transaction()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads."""
        with _told(self._path):
            async with self._reading, _transaction(self._reader, "BEGIN") as connection:
                yield connection

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one statement that reads."""
        with _told(self._path):
            return list(await self._single.execute_fetchall(sql, _named(args)))

    async def examine(self) -> None:
        """Look for damage in the file."""
        (row,) = await self.fetch("PRAGMA integrity_check(1)")
        (verdict,) = row
        if verdict != "ok":
            raise DatabaseError(_DAMAGED.format(path=self._path, why=verdict))

    async def tables(self) -> Sequence[str]:
        """Name the tables, in the order in which they were made."""
        rows = await self.fetch(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " ORDER BY rowid"
        )
        return [row["name"] for row in rows]

    @asynccontextmanager
    async def changing_schema(self) -> AsyncIterator[Connection]:
        """Open a transaction that changes the schema."""
        with ExitStack() as stack, _sentence(self._path, "used"):
            if not self._is_held and await self.tables():
                stack.enter_context(held(self._path, alone=False))
            async with self.transaction() as connection:
                yield connection

    def ddl(self, statement: str) -> str:
        """Give *statement*: SQLite takes every name of a type, and compares text by its bytes."""
        return statement


@asynccontextmanager
async def _transaction(raw: aiosqlite.Connection, begin: str) -> AsyncIterator[Connection]:
    try:
        # Inside the try: a task cancelled while BEGIN runs would otherwise leave it open.
        await raw.execute(begin)
        yield SQLiteConnection(raw)
        await raw.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            await raw.execute("ROLLBACK")
        raise


@asynccontextmanager
async def _raw(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(path, isolation_level=None) as raw:
        raw.row_factory = sqlite3.Row
        with _sentence(path, "used"):
            await raw.execute("PRAGMA busy_timeout = 2000")
            await _use_wal(raw)
            await raw.execute("PRAGMA foreign_keys = ON")
            # FULL: what is committed before a message leaves must survive a power cut.
            await raw.execute("PRAGMA synchronous = FULL")
            # What is deleted is overwritten, and not only left out: it may have been private.
            await raw.execute("PRAGMA secure_delete = ON")
        yield raw


async def _use_wal(raw: aiosqlite.Connection) -> None:
    # The busy timeout does not cover the first change of a new file to WAL.
    for _ in range(100):
        with suppress(sqlite3.OperationalError):
            await raw.execute("PRAGMA journal_mode = WAL")
            return
        await asyncio.sleep(0.02)
    await raw.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _sentence(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseError(f"The database {path} cannot be {what}: {error.strerror}.") from error
    except sqlite3.Error as error:
        if _kind(error) == sqlite3.SQLITE_CORRUPT:
            raise DatabaseError(_DAMAGED.format(path=path, why=error)) from error
        raise DatabaseError(f"The database {path} cannot be {what}: {error}.") from error


_DAMAGED = (
    "The database {path} is damaged ({why}): stop Parley, and put a backup in its place with"
    " `python -m bot restore FILE`."
)
_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk is full: nothing was changed in the database {path}.",
    sqlite3.SQLITE_IOERR: "The disk refuses: nothing was changed in the database {path} ({why}).",
    sqlite3.SQLITE_READONLY: "The database {path} can only be read: nothing was changed.",
    sqlite3.SQLITE_BUSY: "Another process is writing to the database {path}: try again.",
    sqlite3.SQLITE_LOCKED: "Another process is writing to the database {path}: try again.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in a sentence what is wrong with the file or its disk; a wrong statement stays so."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = _SENTENCES.get(_kind(error))
        if sentence is None:
            raise
        raise DatabaseError(sentence.format(path=path, why=error)) from error


def _kind(error: sqlite3.Error) -> int:
    # The lower byte is the kind, the rest is detail (sqlite.org/rescode.html).
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


# --- whole files --------------------------------------------------------------------------------


def path_of(url: str) -> Path:
    """Give the file that *url* names."""
    return Path(url.removeprefix(URL))


def files_of(path: Path) -> Sequence[Path]:
    """Return the database and the files that SQLite keeps beside it; not all need be there."""
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


async def copy_file(path: Path, to: Path) -> None:
    """Copy the database *path* to the new file *to*, of one state, while others write to it.

    Raises `DatabaseError` where *path* is no database of Parley's, or a damaged one.
    """
    await asyncio.to_thread(_copy_file, path, to)


def _copy_file(path: Path, to: Path) -> None:
    if not path.is_file():
        raise DatabaseError(f"There is no database {path}.")
    private.create(to)
    with (
        _sentence(path, "read"),
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
        (verdict,) = target.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise DatabaseError(f"The database {path} is damaged: {verdict}.")
        if not target.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'schema_migration'"
        ).fetchone():
            raise DatabaseError(f"{path} is no database of Parley's.")


async def replace_file(path: Path, *, by: Path) -> Path | None:
    """Put a copy of the database *by* in the place of *path*; give the new name of what was there.

    Raises `DatabaseError` where *path* is in use, or *by* is no database of Parley's.
    """
    return await asyncio.to_thread(_replace_file, path, by)


def _replace_file(path: Path, by: Path) -> Path | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with held(path):
        part.unlink(missing_ok=True)
        try:
            _copy_file(by, part)
            kept = _put_aside(path) if path.exists() else None
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    return kept


def _put_aside(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.replaced-{number}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    # Its log goes with it, under the name by which SQLite looks for it.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept
