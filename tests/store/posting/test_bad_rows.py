"""A row with bad values, from a person or a newer version, never blocks other rows."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, time

import pytest

from store import Store, open_store
from store.db import Database, open_database
from store.posting import planning
from store.posting.record import NewPost
from store.samples import STARTER
from store.types import ChannelId, Order, PostKind, PostState, Timetable
from tests.conftest import StoppedClock
from tests.ids import C1, C2, T1, U1
from tests.machine import NOW

DAILY = Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC")


@pytest.fixture
async def database(database_url: str, store: Store) -> AsyncIterator[Database]:
    """Yield the database of the store, to edit rows by hand."""
    async with open_database(database_url) as database:
        yield database


async def break_row(database: Database, table: str, column: str, value: str, key: str) -> None:
    name = "key" if table == "post" else "channel_id"
    async with database.transaction() as connection:
        await connection.execute(f"UPDATE {table} SET {column} = $1 WHERE {name} = $2", value, key)


def left_out(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records if one.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "poem"),
        ("about", "not JSON"),
        ("about", '{"newer": 1}'),
        ("due_on", "someday"),
        ("due_at", "0 soon"),
    ],
)
async def test_a_bad_post_blocks_no_other_post(
    store: Store,
    database: Database,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    column: str,
    value: str,
) -> None:
    for key in "abc":
        plan = NewPost(
            key=key,
            team_id=T1,
            channel_id=C1,
            kind=PostKind.QUESTION,
            article_id="a1",
            due_at=clock(),
        )
        assert await store.posts.plan(plan, now=clock())
    for key in "ab":
        await break_row(database, "post", column, value, key)
    for _ in range(3):
        # Also if the limit is small.
        found = [post.key for post in await store.posts.open(clock(), limit=1)]
    assert found == ["c"]
    assert sorted(left_out(caplog)) == ["row a of post is left out", "row b of post is left out"]
    # The bad rows stay in the table: a newer version may be able to read them.
    await break_row(database, "post", "kind", "question", "a")
    rows = await database.fetch("SELECT state FROM post WHERE key = 'a'")
    assert [row["state"] for row in rows] == ["planned"]


async def scheduled(store: Store, channel: ChannelId, *topics: str) -> str:
    """Set up a schedule, and return its id."""
    schedule = await store.schedules.set(
        team_id=T1,
        channel_id=channel,
        owner_id=U1,
        now=NOW,
        order=Order(timetable=DAILY, topics=topics),
    )
    return schedule.id


BAD_SCHEDULES = [
    ("kind", "poem"),
    ("zone", "Mars/Olympus"),
    ("weekdays", ""),
    ("weekdays", "x"),
    ("topics", "not JSON"),
    ("at", "noon"),
    ("next_on", "someday"),
    ("paused_until", "later"),
]


@pytest.mark.parametrize(("column", "value"), BAD_SCHEDULES)
async def test_a_bad_schedule_blocks_no_other_schedule(
    store: Store,
    database: Database,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    value: str,
) -> None:
    """Even if bad schedules come first, and are more than one batch."""
    monkeypatch.setattr(planning, "_BATCH", 2)
    await store.loads.reload(STARTER, by="U1", at=NOW)
    channels = [ChannelId(f"C{number}") for number in range(7)]
    ids = [await scheduled(store, channel) for channel in channels]
    for channel in channels[:3]:
        await break_row(database, "schedule", column, value, channel)
    for _ in range(2):
        await store.planning.plan_due(clock.forward(minutes=61))
    planned = [post.channel_id for post in await store.posts.open(clock())]
    assert planned == channels[3:]
    lines = [f"row {schedule_id} of schedule is left out" for schedule_id in ids[:3]]
    assert left_out(caplog) == lines


async def add_unreadable_post(
    store: Store, database: Database, schedule_id: str, channel: ChannelId, due_at: datetime
) -> None:
    """Store a missed post of the schedule, which would be planned again if it could be read."""
    plan = NewPost(
        key=f"{schedule_id}:{due_at:%Y-%m-%d}",
        team_id=T1,
        channel_id=channel,
        kind=PostKind.QUESTION,
        due_at=due_at,
        state=PostState.MISSED,
    )
    assert await store.posts.plan(plan, now=due_at)
    await break_row(database, "post", "about", "not JSON", plan.key)


async def test_a_bad_post_of_a_schedule_blocks_no_other_schedule(
    store: Store, database: Database, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A schedule replaces a failed post, which cannot be read: only that post is left out."""
    await store.loads.reload(STARTER, by="U1", at=NOW)
    channels = [ChannelId(f"C{number}") for number in range(4)]
    ids = [await scheduled(store, channel) for channel in channels]
    due_at = clock.forward(minutes=61)
    await add_unreadable_post(store, database, ids[1], channels[1], due_at)
    for _ in range(2):
        await store.planning.plan_due(due_at)
    planned = [post.channel_id for post in await store.posts.open(due_at)]
    assert planned == ["C0", "C2", "C3"]
    assert left_out(caplog) == [f"row {ids[1]}:{due_at.date()} of post is left out"]


@pytest.mark.parametrize(("unreadable", "bad_post"), [(0, 1), (1, 0)])
async def test_a_bad_schedule_and_a_bad_post_block_no_other_schedule(
    store: Store,
    database: Database,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    unreadable: int,
    bad_post: int,
) -> None:
    """The row of one cannot be read; another replaces a post that cannot be read."""
    await store.loads.reload(STARTER, by="U1", at=NOW)
    channels = [ChannelId(f"C{number}") for number in range(3)]
    ids = [await scheduled(store, channel) for channel in channels]
    due_at = clock.forward(minutes=61)
    await break_row(database, "schedule", "zone", "Mars/Olympus", channels[unreadable])
    await add_unreadable_post(store, database, ids[bad_post], channels[bad_post], due_at)
    await store.planning.plan_due(due_at)
    assert [post.channel_id for post in await store.posts.open(due_at)] == channels[2:]
    lines = {
        f"row {ids[unreadable]} of schedule is left out",
        f"row {ids[bad_post]}:{due_at.date()} of post is left out",
    }
    assert set(left_out(caplog)) == lines


async def test_a_bad_schedule_hides_no_other_schedule(
    store: Store, database: Database, clock: StoppedClock
) -> None:
    for channel in (C1, C2):
        await scheduled(store, channel)
    await break_row(database, "schedule", "zone", "Mars/Olympus", "C1")
    await break_row(database, "schedule", "kind", "poem", "C1")
    watched = await store.schedules.watched(clock.forward(hours=2))
    assert [schedule.channel_id for schedule in watched] == ["C2"]
    assert list(await store.schedules.list(T1)) == list(watched)
    assert {team: list(some) for team, some in (await store.schedules.by_team()).items()} == {
        "T1": list(watched)
    }


async def test_a_failed_look_up_of_topics_does_not_delay_a_post(
    database_url: str,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_store(database_url) as store:
        await store.loads.reload(STARTER, by="U1", at=NOW)
        odd = await scheduled(store, C1, "odd")
        await scheduled(store, C2)
        find = store.corpus.find

        async def break_at(query: str, *, limit: int = 10) -> object:
            if query == "odd":
                raise RuntimeError("a word that breaks the finder")
            return await find(query, limit=limit)

        monkeypatch.setattr(store.corpus, "find", break_at)
        await store.planning.plan_due(clock.forward(minutes=61))
        turns = await store.posts.scheduled(T1, C2, since=NOW.date())
        assert [str(post.state) for post in turns] == ["planned"]
    assert left_out(caplog) == [f"row {odd} of schedule is left out"]
