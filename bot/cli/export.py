"""`python -m bot export`: write the stories to a file, or print what is stored about somebody."""

import argparse
import csv
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TextIO

from bot.cli import personal_data
from bot.cli.context import command_store
from bot.cli.terminal import complain, say
from handlers.views.message import counted
from store.loading.documents.records import RECORD_FIELDS, to_record
from store.types import Article, ParleyError


async def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write the stories with --stories, or else print what is stored about TEAM[:USER]."""
    file = arguments.stories
    if (file is None) == (arguments.who is None):
        complain("Name either TEAM[:USER], or --stories and a file: python -m bot export --help")
        return 2
    if file is None:
        return await personal_data.export(arguments, environ)
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        complain(f"{file} must be named *{' or *'.join(_WRITERS)}, which says its format.")
        return 2
    async with command_store(environ, is_looking=True) as store:
        try:
            # Spreadsheets need the byte order mark to read UTF-8.
            encoding = "utf-8-sig" if writer is _csv else "utf-8"
            with file.open("x", encoding=encoding, newline="") as opened:
                stories = await _write(store.corpus.stories(), writer(opened))
        except FileExistsError:
            complain(f"{file} exists already: name a new file.")
            return 2
        except OSError as error:
            raise ParleyError(f"{file} cannot be written: {error.strerror}.") from error
    say(f"Wrote {counted(stories, 'story')} to {file}, with the questions that admins wrote.")
    return 0


async def _write(
    batches: AsyncIterator[Iterable[Article]], write: Callable[[Mapping[str, str]], object]
) -> int:
    stories = 0
    async for batch in batches:
        for article in batch:
            write(to_record(article))
            stories += 1
    return stories


def _json_lines(file: TextIO) -> Callable[[Mapping[str, str]], object]:
    def write(record: Mapping[str, str]) -> None:
        given = {name: text for name, text in record.items() if text}
        file.write(f"{json.dumps(given, ensure_ascii=False)}\n")

    return write


def _csv(file: TextIO) -> Callable[[Mapping[str, str]], object]:
    writer = csv.DictWriter(file, RECORD_FIELDS)
    writer.writeheader()

    def write(record: Mapping[str, str]) -> None:
        # A spreadsheet would run a cell that begins like a formula, and the news are not ours. The
        # blank is left out when the file is loaded.
        safe = {name: f" {text}" if text[:1] in _FORMULA else text for name, text in record.items()}
        writer.writerow(safe)

    return write


_FORMULA = tuple("=+-@")
_WRITERS = {".jsonl": _json_lines, ".csv": _csv}
