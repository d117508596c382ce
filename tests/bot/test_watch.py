"""A folder that is watched: loaded when it changes, and left alone while it is broken."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from bot.watch import watch
from store import Store
from store.corpus import Corpus, Reload
from store.types import ParleyError
from tests.conftest import NOW

TALKS = "Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next?\n"


class Told(logging.Handler):
    """Sets an event when the log has a line that holds some text."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.came.set()

    async def line(self, text: str, again: Callable[[], object]) -> None:
        """Wait for a line with *text*, doing it *again* as long as nobody may have been looking."""
        while not any(text in line for line in self.lines):
            again()
            try:
                await asyncio.wait_for(self.came.wait(), 0.5)
            except TimeoutError:
                continue
            self.came.clear()


@asynccontextmanager
async def watching(store: Store, path: Path) -> AsyncIterator[Told]:
    told, stop = Told(), asyncio.Event()
    logger = logging.getLogger("bot.watch")
    logger.addHandler(told)
    logger.setLevel(logging.INFO)
    task = asyncio.create_task(watch(store.corpus, path, clock=lambda: NOW, stop=stop))
    try:
        yield told
    finally:
        stop.set()
        await task
        logger.removeHandler(told)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "corpus"
    path.mkdir()
    (path / "talks.txt").write_text(TALKS)
    return path


async def test_changes_are_loaded_and_mistakes_are_named(store: Store, folder: Path) -> None:
    """What changed while nobody watched is loaded at the start."""
    async with watching(store, folder) as told:
        await told.line("loaded revision 1: 1 articles added", lambda: None)
        edited = TALKS.replace("met", "met again")
        await told.line(
            "loaded revision 2: 0 articles added, 1 edited",
            lambda: (folder / "talks.txt").write_text(edited),
        )
        await told.line(
            "new.txt:1: has a headline and no article below it",
            lambda: (folder / "new.txt").write_text("Only a headline"),
        )
        assert store.corpus.revision
        assert store.corpus.revision.number == 2
        await told.line(
            "loaded revision 3: 1 articles added",
            lambda: (folder / "new.txt").write_text(TALKS.replace("Geneva", "Lagos")),
        )
    assert [one.loaded_by for one in await store.corpus.history()] == ["folder"] * 3


async def test_a_folder_that_is_not_there(store: Store, tmp_path: Path) -> None:
    """It is said, and the bot goes on without."""
    async with watching(store, tmp_path / "none") as told:
        await told.line("is no longer watched", lambda: None)
    assert any("there is no such folder" in line for line in told.lines)


async def test_another_reload_may_come_first(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: Corpus, path: Path, *, by: str, at: datetime) -> Reload:
        raise ParleyError("Another reload came first.")

    monkeypatch.setattr(Corpus, "reload", refuse)
    async with watching(store, folder) as told:
        await told.line("the corpus stays as it was: Another reload came first.", lambda: None)
