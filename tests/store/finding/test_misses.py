"""What was looked for in vain: counted together, without people, for a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.forgetting import Forgetting
from handlers.lookup import LookUp
from store import Store, open_store
from tests.conftest import NOW, StoppedClock
from tests.store.test_installations import ONE

TEAM = "T0PARLEY"
EVER = NOW - timedelta(days=400)


async def note(store: Store, *typed: str, days: int = 0, is_asked: bool = False) -> None:
    for words in typed:
        at = NOW + timedelta(days=days)
        store.misses.note(TEAM, words, at=at, is_asked=is_asked)


async def test_case_and_order_make_no_difference(store: Store) -> None:
    await note(store, "Mars mission", "mission  MARS", "mars, mission?")
    (miss,) = await store.misses.list(TEAM, since=EVER)
    assert (miss.words, miss.searched, miss.asked) == ("Mars mission", 3, 0)


async def test_typos_are_counted_together(store: Store) -> None:
    await note(store, "kubernetes", "kubernetes", "kuberntes", "pizza")
    assert [(one.words, one.searched) for one in await store.misses.list(TEAM, since=EVER)] == [
        ("kubernetes", 3),
        ("pizza", 1),
    ]


async def test_the_latest_demand_comes_first_under_its_commonest_words(store: Store) -> None:
    await note(store, "kubernetes", "kubernetes", "pizza", is_asked=True)
    await note(store, "mars", days=1)
    await note(store, "kuberntes", days=2)
    assert [
        (one.words, one.searched, one.asked, one.last_at)
        for one in await store.misses.list(TEAM, since=EVER)
    ] == [
        ("kubernetes", 1, 2, NOW + timedelta(days=2)),
        ("mars", 1, 0, NOW + timedelta(days=1)),
        ("pizza", 0, 1, NOW),
    ]


async def test_what_is_old_is_forgotten(database_url: str) -> None:
    """Though nobody looks for anything any more, and other processes have come and gone."""
    async with open_store(database_url) as store:
        await note(store, "pizza")
        await note(store, "mars", days=1)
        await store.misses.write()
    async with open_store(database_url) as store:
        clock = StoppedClock(NOW + timedelta(days=90, minutes=30))
        forgetting = Forgetting(store.misses, kept=timedelta(days=90), clock=clock)
        await forgetting.run()
        assert [one.words for one in await store.misses.list(TEAM, since=EVER)] == ["mars"]
        clock.forward(days=1, minutes=30)
        await forgetting.run()
        assert not await store.misses.list(TEAM, since=EVER)


async def test_what_was_looked_for_before_is_not_listed(store: Store) -> None:
    await note(store, "pizza")
    assert not await store.misses.list(TEAM, since=NOW + timedelta(days=1))


async def test_nothing_is_kept_where_nothing_is_to_be_kept(
    store: Store, clock: StoppedClock
) -> None:
    await note(store, "pizza")
    LookUp(store, keeps_misses=False, clock=clock).miss(TEAM, "mars")
    assert [one.words for one in await store.misses.list(TEAM, since=EVER)] == ["pizza"]
    await Forgetting(
        store.misses, kept=timedelta(), clock=StoppedClock(clock.forward(hours=1))
    ).run()
    assert not await store.misses.list(TEAM, since=EVER)


@pytest.mark.parametrize("typed", ["", "   ", "?!", "x" * 5000, "😀", "\u202e"])
async def test_whatever_is_typed(store: Store, typed: str) -> None:
    await note(store, typed, typed)
    assert all(len(one.words) <= 200 for one in await store.misses.list(TEAM, since=EVER))


async def test_what_cannot_be_written_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await note(store, "pizza")
    monkeypatch.setattr("store.finding.misses._NOTE", "INSERT INTO nowhere VALUES ($1)")
    with pytest.raises(Exception, match="nowhere"):
        await store.misses.write()
    monkeypatch.undo()
    await note(store, "pizza")
    (miss,) = await store.misses.list(TEAM, since=EVER)
    assert miss.searched == 2


async def test_what_is_written_is_written_once(store: Store) -> None:
    await note(store, "pizza")
    await store.misses.write()
    await store.misses.write()
    (miss,) = await store.misses.list(TEAM, since=EVER)
    assert miss.searched == 1


async def test_who_was_forgotten_is_not_remembered_by_what_waits(database_url: str) -> None:
    """One of many workspaces goes while another process has a miss of it to write."""
    installed = replace(ONE, team_id=TEAM)
    async with (
        open_store(database_url, is_shared=True) as one,
        open_store(database_url, is_shared=True) as other,
    ):
        for each in (installed, replace(ONE, team_id="T2")):
            await one.installations.save(each)
            other.misses.note(each.team_id, "pizza", at=NOW)
        await one.installations.forget(installed)
        await other.misses.write()
        assert not await one.misses.list(TEAM, since=EVER)
        assert len(await one.misses.list("T2", since=EVER)) == 1
        # Nor once it is let in again.
        await one.installations.save(installed)
        assert not await other.misses.list(TEAM, since=EVER)
        other.misses.note(TEAM, "pizza", at=NOW)
        assert len(await other.misses.list(TEAM, since=EVER)) == 1
