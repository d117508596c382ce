"""Expand each word of a query to the words of the corpus that it may stand for."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from typing import Literal, TypeAlias

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.finding.countries import relatives
from store.finding.words import FUNCTION_WORDS, is_english, stem

Expansion: TypeAlias = tuple[str, ...]
"""What a query word may stand for: a word of the corpus, or several that form one name or word."""
Expansions: TypeAlias = dict[Expansion, float]
"""The expansions of a query word, each with its similarity: above 0, at most 1."""

SAME_STEM = 0.93
JOINED = 0.95
SPLIT = 0.95
PREFIX = 0.93
"""Similarity of a word that starts with the last query word, if that is probably incomplete."""
PREFIX_OF_WORD = 0.6
"""The same, if the query word is complete or not the last."""
PER_EDIT = 0.12
WRONG_FIRST_LETTER = 0.15
_PER_LETTER = 0.01

_LONGEST = 40
"""Letters. Misspellings of longer words are not looked for, to limit the cost of a query."""
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_MAX_EXPANSIONS = 32
"""Per query word: in a large corpus, thousands of words may start with "pro"."""


class Vocabulary:
    """The words of a corpus, arranged to find those that resemble a query word."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        """Build a vocabulary of words, each with the number of articles that contain it."""
        counted = sorted(words)
        self._words = [word for word, _ in counted]
        self._counts = np.array([count for _, count in counted], dtype=np.uint32)
        self._lengths = np.fromiter(map(len, self._words), np.int16, len(counted))
        self._letters = np.fromiter(map(_letters, self._words), np.uint64, len(counted))
        # Hashes, because the stems themselves would need as much memory as the words.
        hashes = np.fromiter((hash(stem(word)) for word in self._words), np.int64, len(counted))
        self._by_stem = np.argsort(hashes, kind="stable").astype(np.int32)
        self._stems = hashes[self._by_stem]

    def __contains__(self, word: str) -> bool:
        """Return whether the corpus contains exactly *word*."""
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    @property
    def counted(self) -> Iterator[tuple[str, int]]:
        """Yield each word with the number of articles that contain it, sorted by word."""
        return zip(self._words, self._counts.tolist(), strict=True)

    def count(self, word: str) -> int:
        """Return how many articles contain exactly *word*."""
        at = bisect_left(self._words, word)
        is_known = at < len(self._words) and self._words[at] == word
        return int(self._counts[at]) if is_known else 0

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self._words)

    def expand(self, query_words: Sequence[str]) -> list[Expansions]:
        """Return the best expansions of each word of a query, in the order of the words."""
        last = len(query_words) - 1
        expanded = [self._expand(word, is_last=False) for word in query_words[:-1]]
        # A query of one or two letters could be the start of anything.
        expanded += [
            self._expand(word, is_last=last > 0 or len(word) > 2) for word in query_words[-1:]
        ]
        for at in range(last):
            for joined, similarity in self._joined(query_words[at], query_words[at + 1]).items():
                for expansions in expanded[at : at + 2]:
                    expansions[joined] = max(similarity, expansions.get(joined, 0.0))
        for span, found in relatives(query_words):
            for name, similarity in found.items():
                if all(word in self for word in name):
                    for expansions in expanded[span]:
                        expansions[name] = max(similarity, expansions.get(name, 0.0))
        return [_best(expansions) for expansions in expanded]

    def _expand(self, word: str, *, is_last: bool) -> Expansions:
        expansions: Expansions = {}
        if word in FUNCTION_WORDS and not is_last:
            return expansions
        if has_digit(word):
            return self._exact(word)
        # From the smallest similarity to the largest: later assignments replace earlier ones.
        is_known = word in self
        same_stem = self._with_stem(stem(word))
        has_match = is_known or bool(same_stem)
        is_whole = has_match or is_english(word)
        may_be_misspelled = not is_english(word) and word not in FUNCTION_WORDS
        if is_last or (may_be_misspelled and len(word) > 3):
            similarity = PREFIX if is_last and not is_whole else PREFIX_OF_WORD
            expansions.update(((other,), similarity) for other in self._starting(word))
        if may_be_misspelled and len(word) <= _LONGEST:
            for other, similarity in self._misspelled(word, far=not has_match):
                expansions[other,] = max(similarity, expansions.get((other,), 0.0))
            if not has_match:
                expansions.update((halves, SPLIT) for halves in self._halves(word))
        expansions.update(((other,), SAME_STEM) for other in same_stem)
        if is_known:
            expansions[word,] = 1.0
        return expansions

    def _exact(self, word: str) -> Expansions:
        """Return the words that contain the same numbers as *word*: digits are no typos."""
        expansions: Expansions = {
            (other,): PREFIX
            for other in self._starting(word)
            if not (word[-1].isdigit() and other[len(word) : len(word) + 1].isdigit())
        }
        if word in self:
            expansions[word,] = 1.0
        return expansions

    def _range(self, start: str) -> tuple[int, int]:
        """Return the range of the words that begin with *start*."""
        return bisect_left(self._words, start), bisect_left(self._words, start + "\U0010ffff")

    def _starting(self, word: str) -> list[str]:
        low, high = self._range(word)
        if high - low <= _MAX_EXPANSIONS:
            return self._words[low:high]
        commonest = np.argpartition(self._counts[low:high], -_MAX_EXPANSIONS)[-_MAX_EXPANSIONS:]
        return [self._words[low + at] for at in sorted(commonest.tolist())]

    def _with_stem(self, of: str) -> list[str]:
        low, high = (int(np.searchsorted(self._stems, hash(of), side)) for side in _SIDES)
        words = (self._words[at] for at in self._by_stem[low:high].tolist())
        return [word for word in words if stem(word) == of]

    def _halves(self, word: str) -> Iterator[Expansion]:
        for at in range(3, len(word) - 2):
            if word[:at] in self and word[at:] in self:
                yield word[:at], word[at:]

    def _joined(self, left: str, right: str) -> Expansions:
        word = left + right
        if len(word) > _LONGEST:
            return {}
        forms = self._with_stem(stem(word))
        if forms:
            return {(form,): JOINED for form in forms}
        if len(word) < 8 or is_english(word) or (left in self and right in self):
            return {}
        return {
            (other,): similarity * JOINED
            for other, similarity in self._misspelled(word, far=False, edits=1)
        }

    def _misspelled(
        self, word: str, *, far: bool, edits: int | None = None
    ) -> Iterator[tuple[str, float]]:
        """Yield words a few edits away; if *far*, also words with another first letter."""
        length = len(word)
        edits = _edits(length) if edits is None else edits
        if not edits:
            return
        # Typos that keep the length win ties: "Marcon" is Macron rather than Marco.
        # An edit costs less in a long word, but the cost falls more slowly than the length grows.
        cost = PER_EDIT * (8 / max(length, 5)) ** 0.5
        nearest = edits + 1
        for other, distance in self._within(edits, word, *self._range(word[0])):
            nearest = min(nearest, distance)
            yield other, 1 - cost * distance - _PER_LETTER * abs(len(other) - length)
        if not far or nearest <= 1:
            return
        for other, distance in self._within(edits, word, 0, len(self._words)):
            if other[0] != word[0]:
                yield other, 1 - cost * distance - WRONG_FIRST_LETTER

    def _within(self, edits: int, word: str, low: int, high: int) -> Iterator[tuple[str, int]]:
        """Yield the words from *low* to *high* that are at most *edits* away, with the distance.

        An edit changes the length of a word by at most one and its letter mask by at most two bits.
        Only the few words within these limits are compared letter by letter.
        """
        near = np.abs(self._lengths[low:high] - len(word)) <= edits
        near &= np.bitwise_count(self._letters[low:high] ^ _letters(word)) <= 2 * edits
        others = [self._words[at] for at in (np.flatnonzero(near) + low).tolist()]
        for other, distance, _ in process.extract(
            word, others, scorer=OSA.distance, score_cutoff=edits, limit=None
        ):
            if not has_digit(other):
                yield other, int(distance)


def has_digit(word: str) -> bool:
    """Return whether *word* is a number or a code."""
    return any(map(str.isdigit, word))


def _edits(length: int) -> int:
    if length < 4:
        return 0
    return 1 if length < 6 else 2 if length <= 10 else 3


def _letters(word: str) -> np.uint64:
    """Return a mask with a bit for each letter of *word*, and another for a repeated letter."""
    bits = 0
    for letter in word:
        bit = 1 << ord(letter) % 32
        bits |= bit << 32 if bits & bit else bit
    return np.uint64(bits)


def _best(expansions: Expansions) -> Expansions:
    if len(expansions) <= _MAX_EXPANSIONS:
        return expansions
    return dict(nlargest(_MAX_EXPANSIONS, expansions.items(), key=lambda pair: pair[1]))
