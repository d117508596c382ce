"""What is done once, though it is asked for again: by Slack, or by a second press of a button."""

import hashlib
from datetime import datetime, timedelta

from store.db import Connection, Database, to_text
from store.guards.installed import Installed

_KEPT = timedelta(days=1)
"""Longer than Slack sends anything again, and than people come back to an answer."""

_CLAIM = """
INSERT INTO once (team_id, key, at) VALUES ($1, $2, $3) ON CONFLICT (team_id, key) DO NOTHING
RETURNING key
"""
_FORGET = "DELETE FROM once WHERE at < $1"
_FORGET_OF_TEAM = "DELETE FROM once WHERE team_id = $1 AND at < $2"


class Idempotency:
    """What each team has asked for lately, whichever process it came to."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed

    async def claim(self, team_id: str, key: str, *, now: datetime) -> bool:
        """Say whether it is to be done: whoever asks with the same *key* within a day gets False.

        Where whoever claimed it dies before it is done, it is not done. Raises `GoneError`.
        """
        async with self._installed.writing(team_id) as connection:
            return await claim(connection, team_id, key, now=now)

    async def forget(self, *, now: datetime) -> None:
        """Delete every team's claims that are older than a day."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET, to_text(now - _KEPT))


async def claim(connection: Connection, team_id: str, key: str, *, now: datetime) -> bool:
    """Claim *key* in the transaction that does the work; False if it was claimed within a day."""
    await connection.execute(_FORGET_OF_TEAM, team_id, to_text(now - _KEPT))
    # A key may be made of words, in which half a surrogate pair is no UTF-8.
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return bool(await connection.fetch(_CLAIM, team_id, digest, to_text(now)))
