"""What the store sees of a database, whichever it is."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from store.text import well_formed
from store.types import ParleyError


class DatabaseError(ParleyError):
    """Say why the database cannot be opened or used as asked."""


class DatabaseUnavailableError(DatabaseError):
    """Raised when the database does not answer in time, or its connection is lost.

    `store.db` has logged it, once for the whole outage.
    """

    def __init__(self) -> None:
        """Take nothing: the reason is in the log, and people read one sentence."""
        super().__init__(
            "My database does not answer just now: please try again in a minute."
            " What was begun is done completely, or not at all."
        )


class Row(Protocol):
    """A result row, read by column name; its values in the order of the columns."""

    def __getitem__(self, column: str, /) -> Any: ...

    def __iter__(self) -> Any: ...

    def keys(self) -> Any:
        """Give the names of the columns."""
        ...


class Connection(Protocol):
    """What a transaction gives: ways to run a statement."""

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and give every row."""
        ...

    def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and give its rows as they come, never all of them at once."""
        ...

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* for its effect."""
        ...

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        ...

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Put *rows* into *table*; rows of one table may point to each other in any order."""
        ...


class Database(Protocol):
    """A database that hands out transactions."""

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that writes: committed at the end, rolled back on any exception.

        One at a time over all processes: what it has read stays true until it ends.
        """
        ...

    def long_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that may write for minutes, beside which others write if they can.

        One at a time too. What a row of it says is for long transactions alone to change, or the
        two could wait for each other. It commits when no other transaction is open, so that what
        those have read stays true until they end.
        """
        ...

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that reads one state and never waits for a writer."""
        ...

    def long_reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction like `reading`, each statement of which may read very much."""
        ...

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT by itself, on what is committed by now, and give every row.

        Quicker than a transaction, and never behind a long one.
        """
        ...

    async def probe(self) -> None:
        """Raise `DatabaseError` unless the connections in use can read and write.

        Cheap, and writes one row again and again. A writer that is busy with a long transaction is
        not a broken one, and the probe does not wait for it.
        """
        ...

    async def examine(self) -> None:
        """Look for damage in what is stored; raises `DatabaseError` that says how to go on."""
        ...

    async def tables(self) -> Sequence[str]:
        """Name the tables, each after those that it points to."""
        ...

    def changing_schema(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that changes the schema; waits for others that do the same.

        Raises `DatabaseError` where another process uses the schema as it is.
        """
        ...

    def ddl(self, statement: str) -> str:
        """Give a statement of a migration as this engine is to run it."""
        ...


def storable(value: object) -> object:
    """Return a parameter as every engine takes it; text as `well_formed` returns it."""
    return well_formed(value) if isinstance(value, str) else value


def to_text(instant: datetime) -> str:
    """Write an aware *instant* as UTC text of fixed width, so that it sorts."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_instant(text: str) -> datetime:
    """Read what `to_text` wrote."""
    return datetime.fromisoformat(text)


def places(values: Sequence[object], *, start: int = 1) -> str:
    """Give the placeholders of *values* for an IN (…), numbered from *start*."""
    return ", ".join(f"${place}" for place in range(start, start + len(values)))
