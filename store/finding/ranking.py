"""Ranking: which articles cover a query best, from the postings of its words alone.

The score of an article is the share of the query's weight that it covers. A word covers as much as
its likeliest reading there, times the weight of the field; a rare word weighs more than a common
one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.index import FIELDS, Index, Numbers, Postings
from store.finding.vocabulary import Reading, Readings
from store.finding.words import FUNCTION_WORDS, rarity, words
from store.types import Article

Scores: TypeAlias = NDArray[np.float32]

# The summary tells the story; the other fields count a little less, or ties would be chance.
# In the order of index.FIELDS.
_FIELD = np.array([1.0, 0.99, 0.98, 0.97], dtype=np.float32)

_FUNCTION_WORD = 0.1

# Covers are sorted together with numbers, as whole steps of this size.
_STEPS = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query: its words, what each may mean, and the postings of all that."""

    typed: tuple[str, ...]
    readings: Sequence[Readings]
    postings: Mapping[str, Postings]


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of the query: the articles that hold a reading of it, and how well."""

    weight: float
    numbers: Numbers
    covers: Scores

    def cover(self, numbers: Numbers) -> Scores:
        """Give how well each of *numbers* covers the word; 0 where it does not."""
        if not len(self.numbers):
            return np.zeros(len(numbers), dtype=np.float32)
        at = np.searchsorted(self.numbers, numbers)
        at[at == len(self.numbers)] = 0
        return np.where(self.numbers[at] == numbers, self.covers[at], np.float32(0))


def rank(asked: Asked, index: Index, *, limit: int, min_score: float) -> list[tuple[int, float]]:
    """Return the number and the score of the best articles, best first.

    Return at most *limit* articles, and only those that score *min_score* or more. Among articles
    with the same score, the one that was loaded first comes first.
    """
    each = [
        _word(word, meant, asked.postings, index.size)
        for word, meant in zip(asked.typed, asked.readings, strict=True)
    ]
    whole = sum(word.weight for word in each)
    if not whole:
        return []
    numbers, scores = _candidates(each, whole, limit=limit, min_score=min_score)
    keep = scores >= min_score
    numbers, scores = numbers[keep], scores[keep]
    if len(numbers) > 4 * limit:
        kth = np.partition(scores, -limit)[-limit]
        keep = scores >= kth
        numbers, scores = numbers[keep], scores[keep]
    order = np.lexsort((numbers, -scores))[:limit]
    return [(int(numbers[at]), float(scores[at])) for at in order]


def _candidates(
    asked: Sequence[_Word], whole: float, *, limit: int, min_score: float
) -> tuple[Numbers, Scores]:
    """Give every article that may be among the best, with its score.

    The articles of the weightiest word are scored first, then those of the next that are not among
    them. As soon as the words that are left could not lift an article into the best, it ends: the
    long postings of common words are then only looked into, never gone through (the idea of
    MaxScore, Turtle and Flood 1995).
    """
    order = sorted(asked, key=lambda word: (-word.weight, len(word.numbers)))
    left = whole
    numbers: list[Numbers] = []
    scores: list[Scores] = []
    bar = min_score
    for place, word in enumerate(order):
        if left < bar * whole - 1e-6:
            break
        left -= word.weight
        new, share = word.numbers, word.covers * word.weight
        for other_place, other in enumerate(order):
            if other_place == place or not len(new):
                continue
            cover = other.cover(new)
            if other_place < place:
                fresh = cover == 0
                new, share = new[fresh], share[fresh]
            else:
                share = share + cover * other.weight
        numbers.append(new)
        scores.append(np.round(np.minimum(share / whole, 1.0), 6))
        every = np.concatenate(scores)
        if len(every) >= limit:
            bar = max(min_score, float(np.partition(every, -limit)[-limit]))
    return np.concatenate(numbers), np.concatenate(scores)


def _word(word: str, readings: Readings, postings: Mapping[str, Postings], size: int) -> _Word:
    held = [(likeness, _holding(reading, postings)) for reading, likeness in readings.items()]
    held = [(likeness, found) for likeness, found in held if len(found)]
    numbers, covers = _merged(held)
    # Only the likeliest readings say how rare the word is; a word that is nowhere is rarest.
    top = max((likeness for likeness, _ in held), default=0.0) - 0.1
    holders = min(sum(len(found) for likeness, found in held if likeness >= top), size) or 1
    weight = math.log(1 + size / holders)
    if word in FUNCTION_WORDS:
        weight *= _FUNCTION_WORD if held else 0.0
    else:
        weight *= rarity(word)
    return _Word(weight, numbers, covers)


def _holding(reading: Reading, postings: Mapping[str, Postings]) -> Postings:
    """Give the articles that hold every word of *reading*, with the lightest of their fields."""
    first, *rest = (postings[word] for word in reading)
    for other in rest:
        numbers, of_first, of_other = np.intersect1d(
            first >> 2, other >> 2, assume_unique=True, return_indices=True
        )
        first = numbers << 2 | np.maximum(first[of_first] & 3, other[of_other] & 3)
    return first


def _merged(held: Sequence[tuple[float, Postings]]) -> tuple[Numbers, Scores]:
    """Give each article once, with the best cover that a reading has there."""
    if not held:
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.float32)
    if len(held) == 1:
        ((likeness, found),) = held
        return found >> np.uint32(2), np.float32(likeness) * _FIELD[found & 3]
    found = np.concatenate([one for _, one in held])
    likenesses = np.repeat(
        np.array([one for one, _ in held], dtype=np.float32), [len(one) for _, one in held]
    )
    steps = (likenesses * _FIELD[found & 3] * _STEPS).astype(np.uint64)
    keys = np.sort((found.astype(np.uint64) >> np.uint64(2)) << np.uint64(16) | steps)
    numbers = (keys >> np.uint64(16)).astype(np.uint32)
    last = np.append(numbers[1:] != numbers[:-1], True)
    return numbers[last], (keys[last] & np.uint64(_STEPS)).astype(np.float32) / _STEPS


def reasons(typed: Sequence[str], readings: Sequence[Readings], article: Article) -> Iterator[str]:
    """Yield the words of *article*, as they are spelt there, that answer the words of a query."""
    spelt = _spelt(article)
    for word, meant in zip(typed, readings, strict=True):
        if word in FUNCTION_WORDS:
            continue
        best = max(
            (reading for reading in meant if all(one in spelt for one in reading)),
            key=meant.__getitem__,
            default=(),
        )
        yield from (spelt[one] for one in best)


def _spelt(article: Article) -> Mapping[str, str]:
    """Give the words of *article* with their spelling there, the first of each."""
    spelt: dict[str, str] = {}
    for field in FIELDS:
        for word, spelling in words(getattr(article, field)):
            spelt.setdefault(word, spelling)
    return spelt
