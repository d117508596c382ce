"""The watched folder: loaded when it changes, unless it has mistakes."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.watched_folder import WatchedFolder
from store import Store, open_store
from store.corpus.loads import Loads, Reload
from store.db import DatabaseError, DatabaseUnavailableError
from store.loading.documents import CorpusFolder, read_corpus
from store.loading.reload import plan_reload
from store.types import Order, ParleyError, PostKind, TeamId, Timetable, UserId
from tests.conftest import StoppedClock
from tests.ids import ANA, C1, T1
from tests.machine import NOW

TALKS = "Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next?\n"


class LogWaiter(logging.Handler):
    """Sets an event when a log line contains some text."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.came.set()

    async def line(self, text: str, again: Callable[[], object]) -> None:
        """Wait for the next line with *text*; repeat *again* until it is logged."""
        while not any(text in line for line in self.lines):
            again()
            try:
                await asyncio.wait_for(self.came.wait(), 0.5)
            except TimeoutError:
                continue
            self.came.clear()
        while text not in self.lines.pop(0):
            pass


@asynccontextmanager
async def watching(
    store: Store, path: Path, clock: Callable[[], datetime] = lambda: NOW
) -> AsyncIterator[LogWaiter]:
    lines, stop = LogWaiter(), asyncio.Event()
    logger = logging.getLogger("bot.watched_folder")
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    folder = WatchedFolder(
        store, path, admins=[(T1, ANA)], clock=clock, again=timedelta(seconds=0.2)
    )
    task = asyncio.create_task(folder.watch(stop))
    try:
        yield lines
    finally:
        stop.set()
        await task
        logger.removeHandler(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "corpus"
    path.mkdir()
    (path / "talks.txt").write_text(TALKS)
    return path


@pytest.fixture
async def store(database_url: str, folder: Path) -> AsyncIterator[Store]:
    async with open_store(database_url, folder=folder) as store:
        yield store


def fail_to_tell_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the first time that somebody would be notified."""
    note, failures = store.failed_loads.note, iter([DatabaseError("try again")])

    async def fail_once(*arguments: Any, admins: Sequence[tuple[TeamId, UserId]]) -> None:
        if admins and (failure := next(failures, None)):
            raise failure
        await note(*arguments, admins=admins)

    monkeypatch.setattr(store.failed_loads, "note", fail_once)


def no_watch(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "OS file watch limit reached")


async def test_changes_are_loaded_and_mistakes_are_named(store: Store, folder: Path) -> None:
    """Changes made while nobody watched are loaded at the start."""
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1 (articles: 1 added", lambda: None)
        edited = TALKS.replace("met", "met again")
        await lines.line(
            "loaded revision 2 (articles: 1 edited",
            lambda: (folder / "talks.txt").write_text(edited),
        )
        await lines.line(
            "new.txt:1: has a headline and no article below it",
            lambda: (folder / "new.txt").write_text("Only a headline"),
        )
        assert store.corpus.revision
        assert store.corpus.revision.number == 2
        await lines.line(
            "loaded revision 3 (articles: 1 added",
            lambda: (folder / "new.txt").write_text(TALKS.replace("Geneva", "Lagos")),
        )
    assert [one.loaded_by for one in await store.loads.history()] == ["folder"] * 3


async def test_watching_continues_while_the_database_is_unavailable(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)
        with monkeypatch.context() as away:
            away.setattr(store.failed_loads, "note", refused)
            (folder / "new.txt").write_text("Only a headline")
            await lines.line("cannot be recorded", lambda: None)
        (folder / "new.txt").write_text(TALKS.replace("Geneva", "Lagos"))
        await lines.line("loaded revision 2", lambda: None)


async def test_a_database_that_does_not_answer_is_not_the_folder_s_fault(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reload, answers = store.loads.reload, iter([False])

    async def silent_once(*args: Any, **options: Any) -> Any:
        if not next(answers, True):
            raise DatabaseUnavailableError
        return await reload(*args, **options)

    monkeypatch.setattr(store.loads, "reload", silent_once)
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)
    assert "stays as it was" not in caplog.text
    assert await notices_of(store) == []


async def test_a_failed_load_that_was_not_recorded_is_recorded_at_the_next_try(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may lock the database for longer than the timeout."""
    fail_to_tell_once(store, monkeypatch)
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)
        (folder / "new.txt").write_text("Only a headline")
        await lines.line("cannot be recorded", lambda: None)
        for _ in range(2):
            await lines.line("1 problems", lambda: None)
    assert await notices_of(store) == ["new.txt:1: has a headline and no article below it"]


