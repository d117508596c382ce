"""Planning: the next posts of each schedule, stored before anything is sent."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain, islice
from typing import Any, Protocol

from store.db import Connection, Database, DatabaseError, Row, to_text
from store.guards.installed import Installed
from store.posting.choice import Chosen, choose, choose_all, has_stories
from store.posting.due import occurrences
from store.posting.holidays import holiday
from store.posting.notices import plan_notice
from store.posting.public_holidays import holiday_in
from store.posting.record import GRACE, LEASE, NewPost, fetch_post, plan_post, plan_posts
from store.posting.schedules import advance, following, to_schedule
from store.rows import Key, QueueReader
from store.types import (
    FOLDER,
    FOREVER,
    QUESTION,
    About,
    Answer,
    ChannelId,
    Found,
    News,
    Occurrence,
    Order,
    ParleyError,
    Post,
    PostKind,
    PostState,
    Revision,
    Schedule,
    TeamId,
    Unsure,
    UserId,
)

_BATCH = 100
"""How many schedules one transaction plans. Only one transaction can write at a time."""
_ROUNDS = 30
"""How many occurrences of a schedule are planned in one transaction, which others wait for: after
long downtime there are many."""
_TOPIC_STORIES = 1000
"""The largest number of stories on one topic that a schedule chooses from."""
_FAR = 400
"""How many occurrences ahead `Planning.upcoming` searches."""
_LOW = timedelta(days=14)
"""How long before a channel's questions run out its schedule's owner gets a notice."""

_DUE = "SELECT * FROM schedule WHERE next_at <= $1 ORDER BY next_at, channel_id, name LIMIT $2"
_STALE = """
SELECT * FROM schedule WHERE next_at <= $1 AND topics <> '[]'
  AND (pool_revision IS NULL OR pool_revision <> $2)
ORDER BY next_at, channel_id, name
"""
_LAST_RELOAD = f"""
SELECT COALESCE(MAX(number), 0) AS number FROM revision
WHERE source = '{FOLDER}' AND loaded_by <> '{QUESTION}'
"""  # noqa: S608 -- our own text
_FILLED = "SELECT 1 FROM schedule WHERE id = $1 AND pool_revision = $2"
_EMPTY_POOL = "DELETE FROM topic_pool WHERE schedule_id = $1"
_FILL_POOL = "INSERT INTO topic_pool (schedule_id, team_id, article_id) VALUES ($1, $2, $3)"
_MARK_POOL = "UPDATE schedule SET pool_revision = $2 WHERE id = $1 RETURNING id"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingPost:
    """A future post of a schedule, which is sent unless it has a skip reason."""

    occurrence: Occurrence
    skip_reason: str | None = None
    """Why nothing will be posted; None if the post will be sent."""
    is_empty: bool = False
    """Whether there is no story to choose from as things are, so that nothing will be posted."""


class StoryFinder(Protocol):
    """Finds the stories on a topic. `Corpus` implements it."""

    @property
    def revision(self) -> Revision | None:
        """Return the revision that is searched; None before the first load."""
        ...

    async def find(self, query: str, *, limit: int = 10) -> Answer:
        """Return the stories that match *query*, at most *limit*."""
        ...


class Planning:
    """Plans the posts of every schedule."""

    def __init__(self, database: Database, installed: Installed, finder: StoryFinder) -> None:
        self._database = database
        self._installed = installed
        self._finder = finder
        self._queue = QueueReader(to_schedule, "schedule", "id")

    async def plan_due(self, now: datetime) -> None:
        """Plan every occurrence that is due by *now*; see `plan_some`."""
        while await self.plan_some(now):
            pass

    async def plan_some(self, now: datetime) -> bool:
        """Plan some of the occurrences that are due by *now*; return whether more may be due.

        One transaction stores the post and moves the schedule to its next occurrence. So a crash
        or a second process neither loses an occurrence nor plans it twice. A schedule that cannot
        be planned is left out and logged once.
        """
        await self._fill_pools(now)
        left_out: set[Key] = set()
        size = _BATCH
        while True:
            batch = _Batch(self._queue, now, size=size, left_out=frozenset(left_out))
            try:
                return await self._database.write(batch.plan)
            except DatabaseError:
                raise
            except Exception:
                # The transaction rolled back the whole batch: plan the rest again without this row.
                if batch.bad is not None:
                    left_out.add(self._queue.note(batch.bad))
                elif size > 1:
                    size = 1  # to find out which row it is
                else:
                    raise

    async def plan_now(
        self, schedule: Schedule, *, by: UserId, now: datetime, key: str | None
    ) -> Post | None:
        """Plan a post that a person asked for, to be sent now.

        With a *key* it is an extra post; without, it is the schedule's post of today. Return None
        if the post is already planned, sent or being sent. Raises `GoneError`, and `ParleyError` if
        there is nothing to post.
        """
        today = schedule.timetable.local_date(now)
        await self._fill_pool(schedule)
        async with self._installed.writing(schedule.team_id) as connection:
            chosen = await choose(connection, schedule, now=now)
            if chosen is None:
                raise ParleyError(f"There is {no_story(schedule)}.")
            if not chosen.article_ids:
                raise ParleyError(chosen.why)
            # The caller sends it at once; the ticker must not send it first.
            claimed = {"asked_by": by, "not_before": now + LEASE}
            new_post = _new_post(schedule, today, chosen, due_at=now, key=key, **claimed)
            return await plan_post(connection, new_post, now=now)

    async def preview(self, schedule: Schedule, *, now: datetime) -> Chosen | None:
        """Return what the schedule would post *now*, and store nothing.

        None if there is no story to choose from.
        """
        await self._fill_pool(schedule)
        async with self._database.reading() as connection:
            return await choose(connection, schedule, now=now)

    async def upcoming(self, schedule: Schedule, count: int) -> Sequence[UpcomingPost]:
        """Return the next posts after any pause: *count* that will be sent, and those skipped."""
        async with self._database.reading() as connection:
            return await _upcoming(connection, schedule, count)

    async def coming(
        self, schedules: Sequence[Schedule], *, now: datetime
    ) -> Mapping[str, UpcomingPost]:
        """Return the next post of each schedule that has one, by schedule id."""
        going = [schedule for schedule in schedules if schedule.paused_until != FOREVER]
        for schedule in going:
            await self._fill_pool(schedule)
        coming: dict[str, UpcomingPost] = {}
        async with self._database.reading() as connection:
            for schedule in going:
                for post in await _upcoming(connection, schedule, 1):
                    if post.skip_reason is None:
                        is_empty = not await has_stories(connection, schedule, now=now)
                        coming[schedule.id] = replace(post, is_empty=is_empty)
        return coming

    async def _fill_pools(self, now: datetime) -> None:
        revision = self._finder.revision
        if revision is None:
            return
        async with self._database.reading() as connection:
            rows = await connection.fetch(_STALE, to_text(now), revision.number)
        for row in rows:
            # If this fails, the schedule chooses from the stories found in an older revision.
            with self._queue.leaving_out(row):
                await self._fill_pool(to_schedule(row))

    async def _fill_pool(self, schedule: Schedule) -> None:
        """Store the ids of the stories on the schedule's topics, found by a normal look-up."""
        revision = self._finder.revision
        if not schedule.topics or revision is None:
            return
        if await self._database.fetch(_FILLED, schedule.id, revision.number):
            return
        ids: dict[str, None] = {}
        for topic in schedule.topics:
            match await self._finder.find(topic, limit=_TOPIC_STORIES):
                case Found(matches=matches) | Unsure(matches=matches):
                    ids |= dict.fromkeys(match.article.id for match in matches)
        async with self._database.transaction() as connection:
            await connection.execute(_EMPTY_POOL, schedule.id)
            # No row if the schedule was removed, or its team deleted, since it was read.
            if await connection.fetch(_MARK_POOL, schedule.id, revision.number):
                await connection.executemany(
                    _FILL_POOL, [(schedule.id, schedule.team_id, article_id) for article_id in ids]
                )


