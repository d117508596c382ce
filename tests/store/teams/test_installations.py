"""Installations: encrypted tokens, OAuth states, and the deletion of a team's rows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from store import Store, open_store
from store.db import open_database
from store.db.schema import LEDGER_TABLE
from store.posting.posts import Outcome
from store.posting.record import NewPost
from store.teams.installations import Installation
from store.types import (
    FailedLoad,
    GoneError,
    Order,
    PostKind,
    PostState,
    Problem,
    Schedule,
    Timetable,
)
from tests.conftest import StoppedClock
from tests.ids import C1, T1, T2, U1, U2
from tests.machine import NOW

ONE = Installation(
    team_id=T1,
    name="Harbour",
    bot_id="B1",
    bot_user_id=U1,
    scopes=("chat:write", "commands"),
    token="ciphertext",
    installed_at=NOW,
)


TIMETABLE = Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC")
PLAN = NewPost(key="k", team_id=T1, channel_id=C1, kind=PostKind.SHARE, due_at=NOW)


async def set_up(store: Store, topics: tuple[str, ...] = ()) -> Schedule:
    return await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U2,
        now=NOW,
        order=Order(timetable=TIMETABLE, topics=topics),
    )


@pytest.fixture
async def many(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """Yield the store of a Parley that many teams install, with one story."""
    story = tmp_path / "corpus" / "geneva.txt"
    story.parent.mkdir()
    story.write_text("Talks in Geneva\n\nEnvoys met.\nIt takes two.\nWho hosts?\n")
    async with open_store(database_url, is_shared=True) as store:
        await store.loads.reload(story.parent, by="terminal", at=NOW)
        yield store


async def remembering(url: str) -> set[str]:
    """Return the tables that have rows of a team."""
    async with open_database(url) as database, database.reading() as connection:
        found = set()
        for table in set(await database.tables()) - {LEDGER_TABLE}:
            rows = await connection.fetch(f"SELECT * FROM {table}")
            found |= {table for row in rows if {"team_id", "post_key"} & set(row.keys())}
        return found


async def test_a_saved_installation_is_returned(store: Store) -> None:
    await store.installations.save(ONE)
    assert await store.installations.find(T1) == ONE
    assert await store.installations.find(T2) is None


async def test_installing_again_replaces(store: Store) -> None:
    anew = replace(ONE, token="anew", scopes=("commands",), installed_at=NOW + timedelta(days=1))
    await store.installations.save(ONE)
    await store.installations.save(anew)
    assert list(await store.installations.list()) == [anew]


async def test_a_token_that_has_changed_is_not_replaced(store: Store) -> None:
    await store.installations.save(replace(ONE, token="newer"))
    await store.installations.replace_token(ONE, "new ciphertext")
    found = await store.installations.find(T1)
    assert found
    assert found.token == "newer"
    await store.installations.replace_token(found, "newer ciphertext")
    assert await store.installations.find(T1) == replace(ONE, token="newer ciphertext")


async def test_a_state_can_be_used_once_until_it_expires(store: Store) -> None:
    until = NOW + timedelta(minutes=10)
    for state in ("in time", "late"):
        await store.installations.begin(state, now=NOW, until=until)
    assert await store.installations.end("in time", now=NOW)
    assert not await store.installations.end("in time", now=NOW)
    assert not await store.installations.end("late", now=until)
    assert not await store.installations.end("never given", now=NOW)


async def test_forgetting_a_team_deletes_all_its_rows(store: Store, clock: StoppedClock) -> None:
    await store.installations.save(ONE)
    await store.schedules.set(
        team_id=T1,
        channel_id=C1,
        owner_id=U2,
        now=clock(),
        order=Order(
            timetable=Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC"),
            topics=("geneva",),
        ),
    )
    await store.schedules.stop(T1, C1, error="is_archived", now=clock())
    (told,) = await store.posts.open(clock())
    claim = await store.posts.claim(told, owner="me", now=clock())
    assert claim
    store.misses.add(T1, at=clock())
    await store.misses.write()
    await store.topic_requests.add(T1, "pizza", by="press", now=clock())
    assert await store.installations.forget(ONE)
    # A call that began before may still end.
    await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.1"), now=clock())
    assert await store.installations.find(T1) is None
    assert not await store.schedules.list(T1)
    assert not await store.misses.number(T1, since=NOW - timedelta(days=9))
    assert not await store.topic_requests.list(T1, since=NOW - timedelta(days=9))
    assert not sum((await store.statistics.posts()).values())


async def test_a_team_that_has_installed_again_is_not_forgotten(
    store: Store, clock: StoppedClock
) -> None:
    """A check of the old installation says nothing about the new one."""
    anew = replace(ONE, token="anew", installed_at=NOW + timedelta(milliseconds=1))
    await store.installations.save(ONE)
    await store.installations.save(anew)
    store.misses.add(T1, at=clock())
    await store.misses.write()
    await store.topic_requests.add(T1, "pizza", by="press", now=clock())
    assert not await store.installations.forget(ONE)
    assert await store.installations.find(T1) == anew
    assert await store.misses.number(T1, since=NOW - timedelta(days=9))
    # A token that was only encrypted again belongs to the same installation.
    await store.installations.replace_token(anew, "new ciphertext")
    assert await store.installations.forget(anew)
    assert not await store.installations.forget(anew)


Writing = Callable[[Store, Schedule], Awaitable[Any]]


@pytest.mark.parametrize(
    "write",
    [
        lambda store, _: set_up(store),
        lambda store, _: store.idempotency.claim("T1", "a", now=NOW),
        lambda store, _: store.posts.plan(PLAN, now=NOW),
        lambda store, _: store.posts.skip(replace(PLAN, state=PostState.SKIPPED), now=NOW),
        lambda store, before: store.planning.plan_now(before, by="U2", now=NOW, key="now"),
    ],
    ids=["schedule", "once", "post", "skip", "now"],
)
async def test_work_in_progress_stores_nothing_of_a_forgotten_team(
    many: Store, database_url: str, write: Writing
) -> None:
    await many.installations.save(ONE)
    before = await set_up(many)
    await many.installations.forget(ONE)
    with pytest.raises(GoneError, match="not installed in this workspace any more"):
        await write(many, before)
    assert not await remembering(database_url)
    # Once it has installed Parley again, it is like any other team.
    await many.installations.save(ONE)
    await write(many, before)
    assert await remembering(database_url) > {"installation"}


async def test_an_admin_gets_no_notice_in_a_team_that_is_gone(many: Store, tmp_path: Path) -> None:
    """The operator's list of admins may still name a person of a team that has uninstalled."""
    await many.installations.save(replace(ONE, team_id=T2))
    problem = Problem(path=PurePosixPath("a.txt"), line=1, message="There is no story in it.")
    failed_load = FailedLoad(at=NOW, problem=problem, more=0)
    await many.failed_loads.note(tmp_path, failed_load, admins=[(T1, U1), (T2, U1)])
    assert [post.team_id for post in await many.posts.open(NOW)] == ["T2"]


async def test_a_pool_that_is_filled_late_is_not_stored(many: Store, database_url: str) -> None:
    await many.installations.save(ONE)
    before = await set_up(many, topics=("geneva",))
    await many.planning.preview(before, now=NOW)
    assert "topic_pool" in await remembering(database_url)
    await many.installations.forget(ONE)
    await many.planning.preview(before, now=NOW)
    assert not await remembering(database_url)


async def test_one_workspace_needs_no_installation(store: Store) -> None:
    assert await set_up(store)
    assert await store.idempotency.claim(T1, "a", now=NOW)
    assert await store.posts.plan(PLAN, now=NOW)
