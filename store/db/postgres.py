"""PostgreSQL, by asyncpg (the extra `postgres`): one database for any number of processes.

Every call, every checkout from the pool and every close has a deadline. The server has shorter
limits of its own, so that a server that is alive says itself that a statement or a lock took too
long. Only a server that is silent misses ours, and then the connection is cut: closing it politely
would wait for the same silence.
"""

import asyncio
import re
import socket
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from weakref import WeakSet

from store.db.availability import Availability
from store.db.types import (
    Connection,
    DatabaseError,
    DatabaseUnavailableError,
    Row,
    storable,
)

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

URLS = ("postgresql://", "postgres://")

_CONNECTIONS = 10
_CONNECT_SECONDS = 5
_CHECKOUT_SECONDS = 10
"""For a connection from the pool, a new one included."""
_LOCK_SECONDS = 10
"""For a lock that others hold for the length of a short transaction."""
_STATEMENT_SECONDS = 12
"""For one statement of a short transaction, and for a SELECT by itself."""
_IDLE_SECONDS = 15
"""Between two statements of a short transaction."""
_LONG_STATEMENT_SECONDS = 120
"""For one statement of a transaction that loads or reads very much, never for the whole of it."""
_LONG_IDLE_SECONDS = 60
_LONG_LOCK_SECONDS = 600
"""For another process's load, or its change of the schema."""
_SPARE_SECONDS = 3
"""How much later than the server's own limit a call is given up."""
_CLOSE_SECONDS = 3
_FOR_EVER = 1e9
"""For a call that has a deadline of another kind."""
_BATCH = 1000
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""Socket options by which a peer that is gone is noticed although nothing is sent (tcp(7))."""
_WRITER, _SCHEMA, _LONG_WRITER = 0x7061726C, 0x7061726D, 0x7061726E
"""Advisory locks (docs: 13.3.5), each held by one at a time."""
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock({})"
_LIMIT = "SET LOCAL {} = '{}s'"
_PROBE = """
INSERT INTO readiness (id, ballast) VALUES (1, '')
ON CONFLICT (id) DO UPDATE SET ballast = excluded.ballast
"""
_TABLES = """
SELECT c.relname AS name FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid
"""


class PostgresConnection:
    """A connection, mostly inside a transaction, with a deadline for each step."""

    def __init__(
        self,
        raw: "asyncpg.pool.PoolConnectionProxy[Any]",
        availability: Availability,
        seconds: float,
    ) -> None:
        """Take how many *seconds* the server itself allows for one statement."""
        self._raw = raw
        self._availability = availability
        self._seconds = seconds + _SPARE_SECONDS

    def within(self, seconds: float) -> "PostgresConnection":
        """Return the same connection with another deadline for each step."""
        return PostgresConnection(self._raw, self._availability, seconds)

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and give every row."""
        return await self._step(self._raw.fetch(sql, *map(storable, args), timeout=self._seconds))

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and give its rows as they come."""
        rows = aiter(
            self._raw.cursor(sql, *map(storable, args), prefetch=500, timeout=self._seconds)
        )
        with suppress(StopAsyncIteration):
            while True:
                yield await self._step(anext(rows))

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* for its effect."""
        await self._step(self._raw.execute(sql, *map(storable, args), timeout=self._seconds))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        every = ([*map(storable, row)] for row in rows)
        while some := list(islice(every, _BATCH)):
            await self._step(self._raw.executemany(sql, some, timeout=self._seconds))

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Put *rows* into *table*."""
        # COPY is one statement, so references are checked when all of the table is there. It has
        # no limit as a whole, and a deadline that moves on with the rows.
        await self.execute(_LIMIT.format("statement_timeout", 0))
        time = asyncio.get_running_loop().time

        async def copy() -> None:
            async with asyncio.timeout(self._seconds) as deadline:

                async def watched() -> AsyncIterator[Sequence[object]]:
                    number = 0
                    async for row in rows:
                        number += 1
                        if number % _BATCH == 0:
                            deadline.reschedule(time() + self._seconds)
                        yield [*map(storable, row)]
                    # Now the server checks every reference, and says nothing meanwhile.
                    deadline.reschedule(time() + _LONG_LOCK_SECONDS)

                await self._raw.copy_records_to_table(
                    table, columns=columns, records=watched(), timeout=_FOR_EVER
                )

        await self._step(copy())

    async def _step(self, step: Awaitable[T]) -> T:
        """Wait for *step*; a connection that misses its deadline is cut."""
        try:
            done = await step
        except TimeoutError as error:
            _cut(self._raw)
            raise self._availability.lost(f"no answer within {self._seconds:g} s") from error
        self._availability.found()
        return done


class Postgres:
    """A pool of connections to one PostgreSQL database."""

    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        connections: "WeakSet[asyncpg.Connection[Any]]",
    ) -> None:
        """Take the *pool* and the set of its *connections*, which is kept up as they come."""
        self._pool = pool
        self._connections = connections
        self._in_use: set[int] = set()
        """The connections that are checked out, by the process that serves each."""
        self._availability = Availability(on_loss=self._drop_idle)
        self._trying = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, *, hold: bool) -> AsyncIterator[Self]:
        """Open the pool; raises `DatabaseError`. Nothing is held: replicas share the database."""
        try:
            import asyncpg
        except ImportError as error:
            raise DatabaseError(
                "PostgreSQL needs its driver: pip install '.[postgres]', in Parley's folder."
            ) from error
        connections: WeakSet[asyncpg.Connection[Any]] = WeakSet()

        async def opened(connection: "asyncpg.Connection[Any]") -> None:
            connections.add(connection)
            _keep_alive(connection)

        try:
            pool = await asyncpg.create_pool(
                url,
                # One at once, to see that it can be opened; none is kept open for ever, for asyncpg
                # logs every time that it tries to and cannot.
                init_size=1,
                min_size=0,
                max_size=_CONNECTIONS,
                timeout=_CONNECT_SECONDS,
                command_timeout=_STATEMENT_SECONDS + _SPARE_SECONDS,
                server_settings=_server_settings(url),
                init=opened,
                # Nothing is ever set on a connection, so there is nothing to reset.
                reset=_nothing,
            )
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
            raise DatabaseError(f"The database cannot be opened: {_reason(error)}.") from error
        try:
            yield cls(pool, connections)
        finally:
            # Cut off, it terminates what is left.
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes.

        The lock makes it what BEGIN IMMEDIATE is to SQLite, so that a test over SQLite holds here.
        """
        async with self._transaction(f"BEGIN; {_LOCK.format(_WRITER)}") as connection:
            yield connection

    @asynccontextmanager
    async def long_transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes for long, and wait for the others when it commits."""
        async with self._long(_LONG_WRITER, _LONG_STATEMENT_SECONDS) as connection:
            yield connection
            # Longer than the server lets a replica stand still that holds the lock.
            await connection.execute(_LIMIT.format("lock_timeout", _LONG_STATEMENT_SECONDS))
            await connection.execute(_LOCK.format(_WRITER))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads."""
        async with self._transaction(_READ) as connection:
            yield connection

    @asynccontextmanager
    async def long_reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads very much at a time."""
        async with self._transaction(_READ, seconds=_LONG_STATEMENT_SECONDS) as connection:
            yield connection

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one statement that reads."""
        async with self._connection() as raw:
            return await self._short(raw).fetch(sql, *args)

    async def probe(self) -> None:
        """Write a row, by a connection of the pool."""
        # One statement, which commits by itself: no lock of Parley's is waited for, and a process
        # that stops in the middle holds up no other one.
        async with self._connection() as raw:
            await self._short(raw).execute(_PROBE)

    async def examine(self) -> None:
        """Find nothing: PostgreSQL looks after its own files."""

    async def tables(self) -> Sequence[str]:
        """Name the tables, in the order in which they were made."""
        return [row["name"] for row in await self.fetch(_TABLES)]

    @asynccontextmanager
    async def changing_schema(self) -> AsyncIterator[Connection]:
        """Open a transaction that changes the schema."""
        # CREATE TABLE IF NOT EXISTS alone fails when two run it at the same moment.
        import asyncpg

        try:
            async with self._long(_SCHEMA, _LONG_LOCK_SECONDS) as connection:
                yield connection
        except asyncpg.PostgresError as error:
            raise DatabaseError(f"The database cannot be used: {error}.") from error

    def ddl(self, statement: str) -> str:
        """Give *statement* with its texts compared by their bytes, as SQLite does."""
        return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement)

    @asynccontextmanager
    async def _long(self, lock: int, seconds: float) -> AsyncIterator[PostgresConnection]:
        """Open a transaction of long statements once nobody else holds *lock*."""
        import asyncpg

        async with self._transaction("BEGIN", seconds=seconds) as connection:
            # Asked for again and again, since whoever holds it may do so for minutes: if all of
            # them were one statement, a silent server would look like one that waits.
            time, short = asyncio.get_running_loop().time, connection.within(_STATEMENT_SECONDS)
            until, is_ours = time() + _LONG_LOCK_SECONDS, False
            while not is_ours:
                try:
                    await short.execute(f"SAVEPOINT asked; {_LOCK.format(lock)}")
                    is_ours = True
                except asyncpg.LockNotAvailableError:
                    if time() > until:
                        raise
                    await short.execute("ROLLBACK TO SAVEPOINT asked")
            yield connection

    @asynccontextmanager
    async def _transaction(
        self, begin: str, *, seconds: float | None = None
    ) -> AsyncIterator[PostgresConnection]:
        """Open a transaction whose every statement may take so many *seconds*."""
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
                # Another connection's, perhaps: this one is cut with it, and asked nothing more.
                _cut(raw)
                raise
            except Exception:
                try:
                    await short.execute("ROLLBACK")
                except Exception:
                    # The server does it, once it sees that nobody is there any more.
                    _cut(raw)
                raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["asyncpg.pool.PoolConnectionProxy[Any]"]:
        """Check a connection out of the pool; one whose work is cut short is cut, too."""
        with self._told():
            raw = await self._checked_out()
            process = raw.get_server_pid()
            self._in_use.add(process)
            try:
                yield raw
            except Exception:
                raise
            except BaseException:
                # Cancelled: where it stands nobody knows, and asking would wait for an answer.
                _cut(raw)
                raise
            finally:
                self._in_use.discard(process)
                await self._pool.release(raw)

    async def _checked_out(self) -> "asyncpg.pool.PoolConnectionProxy[Any]":
        if not self._availability.is_away:
            return await self._acquired()
        # One finds out whether the server is back; to the others it can be said at once.
        if self._trying.locked():
            raise DatabaseUnavailableError
        async with self._trying:
            return await self._acquired()

    async def _acquired(self) -> "asyncpg.pool.PoolConnectionProxy[Any]":
        import asyncpg

        try:
            return await self._pool.acquire(timeout=_CHECKOUT_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise self._availability.lost(_reason(error)) from error

    def _drop_idle(self) -> None:
        """Cut the connections that nobody uses, so that nobody has to find out about each."""
        for connection in list(self._connections):
            if not connection.is_closed() and connection.get_server_pid() not in self._in_use:
                connection.terminate()

    def _short(self, raw: "asyncpg.pool.PoolConnectionProxy[Any]") -> PostgresConnection:
        return PostgresConnection(raw, self._availability, _STATEMENT_SECONDS)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in a sentence what is wrong with the server; a wrong statement stays so."""
        import asyncpg

        try:
            yield
        except asyncpg.PostgresError as error:
            code = error.sqlstate or ""
            # The connection's own errors, and a server that is shut down or has no room for more.
            if code.startswith(("08", "57P", "533")):
                raise self._availability.lost(error) from error
            if code not in _SENTENCES:
                raise
            raise DatabaseError(_SENTENCES[code]) from error
        except asyncpg.InternalClientError as error:
            # What asyncpg makes of a server that has said goodbye and not yet hung up.
            raise self._availability.lost("the connection was lost") from error
        except asyncpg.InterfaceError as error:
            # The same class tells of mistakes in how it is called.
            if not re.search("clos|released", str(error)):
                raise
            raise self._availability.lost("the connection was lost") from error


def _cut(raw: "asyncpg.pool.PoolConnectionProxy[Any]") -> None:
    """Close a connection without asking the server, which rolls its transaction back."""
    import asyncpg

    # It may be closed by now, and given back to the pool.
    with suppress(asyncpg.InterfaceError):
        raw.terminate()


def _keep_alive(connection: "asyncpg.Connection[Any]") -> None:
    # asyncpg has no option for it. Outside of Linux some of these have other names, or none.
    raw = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
    if raw is None or raw.family not in (socket.AF_INET, socket.AF_INET6):
        return
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _server_settings(url: str) -> dict[str, str]:
    """Return what the server is told of a session; what *url* says goes before it."""
    settings = {
        "application_name": "parley",
        "lock_timeout": f"{_LOCK_SECONDS}s",
        "statement_timeout": f"{_STATEMENT_SECONDS}s",
        # A replica that is frozen or cut off inside a transaction must not hold up the others.
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
    given = parse_qs(urlsplit(url).query)
    return {name: value for name, value in settings.items() if name not in given}


async def _nothing(_: "asyncpg.Connection[Any]") -> None:
    """Reset nothing."""


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


_BUSY = "Another process is writing to the database: try again."
_SENTENCES = {
    "53100": "The disk of the database is full: nothing was changed.",
    "25006": "The database can only be read: nothing was changed.",
    "55P03": _BUSY,
    "40P01": _BUSY,
    "57014": "The database took too long, and nothing was changed: try again in a minute.",
}
"""By SQLSTATE (docs: appendix A)."""
