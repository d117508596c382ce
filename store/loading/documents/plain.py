"""Read plain text: one headline, then a summary, an insight and a question for each article."""

from collections.abc import Iterator

from store.loading.documents.source import Source, Story, tidy

_PARTS = ("summary", "insight", "question")


def stories(source: Source) -> Iterator[Story]:
    """Yield the stories of a text document; blank lines, CRLF and a BOM are ignored."""
    lines = ((number, text) for number, line in source.lines() if (text := tidy(line)))
    first = next(lines, None)
    if first is None:
        if not source.problems:
            source.add_problem(None, "is empty: a document starts with its headline")
        return
    number, headline = first
    parts: list[tuple[int, str]] = []
    count = 0
    suspect: int | None = None
    """The first line in the place of a question that does not end with a question mark."""
    for at, text in lines:
        parts.append((at, text))
        if len(parts) < len(_PARTS):
            continue
        if suspect is None and not text.endswith("?"):
            suspect = at
        count += 1
        yield Story(headline, *(part for _, part in parts))
        parts = []
    if source.problems:
        return
    if parts:
        _add_incomplete(source, parts, suspect)
    elif not count:
        source.add_problem(number, "has a headline and no article below it")


def _add_incomplete(source: Source, parts: list[tuple[int, str]], suspect: int | None) -> None:
    has = " and ".join(_PARTS[: len(parts)])
    needs = " and ".join(f"no {part}" for part in _PARTS[len(parts) :])
    message = f"the last article has a {has}, but {needs}"
    if suspect:
        message += f"; the first line out of step may be line {suspect}, where a question is due"
    source.add_problem(parts[0][0], message)
