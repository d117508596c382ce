"""PostgreSQL by asyncpg (the extra `postgres`): one database for any number of processes.

Every call, every checkout from the pool and every close has a deadline. The server's own limits
are shorter, so a live server reports itself that a statement or a lock took too long. Only a
silent server misses our deadlines. Then the connection is terminated, because a normal close would
wait for the silent server, too.
"""

import asyncio
import logging
import re
import socket
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
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from weakref import WeakSet

from store.db.availability import Availability
from store.db.types import (
    Connection,
    DatabaseError,
    DatabaseUnavailableError,
    Row,
    TemporaryDatabaseError,
    storable,
)

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

_log = logging.getLogger(__name__)

URLS = ("postgresql://", "postgres://")
LIKE = (
    "must be like postgresql://user:password@host:5432/name, with every special character of the"
    " password percent-encoded, such as %40 for @, %2F for /, %23 for # and %3F for ?"
)
"""What a URL must be that cannot be read. It is not shown, because it may hold a password."""

_CONNECTIONS = 10
_WRITERS = 2
"""How many connections may wait for the lock of short transactions, of which one has it at a time:
one writes, and the next one is ready. The others wait without a connection, so that reads have one.
"""
_CONNECT_SECONDS = 5
_CHECKOUT_SECONDS = 10
"""For the wait for a connection of the pool, before a new one is opened."""
_CROWDED_RETRY_SECONDS = 1
"""Between two attempts of a process to open a connection if the server has none left."""
_CROWDED_SECONDS = 3600
"""How often it is logged that the server has no connection left."""
_LOCK_SECONDS = 10
"""For a lock that another short transaction holds."""
_STATEMENT_SECONDS = 12
"""For one statement of a short transaction, and for a SELECT outside of a transaction."""
_IDLE_SECONDS = 15
"""Between two statements of a short transaction."""
_LONG_STATEMENT_SECONDS = 120
"""For one statement of a long transaction; the whole transaction has no limit."""
_LONG_IDLE_SECONDS = 60
"""Between two statements of a long transaction."""
_LONG_LOCK_SECONDS = 600
"""For another process to finish a load or a change of the schema."""
_SPARE_SECONDS = 3
"""How much later than the server's own limit our deadline is."""
_CLOSE_SECONDS = 3
_NO_LIMIT = 1e9
"""For a call that has a deadline of another kind."""
_BATCH = 1000
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""Socket options that detect a dead peer while nothing is sent (tcp(7))."""
_WRITER, _SCHEMA, _LONG_WRITER = 0x7061726C, 0x7061726D, 0x7061726E
"""Advisory locks (docs: 13.3.5); one transaction at a time holds each of them."""
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock({})"
_LIMIT = "SET LOCAL {} = '{}s'"
_END_SILENT = """
SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND granted AND objid = {}
    AND state = 'active' AND wait_event = 'ClientRead' AND query NOT LIKE 'COPY %'
    AND state_change < clock_timestamp() - interval '{} seconds'
