"""Schedules: which channel has a daily question or a digest, and when the next post is due."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time

from store.db import Connection, Database, Row, to_instant, to_text
from store.guards.installed import Installed
from store.posting.due import occurrences
from store.posting.notices import stop_schedule
from store.rows import QueueReader
from store.types import (
    ChannelId,
    News,
    Occurrence,
    Order,
    PostKind,
    Schedule,
    TeamId,
    Timetable,
    UserId,
)

_SET = """
INSERT INTO schedule (team_id, channel_id, kind, organiser_id, at, weekdays, zone, stories, topics,
                      max_age_days, news, next_on, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (team_id, channel_id) DO UPDATE SET
    kind = excluded.kind, organiser_id = excluded.organiser_id, at = excluded.at,
    weekdays = excluded.weekdays, zone = excluded.zone, stories = excluded.stories,
    topics = excluded.topics, max_age_days = excluded.max_age_days, news = excluded.news,
    pool_revision = NULL, paused_until = NULL, stopped = NULL, next_on = excluded.next_on,
    next_at = excluded.next_at
"""
_GET = "SELECT * FROM schedule WHERE team_id = $1 AND channel_id = $2"
_ALL = "SELECT * FROM schedule WHERE team_id = $1 ORDER BY next_at, channel_id"
_EVERY = "SELECT * FROM schedule ORDER BY team_id, next_at, channel_id"
_ADVANCE = """
UPDATE schedule SET next_on = $3, next_at = $4
WHERE team_id = $1 AND channel_id = $2 AND next_at = $5
"""
_WATCHED = """
SELECT * FROM schedule WHERE next_at <= $1 OR stopped IS NOT NULL ORDER BY next_at, channel_id
"""
_PAUSE = "UPDATE schedule SET paused_until = $3 WHERE team_id = $1 AND channel_id = $2"
_RESUME = """
UPDATE schedule SET paused_until = NULL, stopped = NULL WHERE team_id = $1 AND channel_id = $2
"""
_REMOVE = "DELETE FROM schedule WHERE team_id = $1 AND channel_id = $2 RETURNING channel_id"
_EMPTY_POOL = "DELETE FROM topic_pool WHERE team_id = $1 AND channel_id = $2"


class Schedules:
    """The schedules of all teams; a channel has at most one."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed
        self._rows = QueueReader(to_schedule, "schedule", "team_id", "channel_id")

    async def set(
        self,
        *,
        team_id: TeamId,
        channel_id: ChannelId,
        owner_id: UserId,
        order: Order,
        now: datetime,
    ) -> Schedule:
        """Create the channel's schedule, or replace the one that it has.

        The first occurrence is after *now*. A pause, or a reason for being stopped, is deleted.
        Raises `GoneError`.
        """
        schedule = Schedule(
            team_id=team_id,
            channel_id=channel_id,
            owner_id=owner_id,
            next=next(occurrences(order.timetable, after=now)),
            **{each.name: getattr(order, each.name) for each in fields(Order)},
        )
        async with self._installed.writing(team_id) as connection:
            await connection.execute(
                _SET,
                team_id,
                channel_id,
                order.kind,
                owner_id,
                order.timetable.at.isoformat("minutes"),
                "".join(map(str, sorted(order.timetable.weekdays))),
                order.timetable.zone,
                order.stories,
                json.dumps(order.topics),
                order.max_age_days,
                order.news,
                schedule.next.due_on.isoformat(),
                to_text(schedule.next.due_at),
            )
        return schedule

    async def get(self, team_id: TeamId, channel_id: ChannelId) -> Schedule | None:
        """Return the channel's schedule; None if it has none."""
        rows = await self._database.fetch(_GET, team_id, channel_id)
        return to_schedule(rows[0]) if rows else None

    async def list(self, team_id: TeamId) -> Sequence[Schedule]:
        """Return every schedule of the team, the soonest first; leave out rows with bad values."""
        return self._rows.read(await self._database.fetch(_ALL, team_id))

    async def by_team(self) -> Mapping[TeamId, Sequence[Schedule]]:
        """Return every schedule by the id of its team; leave out rows with bad values."""
        teams: dict[TeamId, list[Schedule]] = {}
        for schedule in self._rows.read(await self._database.fetch(_EVERY)):
            teams.setdefault(schedule.team_id, []).append(schedule)
        return teams

    async def watched(self, until: datetime) -> Sequence[Schedule]:
        """Return the schedules that are due by *until*, and those that are stopped.

        Rows with bad values are left out.
        """
        return self._rows.read(await self._database.fetch(_WATCHED, to_text(until)))

    async def pause(self, team_id: TeamId, channel_id: ChannelId, *, until: date) -> None:
        """Skip every occurrence before the local date *until*."""
        async with self._database.transaction() as connection:
            await connection.execute(_PAUSE, team_id, channel_id, until.isoformat())

    async def resume(self, team_id: TeamId, channel_id: ChannelId) -> None:
        """End the pause of a schedule, and start it again if it is stopped."""
        async with self._database.transaction() as connection:
            await connection.execute(_RESUME, team_id, channel_id)

    async def stop(
        self, team_id: TeamId, channel_id: ChannelId, *, error: str, now: datetime
    ) -> bool:
        """Stop the schedule because of *error*, and plan a notice to its owner.

        Return False if there is no schedule, or if it is already stopped because of *error*.
        """
        async with self._database.transaction() as connection:
            return await stop_schedule(connection, team_id, channel_id, error=error, now=now)

    async def remove(self, team_id: TeamId, channel_id: ChannelId) -> bool:
        """Delete the channel's schedule; return False if it had none."""
        async with self._database.transaction() as connection:
            await connection.execute(_EMPTY_POOL, team_id, channel_id)
            return bool(await connection.fetch(_REMOVE, team_id, channel_id))


def following(schedule: Schedule) -> Schedule:
    """Return the schedule with the occurrence after its next one."""
    return replace(schedule, next=next(occurrences(schedule.timetable, after=schedule.next.due_at)))


async def advance(connection: Connection, schedules: Sequence[Schedule]) -> None:
    """Move each schedule to the occurrence after its next one.

    A second call with the same *schedules* does not change the rows again.
    """
    after = [following(schedule).next for schedule in schedules]
    await connection.executemany(
        _ADVANCE,
        [
            (
                schedule.team_id,
                schedule.channel_id,
                occurrence.due_on.isoformat(),
                to_text(occurrence.due_at),
                to_text(schedule.next.due_at),
            )
            for schedule, occurrence in zip(schedules, after, strict=True)
        ],
    )


def to_schedule(row: Row) -> Schedule:
    """Build a schedule from its row."""
    until = row["paused_until"]
    return Schedule(
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        owner_id=row["organiser_id"] or None,
        timetable=Timetable(
            at=time.fromisoformat(row["at"]),
            weekdays=frozenset(map(int, row["weekdays"])),
            zone=row["zone"],
        ),
        next=Occurrence(
            due_on=date.fromisoformat(row["next_on"]), due_at=to_instant(row["next_at"])
        ),
        kind=PostKind(row["kind"]),
        stories=row["stories"],
        topics=tuple(json.loads(row["topics"])),
        max_age_days=row["max_age_days"],
        news=News(row["news"]),
        paused_until=date.fromisoformat(until) if until else None,
        stopped=row["stopped"],
    )
