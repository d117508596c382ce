"""Which new article is which old one: by the same text, and within a document by likeness."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from store.types import Article

Places: TypeAlias = NDArray[np.int64]

ALIKE = 70
"""Percent of two texts that an edited article must share with the one it was."""


def same_text(
    old: NDArray[np.uint64], old_homes: Places, new: NDArray[np.uint64], new_homes: Places
) -> Places:
    """Give for every new article the place of the old one with the same key, or -1.

    Where several have it, those of the same home (their document) meet first, in their order.
    """
    paired = np.full(len(new), -1, dtype=np.int64)
    _meet(_mixed(old, old_homes), _mixed(new, new_homes), paired, np.arange(len(old)))
    rest = np.ones(len(old), dtype=bool)
    rest[paired[paired >= 0]] = False
    (places,) = np.nonzero(rest)
    _meet(old[places], new, paired, places)
    return paired


def _meet(old: NDArray[np.uint64], new: NDArray[np.uint64], paired: Places, places: Places) -> None:
    """Pair the first of each old key with the first that is left of the same new one, and so on."""
    (left,) = np.nonzero(paired < 0)
    _, of_old, of_new = np.intersect1d(
        _mixed(old, _turns(old)), _mixed(new[left], _turns(new[left])), return_indices=True
    )
    paired[left[of_new]] = places[of_old]


def _turns(keys: NDArray[np.uint64]) -> Places:
    """Count for every key how often it came before."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(keys) else order
    turns = np.empty(len(keys), dtype=np.int64)
    counted = np.arange(len(keys)) - np.repeat(starts, np.diff(np.append(starts, len(keys))))
    turns[order] = counted
    return turns


def _mixed(keys: NDArray[np.uint64], numbers: Places) -> NDArray[np.uint64]:
    # The odd constant of Fibonacci hashing (Knuth 6.4) spreads small numbers over all bits.
    return keys ^ (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def alike(
    old: Mapping[int, Article], new: Sequence[Article], near: Sequence[Sequence[int]]
) -> dict[int, int]:
    """Pair new articles with those among the *near* old ones that they resemble most.

    Gives the place of each new one that has a pair, with the number of the old one.
    """
    texts = {number: _text(article) for number, article in old.items()}
    scored: list[tuple[float, int, int]] = []
    for place, article in enumerate(new):
        some = {number: texts[number] for number in near[place] if number in texts}
        scored += (
            (-score, place, number)
            for _, score, number in process.extract(
                _text(article), some, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=5
            )
        )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, place, number in sorted(scored):
        if place not in pairs and number not in taken:
            pairs[place] = number
            taken.add(number)
    return pairs


def _text(article: Article) -> str:
    return f"{article.summary}\n{article.insight}\n{article.question}"
