"""The clock that follows the local workspace, and the machine's clock checked against Slack's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import assemble
from bot.clock import CheckedClock, FollowingClock, slack_clock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Workspace
from store import Store
from store.samples import STARTER
from store.types import ChannelId, Order, PostState, TeamId, Timetable, UserId
from tests.conftest import write_corpus
from tests.machine import NOW, running_clock

TEAM, CHANNEL = TeamId("T1"), ChannelId("C1")
SECOND = timedelta(seconds=1)
TOLERANCE = timedelta(minutes=5)


async def test_the_first_load_uses_the_followed_clock(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        clock = FollowingClock(f"{workspace.url}page/clock")
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            database_url=f"sqlite:///{tmp_path}/parley.db",
            corpus_dir=write_corpus(tmp_path / "corpus"),
        )
        async with assemble(settings, clock=clock) as parley:
            revision = parley.store.corpus.revision
    assert revision
    assert revision.loaded_at.date() == NOW.date()


class Machine:
    """A machine whose clock can be wrong and which can sleep, and a Slack that may be away."""

    def __init__(self) -> None:
        self.true, self.wrong_by, self.steady = NOW, timedelta(), 0.0
        self.slack_is_away = False
        self.asked = 0
        self.clock = CheckedClock(
            self._ask, machine=lambda: self.true + self.wrong_by, steady=lambda: self.steady
        )

    async def _ask(self) -> datetime | None:
        self.asked += 1
        return None if self.slack_is_away else self.true

    async def wait(self, by: timedelta = SECOND) -> datetime:
        """Advance the time, run the clock's own job, and return the time that it shows."""
        self.true += by
        self.steady += by.total_seconds()
        await self.clock.read()
        return self.clock()

    async def sleep(self, by: timedelta) -> datetime:
        """Suspend the machine: its steady clock stands still."""
        self.true += by
        return await self.wait()


@pytest.fixture
async def machine() -> Machine:
    machine = Machine()
    await machine.wait()
    assert not machine.clock.is_in_doubt
    return machine


@pytest.mark.parametrize("jump", [timedelta(days=30), timedelta(days=-30), timedelta(hours=1)])
async def test_a_jump_of_four_seconds_is_never_shown(machine: Machine, jump: timedelta) -> None:
    machine.slack_is_away, machine.wrong_by = True, jump
    for _ in range(4):
        assert await machine.wait() == machine.true
        assert machine.clock.is_in_doubt
        assert "no schedule runs" in (await machine.clock.problem() or "")
    machine.wrong_by = timedelta()
    assert await machine.wait() == machine.true
    assert not machine.clock.is_in_doubt
    assert await machine.clock.problem() is None


async def test_slack_decides_which_time_is_right(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """A clock that stays wrong stops nothing: Slack's time is used in its place."""
    machine.wrong_by = timedelta(days=30)
    assert await machine.wait() == machine.true
    assert not machine.clock.is_in_doubt
    problem = await machine.clock.problem()
    assert problem == "30 days ahead of Slack's, by which Parley goes: set the machine's clock"
    for _ in range(600):
        assert await machine.wait() == machine.true
    assert machine.asked < 20, "Slack is asked at most once a minute"
    assert len(caplog.records) == 2, "a wrong clock is logged once"
    machine.wrong_by = timedelta()
    assert await machine.wait() == machine.true
    assert caplog.records[-1].getMessage() == "the machine's clock is right again"


@pytest.mark.parametrize("asleep", [timedelta(minutes=7), timedelta(hours=9), timedelta(days=40)])
@pytest.mark.parametrize("counts_sleep", [False, True])
async def test_a_machine_that_slept_goes_on_when_slack_confirms_its_time(
    machine: Machine, asleep: timedelta, counts_sleep: bool
) -> None:
    machine.slack_is_away = True  # the network comes back a little later than the machine
    machine.steady += asleep.total_seconds() * counts_sleep
    await machine.sleep(asleep)
    assert machine.clock.is_in_doubt
    machine.slack_is_away = False
    assert await machine.wait() == machine.true
    assert not machine.clock.is_in_doubt
    assert await machine.clock.problem() is None


async def test_a_start_after_a_long_outage_waits_only_for_slack() -> None:
    machine = Machine()
    machine.slack_is_away = True
    assert machine.clock() == machine.true
    assert machine.clock.is_in_doubt
    machine.slack_is_away = False
    await machine.clock.read()
    assert not machine.clock.is_in_doubt


@pytest.mark.parametrize(
    ("jump", "patience"),
    [(timedelta(), timedelta(minutes=1)), (timedelta(days=1), timedelta(hours=1))],
)
async def test_nothing_waits_for_ever_if_slack_s_clock_cannot_be_read(
    jump: timedelta, patience: timedelta
) -> None:
    machine = Machine()
    if jump:
        await machine.wait()
    machine.slack_is_away = True
    await machine.sleep(jump)
    waited = timedelta()
    while machine.clock.is_in_doubt:
        await machine.wait()
        waited += SECOND
    assert abs(waited - patience) < timedelta(seconds=5)
    assert machine.clock() == machine.true


async def test_a_machine_that_starts_with_a_wrong_clock_goes_by_slacks() -> None:
    machine = Machine()
    machine.wrong_by = timedelta(days=-20_000)  # without a battery, a clock starts in 1970
    machine.clock = CheckedClock(
        machine._ask, machine=lambda: machine.true + machine.wrong_by, steady=lambda: 0.0
    )
    await machine.clock.read()
    assert machine.clock() == machine.true


async def test_a_clock_that_is_corrected_slowly_is_followed(machine: Machine) -> None:
    for _ in range(1000):
        machine.wrong_by += timedelta(milliseconds=500)
        shown = await machine.wait()
    assert shown == machine.true + machine.wrong_by
    assert machine.asked == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2, 30, 299]),
            st.one_of(st.just(0), st.integers(-(10**8), 10**8)),
            st.booleans(),
        ),
        max_size=12,  # less than an hour
    )
)
async def test_no_time_that_slack_would_deny_is_used(steps: list[tuple[int, int, bool]]) -> None:
    """However the clock jumps, the time shown stays right, and Slack's answer ends the doubt."""
    machine = Machine()
    await machine.wait()
    for seconds, wrong_by, slack_is_away in steps:
        machine.wrong_by, machine.slack_is_away = timedelta(seconds=wrong_by), slack_is_away
        shown = await machine.wait(timedelta(seconds=seconds))
        assert abs(shown - machine.true) <= 2 * TOLERANCE
        assert slack_is_away or not machine.clock.is_in_doubt
    machine.slack_is_away = False
    await machine.wait()
    assert not machine.clock.is_in_doubt


