"""Failed loads of a watched folder: stored until the folder loads, and notified once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from store import Store, open_store
from store.db import DatabaseError
from store.loading import failed_loads
from store.posting.posts import Outcome
from store.types import FailedLoad, Post, PostKind, PostState, Problem
from tests.conftest import StoppedClock
from tests.ids import ANA, T1
from tests.machine import NOW
from tests.store.loading.test_revisions import STORIES, load, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, a=STORIES)


@pytest.fixture
async def store(database_url: str, folder: Path) -> AsyncIterator[Store]:
    """A store with *folder* as its corpus folder."""
    async with open_store(database_url, folder=folder) as store:
        yield store


async def fail(
    store: Store, folder: Path, clock: StoppedClock, message: str = "has no article"
) -> None:
    problem = Problem(path=PurePosixPath("b.txt"), line=1, message=message)
    failed_load = FailedLoad(at=clock(), problem=problem, more=0)
    await store.failed_loads.note(folder, failed_load, admins=[(T1, ANA)])


async def notices(store: Store) -> list[Post]:
    """Return the notices to the admin that are not sent yet."""
    posts = await store.posts.open(NOW + timedelta(days=1))
    assert {(post.kind, post.channel_id) for post in posts} <= {(PostKind.REFUSED, ANA)}
    return list(posts)


# --- how long it is stored ------------------------------------------------------------------------


async def test_a_failed_load_is_stored_until_the_folder_loads(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    await fail(store, folder, clock)
    await load(store, folder)
    assert await store.failed_loads.last() is None
    # A load that changes nothing deletes it, too.
    await fail(store, folder, clock)
    await load(store, folder)
    assert await store.failed_loads.last() is None


async def test_loading_another_folder_does_not_delete_it(
    store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    await fail(store, folder, clock)
    await load(store, write(other, a=STORIES[:1]))
    assert await store.failed_loads.last()
    # Even if the other folder fails and then loads.
    await fail(store, other / "corpus", clock, "is broken")
    await load(store, other / "corpus")
    last = await store.failed_loads.last()
    assert last
    assert last.problem.message == "has no article"


async def test_a_relative_path_stands_for_the_same_folder(
    store: Store, folder: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fail(store, folder, clock)
    monkeypatch.chdir(folder.parent)
    await load(store, Path(folder.name))
    assert await store.failed_loads.last() is None


async def test_a_link_stands_for_the_same_folder(
    store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    await fail(store, folder, clock)
    await load(store, link)
    assert await store.failed_loads.last() is None


async def test_a_folder_name_may_be_any_bytes(store: Store, tmp_path: Path) -> None:
    strange = tmp_path / "\udcff"
    strange.mkdir()
    await load(store, write(strange, a=STORIES))
    assert store.corpus.revision


async def test_an_undo_does_not_delete_it(
    store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    await load(store, folder)
    await load(store, write(tmp_path, a=STORIES[:1]))
    await fail(store, folder, clock)
    await store.loads.undo(by=ANA, at=NOW)
    assert await store.failed_loads.last()


async def test_failed_loads_of_other_folders_are_deleted(
    database_url: str, store: Store, folder: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    """Nobody watches them; if one is watched again, its problems are notified again."""
    other = tmp_path / "other"
    async with open_store(database_url, folder=other) as before:
        await fail(before, other, clock)
        await fail(store, folder, clock)
        await store.failed_loads.forget_others(folder)
        assert await before.failed_loads.last() is None
    assert await store.failed_loads.last()


async def test_it_is_deleted_in_the_transaction_of_the_load(
    store: Store, folder: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise DatabaseError("The disk is full: nothing was changed.")

    await fail(store, folder, clock)
    with monkeypatch.context() as bad:
        bad.setattr(failed_loads, "forget", full)
        with pytest.raises(DatabaseError, match="nothing was changed"):
            await load(store, folder)
    assert store.corpus.revision is None
    assert not await store.loads.history()
    assert await store.failed_loads.last()


# --- how often it is notified ---------------------------------------------------------------------


async def test_each_problem_is_notified_once_while_it_lasts(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    for _ in range(3):
        await fail(store, folder, clock)
        clock.forward(minutes=1)
    assert len(await notices(store)) == 1
    last = await store.failed_loads.last()
    assert last
    assert last.at == NOW
    # Another problem of the same folder is notified.
    await fail(store, folder, clock, "is not UTF-8")
    assert len(await notices(store)) == 2
    last = await store.failed_loads.last()
    assert last
    assert (last.at, last.problem.message) == (NOW, "is not UTF-8")


async def test_a_problem_that_was_fixed_and_returns_is_notified_again(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    await load(store, folder)
    await fail(store, folder, clock)
    # The fixed folder equals the loaded one, so the load makes no revision.
    await load(store, folder)
    clock.forward(minutes=1)
    await fail(store, folder, clock)
    assert len(await notices(store)) == 2
    last = await store.failed_loads.last()
    assert last
    assert last.at == clock()


async def test_an_admin_who_cannot_be_reached_is_tried_once(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    await fail(store, folder, clock)
    (post,) = await notices(store)
    claim = await store.posts.claim(post, owner="me", now=clock())
    assert claim
    await store.posts.record(
        claim, Outcome(PostState.FAILED, error="channel_not_found"), now=clock()
    )
    clock.forward(minutes=1)
    await fail(store, folder, clock)
    assert await notices(store) == []
    assert (await store.statistics.posts())[PostState.FAILED] == 1


async def test_a_missed_notice_is_sent_later(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    """Slack was down until the notice was too old to send."""
    await fail(store, folder, clock)
    (post,) = await notices(store)
    claim = await store.posts.claim(post, owner="me", now=clock.forward(hours=3))
    assert claim
    await store.posts.record(claim, Outcome(PostState.MISSED, error="TimeoutError"), now=clock())
    await fail(store, folder, clock)
    assert len(await notices(store)) == 1
