"""Loading the corpus folder again whenever somebody changes it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from watchfiles import awatch

from store.corpus import Corpus
from store.types import CorpusInvalidError, ParleyError

log = logging.getLogger(__name__)

BY = "folder"
"""Who loaded, in the record."""
_SHOWN = 10


async def watch(
    corpus: Corpus, path: Path, *, clock: Callable[[], datetime], stop: asyncio.Event
) -> None:
    """Load *path* now and after every change in it, until *stop* is set.

    What has a mistake in it is named in the log, and the corpus stays until it is mended.
    """
    await _load(corpus, path, clock)
    try:
        # A reload between two changes of one save would see half of it: awatch waits for a pause.
        async for _ in awatch(path, stop_event=stop):
            await _load(corpus, path, clock)
    except OSError as error:
        log.error("%s is no longer watched: %s", path, error.strerror or error)


async def _load(corpus: Corpus, path: Path, clock: Callable[[], datetime]) -> None:
    try:
        check = await corpus.check(path)
        if not check.is_changed:
            return
        for effect in check.effects:
            if effect.vanishing:
                log.warning(
                    "%d of the next %d questions of %s vanish",
                    effect.vanishing,
                    effect.upcoming,
                    effect.channel_id,
                )
        reload = await corpus.reload(path, by=BY, at=clock())
    except CorpusInvalidError as error:
        log.error("the corpus stays as it was: %d problems in %s", len(error.problems), path)
        for problem in error.problems[:_SHOWN]:
            log.error("%s", problem)
    except ParleyError as error:
        log.error("the corpus stays as it was: %s", error)
    else:
        log.info(
            "loaded revision %d: %d articles added, %d edited, %d removed",
            reload.revision.number,
            reload.added,
            reload.edited,
            reload.removed,
        )
