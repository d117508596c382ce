"""A progress bar on the terminal, for work that takes more than a second."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tqdm import tqdm

from store.progress import Progress

_AFTER_SECONDS = 1.0
_EVERY_SECONDS = 0.1
_FORMAT = "{desc:<18} |{bar}| {n_fmt}/{total_fmt} {elapsed}"


@asynccontextmanager
async def show_progress() -> AsyncIterator[Progress]:
    """Yield a progress to report to; if standard error is a terminal, show it there as a bar."""
    work = Progress()
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


async def _render(work: Progress) -> None:
    await asyncio.sleep(_AFTER_SECONDS)
    # tqdm shows nothing on a terminal that does not know its size.
    width, height = shutil.get_terminal_size()
    size = {"ncols": min(width, 80), "nrows": height}
    # Removed at the end, when the command prints its result.
    with tqdm(file=sys.stderr, bar_format=_FORMAT, leave=False, **size) as bar:
        while True:
            bar.desc, bar.n, bar.total = work.stage, work.done, work.total or None
            bar.refresh()
            await asyncio.sleep(_EVERY_SECONDS)
