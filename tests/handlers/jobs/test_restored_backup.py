"""A database that was restored from a backup does not know the latest posts: none comes twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Parley, assemble
from bot.workspace import Fault
from store import open_store
from store.db.backup import backup
from store.types import Post, PostState
from tests.handlers.conftest import Slack
from tests.ids import GENERAL, TEAM

ORDERS = ["on 09:30 daily UTC", "on 09:30 daily UTC digest 2"]


@asynccontextmanager
async def restored(slack: Slack, file: Path) -> AsyncIterator[Parley]:
    """Start a bot on the backup *file*, and let it post what it believes to be due."""
    settings = replace(slack.settings, database_url=f"sqlite:///{file}")
    async with assemble(settings, clock=slack.workspace.clock) as parley:
        await parley.ticker.tick()
        await slack.settled()
        yield parley


async def back_up(slack: Slack, file: Path) -> datetime:
    """Write a backup before the post of 09:30, and return when that is due."""
    await backup(slack.settings.database_url, file)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    return schedule.next.due_at


def go_to(slack: Slack, at: datetime) -> None:
    slack.clock.forward(seconds=(at - slack.workspace.clock()).total_seconds())


async def posts(parley: Parley, since: datetime) -> list[Post]:
    """Return the scheduled posts, and what was sent in their threads."""
    store = parley.store.posts
    questions = await store.scheduled(TEAM, GENERAL, since=since.date())
    threads = [await store.get(TEAM, f"{one.key}:story") for one in questions]
    return [*questions, *(one for one in threads if one)]


@pytest.mark.parametrize("minutes", [3, 20, 115])
@pytest.mark.parametrize("order", ORDERS)
async def test_what_was_posted_since_the_backup_is_not_posted_again(
    slack: Slack, tmp_path: Path, order: str, minutes: int
) -> None:
    await slack.type(f"/digest {order}")
    due_at = await back_up(slack, tmp_path / "backup.db")
    go_to(slack, due_at)
    await slack.parley.ticker.tick()
    (message,) = slack.public()
    assert message["reply_count"] == 1
    go_to(slack, due_at + timedelta(minutes=minutes))
    async with restored(slack, tmp_path / "backup.db") as parley:
        (message,) = slack.public()
        assert message["reply_count"] == 1
        found = await posts(parley, due_at)
    assert [one.state for one in found] == [PostState.SENT] * 2
    assert found[0].message_ts == message["ts"]


@pytest.mark.parametrize("order", ORDERS)
async def test_what_was_not_posted_comes_late(slack: Slack, tmp_path: Path, order: str) -> None:
    await slack.type(f"/digest {order}")
    due_at = await back_up(slack, tmp_path / "backup.db")
    go_to(slack, due_at + timedelta(minutes=20))
    async with restored(slack, tmp_path / "backup.db"):
        (message,) = slack.public()
        assert message["reply_count"] == 1


@pytest.mark.parametrize("error", ["invalid_auth", "ratelimited"])
async def test_what_was_planned_in_the_backup_is_not_posted_again(
    slack: Slack, tmp_path: Path, error: str
) -> None:
    """The call was refused when the backup was made, and succeeded afterwards."""
    await slack.type(f"/digest {ORDERS[0]}")
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    go_to(slack, schedule.next.due_at)
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="refuse", error=error))
    await slack.parley.ticker.tick()
    assert not slack.public()
    await back_up(slack, tmp_path / "backup.db")
    slack.clock.forward(minutes=6)
    await slack.parley.ticker.tick()
    slack.clock.forward(minutes=6)
    async with restored(slack, tmp_path / "backup.db"):
        (message,) = slack.public()
        assert message["reply_count"] == 1


@pytest.mark.parametrize("minutes", [0, 15])
async def test_what_a_process_had_claimed_when_it_was_killed_is_not_posted_again(
    slack: Slack, tmp_path: Path, minutes: int
) -> None:
    """The backup was made during a call, or the restored bot is killed before it has looked."""
    await slack.type(f"/digest {ORDERS[0]}")
    due_at = await back_up(slack, tmp_path / "backup.db")
    go_to(slack, due_at)
    await slack.parley.ticker.tick()
    async with open_store(f"sqlite:///{tmp_path}/backup.db") as store:
        slack.clock.forward(minutes=minutes)
        now = slack.workspace.clock()
        await store.planning.plan_due(now)
        (post,) = await store.posts.open(now)
        await store.posts.claim(post, owner="killed", now=now, may_be_there=minutes > 0)
    slack.clock.forward(minutes=6)
    async with restored(slack, tmp_path / "backup.db") as parley:
        for _ in range(4):
            await parley.ticker.tick()
            slack.clock.forward(minutes=1)
        (message,) = slack.public()
        assert message["reply_count"] == 1


@pytest.mark.parametrize("problem", ["missing_scope", "not_in_channel", "channel_not_found"])
async def test_a_late_post_comes_although_the_history_cannot_be_read(
    slack: Slack, tmp_path: Path, problem: str
) -> None:
    """As far as is known, nothing was sent: to be late is more usual than to be restored."""
    await slack.type(f"/digest {ORDERS[0]}")
    due_at = await back_up(slack, tmp_path / "backup.db")
    fault = Fault(method="conversations.history", kind="refuse", error=problem, times=None)
    slack.workspace.faults.add(fault)
    go_to(slack, due_at + timedelta(minutes=20))
    async with restored(slack, tmp_path / "backup.db"):
        assert len(slack.public()) == 1


async def test_a_late_post_waits_some_minutes_for_a_history_that_is_limited(
    slack: Slack, tmp_path: Path
) -> None:
    await slack.type(f"/digest {ORDERS[0]}")
    due_at = await back_up(slack, tmp_path / "backup.db")
    fault = Fault(method="conversations.history", kind="ratelimit", seconds=60, times=None)
    slack.workspace.faults.add(fault)
    go_to(slack, due_at + timedelta(minutes=20))
    async with restored(slack, tmp_path / "backup.db") as parley:
        for _ in range(4):
            assert not slack.public()
            slack.clock.forward(seconds=61)
            await parley.ticker.tick()
        assert len(slack.public()) == 1


@pytest.mark.parametrize("minutes", [0, 60])
async def test_a_bot_that_ran_when_a_post_was_due_does_not_look_for_it(
    slack: Slack, minutes: int
) -> None:
    """The machine may have slept; but no database is restored under a bot that runs."""
    await slack.type(f"/digest {ORDERS[0]}")
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    go_to(slack, schedule.next.due_at + timedelta(minutes=minutes))
    await slack.parley.ticker.tick()
    assert len(slack.public()) == 1
    assert "conversations.history" not in {call.method for call in slack.workspace.calls}
