"""Replies are counted a day and a week after a post, each count once, and given up when late."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from store import Store, open_store
from store.db import open_database
from store.posting.posts import Outcome
from store.posting.reply_counts import DELETED, LATE, UNTRACKED, Asked, Reading
from store.types import About, ChannelId, PostKind, PostState
from tests.conftest import StoppedClock
from tests.ids import C1, C2, T1, T2
from tests.rows import every_row
from tests.store.posting.test_retention import claim, plan, send

DAY = timedelta(days=1)


async def due(store: Store, clock: StoppedClock, **by: float) -> list[tuple[str, int]]:
    return [(one.post_key, one.days) for one in await store.reply_counts.due(clock.forward(**by))]


async def reading(store: Store, clock: StoppedClock, **by: float) -> Reading:
    """Claim the only reading that is due after this time."""
    (found,) = await store.reply_counts.due(clock.forward(**by))
    assert await store.reply_counts.claim(found, now=clock())
    return found


async def asked(store: Store, *channels: ChannelId) -> list[Asked]:
    since = plan("x").due_at - DAY
    return [*await store.reply_counts.asked(T1, channels or (C1,), since=since)]


async def figures(store: Store) -> list[tuple[int | None, int | None, str | None]]:
    return [(one.replies, one.people, one.problem) for one in await asked(store)]


async def test_a_question_is_counted_after_a_day_and_after_a_week(
    store: Store, clock: StoppedClock
) -> None:
    await send(store, plan("q"))
    assert not await due(store, clock, hours=23)
    day = await reading(store, clock, hours=1)
    assert (day.post_key, day.days, day.message_ts) == ("q", 1, "q")
    await store.reply_counts.record(day, replies=4, people=2)
    assert await figures(store) == [(4, 2, None)]
    assert not await due(store, clock, days=5, hours=23)
    week = await reading(store, clock, hours=1)
    assert week.days == 7
    await store.reply_counts.record(week, replies=9, people=5)
    assert await figures(store) == [(9, 5, None)]
    assert not await due(store, clock, days=100)


async def test_notices_and_shares_are_not_counted(store: Store, clock: StoppedClock) -> None:
    await send(store, plan("s", kind=PostKind.SHARE))
    await send(store, plan("n", kind=PostKind.LOW, article_id=None))
    await send(store, plan("d", kind=PostKind.DIGEST, story_ids=("a1", "a2")))
    assert await due(store, clock, days=1) == [("d", 1)]
    assert len(await asked(store)) == 1


async def test_one_of_many_processes_reads_a_count(database_url: str, clock: StoppedClock) -> None:
    async with open_store(database_url) as one, open_store(database_url) as two:
        await send(one, plan("q"))
        (found,) = await one.reply_counts.due(clock.forward(days=1))
        claims = [
            store.reply_counts.claim(found, now=clock()) for store in (one, two) for _ in range(9)
        ]
        assert sum(await asyncio.gather(*claims)) == 1
        # The process that claimed it has ended.
        assert not await due(two, clock, minutes=59)
        assert await due(two, clock, minutes=1) == [("q", 1)]


async def test_each_team_has_one_reading_at_a_time(store: Store, clock: StoppedClock) -> None:
    for key in "ab":
        await send(store, plan(key))
        await send(store, plan(f"{key}2", team_id=T2))
    assert await due(store, clock, days=1) == [("a", 1), ("a2", 1)]
    assert [one.team_id for one in await store.reply_counts.due(clock(), but=[T1])] == [T2]
    assert not await store.reply_counts.due(clock(), but=[T1, T2])


async def test_the_own_replies_are_the_stories_and_what_was_shared_in_the_thread(
    store: Store, clock: StoppedClock
) -> None:
    await send(store, plan("1.1"))
    share = plan("s", kind=PostKind.SHARE)
    for key, thread in (("s1", "1.1"), ("s2", "1.1"), ("s3", "1.2")):
        about = About(channel_id=C1, thread_ts=thread)
        await send(store, replace(share, key=key, about=about))
    elsewhere = About(channel_id=C2, thread_ts="1.1")
    await send(store, replace(share, key="s4", channel_id=C2, about=elsewhere))
    assert (await reading(store, clock, days=1)).own_replies == 3


async def test_a_failed_reading_is_due_again_in_an_hour_until_it_is_late(
    store: Store, clock: StoppedClock
) -> None:
    await send(store, plan("q"))
    found = await reading(store, clock, days=1)
    await store.reply_counts.fail(found, "timeout")
    assert not await due(store, clock, minutes=59)
    assert await due(store, clock, minutes=1) == [("q", 1)]
    # The bot was off until the second day: the count of a day is lost, that of a week is not.
    assert not await due(store, clock, hours=23)
    assert await figures(store) == [(None, None, None)]
    found = await reading(store, clock, days=5)
    await store.reply_counts.record(found, replies=2, people=1)
    assert await figures(store) == [(2, 1, None)]


async def test_a_reading_that_nobody_tried_is_late(store: Store, clock: StoppedClock) -> None:
    await send(store, plan("q"))
    assert not await due(store, clock, days=14)
    assert await figures(store) == [(None, None, LATE)]


async def test_the_count_of_a_day_stays_if_the_later_one_fails(
    store: Store, clock: StoppedClock
) -> None:
    await send(store, plan("q"))
    await store.reply_counts.record(await reading(store, clock, days=1), replies=3, people=2)
    await store.reply_counts.cancel(await reading(store, clock, days=6), DELETED)
    assert await figures(store) == [(3, 2, None)]


async def test_a_deleted_post_is_read_no_more(store: Store, clock: StoppedClock) -> None:
    await send(store, plan("q"))
    await store.reply_counts.cancel(await reading(store, clock, days=1), DELETED)
    assert await figures(store) == [(None, None, DELETED)]
    assert not await due(store, clock, days=6)


async def test_a_channel_that_cannot_be_read_is_not_asked_again(
    store: Store, clock: StoppedClock
) -> None:
    for key in ("a", "b"):
        await send(store, plan(key))
    await send(store, plan("c", channel_id=C2))
    found, *_ = await store.reply_counts.due(clock.forward(days=1))
    await store.reply_counts.cancel_channel(found, "not_in_channel")
    assert await figures(store) == [(None, None, "not_in_channel")] * 2
    assert await due(store, clock) == [("c", 1)]


async def test_posts_that_no_reading_was_planned_for_are_named(
    store: Store, clock: StoppedClock
) -> None:
    """Posts of older versions, and those whose message nobody knows."""
    await store.posts.plan(plan("q"), now=clock())
    await store.posts.record(await claim(store, "q"), Outcome(PostState.SENT), now=clock())
    assert await figures(store) == [(None, None, UNTRACKED)]


async def test_what_was_asked_has_its_topics_and_stays_with_its_channel(
    store: Store, clock: StoppedClock, tmp_path: Path
) -> None:
    story = "Talks in Geneva {0}\n\nEnvoys of Lisbon met {0}.\nIt takes {0}.\nWho hosts {0}?\n"
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(story.format(number))
    await store.loads.reload(tmp_path, by="terminal", at=clock())
    article = await store.choice.next(T1, C1)
    assert article
    await send(store, plan("q", article_id=article.id))
    await send(store, plan("z", article_id="gone"))
    await send(store, plan("old", days=-3))
    await send(store, plan("other", channel_id=C2))
    known, gone = await asked(store)
    assert "Lisbon" in known.topics
    assert not gone.topics
    assert len(await asked(store, C1, C2)) == 3
    assert await store.reply_counts.asked(T2, [C1], since=clock() - DAY) == []
    assert await store.reply_counts.asked(T1, [], since=clock() - DAY) == ()


async def test_counts_are_deleted_with_their_posts(
    store: Store, database_url: str, clock: StoppedClock
) -> None:
    await send(store, plan("old"))
    await send(store, plan("new", days=1))
    await store.posts.delete_old(before=plan("x").due_at + timedelta(hours=1))
    async with open_database(database_url) as database:
        rows = (await every_row(database))["reply_count"]
    assert {dict(row)["post_key"] for row in rows} == {"new"}
