"""Schedules: which channel has a daily question, and when its next turn is."""

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import islice

from store.db import Database, Row, to_instant, to_text
from store.due import occurrences
from store.types import Occurrence, PostKind, Schedule, Timetable

_SET = """
INSERT INTO schedule
    (team_id, channel_id, kind, organiser_id, at, weekdays, zone, next_on, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (team_id, channel_id, kind) DO UPDATE SET
    organiser_id = excluded.organiser_id, at = excluded.at, weekdays = excluded.weekdays,
    zone = excluded.zone, next_on = excluded.next_on, next_at = excluded.next_at
"""
_GET = "SELECT * FROM schedule WHERE team_id = $1 AND channel_id = $2"
_ALL = "SELECT * FROM schedule WHERE team_id = $1 ORDER BY next_at, channel_id"
_DUE = "SELECT * FROM schedule WHERE next_at <= $1 ORDER BY next_at, channel_id"
_ADVANCE = """
UPDATE schedule SET next_on = $3, next_at = $4
WHERE team_id = $1 AND channel_id = $2 AND next_at = $5
"""
_REMOVE = "DELETE FROM schedule WHERE team_id = $1 AND channel_id = $2 RETURNING channel_id"


class Schedules:
    """The schedules of every channel, by (team_id, channel_id)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(
        self,
        *,
        team_id: str,
        channel_id: str,
        organiser_id: str,
        timetable: Timetable,
        now: datetime,
    ) -> Schedule:
        """Give the channel this timetable, in place of the one it had.

        Its turns start after *now*.
        """
        schedule = Schedule(
            team_id=team_id,
            channel_id=channel_id,
            organiser_id=organiser_id,
            timetable=timetable,
            next=next(occurrences(timetable, after=now)),
        )
        async with self._database.transaction() as connection:
            await connection.execute(
                _SET,
                team_id,
                channel_id,
                PostKind.QUESTION,
                organiser_id,
                timetable.at.isoformat("minutes"),
                "".join(map(str, sorted(timetable.weekdays))),
                timetable.zone,
                schedule.next.due_on.isoformat(),
                to_text(schedule.next.due_at),
            )
        return schedule

    async def get(self, team_id: str, channel_id: str) -> Schedule | None:
        """Give the channel's schedule; None where it has none."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(_GET, team_id, channel_id)
        return _schedule(rows[0]) if rows else None

    async def list(self, team_id: str) -> Sequence[Schedule]:
        """Give every schedule of the team, the soonest first."""
        async with self._database.reading() as connection:
            return [_schedule(row) for row in await connection.fetch(_ALL, team_id)]

    async def due(self, now: datetime) -> Sequence[Schedule]:
        """Give the schedules of all teams whose next turn has come."""
        async with self._database.reading() as connection:
            return [_schedule(row) for row in await connection.fetch(_DUE, to_text(now))]

    async def advance(self, schedule: Schedule) -> Schedule:
        """Move the schedule on to the turn after its next one; once, however often called."""
        following = next(occurrences(schedule.timetable, after=schedule.next.due_at))
        async with self._database.transaction() as connection:
            await connection.execute(
                _ADVANCE,
                schedule.team_id,
                schedule.channel_id,
                following.due_on.isoformat(),
                to_text(following.due_at),
                to_text(schedule.next.due_at),
            )
        return Schedule(
            team_id=schedule.team_id,
            channel_id=schedule.channel_id,
            organiser_id=schedule.organiser_id,
            timetable=schedule.timetable,
            next=following,
        )

    async def remove(self, team_id: str, channel_id: str) -> bool:
        """Take the channel's schedule away; False where it had none."""
        async with self._database.transaction() as connection:
            return bool(await connection.fetch(_REMOVE, team_id, channel_id))


def upcoming(schedule: Schedule, *, taken: frozenset[date], count: int) -> Sequence[Occurrence]:
    """Give the schedule's next *count* turns, leaving out the dates that are *taken* already."""
    later = occurrences(schedule.timetable, after=schedule.next.due_at)
    turns = (turn for turn in (schedule.next, *islice(later, count + len(taken))))
    return [turn for turn in turns if turn.due_on not in taken][:count]


def _schedule(row: Row) -> Schedule:
    return Schedule(
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        organiser_id=row["organiser_id"],
        timetable=Timetable(
            at=time.fromisoformat(row["at"]),
            weekdays=frozenset(map(int, row["weekdays"])),
            zone=row["zone"],
        ),
        next=Occurrence(
            due_on=date.fromisoformat(row["next_on"]), due_at=to_instant(row["next_at"])
        ),
    )
