"""Plain text: the first line is the headline, then come a summary, an insight and a question."""

from collections.abc import Iterator

from store.loading.documents.source import Source, Story, tidy

_PARTS = ("summary", "insight", "question")


def stories(source: Source) -> Iterator[Story]:
    """Yield the stories of a text document; blank lines, CRLF and a BOM do not count."""
    lines = ((number, text) for number, line in source.lines() if (text := tidy(line)))
    first = next(lines, None)
    if first is None:
        if not source.problems:
            source.problem(None, "is empty: a document starts with its headline")
        return
    number, headline = first
    waiting: list[tuple[int, str]] = []
    count = 0
    odd: int | None = None
    for at, text in lines:
        waiting.append((at, text))
        if len(waiting) < len(_PARTS):
            continue
        if odd is None and not text.endswith("?"):
            odd = at
        count += 1
        yield Story(headline, *(part for _, part in waiting))
        waiting = []
    if source.problems:
        return
    if waiting:
        _incomplete(source, waiting, odd)
    elif not count:
        source.problem(number, "has a headline and no article below it")


def _incomplete(source: Source, waiting: list[tuple[int, str]], odd: int | None) -> None:
    left = len(waiting)
    has = " and ".join(_PARTS[:left])
    needs = " and ".join(f"no {part}" for part in _PARTS[left:])
    message = f"the last article has a {has}, but {needs}"
    if odd:
        message += f"; the first line out of step may be line {odd}, where a question is due"
    source.problem(waiting[0][0], message)
