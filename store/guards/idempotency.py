"""Idempotency keys, so that a repeated request or a second button press is done only once."""

import hashlib
from datetime import datetime, timedelta

from store.db import Connection, Database, to_text
from store.guards.installed import Installed
from store.types import TeamId

_KEPT = timedelta(days=1)
"""How long a key is stored: longer than Slack retries, and than people use an old button."""

_CLAIM = """
INSERT INTO once (team_id, key, at) VALUES ($1, $2, $3) ON CONFLICT (team_id, key) DO NOTHING
RETURNING key
"""
_FORGET = "DELETE FROM once WHERE at < $1"
_FORGET_OF_TEAM = "DELETE FROM once WHERE team_id = $1 AND at < $2"


class Idempotency:
    """The idempotency keys of each team, shared by all processes."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed

    async def claim(self, team_id: TeamId, key: str, *, now: datetime) -> bool:
        """Claim *key*; return False if it was claimed within the last day.

        At most once: a crash after the claim loses the work. Raises `GoneError`.
        """
        async with self._installed.writing(team_id) as connection:
            return await claim(connection, team_id, key, now=now)

    async def forget(self, *, now: datetime) -> None:
        """Delete every team's keys that are older than a day."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET, to_text(now - _KEPT))


async def claim(connection: Connection, team_id: TeamId, key: str, *, now: datetime) -> bool:
    """Claim *key* in the caller's transaction; return False if it was claimed within a day.

    A transaction that also stores the work stores both or, after a crash, neither.
    """
    await connection.execute(_FORGET_OF_TEAM, team_id, to_text(now - _KEPT))
    # A key may contain typed text, and a lone surrogate in it cannot be encoded as UTF-8.
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return bool(await connection.fetch(_CLAIM, team_id, digest, to_text(now)))
