"""Extract possible names from one article.

Whether a capitalized word is a name depends on how the whole corpus writes the word. So this module
only collects the evidence of one article: runs of capitalized words, and lowercase words.
`catalogue` decides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from store.language.words import FUNCTION_WORDS, singular, words
from store.types import Article

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W\d_][^\W_]*(?:['’][^\W_]+)*")
_SENTENCE_ENDS = frozenset('.!?:"“‘(')
_POSSESSIVE = re.compile(r"['’]s?$")
WITHIN = frozenset({"of", "bin", "ibn", "al", "de", "del", "der", "den", "van", "von"})
"""Lowercase words that may be part of a name: Department of Justice, Ursula von der Leyen."""
_OBJECT_NEXT = frozenset(
    word for word, _ in words("a an the this that its his her their our how what whether")
)

Phrase: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a run of capitalized words."""

    word: str
    """Its normalized form."""
    spelling: str
    is_hyphened: bool
    """Whether a hyphen joins it to the word before."""
    is_possessive: bool
    is_capital: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Capitalized words in sequence, perhaps a name."""

    words: tuple[Word, ...]
    is_opening: bool
    """Whether it starts a sentence, where any word has a capital."""


@dataclass(slots=True)
class Mentions:
    """What one article mentions."""

    runs: list[Run] = field(default_factory=list)
    lowercase: list[str] = field(default_factory=list)
    """Its lowercase words without function words, with repetitions."""
    phrases: list[Phrase] = field(default_factory=list)
    """What the article may be about: single lowercase words, and pairs of adjacent ones."""
    verbs: list[str] = field(default_factory=list)
    """Lowercase words that are followed by an object, and so are probably verbs."""
    repeated: set[str] = field(default_factory=set)
    """Words in several of its texts, and so probably what it is about."""

    def openers(self) -> Iterator[Word]:
        """Yield the single words that start a sentence, where any word has a capital."""
        for run in self.runs:
            if run.is_opening and len(run.words) == 1:
                yield run.words[0]


def mentions(article: Article) -> Mentions:
    """Extract the mentions of *article*.

    The names in the headline are left out, because any word in it may have a capital.
    """
    found = Mentions()
    seen = {base(word) for word, _ in words(article.headline)}
    for text in (article.summary, article.insight, article.question):
        here = set(map(base, _read(text, found)))
        found.repeated |= seen & here
        seen |= here
    return found


@lru_cache(maxsize=200_000)
def base(word: str) -> str:
    """Return *word* without its ending: the singular and the plural of a noun are one topic."""
    return singular(word) if len(word) > 3 else word


def _read(text: str, found: Mentions) -> set[str]:
    """Add what *text* mentions to *found*; return the words of the text."""
    seen: set[str] = set()
    run: list[Word] = []
    waiting: list[Word] = []
    leading: list[Word] = []
    is_opening = False
    end = 0
    last = ""
    for token in _TOKEN.finditer(text):
        spelling, start = token[0], token.start()
        before = text[end:start]
        word = _normalize(spelling)
        is_first = not end or not _SENTENCE_ENDS.isdisjoint(before)
        end = token.end()
        if not word:
            continue
        seen.add(word)
        if spelling[0].isupper():
            current = Word(
                word,
                _POSSESSIVE.sub("", spelling),
                is_hyphened=before == "-",
                is_possessive=_POSSESSIVE.search(spelling) is not None,
                is_capital=True,
            )
            is_all_capitals = len(spelling) > 1 and spelling.isupper()
            if run and before in (" ", "-") and not run[-1].is_possessive and not is_first:
                run += [*waiting, current]
            else:
                if run:
                    found.runs.append(Run(tuple(run), is_opening))
                # "bin" belongs to "bin Laden" even without a first name before it.
                is_led = before == " " and not is_first
                run = [*leading, current] if is_led else [current]
                is_opening = is_first and not is_all_capitals
            waiting, leading, last = [], [], ""
            continue
        within = (
            Word(word, spelling, is_hyphened=False, is_possessive=False, is_capital=False)
            if word in WITHIN
            else None
        )
        leading = [within] if within and word != "of" else []
        if run and within and before == " " and len(waiting) < 2:
            waiting.append(within)
        elif run:
            found.runs.append(Run(tuple(run), is_opening))
            run, waiting = [], []
        last = _read_lowercase(spelling, word, last if before == " " else "", found)
    if run:
        found.runs.append(Run(tuple(run), is_opening))
    return seen


def _read_lowercase(spelling: str, word: str, last: str, found: Mentions) -> str:
    """Read a lowercase word after *last*; return the word that the next one may follow, or ""."""
    if word in FUNCTION_WORDS or word in WITHIN or len(word) < 3 or not spelling.isalpha():
        if last and word in _OBJECT_NEXT:
            found.verbs.append(last)
        return ""
    found.lowercase.append(word)
    found.phrases.append((word,))
    if last:
        found.phrases.append((last, word))
    return word


@lru_cache(maxsize=200_000)
def _normalize(spelling: str) -> str:
    return next((word for word, _ in words(spelling)), "")
