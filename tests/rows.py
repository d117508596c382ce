"""All that a database holds, to be compared."""

from store.db import Database
from store.db.schema import LEDGER_TABLE

Rows = dict[str, list[list[tuple[str, object]]]]
"""The rows of each table, as pairs of column and value."""


async def every_row(database: Database) -> Rows:
    """Give every row of every table but the ledger, which is each database's own."""
    held = {}
    for table in set(await database.tables()) - {LEDGER_TABLE}:
        rows = await database.fetch(f"SELECT * FROM {table}")
        held[table] = sorted((list(zip(row.keys(), row, strict=True)) for row in rows), key=repr)
    return held