async def notices_of(store: Store) -> list[str]:
    """Return the notices to admins, oldest first."""
    posts = await store.posts.open(NOW + timedelta(hours=1))
    assert {(post.kind, post.channel_id) for post in posts} <= {(PostKind.REFUSED, ANA)}
    return [post.about.error for post in posts if post.about]


async def test_a_mistake_is_recorded_and_notified_once_until_it_is_fixed(
    store: Store, folder: Path, clock: StoppedClock
) -> None:
    new, other = folder / "new.txt", folder / "other.txt"
    async with watching(store, folder, clock) as lines:
        await lines.line("loaded revision 1", lambda: None)
        await lines.line("nothing has changed", lambda: None)
        new.write_text("Only a headline")
        await lines.line("1 problems", lambda: None)
        # Somebody may still be writing the file.
        assert await notices_of(store) == []
        await lines.line("1 problems", lambda: None)
        failed_load = await store.failed_loads.last()
        assert failed_load
        assert (failed_load.at, failed_load.more) == (NOW, 0)
        assert str(failed_load.problem) == "new.txt:1: has a headline and no article below it"
        # The same problem on another line, and one more after it.
        clock.forward(minutes=1)
        new.write_text("\nOnly a headline")
        other.write_text("Only a headline")
        for _ in range(2):
            await lines.line("2 problems", lambda: None)
        failed_load = await store.failed_loads.last()
        assert failed_load
        assert (failed_load.at, failed_load.problem.line, failed_load.more) == (NOW, 2, 1)
        assert await notices_of(store) == ["new.txt:1: has a headline and no article below it"]
        # The folder then equals the loaded corpus.
        other.unlink()
        new.unlink()
        await lines.line("nothing has changed", lambda: None)
        assert await store.failed_loads.last() is None
        # It was fixed in between, so it is reported again.
        new.write_text("Only a headline")
        for _ in range(2):
            await lines.line("1 problems", lambda: None)
        assert len(await notices_of(store)) == 2
        new.write_text(TALKS.replace("Geneva", "Lagos"))
        await lines.line("loaded revision 2", lambda: None)
        assert await store.failed_loads.last() is None


async def test_a_manual_reload_deletes_the_failed_load_too(store: Store, folder: Path) -> None:
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)
        await lines.line("1 problems", lambda: (folder / "new.txt").write_text("Only a headline"))
    (folder / "new.txt").unlink()
    await store.loads.reload(folder, by=ANA, at=NOW)
    assert await store.failed_loads.last() is None


async def test_a_folder_that_appears_later_or_is_replaced_is_watched(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    """The missing folder is reported until it exists, and the bot continues."""
    path = tmp_path / folder.name
    path.rename(tmp_path / "elsewhere")
    async with watching(store, path) as lines:
        for _ in range(2):
            await lines.line("cannot be watched: No such file or directory", lambda: None)
        assert await notices_of(store) == ["corpus: cannot be watched: No such file or directory"]
        path.mkdir()
        (path / "talks.txt").write_text(TALKS)
        await lines.line("loaded revision 1", lambda: None)
        assert await store.failed_loads.last() is None
        path.rename(tmp_path / "old")
        path.mkdir()
        (path / "talks.txt").write_text(TALKS.replace("Geneva", "Oslo"))
        await lines.line("loaded revision 2", lambda: None)
        await lines.line(
            "loaded revision 3",
            lambda: (path / "talks.txt").write_text(TALKS.replace("Geneva", "Lagos")),
        )


async def test_failed_loads_of_a_link_s_old_target_are_deleted(
    database_url: str, folder: Path, tmp_path: Path
) -> None:
    """A release creates a new folder and points the symbolic link to it."""
    link, new = tmp_path / "link", tmp_path / "new"
    (folder / "talks.txt").write_text("Only a headline")
    new.mkdir()
    (new / "talks.txt").write_text(TALKS)
    link.symlink_to(folder)
    async with (
        open_store(database_url, folder=link) as store,
        open_store(database_url, folder=folder) as old,
        watching(store, link) as lines,
    ):
        await lines.line("1 problems", lambda: None)
        assert await old.failed_loads.last()
        link.unlink()
        link.symlink_to(new)
        await lines.line("loaded revision 1", lambda: None)
        await lines.line("nothing has changed", lambda: None)
        assert await store.failed_loads.last() is None
        assert await old.failed_loads.last() is None


async def test_watching_starts_while_the_database_is_unavailable(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_: Path) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(store.failed_loads, "forget_others", refused)
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)


