"""Planning: what a schedule's turns become, written down before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Protocol

from store.db import Connection, Database, DatabaseError, to_text
from store.guards.installed import Installed
from store.posting.choice import Chosen, choose
from store.posting.due import occurrences
from store.posting.holidays import holiday
from store.posting.notices import plan_low_notice
from store.posting.record import GRACE, LEASE, NewPost, fetch_post, plan_post
from store.posting.schedules import advance, to_schedule
from store.rows import Key, QueueReader
from store.types import (
    FOREVER,
    Answer,
    Found,
    Occurrence,
    Post,
    PostKind,
    PostState,
    Revision,
    Schedule,
    Unsure,
)

_BATCH = 50
"""How many schedules one transaction plans: the writer is not kept from others for long."""
_TOPIC_STORIES = 1000
"""How many stories on one of its topics a schedule chooses from, at most."""
_FAR = 400
"""How many turns ahead are looked through for those that are to be posted."""
_LOW = timedelta(days=14)
"""How long before its questions run out a channel's organiser is told."""

_DUE = "SELECT * FROM schedule WHERE next_at <= $1 ORDER BY next_at, channel_id LIMIT $2"
_STALE = """
SELECT * FROM schedule WHERE next_at <= $1 AND topics <> '[]'
  AND (pool_revision IS NULL OR pool_revision <> $2)
ORDER BY next_at, channel_id
"""
_EMPTY_POOL = "DELETE FROM topic_pool WHERE team_id = $1 AND channel_id = $2"
_FILL_POOL = "INSERT INTO topic_pool (team_id, channel_id, article_id) VALUES ($1, $2, $3)"
_MARK_POOL = """
UPDATE schedule SET pool_revision = $3 WHERE team_id = $1 AND channel_id = $2 RETURNING channel_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingPost:
    """A turn to come, and what keeps it from being posted; None when nothing does."""

    occurrence: Occurrence
    skip_reason: str | None = None


class StoryFinder(Protocol):
    """Finds the stories on a topic; the corpus does."""

    @property
    def revision(self) -> Revision | None:
        """Return the revision that is searched; None before the first load."""
        ...

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Return the stories that match *query*, at most *limit*."""
        ...


class Planning:
    """Plans the turns of every schedule."""

    def __init__(self, database: Database, installed: Installed, finder: StoryFinder) -> None:
        self._database = database
        self._installed = installed
        self._finder = finder
        self._queue = QueueReader(to_schedule, "schedule", "team_id", "channel_id")

    async def plan_due(self, now: datetime) -> None:
        """Plan every turn whose time has come.

        A turn's row and the schedule's step to its next turn are one transaction: neither a crash
        nor another process leaves a turn without its row, or plans it twice. A schedule that
        cannot be planned is left out, and logged once.
        """
        await self._fill_pools(now)
        left_out: set[Key] = set()
        while True:
            most, row = _BATCH + len(left_out), None
            try:
                async with self._database.transaction() as connection:
                    rows = await connection.fetch(_DUE, to_text(now), most)
                    for row in rows:
                        if self._queue.key(row) not in left_out:
                            await _plan_turns(connection, to_schedule(row), now)
                    row = None
            except DatabaseError:
                raise
            except Exception:
                if row is None:
                    raise
                # The others of its batch are rolled back with it, and planned without it.
                left_out.add(self._queue.note(row))
                continue
            if len(rows) < most:
                return

    async def plan_now(
        self, schedule: Schedule, *, by: str, now: datetime, key: str | None
    ) -> Post | None:
        """Plan a post for now, which a person asks for; None where it is under way or done.

        With a *key* it is one more; without, it is the schedule's post of today. Raises
        `GoneError`.
        """
        today = schedule.timetable.local_date(now)
        await self._fill_pool(schedule)
        async with self._installed.writing(schedule.team_id) as connection:
            chosen = await _choose(connection, schedule)
            if chosen is None:
                return None
            plan = NewPost(
                key=key or occurrence_key(schedule, today),
                team_id=schedule.team_id,
                channel_id=schedule.channel_id,
                kind=schedule.kind,
                article_id=chosen.article_ids[0],
                story_ids=_stories(schedule, chosen),
                revision=chosen.revision,
                why=chosen.why,
                due_on=None if key else today,
                due_at=now,
                asked_by=by,
                # Whoever asked waits, and sends it: the ticker is not to come in between.
                not_before=now + LEASE,
            )
            return await plan_post(connection, plan, now=now)

    async def preview(self, schedule: Schedule) -> Chosen | None:
        """Choose as the next turn would, and write nothing; None where there is nothing."""
        await self._fill_pool(schedule)
        async with self._database.reading() as connection:
            return await _choose(connection, schedule)

    async def upcoming(self, schedule: Schedule, count: int) -> Sequence[UpcomingPost]:
        """Give the next turns after any pause: *count* to be posted, and those left out."""
        turns: list[UpcomingPost] = []
        if schedule.paused_until == FOREVER:
            return turns
        async with self._database.reading() as connection:
            later = occurrences(schedule.timetable, after=schedule.next.due_at)
            for turn in (schedule.next, *islice(later, _FAR)):
                if schedule.paused_until and turn.due_on < schedule.paused_until:
                    continue
                post = await fetch_post(connection, occurrence_key(schedule, turn.due_on))
                if post and post.state is not PostState.SKIPPED:
                    continue
                unless = post.error if post else await _reason(connection, schedule, turn)
                turns.append(UpcomingPost(occurrence=turn, skip_reason=unless))
                count -= unless is None
                if not count:
                    break
        return turns

    async def coming(self, schedules: Sequence[Schedule]) -> Mapping[str, UpcomingPost]:
        """Give the next turn to be posted of each channel that has one, by the channel's id."""
        coming: dict[str, UpcomingPost] = {}
        for schedule in schedules:
            for turn in await self.upcoming(schedule, 1):
                if turn.skip_reason is None:
                    coming[schedule.channel_id] = turn
        return coming

    async def _fill_pools(self, now: datetime) -> None:
        revision = self._finder.revision
        if revision is None:
            return
        async with self._database.reading() as connection:
            rows = await connection.fetch(_STALE, to_text(now), revision.number)
        for row in rows:
            # Without its stories of today, a schedule chooses from those that it had.
            with self._queue.leaving_out(row):
                await self._fill_pool(to_schedule(row))

    async def _fill_pool(self, schedule: Schedule) -> None:
        """Find the stories on the schedule's topics, as a look-up would."""
        revision = self._finder.revision
        if not schedule.topics or revision is None:
            return
        ids: dict[str, None] = {}
        for topic in schedule.topics:
            match await self._finder.find(topic, limit=_TOPIC_STORIES):
                case Found(matches=matches) | Unsure(matches=matches):
                    ids |= dict.fromkeys(match.article.id for match in matches)
        where = schedule.team_id, schedule.channel_id
        async with self._database.transaction() as connection:
            await connection.execute(_EMPTY_POOL, *where)
            # None where the schedule was ended meanwhile, or its team forgotten.
            if await connection.fetch(_MARK_POOL, *where, revision.number):
                await connection.executemany(_FILL_POOL, [(*where, one) for one in ids])


