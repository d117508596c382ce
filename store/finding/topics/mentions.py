"""Mentions: what one article names, read once and on its own.

Whether a word with a capital is a name depends on how the whole corpus writes it, so an article
yields what it can tell alone: its runs of capitals, and the small words that say otherwise.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from store.finding.words import FUNCTION_WORDS, words
from store.types import Article

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W\d_][^\W_]*(?:['’][^\W_]+)*")
_SENTENCE_ENDS = frozenset('.!?:"“‘(')
_POSSESSIVE = re.compile(r"['’]s?$")
WITHIN = frozenset({"of", "bin", "ibn", "al", "de", "del", "der", "den", "van", "von"})
"""Small words that may stand inside a name: Department of Justice, Ursula von der Leyen."""
_OBJECT_NEXT = frozenset(
    word for word, _ in words("a an the this that its his her their our how what whether")
)

Phrase: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a run of capitals."""

    word: str
    spelt: str
    is_hyphened: bool
    """Whether a hyphen joins it to the one before."""
    is_possessive: bool
    is_capital: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Words with capitals side by side, perhaps a name."""

    words: tuple[Word, ...]
    is_opening: bool
    """Whether it opens a sentence, where any word has a capital."""


@dataclass(slots=True)
class Mentions:
    """What one article mentions."""

    runs: list[Run] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    """Its words without a capital, function words left out, as often as they are used."""
    phrases: list[Phrase] = field(default_factory=list)
    """Small words that may be what an article is about: alone, and each pair side by side."""
    doing: list[str] = field(default_factory=list)
    """Small words with an object after them, which tells verbs."""


def mentions(article: Article) -> Mentions:
    """Read what *article* mentions; its headline is left out, where any word may have a capital."""
    found = Mentions()
    for text in (article.summary, article.insight, article.question):
        _read(text, found)
    return found


def _read(text: str, found: Mentions) -> None:
    run: list[Word] = []
    waiting: list[Word] = []
    leading: list[Word] = []
    is_opening = False
    end = 0
    last = ""
    for token in _TOKEN.finditer(text):
        spelt, start = token[0], token.start()
        before = text[end:start]
        word = _comparable(spelt)
        is_first = not end or not _SENTENCE_ENDS.isdisjoint(before)
        end = token.end()
        if not word:
            continue
        if spelt[0].isupper():
            one = Word(
                word,
                _POSSESSIVE.sub("", spelt),
                is_hyphened=before == "-",
                is_possessive=_POSSESSIVE.search(spelt) is not None,
                is_capital=True,
            )
            is_shout = len(spelt) > 1 and spelt.isupper()
            if run and before in (" ", "-") and not run[-1].is_possessive and not is_first:
                run += [*waiting, one]
            else:
                if run:
                    found.runs.append(Run(tuple(run), is_opening))
                # The bin of bin Laden is a part of his name even where that stands alone.
                is_led = before == " " and not is_first
                run = [*leading, one] if is_led else [one]
                is_opening = is_first and not is_shout
            waiting, leading, last = [], [], ""
            continue
        within = (
            Word(word, spelt, is_hyphened=False, is_possessive=False, is_capital=False)
            if word in WITHIN
            else None
        )
        leading = [within] if within and word != "of" else []
        if run and within and before == " " and len(waiting) < 2:
            waiting.append(within)
        elif run:
            found.runs.append(Run(tuple(run), is_opening))
            run, waiting = [], []
        if word in FUNCTION_WORDS or word in WITHIN or len(word) < 3 or not spelt.isalpha():
            if last and before == " " and word in _OBJECT_NEXT:
                found.doing.append(last)
            last = ""
            continue
        found.small.append(word)
        found.phrases.append((word,))
        if last and before == " ":
            found.phrases.append((last, word))
        last = word
    if run:
        found.runs.append(Run(tuple(run), is_opening))


@lru_cache(maxsize=200_000)
def _comparable(spelt: str) -> str:
    return next((word for word, _ in words(spelt)), "")
