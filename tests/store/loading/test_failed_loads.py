"""What a watched folder was refused for: kept until that folder is loaded, and told once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from store import Store, open_store
from store.db import DatabaseError
from store.loading import failed_loads
from store.types import Post, PostKind, Problem, Refusal
from tests.conftest import NOW, StoppedClock
from tests.store.loading.test_revisions import STORIES, load, write

ANA = "U0ANA"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, a=STORIES)


@pytest.fixture
async def store(database_url: str, folder: Path) -> AsyncIterator[Store]:
    """A store of a bot whose folder it is."""
    async with open_store(database_url, folder=folder) as store:
        yield store


async def refuse(
    store: Store, folder: Path, clock: StoppedClock, message: str = "has no article"
) -> None:
    problem = Problem(path=PurePosixPath("b.txt"), line=1, message=message)
    refusal = Refusal(at=clock(), problem=problem, more=0)
    await store.refusals.note(folder, refusal, keepers=[("T1", ANA)])


async def told(store: Store) -> list[Post]:
    """Give what an admin is yet to be told."""
    posts = await store.posts.open(NOW + timedelta(days=1))
    assert {(post.kind, post.channel_id) for post in posts} <= {(PostKind.REFUSED, ANA)}
    return list(posts)


# --- how long it is kept --------------------------------------------------------------------------


async def test_it_is_kept_until_the_folder_is_loaded(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    await refuse(store, folder, clock)
    await load(store, folder)
    assert await store.refusals.last() is None
    # What is loaded already is loaded, too.
    await refuse(store, folder, clock)
    await load(store, folder)
    assert await store.refusals.last() is None


async def test_the_loading_of_another_folder_leaves_it(
    store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    await refuse(store, folder, clock)
    await load(store, write(other, a=STORIES[:1]))
    assert await store.refusals.last()
    # Nor is it another folder's, when that one is refused, and loaded.
    await refuse(store, other / "corpus", clock, "is broken")
    await load(store, other / "corpus")
    last = await store.refusals.last()
    assert last
    assert last.problem.message == "has no article"


async def test_a_folder_is_the_same_by_a_relative_path(
    store: Store, folder: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refuse(store, folder, clock)
    monkeypatch.chdir(folder.parent)
    await load(store, Path(folder.name))
    assert await store.refusals.last() is None


async def test_a_folder_is_the_same_by_a_link(
    store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    await refuse(store, folder, clock)
    await load(store, link)
    assert await store.refusals.last() is None


async def test_a_folder_may_have_a_name_that_is_no_text(store: Store, tmp_path: Path) -> None:
    strange = tmp_path / "\udcff"
    strange.mkdir()
    await load(store, write(strange, a=STORIES))
    assert store.corpus.revision


async def test_an_undo_leaves_it(
    store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    await load(store, folder)
    await load(store, write(tmp_path, a=STORIES[:1]))
    await refuse(store, folder, clock)
    await store.corpus.undo(by=ANA, at=NOW)
    assert await store.refusals.last()


async def test_what_other_folders_were_refused_for_is_forgotten(
    database_url: str, store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    """They are watched no more; if one is again, what is wrong with it then is news."""
    other = tmp_path / "other"
    async with open_store(database_url, folder=other) as before:
        await refuse(before, other, clock)
        await refuse(store, folder, clock)
        await store.refusals.forget_others(folder)
        assert await before.refusals.last() is None
    assert await store.refusals.last()


async def test_it_is_taken_away_with_the_load_or_not_at_all(
    store: Store, folder: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise DatabaseError("The disk is full: nothing was changed.")

    await refuse(store, folder, clock)
    with monkeypatch.context() as bad:
        bad.setattr(failed_loads, "forget", full)
        with pytest.raises(DatabaseError, match="nothing was changed"):
            await load(store, folder)
    assert store.corpus.revision is None
    assert not await store.corpus.history()
    assert await store.refusals.last()


# --- how often it is told -------------------------------------------------------------------------


async def test_it_is_told_once_for_as_long_as_it_lasts(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    for _ in range(3):
        await refuse(store, folder, clock)
        clock.forward(minutes=1)
    assert len(await told(store)) == 1
    last = await store.refusals.last()
    assert last
    assert last.at == NOW
    # Another problem of the same folder is news.
    await refuse(store, folder, clock, "is not UTF-8")
    assert len(await told(store)) == 2
    last = await store.refusals.last()
    assert last
    assert (last.at, last.problem.message) == (NOW, "is not UTF-8")


async def test_what_is_mended_and_made_again_is_told_again(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    await load(store, folder)
    await refuse(store, folder, clock)
    # Mended to what is loaded already, so that no revision is between the two.
    await load(store, folder)
    clock.forward(minutes=1)
    await refuse(store, folder, clock)
    assert len(await told(store)) == 2
    last = await store.refusals.last()
    assert last
    assert last.at == clock()


async def test_who_cannot_be_reached_is_tried_once(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    await refuse(store, folder, clock)
    (post,) = await told(store)
    claim = await store.posts.claim(post, owner="me", now=clock())
    assert claim
    await store.posts.failed(claim, error="channel_not_found", now=clock())
    clock.forward(minutes=1)
    await refuse(store, folder, clock)
    assert await told(store) == []
    assert (await store.statistics.posts())["failed"] == 1


async def test_who_was_missed_is_told_later(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    """Slack was away for longer than a message is worth keeping."""
    await refuse(store, folder, clock)
    (post,) = await told(store)
    claim = await store.posts.claim(post, owner="me", now=clock.forward(hours=3))
    assert claim
    await store.posts.missed(claim, error="TimeoutError", now=clock())
    await refuse(store, folder, clock)
    assert len(await told(store)) == 1