async def _upcoming(
    connection: Connection, schedule: Schedule, count: int
) -> Sequence[UpcomingPost]:
    """Return what `Planning.upcoming` does."""
    upcoming: list[UpcomingPost] = []
    if schedule.paused_until == FOREVER:
        return upcoming
    later = occurrences(schedule.timetable, after=schedule.next.due_at)
    for occurrence in chain([schedule.next], islice(later, _FAR)):
        on = occurrence.due_on
        if schedule.paused_until and on < schedule.paused_until:
            continue
        post = await fetch_post(connection, occurrence_key(schedule, on))
        if post and post.state is not PostState.SKIPPED:
            continue
        skip_reason = post.error if post else day_off(schedule, on) or await holiday(connection, on)
        upcoming.append(UpcomingPost(occurrence=occurrence, skip_reason=skip_reason))
        count -= skip_reason is None
        if not count:
            break
    return upcoming


def no_story(order: Order) -> str:
    """Return in words that there is nothing to choose from, after "there is"."""
    of = f" of the last {order.max_age_days} days" if order.max_age_days else ""
    return f"no story{of} to choose from"


def occurrence_key(schedule: Schedule, on: date) -> str:
    """Return the delivery key of the schedule's post for the local date *on*."""
    return f"{schedule.id}:{on}"