async def scheduled(store: Store, machine: Machine, at: time) -> Callable[[], Awaitable[None]]:
    """Schedule a daily post; return the job that plans it."""
    await machine.wait()
    await store.loads.reload(STARTER, by="U1", at=NOW)
    await store.schedules.set(
        team_id=TEAM,
        channel_id=CHANNEL,
        owner_id=UserId("U1"),
        now=machine.clock(),
        order=Order(timetable=Timetable(at=at, weekdays=frozenset(range(7)), zone="UTC")),
    )
    return machine.clock.unless_in_doubt(lambda: store.planning.plan_due(machine.clock()))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("at", [time(9), time(0), time(23, 59)])
@pytest.mark.parametrize("minutes", [4, -4])
async def test_a_small_jump_shifts_posts_by_minutes_and_costs_none(
    store: Store, at: time, minutes: int
) -> None:
    machine = Machine()
    plan = await scheduled(store, machine, at)
    due_at = datetime.combine(NOW.date(), at, NOW.tzinfo)
    due_at += timedelta(days=due_at < NOW)
    for day in range(3):
        # Two minutes before a post is due, and again two minutes after it, the clock is wrong.
        for offset in (-2, 2):
            await machine.wait(due_at + timedelta(days=day, minutes=offset) - machine.true)
            for jump in (timedelta(minutes=minutes), timedelta()):
                machine.wrong_by = jump
                for _ in range(4):
                    await machine.wait()
                    await plan()
    posts = await store.posts.scheduled(TEAM, CHANNEL, since=NOW.date())
    first = due_at.date()
    assert [post.due_on for post in posts] == [first + timedelta(days=n) for n in range(3)]


async def test_a_jump_costs_a_schedule_no_occurrence(store: Store) -> None:
    """Seen before: four seconds in the next month were thirty days of silence."""
    machine = Machine()
    plan = await scheduled(store, machine, time(9))
    for jump in (timedelta(days=30), timedelta(), timedelta(days=-30), timedelta()):
        machine.wrong_by, machine.slack_is_away = jump, bool(jump)
        for _ in range(4):
            await machine.wait()
            await plan()
    assert not await store.posts.scheduled(TEAM, CHANNEL, since=NOW.date())
    for day in range(3):
        await machine.wait(NOW.replace(hour=9) + timedelta(days=day) - machine.true)
        await plan()
    posts = await store.posts.scheduled(TEAM, CHANNEL, since=NOW.date())
    assert [post.due_on for post in posts] == [NOW.date() + timedelta(days=n) for n in range(3)]
    assert {post.state for post in posts} == {PostState.PLANNED}


async def test_slacks_time_is_read_from_its_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        ask = slack_clock(workspace.api_url)
        clock = CheckedClock(ask)
        await clock.read()
        assert not clock.is_in_doubt
        assert await clock.problem() is None
    assert await ask() is None, "nobody listens there any more"


async def answered(*headers: str) -> datetime | None:
    """Return the time that is read from an answer with *headers*."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines = ("HTTP/1.1 404 Not Found", "Content-Length: 0", *headers, "", "")
        writer.write("\r\n".join(lines).encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await slack_clock(f"http://127.0.0.1:{port}/api/")()


@pytest.mark.parametrize(
    "headers",
    [
        ["Date: Tue, 24 Nov 2026 08:00:00 GMT"],
        ["Date: Tue, 24 Nov 2026 08:00:00 -0000"],
        ["Date: Tue, 24 Nov 2026 07:00:00 GMT", "Age: 3600"],
    ],
)
async def test_the_date_of_an_answer(headers: list[str]) -> None:
    assert await answered(*headers) == NOW


@pytest.mark.parametrize(
    "headers",
    [[], ["Date: yesterday"], ["Date: Tue, 24 Nov 2026 08:00:00 GMT", "Age: 9" + "9" * 20]],
)
async def test_an_answer_without_a_date_leaves_the_machines_time(
    headers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.clock.system_clock", lambda: NOW)
    assert await answered(*headers) == NOW
