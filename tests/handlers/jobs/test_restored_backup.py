"""A database that was restored from a backup does not know the latest posts: none comes twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Parley, assemble
from bot.workspace import Fault
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


@pytest.mark.parametrize("problem", ["missing_scope", "not_in_channel", "channel_not_found"])
async def test_a_late_post_comes_although_the_history_cannot_be_read(
    slack: Slack, problem: str
) -> None:
    """As far as is known, nothing was sent: to be late is more usual than to be restored."""
    await slack.type(f"/digest {ORDERS[0]}")
    method = "conversations.history"
    slack.workspace.faults.add(Fault(method=method, kind="refuse", error=problem, times=9))
    slack.clock.forward(hours=3)
    await slack.parley.ticker.tick()
    assert len(slack.public()) == 1


async def test_a_late_post_waits_some_minutes_for_a_history_that_is_limited(slack: Slack) -> None:
    await slack.type(f"/digest {ORDERS[0]}")
    fault = Fault(method="conversations.history", kind="ratelimit", seconds=60, times=None)
    slack.workspace.faults.add(fault)
    slack.clock.forward(hours=3)
    for _ in range(4):
        await slack.parley.ticker.tick()
        assert not slack.public()
        slack.clock.forward(seconds=61)
    await slack.parley.ticker.tick()
    assert len(slack.public()) == 1


async def test_a_post_that_is_on_time_is_not_looked_for(slack: Slack) -> None:
    await slack.type(f"/digest {ORDERS[0]}")
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    go_to(slack, schedule.next.due_at + timedelta(minutes=1))
    await slack.parley.ticker.tick()
    assert len(slack.public()) == 1
    assert "conversations.history" not in {call.method for call in slack.workspace.calls}
