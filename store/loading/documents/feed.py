"""Read RSS, Atom and JSON Feed: each entry becomes an article with a headline and a summary."""

from collections.abc import Iterable, Iterator

from store.loading.documents.source import MAX_TEXT, Source, Story, tidy
from store.text import well_formed

MAX_BYTES = 32 << 20
"""The maximum size of a file that is read as a whole."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the entries of a feed, without markup and without a question."""
    data = source.read_all(max_bytes=MAX_BYTES)
    yield from from_rows(source.parse("feed", data, longest=MAX_TEXT))


def from_rows(rows: Iterable[list[str]]) -> Iterator[Story]:
    """Yield the stories for the rows of a parsed feed: a headline and a text each."""
    for row in rows:
        headline, summary = (" ".join(tidy(well_formed(text)).split()) for text in row)
        if headline or summary:
            yield Story(headline or summary, summary or headline, "", "")
