"""Schema migrations: numbered SQL files, each applied once, all new ones in one transaction."""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from importlib import resources
from importlib.resources.abc import Traversable

from store.db.types import Connection, Database, DatabaseError

log = logging.getLogger(__name__)

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""
LEDGER_TABLE = "schema_migration"
_COPY = ".schema-{}"
"""The end of the name of the copy that a migration makes, with the number of its schema."""


async def migrate(database: Database, *, to: int | None = None, keeps_copy: bool = True) -> None:
    """Apply the new migrations; safe if several processes start at the same time.

    *to* is the last migration to apply, by default the newest. With *keeps_copy*, an SQLite file is
    copied beside itself first. Raises `DatabaseError` if the schema is newer than this version of
    Parley, if the copy cannot be written, or if the schema is old and another process holds the
    database. Then nothing was changed.
    """
    files = _files()[:to]
    if await version_of(database) >= len(files):
        return
    async with database.changing_schema() as connection:
        await connection.execute(database.ddl(_LEDGER))
        # Read it again: another process may have migrated while this one waited.
        rows = await connection.fetch("SELECT version FROM schema_migration")
        applied = {row["version"] for row in rows}
        if applied and keeps_copy and len(applied) < len(files):
            old = max(applied)
            if copied := await database.keep_copy(_COPY.format(old)):
                log.warning(
                    "updating the database from schema %d to %d; a copy as it was is %s",
                    old,
                    len(files),
                    copied,
                )
        for version, file in enumerate(files, start=1):
            if version not in applied:
                await _apply(database, connection, version, file.name, file.read_text("utf-8"))


def newest_version() -> int:
    """Return the version of the schema that this Parley uses."""
    return len(_files())


def _files() -> Sequence[Traversable]:
    folder = resources.files("store") / "migrations"
    return sorted(folder.iterdir(), key=lambda file: file.name)


async def version_of(database: Database) -> int:
    """Return the version of the schema; 0 for an empty database.

    Raises `DatabaseError` if it is newer than this version of Parley.
    """
    if LEDGER_TABLE not in await database.tables():
        return 0
    rows = await database.fetch("SELECT MAX(version) AS version FROM schema_migration")
    version, known = int(rows[0]["version"] or 0), newest_version()
    if version > known:
        copied = database.kept_copy(_COPY.format(known))
        which = f" from before the upgrade: `python -m bot restore {copied}`" if copied else ""
        raise DatabaseError(
            f"The database has schema {version}, this Parley knows {known}: use the newer Parley"
            f" that wrote it, or restore a backup{which}."
        )
    return version


async def _apply(
    database: Database, connection: Connection, version: int, name: str, script: str
) -> None:
    for statement in statements(script):
        await connection.execute(database.ddl(statement))
    await connection.execute(
        "INSERT INTO schema_migration (version, name) VALUES ($1, $2)", version, name
    )


def statements(script: str) -> Iterable[str]:
    """Yield the statements of *script*.

    sqlite3's executescript cannot be used, because it commits the transaction first.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
