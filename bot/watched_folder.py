"""Loading the corpus folder again whenever somebody changes it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from watchfiles import awatch

from store import Store
from store.db import DatabaseUnavailableError
from store.loading.check import Check
from store.loading.documents import showable
from store.types import ConcurrentLoadError, CorpusInvalidError, FailedLoad, ParleyError, Problem

log = logging.getLogger(__name__)

BY = "folder"
"""Who loaded, in the record."""
_SHOWN = 10
_AGAIN = timedelta(minutes=1)


class WatchedFolder:
    """The corpus folder, loaded at the start and after every change in it.

    What has a mistake in it is recorded, and told to the keepers if it is there still when nobody
    changes the folder any more; the corpus stays until it is mended.
    """

    def __init__(
        self,
        store: Store,
        path: Path,
        *,
        keepers: Sequence[tuple[str, str]],
        clock: Callable[[], datetime],
        again: timedelta = _AGAIN,
    ) -> None:
        """Take whom to tell, by team and id, and after how long a quiet to look *again*."""
        self._corpus = store.corpus
        self._failed_loads = store.failed_loads
        self._path = path
        self._shown = showable(str(path))
        self._keepers = keepers
        self._clock = clock
        self._again = again
        self._is_open = True
        """Whether to look again although nothing has changed."""

    async def watch(self, stop: asyncio.Event) -> None:
        """Load the folder whenever it changes, until *stop* is set."""
        noted = 0
        while not stop.is_set():
            try:
                await self._watch(stop)
                noted = 0
            except (OSError, RuntimeError, UnicodeError) as error:
                why = _why(error)
                # Told the second time alone: a folder that loads each time begins a new episode.
                noted += await self._fail(f"cannot be watched: {why}", is_quiet=noted == 1)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._again.total_seconds())

    async def _watch(self, stop: asyncio.Event) -> None:
        """Watch the folder for as long as it is the one at the path: another may take its place."""
        await self._forget_others()
        folder = self._path.stat()
        await self._load(is_quiet=False)
        # What changes before awatch looks is seen when it first tells that nothing does.
        self._is_open = True
        # A reload between two changes of one save would see half of it: awatch waits for a pause.
        async for changes in awatch(
            self._path,
            stop_event=stop,
            yield_on_timeout=True,
            rust_timeout=round(self._again.total_seconds() * 1000),
        ):
            if changes or self._is_open:
                await self._load(is_quiet=not changes)
            now = self._path.stat()
            if (now.st_dev, now.st_ino) != (folder.st_dev, folder.st_ino):
                return

    async def _forget_others(self) -> None:
        # Those that were watched before, and the one to which a link led.
        try:
            await self._failed_loads.forget_others(self._path)
        except DatabaseUnavailableError:
            log.debug("other folders wait for the database")
        except Exception:
            log.exception("what other folders were refused for is not forgotten")

    async def _load(self, *, is_quiet: bool) -> None:
        try:
            reload = await self._corpus.reload(self._path, by=BY, at=self._clock(), announce=_warn)
        except CorpusInvalidError as error:
            more = len(error.problems) - 1
            is_noted = await self._refuse(error.problems[0], more=more, is_quiet=is_quiet)
            # It may be a file that somebody is still writing.
            self._is_open = not (is_quiet and is_noted)
            log.error(
                "the corpus stays as it was: %d problems in %s", len(error.problems), self._shown
            )
            for problem in error.problems[:_SHOWN]:
                log.error("%s", problem)
        except ConcurrentLoadError:
            # Most often by another process that watches the folder too.
            self._is_open = True
            log.info("another reload came first: %s is looked at once more", self._shown)
        except DatabaseUnavailableError:
            # Logged by the database, and not the folder's fault.
            self._is_open = True
        except ParleyError as error:
            await self._fail(str(error), is_quiet=is_quiet)
        except Exception:
            log.exception("loading %s", self._shown)
            await self._fail("cannot be loaded: the log says more", is_quiet=is_quiet)
        else:
            self._is_open = False
            if not reload.is_changed:
                log.info("nothing has changed in %s", self._shown)
                return
            log.info(
                "loaded revision %d: %d articles added, %d edited, %d removed",
                reload.revision.number,
                reload.added,
                reload.edited,
                reload.removed,
            )

    async def _fail(self, why: str, *, is_quiet: bool) -> bool:
        """Refuse the folder, as `_refuse` does, for what no document is to blame for."""
        # It may pass by itself.
        self._is_open = True
        path = PurePosixPath(showable(self._path.name))
        problem = Problem(path=path, line=None, message=showable(why))
        is_noted = await self._refuse(problem, more=0, is_quiet=is_quiet)
        log.error("the corpus stays as it was: %s: %s", self._shown, problem.message)
        return is_noted

    async def _refuse(self, problem: Problem, *, more: int, is_quiet: bool) -> bool:
        """Note what the folder is refused for; False where that fails, and nobody is told."""
        failed_load = FailedLoad(at=self._clock(), problem=problem, more=more)
        try:
            keepers = self._keepers if is_quiet else ()
            await self._failed_loads.note(self._path, failed_load, keepers=keepers)
        except DatabaseUnavailableError:
            return False
        except Exception:
            # Nothing that the database says may end the watching.
            log.exception("what was refused cannot be recorded")
            return False
        return True


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "its path is not UTF-8"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _warn(check: Check) -> None:
    for effect in check.effects:
        if effect.vanishing:
            log.warning(
                "%d of the next %d questions of %s vanish",
                effect.vanishing,
                effect.upcoming,
                effect.channel_id,
            )
