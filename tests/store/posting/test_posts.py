"""The record of posts: who may send a post, and which changes of state are legal."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from store import Store, open_store
from store.db import open_database
from store.posting.posts import Claim, Outcome, PostedBeforeError
from store.posting.record import LEASE, MOVES, NewPost
from store.types import About, ParleyError, Post, PostKind, PostState
from tests.conftest import StoppedClock
from tests.ids import BEN, C1, C2, T1
from tests.machine import NOW
from tests.rows import every_row

TODAY = date(2026, 11, 24)


async def plan(store: Store, clock: StoppedClock, key: str = "k", **fields: object) -> Post | None:
    plan = NewPost(
        **{  # type: ignore[arg-type]
            "key": key,
            "team_id": "T1",
            "channel_id": "C1",
            "kind": PostKind.QUESTION,
            "article_id": "a1",
            "due_at": clock(),
            **fields,
        }
    )
    return await store.posts.plan(plan, now=clock())


async def claimed(store: Store, clock: StoppedClock, key: str = "k") -> Claim:
    post = await store.posts.get(T1, key)
    assert post
    claim = await store.posts.claim(post, owner="me", now=clock())
    assert claim
    return claim


async def state(store: Store, key: str = "k") -> PostState:
    post = await store.posts.get(T1, key)
    assert post
    return post.state


async def test_a_scheduled_post_is_planned_once(store: Store, clock: StoppedClock) -> None:
    assert await plan(store, clock, due_on=TODAY)
    assert await plan(store, clock, due_on=TODAY) is None
    (post,) = await store.posts.scheduled(T1, C1, since=TODAY)
    assert post.due_on == TODAY


async def test_one_of_many_claims_wins(database_url: str, clock: StoppedClock) -> None:
    """Forty tasks on three connections try, and one gets the claim."""
    url = database_url
    async with open_store(url) as one, open_store(url) as two, open_store(url) as three:
        post = await plan(one, clock)
        assert post
        claims = await asyncio.gather(
            *(
                [one, two, three][n % 3].posts.claim(post, owner=str(n), now=clock())
                for n in range(40)
            )
        )
        assert len([claim for claim in claims if claim]) == 1


async def test_a_claimed_post_is_open_again_after_its_lease(
    store: Store, clock: StoppedClock
) -> None:
    await plan(store, clock)
    assert not (await claimed(store, clock)).may_have_arrived
    assert not await store.posts.open(clock())
    assert not await store.posts.open(clock.forward(seconds=LEASE.total_seconds() - 1))
    (post,) = await store.posts.open(clock.forward(seconds=1))
    again = await store.posts.claim(post, owner="other", now=clock())
    assert again
    assert again.may_have_arrived


async def test_a_stale_claim_writes_nothing(store: Store, clock: StoppedClock) -> None:
    await plan(store, clock)
    slow = await claimed(store, clock)
    clock.forward(seconds=LEASE.total_seconds())
    await claimed(store, clock)
    sent = Outcome(PostState.SENT, message_ts="1.0")
    assert await store.posts.record(slow, sent, now=clock(), claims_thread=True) is None
    assert await state(store) is PostState.SENDING
    assert await store.posts.get(T1, "k:story") is None


async def test_a_sent_question_plans_its_story(store: Store, clock: StoppedClock) -> None:
    await plan(store, clock)
    await store.posts.record(
        await claimed(store, clock), Outcome(PostState.SENT, message_ts="1.0"), now=clock()
    )
    (story,) = await store.posts.open(clock())
    assert (story.kind, story.parent_key, story.article_id) == (PostKind.STORY, "k", "a1")


async def test_the_story_is_claimed_with_the_outcome_of_its_question(
    store: Store, clock: StoppedClock
) -> None:
    await plan(store, clock)
    sent, now = Outcome(PostState.SENT, message_ts="1.0"), clock()
    question = await claimed(store, clock)
    story = await store.posts.record(question, sent, now=now, claims_thread=True)
    assert story
    assert story.parent
    assert (story.post.key, story.post.owner, story.until) == ("k:story", "me", now + LEASE)
    assert (story.parent.message_ts, story.story_ids) == ("1.0", ["a1"])
    assert not story.may_have_arrived
    assert not await store.posts.open(clock())
    # Its process ended: the story may be in the thread.
    clock.forward(seconds=LEASE.total_seconds())
    assert (await claimed(store, clock, "k:story")).may_have_arrived


async def test_a_post_that_is_put_off_waits_and_has_not_arrived(
    store: Store, clock: StoppedClock
) -> None:
    await plan(store, clock)
    until = clock() + timedelta(seconds=30)
    await store.posts.record(
        await claimed(store, clock),
        Outcome(PostState.PLANNED, error="ratelimited", until=until),
        now=clock(),
    )
    assert not await store.posts.open(clock())
    clock.forward(seconds=30)
    claim = await claimed(store, clock)
    assert not claim.may_have_arrived
    assert claim.post.error == "ratelimited"


async def test_a_post_with_an_unknown_outcome_may_have_arrived(
    store: Store, clock: StoppedClock
) -> None:
    await plan(store, clock)
    claim = await claimed(store, clock)
    await store.posts.record(
        claim,
        Outcome(PostState.UNKNOWN, error="timeout", until=clock(), is_unanswered=True),
        now=clock(),
    )
    assert (await claimed(store, clock)).may_have_arrived


@pytest.mark.parametrize("end", [PostState.FAILED, PostState.MISSED])
async def test_a_post_that_was_not_sent_can_be_planned_again(
    store: Store, clock: StoppedClock, end: PostState
) -> None:
    await plan(store, clock, due_on=TODAY)
    claim = await claimed(store, clock)
    await store.posts.record(claim, Outcome(end, error="not_in_channel"), now=clock())
    assert await state(store) is end
    assert await plan(store, clock, due_on=TODAY, state=PostState.MISSED) is None
    assert await plan(store, clock, due_on=TODAY, asked_by="U1")
    assert await state(store) is PostState.PLANNED


async def test_a_sent_post_stays_sent(store: Store, clock: StoppedClock) -> None:
    await plan(store, clock)
    await store.posts.record(
        await claimed(store, clock), Outcome(PostState.SENT, message_ts="1.0"), now=clock()
    )
    assert await plan(store, clock) is None
    post = await store.posts.get(T1, "k")
    assert post
    with pytest.raises(ValueError, match="cannot go from sent to sending"):
        await store.posts.claim(post, owner="me", now=clock())


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(PostState)
    assert all(targets <= set(PostState) for targets in MOVES.values())


async def test_a_stale_copy_of_a_row_cannot_claim_it(store: Store, clock: StoppedClock) -> None:
    """A copy of a row that was read before a claim cannot claim it again."""
    post = await plan(store, clock)
    assert post
    await claimed(store, clock)
    stale = replace(post, state=PostState.PLANNED)
    assert await store.posts.claim(stale, owner="other", now=clock()) is None


async def test_a_deleted_post_is_never_sent_again(store: Store, clock: StoppedClock) -> None:
    """What it asked is not asked now, but does not come back with the next post either."""
    await plan(store, clock, article_id="a")
    await store.posts.record(
        await claimed(store, clock), Outcome(PostState.SENT, message_ts="1.1"), now=clock()
    )
    post = await store.posts.get(T1, "k")
    assert post
    await store.posts.take_back([post], now=clock())
    after = await store.posts.get(T1, "k")
    assert after
    assert (after.state, after.article_id, after.error) == (PostState.SENT, "a", "deleted")
    assert not await store.choice.last_asked(T1, C1, ["a"])
    assert await plan(store, clock, article_id="a") is None


async def sent(store: Store, clock: StoppedClock) -> tuple[Post, Post]:
    """Send a question; return it, and its story, which is planned."""
    await plan(store, clock)
    await store.posts.record(
        await claimed(store, clock), Outcome(PostState.SENT, message_ts="1.1"), now=clock()
    )
    post = await store.posts.get(T1, "k")
    (story,) = await store.posts.open(clock())
    assert post
    return post, story


@pytest.mark.parametrize("outcome", [None, PostState.UNKNOWN])
async def test_the_story_of_a_deleted_question_is_neither_sent_nor_looked_for(
    store: Store, clock: StoppedClock, outcome: PostState | None
) -> None:
    post, story = await sent(store, clock)
    if outcome:
        ended = Outcome(outcome, error="timeout", until=clock(), is_unanswered=True)
        await store.posts.record(await claimed(store, clock, story.key), ended, now=clock())
    assert await store.posts.close_thread(post, now=clock()) == []
    assert not await store.posts.open(clock() + timedelta(days=1))


async def test_a_question_is_not_deleted_while_its_story_is_sent(
    store: Store, clock: StoppedClock
) -> None:
    post, story = await sent(store, clock)
    claim = await claimed(store, clock, story.key)
    with pytest.raises(ParleyError, match="Try again in a minute"):
        await store.posts.close_thread(post, now=clock())
    await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.2"), now=clock())
    (there,) = await store.posts.close_thread(post, now=clock())
    assert there.message_ts == "1.2"


async def test_a_person_s_id_is_stored_only_until_their_post_is_done(
    store: Store, clock: StoppedClock
) -> None:
    """If the outcome is unknown, the person is asked whether the post arrived."""

    async def asked_by(key: str = "k") -> str | None:
        post = await store.posts.get(T1, key)
        assert post
        return post.asked_by

    posts = store.posts
    await plan(store, clock, asked_by="U1")
    claim = await claimed(store, clock)
    await posts.record(
        claim,
        Outcome(PostState.UNKNOWN, error="timeout", until=clock(), is_unanswered=True),
        now=clock(),
    )
    await posts.record(
        await claimed(store, clock), Outcome(PostState.UNKNOWN, error="timeout"), now=clock()
    )
    assert await asked_by() == "U1"
    assert await posts.not_there(T1, "k", now=clock())
    assert await asked_by() == "U1"
    await posts.record(
        await claimed(store, clock), Outcome(PostState.SENT, message_ts="1.0"), now=clock()
    )
    assert await asked_by() is None
    # Its story is a separate post, whose outcome may be unknown too.
    assert await asked_by("k:story") == "U1"
    await posts.record(
        await claimed(store, clock, "k:story"),
        Outcome(PostState.SENT, message_ts="1.1"),
        now=clock(),
    )
    assert await asked_by("k:story") is None


@pytest.mark.parametrize("end", ["sent", "seen", "failed", "shut_out", "missed", "skipped"])
async def test_however_it_ends_no_row_names_the_person(
    store: Store, database_url: str, clock: StoppedClock, end: str
) -> None:
    posts = store.posts
    await plan(store, clock, asked_by="U0BEN", kind=PostKind.SHARE)
    if end == "skipped":
        skipped = NewPost(
            key="k",
            team_id=T1,
            channel_id=C1,
            kind=PostKind.SHARE,
            due_at=clock(),
            asked_by=BEN,
            state=PostState.SKIPPED,
        )
        assert await posts.skip(skipped, now=clock())
        assert await posts.skip(replace(skipped, key="another"), now=clock())
    else:
        claim = await claimed(store, clock)
        match end:
            case "sent":
                await posts.record(claim, Outcome(PostState.SENT, message_ts="1.0"), now=clock())
            case "seen":
                await posts.record(
                    claim,
                    Outcome(PostState.UNKNOWN, error="timeout", until=clock(), is_unanswered=True),
                    now=clock(),
                )
                assert await posts.seen(T1, "k", now=clock())
            case "failed":
                await posts.record(claim, Outcome(PostState.FAILED, error="no_text"), now=clock())
            case "shut_out":
                await posts.record(
                    claim,
                    Outcome(PostState.FAILED, error="is_archived", stops_schedule=True),
                    now=clock(),
                )
            case "missed":
                await posts.record(claim, Outcome(PostState.MISSED, error="too late"), now=clock())
    async with open_database(database_url) as database:
        rows = await every_row(database)
    assert rows["post_move"]
    assert "U0BEN" not in str(rows)


async def question(store: Store, now: datetime, key: str, **fields: Any) -> Post | None:
    """Plan a question that somebody pressed for *now*, unless it was asked *since*."""
    since = fields.pop("since", None)
    plan = NewPost(
        **{
            "key": key,
            "team_id": T1,
            "channel_id": C1,
            "kind": PostKind.QUESTION,
            "article_id": "a1",
            "due_at": now,
            "asked_by": BEN,
            **fields,
        }
    )
    return await store.posts.plan_unless_posted(plan, since=since, now=now)


async def test_one_of_many_presses_asks_the_question(database_url: str) -> None:
    """Forty presses of different buttons on three connections, and one of them is planned."""
    url = database_url
    async with open_store(url) as one, open_store(url) as two, open_store(url) as three:
        stores = (one, two, three)
        done = await asyncio.gather(
            *(question(stores[n % 3], NOW, f"k{n}") for n in range(40)), return_exceptions=True
        )
        (planned,) = [post for post in done if isinstance(post, Post)]
        refused = [error for error in done if isinstance(error, PostedBeforeError)]
        assert len(refused) == 39
        assert {error.post.key for error in refused} == {planned.key}
        assert [post.key for post in await one.posts.open(NOW)] == [planned.key]


@pytest.mark.parametrize(
    ("other", "is_refused"),
    [
        ({}, True),
        ({"kind": PostKind.DIGEST}, True),
        ({"kind": PostKind.SHARE}, False),
        ({"article_id": "a2"}, False),
        ({"channel_id": C2}, False),
        ({"since": NOW}, False),
        ({"since": NOW - timedelta(microseconds=1)}, True),
    ],
)
async def test_a_question_is_refused_only_if_the_channel_has_it_since(
    store: Store, other: dict[str, Any], is_refused: bool
) -> None:
    await question(store, NOW, "k1")
    if not is_refused:
        assert await question(store, NOW, "k2", **other)
        return
    with pytest.raises(PostedBeforeError) as refusal:
        await question(store, NOW, "k2", **other)
    assert refusal.value.post.key == "k1"
    assert await store.posts.get(T1, "k2") is None


async def test_a_repeated_press_is_no_other_press(store: Store) -> None:
    assert await question(store, NOW, "k1")
    assert await question(store, NOW, "k1") is None


async def test_a_story_shared_in_another_thread_is_shared_here_first(store: Store) -> None:
    threads = {one: About(channel_id=C1, thread_ts=one) for one in ("1.1", "2.2")}
    share = {"kind": PostKind.SHARE}
    assert await question(store, NOW, "k1", **share, about=threads["1.1"])
    assert await question(store, NOW, "k2", **share, about=threads["2.2"])
    assert await question(store, NOW, "k3", **share)
    for key, about in (("k4", threads["1.1"]), ("k5", None)):
        with pytest.raises(PostedBeforeError):
            await question(store, NOW, key, **share, about=about)
