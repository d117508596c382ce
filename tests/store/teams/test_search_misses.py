"""Search misses are counted without words, and topic requests stored without people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from handlers.features.dependencies import Options
from handlers.features.lookup import LookUp
from handlers.ids import Action
from handlers.jobs.expiry import Expiry
from handlers.slack.people import Colleague
from store import Store, open_store
from store.db import Connection, DatabaseError, open_database
from store.guards.installed import Installed
from store.samples import STARTER
from store.teams.search_misses import MOST_A_DAY, SearchMisses
from store.types import GoneError, ParleyError, TeamId
from tests.conftest import StoppedClock
from tests.ids import ANA, T1, T2, T3
from tests.machine import NOW
from tests.rows import every_row
from tests.store.teams.test_installations import ONE

TEAM = TeamId("T0PARLEY")
EVER = NOW - timedelta(days=400)
ASKER = Colleague(team_id=TEAM, user_id=ANA, is_admin=False, is_guest=False)
HALF_A_PAIR = "\ud83d"


async def ask(store: Store, *typed: str, days: int = 0) -> None:
    at = NOW + timedelta(days=days)
    for number, words in enumerate(typed):
        await store.topic_requests.add(TEAM, words, by=f"{words}:{days}:{number}", now=at)


def miss(store: Store, times: int = 1, *, team_id: TeamId = TEAM, days: int = 0) -> None:
    for _ in range(times):
        store.misses.add(team_id, at=NOW + timedelta(days=days))


async def asked(store: Store) -> list[tuple[str, int]]:
    return [(one.words, one.requests) for one in await store.topic_requests.list(TEAM, since=EVER)]


# --- topic requests


async def test_case_and_order_make_no_difference(store: Store) -> None:
    await ask(store, "Mars mission", "mission  MARS", "mars, mission?")
    assert await asked(store) == [("Mars mission", 3)]


async def test_typos_are_counted_together(store: Store) -> None:
    await ask(store, "kubernetes", "kubernetes", "kuberntes", "pizza")
    assert await asked(store) == [("kubernetes", 3), ("pizza", 1)]


async def test_the_latest_request_comes_first_in_its_most_frequent_words(store: Store) -> None:
    await ask(store, "kubernetes", "kubernetes", "pizza")
    await ask(store, "mars", days=1)
    await ask(store, "kuberntes", days=2)
    requests = await store.topic_requests.list(TEAM, since=EVER)
    assert [(one.words, one.requests, one.last_on) for one in requests] == [
        ("kubernetes", 3, date(2026, 11, 26)),
        ("mars", 1, date(2026, 11, 25)),
        ("pizza", 1, date(2026, 11, 24)),
    ]


async def test_the_same_press_is_one_request(store: Store) -> None:
    for _ in range(2):
        await store.topic_requests.add(TEAM, "pizza", by="press", now=NOW)
    assert await asked(store) == [("pizza", 1)]


async def test_a_person_counts_once_a_day_for_a_topic(store: Store) -> None:
    for typed in ("pizza", "Pizza!", " pizza"):
        await store.topic_requests.add(TEAM, typed, by="one", now=NOW)
    await store.topic_requests.add(TEAM, "pizza", by="another", now=NOW)
    assert await asked(store) == [("pizza", 2)]
    await store.topic_requests.add(TEAM, "pizza", by="one", now=NOW + timedelta(days=1, seconds=1))
    assert await asked(store) == [("pizza", 3)]


async def test_a_person_asks_for_some_topics_a_day(store: Store) -> None:
    for number in range(MOST_A_DAY):
        await store.topic_requests.add(TEAM, f"topic{number} {number}", by="one", now=NOW)
    with pytest.raises(ParleyError, match=f"You asked for {MOST_A_DAY} topics today"):
        await store.topic_requests.add(TEAM, "pizza", by="one", now=NOW)
    await store.topic_requests.add(TEAM, "pizza", by="another", now=NOW)
    assert ("pizza", 1) in await asked(store)
    # What was refused is not taken for asked.
    tomorrow = NOW + timedelta(days=1, seconds=1)
    await store.topic_requests.add(TEAM, "pizza", by="one", now=tomorrow)
    assert ("pizza", 2) in await asked(store)


async def test_a_press_that_could_not_be_stored_can_be_repeated(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim of the button press and the request are stored in one transaction."""
    with monkeypatch.context() as patch:
        patch.setattr("store.teams.search_misses._REQUEST", "INSERT INTO nowhere VALUES ($1)")
        with pytest.raises(Exception, match="nowhere"):
            await store.topic_requests.add(TEAM, "pizza", by="press", now=NOW)
    await store.topic_requests.add(TEAM, "pizza", by="press", now=NOW)
    assert await asked(store) == [("pizza", 1)]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", []),
        ("   ", []),
        ("?!", ["?!"]),
        ("x" * 5000, ["x" * 200]),
        ("😀", ["😀"]),
        ("\u202e", ["\u202e"]),
        ("pizza\0party", ["pizza\ufffdparty"]),
        ("\0", ["\ufffd"]),
        (f"pizza {HALF_A_PAIR}", ["pizza \ufffd"]),
        (HALF_A_PAIR, ["\ufffd"]),
    ],
)
async def test_any_text_is_stored_and_blocks_no_other_request(
    store: Store, typed: str, stored: list[str]
) -> None:
    await ask(store, typed)
    assert [words for words, _ in await asked(store)] == stored
    await ask(store, "kubernetes")
    assert ("kubernetes", 1) in await asked(store)


