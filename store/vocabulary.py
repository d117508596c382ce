"""The vocabulary: which of the corpus's words a typed word may mean, and how likely."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.words import FUNCTION_WORDS, is_english, stem

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


class Vocabulary:
    """The words of a corpus, arranged for finding those that resemble a typed one."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words)
        self._known = frozenset(self._words)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._by_letter: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in self._words:
            self._by_stem[stem(word)].append(word)
            self._by_length[len(word)].append(word)
            self._by_letter[word[0], len(word)].append(word)

    def readings(self, typed: Sequence[str]) -> list[Readings]:
        """Give the readings of each word of a query, in its order."""
        last = len(typed) - 1
        each = [self._read(word, is_last=False) for word in typed[:-1]]
        # Alone, one or two letters could be the start of anything.
        each += [self._read(word, is_last=last > 0 or len(word) > 2) for word in typed[-1:]]
        for at in range(last):
            for reading, likeness in self._joined(typed[at], typed[at + 1]).items():
                for readings in each[at : at + 2]:
                    readings[reading] = max(likeness, readings.get(reading, 0.0))
        return each

    def _read(self, word: str, *, is_last: bool) -> Readings:
        readings: Readings = {}
        if word in FUNCTION_WORDS and not is_last:
            return readings
        # From the least likely to the most, so that the best likeness of a word is what stays.
        is_there = word in self._known or stem(word) in self._by_stem
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
        readings.update(((other,), SAME_STEM) for other in self._by_stem.get(stem(word), ()))
        if word in self._known:
            readings[word,] = 1.0
        return readings

    def _starting(self, word: str) -> list[str]:
        after = word + "\U0010ffff"
        return self._words[bisect_left(self._words, word) : bisect_left(self._words, after)]

    def _halves(self, word: str) -> Iterator[Reading]:
        for at in range(3, len(word) - 2):
            if word[:at] in self._known and word[at:] in self._known:
                yield word[:at], word[at:]

    def _joined(self, left: str, right: str) -> Readings:
        word = left + right
        if len(word) > _LONGEST:
            return {}
        forms = self._by_stem.get(stem(word), ())
        if forms:
            return {(form,): JOINED for form in forms}
        if len(word) < 8 or is_english(word) or {left, right} <= self._known:
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
        for size in range(length - edits, length + edits + 1):
            for other, distance in _within(edits, word, self._by_letter.get((word[0], size), ())):
                nearest = min(nearest, distance)
                yield other, 1 - cost * distance - _PER_LETTER * abs(size - length)
        if not far or nearest <= 1:
            return
        for size in range(length - edits, length + edits + 1):
            for other, distance in _within(edits, word, self._by_length.get(size, ())):
                if other[0] != word[0]:
                    yield other, 1 - cost * distance - WRONG_FIRST_LETTER


def _edits(length: int) -> int:
    if length < 4:
        return 0
    return 1 if length < 6 else 2 if length <= 10 else 3


def _within(edits: int, word: str, others: Sequence[str]) -> Iterator[tuple[str, int]]:
    near = process.extract(word, others, scorer=OSA.distance, score_cutoff=edits, limit=None)
    for other, distance, _ in near:
        yield other, int(distance)
