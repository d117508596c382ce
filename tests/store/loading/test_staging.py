"""Large loads are staged: nobody sees them before they are loaded, and others write meanwhile."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from store import Store, open_store
from store.db import Connection, Database, DatabaseUnavailableError, open_database
from store.finding import segments
from store.loading import staging
from store.types import (
    ConcurrentLoadError,
    Found,
    Nothing,
    Order,
    ParleyError,
    PostKind,
    Timetable,
)
from tests.ids import ANA, C1, T1
from tests.machine import NOW

STORIES = 30


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stage every load, in many transactions, over several segments of the index."""
    monkeypatch.setattr(staging, "_FEWEST", 1)
    monkeypatch.setattr(staging, "_ROWS", 3)
    monkeypatch.setattr(staging, "_DELETED", 4)
    monkeypatch.setattr(staging, "_KEPT", 5)
    monkeypatch.setattr(segments, "SIZE", 8)
    monkeypatch.setattr(segments, "_READ", segments._READ.replace("2048", "8"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a new SQLite database: only SQLite blocks those who write."""
    return f"sqlite:///{tmp_path}/parley.db"


def folder(tmp_path: Path, word: str, count: int = STORIES) -> Path:
    path = tmp_path / "corpus"
    path.mkdir(exist_ok=True)
    rows = "\n".join(f"Story {number},The {word} {number} closed." for number in range(count))
    (path / "stories.csv").write_text(f"headline,summary\n{rows}\n")
    return path


async def load(store: Store, path: Path) -> None:
    await store.loads.reload(path, by="U1", at=NOW)


async def count(store: Store, word: str) -> int:
    """Return how many loaded stories have *word*; look-ups and reads of the database agree."""
    stories = [one async for batch in store.corpus.stories() for one in batch]
    number = sum(word in one.summary for one in stories)
    answer = await store.corpus.find(word)
    assert isinstance(answer, Found) == bool(number)
    assert isinstance(answer, Nothing) != bool(number)
    assert await store.articles.count_unasked() == len(stories)
    return number


async def rows(url: str) -> int:
    """Return how many articles are in the database, seen or not."""
    async with open_database(url, is_looking=True) as database:
        ((number,),) = await database.fetch("SELECT COUNT(*) FROM article")
        return int(number)


def at_each_step(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[int], Awaitable[None]]
) -> list[int]:
    """Call *do* before each transaction that stages something; return the steps that were."""
    steps: list[int] = []
    require = staging._require

    async def required(connection: object, staged: staging.Staged) -> None:
        steps.append(len(steps))
        await do(steps[-1])
        await require(connection, staged)  # type: ignore[arg-type]

    monkeypatch.setattr(staging, "_require", required)
    return steps


async def test_what_is_staged_is_not_seen(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(url) as store, open_store(url, is_looking=True) as other:
        await load(store, folder(tmp_path, "bridge"))
        await other.revisions.follow()
        timetable = Timetable(at=time(9), weekdays=frozenset(range(7)), zone="UTC")
        digest = await store.schedules.set(
            team_id=T1,
            channel_id=C1,
            owner_id=ANA,
            now=NOW,
            order=Order(timetable=timetable, kind=PostKind.DIGEST, stories=3),
        )

        seen = {"bridge": STORIES, "tunnel": 0}

        async def look(_: int) -> None:
            # Nor does a process see it that starts now.
            async with open_store(url, is_looking=True) as new:
                for each in (other, new):
                    assert {word: await count(each, word) for word in seen} == seen
                chosen = await new.planning.preview(digest, now=NOW)
                assert chosen
                assert chosen.pool == sum(seen.values())

        steps = at_each_step(monkeypatch, look)
        await load(store, folder(tmp_path, "tunnel", STORIES + 1))
        assert len(steps) > STORIES // 3
        seen = {"bridge": 0, "tunnel": STORIES + 1}
        for each in (store, other):
            await each.revisions.follow()
            assert await count(each, "bridge") == 0
            assert await count(each, "tunnel") == STORIES + 1
        await store.loads.undo(by="U1", at=NOW)
        assert await count(store, "bridge") == STORIES
        assert await count(store, "tunnel") == 0
    assert await rows(url) == STORIES


@pytest.mark.parametrize("step", [0, 1, 5, 10, 11, 12])
async def test_a_crash_leaves_nothing_that_is_seen_or_stays(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    class Crash(BaseException):
        pass

    async def crash(now: int) -> None:
        if now == step:
            raise Crash

    async with open_store(url) as store:
        await load(store, folder(tmp_path, "bridge"))
        with monkeypatch.context() as patched:
            at_each_step(patched, crash)
            with suppress(Crash):
                await load(store, folder(tmp_path, "tunnel"))
    async with open_store(url) as store:
        assert await count(store, "bridge") == STORIES
        assert await count(store, "tunnel") == 0
        await load(store, folder(tmp_path, "harbour"))
        assert await count(store, "harbour") == STORIES
        assert await count(store, "tunnel") == 0
    assert await rows(url) == STORIES


async def test_a_crash_during_the_clean_up_is_cleaned_up(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(at: int) -> Callable[[int], Awaitable[None]]:
        async def crash(step: int) -> None:
            if step == at:
                raise Crash

        return crash

    async with open_store(url) as store:
        await load(store, folder(tmp_path, "bridge"))
        for at in (9, 2, 5):
            with monkeypatch.context() as patched:
                at_each_step(patched, crash(at))
                with suppress(Crash):
                    await load(store, folder(tmp_path, "tunnel"))
        await load(store, folder(tmp_path, "harbour"))
        assert await count(store, "harbour") == STORIES
    assert await rows(url) == STORIES


@pytest.mark.parametrize("step", range(0, 6, 2))
@pytest.mark.parametrize("is_restarted", [False, True])
async def test_what_a_load_removes_is_gone_at_once_and_can_be_restored_after_a_crash(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, is_restarted: bool
) -> None:
    """It is deleted after the load, a few stories at a time."""

    class Crash(BaseException):
        pass

    write, steps = segments.write, 0

    async def crash(connection: Connection, removed: Iterable[int], added: Any) -> None:
        nonlocal steps
        if isinstance(removed, list):  # from the clean-up
            if steps == step:
                raise Crash
            steps += 1
        await write(connection, removed, added)

    async with open_store(url) as store, open_store(url) as other:
        await load(store, folder(tmp_path, "bridge"))
        await other.revisions.follow()
        with monkeypatch.context() as patched:
            patched.setattr(segments, "write", crash)
            with pytest.raises(Crash):
                await load(store, folder(tmp_path, "tunnel", 2))
        assert await rows(url) == STORIES + 2 - 5 * step
        async with open_store(url, is_looking=True) as new:
            await other.revisions.follow()
            for each in (new, other):
                assert await count(each, "bridge") == 0
                assert await count(each, "tunnel") == 2
        if is_restarted:
            async with open_store(url):
                assert await rows(url) == 2
        await other.loads.undo(by="U1", at=NOW)
        assert await count(other, "bridge") == STORIES
        assert await count(other, "tunnel") == 0
    assert await rows(url) == STORIES


async def test_stories_that_only_move_are_staged(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path, "bridge") / "stories.csv"
    first, *lines = path.read_text().splitlines()

    async def places(store: Store) -> dict[str, int]:
        batches = [batch async for batch in store.corpus.stories()]
        assert await count(store, "bridge") == STORIES
        return {one.id: one.position for batch in batches for one in batch}

    async with open_store(url) as store, open_store(url) as other:
        await load(store, path.parent)
        before = await places(store)

        async def look(_: int) -> None:
            await other.revisions.follow()
            assert await places(other) == before

        steps = at_each_step(monkeypatch, look)
        path.write_text("\n".join([first, *reversed(lines)]) + "\n")
        await load(store, path.parent)
        assert steps
        assert store.corpus.revision
        assert store.corpus.revision.moved == STORIES
        assert store.corpus.revision.edited == 0
        after = {one: STORIES + 1 - place for one, place in before.items()}
        assert await places(store) == after
        before = after
        await store.loads.undo(by="U1", at=NOW)
        await other.revisions.follow()
        for each in (store, other):
            assert await places(each) == {one: STORIES + 1 - at for one, at in after.items()}
    assert await rows(url) == STORIES


async def test_a_failed_load_deletes_what_it_staged(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(url) as store:
        await load(store, folder(tmp_path, "bridge"))

        async def refuse(*_: object) -> None:
            raise ParleyError("no")

        with monkeypatch.context() as patched:
            patched.setattr(store.revisions, "require_base", refuse)
            with pytest.raises(ParleyError, match=r"^no$"):
                await load(store, folder(tmp_path, "tunnel"))
        assert await count(store, "bridge") == STORIES
    assert await rows(url) == STORIES


async def test_a_load_that_was_committed_is_not_deleted_if_the_answer_is_lost(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(url) as store:
        await load(store, folder(tmp_path, "bridge"))

        async def lost(*_: object) -> None:
            raise DatabaseUnavailableError

        with monkeypatch.context() as patched:
            patched.setattr(store.corpus, "switch", lost)
            with pytest.raises(DatabaseUnavailableError):
                await load(store, folder(tmp_path, "tunnel"))
        await store.revisions.follow()
        assert await count(store, "tunnel") == STORIES


async def test_a_second_large_load_takes_the_place_of_the_first(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(url) as one, open_store(url) as two:
        path = folder(tmp_path, "bridge")
        staged = staging.stage

        async def stage(*args: object) -> staging.Staged | None:
            result = await staged(*args)  # type: ignore[arg-type]
            monkeypatch.setattr(staging, "stage", staged)
            await load(two, path)
            return result

        monkeypatch.setattr(staging, "stage", stage)
        with pytest.raises(ConcurrentLoadError):
            await load(one, path)
        assert await count(two, "bridge") == STORIES
    assert await rows(url) == STORIES


async def test_others_write_while_a_load_is_staged(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(url) as store, open_store(url) as other:
        written: list[Database] = []

        async def between(database: Database) -> None:
            await other.topic_requests.add(T1, "tunnels", by=f"{len(written)}", now=NOW)
            written.append(database)

        discard = staging.discard

        async def discarding(database: Database, staged: staging.Staged) -> None:
            await between(database)
            await discard(database, staged)

        monkeypatch.setattr(staging, "discard", discarding)
        await load(store, folder(tmp_path, "bridge"))
        assert written
        assert await count(store, "bridge") == STORIES


async def test_the_clean_up_does_not_sort_all_that_is_left_for_each_batch(url: str) -> None:
    async with open_store(url), open_database(url, is_looking=True) as database:
        plan = await database.fetch(f"EXPLAIN QUERY PLAN {staging._REMOVED}", 1)
        assert not [row["detail"] for row in plan if "TEMP B-TREE" in row["detail"]]
