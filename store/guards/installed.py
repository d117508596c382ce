"""The check that a team still has Parley installed, before anything is stored about the team."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from store.db import Connection, Database, places
from store.types import GoneError, TeamId

_INSTALLED = "SELECT team_id FROM installation WHERE team_id IN ({teams})"


class Installed:
    """Prevents work in progress from storing rows of a team that has uninstalled Parley.

    Every method that stores something new about a team checks here, in the same transaction.
    """

    def __init__(self, database: Database, *, is_shared: bool = False) -> None:
        """Check nothing unless *is_shared*: a single team has no row in `installation`."""
        self._database = database
        self._is_shared = is_shared

    @asynccontextmanager
    async def writing(self, team_id: TeamId) -> AsyncIterator[Connection]:
        """Open a transaction that stores something new about the team.

        Raises `GoneError` if the team does not have Parley installed.
        """
        async with self._database.transaction() as connection:
            if not await self.among(connection, [team_id]):
                raise GoneError
            yield connection

    async def among(
        self, connection: Connection, team_ids: Collection[TeamId]
    ) -> frozenset[TeamId]:
        """Return those of *team_ids* that have Parley installed."""
        if not (self._is_shared and team_ids):
            return frozenset(team_ids)
        teams = list(team_ids)
        rows = await connection.fetch(_INSTALLED.format(teams=places(teams)), *teams)
        return frozenset(row["team_id"] for row in rows)
