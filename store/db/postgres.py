"""PostgreSQL, by asyncpg (the extra `postgres`): one database for any number of processes."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Self

from store.db.types import Connection, DatabaseError, Row, storable

if TYPE_CHECKING:
    import asyncpg

URLS = ("postgresql://", "postgres://")

_CONNECTIONS = 10
_CONNECT_SECONDS = 10
_WRITER, _SCHEMA, _LONG_WRITER = 0x7061726C, 0x7061726D, 0x7061726E
"""Advisory locks (docs: 13.3.5), each held by one at a time."""
_LOCK = "SELECT pg_advisory_xact_lock({})"
_SERVER_SETTINGS = {
    "application_name": "parley",
    # A replica that is frozen inside a transaction must not hold up the others for ever.
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
}
_TABLES = """
SELECT c.relname AS name FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid
"""


class PostgresConnection:
    """A connection inside a transaction."""

    def __init__(self, raw: "asyncpg.pool.PoolConnectionProxy[Any]") -> None:
        self._raw = raw

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and give every row."""
        return await self._raw.fetch(sql, *map(storable, args))

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and give its rows as they come."""
        async for row in self._raw.cursor(sql, *map(storable, args), prefetch=500):
            yield row

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* for its effect."""
        await self._raw.execute(sql, *map(storable, args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        await self._raw.executemany(sql, ([*map(storable, row)] for row in rows))

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Put *rows* into *table*."""
        # COPY is one statement, so references are checked when all of the table is there.
        records = ([*map(storable, row)] async for row in rows)
        await self._raw.copy_records_to_table(table, columns=columns, records=records)


class Postgres:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self._pool = pool

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
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=_CONNECTIONS,
                timeout=_CONNECT_SECONDS,
                server_settings=_SERVER_SETTINGS,
                # Nothing is ever set on a connection, so there is nothing to reset.
                reset=_nothing,
            )
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
            reason = str(error) or type(error).__name__
            raise DatabaseError(f"The database cannot be opened: {reason}.") from error
        try:
            yield cls(pool)
        finally:
            await pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes.

        The lock makes it what BEGIN IMMEDIATE is to SQLite, so that a test over SQLite holds here.
        """
        async with self._locked(_WRITER) as connection:
            yield connection

    @asynccontextmanager
    async def long_transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes for long, and wait for the others when it commits."""
        async with self._locked(_LONG_WRITER) as connection:
            yield connection
            await connection.execute(_LOCK.format(_WRITER))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Open a transaction that reads."""
        async with self._transaction(isolation="repeatable_read", readonly=True) as raw:
            yield PostgresConnection(raw)

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one statement that reads."""
        with _told(), _reached():
            return await self._pool.fetch(sql, *map(storable, args))

    async def examine(self) -> None:
        """Find nothing: PostgreSQL looks after its own files."""

    async def tables(self) -> Sequence[str]:
        """Name the tables, in the order in which they were made."""
        return [row["name"] for row in await self._pool.fetch(_TABLES)]

    @asynccontextmanager
    async def changing_schema(self) -> AsyncIterator[Connection]:
        """Open a transaction that changes the schema."""
        # CREATE TABLE IF NOT EXISTS alone fails when two run it at the same moment.
        import asyncpg

        try:
            async with self._locked(_SCHEMA) as connection:
                yield connection
        except asyncpg.PostgresError as error:
            raise DatabaseError(f"The database cannot be used: {error}.") from error

    def ddl(self, statement: str) -> str:
        """Give *statement* with its texts compared by their bytes, as SQLite does."""
        return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement)

    @asynccontextmanager
    async def _locked(self, lock: int) -> AsyncIterator[Connection]:
        async with self._transaction() as raw:
            await raw.execute(_LOCK.format(lock))
            yield PostgresConnection(raw)

    @asynccontextmanager
    async def _transaction(
        self, **options: Any
    ) -> AsyncIterator["asyncpg.pool.PoolConnectionProxy[Any]"]:
        with _reached():
            raw = await self._pool.acquire()
        try:
            with _told():
                async with raw.transaction(**options):
                    yield raw
        finally:
            await self._pool.release(raw)


async def _nothing(_: "asyncpg.Connection[Any]") -> None:
    """Reset nothing."""


_SENTENCES = {
    "53100": "The disk of the database is full: nothing was changed.",
    "25006": "The database can only be read: nothing was changed.",
    "55P03": "Another process is writing to the database: try again.",
    "40P01": "Another process is writing to the database: try again.",
}
"""By SQLSTATE (docs: appendix A)."""
_LOST = (
    "The database is not to be reached ({why}): try again once it is; what was begun is there as a"
    " whole, or not at all."
)


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence what is wrong with the server; a wrong statement stays so."""
    import asyncpg

    try:
        yield
    except asyncpg.PostgresError as error:
        code = error.sqlstate or ""
        # The connection's own errors, and a server that is shut down or has no room for more.
        is_lost = code.startswith(("08", "57P", "533"))
        sentence = _LOST if is_lost else _SENTENCES.get(code)
        if sentence is None:
            raise
        raise DatabaseError(sentence.format(why=error)) from error
    except asyncpg.InterfaceError as error:
        # The same class tells of mistakes in how it is called.
        if "closed" not in str(error):
            raise
        raise DatabaseError(_LOST.format(why=error)) from error


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError) as error:
        raise DatabaseError(_LOST.format(why=str(error) or type(error).__name__)) from error
