"""The export and the erasure of everything stored about one person or one team.

docs/privacy.md lists every column that can hold a person's id or words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from store.db import Connection, Database, Row, to_text
from store.posting.record import forget_person
from store.teams.installations import LOADED_BY_TEAM, delete_team
from store.types import POLL, QUESTION, SOMEBODY, TeamId, UserId

Exported = Mapping[str, Sequence[Mapping[str, object]]]
"""Rows by table name."""

_OF_POSTS = "post_key IN (SELECT key FROM post WHERE team_id = $1)"
_SECRET = frozenset({"token"})
"""Columns that are left out of an export."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one table that hold data about a person or a team."""

    table: str
    where: str
    """The SQL condition; $1 is the team and $2 the person."""
    effect: str
    """What these rows are, and what `PersonalData.forget` does with them."""


_LOADED = "(loaded_by = $2 OR loaded_by = CAST($1 AS TEXT) || ':' || CAST($2 AS TEXT))"
_LOADS = "loads of stories that are by `somebody` in the history from now on"
_FEEDS = "feeds that stay, and no longer say who added them"
_QUESTIONS = "questions of stories that stay, and no longer say who wrote them"
_PERSON = (
    _Part(
        "schedule",
        "team_id = $1 AND organiser_id = $2",
        "schedules that go on without an owner until somebody saves them again",
    ),
    _Part(
        "post",
        "team_id = $1 AND asked_by = $2",
        "posts not yet sent or settled that no longer say who asked for them",
    ),
    # A message to one person has the person's id as its channel_id.
    _Part(
        "post",
        "team_id = $1 AND channel_id = $2",
        "messages to this person, or posts in this direct message, deleted from the record",
    ),
    _Part(
        "posted_article",
        "team_id = $1 AND channel_id = $2",
        "articles that this direct message has had, deleted from the record",
    ),
    _Part("revision", _LOADED, _LOADS),
    _Part("source", "team_id = $1 AND added_by = $2", _FEEDS),
    _Part("written_question", "team_id = $1 AND written_by = $2", _QUESTIONS),
)
_FORGET_OWNER = "UPDATE schedule SET organiser_id = '' WHERE team_id = $1 AND organiser_id = $2"
_FORGET_LOADER = f"UPDATE revision SET loaded_by = '{SOMEBODY}' WHERE {_LOADED}"  # noqa: S608 -- our own text
_FORGET_ADDER = """
UPDATE source SET team_id = NULL, added_by = NULL WHERE team_id = $1 AND added_by = $2
"""
_FORGET_WRITER = """
UPDATE written_question SET team_id = NULL, written_by = NULL WHERE team_id = $1 AND written_by = $2
"""
_TEAM = (
    _Part("schedule", "team_id = $1", "schedules, deleted"),
    _Part("topic_pool", "team_id = $1", "stories that schedules choose from, deleted"),
    _Part("post", "team_id = $1", "posts, deleted from the record"),
    _Part("post_move", _OF_POSTS, "steps of these posts, deleted"),
    _Part("post_story", _OF_POSTS, "stories of these posts, deleted from the record"),
    _Part("reply_count", _OF_POSTS, "counts of the replies to these posts, deleted"),
    _Part(
        "posted_article", "team_id = $1", "articles that channels have had, deleted from the record"
    ),
    _Part("topic_request", "team_id = $1", "topic requests, deleted"),
    _Part("search_miss", "team_id = $1", "days with a number of search misses, deleted"),
    _Part("once", "team_id = $1", "marks of what was done in the last day, deleted"),
    _Part("installation", "team_id = $1", "installations, deleted with their token"),
    _Part("revision", LOADED_BY_TEAM, _LOADS),
    _Part("source", "team_id = $1", _FEEDS),
    _Part("written_question", "team_id = $1", _QUESTIONS),
)
"""Everything that `delete_team` deletes."""
_FORGET_OLD_LOADERS = f"""
UPDATE revision SET loaded_by = '{SOMEBODY}'
WHERE loaded_at < $1
    AND loaded_by NOT IN ('terminal', 'folder', '{POLL}', '{QUESTION}', '{SOMEBODY}')
"""  # noqa: S608
_FORGET_OLD_WRITERS = """
UPDATE written_question SET team_id = NULL, written_by = NULL WHERE written_at < $1
"""


class PersonalData:
    """Exports and erases what is stored about one person, or about a whole team."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, team_id: TeamId, user_id: UserId | None = None) -> Exported:
        """Return every row about the person, or about the whole team without *user_id*.

        The rows are grouped by table; a row is {column: value}, without tokens. The rows about a
        person are those that hold their id: nothing else is stored about a person.
        """
        tables: dict[str, list[Mapping[str, object]]] = {}
        async with self._database.reading() as connection:
            for part in _parts(user_id):
                for row in await _rows(connection, part, "*", team_id, user_id):
                    kept = {name: row[name] for name in row.keys() if name not in _SECRET}  # noqa: SIM118 -- a driver's row
                    tables.setdefault(part.table, []).append(kept)
        return tables

    async def effects(self, team_id: TeamId, user_id: UserId | None = None) -> Sequence[str]:
        """Return what `forget` would do, one line for each kind of row that exists."""
        async with self._database.reading() as connection:
            counts = [
                (await _rows(connection, part, "COUNT(*) AS number", team_id, user_id), part)
                for part in _parts(user_id)
            ]
        return [
            f"{part.effect}: {rows[0]['number']:,}" for rows, part in counts if rows[0]["number"]
        ]

    async def forget(self, team_id: TeamId, user_id: UserId | None = None) -> None:
        """Erase everything about the person, or about the whole team without *user_id*."""
        async with self._database.transaction() as connection:
            if user_id is None:
                await delete_team(connection, team_id)
            else:
                for statement in (_FORGET_OWNER, _FORGET_LOADER, _FORGET_ADDER, _FORGET_WRITER):
                    await connection.execute(statement, team_id, user_id)
                await forget_person(connection, team_id, user_id)
        await self.overwrite_deleted()

    async def overwrite_deleted(self) -> None:
        """Remove what was deleted from every file of the database."""
        await self._database.overwrite_deleted()

    async def forget_loaders(self, *, before: datetime) -> None:
        """Delete the ids of those who loaded stories or wrote questions before *before*.

        The loads and the questions themselves stay.
        """
        async with self._database.transaction() as connection:
            for statement in (_FORGET_OLD_LOADERS, _FORGET_OLD_WRITERS):
                await connection.execute(statement, to_text(before))


def _parts(user_id: UserId | None) -> Sequence[_Part]:
    return _PERSON if user_id else _TEAM


async def _rows(
    connection: Connection, part: _Part, columns: str, team_id: TeamId, user_id: UserId | None
) -> Sequence[Row]:
    sql = f"SELECT {columns} FROM {part.table} WHERE {part.where}"  # noqa: S608 -- our own names
    return await connection.fetch(sql, team_id, *([user_id] if user_id else []))
