"""The commands that load, check and restore the corpus."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.cli.channel_names import channel_names
from bot.cli.context import EX_CONFIG, EX_DATAERR, command_settings, command_store
from bot.cli.load_report import (
    format_check,
    format_notes,
    format_revision,
    format_warnings,
    listed_effects,
)
from bot.cli.progress_bar import show_progress
from bot.cli.terminal import complain, say
from bot.clock import system_clock
from bot.settings import SAMPLES
from handlers.views import preview
from handlers.views.message import counted, sized
from store import Store, open_store, samples
from store.posting.holidays import read_holidays
from store.types import FOLDER, CorpusInvalidError, ParleyError, Problem


async def load(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Load a folder of documents, a calendar of holidays, or both."""
    settings = command_settings(environ)
    async with open_store(settings.database_url) as store:
        if arguments.holidays:
            await _load_holidays(store, arguments.holidays)
        if arguments.path or not arguments.holidays:
            return await _load_corpus(store, arguments.path or settings.corpus_dir)
    return 0


async def _load_corpus(store: Store, path: Path) -> int:
    """Load the folder at *path*, and return the exit code."""
    if not await asyncio.to_thread(path.exists):
        raise ParleyError(f"Nothing was loaded: there is no file or folder {path}.")
    try:
        async with show_progress() as progress:
            reload = await store.loads.reload(
                path, by="terminal", at=system_clock(), progress=progress, finishes=False
            )
    except CorpusInvalidError:
        complain(f"Nothing was loaded, because of problems in {path}:")
        raise
    revision = reload.revision
    done = "Loaded" if reload.is_changed else "Nothing has changed:"
    changes = f", {revision.changes}" if reload.is_changed else ""
    say(
        f"{done} {sized(reload.documents, reload.articles)} from {path}:"
        f" revision {revision.number}{changes}."
    )
    for line in format_notes(reload):
        say(line)
    for line in format_warnings(reload.warnings):
        complain(line)
    if samples.are_loaded(revision):
        complain(f"Warning: these are {SAMPLES}.")
    code = _complain_of_files(reload.problems)
    await _finish(store)
    return code


async def _finish(store: Store) -> None:
    """Do what follows a load or an undo that was reported; it may take minutes."""
    try:
        async with show_progress() as progress:
            await store.revisions.finish(progress)
    except asyncio.CancelledError:
        complain(
            "Interrupted: the stories are loaded, but their topics are not up to date. The next"
            " start or load updates them."
        )
        raise


async def _load_holidays(store: Store, path: Path) -> None:
    file = read_holidays(path, today=system_clock().date())
    holidays = file.holidays
    await store.holidays.replace(holidays)
    first, last = holidays[0], holidays[-1]
    say(
        f"No posts on {counted(len(holidays), 'date')} from {path}, in the place of those before:"
        f" the first is {first.due_on} ({first.name}), the last {last.due_on} ({last.name})."
    )
    for line in format_warnings(file.warnings):
        complain(line)


async def undo(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Restore the previous corpus, or a given revision."""
    async with command_store(environ) as store:
        async with show_progress() as progress:
            revision = await store.loads.undo(
                by="terminal",
                at=system_clock(),
                number=arguments.revision,
                progress=progress,
                finishes=False,
            )
        say(format_revision(revision))
        if revision.story:
            return 0
        if untouched := preview.untouched(revision, await store.sources.stories()):
            say(untouched)
        if revision.source != FOLDER:
            say(
                "Its feed is paused, because the next poll would bring the same again:"
                f" `python -m bot sources resume {revision.source}` polls it again."
            )
        await _finish(store)
    return 0


async def history(_: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the latest revisions."""
    async with command_store(environ, is_looking=True) as store:
        revisions = await store.loads.history(20)
        for revision in revisions:
            say(format_revision(revision))
        if not revisions:
            say("Nothing has been loaded yet: python -m bot load PATH")
    return 0


async def check(path: Path, environ: Mapping[str, str]) -> int:
    """Print what loading the folder *path* would change, and return the exit code."""
    settings = command_settings(environ)
    url = settings.database_url
    async with open_store(url, is_looking=True) as store, show_progress() as progress:
        try:
            checked = await store.loads.check(path, at=system_clock(), progress=progress)
        except CorpusInvalidError as error:
            complain(str(error))
            return EX_CONFIG
        channels = [(effect.team_id, effect.channel_id) for effect in listed_effects(checked)]
        names = await channel_names(channels, settings, store.installations)
    for line in format_check(checked, names):
        say(line)
    return _complain_of_files(checked.problems)


def _complain_of_files(problems: Sequence[Problem]) -> int:
    """Print the problems of files that are not loaded, and return the exit code."""
    if not problems:
        return 0
    complain("Not loaded (such a file keeps the stories that it had):")
    for problem in problems:
        complain(str(problem))
    return EX_DATAERR