async def test_a_folder_that_loads_but_cannot_be_watched_is_notified_once(
    store: Store, folder: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each load deletes the recorded failure, and each failed watch records it again."""

    def later() -> datetime:
        clock.forward(seconds=1)
        return clock()

    monkeypatch.setattr("bot.watched_folder.awatch", no_watch)
    async with watching(store, folder, later) as lines:
        for _ in range(4):
            await lines.line("cannot be watched: OS file watch limit reached", lambda: None)
        assert len(await notices_of(store)) == 1


async def test_a_failed_watch_is_notified_once_it_can_be_recorded(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.watched_folder.awatch", no_watch)
    fail_to_tell_once(store, monkeypatch)
    async with watching(store, folder) as lines:
        await lines.line("cannot be recorded", lambda: None)
        for _ in range(2):
            await lines.line("cannot be watched: OS file watch limit reached", lambda: None)
    assert await notices_of(store) == ["corpus: cannot be watched: OS file watch limit reached"]


@pytest.mark.parametrize("name", ["st\udcffrange", "st\u202erange"], ids=ascii)
async def test_a_folder_may_have_an_unprintable_name(
    database_url: str, tmp_path: Path, name: str
) -> None:
    async with (
        open_store(database_url, folder=tmp_path / name) as store,
        watching(store, tmp_path / name) as lines,
    ):
        for _ in range(2):
            await lines.line("cannot be watched: No such file or directory", lambda: None)
        assert await notices_of(store) == ["st?range: cannot be watched: No such file or directory"]


async def test_a_folder_whose_path_is_not_utf_8_is_loaded_repeatedly(
    store: Store, tmp_path: Path
) -> None:
    """It cannot be watched, which is reported."""
    path = tmp_path / "st\udcffrange"
    path.mkdir()
    (path / "talks.txt").write_text(TALKS)
    async with watching(store, path) as lines:
        await lines.line("loaded revision 1", lambda: None)
        await lines.line("st?range: cannot be watched: its path is not UTF-8", lambda: None)
        (path / "talks.txt").write_text(TALKS.replace("Geneva", "Oslo"))
        await lines.line("loaded revision 2", lambda: None)
    assert await notices_of(store) == ["st?range: cannot be watched: its path is not UTF-8"]


async def test_a_failure_that_no_document_caused_is_retried(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice is sent only if the failure does not pass by itself."""
    reload, failed_loads = Loads.reload, iter(["The disk is full."] * 2)

    async def refuse(self: Loads, path: Path, **how: Any) -> Reload:
        if why := next(failed_loads, None):
            raise ParleyError(why)
        return await reload(self, path, **how)

    monkeypatch.setattr(Loads, "reload", refuse)
    async with watching(store, folder) as lines:
        await lines.line("the corpus stays as it was: ", lambda: None)
        assert await notices_of(store) == []
        await lines.line("loaded revision 1", lambda: None)
    assert await notices_of(store) == ["corpus: The disk is full."]
    assert await store.failed_loads.last() is None


async def test_of_two_bots_the_second_reports_no_failure(
    database_url: str, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two processes that watch a folder, one loads a change and neither reports an error."""
    async with open_store(database_url, folder=folder) as other:
        others = [other]

        async def plan_slowly(*arguments: Any) -> None:
            await plan_reload(*arguments)
            if others:
                await others.pop().loads.reload(folder, by="folder", at=NOW)

        noted = store.failed_loads.note
        refused: list[Path] = []

        async def note(path: Path, *arguments: Any, **more: Any) -> None:
            refused.append(path)
            await noted(path, *arguments, **more)

        monkeypatch.setattr("store.corpus.loads.plan_reload", plan_slowly)
        monkeypatch.setattr(store.failed_loads, "note", note)
        async with watching(store, folder) as lines:
            await lines.line("another reload came first", lambda: None)
            await lines.line("nothing has changed", lambda: None)
        assert refused == []
        assert len(await store.loads.history()) == 1


async def test_a_change_is_loaded_once(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_at: list[int | None] = []

    def read(*arguments: Any) -> CorpusFolder:
        revision = store.corpus.revision
        read_at.append(revision.number if revision else None)
        return read_corpus(*arguments)

    monkeypatch.setattr("store.corpus.loads.read_corpus", read)
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)
    assert read_at.count(None) == 1


async def test_the_log_says_which_questions_vanish(store: Store, folder: Path) -> None:
    timetable = Timetable(at=NOW.time(), weekdays=frozenset(range(7)), zone="UTC")
    await store.schedules.set(
        team_id=T1, channel_id=C1, owner_id=ANA, now=NOW, order=Order(timetable=timetable)
    )
    (folder / "new.txt").write_text("Ports\nDockers struck in Gdansk.\nPorts count.\nWho pays?\n")
    async with watching(store, folder) as lines:
        await lines.line("loaded revision 1", lambda: None)
        (folder / "new.txt").unlink()
        await lines.line("1 of the next 2 questions of C1 vanish", lambda: None)
        await lines.line("loaded revision 2 (articles: 1 removed", lambda: None)
