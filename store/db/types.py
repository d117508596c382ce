"""The interface of a database, which every engine implements."""

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from store.text import well_formed
from store.types import ParleyError

T = TypeVar("T")


class DatabaseError(ParleyError):
    """Raised when the database cannot be opened or used, with the reason."""


class TemporaryDatabaseError(DatabaseError):
    """Raised for what may pass by itself: a full disk, a standby, a lock of another process."""


class DatabaseInUseError(TemporaryDatabaseError):
    """Raised when another process holds an SQLite file."""


_UNAVAILABLE = (
    "My database does not answer just now: please try again in a minute."
    " What you began is done completely or not at all."
)


class DatabaseUnavailableError(DatabaseError):
    """Raised when the database does not answer in time, or its connection is lost.

    `store.db` logs this once for the whole outage.
    """

    def __init__(self, message: str = _UNAVAILABLE) -> None:
        """Set the message for users: the reason is in the log."""
        super().__init__(message)


class Row(Protocol):
    """A result row: values by column name, or iterated in the order of the columns."""

    def __getitem__(self, column: str, /) -> Any: ...

    def __iter__(self) -> Any: ...

    def keys(self) -> Any:
        """Return the names of the columns."""
        ...


class Connection(Protocol):
    """A connection inside a transaction."""

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run *sql* and return all rows."""
        ...

    def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """Run *sql* and yield its rows, without holding all of them in memory."""
        ...

    async def execute(self, sql: str, *args: object) -> None:
        """Run *sql* and return nothing."""
        ...

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run *sql* once for each of *rows*."""
        ...

    async def fetchmany(self, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[Row]:
        """Run *sql* once for each of *rows*, and return the rows of all results, in this order."""
        ...

    async def fill(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[object]]
    ) -> None:
        """Insert *rows* into *table*; a row may reference a later row of the same table."""
        ...


class Database(Protocol):
    """A database, which opens transactions."""

    is_read_only: bool
    """Whether it was opened only to look at it: then every write raises `DatabaseError`."""
    blocks_writers: bool
    """Whether a long transaction blocks all others that write until it ends."""

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that writes: committed at the end, rolled back on any exception.

        Only one is open at a time, over all processes. So nothing that it has read can change
        before it ends.
        """
        ...

    async def write(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in a `transaction`, and return its result.

        *work* may await nothing but its connection, and must end soon: SQLite runs all of it in the
        thread of the connection. In a crowd that is faster than one call to that thread for each
        statement, because each of them waits for what the event loop does.
        """
        ...

    def long_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that may write for minutes, while others write if the engine can.

        Only one is open at a time. Only long transactions may change the rows that it writes, or
        it could deadlock with a short one. It waits for open short transactions before it commits,
        so that nothing they have read changes before they end.
        """
        ...

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that reads one snapshot and never waits for a writer."""
        ...

    def long_reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction like `reading`, with a longer deadline for each statement."""
        ...

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one SELECT outside of a transaction, and return all rows.

        Faster than a transaction, and it never waits for a long one.
        """
        ...

    async def probe(self) -> None:
        """Raise `DatabaseError` unless the open connections can read and write.

        The probe is cheap: it rewrites one row. It does not wait for a long transaction, and does
        not fail because of one.
        """
        ...

    async def overwrite_deleted(self) -> None:
        """Remove what was deleted from every file of the database."""
        ...

    async def examine(self) -> None:
        """Check the stored data for damage.

        Raises `DatabaseError`, which says what to do, if it is damaged.
        """
        ...

    async def tables(self) -> Sequence[str]:
        """Return the names of the tables, each after the tables that it references."""
        ...

    async def keep_copy(self, suffix: str) -> Path | None:
        """Copy the file of the database beside itself; return the new file.

        Its name is that of the database and *suffix*. None if the database is not a file; a server
        has its own backups.
        """
        ...

    def kept_copy(self, suffix: str) -> Path | None:
        """Return the copy that `keep_copy` has made with this *suffix*, or None."""
        ...

    def changing_schema(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that changes the schema; only one is open at a time.

        Raises `DatabaseError` if another process holds the database.
        """
        ...

    def ddl(self, statement: str) -> str:
        """Return a statement of a migration in the form that this engine needs."""
        ...


def storable(value: object) -> object:
    """Return a parameter in a form that every engine accepts: text becomes `well_formed`."""
    return well_formed(value) if isinstance(value, str) else value


def to_text(instant: datetime) -> str:
    """Return an aware *instant* as UTC text of fixed width, which sorts by time."""
    # Much faster than strftime.
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def to_instant(text: str) -> datetime:
    """Return the instant that `to_text` wrote as *text*."""
    return datetime.fromisoformat(text)


def places(values: Sequence[object], *, start: int = 1) -> str:
    """Return the placeholders of *values* for an IN (…), numbered from *start*."""
    return ", ".join(f"${number}" for number in range(start, start + len(values)))
