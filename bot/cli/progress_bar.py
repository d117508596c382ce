"""A progress bar on the terminal, for work that takes more than a second."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from store.progress import Progress as Work

_AFTER_SECONDS = 1.0
_EVERY_SECONDS = 0.1


@asynccontextmanager
async def show_progress() -> AsyncIterator[Work]:
    """Yield a progress to report to; if standard error is a terminal, show it there as a bar."""
    work = Work()
    if not sys.stderr.isatty():
        yield work
        return
    rendering = asyncio.create_task(_render(work))
    try:
        yield work
    finally:
        rendering.cancel()
        with suppress(asyncio.CancelledError):
            await rendering


async def _render(work: Work) -> None:
    await asyncio.sleep(_AFTER_SECONDS)
    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # Removed at the end, when the command prints its result.
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        while True:
            bar.update(task, description=work.stage, completed=work.done, total=work.total or None)
            await asyncio.sleep(_EVERY_SECONDS)