def occurrence_key(schedule: Schedule, on: date) -> str:
    """Give the delivery key of the schedule's post of the local date *on*."""
    return f"{schedule.team_id}:{schedule.channel_id}:{on}"


async def _plan_turns(connection: Connection, schedule: Schedule, now: datetime) -> None:
    while schedule.next.due_at <= now:
        await _plan_turn(connection, schedule, now)
        schedule = await advance(connection, schedule)


async def _plan_turn(connection: Connection, schedule: Schedule, now: datetime) -> None:
    turn = schedule.next
    state, error, chosen = PostState.PLANNED, None, None
    if reason := await _reason(connection, schedule, turn):
        state, error = PostState.SKIPPED, reason
    elif now - turn.due_at > GRACE:
        state, error = PostState.MISSED, "found too late"
    elif schedule.stopped:
        state, error = PostState.MISSED, schedule.stopped
    elif (chosen := await _choose(connection, schedule)) is None:
        state, error = PostState.MISSED, "there is no story to choose from"
    plan = NewPost(
        key=occurrence_key(schedule, turn.due_on),
        team_id=schedule.team_id,
        channel_id=schedule.channel_id,
        kind=schedule.kind,
        article_id=chosen.article_ids[0] if chosen else None,
        story_ids=_stories(schedule, chosen) if chosen else (),
        revision=chosen.revision if chosen else None,
        why=chosen.why if chosen else None,
        due_on=turn.due_on,
        due_at=turn.due_at,
        state=state,
        error=error,
    )
    planned = await plan_post(connection, plan, now=now)
    if planned and chosen:
        await _warn_when_low(connection, schedule, chosen, now)


async def _reason(connection: Connection, schedule: Schedule, turn: Occurrence) -> str | None:
    """Say why the turn is left out; None where it is to be posted."""
    if schedule.paused_until and turn.due_on < schedule.paused_until:
        return "paused"
    return await holiday(connection, turn.due_on)


async def _choose(connection: Connection, schedule: Schedule) -> Chosen | None:
    return await choose(
        connection,
        schedule.team_id,
        schedule.channel_id,
        kind=schedule.kind,
        stories=schedule.stories,
        has_topics=bool(schedule.topics),
    )


def _stories(schedule: Schedule, chosen: Chosen) -> tuple[str, ...]:
    return chosen.article_ids if schedule.kind is PostKind.DIGEST else ()


async def _warn_when_low(
    connection: Connection, schedule: Schedule, chosen: Chosen, now: datetime
) -> None:
    """Tell the organiser, once for a round of a revision, that it ends in two weeks or sooner."""
    a_week = len(schedule.timetable.weekdays)
    posts = -(-chosen.left // len(chosen.article_ids))
    days = -(-posts * 7 // a_week)
    # Where all there is lasts no longer than that, only its end is news.
    if 0 < chosen.left <= chosen.pool // 2 and days <= _LOW.days:
        await plan_low_notice(
            connection,
            schedule.team_id,
            schedule.channel_id,
            schedule.owner_id,
            left=chosen.left,
            days=days,
            mark=f"{chosen.revision}:{chosen.times}",
            now=now,
        )
