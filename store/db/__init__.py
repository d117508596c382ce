"""The database: connections, transactions and the schema, on SQLite or PostgreSQL.

Both engines run the same SQL text. Parameters are $1, $2, …: PostgreSQL's own syntax, and names to
SQLite. Types are TEXT, BIGINT and BYTEA. The rest of the store uses only what `types` defines;
`sqlite` and `postgres` are the only modules that import a driver.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from store.db import postgres, private, sqlite
from store.db.schema import migrate, newest_version, version_of
from store.db.types import (
    Connection,
    Database,
    DatabaseError,
    DatabaseInUseError,
    DatabaseUnavailableError,
    Row,
    TemporaryDatabaseError,
    places,
    to_instant,
    to_text,
)

__all__ = [
    "Connection",
    "Database",
    "DatabaseError",
    "DatabaseInUseError",
    "DatabaseUnavailableError",
    "Row",
    "TemporaryDatabaseError",
    "connect",
    "copies_of",
    "examine",
    "exists",
    "exposed",
    "open_database",
    "pending_migration",
    "places",
    "readable",
    "to_instant",
    "to_text",
    "url_problem",
]


@asynccontextmanager
async def open_database(
    url: str, *, hold: bool = False, is_looking: bool = False
) -> AsyncIterator[Database]:
    """Open the database at *url* and migrate its schema.

    *url* is `sqlite:///path/to/file` or `postgresql://user:password@host/name`. With *hold*, no
    other process can hold an SQLite file or change its schema while it is open; short commands can
    still use it. With *is_looking*, nothing is created, migrated or written: a database that does
    not exist yet looks empty. Raises `DatabaseError` if the database cannot be opened, has a newer
    schema, or is held by another process (`DatabaseInUseError`).
    """
    if is_looking:
        async with _look(url) as database:
            yield database
        return
    async with connect(url, hold=hold) as database:
        await migrate(database)
        yield database


@asynccontextmanager
async def _look(url: str) -> AsyncIterator[Database]:
    """Open the database at *url* without changing it, or else an empty or migrated copy."""
    async with AsyncExitStack() as stack:
        version = 0
        if exists(url):
            database = await stack.enter_async_context(connect(url, is_looking=True))
            if (version := await version_of(database)) == newest_version():
                yield database
                return
        if version and not url.startswith(sqlite.URL):
            raise DatabaseError(
                f"The database has schema {version}, and this Parley needs {newest_version()}:"
                " stop every process of Parley and run `python -m bot migrate`."
            )
        folder = stack.enter_context(TemporaryDirectory(prefix="parley-look-"))
        copied = Path(folder) / "copy.db"
        if version:
            await sqlite.copy_file(sqlite.path_of(url), copied)
        database = await stack.enter_async_context(connect(f"{sqlite.URL}{copied}"))
        await migrate(database, keeps_copy=False)
        yield database


def exists(url: str) -> bool:
    """Return whether the file of the database at *url* exists; True for PostgreSQL."""
    return not url.startswith(sqlite.URL) or sqlite.path_of(url).exists()


async def examine(url: str) -> None:
    """Check the database at *url* for damage.

    Raises `DatabaseError`, which says what to do, if it is damaged.
    """
    async with open_database(url, is_looking=True) as database:
        await database.examine()


def copies_of(url: str) -> Sequence[Path]:
    """Return the files that an upgrade or a restore has left beside the database at *url*."""
    return [] if not url.startswith(sqlite.URL) else sqlite.copies_of(sqlite.path_of(url))


async def pending_migration(url: str) -> tuple[int, int] | None:
    """Return the schema of the database at *url* and the newer one that opening it would bring."""
    async with connect(url, is_looking=True) as database:
        version, newest = await version_of(database), newest_version()
    return (version, newest) if version < newest else None


def exposed(url: str) -> Sequence[Path]:
    """Return the files of the database at *url* that other users of this machine may read.

    Empty for PostgreSQL, whose server protects its own files.
    """
    if not url.startswith(sqlite.URL):
        return ()
    return [file for file in sqlite.files_of(sqlite.path_of(url)) if private.is_exposed(file)]


def readable(url: str) -> str:
    """Return *url* without its passwords, to be shown to people; *url* may be malformed."""
    # A password with "/", "?" or "@" ends at the last "@", whatever a parser makes of it.
    url = re.sub(r"(://[^:/?#@]*):.*@", r"\1:…@", url)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1…", url)


def url_problem(url: str) -> str | None:
    """Return what the URL of a database must be if *url* cannot be one; None if it can.

    The sentence holds nothing of *url*, which may hold a password.
    """
    if url.startswith(sqlite.URL):
        return None
    if not url.startswith(postgres.URLS):
        return (
            f"must start with {sqlite.URL}, as in {sqlite.URL}data/parley.db, or with"
            f" {postgres.URLS[0]}, as in {postgres.URLS[0]}parley@localhost/parley"
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        return postgres.LIKE
    # A special character in the password ends the host's part of the URL before its "@", or adds
    # another "@": a part of the password would be looked up as the host.
    is_misread = "#" in url or not url.count("@") == parts.netloc.count("@") <= 1
    return postgres.LIKE if is_misread else None


def connect(
    url: str, *, hold: bool = False, is_looking: bool = False
) -> AbstractAsyncContextManager[Database]:
    """Open the database at *url* with the schema that it has; for the options see `open_database`.

    Raises `DatabaseError`, also for a URL of another kind.
    """
    if problem := url_problem(url):
        raise DatabaseError(f"The URL of a database {problem}.")
    engine = sqlite.SQLite if url.startswith(sqlite.URL) else postgres.Postgres
    return engine.connect(url, hold=hold, is_looking=is_looking)
