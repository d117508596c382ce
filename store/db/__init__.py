"""The database: connections, transactions and the schema, on SQLite or PostgreSQL.

Both engines run the same SQL text. Parameters are $1, $2, …: PostgreSQL's own syntax, and names to
SQLite. Types are TEXT, BIGINT and BYTEA. The rest of the store uses only what `types` defines;
`sqlite` and `postgres` are the only modules that import a driver.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from store.db import postgres, private, sqlite
from store.db.schema import migrate
from store.db.types import (
    Connection,
    Database,
    DatabaseError,
    DatabaseUnavailableError,
    Row,
    places,
    to_instant,
    to_text,
)

__all__ = [
    "Connection",
    "Database",
    "DatabaseError",
    "DatabaseUnavailableError",
    "Row",
    "examine",
    "exposed",
    "open_database",
    "places",
    "readable",
    "to_instant",
    "to_text",
]


@asynccontextmanager
async def open_database(url: str, *, hold: bool = False) -> AsyncIterator[Database]:
    """Open the database at *url* and migrate its schema.

    *url* is `sqlite:///path/to/file` or `postgresql://user:password@host/name`. With *hold*, no
    other process can hold an SQLite file or change its schema while it is open; short commands can
    still use it. Raises `DatabaseError` if the database cannot be opened, has a newer schema, or
    is held by another process.
    """
    engine = _engine(url)
    async with engine.connect(url, hold=hold) as database:
        await migrate(database)
        yield database


async def examine(url: str) -> None:
    """Check the database at *url* for damage.

    Raises `DatabaseError`, which says what to do, if it is damaged.
    """
    async with open_database(url) as database:
        await database.examine()


def exposed(url: str) -> Sequence[Path]:
    """Return the files of the database at *url* that other users of this machine may read.

    Empty for PostgreSQL, whose server protects its own files.
    """
    if not url.startswith(sqlite.URL):
        return ()
    return [file for file in sqlite.files_of(sqlite.path_of(url)) if private.is_exposed(file)]


def readable(url: str) -> str:
    """Return *url* without its password, to be shown to people."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":…@")).geturl()


def _engine(url: str) -> "type[sqlite.SQLite] | type[postgres.Postgres]":
    if url.startswith(sqlite.URL):
        return sqlite.SQLite
    if url.startswith(postgres.URLS):
        return postgres.Postgres
    raise DatabaseError(
        f"DATABASE_URL must start with {sqlite.URL}, as in {sqlite.URL}data/parley.db,"
        f" or with {postgres.URLS[0]}, as in {postgres.URLS[0]}parley@localhost/parley"
    )
