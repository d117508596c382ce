"""What keeps the watched folder from being loaded, for as long as it does."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import PurePosixPath

from store.db import Database, to_instant, to_text
from store.loading import revisions
from store.posting.notices import note_refused
from store.types import Problem, Refusal

_GET = "SELECT at, path, line, message, more FROM refusal"
_PUT = "INSERT INTO refusal (at, path, line, message, more) VALUES ($1, $2, $3, $4, $5)"
_FORGET = "DELETE FROM refusal"


async def forget(database: Database) -> None:
    """Take away what was refused, for the folder is loaded."""
    if await database.fetch(_GET):
        async with database.transaction() as connection:
            await connection.execute(_FORGET)


class Refusals:
    """The last change of the watched folder that could not be loaded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self) -> Refusal | None:
        """Give what was refused; None where the folder is loaded, or is not watched."""
        for row in await self._database.fetch(_GET):
            problem = Problem(
                path=PurePosixPath(row["path"]), line=row["line"], message=row["message"]
            )
            return Refusal(at=to_instant(row["at"]), problem=problem, more=row["more"])
        return None

    async def note(self, refusal: Refusal, *, keepers: Sequence[tuple[str, str]]) -> None:
        """Put *refusal* in the place of the last, and tell the *keepers*, each by team and id.

        They are told once of a problem, however often it is met and whichever its line, until
        something is loaded.
        """
        problem, at = refusal.problem, refusal.at
        where = str(problem.path)
        mark = blake2b(f"{where}\n{problem.message}".encode(), digest_size=8).hexdigest()
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET)
            await connection.execute(
                _PUT, to_text(at), where, problem.line, problem.message, refusal.more
            )
            last = await revisions.last(connection)
            mark = f"{last['number'] if last else 0}:{mark}"
            for team_id, user_id in keepers:
                await note_refused(
                    connection, team_id, user_id, str(problem), refusal.more, mark=mark, now=at
                )

    async def forget(self) -> None:
        """Take the last away, for the folder is what is loaded."""
        await forget(self._database)
