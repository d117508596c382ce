"""Installations: a team's token, whoever begins to install, and all that goes with a team."""

from dataclasses import replace
from datetime import time, timedelta

from store import Store
from store.installations import Installation
from store.types import Timetable
from tests.conftest import NOW, StoppedClock

ONE = Installation(
    team_id="T1",
    name="Harbour",
    bot_id="B1",
    bot_user_id="U1",
    scopes=("chat:write", "commands"),
    token="sealed",
    installed_by="U2",
    installed_at=NOW,
)


async def test_what_is_saved_is_there(store: Store) -> None:
    await store.installations.save(ONE)
    assert await store.installations.find("T1") == ONE
    assert await store.installations.find("T2") is None


async def test_installing_again_replaces(store: Store) -> None:
    anew = replace(ONE, token="anew", scopes=("commands",), installed_at=NOW + timedelta(days=1))
    await store.installations.save(ONE)
    await store.installations.save(anew)
    assert list(await store.installations.list()) == [anew]


async def test_a_token_that_changed_meanwhile_is_not_sealed_over(store: Store) -> None:
    await store.installations.save(replace(ONE, token="newer"))
    await store.installations.reseal(ONE, "sealed anew")
    found = await store.installations.find("T1")
    assert found
    assert found.token == "newer"
    await store.installations.reseal(found, "newer, sealed anew")
    assert await store.installations.find("T1") == replace(ONE, token="newer, sealed anew")


async def test_a_state_is_good_once_and_for_a_while(store: Store) -> None:
    until = NOW + timedelta(minutes=10)
    for state in ("in time", "late"):
        await store.installations.begin(state, now=NOW, until=until)
    assert await store.installations.end("in time", now=NOW)
    assert not await store.installations.end("in time", now=NOW)
    assert not await store.installations.end("late", now=until)
    assert not await store.installations.end("never given", now=NOW)


async def test_nothing_of_a_team_is_left(store: Store, clock: StoppedClock) -> None:
    await store.installations.save(ONE)
    await store.schedules.set(
        team_id="T1",
        channel_id="C1",
        organiser_id="U2",
        timetable=Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC"),
        topics=("geneva",),
        now=clock(),
    )
    await store.schedules.stop("T1", "C1", error="is_archived", now=clock())
    (told,) = await store.posts.open(clock())
    claim = await store.posts.claim(told, owner="me", now=clock())
    assert claim
    store.misses.note("T1", "pizza", at=clock(), kept=timedelta(days=9))
    await store.misses.write()
    assert await store.installations.forget(ONE)
    # A call that was under way may still end.
    await store.posts.sent(claim, message_ts="1.1", now=clock())
    assert await store.installations.find("T1") is None
    assert not await store.schedules.list("T1")
    assert not await store.misses.list("T1", since=NOW - timedelta(days=9))
    assert not sum((await store.tally.posts()).values())


async def test_a_team_that_was_let_in_anew_is_not_forgotten(
    store: Store, clock: StoppedClock
) -> None:
    """What was found out of the installation before says nothing of the one that is there now."""
    anew = replace(ONE, token="anew", installed_at=NOW + timedelta(milliseconds=1))
    await store.installations.save(ONE)
    await store.installations.save(anew)
    store.misses.note("T1", "pizza", at=clock(), kept=timedelta(days=9))
    await store.misses.write()
    assert not await store.installations.forget(ONE)
    assert await store.installations.find("T1") == anew
    assert await store.misses.list("T1", since=NOW - timedelta(days=9))
    # A token that was only sealed anew is the same installation's.
    await store.installations.reseal(anew, "sealed anew")
    assert await store.installations.forget(anew)
    assert not await store.installations.forget(anew)
