"""Schedules: which questions and digests a channel gets, and when the next post of each is due."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b

from store.db import Connection, Database, Row, places, to_instant, to_text
from store.guards.installed import Installed
from store.posting.due import occurrences
from store.posting.names import kept_name
from store.posting.notices import Told, stop_schedules
from store.rows import QueueReader
from store.types import (
    ChannelId,
    News,
    Occurrence,
    Order,
    ParleyError,
    PostKind,
    Schedule,
    TeamId,
    Timetable,
    UserId,
)

MOST_SCHEDULES = 10
"""The most schedules of one channel."""

_COLUMNS = (
    *("id", "team_id", "channel_id", "name", "kind", "organiser_id", "at", "weekdays", "zone"),
    *("every_weeks", "begins_on", "of_month", "holidays", "stories", "topics", "max_age_days"),
    *("news", "next_on", "next_at", "paused_until", "stopped"),
)
"""What `_to_columns` returns and `to_schedule` reads."""
_SET = f"""
INSERT INTO schedule ({", ".join(_COLUMNS)}) VALUES ({places(_COLUMNS)})
ON CONFLICT (id) DO UPDATE SET pool_revision = NULL,
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "id")}
"""  # noqa: S608 -- our own names
_GET = "SELECT * FROM schedule WHERE team_id = $1 AND id = $2"
_OF_CHANNEL = """
SELECT * FROM schedule WHERE team_id = $1 AND channel_id = $2 ORDER BY next_at, name
"""
_ALL = "SELECT * FROM schedule WHERE team_id = $1 ORDER BY next_at, channel_id, name"
_EVERY = "SELECT * FROM schedule ORDER BY team_id, next_at, channel_id, name"
_ADVANCE = "UPDATE schedule SET next_on = $2, next_at = $3 WHERE id = $1 AND next_at = $4"
_WATCHED = """
SELECT * FROM schedule WHERE next_at <= $1 OR stopped IS NOT NULL
ORDER BY next_at, channel_id, name
"""
_PAUSE = "UPDATE schedule SET paused_until = $3 WHERE team_id = $1 AND id = $2"
_RESUME = "UPDATE schedule SET paused_until = NULL, stopped = NULL WHERE team_id = $1 AND id = $2"
_REMOVE = "DELETE FROM schedule WHERE team_id = $1 AND id = $2 RETURNING organiser_id"
_HAND_OVER = """
UPDATE schedule SET organiser_id = $4 WHERE team_id = $1 AND id = $2 AND organiser_id = $3
RETURNING id
"""
_EMPTY_POOL = "DELETE FROM topic_pool WHERE team_id = $1 AND schedule_id = $2"
_POSTED_BY_ENDED = """
SELECT due_on FROM post
WHERE team_id = $1 AND channel_id = $2 AND kind = $3 AND due_on IS NOT NULL
  AND state NOT IN ('failed', 'missed', 'skipped') AND due_at > $4
  AND schedule_id NOT IN (SELECT id FROM schedule WHERE team_id = $1 AND channel_id = $2)
