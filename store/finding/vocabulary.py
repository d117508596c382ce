"""The vocabulary: which of the corpus's words a typed word may mean, and how likely."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from typing import Literal, TypeAlias

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.finding.countries import relatives
from store.finding.words import FUNCTION_WORDS, is_english, stem

Reading: TypeAlias = tuple[str, ...]
"""What a typed word may stand for: one word of the corpus, or two that were typed as one."""
Readings: TypeAlias = dict[Reading, float]
"""Each reading with its likeness to what was typed, above 0 and at most 1."""

SAME_STEM = 0.93
JOINED = 0.95
SPLIT = 0.95
PREFIX = 0.93
"""Of a last word that is probably still being typed."""
PREFIX_OF_WORD = 0.6
"""Of a word that is whole as it stands, or not the last."""
PER_EDIT = 0.12
WRONG_FIRST_LETTER = 0.15
_PER_LETTER = 0.01

_LONGEST = 40
"""Letters; longer words are matched as they are, so that no query costs more than a few words."""
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_READINGS = 32
"""How many a typed word may have: in a large corpus, "pro" could be the start of thousands."""


class Vocabulary:
    """The words of a corpus, arranged for finding those that resemble a typed one."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        """Take each word with the number of articles that hold it."""
        counted = sorted(words)
        self._words = [word for word, _ in counted]
        self._counts = np.array([count for _, count in counted], dtype=np.uint32)
        self._lengths = np.fromiter(map(len, self._words), np.int16, len(counted))
        self._letters = np.fromiter(map(_letters, self._words), np.uint64, len(counted))
        # Hashes, and not the stems themselves, which would take as much memory as the words.
        hashes = np.fromiter((hash(stem(word)) for word in self._words), np.int64, len(counted))
        self._by_stem = np.argsort(hashes, kind="stable").astype(np.int32)
        self._stems = hashes[self._by_stem]

    def __contains__(self, word: str) -> bool:
        """Tell whether the corpus holds *word* as it is."""
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    @property
    def words(self) -> Sequence[str]:
        """Give every word, in their order."""
        return self._words

    def count(self, word: str) -> int:
        """Give how many articles hold *word* as it is."""
        at = bisect_left(self._words, word)
        is_there = at < len(self._words) and self._words[at] == word
        return int(self._counts[at]) if is_there else 0

    def __len__(self) -> int:
        """Count the words."""
        return len(self._words)

    def readings(self, typed: Sequence[str]) -> list[Readings]:
        """Give the likeliest readings of each word of a query, in its order."""
        last = len(typed) - 1
        each = [self._read(word, is_last=False) for word in typed[:-1]]
        # Alone, one or two letters could be the start of anything.
        each += [self._read(word, is_last=last > 0 or len(word) > 2) for word in typed[-1:]]
        for at in range(last):
            for reading, likeness in self._joined(typed[at], typed[at + 1]).items():
                for readings in each[at : at + 2]:
                    readings[reading] = max(likeness, readings.get(reading, 0.0))
        for span, found in relatives(typed):
            for name, likeness in found.items():
                if all(word in self for word in name):
                    for readings in each[span]:
                        readings[name] = max(likeness, readings.get(name, 0.0))
        return [_likeliest(readings) for readings in each]

    def _read(self, word: str, *, is_last: bool) -> Readings:
        readings: Readings = {}
        if word in FUNCTION_WORDS and not is_last:
            return readings
        # From the least likely to the most, so that the best likeness of a word is what stays.
        is_known = word in self
        same_stem = self._with_stem(stem(word))
        is_there = is_known or bool(same_stem)
        is_whole = is_there or is_english(word)
        may_be_misspelt = not is_english(word) and word not in FUNCTION_WORDS
        if is_last or (may_be_misspelt and len(word) > 3):
            likeness = PREFIX if is_last and not is_whole else PREFIX_OF_WORD
            readings.update(((other,), likeness) for other in self._starting(word))
        if may_be_misspelt and len(word) <= _LONGEST:
            for other, likeness in self._misspelt(word, far=not is_there):
                readings[other,] = max(likeness, readings.get((other,), 0.0))
            if not is_there:
                readings.update((halves, SPLIT) for halves in self._halves(word))
        readings.update(((other,), SAME_STEM) for other in same_stem)
        if is_known:
            readings[word,] = 1.0
        return readings

    def _range(self, start: str) -> tuple[int, int]:
        """Give where the words that begin with *start* are."""
        return bisect_left(self._words, start), bisect_left(self._words, start + "\U0010ffff")

    def _starting(self, word: str) -> list[str]:
        low, high = self._range(word)
        if high - low <= _READINGS:
            return self._words[low:high]
        commonest = np.argpartition(self._counts[low:high], -_READINGS)[-_READINGS:]
        return [self._words[low + at] for at in sorted(commonest.tolist())]

    def _with_stem(self, of: str) -> list[str]:
        low, high = (int(np.searchsorted(self._stems, hash(of), side)) for side in _SIDES)
        words = (self._words[at] for at in self._by_stem[low:high].tolist())
        return [word for word in words if stem(word) == of]

    def _halves(self, word: str) -> Iterator[Reading]:
        for at in range(3, len(word) - 2):
            if word[:at] in self and word[at:] in self:
                yield word[:at], word[at:]

    def _joined(self, left: str, right: str) -> Readings:
        word = left + right
        if len(word) > _LONGEST:
            return {}
        forms = self._with_stem(stem(word))
        if forms:
            return {(form,): JOINED for form in forms}
        if len(word) < 8 or is_english(word) or (left in self and right in self):
            return {}
        return {
            (other,): likeness * JOINED
            for other, likeness in self._misspelt(word, far=False, edits=1)
        }

    def _misspelt(
        self, word: str, *, far: bool, edits: int | None = None
    ) -> Iterator[tuple[str, float]]:
        """Yield the words a few edits away; when *far*, also those with another first letter."""
        length = len(word)
        edits = _edits(length) if edits is None else edits
        if not edits:
            return
        # Slips that keep the length win ties: "Marcon" is Macron rather than Marco.
        # An edit weighs less in a long word, but not in proportion: it is as much a slip there.
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
        """Yield the words at *low* to *high* that are at most so many *edits* away.

        An edit changes the length by one at most and the letters that a word has by two, which
        leaves few to compare.
        """
        near = np.abs(self._lengths[low:high] - len(word)) <= edits
        near &= np.bitwise_count(self._letters[low:high] ^ _letters(word)) <= 2 * edits
        others = [self._words[at] for at in (np.flatnonzero(near) + low).tolist()]
        for other, distance, _ in process.extract(
            word, others, scorer=OSA.distance, score_cutoff=edits, limit=None
        ):
            yield other, int(distance)


def _edits(length: int) -> int:
    if length < 4:
        return 0
    return 1 if length < 6 else 2 if length <= 10 else 3


def _letters(word: str) -> np.uint64:
    """Give a bit for each letter that *word* has, and one more for each that it has twice."""
    bits = 0
    for letter in word:
        bit = 1 << ord(letter) % 32
        bits |= bit << 32 if bits & bit else bit
    return np.uint64(bits)


def _likeliest(readings: Readings) -> Readings:
    if len(readings) <= _READINGS:
        return readings
    return dict(nlargest(_READINGS, readings.items(), key=lambda one: one[1]))
