"""Every hour the log sums up what became of posts."""

import logging

import pytest

from handlers.jobs.post_summary import PostSummary
from store import Store
from store.posting.record import NewPost
from store.types import PostKind
from tests.conftest import StoppedClock
from tests.ids import C1, T1


async def plan(store: Store, clock: StoppedClock, key: str) -> None:
    post = NewPost(
        key=key,
        team_id=T1,
        channel_id=C1,
        kind=PostKind.QUESTION,
        article_id="a1",
        due_at=clock(),
    )
    assert await store.posts.plan(post, now=clock())


async def test_each_post_is_counted_once_in_the_hour_in_which_it_was_due(
    store: Store, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="handlers.jobs.post_summary")
    summary = PostSummary(store.statistics, clock=clock)
    for minute in range(200):
        if minute in (10, 20, 70):
            await plan(store, clock, f"k{minute}")
        await summary.run()
        clock.forward(minutes=1)
    assert [line.split(": ")[1] for line in caplog.messages] == ["2 planned", "1 planned"]
    assert T1 not in caplog.text


async def test_nothing_is_logged_when_the_clock_is_set_back(
    store: Store, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="handlers.jobs.post_summary")
    summary = PostSummary(store.statistics, clock=clock)
    await summary.run()
    await plan(store, clock, "k")
    clock.forward(hours=-5)
    await summary.run()
    assert caplog.messages == []
