"""Read plain text: one headline, then a summary, an insight and a question for each article.

A document may begin with a header that says where its stories come from: lines such as
`url: https://example.org/talks`, with the names in `provenance.FIELDS`, and an empty line.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from typing import TypeAlias

from store.loading.documents.provenance import (
    FIELDS,
    NO_PROVENANCE,
    Provenance,
    read_provenance,
    unknown_fields,
)
from store.loading.documents.source import (
    Source,
    Story,
    also_on,
    shorten,
    tidy,
    value_of,
    with_article,
)
from store.parsing.child.markup import has_markup

_Lines: TypeAlias = Iterator[tuple[int, str]]

_PARTS = ("summary", "insight", "question")
_FIELD = re.compile(r"([A-Za-z][\w-]*)\s*:(?:\s+(.*))?")
_MOST_FIELDS = 20
"""The most lines of a header."""
_LABEL = re.compile(
    r"[\W_]*(headline|summary|insight|question)(?:[ \d*_]*:[*_\s]*(.*)|[*_\s]*)",
    re.IGNORECASE,
)
"""A line that begins with the name of its part, or holds nothing else."""
_GREEK = re.compile(r"[\u0386-\u03ff\u1f00-\u1fff]{2}")
_MARK = r"[?\u061f\u1367\u1945\u203d\u2753\u2754\u2e2e\ua60f\ua6f7]"
_WITHIN_WORD = "\u055e"
"""The question mark of Armenian."""
_ENDS_OF_SENTENCES = ".:\u0589"
_UNMARKED = r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]"
"""A character of Thai, Lao, Tibetan, Burmese or Khmer, which ask without a mark."""
_JAPANESE_END = "\u304b(?=[\u3002\u300d\u300f)]|$)"
"""The word that ends a question in Japanese, which needs no mark after it."""
# In an address, a mark stands before a letter. In Spanish, one stands before the question.
_ASKS = re.compile(
    rf"{_WITHIN_WORD}|\u00bf|{_MARK}(?![A-Za-z0-9_/&=%])|{_JAPANESE_END}|{_UNMARKED}"
)
_ANY_MARK = re.compile(_MARK)
_KANA = re.compile(r"[\u3040-\u30ff]")
"""A letter of Japanese, which may ask with other words than the usual one, and without a mark."""
_HALF = re.compile(r"[,;]$")
_HEADING = re.compile(r"#{1,6}\s|(\*\*|__)[^.!]*\1$")
"""A heading in Markdown."""
_MARKDOWN = re.compile(r"(?:#{1,6}|[-*+])\s")
_EXPECTED = (
    "a text file is a headline and then, for each story, a line for the summary, one for the"
    " insight and one for the question, without labels, separators or front matter"
)


def stories(source: Source) -> Iterator[Story]:
    """Yield the stories of a text document; blank lines, CRLF and a BOM are ignored."""
    every = ((number, text) for number, line in source.lines() if (text := tidy(line)))
    provenance, lines = _header(source, every)
    first = next(lines, None)
    if first is None:
        if not source.problems:
            source.add_problem(None, "is empty: a document starts with its headline")
        return
    number, headline = first
    order = _Order(source, number, headline)
    parts: list[tuple[int, str]] = []
    for line in lines:
        parts.append(line)
        if len(parts) == len(_PARTS):
            order.check(parts)
            summary, insight, question = (text for _, text in parts)
            yield Story(headline, summary, value_of(insight), value_of(question), provenance)
            parts = []
    if not source.problems:
        order.end(parts)


def _header(source: Source, lines: _Lines) -> tuple[Provenance, _Lines]:
    """Return what the header says, and the lines after it.

    The lines before the first empty line are a header if one of them is a field of it.
    """
    first, after = _first_lines(lines)
    fields = [(number, _FIELD.fullmatch(text)) for number, text in first]
    if not any(field and field[1].lower() in FIELDS for _, field in fields):
        return NO_PROVENANCE, chain(first, after, lines)
    values: dict[str, str] = {}
    numbers: dict[str, int] = {}
    unknown: list[str] = []
    mistakes: dict[str, str] = {}
    for number, field in fields:
        if not field:
            source.add_problem(number, "is no field of the header: an empty line ends a header")
            return NO_PROVENANCE, iter(())
        name = field[1].lower()
        if name in numbers:
            source.add_problem(number, f"has the field {name} twice")
            return NO_PROVENANCE, iter(())
        numbers[name] = number
        if name not in FIELDS:
            unknown.append(name)
        elif field[2]:
            values[name] = field[2]
    provenance = read_provenance(values.items(), source.at, mistakes)
    for name, mistake in mistakes.items():
        value = f": “{shorten(values[name])}”" if name == "published_at" else ""
        source.add_warning(numbers[name], f"{mistake}{value}")
    if unknown:
        source.add_warning(numbers[unknown[0]], unknown_fields(unknown, FIELDS))
    return provenance, chain(after, lines)


def _first_lines(lines: _Lines) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the lines that may be a header, and the line after them, if it was read."""
    first: list[tuple[int, str]] = []
    for number, text in lines:
        if first and (number > first[-1][0] + 1 or len(first) == _MOST_FIELDS):
            return first, [(number, text)]
        first.append((number, text))
    return first, []


