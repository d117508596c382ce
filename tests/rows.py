"""All rows of a database, for comparisons."""

from store.db import Database
from store.db.schema import LEDGER_TABLE

Rows = dict[str, list[list[tuple[str, object]]]]
"""The rows of each table; a row is pairs of column and value."""


async def every_row(database: Database) -> Rows:
    """Return every row of every table, except the table of applied migrations."""
    held = {}
    for table in set(await database.tables()) - {LEDGER_TABLE}:
        rows = await database.fetch(f"SELECT * FROM {table}")
        held[table] = sorted((list(zip(row.keys(), row, strict=True)) for row in rows), key=repr)
    return held
