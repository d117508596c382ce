"""Reload the corpus folder whenever it changes."""

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
from store.types import (
    ConcurrentLoadError,
    CorpusInvalidError,
    FailedLoad,
    ParleyError,
    Problem,
    TeamId,
    UserId,
)

log = logging.getLogger(__name__)

BY = "folder"
"""The value of `loaded_by` for revisions loaded by watching."""
_MOST_PROBLEMS = 10
_AGAIN = timedelta(minutes=1)


class WatchedFolder:
    """The corpus folder, loaded at the start and after every change in it.

    A load that fails, or that leaves out files with problems, is recorded. If that has not changed
    once the folder has stopped changing, the admins who may change the corpus are notified.
    """

    def __init__(
        self,
        store: Store,
        path: Path,
        *,
        admins: Sequence[tuple[TeamId, UserId]],
        clock: Callable[[], datetime],
        again: timedelta = _AGAIN,
    ) -> None:
        """*admins* are notified (team id, user id); *again* is the wait before a retry."""
        self._loads = store.loads
        self._failed_loads = store.failed_loads
        self._path = path
        self._shown = showable(str(path))
        self._admins = admins
        self._clock = clock
        self._again = again
        self._must_retry = True
        """Whether to load again although nothing has changed."""

    async def watch(self, stop: asyncio.Event) -> None:
        """Load the folder whenever it changes, until *stop* is set."""
        failures = 0
        while not stop.is_set():
            try:
                await self._watch(stop)
                failures = 0
            except (OSError, RuntimeError, UnicodeError) as error:
                why = _why(error)
                # Notify at the second failure only: a load that succeeds in between deletes the
                # record, so every later failure would be notified again.
                failures += await self._fail(f"cannot be watched: {why}", is_quiet=failures == 1)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._again.total_seconds())

    async def _watch(self, stop: asyncio.Event) -> None:
        """Watch the folder until another folder takes its place at the path."""
        await self._forget_other_folders()
        folder = self._path.stat()
        await self._load(is_quiet=False)
        # Changes before awatch starts are noticed at its first timeout.
        self._must_retry = True
        # awatch waits for a pause in the changes, so that no half-saved file is loaded.
        async for changes in awatch(
            self._path,
            stop_event=stop,
            yield_on_timeout=True,
            rust_timeout=round(self._again.total_seconds() * 1000),
        ):
            if changes or self._must_retry:
                await self._load(is_quiet=not changes)
            now = self._path.stat()
            if (now.st_dev, now.st_ino) != (folder.st_dev, folder.st_ino):
                return

    async def _forget_other_folders(self) -> None:
        # The folders watched earlier, and the earlier target of a symbolic link.
        try:
            await self._failed_loads.forget_others(self._path)
        except DatabaseUnavailableError:
            log.debug("failed loads of other folders stay until the database answers")
        except Exception:
            log.exception("failed loads of other folders could not be deleted")

    async def _load(self, *, is_quiet: bool) -> None:
        try:
            reload = await self._loads.reload(self._path, by=BY, at=self._clock(), announce=_warn)
        except CorpusInvalidError as error:
            await self._record_problems(error.problems, is_quiet=is_quiet)
        except ConcurrentLoadError:
            # Most often by another process that watches the same folder.
            self._must_retry = True
            log.info("another reload came first: loading %s again", self._shown)
        except DatabaseUnavailableError:
            # The database logs its own outage; the folder is not at fault.
            self._must_retry = True
        except ParleyError as error:
            await self._fail(str(error), is_quiet=is_quiet)
        except Exception:
            log.exception("loading %s", self._shown)
            await self._fail("cannot be loaded: the log says more", is_quiet=is_quiet)
        else:
            self._must_retry = False
            if reload.is_changed:
                revision = reload.revision
                log.info("loaded revision %d (articles: %s)", revision.number, revision.changes)
            else:
                log.info("nothing has changed in %s", self._shown)
            for warning in reload.warnings[:_MOST_PROBLEMS]:
                log.warning("%s", warning)
            if reload.problems:
                await self._record_problems(reload.problems, is_quiet=is_quiet)

    async def _record_problems(self, problems: Sequence[Problem], *, is_quiet: bool) -> None:
        """Record and log why files of the folder were not loaded."""
        more = len(problems) - 1
        is_recorded = await self._record_failure(problems[0], more=more, is_quiet=is_quiet)
        # Somebody may still be writing a file: load again until the folder is quiet and the
        # problems are recorded.
        self._must_retry = not (is_quiet and is_recorded)
        log.error("%d problems in %s; these files stay as they were:", len(problems), self._shown)
        for problem in problems[:_MOST_PROBLEMS]:
            log.error("%s", problem)

    async def _fail(self, why: str, *, is_quiet: bool) -> bool:
        """Record a failed load that no document caused, as `_record_failure` does."""
        # The cause may pass by itself.
        self._must_retry = True
        path = PurePosixPath(showable(self._path.name))
        problem = Problem(path=path, line=None, message=showable(why))
        is_recorded = await self._record_failure(problem, more=0, is_quiet=is_quiet)
        log.error("the corpus stays as it was: %s: %s", self._shown, problem.message)
        return is_recorded

    async def _record_failure(self, problem: Problem, *, more: int, is_quiet: bool) -> bool:
        """Record a failed load, and notify the admins if *is_quiet*; False if that fails."""
        failed_load = FailedLoad(at=self._clock(), problem=problem, more=more)
        try:
            admins = self._admins if is_quiet else ()
            await self._failed_loads.note(self._path, failed_load, admins=admins)
        except DatabaseUnavailableError:
            return False
        except Exception:
            # No database error may end the watching.
            log.exception("a failed load cannot be recorded")
            return False
        return True


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "its path is not UTF-8"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


async def _warn(check: Check) -> None:
    for effect in check.effects:
        if effect.vanishing:
            log.warning(
                "%d of the next %d questions of %s vanish",
                effect.vanishing,
                effect.upcoming,
                effect.channel_id,
            )
