"""Which teams may be remembered: where each team installs Parley, those that have it."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from store.db import Connection, Database, places
from store.types import GoneError

_INSTALLED = "SELECT team_id FROM installation WHERE team_id IN ({teams})"


class Installed:
    """Keeps a team that is gone from being remembered again, by what was under way meanwhile.

    Whatever begins to remember something of a team asks here, in the transaction that writes it.
    """

    def __init__(self, database: Database, *, is_shared: bool = False) -> None:
        """Without *is_shared* there is one team, which has no installation."""
        self._database = database
        self._is_shared = is_shared

    @asynccontextmanager
    async def writing(self, team_id: str) -> AsyncIterator[Connection]:
        """Open a transaction that writes something new of the team; raises `GoneError`."""
        async with self._database.transaction() as connection:
            if not await self.among(connection, [team_id]):
                raise GoneError
            yield connection

    async def among(self, connection: Connection, team_ids: Collection[str]) -> frozenset[str]:
        """Give those of *team_ids* of which something may be written in this transaction."""
        if not (self._is_shared and team_ids):
            return frozenset(team_ids)
        teams = list(team_ids)
        rows = await connection.fetch(_INSTALLED.format(teams=places(teams)), *teams)
        return frozenset(row["team_id"] for row in rows)
