"""Which messages say something else than their stories: told by what they show, on both engines."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from store import Store, open_store
from store.posting.corrections import TRIES, Correction
from store.posting.posts import Claim
from store.posting.record import LEASE, Plan
from store.types import PostKind
from tests.conftest import StoppedClock

STORY = "They met in Oslo on Monday.\nIt stands.\nWhat now?\n"
WEEK = timedelta(days=7)


async def load(store: Store, path: Path, clock: StoppedClock, body: str) -> None:
    path.mkdir(exist_ok=True)  # noqa: ASYNC240 -- nobody waits
    (path / "one.txt").write_text(f"Bulletin\n{body}")
    await store.corpus.reload(path, by="U1", at=clock())


async def plan(store: Store, clock: StoppedClock, key: str = "k") -> None:
    (match,) = await store.corpus.like(STORY)
    post = Plan(
        key=key,
        team_id="T1",
        channel_id="C1",
        kind=PostKind.SHARE,
        article_id=match.article.id,
        due_at=clock(),
    )
    await store.posts.plan(post, now=clock())


async def taken(store: Store, clock: StoppedClock, key: str = "k") -> Claim:
    post = await store.posts.get("T1", key)
    assert post
    claim = await store.posts.claim(post, owner="me", now=clock())
    assert claim
    return claim


async def send(store: Store, clock: StoppedClock, key: str = "k") -> None:
    claim = await taken(store, clock, key)
    await store.posts.sent(claim, message_ts="1.1", now=clock())


async def due(store: Store, clock: StoppedClock, but: Sequence[str] = ()) -> Sequence[str]:
    found = await store.corrections.due(
        since=clock() - WEEK, revision=revision(store), now=clock(), but=but, limit=10
    )
    assert {team_id for team_id, _ in found} <= {"T1"}
    return [key for _, key in found]


def revision(store: Store) -> int:
    assert store.corpus.revision
    return store.corpus.revision.number


async def claim(store: Store, clock: StoppedClock) -> Correction | None:
    return await store.corrections.claim("k", revision=revision(store), now=clock())


async def posted(store: Store, path: Path, clock: StoppedClock) -> None:
    await load(store, path, clock, STORY)
    await plan(store, clock)
    await send(store, clock)


async def test_an_edit_is_due_until_it_is_done(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    assert await due(store, clock) == []
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    assert await due(store, clock) == ["k"]
    correction = await claim(store, clock)
    assert correction
    assert "Friday" in correction.articles[0].summary
    assert correction.sent == correction.shown
    assert correction.sent
    assert "Monday" in correction.sent[0].summary
    await store.corrections.done(correction, now=clock())
    assert await due(store, clock) == []
    clock.forward(days=1)
    assert await claim(store, clock) is None


async def test_what_is_edited_back_before_it_is_drawn_is_left(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    await store.corpus.undo(by="U1", at=clock())
    assert await due(store, clock) == []
    assert await claim(store, clock) is None


async def test_an_undo_of_what_was_corrected_is_no_correction(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    correction = await claim(store, clock)
    assert correction
    await store.corrections.done(correction, now=clock())
    await store.corpus.undo(by="U1", at=clock())
    assert await due(store, clock) == ["k"]
    back = await claim(store, clock)
    assert back
    assert back.sent == back.articles
    assert back.shown
    assert "Friday" in back.shown[0].summary


async def test_a_call_that_was_broken_off_is_made_up_for_whatever_is_loaded_then(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    """Nobody knows whether it was changed, also when an undo takes the edit back."""
    await posted(store, tmp_path / "a", clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    assert await claim(store, clock)
    await store.corpus.undo(by="U1", at=clock())
    assert await claim(store, clock) is None, "its lease lasts"
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert await due(store, clock) == ["k"]
    correction = await claim(store, clock)
    assert correction
    assert correction.sent == correction.articles
    assert correction.shown is None
    # No answer either.
    await store.corrections.put_off(
        correction, error="TimeoutError", until=clock(), counts=True, is_open=True
    )
    correction = await claim(store, clock)
    assert correction
    assert correction.attempts == 2
    await store.corrections.done(correction, now=clock())
    assert await due(store, clock) == []
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert await claim(store, clock) is None


async def test_a_call_that_was_refused_has_changed_nothing(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    for day, is_final in (("Friday", False), ("Sunday", True)):
        await load(store, tmp_path / "a", clock, STORY.replace("Monday", day))
        correction = await claim(store, clock)
        assert correction
        if is_final:
            await store.corrections.give_up(correction, error="is_archived", is_open=False)
        else:
            await store.corrections.put_off(
                correction, error="ratelimited", until=clock(), counts=False, is_open=False
            )
        await store.corpus.undo(by="U1", at=clock())
        assert await due(store, clock) == []


async def test_what_was_sent_is_known_for_as_long_as_it_can_be_brought_back(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    for day in range(1, 12):
        await load(store, tmp_path / "a", clock, STORY.replace("Monday", f"May {day}"))
        correction = await claim(store, clock)
        assert correction
        await store.corrections.done(correction, now=clock())
        assert correction.shown
        assert (correction.sent is None) == (day > 10)


async def test_a_message_that_is_gone_is_never_due_again(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    correction = await claim(store, clock)
    assert correction
    await store.corrections.forget(correction)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Sunday"))
    assert await due(store, clock) == []


async def test_teams_that_take_no_call_are_left_out(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    assert await due(store, clock, but=["T1", "T2"]) == []
    assert await due(store, clock, but=["T2"]) == ["k"]


async def test_what_moves_and_what_is_old_is_not_due(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    other = "A harbour closed in Quito.\nIt shows.\nWhy there?\n"
    await load(store, tmp_path / "a", clock, other + STORY)
    assert await due(store, clock) == []
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    clock.forward(days=7)
    assert await due(store, clock) == []


async def test_one_of_many_claims_wins(
    database_url: str, tmp_path: Path, clock: StoppedClock
) -> None:
    async with open_store(database_url) as one, open_store(database_url) as two:
        await posted(one, tmp_path / "a", clock)
        await load(one, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
        await two.corpus.follow()
        claims = await asyncio.gather(*(claim(store, clock) for store in (one, two) * 10))
        assert len([one for one in claims if one]) == 1


async def test_a_process_that_always_dies_does_not_try_for_ever(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await posted(store, tmp_path / "a", clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    claims = []
    for _ in range(TRIES + 3):
        claims.append(await claim(store, clock))
        assert await claim(store, clock) is None, "its lease lasts"
        clock.forward(seconds=LEASE.total_seconds() + 1)
    assert [one.attempts for one in claims if one] == list(range(1, TRIES + 1))
    assert await due(store, clock) == []
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Sunday"))
    assert await due(store, clock) == ["k"]
    again = await claim(store, clock)
    assert again
    assert again.attempts == 1


async def test_what_was_sent_late_shows_the_text_of_then(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    """Planned before an edit and sent after it, there is nothing to correct."""
    await load(store, tmp_path / "a", clock, STORY)
    await plan(store, clock)
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    await send(store, clock)
    assert await due(store, clock) == []


async def test_what_was_refused_and_sent_again_shows_the_second_text(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await load(store, tmp_path / "a", clock, STORY)
    await plan(store, clock)
    first = await taken(store, clock)
    await store.posts.put_off(first, error="ratelimited", until=clock(), now=clock())
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    await send(store, clock)
    assert await due(store, clock) == []


async def test_what_may_have_arrived_shows_the_first_text(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    await load(store, tmp_path / "a", clock, STORY)
    await plan(store, clock)
    first = await taken(store, clock)
    await store.posts.in_doubt(first, error="TimeoutError", until=clock(), now=clock())
    await load(store, tmp_path / "a", clock, STORY.replace("Monday", "Friday"))
    await send(store, clock)
    assert await due(store, clock) == ["k"]


async def test_a_skip_of_what_was_put_off_can_be_taken_back(
    store: Store, tmp_path: Path, clock: StoppedClock
) -> None:
    """Nothing points to the row that goes."""
    await load(store, tmp_path / "a", clock, STORY)
    await plan(store, clock)
    first = await taken(store, clock)
    await store.posts.put_off(first, error="ratelimited", until=clock(), now=clock())
    skipped = Plan(
        key="k",
        team_id="T1",
        channel_id="C1",
        kind=PostKind.SHARE,
        due_at=clock(),
        due_on=date(2026, 11, 24),
        asked_by="U1",
    )
    assert await store.posts.skip(replace(skipped, error="no"), now=clock())
    assert await store.posts.unskip("T1", "k")
    assert await store.posts.get("T1", "k") is None
