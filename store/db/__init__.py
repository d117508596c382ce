"""The database: connections, transactions and the schema, on SQLite or PostgreSQL.

SQL in `store` is one text for both engines: parameters are $1, $2, …, which SQLite takes as names
and PostgreSQL natively, and types are TEXT, BIGINT and BYTEA. `types` is what the rest of the store
sees; `sqlite` and `postgres` are the only files that know a driver.
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
    """Open the database at *url* with its schema up to date.

    *url* is `sqlite:///path/to/file` or `postgresql://user:password@host/name`. *hold* keeps an
    SQLite file for this process alone for as long as it is open, save for short commands that
    leave its schema as it is. Raises `DatabaseError` where it cannot be opened, is too new, or is
    held by another process.
    """
    engine = _engine(url)
    async with engine.connect(url, hold=hold) as database:
        await migrate(database)
        yield database


async def examine(url: str) -> None:
    """Look for damage in the database at *url*; raises `DatabaseError` that says how to go on."""
    async with open_database(url) as database:
        await database.examine()


def exposed(url: str) -> Sequence[Path]:
    """Return the files of the database at *url* that other users of this machine may read.

    None for PostgreSQL: its server looks after its own files.
    """
    if not url.startswith(sqlite.URL):
        return ()
    return [file for file in sqlite.files_of(sqlite.path_of(url)) if private.is_exposed(file)]


def readable(url: str) -> str:
    """Give *url* as it may be shown: without its password."""
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