class _Order:
    """Notices lines that cannot be the summary, insight or question whose place they have.

    Blank lines do not count, so one line too many or too few turns the summaries after it into
    questions.
    """

    def __init__(self, source: Source, number: int, headline: str) -> None:
        self._source = source
        self._headline = number, headline
        self._count = 0
        self._not_asking: list[tuple[int, str]] = []
        """The lines in the place of a question that do not ask."""
        self._labelled: list[tuple[int, str]] = []
        self._marked_up: list[tuple[int, str]] = []
        self._mistake: tuple[int, str] | None = None
        """The first line that shows that the file is out of step, and why."""
        self._first_suspect: tuple[int, str] | None = None
        """The first line that shows it unless its story is only written in an unusual way."""
        self._suspect: tuple[int, str] | None = None
        """Such a line in the story before."""
        self._check_words(number, headline, "headline")

    def check(self, parts: list[tuple[int, str]]) -> None:
        """Check the lines of one story."""
        self._count += 1
        self._check_words(*parts[0], "summary")
        lines = [*zip(_PARTS, parts, strict=True)]
        self._check_labels(lines if self._count > 1 else [("headline", self._headline), *lines])
        number, question = parts[-1]
        texts = [(at, text) for at, text in parts[:-1] if value_of(text)]
        asked = next((line for line in texts if _ends_asking(line[1])), None)
        if self._suspect and (asked or parts[0][1][0].islower()):
            self._note_mistake(*self._suspect)
        suspect = None
        if value_of(question) and not _asks(question):
            self._not_asking.append((number, question))
            suspect = self._suspicion(number, question, asked)
        if suspect and _HEADING.match(question) and any(_HEADING.match(one) for _, one in texts):
            self._note_mistake(*suspect)
        if suspect and self._suspect:
            self._note_mistake(*self._suspect)
        self._first_suspect = self._first_suspect or suspect
        self._suspect = suspect

    def _suspicion(
        self, number: int, question: str, asked: tuple[int, str] | None
    ) -> tuple[int, str] | None:
        """Return why *question* may be out of its place, which the next story shows, too."""
        why = f"“{shorten(question)}” is where a question is expected"
        if asked and not _KANA.search(question):
            return number, f"{why}, and the question “{shorten(asked[1])}” is on line {asked[0]}"
        if _HALF.search(_plain_marks(question)) or _HEADING.match(question):
            return number, why
        return None

    def end(self, rest: list[tuple[int, str]]) -> None:
        """Add what was noticed to the source; *rest* are the lines after the last whole story."""
        # No other story shows whether one alone is in step: a refusal does less harm.
        if self._first_suspect and (rest or self._count == 1):
            self._note_mistake(*self._first_suspect)
        if self._mistake:
            number, why = self._mistake
            self._source.add_problem(number, f"{why}: {_EXPECTED}")
        elif rest:
            self._add_incomplete(rest)
        elif not self._count:
            self._source.add_problem(self._headline[0], "has a headline and no article below it")
        self._warn("is where a question is expected, and does not ask one", self._not_asking)
        self._warn("begins with a label, which is shown with the text", self._labelled)
        self._warn("holds HTML or Markdown, which is shown as it is written", self._marked_up)

    def _check_words(self, number: int, text: str, part: str) -> None:
        if not (value_of(text) or any(map(str.isalnum, text))):
            self._note_mistake(
                number, f"“{shorten(text)}” is where {with_article(part)} is expected"
            )

    def _check_labels(self, lines: list[tuple[str, tuple[int, str]]]) -> None:
        """Check the labels in the *lines* of one story, each with its part.

        A text may begin with a word like a label: "Question 4: voters said no."
        """
        labels = {
            line: label
            for part, line in lines
            if (label := _LABEL.fullmatch(line[1])) and (part != "headline" or label[2] is not None)
        }
        names = {label[1].lower() for label in labels.values()}
        for part, line in lines:
            number, text = line
            if has_markup(text) or _MARKDOWN.match(text):
                self._marked_up.append(line)
            label = labels.get(line)
            if not label:
                continue
            if not label[2] or (label[1].lower() != part and len(names) > 1):
                what = with_article(part)
                self._note_mistake(
                    number, f"“{shorten(text)}” is where the text of {what} is expected"
                )
            else:
                self._labelled.append(line)

    def _note_mistake(self, number: int, why: str) -> None:
        self._mistake = self._mistake or (number, f"is out of step: {why}")

    def _add_incomplete(self, rest: list[tuple[int, str]]) -> None:
        has = " and ".join(_PARTS[: len(rest)])
        needs = " and ".join(f"no {part}" for part in _PARTS[len(rest) :])
        message = f"the last article has a {has}, but {needs}"
        if self._not_asking:
            suspect = self._not_asking[0][0]
            message += (
                f"; the first line out of step may be line {suspect}, where a question is due"
            )
        self._source.add_problem(rest[0][0], message)

    def _warn(self, what: str, lines: list[tuple[int, str]]) -> None:
        if lines:
            number, text = lines[0]
            also = also_on([number for number, _ in lines[1:]])
            self._source.add_warning(number, f"“{shorten(text)}” {what}{also}")


def _asks(text: str) -> bool:
    """Return whether a sentence of *text* is marked as a question, or cannot be marked as one."""
    return bool(_ASKS.search(_plain_marks(text)))


def _ends_asking(text: str) -> bool:
    """Return whether *text* ends with a question; quotes and brackets may follow its mark."""
    text = _plain_marks(text)
    end = next((at for at in range(len(text), 0, -1) if text[at - 1].isalnum()), 0)
    if _ANY_MARK.search(text, end):
        return True
    start = max(text.rfind(mark, 0, end) for mark in _ENDS_OF_SENTENCES)
    return _WITHIN_WORD in text[start + 1 :]


def _plain_marks(text: str) -> str:
    """Return *text* with "?" for the wide, the small, the double and the Greek question mark."""
    text = unicodedata.normalize("NFKC", text)
    return text.replace(";", "?") if ";" in text and _GREEK.search(text) else text