"""
_PROBE = """
INSERT INTO readiness (id, ballast) VALUES (1, '')
ON CONFLICT (id) DO UPDATE SET ballast = excluded.ballast
"""
_TABLES = """
SELECT c.relname AS name FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid
"""


class PostgresConnection:
    """A connection with a deadline for each call; usually inside a transaction.

    Where rows are written or read in batches, each batch has the deadline of a short statement,
    even in a long transaction: so a server that hangs during a load is noticed at once.
    """

    def __init__(
        self,
        raw: "asyncpg.pool.PoolConnectionProxy[Any]",
        availability: Availability,
        seconds: float,
    ) -> None:
        """Set *seconds*, the server's own limit for one statement."""
        self._raw = raw
        self._availability = availability
        self._seconds = seconds + _SPARE_SECONDS
        self._batch_seconds = min(seconds, _STATEMENT_SECONDS) + _SPARE_SECONDS

    def within(self, seconds: float) -> "PostgresConnection":
        """Return the same connection with another deadline for each call."""
        return PostgresConnection(self._raw, self._availability, seconds)

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and return all rows."""
        return await self._await(self._raw.fetch(sql, *map(storable, args), timeout=self._seconds))

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and yield its rows."""
        rows = aiter(
            self._raw.cursor(sql, *map(storable, args), prefetch=500, timeout=self._batch_seconds)
        )
        with suppress(StopAsyncIteration):
            while True:
                yield await self._await(anext(rows), self._batch_seconds)

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* and return nothing."""
        await self._await(self._raw.execute(sql, *map(storable, args), timeout=self._seconds))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        parameters = ([*map(storable, row)] for row in rows)
        while batch := list(islice(parameters, _BATCH)):
            call = self._raw.executemany(sql, batch, timeout=self._batch_seconds)
            await self._await(call, self._batch_seconds)

    async def fetchmany(self, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[Row]:
        """Run *sql* once for each of *rows*, and return the rows of all results, in this order."""
        parameters = [[*map(storable, row)] for row in rows]
        return await self._await(self._raw.fetchmany(sql, parameters, timeout=self._seconds))

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Insert *rows* into *table*."""
        # COPY is one statement, so the server checks references after the last row. The statement
        # has no limit as a whole; instead, its deadline is extended with each batch of rows.
        await self.execute(_LIMIT.format("statement_timeout", 0))
        time = asyncio.get_running_loop().time

        async def copy() -> None:
            async with asyncio.timeout(self._batch_seconds) as deadline:

                async def watched() -> AsyncIterator[Sequence[object]]:
                    number = 0
                    async for row in rows:
                        number += 1
                        if number % _BATCH == 0:
                            deadline.reschedule(time() + self._batch_seconds)
                        yield [*map(storable, row)]
                    # Now the server checks all references, and sends nothing until it is done.
                    deadline.reschedule(time() + _LONG_LOCK_SECONDS)

                await self._raw.copy_records_to_table(
                    table, columns=columns, records=watched(), timeout=_NO_LIMIT
                )

        await self._await(copy(), self._batch_seconds)

    async def _await(self, call: Awaitable[T], seconds: float | None = None) -> T:
        """Wait for *call*; terminate the connection if it misses its deadline of *seconds*."""
        try:
            result = await call
        except TimeoutError as error:
            _terminate(self._raw)
            seconds = seconds or self._seconds
            raise self._availability.lost(f"no answer within {seconds:g} s") from error
        self._availability.found()
        return result


