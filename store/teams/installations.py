"""Installations: the teams that installed Parley by OAuth, each with its encrypted token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.db import Connection, Database, Row, to_instant, to_text
from store.posting.record import forget_posts
from store.types import POLL, QUESTION, SOMEBODY, TeamId, UserId

_GIVEN_UP = ""
"""Stored instead of a token that no key decrypts, once an operator has given it up."""

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
# A user id without a team was stored when Parley served a single team. It belongs to the team $1 if
# the database knows no other team.
LOADED_BY_TEAM = f"""
(loaded_by LIKE CAST($1 AS TEXT) || ':%' OR (
    loaded_by NOT LIKE '%:%'
    AND loaded_by NOT IN ('terminal', 'folder', '{POLL}', '{QUESTION}', '{SOMEBODY}')
    AND NOT EXISTS (
        SELECT 1 FROM (SELECT team_id FROM schedule UNION ALL SELECT team_id FROM post
                       UNION ALL SELECT team_id FROM installation) known
        WHERE known.team_id <> $1
    )
))
"""  # noqa: S608 -- our own text
"""The condition that matches the revisions loaded by people of the team $1."""
_FORGET_LOADERS = f"UPDATE revision SET loaded_by = '{SOMEBODY}' WHERE {LOADED_BY_TEAM}"  # noqa: S608
_FORGET_ADDERS = "UPDATE source SET team_id = NULL, added_by = NULL WHERE team_id = $1"
_BEGIN = "INSERT INTO install_state (state, expires_at) VALUES ($1, $2)"
_EXPIRE = "DELETE FROM install_state WHERE expires_at <= $1"
_FORGET_WRITERS = """
UPDATE written_question SET team_id = NULL, written_by = NULL WHERE team_id = $1
"""
_END = "DELETE FROM install_state WHERE state = $1 AND expires_at > $2 RETURNING state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One team's installation of Parley."""

    team_id: TeamId
    name: str
    bot_id: str
    bot_user_id: UserId
    scopes: tuple[str, ...]
    token: str
    """The bot token, encrypted by `store.teams.token_cipher`."""
    installed_at: datetime

    @property
    def is_given_up(self) -> bool:
        """Whether an operator has given its token up, because no key decrypts it."""
        return self.token == _GIVEN_UP


class Installations:
    """The teams that have Parley installed, and the OAuth states of those who are installing it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, installation: Installation) -> None:
        """Store an installation; it replaces the one that the team has."""
        async with self._database.transaction() as connection:
            await connection.execute(
                _SAVE,
                installation.team_id,
                installation.name,
                installation.bot_id,
                installation.bot_user_id,
                ",".join(installation.scopes),
                installation.token,
                to_text(installation.installed_at),
            )

    async def find(self, team_id: TeamId) -> Installation | None:
        """Return the team's installation; None if Parley is not installed."""
        rows = await self._database.fetch(_FIND, team_id)
        return _installation(rows[0]) if rows else None

    async def list(self) -> Sequence[Installation]:
        """Return every installation, by team id."""
        return [_installation(row) for row in await self._database.fetch(_ALL)]

    async def replace_token(self, installation: Installation, token: str) -> None:
        """Store *token*, which is encrypted, unless the stored token has changed since the read.

        *installation* is as it was read, with its token at that time.
        """
        async with self._database.transaction() as connection:
            await connection.execute(_REPLACE, installation.team_id, installation.token, token)

    async def give_up(self, installation: Installation) -> None:
        """Delete the token unless it has changed; keep all else, for the team may install again."""
        await self.replace_token(installation, _GIVEN_UP)

    async def forget(self, installation: Installation) -> bool:
        """Delete an installation and everything stored about its team.

        Return False, and delete nothing, if the team has installed Parley again since.
        """
        async with self._database.transaction() as connection:
            if not await connection.fetch(
                _TAKE_OUT, installation.team_id, to_text(installation.installed_at)
            ):
                return False
            await delete_team(connection, installation.team_id)
        return True

    async def begin(self, state: str, *, now: datetime, until: datetime) -> None:
        """Store *state*, the OAuth state of a browser that begins to install Parley."""
        async with self._database.transaction() as connection:
            await connection.execute(_EXPIRE, to_text(now))
            await connection.execute(_BEGIN, state, to_text(until))

    async def end(self, state: str, *, now: datetime) -> bool:
        """Return whether *state* is stored and has not expired, and delete it.

        So a state can be used only once, by any process.
        """
        async with self._database.transaction() as connection:
            return bool(await connection.fetch(_END, state, to_text(now)))


async def delete_team(connection: Connection, team_id: TeamId) -> None:
    """Delete every row of the team, except the stories that its people loaded for all teams."""
    for statement in (_FORGET_LOADERS, _FORGET_ADDERS, _FORGET_WRITERS, *_FORGET):
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