# Search misses


async def test_search_misses_are_counted_by_team_and_day(store: Store, database_url: str) -> None:
    miss(store, 3)
    miss(store, 2, days=1)
    miss(store, 5, team_id=T2)
    assert await store.misses.number(TEAM, since=EVER) == 5
    assert await store.misses.number(TEAM, since=NOW + timedelta(days=1)) == 2
    assert await store.misses.number(T3, since=EVER) == 0
    async with open_database(database_url) as database:
        rows = (await every_row(database))["search_miss"]
    assert rows == [
        [("team_id", TEAM), ("day", "2026-11-24"), ("searches", 3)],
        [("team_id", TEAM), ("day", "2026-11-25"), ("searches", 2)],
        [("team_id", "T2"), ("day", "2026-11-24"), ("searches", 5)],
    ]


async def test_a_count_is_stored_once(store: Store) -> None:
    miss(store)
    await store.misses.write()
    await store.misses.write()
    assert await store.misses.number(TEAM, since=EVER) == 1


def miss_too_often(misses: SearchMisses) -> None:
    """Count more search misses than a column can hold, on both engines."""
    misses._waiting[T3, "2026-11-24"] = 2**70


async def test_a_count_that_the_database_refuses_blocks_no_other(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    miss(store, 2)
    miss_too_often(store.misses)
    miss(store, 3, team_id=T2)
    await store.misses.write()
    assert "a count of search misses was refused and is dropped" in caplog.text
    assert await store.misses.number(TEAM, since=EVER) == 2
    assert await store.misses.number(T2, since=EVER) == 3


@pytest.mark.parametrize("bad", [f"T{HALF_A_PAIR}", "T\0"])
async def test_an_odd_character_blocks_no_other_row(store: Store, bad: TeamId) -> None:
    miss(store, 2)
    miss(store, team_id=bad)
    miss(store, 3, team_id=T2)
    await store.misses.write()
    assert await store.misses.number(TEAM, since=EVER) == 2
    assert await store.misses.number(T2, since=EVER) == 3
    miss(store)
    await store.misses.write()
    assert await store.misses.number(TEAM, since=EVER) == 3


class _Unreachable:
    """A database that fails with a given exception."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        raise self.error
        yield  # what makes it a generator


@pytest.mark.parametrize("error", [DatabaseError("The disk is full."), asyncio.CancelledError()])
async def test_counts_wait_while_the_database_is_away(store: Store, error: BaseException) -> None:
    misses = store.misses
    miss(store, 2)
    miss(store, team_id=T2)
    database = misses._database
    misses._database = _Unreachable(error)  # type: ignore[assignment]
    with pytest.raises(type(error)):
        await misses.write()
    misses._database = database
    miss(store)
    assert await misses.number(TEAM, since=EVER) == 3
    assert await misses.number(T2, since=EVER) == 1


async def test_counts_wait_if_the_database_fails_between_two_rows(
    database_url: str,
) -> None:
    """The database fails while each count is stored alone: none is lost or counted twice."""
    async with open_database(database_url) as database:
        misses = SearchMisses(database, Installed(database))
        for team_id in (T1, T2):
            misses.add(team_id, at=NOW)
        miss_too_often(misses)
        write, calls = misses._write, []

        async def failing(batch: object) -> None:
            calls.append(batch)
            if len(calls) == 3:
                raise DatabaseError("The disk is full.")
            await write(batch)  # type: ignore[arg-type]

        misses._write = failing  # type: ignore[method-assign]
        with pytest.raises(DatabaseError):
            await misses.write()
        await misses.write()
        assert [await misses.number(one, since=EVER) for one in (T1, T2)] == [1, 1]


# Retention, and teams that are gone


async def test_old_counts_and_requests_are_deleted(database_url: str) -> None:
    """Even without further look-ups, and after other processes have started and ended."""
    async with open_store(database_url) as store:
        for days, words in enumerate(("pizza", "mars")):
            await ask(store, words, days=days)
            miss(store, days=days)
        await store.misses.write()
    async with open_store(database_url) as store:
        clock = StoppedClock(NOW + timedelta(days=91))
        expiry = Expiry(
            store, keep_misses=timedelta(days=90), keep_posts=timedelta(days=90), clock=clock
        )
        await expiry.run()
        assert await asked(store) == [("mars", 1)]
        assert await store.misses.number(TEAM, since=EVER) == 1
        clock.forward(days=1)
        await expiry.run()
        assert await asked(store) == []
        assert await store.misses.number(TEAM, since=EVER) == 0


async def test_old_requests_are_not_listed(store: Store) -> None:
    await ask(store, "pizza")
    assert not await store.topic_requests.list(TEAM, since=NOW + timedelta(days=1))


async def test_nothing_is_stored_if_the_setting_is_zero(store: Store, clock: StoppedClock) -> None:
    lookup = LookUp(store, Options(clock=clock, corpus_path=Path(), keep_misses=timedelta()))
    lookup.count_miss(TEAM)
    with pytest.raises(ParleyError, match="MISSES_DAYS is 0"):
        await lookup.ask_for("mars", by=ASKER, pseudonym="asker")
    assert await asked(store) == []
    assert await store.misses.number(TEAM, since=EVER) == 0
    await store.loads.reload(STARTER, by="U1", at=NOW)
    for keeps_misses in (False, True):
        kept = timedelta(days=90 * keeps_misses)
        lookup = LookUp(store, Options(clock=clock, corpus_path=Path(), keep_misses=kept))
        assert (Action.BRIEF_ASK in str(await lookup.answer("kubernetes"))) is keeps_misses
    # Rows from before the change of the setting are deleted within an hour.
    await ask(store, "pizza")
    await Expiry(store, keep_misses=timedelta(), keep_posts=timedelta(days=90), clock=clock).run()
    assert await asked(store) == []


async def test_waiting_counts_of_a_forgotten_team_are_not_stored(database_url: str) -> None:
    """A workspace uninstalls while another process has not stored one of its search misses yet."""
    installed = replace(ONE, team_id=TEAM)
    async with (
        open_store(database_url, is_shared=True) as one,
        open_store(database_url, is_shared=True) as other,
    ):
        for each in (installed, replace(ONE, team_id=T2)):
            await one.installations.save(each)
            other.misses.add(each.team_id, at=NOW)
        await one.installations.forget(installed)
        await other.misses.write()
        assert await one.misses.number(TEAM, since=EVER) == 0
        assert await one.misses.number(T2, since=EVER) == 1
        with pytest.raises(GoneError):
            await other.topic_requests.add(TEAM, "pizza", by="press", now=NOW)
        # They are not stored after it has installed Parley again, either.
        await one.installations.save(installed)
        assert await other.misses.number(TEAM, since=EVER) == 0
        other.misses.add(TEAM, at=NOW)
        assert await other.misses.number(TEAM, since=EVER) == 1
