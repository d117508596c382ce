"""Read RSS and Atom feeds: each entry becomes an article with a headline and a summary."""

from collections.abc import Iterator

from store.loading.documents.source import MAX_TEXT, Source, Story, tidy
from store.parsing import ParsingError
from store.text import showable, well_formed

_MAX_BYTES = 32 << 20
"""The maximum size of a feed, because it is read as a whole."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the entries of a feed, without markup and without a question."""
    data = source.read_all(max_bytes=_MAX_BYTES)
    if source.problems:
        return
    rows = source.parser.parse("feed", data, longest=MAX_TEXT)
    try:
        (name,) = map(_plain, next(rows))
    except ParsingError as error:
        source.add_problem(error.line, showable(str(error)))
        return
    count = 0
    for count, row in enumerate(rows, start=1):
        title, summary = map(_plain, row)
        if not title and not summary:
            source.add_problem(None, f"entry {count} has neither a title nor a summary")
            continue
        # Some feeds have only titles.
        yield Story(title or name or "News", summary or title, "", "")
    if not count:
        source.add_problem(None, "is a feed without entries")


def _plain(text: str) -> str:
    return " ".join(tidy(well_formed(text)).split())
