"""SQLite by aiosqlite: one file, and one process that serves from it.

Every call has a deadline, because a network disk may be gone, and a thread that waits for it
cannot be stopped. A call that misses its deadline may still be done later, or never.
"""

import asyncio
import os
import re
import sqlite3
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    suppress,
)
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

import aiosqlite

from store.db import private
from store.db.availability import Availability
from store.db.file_lock import held
from store.db.types import (
    Connection,
    DatabaseError,
    DatabaseUnavailableError,
    Row,
    TemporaryDatabaseError,
    places,
    storable,
)

T = TypeVar("T")

URL = "sqlite:///"
_OLDEST = (3, 35, 0)
"""The first version of SQLite that supports RETURNING."""
_BATCH = 1000
_STATEMENT_SECONDS = 15
"""For one statement of a short transaction, and for a SELECT outside of a transaction."""
_LONG_STATEMENT_SECONDS = 120
"""For one statement of a long transaction; the whole transaction has no limit."""
_SCHEMA_SECONDS = 600
_ROLLBACK_SECONDS = 4
"""For a rollback, which may have to wait for a statement that waits for a lock."""
_CLOSE_SECONDS = 3
_BUSY_SECONDS = 600
"""How long another transaction may write before this is reported as an error."""
_BUSY_TIMEOUT = "PRAGMA busy_timeout = 2000"
_PROBE = """
INSERT INTO readiness (id, ballast) VALUES (1, $1)
ON CONFLICT (id) DO UPDATE SET ballast = excluded.ballast
"""
_BALLAST = bytes(1 << 16)
_NAMES = tuple(map(str, range(1, 32_767)))
"""The names of the parameters of a statement, of which there can be no more."""
_CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"


