"""The reason why the corpus folder last failed to load, until it loads completely."""

import os
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from store.db import Connection, Database, to_instant, to_text
from store.guards.installed import Installed
from store.posting.notices import plan_notice
from store.types import About, ChannelId, FailedLoad, PostKind, Problem, TeamId, UserId

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


async def get(database: Database, folder: Path) -> FailedLoad | None:
    """Return why *folder* last failed to load; None if it did not fail since its last load."""
    for row in await database.fetch(_GET, _address(folder)):
        problem = Problem(path=PurePosixPath(row["path"]), line=row["line"], message=row["message"])
        return FailedLoad(at=to_instant(row["at"]), problem=problem, more=row["more"])
    return None


async def forget(connection: Connection, folder: Path) -> None:
    """Delete the failed load of *folder*."""
    await connection.execute(_FORGET, _address(folder))


async def record(
    connection: Connection, folder: Path, problems: Sequence[Problem], *, at: datetime
) -> None:
    """Record the *problems* because of which *folder* is not loaded completely; none: forget it."""
    if problems:
        failed_load = FailedLoad(at=at, problem=problems[0], more=len(problems) - 1)
        await _put(connection, folder, failed_load)
    else:
        await forget(connection, folder)


async def _put(connection: Connection, folder: Path, failed_load: FailedLoad) -> str:
    """Store *failed_load*; return since when the folder fails, as text."""
    problem = failed_load.problem
    (kept,) = await connection.fetch(
        _PUT,
        _address(folder),
        to_text(failed_load.at),
        str(problem.path),
        problem.line,
        problem.message,
        failed_load.more,
    )
    since: str = kept["at"]
    return since


class FailedLoads:
    """Failed loads of the corpus folder, recorded by any process that watches it."""

    def __init__(self, database: Database, installed: Installed, folder: Path | None) -> None:
        """Create a record of *folder*; None if the process does not ask for failed loads."""
        self._database = database
        self._installed = installed
        self._folder = folder

    async def last(self) -> FailedLoad | None:
        """Return why the corpus folder last failed to load; None if nothing is wrong."""
        return await get(self._database, self._folder) if self._folder else None

    async def note(
        self, folder: Path, failed_load: FailedLoad, *, admins: Sequence[tuple[TeamId, UserId]]
    ) -> None:
        """Record why *folder* failed to load, and notify *admins*: pairs of team and user id.

        They are notified once of each problem until the folder loads, however often it occurs and
        even if its line changes.
        """
        problem = failed_load.problem
        digest = blake2b(f"{problem.path}\n{problem.message}".encode(), digest_size=8).hexdigest()
        async with self._database.long_transaction() as connection:
            since = await _put(connection, folder, failed_load)
        # If the process ends here, they are notified when the problem is recorded again.
        async with self._database.transaction() as connection:
            here = await self._installed.among(connection, {team_id for team_id, _ in admins})
            mark, now = f"{since}:{digest}", failed_load.at
            for team_id, user_id in admins:
                if team_id in here:
                    about = About(
                        channel_id=ChannelId(user_id), error=str(problem), more=failed_load.more
                    )
                    kind = PostKind.REFUSED
                    await plan_notice(connection, team_id, kind, user_id, about, now=now, mark=mark)

    async def forget_others(self, folder: Path) -> None:
        """Delete the failed loads of other folders, because only *folder* is watched."""
        if await self._database.fetch(_OTHERS, _address(folder)):
            async with self._database.long_transaction() as connection:
                await connection.execute(_FORGET_OTHERS, _address(folder))


def _address(folder: Path) -> str:
    # Links to a folder give the same address, and a name of any bytes gives text. Path.resolve
    # would raise an error if links form a circle.
    return Path(os.path.realpath(folder)).as_uri()
