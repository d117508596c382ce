"""The progress bar of long work."""

import asyncio
import io
import os

import pytest

from bot.cli import progress_bar
from bot.cli.progress_bar import show_progress


async def test_long_work_shows_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_bar, "_AFTER_SECONDS", 0)
    monkeypatch.setenv("TERM", "xterm")
    screen, terminal = os.openpty()
    drawn, is_drawn = bytearray(), asyncio.Event()

    def read() -> None:
        drawn.extend(os.read(screen, 4096))
        if b"Indexing" in drawn and b"3/200" in drawn:
            is_drawn.set()

    asyncio.get_running_loop().add_reader(screen, read)
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        async with show_progress() as work:
            work.start("Indexing", 200)
            work.done = 3
            await is_drawn.wait()
        monkeypatch.undo()
        asyncio.get_running_loop().remove_reader(screen)
    os.close(screen)


async def test_without_a_terminal_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    others = asyncio.all_tasks()
    async with show_progress():
        assert asyncio.all_tasks() == others
