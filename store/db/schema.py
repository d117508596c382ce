"""Schema migrations: numbered SQL files, each applied once, all new ones in one transaction."""

import sqlite3
from collections.abc import Iterable
from importlib import resources

from store.db.types import Connection, Database, DatabaseError

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""
LEDGER_TABLE = "schema_migration"


async def migrate(database: Database) -> None:
    """Apply the new migrations; safe if several processes start at the same time.

    Raises `DatabaseError` if the schema is newer than this version of Parley, or if the schema is
    old and another process holds the database.
    """
    files = sorted(
        (resources.files("store") / "migrations").iterdir(), key=lambda entry: entry.name
    )
    if await _applied(database, len(files)) == len(files):
        return
    async with database.changing_schema() as connection:
        await connection.execute(database.ddl(_LEDGER))
        # Read it again: another process may have migrated while this one waited.
        rows = await connection.fetch("SELECT version FROM schema_migration")
        applied = {row["version"] for row in rows}
        for version, file in enumerate(files, start=1):
            if version not in applied:
                await _apply(database, connection, version, file.name, file.read_text("utf-8"))


async def _applied(database: Database, known: int) -> int:
    """Return the version of the schema; 0 for an empty database."""
    if LEDGER_TABLE not in await database.tables():
        return 0
    rows = await database.fetch("SELECT MAX(version) AS version FROM schema_migration")
    version = rows[0]["version"] or 0
    if version > known:
        raise DatabaseError(
            f"The database has schema {version}, this Parley knows {known}: "
            "use the newer Parley that wrote it, or restore a backup."
        )
    return int(version)


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
