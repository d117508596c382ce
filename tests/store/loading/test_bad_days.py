"""Faults during a reload: each is reported in one sentence, and the old corpus is unchanged."""

import asyncio
import errno
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import kills
from store import Store, open_store
from store.db import DatabaseError, examine
from store.loading.documents import CorpusFolder, read_corpus
from store.loading.reload import plan_reload
from store.types import ConcurrentLoadError, ParleyError
from tests.machine import NOW, ROOT, environment
from tests.store.loading.test_revisions import STORIES, load, loaded_articles, write


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Store]:
    """A store in an SQLite file, with a corpus."""
    async with open_store(f"sqlite:///{tmp_path}/parley.db") as store:
        await load(store, write(tmp_path, a=STORIES[:2]))
        yield store


async def load_error(store: Store, path: Path) -> str:
    """Return the error of loading *path*; assert that it leaves everything unchanged."""
    before = store.corpus.revision, await loaded_articles(store)
    with pytest.raises(ParleyError) as caught:
        await load(store, path)
    assert (store.corpus.revision, await loaded_articles(store)) == before
    assert (await store.loads.history(1))[0] == before[0]
    return str(caught.value)


async def load_problems(store: Store, path: Path) -> list[str]:
    """Return why files of *path* are not loaded; assert that all others are loaded already."""
    before = store.corpus.revision, await loaded_articles(store)
    reload = await store.loads.reload(path, by="U1", at=NOW)
    assert not reload.is_changed
    assert (store.corpus.revision, await loaded_articles(store)) == before
    return [str(problem) for problem in reload.problems]


# --- the folder -----------------------------------------------------------------------------------


def vanishes(path: Path) -> None:
    path.unlink()


def changes(path: Path) -> None:
    path.write_text(f"Another head\n{STORIES[3]}")


def is_cut_off(path: Path) -> None:
    os.truncate(path, 40)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (vanishes, "b.txt: cannot be read: No such file or directory"),
        (changes, "b.txt: was changed while it was read: try again"),
        (is_cut_off, "b.txt: was changed while it was read: try again"),
    ],
)
async def test_a_file_that_changes_after_the_check(
    file: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], None],
    sentence: str,
) -> None:
    path = write(tmp_path, a=STORIES[:2], b=STORIES[2:])

    def read(*arguments: object) -> CorpusFolder:
        corpus = read_corpus(*arguments)  # type: ignore[arg-type]
        damage(path / "b.txt")
        return corpus

    monkeypatch.setattr("store.corpus.loads.read_corpus", read)
    assert await load_error(file, path) == sentence


async def test_a_file_that_vanishes_before_it_is_opened(
    file: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, a=STORIES[:2], b=STORIES[2:])
    opened = Path.open

    def open_too_late(self: Path, *arguments: object) -> object:
        if self.name == "b.txt":
            self.unlink(missing_ok=True)
        return opened(self, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_too_late)
    assert await load_problems(file, path) == ["b.txt: cannot be read: No such file or directory"]


