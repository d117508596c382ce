"""What keeps a watched folder from being loaded, for as long as it does."""

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from store.db import Connection, Database, to_instant, to_text
from store.guards.installed import Installed
from store.posting.notices import plan_failed_load_notice
from store.types import Problem, Refusal

_GET = "SELECT at, path, line, message, more FROM refusal WHERE folder = $1"
_PUT = """
INSERT INTO refusal (folder, at, path, line, message, more) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (folder) DO UPDATE SET
    path = excluded.path, line = excluded.line, message = excluded.message, more = excluded.more
RETURNING at
"""
_FORGET = "DELETE FROM refusal WHERE folder = $1"
_OTHERS = "SELECT 1 AS one FROM refusal WHERE folder <> $1"
_FORGET_OTHERS = "DELETE FROM refusal WHERE folder <> $1"


async def get(database: Database, folder: Path) -> Refusal | None:
    """Give what keeps *folder* from being loaded; None where nothing is known to."""
    for row in await database.fetch(_GET, _address(folder)):
        problem = Problem(path=PurePosixPath(row["path"]), line=row["line"], message=row["message"])
        return Refusal(at=to_instant(row["at"]), problem=problem, more=row["more"])
    return None


async def forget(connection: Connection, folder: Path) -> None:
    """Take away what *folder* was refused for, in the transaction that loads it."""
    await connection.execute(_FORGET, _address(folder))


class Refusals:
    """What the folder of the corpus was refused for, by whichever process watches it."""

    def __init__(self, database: Database, installed: Installed, folder: Path | None) -> None:
        """Take the *folder* of the corpus; None where nobody asks about it."""
        self._database = database
        self._installed = installed
        self._folder = folder

    async def last(self) -> Refusal | None:
        """Give why the folder is not loaded; None where nothing is known to keep it from it."""
        return await get(self._database, self._folder) if self._folder else None

    async def note(
        self, folder: Path, refusal: Refusal, *, keepers: Sequence[tuple[str, str]]
    ) -> None:
        """Keep why *folder* is not loaded, and tell the *keepers*, each by team and id.

        They are told once of a problem, however often it is met and whichever its line, until the
        folder is loaded.
        """
        problem = refusal.problem
        where = str(problem.path)
        digest = blake2b(f"{where}\n{problem.message}".encode(), digest_size=8).hexdigest()
        async with self._database.long_transaction() as connection:
            (kept,) = await connection.fetch(
                _PUT,
                _address(folder),
                to_text(refusal.at),
                where,
                problem.line,
                problem.message,
                refusal.more,
            )
        # Should this end here, they are told when it is noted again.
        async with self._database.transaction() as connection:
            here = await self._installed.among(connection, {team_id for team_id, _ in keepers})
            for team_id, user_id in keepers:
                if team_id not in here:
                    continue
                await plan_failed_load_notice(
                    connection,
                    team_id,
                    user_id,
                    str(problem),
                    refusal.more,
                    mark=f"{kept['at']}:{digest}",
                    now=refusal.at,
                )

    async def forget_others(self, folder: Path) -> None:
        """Forget what other folders were refused for: *folder* is the one that is watched."""
        if await self._database.fetch(_OTHERS, _address(folder)):
            async with self._database.long_transaction() as connection:
                await connection.execute(_FORGET_OTHERS, _address(folder))


def _address(folder: Path) -> str:
    # The same by whichever link, and text of whatever bytes the name is; never raises, as
    # Path.resolve does where links lead in a circle.
    return Path(os.path.realpath(folder)).as_uri()
