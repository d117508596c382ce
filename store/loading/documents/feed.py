"""RSS and Atom feeds: every entry an article of a title and a summary, without a question."""

from collections.abc import Iterator

from store.loading.documents.source import MAX_TEXT, Source, Story, tidy
from store.parsing import ParsingError
from store.text import showable, well_formed

_MOST = 32 << 20
"""Bytes of a feed, which is read as a whole."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the entries of a feed, without their markup; they can be found, and are never asked."""
    data = source.whole(most=_MOST)
    if source.problems:
        return
    rows = source.parser.parse("feed", data, longest=MAX_TEXT)
    try:
        (name,) = map(_plain, next(rows))
    except ParsingError as error:
        source.problem(error.line, showable(str(error)))
        return
    place = 0
    for place, row in enumerate(rows, start=1):
        title, summary = map(_plain, row)
        if not title and not summary:
            source.problem(None, f"entry {place} has neither a title nor a summary")
            continue
        # A feed of headlines alone is a feed all the same.
        yield Story(title or name or "News", summary or title, "", "")
    if not place:
        source.problem(None, "is a feed without entries")


def _plain(text: str) -> str:
    return " ".join(tidy(well_formed(text)).split())
