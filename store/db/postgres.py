"""PostgreSQL, by asyncpg (the extra `postgres`): one database for any number of processes."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

from store.db.types import Connection, DatabaseError, Row

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
        return await self._raw.fetch(sql, *args)

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and give its rows as they come."""
        async for row in self._raw.cursor(sql, *args, prefetch=500):
            yield row

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* for its effect."""
        await self._raw.execute(sql, *args)

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        await self._raw.executemany(sql, rows)

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Put *rows* into *table*."""
        # COPY is one statement, so references are checked when all of the table is there.
        await self._raw.copy_records_to_table(table, columns=columns, records=rows)


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
        async with (
            self._pool.acquire() as raw,
            raw.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield PostgresConnection(raw)

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one statement that reads."""
        return await self._pool.fetch(sql, *args)

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
        async with self._pool.acquire() as raw, raw.transaction():
            await raw.execute(_LOCK.format(lock))
            yield PostgresConnection(raw)


async def _nothing(_: "asyncpg.Connection[Any]") -> None:
    """Reset nothing."""
