"""Match new articles with old ones: by equal text, and within a document by similarity."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from store.types import Article

Integers: TypeAlias = NDArray[np.int64]

SIMILAR = 70
"""The percentage of text that an edited article must share with its old version."""


def match_equal(
    old: NDArray[np.uint64],
    old_documents: Integers,
    new: NDArray[np.uint64],
    new_documents: Integers,
) -> Integers:
    """Return for each new article the index of the old article with the same hash, or -1.

    *old* and *new* are hashes of texts; the documents are numbers. If several articles have the
    same hash, those of the same document are matched first, in order.
    """
    matches = np.full(len(new), -1, dtype=np.int64)
    _match(_mix(old, old_documents), _mix(new, new_documents), matches, np.arange(len(old)))
    is_free = np.ones(len(old), dtype=bool)
    is_free[matches[matches >= 0]] = False
    (free,) = np.nonzero(is_free)
    _match(old[free], new, matches, free)
    return matches


def _match(
    old: NDArray[np.uint64], new: NDArray[np.uint64], matches: Integers, indexes: Integers
) -> None:
    """Match the first old article of each hash with the first new one, the second with the second.

    *indexes* are those of *old*. Skips new articles that have a match already.
    """
    (unmatched,) = np.nonzero(matches < 0)
    _, of_old, of_new = np.intersect1d(
        _mix(old, _repeats(old)),
        _mix(new[unmatched], _repeats(new[unmatched])),
        return_indices=True,
    )
    matches[unmatched[of_new]] = indexes[of_old]


def _repeats(hashes: NDArray[np.uint64]) -> Integers:
    """Return for each hash how often the same hash comes before it."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])
    starts = np.flatnonzero(is_first) if len(hashes) else order
    repeats = np.empty(len(hashes), dtype=np.int64)
    sizes = np.diff(np.append(starts, len(hashes)))
    repeats[order] = np.arange(len(hashes)) - np.repeat(starts, sizes)
    return repeats


def _mix(hashes: NDArray[np.uint64], numbers: Integers) -> NDArray[np.uint64]:
    # The odd constant of Fibonacci hashing (Knuth 6.4) spreads small numbers over all bits.
    return hashes ^ (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def match_similar(
    old: Mapping[int, Article], new: Sequence[Article], candidates: Sequence[Sequence[int]]
) -> dict[int, int]:
    """Match each new article with the most similar of its *candidates*, the best matches first.

    *old* and *candidates* hold article numbers. Returns the number of the old article by the index
    of the new one, for each new article that has a match.
    """
    texts = {number: _text(article) for number, article in old.items()}
    scored: list[tuple[float, int, int]] = []
    for index, article in enumerate(new):
        choices = {number: texts[number] for number in candidates[index] if number in texts}
        scored += (
            (-score, index, number)
            for _, score, number in process.extract(
                _text(article), choices, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=5
            )
        )
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, index, number in sorted(scored):
        if index not in matches and number not in taken:
            matches[index] = number
            taken.add(number)
    return matches


def _text(article: Article) -> str:
    return f"{article.summary}\n{article.insight}\n{article.question}"