class Postgres:
    """A pool of connections to one PostgreSQL database."""

    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        connections: "WeakSet[asyncpg.Connection[Any]]",
        *,
        is_read_only: bool,
    ) -> None:
        """Set the *pool* and the set of its *connections*; `connect` adds each new connection."""
        self.is_read_only = is_read_only
        self.blocks_writers = False
        self._pool = pool
        self._connections = connections
        self._in_use: set[int] = set()
        """The connections that are checked out, by the ids of their server processes."""
        self._availability = Availability(on_loss=self._terminate_idle)
        self._retrying = asyncio.Lock()
        self._permits = asyncio.Semaphore(_CONNECTIONS)
        """One for each connection that is in use or being opened."""
        self._next_retry = float("-inf")
        """When the last permit that is withheld from a crowded server is released."""
        self._crowded_at: float | None = None
        """When it was last logged that the server has no connection left."""
        self._writing = asyncio.Semaphore(_WRITERS)

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        url: str,
        *,
        hold: bool,  # noqa: ARG003 -- for SQLite
        is_looking: bool = False,
    ) -> AsyncIterator[Self]:
        """Open the pool; raises `DatabaseError`.

        *hold* has no effect, because replicas share the database. With *is_looking*, nothing can be
        written.
        """
        try:
            import asyncpg
        except ImportError as error:
            raise DatabaseError(
                "PostgreSQL needs its driver: `pip install -c constraints.txt -e '.[postgres]'`, in"
                " Parley's folder, with -e before it in a checkout."
            ) from error
        connections: WeakSet[asyncpg.Connection[Any]] = WeakSet()

        async def opened(connection: "asyncpg.Connection[Any]") -> None:
            connections.add(connection)
            _keep_alive(connection)

        try:
            pool = await asyncpg.create_pool(
                url,
                # Open one connection now, to find out whether that works. Keep none open for ever,
                # because asyncpg logs each failed attempt to reopen one.
                init_size=1,
                min_size=0,
                max_size=_CONNECTIONS,
                timeout=_CONNECT_SECONDS,
                command_timeout=_STATEMENT_SECONDS + _SPARE_SECONDS,
                server_settings=_server_settings(url, is_looking=is_looking),
                init=opened,
                # No session has settings of its own, so there is nothing to reset.
                reset=_reset_nothing,
            )
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
            # Not a mistake in the settings: a supervisor should start the process again.
            message = f"The database cannot be opened: {_reason(error)}{_host_of(url)}."
            raise DatabaseUnavailableError(message) from error
        except asyncpg.PostgresError as error:
            message = f"The database cannot be opened: {_reason(error)}."
            is_away = (error.sqlstate or "").startswith(_AWAY)
            raise (DatabaseUnavailableError if is_away else DatabaseError)(message) from error
        except asyncpg.InterfaceError as error:
            raise DatabaseError(f"The database cannot be opened: {_reason(error)}.") from error
        except (ValueError, OverflowError) as error:
            # The message of this error may hold a part of the password.
            raise DatabaseError(f"The URL of a database {LIKE}.") from error
        try:
            yield cls(pool, connections, is_read_only=is_looking)
        finally:
            # If this times out, the pool terminates the connections that are left.
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes.

        The lock has the effect of BEGIN IMMEDIATE in SQLite, so both engines behave the same.
        """
        try:
            # Longer than the calls of those who have a connection may take.
            async with asyncio.timeout(_STATEMENT_SECONDS + _SPARE_SECONDS):
                await self._writing.acquire()
        except TimeoutError as error:
            raise TemporaryDatabaseError(_BUSY) from error
        try:
            async with self._transaction(f"BEGIN; {_LOCK.format(_WRITER)}") as connection:
                yield connection
        finally:
            self._writing.release()

    async def write(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in a `transaction`, and return its result."""
        async with self.transaction() as connection:
            return await work(connection)

    @asynccontextmanager
    async def long_transaction(self) -> AsyncIterator[Connection]:
        """Open a long transaction, and wait for short transactions before it commits."""
        async with self._long(_LONG_WRITER, _LONG_STATEMENT_SECONDS) as connection:
            yield connection
            # Longer than a frozen replica can hold the lock before the server ends its session.
            await connection.execute(_LIMIT.format("lock_timeout", _LONG_STATEMENT_SECONDS))
            await connection.execute(_LOCK.format(_WRITER))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads one snapshot."""
        async with self._transaction(_READ) as connection:
            yield connection

    @asynccontextmanager
    async def long_reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads one snapshot, with long statements."""
        async with self._transaction(_READ, seconds=_LONG_STATEMENT_SECONDS) as connection:
            yield connection

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT outside of a transaction, and return all rows."""
        async with self._connection() as raw:
            return await self._short(raw).fetch(sql, *args)

    async def probe(self) -> None:
        """Write a row with a connection of the pool."""
        # A single statement commits by itself. It does not wait for Parley's advisory locks, and a
        # process that freezes in the middle does not block the others.
        async with self._connection() as raw:
            await self._short(raw).execute(_PROBE)

    async def overwrite_deleted(self) -> None:
        """Do nothing: PostgreSQL removes deleted rows from its files itself (docs: VACUUM)."""

    async def examine(self) -> None:
        """Do nothing: PostgreSQL checks its own files."""

    async def tables(self) -> Sequence[str]:
        """Return the names of the tables, in the order in which they were created."""
        return [row["name"] for row in await self.fetch(_TABLES)]

    async def keep_copy(self, _: str) -> Path | None:
        """Return None: a server has its own backups."""
        return None

    def kept_copy(self, _: str) -> Path | None:
        """Return None: `keep_copy` makes none."""
        return None

    @asynccontextmanager
    async def changing_schema(self) -> AsyncIterator[Connection]:
        """Open a transaction that changes the schema."""
        # Without the lock, CREATE TABLE IF NOT EXISTS fails if two processes run it together.
        import asyncpg

        try:
            async with self._long(_SCHEMA, _LONG_LOCK_SECONDS) as connection:
                yield connection
        except asyncpg.PostgresError as error:
            raise DatabaseError(f"The database cannot be used: {error}.") from error

    def ddl(self, statement: str) -> str:
        """Return *statement* with text columns that compare bytes, as SQLite does."""
        return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement)

    @asynccontextmanager
    async def _long(self, lock: int, seconds: float) -> AsyncIterator[PostgresConnection]:
        """Open a transaction of long statements, and wait for the advisory *lock*."""
        import asyncpg

        async with self._transaction("BEGIN", seconds=seconds) as connection:
            # Another process may hold the lock for minutes. Ask for it in short statements: in one
            # long statement, a silent server would look like a server that waits for the lock.
            time, short = asyncio.get_running_loop().time, connection.within(_STATEMENT_SECONDS)
            until, is_locked = time() + _LONG_LOCK_SECONDS, False
            while not is_locked:
                try:
                    await short.execute(f"SAVEPOINT asked; {_LOCK.format(lock)}")
                    is_locked = True
                except asyncpg.LockNotAvailableError:
                    if time() > until:
                        raise
                    await short.execute("ROLLBACK TO SAVEPOINT asked")
                    await _end_silent(short, lock, _LONG_IDLE_SECONDS)
            yield connection

    @asynccontextmanager
    async def _transaction(
        self, begin: str, *, seconds: float | None = None
    ) -> AsyncIterator[PostgresConnection]:
        """Open a transaction; each statement may take *seconds*, or as long as a short one."""
        import asyncpg

        blocked = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
        async with self._connection() as raw:
            connection = short = self._short(raw)
            if seconds is not None:
                limits = {
                    "statement_timeout": seconds,
                    "idle_in_transaction_session_timeout": _LONG_IDLE_SECONDS,
                }
                begin = "; ".join([begin, *(_LIMIT.format(*limit) for limit in limits.items())])
                connection = short.within(seconds)
            try:
                await short.execute(begin)
                yield connection
                await connection.execute("COMMIT")
            except DatabaseUnavailableError:
                # This may come from another connection, but do not wait for this one either.
                _terminate(raw)
                raise
            except Exception as error:
                try:
                    await short.execute("ROLLBACK")
                    if isinstance(error, blocked):
                        await _end_silent(short, _WRITER, _IDLE_SECONDS)
                except Exception:  # noqa: BLE001 -- the first error is raised below
                    # The server rolls back when it notices that the connection is gone.
                    _terminate(raw)
                raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["asyncpg.pool.PoolConnectionProxy[Any]"]:
        """Check a connection out of the pool; terminate it if the task is cancelled."""
        with self._readable_errors():
            raw = await self._check_out()
            process = raw.get_server_pid()
            self._in_use.add(process)
            try:
                yield raw
            except Exception:
                raise
            except BaseException:
                # Cancelled: the state of the connection is unknown, and a query would block.
                _terminate(raw)
                raise
            finally:
                self._in_use.discard(process)
                try:
                    await self._pool.release(raw)
                finally:
                    self._permits.release()

    async def _check_out(self) -> "asyncpg.pool.PoolConnectionProxy[Any]":
        if not self._availability.is_away:
            return await self._acquire()
        # One task finds out whether the server is back; the others fail at once.
        if self._retrying.locked():
            raise DatabaseUnavailableError
        async with self._retrying:
            return await self._acquire()

    async def _acquire(self) -> "asyncpg.pool.PoolConnectionProxy[Any]":
        """Check a connection out of the pool, which opens one if all of its own are in use.

        If the server has none left, wait for one of our own: without any, it is away.
        """
        import asyncpg

        loop = asyncio.get_running_loop()
        until = loop.time() + _CHECKOUT_SECONDS
        while True:
            try:
                async with asyncio.timeout_at(until):
                    await self._permits.acquire()
            except TimeoutError as error:
                # An attempt that is under way may still find the server crowded.
                if loop.time() < self._next_retry + _CONNECT_SECONDS:
                    raise TemporaryDatabaseError(_CROWDED) from error
                raise self._availability.lost(_reason(error)) from error
            connection, release_at = None, loop.time()
            try:
                connection = await self._pool.acquire(timeout=_CONNECT_SECONDS)
                return connection
            except asyncpg.TooManyConnectionsError as error:
                if not self._pool.get_size():
                    raise self._availability.lost(_reason(error)) from error
                self._log_crowded(error)
                # Each attempt costs the server a process. However many tasks wait, allow one a
                # second: the others wait until a connection of our own is released.
                release_at = max(self._next_retry, release_at) + _CROWDED_RETRY_SECONDS
                self._next_retry = release_at
            except (OSError, TimeoutError, asyncpg.PostgresError) as error:
                raise self._availability.lost(_reason(error)) from error
            finally:
                if connection is None:
                    loop.call_at(release_at, self._permits.release)

    def _log_crowded(self, error: Exception) -> None:
        now = asyncio.get_running_loop().time()
        if self._crowded_at is None or now - self._crowded_at > _CROWDED_SECONDS:
            self._crowded_at = now
            _log.warning(
                "the database server has no connection left (%s): this process goes on with the %d"
                " that it has, and wants up to %d; raise max_connections or run fewer processes",
                _reason(error),
                self._pool.get_size(),
                _CONNECTIONS,
            )

    def _terminate_idle(self) -> None:
        """Terminate the unused connections, so that no task has to wait for each of them."""
        for connection in list(self._connections):
            if not connection.is_closed() and connection.get_server_pid() not in self._in_use:
                connection.terminate()

    def _short(self, raw: "asyncpg.pool.PoolConnectionProxy[Any]") -> PostgresConnection:
        return PostgresConnection(raw, self._availability, _STATEMENT_SECONDS)

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        """Turn errors of the server into `DatabaseError`s; let errors in our SQL pass."""
        import asyncpg

        try:
            yield
        except asyncpg.PostgresError as error:
            code = error.sqlstate or ""
            if code.startswith(_AWAY):
                raise self._availability.lost(error) from error
            if code not in _SENTENCES:
                raise
            raise TemporaryDatabaseError(_SENTENCES[code]) from error
        except asyncpg.InternalClientError as error:
            # asyncpg raises this if the server has ended the session but not closed the socket yet.
            raise self._availability.lost("the connection was lost") from error
        except asyncpg.InterfaceError as error:
            # asyncpg raises the same class for wrong use of its API: do not hide those errors.
            if not re.search("clos|released", str(error)):
                raise
            raise self._availability.lost("the connection was lost") from error


async def _end_silent(connection: PostgresConnection, lock: int, seconds: float) -> None:
    """End sessions that hold *lock* and whose client is silent for longer than *seconds*.

    A client that is lost between preparing a statement and running it leaves its session "active",
    so that neither idle_in_transaction_session_timeout nor statement_timeout ends the session, and
    its lock would block all processes (docs: 20.11.1; transaction_timeout is new in version 17).
    """
    for row in await connection.fetch(_END_SILENT.format(lock, seconds)):
        _log.warning("session %d held a lock and its client was silent: it was ended", row["pid"])


def _terminate(raw: "asyncpg.pool.PoolConnectionProxy[Any]") -> None:
    """Close a connection without waiting for the server, which then rolls back."""
    import asyncpg

    # The connection may be closed already and returned to the pool.
    with suppress(asyncpg.InterfaceError):
        raw.terminate()


def _keep_alive(connection: "asyncpg.Connection[Any]") -> None:
    # asyncpg has no option for this. Not every system has all of these socket options.
    raw = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
    if raw is None or raw.family not in (socket.AF_INET, socket.AF_INET6):
        return
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _server_settings(url: str, *, is_looking: bool) -> dict[str, str]:
    """Return the settings of each session, except those that *url* sets."""
    settings = {
        "application_name": "parley",
        "lock_timeout": f"{_LOCK_SECONDS}s",
        "statement_timeout": f"{_STATEMENT_SECONDS}s",
        # A replica that freezes or is cut off inside a transaction must not block the others.
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
    if is_looking:
        settings["default_transaction_read_only"] = "on"
    given = parse_qs(urlsplit(url).query)
    return {name: value for name, value in settings.items() if name not in given}


async def _reset_nothing(_: "asyncpg.Connection[Any]") -> None:
    """Reset nothing."""


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    why = error.strerror if isinstance(error, socket.gaierror) else str(error)
    return why or type(error).__name__


def _host_of(url: str) -> str:
    """Return the host that *url* names, in parentheses; nothing for a Unix socket."""
    hosts = re.sub(r":\d+(?=,|$)", "", urlsplit(url).netloc.rpartition("@")[2])
    return f" (host {hosts})" if hosts else ""


_AWAY = ("08", "57P", "533")
"""SQLSTATEs of a broken connection, of a server that starts or ends, and of one that is crowded."""
_BUSY = "Another process is writing to the database: try again."
_CROWDED = "The database has no connection left: try again in a minute."
_SENTENCES = {
    "53100": "The disk of the database is full: nothing was changed.",
    "25006": "The database can only be read: nothing was changed.",
    "55P03": _BUSY,
    "40P01": _BUSY,
    "57014": "The database took too long, and nothing was changed: try again in a minute.",
}
"""Sentences for what may pass by itself, by SQLSTATE (docs: appendix A)."""
