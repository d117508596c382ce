"""Old posts are deleted, without an effect on what a channel is asked next."""

from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from handlers.jobs.expiry import Expiry
from store import Store
from store.db import open_database
from store.posting.choice import outlook
from store.posting.posts import Claim, Outcome
from store.posting.record import NEVER, NewPost
from store.types import (
    ChannelId,
    Occurrence,
    PostKind,
    PostState,
    Schedule,
    TeamId,
    Timetable,
)
from tests.conftest import StoppedClock
from tests.ids import C1, C2, T1
from tests.machine import NOW
from tests.rows import every_row
from tests.store.posting.test_choice import load, write
from tests.store.teams.test_installations import ONE

SHARE, QUESTION, DIGEST = PostKind.SHARE, PostKind.QUESTION, PostKind.DIGEST


def plan(key: str, days: int = 0, **more: object) -> NewPost:
    at = NOW + timedelta(days=days)
    return replace(
        NewPost(key=key, team_id=T1, channel_id=C1, kind=QUESTION, article_id="a1", due_at=at),
        **more,  # type: ignore[arg-type]
    )


async def claim(store: Store, key: str, team_id: TeamId = T1) -> Claim:
    post = await store.posts.get(team_id, key)
    assert post
    claim = await store.posts.claim(post, owner="me", now=post.due_at)
    assert claim
    return claim


async def send(store: Store, plan: NewPost) -> None:
    """Send a post and the story in its thread."""
    assert await store.posts.plan(plan, now=plan.due_at)
    claimed = await claim(store, plan.key, plan.team_id)
    await store.posts.record(claimed, Outcome(PostState.SENT, message_ts=plan.key), now=plan.due_at)
    if await store.posts.get(plan.team_id, f"{plan.key}:story"):
        story = await claim(store, f"{plan.key}:story", plan.team_id)
        await store.posts.record(
            story, Outcome(PostState.SENT, message_ts=f"{plan.key}.1"), now=plan.due_at
        )


async def keys(url: str) -> list[str]:
    async with open_database(url) as database:
        return [row["key"] for row in await database.fetch("SELECT key FROM post ORDER BY key")]


async def test_old_posts_that_are_done_are_deleted_with_their_rows(
    store: Store, database_url: str
) -> None:
    await send(store, plan("old", kind=DIGEST, story_ids=("a1", "a2")))
    await send(store, plan("new", days=1))
    for end in (PostState.FAILED, PostState.MISSED):
        await store.posts.plan(plan(end), now=NOW)
        await store.posts.record(await claim(store, end), Outcome(end, error="why"), now=NOW)
    await store.posts.plan(plan("skipped", state=PostState.SKIPPED), now=NOW)
    await store.posts.plan(plan("skip of a day to come", 9, state=PostState.SKIPPED), now=NOW)
    assert await store.posts.delete_old(before=NOW + timedelta(hours=1)) == 5
    assert await keys(database_url) == ["new", "new:story", "skip of a day to come"]
    async with open_database(database_url) as database:
        rows = await every_row(database)
    for table in ("post_move", "post_story"):
        assert not [row for row in rows[table] if str(dict(row)["post_key"]).startswith("old")]
    assert [list(dict(row).values())[2:] for row in rows["posted_article"]] == [
        ["a1", 1, 1, "2026-11-24", None, None],
        ["a2", 0, 1, None, None, None],
    ]
    assert await store.posts.delete_old(before=NOW + timedelta(hours=1)) == 0


@pytest.mark.parametrize("state", ["planned", "sending", "unknown", "waits for a person"])
async def test_an_old_open_post_stays_without_its_person(store: Store, state: str) -> None:
    await store.posts.plan(plan("k", asked_by="U0BEN"), now=NOW)
    if state != "planned":
        claimed = await claim(store, "k")
        if state != "sending":
            until = NEVER if state == "waits for a person" else NOW
            await store.posts.record(
                claimed,
                Outcome(PostState.UNKNOWN, error="timeout", until=until, is_unanswered=True),
                now=NOW,
            )
    before = await store.posts.get(T1, "k")
    assert before
    assert before.asked_by == "U0BEN"
    assert await store.posts.delete_old(before=NOW + timedelta(days=1)) == 0
    assert await store.posts.get(T1, "k") == replace(before, asked_by=None)


@pytest.mark.parametrize("kind", [kind for kind in PostKind if kind.is_notice])
async def test_a_lost_notice_does_not_stay_open_for_ever(
    store: Store, database_url: str, kind: PostKind
) -> None:
    """Nobody is asked about a notice, so it would stay open for ever."""
    await store.posts.plan(plan("k", kind=kind, channel_id="U0BEN"), now=NOW)
    await store.posts.record(
        await claim(store, "k"), Outcome(PostState.UNKNOWN, error="no answer"), now=NOW
    )
    assert await keys(database_url) == ["k"]
    assert await store.posts.delete_old(before=NOW + timedelta(days=1)) == 1
    assert await keys(database_url) == []