class _Batch:
    """The occurrences of several schedules, chosen and written together."""

    def __init__(
        self, queue: QueueReader[Schedule], now: datetime, *, size: int, left_out: Set[Key]
    ) -> None:
        self._queue = queue
        self._now = now
        self._size = size
        self._left_out = left_out
        self._holidays: dict[date, str | None] = {}
        self.bad: Row | None = None
        """The row that cannot be planned, once `plan` has raised because of it."""

    async def plan(self, connection: Connection) -> bool:
        """Store the post of every occurrence that is due, and move the schedules on.

        Return whether more schedules may be due.
        """
        limit = self._size + len(self._left_out)
        rows = await connection.fetch(_DUE, to_text(self._now), limit)
        wanted = [row for row in rows if self._queue.key(row) not in self._left_out][: self._size]
        waiting = []
        for row in wanted:
            self.bad = row
            waiting.append(to_schedule(row))
        if self._size > 1:
            self.bad = None
        for _ in range(_ROUNDS):
            if not waiting:
                break
            # What a channel gets depends on what it got before: plan the next one of each channel.
            waiting.sort(key=lambda each: (each.next.due_at, each.name))
            planned: dict[tuple[TeamId, ChannelId], Schedule] = {}
            for schedule in waiting:
                planned.setdefault((schedule.team_id, schedule.channel_id), schedule)
            await self._plan_each(connection, [*planned.values()])
            ids = {each.id for each in planned.values()}
            waiting = [following(each) if each.id in ids else each for each in waiting]
            waiting = [each for each in waiting if each.next.due_at <= self._now]
        return bool(waiting) or len(rows) == limit

    async def _plan_each(self, connection: Connection, schedules: Sequence[Schedule]) -> None:
        """Plan one occurrence of each of the schedules, which are of different channels."""
        reasons = {each.id: await self._reason(connection, each) for each in schedules}
        posting = [each for each in schedules if reasons[each.id] is None]
        chosen = await choose_all(connection, posting, now=self._now)
        choices = {each.id: one for each, one in zip(posting, chosen, strict=True)}
        new_posts = [
            _occurrence_post(each, choices.get(each.id), reasons[each.id]) for each in schedules
        ]
        planned = await plan_posts(connection, new_posts, now=self._now)
        for schedule, new_post in zip(schedules, new_posts, strict=True):
            choice = choices.get(schedule.id)
            if choice and new_post.key in planned:
                await _warn_when_low(connection, schedule, choice, self._now)
        await advance(connection, schedules)

    async def _reason(
        self, connection: Connection, schedule: Schedule
    ) -> tuple[PostState, str] | None:
        """Return why nothing is posted, whatever there is to choose from; else None."""
        on, due_at = schedule.next.due_on, schedule.next.due_at
        if on not in self._holidays:
            self._holidays[on] = await holiday(connection, on)
        if reason := day_off(schedule, on) or self._holidays[on]:
            return PostState.SKIPPED, reason
        if self._now - due_at > GRACE:
            return PostState.MISSED, "found too late"
        return (PostState.MISSED, schedule.stopped) if schedule.stopped else None


def _occurrence_post(
    schedule: Schedule, chosen: Chosen | None, reason: tuple[PostState, str] | None
) -> NewPost:
    """Return the post of the schedule's next occurrence; *reason* is why nothing is chosen."""
    if reason is None and chosen is None:
        reason = PostState.MISSED, f"there is {no_story(schedule)}"
    elif chosen and not chosen.article_ids and schedule.news is News.NEW_OR_NOTHING:
        reason = PostState.SKIPPED, chosen.why.removesuffix(".")
    state, error = reason or (PostState.PLANNED, None)
    occurrence = schedule.next
    return _new_post(
        schedule, occurrence.due_on, chosen, due_at=occurrence.due_at, state=state, error=error
    )


def day_off(schedule: Schedule, on: date) -> str | None:
    """Return why the schedule itself skips the date *on*: a pause or a public holiday; or None."""
    if schedule.paused_until and on < schedule.paused_until:
        return "paused"
    return holiday_in(schedule.holidays, on) if schedule.holidays else None


def _new_post(
    schedule: Schedule,
    on: date,
    chosen: Chosen | None,
    *,
    due_at: datetime,
    key: str | None = None,
    **fields: Any,
) -> NewPost:
    """Return the schedule's post for the date *on*, or with a *key* an extra post."""
    story_ids = chosen.article_ids if chosen and schedule.kind is PostKind.DIGEST else ()
    return NewPost(
        key=key or occurrence_key(schedule, on),
        team_id=schedule.team_id,
        channel_id=schedule.channel_id,
        kind=schedule.kind,
        article_id=chosen.asked_id if chosen else None,
        story_ids=story_ids,
        revision=chosen.revision if chosen else None,
        why=chosen.why if chosen else None,
        schedule_id=schedule.id,
        due_on=None if key else on,
        due_at=due_at,
        **fields,
    )


async def _warn_when_low(
    connection: Connection, schedule: Schedule, chosen: Chosen, now: datetime
) -> None:
    """Plan a notice to the owner if the questions run out in two weeks or sooner.

    There is one notice for each round through the questions of a reload, until there are more or
    fewer of them: polls of feeds bring revisions without questions all the time.
    """
    days = chosen.days_left(schedule)
    # A small corpus is always about to run out: warn only in the second half of a round.
    if days is not None and 0 < chosen.left <= chosen.pool // 2 and days <= _LOW.days:
        about = About(
            channel_id=schedule.channel_id, schedule_id=schedule.id, left=chosen.left, days=days
        )
        (reload,) = await connection.fetch(_LAST_RELOAD)
        mark = f"{reload['number']}:{chosen.times}:{chosen.pool}"
        to, kind = schedule.owner_id, PostKind.LOW
        await plan_notice(connection, schedule.team_id, kind, to, about, now=now, mark=mark)