async def test_a_line_of_100_mb(file: Store, tmp_path: Path) -> None:
    """Only its first part is read into memory."""
    path = write(tmp_path, a=STORIES[:2])
    with (path / "b.txt").open("wb") as long:
        long.write(b"Head\n")
        for _ in range(100):
            long.write(b"x" * 1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await load_problems(file, path) == ["b.txt:2: is longer than 20,000 characters"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


async def test_100_000_empty_files(file: Store, tmp_path: Path) -> None:
    path = write(tmp_path, a=STORIES[:2])
    first = [path / f"{number}.txt" for number in range(100)]
    for one in first:
        one.touch()
    # Links are faster to create than files, but a file can have only so many.
    for number in range(100, 100_000):
        os.link(first[number % 100], path / f"{number}.txt")
    problems = await load_problems(file, path)
    assert len(problems) == 100_000
    assert problems[0] == "0.txt: is empty: a document starts with its headline"
    assert file.corpus.revision
    assert file.corpus.revision.number == 1


async def test_binary_files_are_reported_with_their_line(file: Store, tmp_path: Path) -> None:
    path = write(tmp_path, a=STORIES[:2])
    (path / "b.txt").write_bytes(b"Head\nA summary.\nAn \0 insight.\nWhy?\n")
    (path / "c.txt").write_bytes(bytes(range(128, 256)) * 4)
    assert await load_problems(file, path) == [
        "b.txt:3: is not text: it holds a NUL byte",
        "c.txt:1: is not UTF-8 text: byte 0 of the file is 0x80; save it as UTF-8",
    ]


# --- the disk and the database --------------------------------------------------------------------


async def pragma(store: Store, what: str) -> None:
    """Set a pragma of the writing connection, so that SQLite itself fails."""
    await store.corpus._database._writer.raw.execute(f"PRAGMA {what}")  # type: ignore[attr-defined]


async def test_a_full_disk(file: Store, tmp_path: Path) -> None:
    await pragma(file, "max_page_count = 1")
    more = [STORIES[0].replace("Envoys", f"Envoys {number}") for number in range(5000)]
    sentence = await load_error(file, write(tmp_path, a=more))
    assert (
        sentence == f"The disk is full: nothing was changed in the database {tmp_path}/parley.db."
    )
    await pragma(file, "max_page_count = 1000000")
    await load(file, write(tmp_path, a=STORIES))
    assert len(await loaded_articles(file)) == 4


async def test_a_full_disk_for_temporary_files(
    file: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("store.loading.disk_list.pickle.dump", full)
    assert await load_error(file, write(tmp_path, a=STORIES)) == (
        "The corpus stays as it was, because a temporary file cannot be written:"
        " No space left on device."
    )


def test_a_database_file_that_may_not_grow(tmp_path: Path) -> None:
    """The system refuses to write, as with a quota; the command reports it and exits with 78."""
    environ = environment(DATABASE_URL=f"sqlite:///{tmp_path}/parley.db")
    few = write(tmp_path, a=STORIES)

    def bot(*arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
        def set_limit() -> None:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            capture_output=True,
            text=True,
            env=environ,
            cwd=ROOT,
            preexec_fn=set_limit,
        )

    assert bot("load", str(few)).returncode == 0
    many = tmp_path / "many"
    kills.write(many, "ants")
    failed = bot("load", str(many), limit=400_000)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "nothing was changed in the database" in failed.stderr
    assert "Envoys met behind closed doors" in bot("find", "geneva").stdout


async def test_a_read_only_database(file: Store, tmp_path: Path) -> None:
    await pragma(file, "query_only = ON")
    assert await load_error(file, write(tmp_path, a=STORIES)) == (
        f"The database {tmp_path}/parley.db can only be read: nothing was changed."
    )


async def test_a_database_that_another_process_writes_to(file: Store, tmp_path: Path) -> None:
    await pragma(file, "busy_timeout = 10")
    other = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert await load_error(file, write(tmp_path, a=STORIES)) == (
            f"Another process is writing to the database {tmp_path}/parley.db: try again."
        )
    finally:
        other.close()


async def test_a_damaged_database(tmp_path: Path) -> None:
    """Opening it and the integrity check report the damage and the command to restore."""
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_store(url) as store:
        many = [story.replace(".", f" {n}.", 1) for n in range(200) for story in STORIES]
        await load(store, write(tmp_path, a=many))
    await examine(url)
    path = tmp_path / "parley.db"
    pages = path.stat().st_size // 4096
    with path.open("r+b") as raw:
        for page in range(2, pages):
            raw.seek(page * 4096)
            raw.write(b"\xa5" * 1000)
    with pytest.raises(DatabaseError, match=r"is damaged .*python -m bot restore FILE"):
        await examine(url)
    with pytest.raises(DatabaseError, match=r"is damaged .*python -m bot restore FILE"):
        async with open_store(url):
            pass


# --- concurrency ----------------------------------------------------------------------------------


async def test_two_reloads_at_once(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, a=STORIES)
    first, second = await asyncio.gather(
        store.loads.reload(path, by="U1", at=NOW), store.loads.reload(path, by="U2", at=NOW)
    )
    assert (first.is_changed, second.is_changed) == (True, False)
    assert len(await loaded_articles(store)) == 4


async def test_two_processes_reload_at_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One succeeds; the other reports that it changed nothing."""
    both_have_planned = asyncio.Barrier(2)

    async def plan_together(*arguments: Any) -> None:
        await plan_reload(*arguments)
        await both_have_planned.wait()

    monkeypatch.setattr("store.corpus.loads.plan_reload", plan_together)
    both = [tmp_path / "one", tmp_path / "two"]
    for path, stories in zip(both, (STORIES[:1], STORIES[1:]), strict=True):
        path.mkdir()
        write(path, a=stories)
    async with open_store(database_url) as one, open_store(database_url) as other:
        done = await asyncio.gather(
            one.loads.reload(both[0] / "corpus", by="U1", at=NOW),
            other.loads.reload(both[1] / "corpus", by="U2", at=NOW),
            return_exceptions=True,
        )
        failed = [result for result in done if isinstance(result, BaseException)]
        assert [type(one) for one in failed] == [ConcurrentLoadError]
        assert str(failed[0]).startswith("Another load came first")
        assert len(await one.loads.history()) == 1
    async with open_store(database_url) as store:
        assert len(await loaded_articles(store)) in (1, 3)


async def test_killed_at_any_moment() -> None:
    """`python -m benchmarks.kills` repeats this two hundred times."""
    assert (await kills.run(4, seed=7)).total() == 4