class _RawConnection(aiosqlite.Connection):
    """A connection of aiosqlite that runs any function in its thread.

    The thread keeps the result of its last call. A cursor would keep its statement, and a statement
    that is in progress lets no transaction commit in the same call as it began: hence
    `execute_fetchall`, also of statements without rows.
    """

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run *function* in the thread, and return its result."""
        return await self._execute(function, self._conn)  # type: ignore[no-any-return, no-untyped-call]


class _Thread:
    """A connection of aiosqlite, which runs in its own thread, with a deadline for each call.

    After a missed deadline, all calls fail until the thread has answered, because they would wait
    behind the late call. Then the transaction of the late call is rolled back.
    """

    def __init__(self, raw: _RawConnection, availability: Availability) -> None:
        self.raw = raw
        self._availability = availability
        self._catching_up: asyncio.Task[None] | None = None

    @property
    def is_late(self) -> bool:
        """Whether the thread has missed a deadline and has not answered since."""
        return self._catching_up is not None

    async def call(
        self,
        function: Callable[..., Awaitable[T]],
        *args: object,
        seconds: float | None = None,
    ) -> T:
        """Call a method of the connection; raises `DatabaseUnavailableError`.

        The deadline is *seconds*, or that of a short statement.
        """
        seconds = seconds or _STATEMENT_SECONDS
        if self._catching_up:
            raise DatabaseUnavailableError
        try:
            async with asyncio.timeout(seconds):
                return await function(*args)
        except TimeoutError as error:
            # This stops a slow statement, but not a wait for a slow disk.
            await self.raw.interrupt()
            self._catching_up = asyncio.create_task(self._catch_up(), name="sqlite")
            raise self._availability.lost(f"no answer within {seconds:g} s") from error

    async def _catch_up(self) -> None:
        is_done = False
        while not is_done:
            # The next statement is interrupted too, as long as the interrupted one exists. The
            # thread keeps its last result, and so that statement, until it has a new result.
            await self.raw.cursor()
            with suppress(sqlite3.Error):
                await self.raw.execute_fetchall(_BUSY_TIMEOUT)
                if self.raw.in_transaction:
                    await self.raw.execute_fetchall("ROLLBACK")
                is_done = True
            await asyncio.sleep(0.02)
        self._catching_up = None
        self._availability.found()

    async def close(self) -> None:
        """Close the connection; abandon the thread if it does not answer."""
        closed = self.raw.stop()
        if self._catching_up:
            self._catching_up.cancel()
        elif closed:
            await asyncio.wait([closed], timeout=_CLOSE_SECONDS)


class SQLiteConnection:
    """A connection inside a transaction."""

    def __init__(self, thread: _Thread, seconds: float) -> None:
        """Set *seconds*, the deadline of each call."""
        self._thread = thread
        self._raw = thread.raw
        self._seconds = seconds

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and return all rows."""
        return list(await self._call(self._raw.execute_fetchall, sql, _named(args)))

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and yield its rows."""
        cursor = await self._call(self._raw.execute, sql, _named(args))
        while rows := await self._call(cursor.fetchmany, _BATCH):
            for row in rows:
                yield row

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* and return nothing."""
        await self._call(self._raw.execute_fetchall, sql, _named(args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        parameters = map(_named, rows)
        for first in parameters:
            # The connection's thread computes the rest of the batch.
            batch = chain([first], islice(parameters, _BATCH - 1))
            await self._call(self._raw.executemany, sql, batch)

    async def fetchmany(self, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[Row]:
        """Run *sql* once for each of *rows*, and return the rows of all results, in this order."""
        return await self._call(self._raw.run, partial(_fetch_each, sql=sql, rows=rows))

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Insert *rows* into *table*."""
        # Check references at the end of the transaction: a row may reference a later row.
        await self.execute("PRAGMA defer_foreign_keys = ON")
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places(columns)})"  # noqa: S608 -- our own names
        batch: list[Sequence[object]] = []
        async for row in rows:
            batch.append(row)
            if len(batch) >= _BATCH:
                await self.executemany(sql, batch)
                batch.clear()
        await self.executemany(sql, batch)

    async def _call(self, function: Callable[..., Awaitable[T]], *args: object) -> T:
        return await self._thread.call(function, *args, seconds=self._seconds)


class _DirectConnection:
    """A connection inside a transaction, for code that runs in its thread: it never waits."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and return all rows."""
        return self._raw.execute(sql, _named(args)).fetchall()

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and yield its rows."""
        for row in self._raw.execute(sql, _named(args)):
            yield row

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* and return nothing."""
        self._raw.execute(sql, _named(args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        self._raw.executemany(sql, map(_named, rows))

    async def fetchmany(self, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[Row]:
        """Run *sql* once for each of *rows*, and return the rows of all results, in this order."""
        return _fetch_each(self._raw, sql, rows)

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Raise: what is read from elsewhere is written in a long transaction."""
        raise NotImplementedError(table, columns, rows)


def _transact(
    raw: sqlite3.Connection, work: Callable[[Connection], Coroutine[Any, Any, T]], thread: _Thread
) -> T:
    """Run *work* in a transaction that writes, and return its result."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        running = work(_DirectConnection(raw))
        try:
            running.send(None)
        except StopIteration as done:
            if thread.is_late:
                # The caller has been told that it failed.
                raise sqlite3.OperationalError("interrupted") from None
            raw.execute("COMMIT")
            result: T = done.value
            return result
        running.close()
        raise RuntimeError(f"{work} waits for something else than its connection")
    except BaseException:
        with suppress(sqlite3.Error):
            raw.execute("ROLLBACK")
        raise


def _fetch_each(
    raw: sqlite3.Connection, sql: str, rows: Iterable[Sequence[object]]
) -> Sequence[Row]:
    # `executemany` drops the rows of RETURNING.
    return [row for each in rows for row in raw.execute(sql, _named(each))]


def _named(args: Sequence[object]) -> dict[str, object]:
    return dict(zip(_NAMES, map(storable, args), strict=False))


class SQLite:
    """One SQLite file with three connections: for writing, for reading and for single statements.

    WAL lets readers work while another connection writes. A lock for each connection keeps the
    statements of two tasks out of the same transaction.
    """

    def __init__(
        self, path: Path, threads: Sequence[_Thread], *, is_held: bool, is_read_only: bool
    ) -> None:
        self.is_read_only = is_read_only
        self.blocks_writers = True
        self._path = path
        self._threads = threads
        self._writer, self._reader, self._single = threads
        self._writing, self._reading = asyncio.Lock(), asyncio.Lock()
        self._is_held = is_held
        self._busy_since: float | None = None
        """Since when each probe has found the database busy; None if the last one did not."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, url: str, *, hold: bool, is_looking: bool = False
    ) -> AsyncIterator[Self]:
        """Open the file; raises `DatabaseError`.

        A file that does not exist is created, unless *is_looking*: then nothing can be written.
        """
        if sqlite3.sqlite_version_info < _OLDEST:
            raise DatabaseError(f"SQLite {sqlite3.sqlite_version} is too old: Parley needs 3.35.")
        path = path_of(url)
        with _as_database_error(path, "opened"):
            async with asyncio.timeout(_STATEMENT_SECONDS):
                await asyncio.to_thread(_find if is_looking else _create, path)
        with ExitStack() as stack:
            if hold:
                stack.enter_context(held(path))
            availability = Availability()
            async with (
                _open_thread(path, availability, is_looking) as writer,
                _open_thread(path, availability, is_looking) as reader,
                _open_thread(path, availability, is_looking) as single,
            ):
                yield cls(path, (writer, reader, single), is_held=hold, is_read_only=is_looking)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that writes."""
        return self._write(_STATEMENT_SECONDS)

    async def write(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in a `transaction`, and return its result, in one call to the thread.

        If the task is cancelled, the thread still ends the transaction, before any other.
        """
        with _readable_errors(self._path):
            async with _locked(self._writing):
                transact = partial(_transact, work=work, thread=self._writer)
                return await self._writer.call(self._writer.raw.run, transact)

    def long_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that writes, with long statements; nobody else can write."""
        return self._write(_LONG_STATEMENT_SECONDS)

    @asynccontextmanager
    async def _write(self, seconds: float) -> AsyncIterator[Connection]:
        with _readable_errors(self._path):
            async with (
                _locked(self._writing),
                _transaction(self._writer, "BEGIN IMMEDIATE", seconds) as connection,
            ):
                yield connection

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that reads one snapshot."""
        return self._read(_STATEMENT_SECONDS)

    def long_reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that reads one snapshot, with long statements."""
        return self._read(_LONG_STATEMENT_SECONDS)

    @asynccontextmanager
    async def _read(self, seconds: float) -> AsyncIterator[Connection]:
        with _readable_errors(self._path):
            async with (
                _locked(self._reading),
                _transaction(self._reader, "BEGIN", seconds) as connection,
            ):
                yield connection

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT outside of a transaction, and return all rows."""
        return await self._fetch(sql, args, _STATEMENT_SECONDS)

    async def _fetch(self, sql: str, args: Sequence[object], seconds: float) -> Sequence[Row]:
        with _readable_errors(self._path):
            call, fetch = self._single.call, self._single.raw.execute_fetchall
            return list(await call(fetch, sql, _named(args), seconds=seconds))

    async def overwrite_deleted(self) -> None:
        """Write the log back into the file and empty it: it still holds pages as they were."""
        with _readable_errors(self._path):
            async with self._writing:
                await self._writer.call(self._writer.raw.execute_fetchall, _CHECKPOINT)

    async def probe(self) -> None:
        """Write a row with the writing connection, unless a transaction is using it.

        Such a transaction is fine as long as it misses no deadline, until `_BUSY_SECONDS`.
        """
        if any(thread.is_late for thread in self._threads):
            raise DatabaseUnavailableError
        await self.fetch("SELECT 1 AS one")
        if self._writing.locked() or not await self._write_readiness():
            time = asyncio.get_running_loop().time()
            self._busy_since = self._busy_since or time
            if time - self._busy_since > _BUSY_SECONDS:
                raise DatabaseError(_TOO_LONG)
        else:
            self._busy_since = None

    async def _write_readiness(self) -> bool:
        """Write and delete 64 KiB; return False if another process is writing."""
        call, execute = self._writer.call, self._writer.raw.execute_fetchall
        with _readable_errors(self._path):
            async with self._writing:
                # Do not wait for another process: a probe must answer quickly.
                await call(execute, "PRAGMA busy_timeout = 0")
                try:
                    begin = "BEGIN IMMEDIATE"
                    async with _transaction(self._writer, begin, _STATEMENT_SECONDS) as connection:
                        for ballast in (_BALLAST, b""):
                            await connection.execute(_PROBE, ballast)
                except sqlite3.OperationalError as error:
                    if _kind(error) != sqlite3.SQLITE_BUSY:
                        raise
                    return False
                finally:
                    await call(execute, _BUSY_TIMEOUT)
        return True

    async def examine(self) -> None:
        """Check the file for damage."""
        # This may take long: only a person at a terminal runs it.
        (row,) = await self._fetch("PRAGMA integrity_check(1)", (), _SCHEMA_SECONDS)
        (verdict,) = row
        if verdict != "ok":
            raise DatabaseError(_DAMAGED.format(path=self._path, why=verdict))

    async def tables(self) -> Sequence[str]:
        """Return the names of the tables, in the order in which they were created."""
        rows = await self.fetch(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " ORDER BY rowid"
        )
        return [row["name"] for row in rows]

    async def keep_copy(self, suffix: str) -> Path | None:
        """Copy the file beside itself; the copy replaces an older one of the same name."""
        to = self._beside(suffix)
        await asyncio.to_thread(_copy_file, self._path, to)
        private.keep_owner(to, like=self._path)
        return to

    def kept_copy(self, suffix: str) -> Path | None:
        """Return the copy that `keep_copy` has made, or None if it does not exist."""
        copied = self._beside(suffix)
        return copied if copied.exists() else None

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    @asynccontextmanager
    async def changing_schema(self) -> AsyncIterator[Connection]:
        """Open a transaction that changes the schema."""
        with ExitStack() as stack, _as_database_error(self._path, "used"):
            if not self._is_held and await self.tables():
                stack.enter_context(held(self._path, alone=False))
            async with self._write(_SCHEMA_SECONDS) as connection:
                yield connection

    def ddl(self, statement: str) -> str:
        """Return *statement*: SQLite accepts every type name, and compares text by its bytes."""
        return statement


def _find(path: Path) -> None:
    if not path.is_file():
        raise DatabaseError(_MISSING.format(path=path))


def _create(path: Path) -> None:
    private.create_folder(path.parent)
    if not path.exists():
        private.create(path)
        private.keep_owner(path, like=path.parent)
    # Open it here first, because aiosqlite leaves a thread running if it fails to open a file.
    sqlite3.connect(path).close()


@asynccontextmanager
async def _locked(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Acquire *lock* and release it at the end; raises `DatabaseError` if that takes too long."""
    try:
        async with asyncio.timeout(_BUSY_SECONDS):
            await lock.acquire()
    except TimeoutError as error:
        raise DatabaseError(_TOO_LONG) from error
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def _transaction(thread: _Thread, begin: str, seconds: float) -> AsyncIterator[Connection]:
    raw = thread.raw
    try:
        # BEGIN is inside the try: a task cancelled while it runs would leave the transaction open.
        await thread.call(raw.execute_fetchall, begin)
        yield SQLiteConnection(thread, seconds)
        await thread.call(raw.execute_fetchall, "COMMIT", seconds=seconds)
    except BaseException:
        with suppress(sqlite3.Error, DatabaseUnavailableError):
            await thread.call(raw.execute_fetchall, "ROLLBACK", seconds=_ROLLBACK_SECONDS)
        raise


@asynccontextmanager
async def _open_thread(
    path: Path, availability: Availability, is_looking: bool
) -> AsyncIterator[_Thread]:
    with _as_database_error(path, "opened"):
        async with asyncio.timeout(_STATEMENT_SECONDS):
            connect = partial(_connect, path, is_looking=is_looking)
            raw = _RawConnection(connect, iter_chunk_size=_BATCH)
            await raw
    thread = _Thread(raw, availability)
    try:
        raw.row_factory = sqlite3.Row
        with _as_database_error(path, "used"):
            await thread.call(raw.execute_fetchall, _BUSY_TIMEOUT)
            if is_looking:
                await thread.call(raw.execute_fetchall, "PRAGMA query_only = ON")
            else:
                await thread.call(_use_wal, raw)
            await thread.call(raw.execute_fetchall, "PRAGMA foreign_keys = ON")
            # FULL: a row that is committed before its message is sent must survive a power cut.
            await thread.call(raw.execute_fetchall, "PRAGMA synchronous = FULL")
            # Overwrite deleted rows with zeros: they may have held private data.
            await thread.call(raw.execute_fetchall, "PRAGMA secure_delete = ON")
        yield thread
    finally:
        await thread.close()


def _connect(path: Path, *, is_looking: bool) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(path))}?{_looking(path) if is_looking else 'mode=rwc'}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _looking(path: Path) -> str:
    """Return the parameters to open the existing file *path* so that it stays as it is."""
    real = path.resolve()
    if os.access(real, os.W_OK) and os.access(real.parent, os.W_OK):
        # With "ro", SQLite would leave the files of its log there.
        return "mode=rw"
    # SQLite cannot create these files, and without a log nobody writes to the file.
    is_in_use = real.with_name(f"{real.name}-wal").exists()
    return "mode=ro" if is_in_use else "mode=ro&immutable=1"


async def _use_wal(raw: aiosqlite.Connection) -> None:
    # The busy timeout does not apply when a new file changes to WAL, so retry here.
    for _ in range(100):
        with suppress(sqlite3.OperationalError):
            await raw.execute("PRAGMA journal_mode = WAL")
            return
        await asyncio.sleep(0.02)
    await raw.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _as_database_error(path: Path, done: str) -> Iterator[None]:
    """Turn every error of the file into "The database … cannot be *done*"."""
    try:
        yield
    except OSError as error:
        why = error.strerror or "no answer in time"
        raise DatabaseError(f"The database {path} cannot be {done}: {why}.") from error
    except sqlite3.Error as error:
        if _kind(error) == sqlite3.SQLITE_CORRUPT:
            raise DatabaseError(_DAMAGED.format(path=path, why=error)) from error
        raise _error_of(error)(f"The database {path} cannot be {done}: {error}.") from error


def _error_of(error: sqlite3.Error) -> type[DatabaseError]:
    return TemporaryDatabaseError if _kind(error) in _TEMPORARY else DatabaseError


_TEMPORARY = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_INTERRUPT,
}
"""What may pass by itself."""


_TOO_LONG = "The database has been busy for over ten minutes: see what else writes to it."
_MISSING = "There is no database {path}."
BAD_BACKUP = "The backup {path} is damaged ({why}): restore another one."
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
    sqlite3.SQLITE_INTERRUPT: "The database took too long, and nothing was changed: try again.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    """Turn errors of the file or its disk into `DatabaseError`s; let errors in our SQL pass."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = _SENTENCES.get(_kind(error))
        if sentence is None:
            raise
        raise _error_of(error)(sentence.format(path=path, why=error)) from error


def _kind(error: sqlite3.Error) -> int:
    # The lower byte is the kind, the rest is detail (sqlite.org/rescode.html).
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


# --- whole files --------------------------------------------------------------------------------


def path_of(url: str) -> Path:
    """Return the path of the file that *url* names; raises `DatabaseError` if it names none."""
    path = url.removeprefix(URL)
    if not path or path.endswith("/") or path.startswith((":memory:", "file:")) or "?" in path:
        raise DatabaseError(
            f"{url} does not name a file: a database is a file, as in {URL}data/parley.db, or"
            f" {URL}/var/lib/parley.db with its whole path."
        )
    return Path(path).expanduser() if path.startswith("~/") else Path(path)


def files_of(path: Path) -> Sequence[Path]:
    """Return the database file and the files that SQLite keeps beside it; some may not exist."""
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def copies_of(path: Path) -> Sequence[Path]:
    """Return the older copies of the database *path* beside it, made by an upgrade or a restore."""
    name = re.compile(re.escape(path.name) + r"\.(schema|replaced)-\d+")
    return sorted(file for file in path.parent.iterdir() if name.fullmatch(file.name))


async def copy_file(path: Path, to: Path, *, damaged: str = _DAMAGED) -> None:
    """Copy a snapshot of the database *path* to the new file *to*, while others may write.

    Raises `DatabaseError` if *path* is not a Parley database, is *damaged* (the sentence to raise),
    or if *to* cannot be written. Then there is no file *to*.
    """
    await asyncio.to_thread(_copy_file, path, to, damaged=damaged)


def _copy_file(path: Path, to: Path, *, damaged: str = _DAMAGED) -> None:
    _find(path)
    with private.written_whole(to) as part, closing(_connect(path, is_looking=True)) as source:
        try:
            row = source.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'schema_migration'"
            ).fetchone()
        except sqlite3.Error as error:
            if _kind(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise DatabaseError(damaged.format(path=path, why=error)) from error
            raise DatabaseError(f"The database {path} cannot be read: {error}.") from error
        if not row:
            raise DatabaseError(f"{path} is not a Parley database.")
        try:
            with closing(sqlite3.connect(part)) as target:
                source.backup(target)
                (verdict,) = target.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as error:
            if _kind(error) == sqlite3.SQLITE_CORRUPT:
                raise DatabaseError(damaged.format(path=path, why=error)) from error
            raise DatabaseError(f"{to} cannot be written: {error}.") from error
        if verdict != "ok":
            raise DatabaseError(damaged.format(path=path, why=verdict))


async def replace_file(path: Path, *, by: Path) -> Path | None:
    """Replace the database *path* by a copy of the database *by*.

    Return the new name of the replaced file; None if there was none. The copy gets the owner and
    the mode of that file. Raises `DatabaseError` if *path* is in use or another user's, or if *by*
    is damaged or is not a Parley database.
    """
    return await asyncio.to_thread(_replace_file, path, by)


def _replace_file(path: Path, by: Path) -> Path | None:
    with _as_database_error(path, "restored"):
        private.create_folder(path.parent)
        old = path.stat() if path.exists() else None
        if old and os.geteuid() not in (0, old.st_uid):
            raise DatabaseError(
                f"The database {path} belongs to another user: run this as that user."
            )
        with held(path):
            restored = path.with_name(f"{path.name}.restored")
            _copy_file(by, restored, damaged=BAD_BACKUP)
            private.keep_owner(restored, like=path if old else path.parent)
            if old:
                private.set_mode(restored, old.st_mode)
            kept = _put_aside(path) if old else None
            restored.rename(path)
    return kept


def _put_aside(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.replaced-{number}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    # Rename the files beside it, too, to the names that SQLite expects.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept
