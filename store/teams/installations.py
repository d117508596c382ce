"""Installations: the teams that let Parley in by OAuth, each with its token as ciphertext."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.db import Connection, Database, Row, to_instant, to_text
from store.posting.record import forget_posts
from store.types import SOMEBODY

_GIVEN_UP = ""
"""What is no ciphertext, in the place of a token."""

_SAVE = """
INSERT INTO installation (team_id, name, bot_id, bot_user_id, scopes, token, installed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (team_id) DO UPDATE SET
    name = excluded.name, bot_id = excluded.bot_id, bot_user_id = excluded.bot_user_id,
    scopes = excluded.scopes, token = excluded.token,
    installed_at = excluded.installed_at
"""
_FIND = "SELECT * FROM installation WHERE team_id = $1"
_ALL = "SELECT * FROM installation ORDER BY team_id"
_REPLACE = "UPDATE installation SET token = $3 WHERE team_id = $1 AND token = $2"
_TAKE_OUT = "DELETE FROM installation WHERE team_id = $1 AND installed_at = $2 RETURNING team_id"
_FORGET = (
    "DELETE FROM topic_pool WHERE team_id = $1",
    "DELETE FROM schedule WHERE team_id = $1",
    "DELETE FROM topic_request WHERE team_id = $1",
    "DELETE FROM search_miss WHERE team_id = $1",
    "DELETE FROM once WHERE team_id = $1",
    "DELETE FROM installation WHERE team_id = $1",
)
# An id without a team is of the time when there was one team only: it is this team's, if no other
# is known.
LOADED_BY_TEAM = f"""
(loaded_by LIKE CAST($1 AS TEXT) || ':%' OR (
    loaded_by NOT LIKE '%:%' AND loaded_by NOT IN ('terminal', 'folder', '{SOMEBODY}')
    AND NOT EXISTS (
        SELECT 1 FROM (SELECT team_id FROM schedule UNION ALL SELECT team_id FROM post
                       UNION ALL SELECT team_id FROM installation) known
        WHERE known.team_id <> $1
    )
))
"""  # noqa: S608 -- our own text
"""Condition on the revisions that the people of the team $1 loaded."""
_FORGET_LOADERS = f"UPDATE revision SET loaded_by = '{SOMEBODY}' WHERE {LOADED_BY_TEAM}"  # noqa: S608
_BEGIN = "INSERT INTO install_state (state, expires_at) VALUES ($1, $2)"
_EXPIRE = "DELETE FROM install_state WHERE expires_at <= $1"
_END = "DELETE FROM install_state WHERE state = $1 AND expires_at > $2 RETURNING state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Parley in one team."""

    team_id: str
    name: str
    bot_id: str
    bot_user_id: str
    scopes: tuple[str, ...]
    token: str
    """The bot token as `store.teams.token_cipher` encrypted it."""
    installed_at: datetime

    @property
    def is_given_up(self) -> bool:
        """Whether its token is lost, and known to be."""
        return self.token == _GIVEN_UP


class Installations:
    """The teams that Parley is installed in, and those who are about to install it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, one: Installation) -> None:
        """Write it down, in the place of the one that the team had."""
        async with self._database.transaction() as connection:
            await connection.execute(
                _SAVE,
                one.team_id,
                one.name,
                one.bot_id,
                one.bot_user_id,
                ",".join(one.scopes),
                one.token,
                to_text(one.installed_at),
            )

    async def find(self, team_id: str) -> Installation | None:
        """Give the team's; None where Parley is not installed."""
        rows = await self._database.fetch(_FIND, team_id)
        return _installation(rows[0]) if rows else None

    async def list(self) -> Sequence[Installation]:
        """Give every one there is."""
        return [_installation(row) for row in await self._database.fetch(_ALL)]

    async def replace_token(self, one: Installation, token: str) -> None:
        """Put *token*, which is the same sealed anew, in its place, unless it has changed."""
        async with self._database.transaction() as connection:
            await connection.execute(_REPLACE, one.team_id, one.token, token)

    async def give_up(self, one: Installation) -> None:
        """Forget its token, unless it has changed, and nothing else: the team may install again."""
        await self.replace_token(one, _GIVEN_UP)

    async def forget(self, one: Installation) -> bool:
        """Delete it, and all that was remembered of its team.

        False, and nothing is deleted, where the team has another one by now.
        """
        async with self._database.transaction() as connection:
            if not await connection.fetch(_TAKE_OUT, one.team_id, to_text(one.installed_at)):
                return False
            await delete_team(connection, one.team_id)
        return True

    async def begin(self, state: str, *, now: datetime, until: datetime) -> None:
        """Remember *state*, which whoever begins to install Parley was given."""
        async with self._database.transaction() as connection:
            await connection.execute(_EXPIRE, to_text(now))
            await connection.execute(_BEGIN, state, to_text(until))

    async def end(self, state: str, *, now: datetime) -> bool:
        """Say whether *state* was given to somebody, is still good, and is used for the first time.

        It is used up by that, whichever process gave it.
        """
        async with self._database.transaction() as connection:
            return bool(await connection.fetch(_END, state, to_text(now)))


async def delete_team(connection: Connection, team_id: str) -> None:
    """Delete every row of the team; the stories that its people loaded are everybody's and stay."""
    for statement in (_FORGET_LOADERS, *_FORGET):
        await connection.execute(statement, team_id)
    await forget_posts(connection, team_id)


def _installation(row: Row) -> Installation:
    return Installation(
        team_id=row["team_id"],
        name=row["name"],
        bot_id=row["bot_id"],
        bot_user_id=row["bot_user_id"],
        scopes=tuple(filter(None, row["scopes"].split(","))),
        token=row["token"],
        installed_at=to_instant(row["installed_at"]),
    )