"""


class Schedules:
    """The schedules of all teams; a channel has several."""

    def __init__(self, database: Database, installed: Installed) -> None:
        self._database = database
        self._installed = installed
        self._rows = QueueReader(to_schedule, "schedule", "id")

    async def set(
        self,
        *,
        team_id: TeamId,
        channel_id: ChannelId,
        owner_id: UserId,
        order: Order,
        now: datetime,
        schedule_id: str = "",
        told: Told | None = None,
    ) -> Schedule:
        """Create a schedule in the channel, or replace the one with *schedule_id*.

        If somebody else replaces it, its owner is *told*, and so is who made a change that this
        takes back.

        An id without its schedule, which was ended, is used again: its posts and skips count. The
        first occurrence is after *now*, and not on a day on which an ended schedule of the channel
        has posted the same kind. A pause, or a reason for being stopped, is deleted. Raises
        `GoneError`, and `ParleyError` if the name is taken or the channel has too many schedules.
        """
        async with self._installed.writing(team_id) as connection:
            rows = await connection.fetch(_OF_CHANNEL, team_id, channel_id)
            before = next((row for row in rows if row["id"] == schedule_id), None)
            taken = [row["name"] for row in rows if row is not before]
            if order.name in taken:
                raise ParleyError(f"This channel has a schedule called `{order.name}` already.")
            if len(taken) >= MOST_SCHEDULES:
                raise ParleyError(
                    f"This channel has {MOST_SCHEDULES} schedules, and more are not possible. End"
                    " one first."
                )
            kept = to_schedule(before) if before else None
            name = order.name or kept_name(order, kept, taken=taken)
            if not f"{schedule_id}:".startswith(f"{team_id}:{channel_id}:"):
                # None was given, or that of another channel.
                schedule_id = _new_id(team_id, channel_id, rows, now)
            since = to_text(now - timedelta(days=2))
            posted = await connection.fetch(
                _POSTED_BY_ENDED, team_id, channel_id, order.kind, since
            )
            days = {row["due_on"] for row in posted} if before is None else set()
            due = occurrences(order.timetable, after=now)
            of_order = {each.name: getattr(order, each.name) for each in fields(Order)}
            schedule = Schedule(
                **of_order | {"name": name},
                id=schedule_id,
                team_id=team_id,
                channel_id=channel_id,
                owner_id=owner_id,
                next=next(each for each in due if each.due_on.isoformat() not in days),
            )
            await connection.execute(_SET, *_to_columns(schedule))
            if before and told:
                await told.notify_owner(
                    connection, PostKind.CHANGED, team_id, before["organiser_id"]
                )
            if told:
                await told.notify_changer(connection, team_id)
        return schedule

    async def get(self, team_id: TeamId, schedule_id: str) -> Schedule | None:
        """Return the team's schedule with this id, or None."""
        rows = await self._database.fetch(_GET, team_id, schedule_id)
        return to_schedule(rows[0]) if rows else None

    async def of_channel(self, team_id: TeamId, channel_id: ChannelId) -> Sequence[Schedule]:
        """Return the channel's schedules, the soonest first; leave out rows with bad values."""
        return self._rows.read(await self._database.fetch(_OF_CHANNEL, team_id, channel_id))

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

    async def pause(self, schedule: Schedule, *, until: date) -> None:
        """Skip every occurrence before the local date *until*."""
        async with self._database.transaction() as connection:
            await connection.execute(_PAUSE, schedule.team_id, schedule.id, until.isoformat())

    async def resume(self, schedule: Schedule) -> None:
        """End the pause of a schedule, and start it again if it is stopped."""
        async with self._database.transaction() as connection:
            await connection.execute(_RESUME, schedule.team_id, schedule.id)

    async def stop(
        self, team_id: TeamId, channel_id: ChannelId, *, error: str, now: datetime
    ) -> bool:
        """Stop the channel's schedules because of *error*, and plan a notice to each owner.

        Return False if there is no schedule that is not yet stopped because of *error*.
        """
        async with self._database.transaction() as connection:
            return await stop_schedules(connection, team_id, channel_id, error=error, now=now)

    async def remove(self, schedule: Schedule, *, told: Told | None = None) -> bool:
        """Delete a schedule; return False if it was deleted before.

        If somebody else ends it, its owner is *told*.
        """
        team_id = schedule.team_id
        async with self._database.transaction() as connection:
            await connection.execute(_EMPTY_POOL, team_id, schedule.id)
            rows = await connection.fetch(_REMOVE, team_id, schedule.id)
            if rows and told:
                await told.notify_owner(
                    connection, PostKind.ENDED, team_id, rows[0]["organiser_id"]
                )
        return bool(rows)

    async def hand_over(self, schedule: Schedule, to: UserId | None, *, told: Told) -> bool:
        """Make *to* the owner of a schedule, or nobody; return False if its owner has changed.

        The new owner is *told*, and the old one if a person changes it.
        """
        team_id, before = schedule.team_id, schedule.owner_id or ""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_HAND_OVER, team_id, schedule.id, before, to or "")
            if rows and told.by:
                await told.notify_owner(connection, PostKind.CHANGED, team_id, before)
            if rows:
                await told.notify_owner(connection, PostKind.OWNED, team_id, to or "")
        return bool(rows)


def _new_id(team_id: TeamId, channel_id: ChannelId, rows: Sequence[Row], now: datetime) -> str:
    """Return an id that no other schedule has; *rows* are those that the channel has *now*."""
    state = f"{to_text(now)} {[row['id'] for row in rows]}"
    mark = blake2b(state.encode(), digest_size=4).hexdigest()
    return f"{team_id}:{channel_id}:{mark}"


def following(schedule: Schedule) -> Schedule:
    """Return the schedule with the occurrence after its next one."""
    return replace(schedule, next=_next(schedule.timetable, schedule.next.due_at))


@lru_cache(maxsize=1000)
def _next(timetable: Timetable, after: datetime) -> Occurrence:
    # A crowd of schedules that are due at once has few timetables.
    return next(occurrences(timetable, after=after))


async def advance(connection: Connection, schedules: Sequence[Schedule]) -> None:
    """Move each schedule to the occurrence after its next one.

    A second call with the same *schedules* does not change the rows again.
    """
    after = [following(schedule).next for schedule in schedules]
    await connection.executemany(
        _ADVANCE,
        [
            (
                schedule.id,
                occurrence.due_on.isoformat(),
                to_text(occurrence.due_at),
                to_text(schedule.next.due_at),
            )
            for schedule, occurrence in zip(schedules, after, strict=True)
        ],
    )


def _to_columns(schedule: Schedule) -> tuple[object, ...]:
    """Return the values of `_COLUMNS`."""
    timetable = schedule.timetable
    return (
        schedule.id,
        schedule.team_id,
        schedule.channel_id,
        schedule.name,
        schedule.kind,
        schedule.owner_id or "",
        timetable.at.isoformat("minutes"),
        "".join(map(str, sorted(timetable.weekdays))),
        timetable.zone,
        timetable.every_weeks,
        timetable.begins_on.isoformat() if timetable.begins_on else None,
        ",".join(map(str, sorted(timetable.of_month))),
        schedule.holidays,
        schedule.stories,
        json.dumps(schedule.topics),
        schedule.max_age_days,
        schedule.news,
        schedule.next.due_on.isoformat(),
        to_text(schedule.next.due_at),
        schedule.paused_until.isoformat() if schedule.paused_until else None,
        schedule.stopped,
    )


def to_schedule(row: Row) -> Schedule:
    """Build a schedule from its row."""
    until, begins_on = row["paused_until"], row["begins_on"]
    return Schedule(
        id=row["id"],
        name=row["name"],
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        owner_id=row["organiser_id"] or None,
        timetable=Timetable(
            at=time.fromisoformat(row["at"]),
            weekdays=frozenset(map(int, row["weekdays"])),
            zone=row["zone"],
            every_weeks=row["every_weeks"],
            begins_on=date.fromisoformat(begins_on) if begins_on else None,
            of_month=frozenset(map(int, filter(None, row["of_month"].split(",")))),
        ),
        holidays=row["holidays"],
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