async def test_a_question_stays_for_as_long_as_its_story_is_open(
    store: Store, database_url: str
) -> None:
    assert await store.posts.plan(plan("k"), now=NOW)
    await store.posts.record(
        await claim(store, "k"), Outcome(PostState.SENT, message_ts="1.0"), now=NOW
    )
    assert await store.posts.delete_old(before=NOW + timedelta(days=1)) == 0
    story = await claim(store, "k:story")
    await store.posts.record(story, Outcome(PostState.SENT, message_ts="1.1"), now=NOW)
    assert await store.posts.delete_old(before=NOW + timedelta(days=1)) == 2
    assert await keys(database_url) == []


async def test_more_posts_than_one_batch_are_deleted(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.posting.posts._BATCH", 2)
    for number in range(5):
        await send(store, plan(f"{number}"))
    assert await store.posts.delete_old(before=NOW + timedelta(days=1)) == 10
    assert await keys(database_url) == []


async def test_deleting_posts_does_not_change_what_a_channel_has_had(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    await load(store, tmp_path / "corpus", 4, 4)
    articles = [await store.choice.next(T1, C1, place=place) for place in range(8)]
    ids = [one.id for one in articles if one]
    await send(store, plan("asked", 0, article_id=ids[0]))
    await send(store, plan("asked again", 1, article_id=ids[0]))
    digest = (ids[1], ids[2], ids[3])
    await send(store, plan("digest", 2, kind=DIGEST, article_id=ids[1], story_ids=digest))
    await send(store, plan("digest again", 3, kind=DIGEST, article_id=ids[1], story_ids=digest))
    await send(store, plan("shared", 4, kind=SHARE, article_id=ids[4]))
    await send(store, plan("asked after", 5, article_id=ids[4]))
    await store.posts.plan(plan("failed", 6, article_id=ids[5]), now=NOW)
    await store.posts.record(
        await claim(store, "failed"), Outcome(PostState.FAILED, error="why"), now=NOW
    )
    await send(store, plan("elsewhere", 7, article_id=ids[6], channel_id="C2"))

    async def seen() -> list[object]:
        at_nine = Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC")
        async with open_database(database_url) as database, database.reading() as connection:
            had = [
                await outlook(
                    connection,
                    Schedule(
                        id="s",
                        name="s",
                        team_id=T1,
                        channel_id=channel,
                        owner_id=None,
                        next=Occurrence(due_on=NOW.date(), due_at=NOW),
                        timetable=at_nine,
                        kind=kind,
                    ),
                    count=8,
                    now=NOW,
                )
                for kind in (QUESTION, DIGEST)
                for channel in (C1, C2)
            ]
        return [*had, [await store.choice.next(T1, C1, place=place) for place in range(8)]]

    before = await seen()
    # Delete some posts, then all: each article is counted once, in one of the two tables.
    for days in (2, 3, 9):
        assert await store.posts.delete_old(before=NOW + timedelta(days=days, hours=1))
        assert await seen() == before
    assert await keys(database_url) == []


@pytest.mark.parametrize("channel", ["C1", "C2", "C3"])
async def test_nothing_is_repeated_though_every_post_is_deleted(
    store: Store, clock: StoppedClock, tmp_path: Path, channel: ChannelId
) -> None:
    """Also, no headline twice in a row, and no question like one of the last few."""
    write(tmp_path / "corpus", (4, 4, 4))
    for number in range(2):
        path = tmp_path / "corpus" / f"d{number}.txt"
        text = path.read_text().replace(f"Question {number}.1?", f"Who guards the door{number}?")
        path.write_text(text)
    await store.loads.reload(tmp_path / "corpus", by="U1", at=NOW)
    asked = []
    for day in range(36):
        article = await store.choice.next(T1, channel)
        assert article
        asked.append(article)
        await send(store, plan(f"{day}", day, article_id=article.id, channel_id=channel))
        clock.now = NOW + timedelta(days=day, hours=1)
        await Expiry(
            store, keep_misses=timedelta(), keep_posts=timedelta(minutes=30), clock=clock
        ).run()
        assert await store.posts.get(T1, f"{day}") is None
    for start in range(0, 36, 12):
        assert len({one.id for one in asked[start : start + 12]}) == 12
    assert not [one for one, other in pairwise(asked) if one.headline == other.headline]


async def test_a_deleted_team_leaves_no_record(store: Store, database_url: str) -> None:
    await store.installations.save(ONE)
    await send(store, plan("k"))
    await store.posts.delete_old(before=NOW + timedelta(days=1))
    assert await store.installations.forget(ONE)
    async with open_database(database_url) as database:
        assert not (await every_row(database))["posted_article"]
