"""Read RSS, Atom and JSON Feed: each entry becomes an article with a headline and a summary."""

from collections.abc import Iterable, Iterator

from store.loading.documents.provenance import read_provenance
from store.loading.documents.source import MAX_TEXT, Source, Story, shorten, tidy
from store.parsing.child.entries import Entry
from store.text import well_formed

MAX_BYTES = 32 << 20
"""The maximum size of a file that is read as a whole."""


def stories(source: Source) -> Iterator[Story]:
    """Yield the entries of a feed, without markup and without a question."""
    data = source.read_all(max_bytes=MAX_BYTES)
    yield from from_rows(source, source.parse("feed", data, longest=MAX_TEXT))


def from_rows(source: Source, rows: Iterable[list[str]]) -> Iterator[Story]:
    """Yield the stories for the rows of a parsed feed, each an `Entry`.

    Adds warnings about what is left out of a story to *source*.
    """
    flaws: dict[str, list[str]] = {}
    for row in rows:
        entry = Entry(*(" ".join(tidy(well_formed(text)).split()) for text in row))
        headline, summary = entry.title or entry.text, entry.text or entry.title
        if not headline:
            continue
        mistakes: dict[str, str] = {}
        fields = {
            "url": entry.link,
            "publisher": entry.publisher,
            "published_at": entry.published or entry.updated,
            "guid": entry.guid,
        }
        given = ((name, text) for name, text in fields.items() if text)
        found = read_provenance(given, source.at, mistakes)
        for mistake in mistakes.values():
            flaws.setdefault(mistake, []).append(headline)
        yield Story(headline, summary, "", "", found)
    for flaw, headlines in flaws.items():
        more = f" (and {len(headlines) - 1:,} more times)" if len(headlines) > 1 else ""
        source.add_warning(None, f"the entry “{shorten(headlines[0])}” {flaw}{more}")
