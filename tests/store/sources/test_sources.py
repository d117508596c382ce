"""The feeds in the database: one process polls each, and their state survives everything."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from store import Store, open_store
from store.sources.sources import LEASE
from store.types import About, FeedSource, ParleyError, PostKind, TeamId, UserId
from tests.ids import ANA, BEN, T1
from tests.machine import NOW

HOUR = timedelta(hours=1)


async def claim(store: Store, *, at: timedelta = timedelta(0)) -> list[FeedSource]:
    return [*await store.sources.claim_due(NOW + at, limit=10, owner="host:1")]


async def test_a_new_feed_is_due_at_once(store: Store) -> None:
    feed = await store.sources.add("example.com/feed", now=NOW, team_id=T1, added_by=ANA)
    assert (feed.url, feed.name, feed.added_by) == ("https://example.com/feed", "example.com", ANA)
    assert [one.id for one in await claim(store)] == [feed.id]
    assert await store.sources.get(feed.id)
    assert await store.sources.get("00000000") is None


@pytest.mark.parametrize("again", ["https://EXAMPLE.com/feed#x", "http://example.com/feed"])
async def test_a_feed_is_added_once(store: Store, again: str) -> None:
    await store.sources.add("https://example.com/feed", now=NOW)
    with pytest.raises(ParleyError, match="is there already"):
        await store.sources.add(again, now=NOW)


async def test_of_two_processes_one_polls(database_url: str) -> None:
    async with open_store(database_url) as one, open_store(database_url) as two:
        for number in range(7):
            await one.sources.add(f"{number}.example.com", now=NOW)
        claimed: list[FeedSource] = []
        for _ in range(3):
            # Both may choose the same feeds, and then one of them gets fewer.
            for feeds in await asyncio.gather(
                one.sources.claim_due(NOW, limit=3, owner="a:1"),
                two.sources.claim_due(NOW, limit=3, owner="b:1"),
            ):
                assert len(feeds) <= 3
                claimed += feeds
        assert len(claimed) == len({feed.id for feed in claimed}) == 7


async def test_feeds_of_one_host_are_polled_one_after_the_other(database_url: str) -> None:
    async with open_store(database_url) as one, open_store(database_url) as two:
        for address in ("a.example/1", "http://a.example:8080/2", "A.EXAMPLE/3", "b.example/1"):
            await one.sources.add(address, now=NOW)
        polled: list[str] = []
        while claimed := [
            feed
            for feeds in await asyncio.gather(
                one.sources.claim_due(NOW, limit=10, owner="a:1"),
                two.sources.claim_due(NOW, limit=10, owner="b:1"),
            )
            for feed in feeds
        ]:
            hosts = [urlsplit(feed.url).hostname for feed in claimed]
            assert len(hosts) == len(set(hosts))
            assert not await two.sources.claim_due(NOW, limit=10, owner="b:1")
            for feed in claimed:
                polled.append(feed.id)
                await one.sources.note_unchanged(feed, now=NOW, next_poll_at=NOW + HOUR)
        assert len(polled) == len(set(polled)) == 4


async def test_feeds_that_fail_hold_up_none_that_work(store: Store) -> None:
    await store.sources.add("fails.example", now=NOW)
    (failing,) = await claim(store)
    await store.sources.note_failure(failing, "slow", now=NOW, next_poll_at=NOW)
    await store.sources.add("works.example", now=NOW + HOUR)
    claimed = [await store.sources.claim_due(NOW + HOUR, limit=1, owner="a:1") for _ in range(2)]
    assert [feed.url for (feed,) in claimed] == ["https://works.example/", failing.url]


async def test_a_paused_feed_that_is_still_polled_keeps_its_host_busy(store: Store) -> None:
    await store.sources.add("a.example/1", now=NOW)
    (first,) = await claim(store)
    await store.sources.add("a.example/2", now=NOW)
    await store.sources.pause(first.id, now=NOW)
    assert not await claim(store)
    await store.sources.note_unchanged(first, now=NOW, next_poll_at=NOW + HOUR)
    assert len(await claim(store)) == 1


async def test_the_claim_of_a_killed_process_expires(store: Store) -> None:
    await store.sources.add("example.com/feed", now=NOW)
    (killed,) = await claim(store)
    assert not await claim(store, at=LEASE - timedelta(seconds=1))
    (alive,) = await claim(store, at=LEASE)
    # The first process was only slow: what it found is not recorded over the newer claim.
    later = NOW + 2 * HOUR
    assert not await store.sources.note_failure(killed, "slow", now=NOW, next_poll_at=later)
    assert await store.sources.note_success(alive, now=NOW, next_poll_at=later, etag="x")
    (feed,) = await store.sources.all()
    assert (feed.failures, feed.etag, feed.next_poll_at) == (0, "x", later)
    assert not await claim(store, at=HOUR)
    assert await claim(store, at=2 * HOUR)


async def test_failures_are_counted_until_a_success(store: Store) -> None:
    await store.sources.add("example.com/feed", now=NOW)
    for hours in range(3):
        at = NOW + hours * HOUR
        (feed,) = await claim(store, at=hours * HOUR)
        assert await store.sources.note_failure(
            feed, f"It is down ({hours}).", now=at, next_poll_at=at + HOUR
        )
    (feed,) = await store.sources.all()
    assert (feed.failures, feed.failed_since, feed.last_problem) == (3, NOW, "It is down (2).")
    assert feed.last_success_at is None
    (feed,) = await claim(store, at=3 * HOUR)
    assert await store.sources.note_unchanged(feed, now=NOW + 3 * HOUR, next_poll_at=NOW + 4 * HOUR)
    (feed,) = await store.sources.all()
    assert (feed.failures, feed.failed_since, feed.last_problem) == (0, None, None)
    assert feed.last_success_at == NOW + 3 * HOUR


async def test_success_keeps_what_an_unchanged_response_needs(store: Store) -> None:
    await store.sources.add("example.com/feed", now=NOW)
    (feed,) = await claim(store)
    await store.sources.note_success(
        feed,
        now=NOW,
        next_poll_at=NOW + HOUR,
        title="Example & Söhne",
        etag='W/"1"',
        last_modified="Sat, 28 Nov 2026 09:00:00 GMT",
        moved_to="https://news.example/feed",
    )
    (feed,) = await claim(store, at=HOUR)
    await store.sources.note_unchanged(feed, now=NOW + HOUR, next_poll_at=NOW + 2 * HOUR)
    (feed,) = await store.sources.all()
    assert (feed.name, feed.url) == ("Example & Söhne", "https://news.example/feed")
    assert (feed.etag, feed.last_modified) == ('W/"1"', "Sat, 28 Nov 2026 09:00:00 GMT")
    # Neither its old nor its new address is another feed.
    for url in ("example.com/feed", "news.example/feed"):
        with pytest.raises(ParleyError, match="is there already"):
            await store.sources.add(url, now=NOW)
    # A feed without a title of its own does not lose the one that it had.
    (feed,) = await claim(store, at=2 * HOUR)
    await store.sources.note_success(feed, now=NOW, next_poll_at=NOW + 3 * HOUR)
    (feed,) = await store.sources.all()
    assert (feed.name, feed.etag) == ("Example & Söhne", None)


async def test_two_feeds_never_have_one_address(store: Store) -> None:
    await store.sources.add("example.com/new", now=NOW)
    await store.sources.add("example.com/old", now=NOW)
    for feed in await claim(store):
        await store.sources.note_success(
            feed, now=NOW, next_poll_at=NOW + HOUR, moved_to="https://example.com/new"
        )
    urls = sorted(feed.url for feed in await store.sources.all())
    assert urls == ["https://example.com/new", "https://example.com/old"]


async def test_a_paused_feed_is_not_polled_until_it_is_resumed(store: Store) -> None:
    feed = await store.sources.add("example.com/feed", now=NOW)
    (polled,) = await claim(store)
    await store.sources.note_success(polled, now=NOW, next_poll_at=NOW + HOUR, etag="x")
    paused = await store.sources.pause(feed.id, now=NOW)
    assert paused
    assert paused.paused_at == NOW
    assert not await claim(store, at=2 * HOUR)
    assert await store.sources.refresh_now(feed.id, now=NOW) is None
    await store.sources.resume(feed.id, now=NOW + 2 * HOUR)
    (polled,) = await claim(store, at=2 * HOUR)
    assert (polled.paused_at, polled.etag) == (None, None)


async def test_a_refresh_makes_a_feed_due(store: Store) -> None:
    feed = await store.sources.add("example.com/feed", now=NOW)
    (polled,) = await claim(store)
    await store.sources.note_success(polled, now=NOW, next_poll_at=NOW + HOUR)
    assert not await claim(store, at=timedelta(minutes=1))
    await store.sources.refresh_now(feed.id, now=NOW + timedelta(minutes=1))
    assert await claim(store, at=timedelta(minutes=1))


async def test_a_feed_that_is_gone_stops(store: Store) -> None:
    await store.sources.add("example.com/feed", now=NOW)
    (polled,) = await claim(store)
    assert await store.sources.note_gone(polled, "It is gone for good.", now=NOW)
    (feed,) = await store.sources.all()
    assert (feed.paused_at, feed.last_problem) == (NOW, "It is gone for good.")
    assert not await claim(store, at=24 * HOUR)


async def test_a_removed_feed_can_be_added_again(store: Store) -> None:
    feed = await store.sources.add("example.com/feed", now=NOW, team_id=T1, added_by=ANA)
    (polled,) = await claim(store)
    assert await store.sources.remove(feed.id, now=NOW)
    assert not await store.sources.remove(feed.id, now=NOW)
    assert not await store.sources.all()
    assert not await claim(store, at=HOUR)
    # A poll that was under way meanwhile records nothing.
    assert not await store.sources.note_success(polled, now=NOW, next_poll_at=NOW, title="Old")
    assert await store.sources.resume(feed.id, now=NOW) is None
    again = await store.sources.add("example.com/feed", now=NOW + HOUR, added_by=BEN)
    assert (again.id, again.added_by, again.title) == (feed.id, BEN, "")
    assert not await store.sources.note_success(polled, now=NOW, next_poll_at=NOW, title="Old")


async def test_retention_is_stored(store: Store) -> None:
    feed = await store.sources.add("example.com/feed", now=NOW, keep_days=30)
    assert (feed.keep_days, feed.keep_stories) == (30, None)
    kept = await store.sources.keep(feed.id, days=None, stories=100)
    assert kept
    assert (kept.keep_days, kept.keep_stories) == (None, 100)
    assert await store.sources.keep("00000000", days=1, stories=1) is None


async def test_a_feed_is_found_by_what_people_write(store: Store) -> None:
    one = await store.sources.add("example.com/News", title="The Daily News", now=NOW)
    two = await store.sources.add("other.example/news", title="Other", now=NOW)
    for written in (
        one.id,
        "https://example.com/News",
        "EXAMPLE.com/News",
        "daily",
        "the daily news",
    ):
        assert await store.sources.find(written) == one, written
    assert await store.sources.find("other") == two
    with pytest.raises(ParleyError, match=r"could be several feeds.*Daily News.*Other"):
        await store.sources.find("news")
    for nothing in ("", "%", "weather"):
        with pytest.raises(ParleyError, match="No feed has"):
            await store.sources.find(nothing)


async def notices(store: Store) -> list[tuple[str, About]]:
    return [
        (post.channel_id, post.about)
        for post in await store.posts.open(now=NOW + timedelta(days=99))
        if post.kind is PostKind.FAILING and post.about
    ]


async def fail(store: Store, *, days: float, admins: Sequence[tuple[TeamId, UserId]] = ()) -> None:
    at = timedelta(days=days)
    (feed,) = await claim(store, at=at)
    await store.sources.note_failure(
        feed, "It is down.", now=NOW + at, next_poll_at=NOW + at, admins=admins
    )


async def test_who_added_a_feed_is_told_once_that_it_fails(store: Store) -> None:
    await store.sources.add("example.com", title="News", now=NOW, team_id=T1, added_by=ANA)
    for days in (0, 1, 2.9):
        await fail(store, days=days, admins=[(T1, BEN)])
    assert not await notices(store)
    for days in (3, 4, 40):
        await fail(store, days=days, admins=[(T1, BEN)])
    ((who, about),) = await notices(store)
    assert (who, about.days) == (ANA, 3)
    assert about.error == "News (https://example.com/): It is down."
    # After a success, it may fail again.
    (feed,) = await claim(store, at=timedelta(days=41))
    now = NOW + timedelta(days=41)
    await store.sources.note_unchanged(feed, now=now, next_poll_at=now)
    for days in (42, 46):
        await fail(store, days=days)
    assert [who for who, _ in await notices(store)] == [ANA, ANA]


async def test_admins_are_told_of_a_feed_that_nobody_added_in_slack(store: Store) -> None:
    await store.sources.add("example.com", now=NOW)
    for days in (0, 5):
        await fail(store, days=days, admins=[(T1, ANA), (T1, BEN)])
    assert sorted(who for who, _ in await notices(store)) == [ANA, BEN]


async def test_it_is_told_at_once_that_a_feed_is_gone(store: Store) -> None:
    await store.sources.add("example.com", now=NOW, team_id=T1, added_by=ANA)
    (feed,) = await claim(store)
    await store.sources.note_gone(feed, "It is gone for good.", now=NOW)
    ((who, about),) = await notices(store)
    assert (who, about.days) == (ANA, 0)
