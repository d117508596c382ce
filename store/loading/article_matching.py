"""Match new articles with old ones: by equal text, by what identifies them, and by similarity."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from store.loading.same_story import (
    SHARED,
    Texts,
    contained,
    has_other_counts,
    is_another,
    is_nearly_equal,
    shares_summary,
)
from store.types import Article

Integers: TypeAlias = NDArray[np.int64]

SIMILAR = 70
"""The percentage of letters from which on texts are compared word by word."""
_OF_DOCUMENT = (0, 3)
"""The columns of `hash_keys` that identify a story within its document only."""


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


def link(
    old: NDArray[np.uint64],
    old_documents: Integers,
    new: NDArray[np.uint64],
    new_documents: Integers,
) -> Integers:
    """Return for each new article the old articles that share one of its keys, in a row, or -1.

    *old* and *new* are rows of `hash_keys`, in which 0 stands for no key. A headline and a question
    identify a story within its document, a guid and a link everywhere, and nothing that several
    articles have on one side identifies any.
    """
    links = np.full(new.shape, -1, dtype=np.int64)
    for column in range(new.shape[1]):
        is_of_document = column in _OF_DOCUMENT
        of_old = _unique(old[:, column], old_documents if is_of_document else None)
        of_new = _unique(new[:, column], new_documents if is_of_document else None)
        _, ours, theirs = np.intersect1d(of_old[0], of_new[0], return_indices=True)
        links[of_new[1][theirs], column] = of_old[1][ours]
    return links


def _unique(
    keys: NDArray[np.uint64], documents: Integers | None
) -> tuple[NDArray[np.uint64], Integers]:
    """Return the keys that only one article has, in its document if they are of one, and where."""
    (places,) = np.nonzero(keys)
    found = keys[places]
    if documents is not None:
        found = _mix(found, documents[places])
    distinct, first, counts = np.unique(found, return_index=True, return_counts=True)
    is_single = counts == 1
    return distinct[is_single], places[first[is_single]]


def match_edited(
    old: Mapping[int, Article],
    new: Sequence[Article],
    linked: Sequence[Sequence[int]],
    near: Sequence[Sequence[int]],
) -> dict[int, int]:
    """Match the new articles with the old articles that they are edits of, the surest first.

    *old* has articles by number. For each new article, *linked* has the numbers of those that share
    a key with it, and *near* those whose texts may be similar. Returns the number of the old
    article by the index of the new one, for each new article that has a match.
    """
    matches: dict[int, int] = {}
    taken: set[int] = set()
    pairs = {number: _Pairing(article) for number, article in old.items()}
    texts = [_Pairing(article) for article in new]

    def take(scored: Iterable[tuple[float, str, str, int, int]]) -> None:
        # The texts decide between equals, so that the order of the articles does not matter.
        for _, _, _, index, number in sorted(scored):
            if index not in matches and number not in taken:
                matches[index] = number
                taken.add(number)

    # A guid or link alone may be the number of a row, so similar texts come before it.
    ranked: list[tuple[float, str, str, int, int]] = [
        (-rank, new[index].id, old[number].id, index, number)
        for index, numbers in enumerate(linked)
        for number in dict.fromkeys(numbers)
        if number in old and (rank := texts[index].rank(pairs[number]))
    ]
    take(one for one in ranked if one[0] < -1)
    scored: list[tuple[float, str, str, int, int]] = []
    for index, numbers in enumerate(near):
        if index in matches:
            continue
        choices = {number: pairs[number].text for number in numbers if number in old}
        scored += (
            (-score, new[index].id, old[number].id, index, number)
            for _, score, number in process.extract(
                texts[index].text, choices, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=5
            )
            if number not in taken and texts[index].is_similar(pairs[number])
        )
    take(scored)
    take(one for one in ranked if one[0] >= -1)
    return matches


class _Pairing:
    """An article, to be compared with others."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.texts = Texts(headline=article.headline, summary=article.summary)

    @property
    def text(self) -> str:
        """Return all its text but the headline, which many articles may share."""
        article = self.article
        return f"{article.summary}\n{article.insight}\n{article.question}"

    def rank(self, old: "_Pairing") -> float:
        """Return how sure it is that an *old* article with one of its keys is the same story.

        0 if it is another one.
        """
        ours, theirs = self.article, old.article
        has_question = bool(ours.question) and _is_equal(ours.question, theirs.question)
        if _is_equal(ours.headline, theirs.headline):
            is_rewritten = has_question and ours.document == theirs.document
            return 4 if is_rewritten else 3 * self._shares_text(old)
        is_sure = bool(ours.guid and ours.guid == theirs.guid) and (
            has_question or is_nearly_equal(self.texts, old.texts)
        )
        if is_another(self.texts, old.texts, is_sure=is_sure):
            return 0
        own = contained(self.texts.words, old.texts.words) >= SHARED
        return float(own) * (2 if has_question or not self._has_same_id(old) else 1)

    def _has_same_id(self, old: "_Pairing") -> bool:
        ours, theirs = self.article, old.article
        return bool(ours.guid and ours.guid == theirs.guid) or bool(
            ours.url and ours.url == theirs.url
        )

    def _shares_text(self, old: "_Pairing") -> bool:
        ours, theirs = self.article, old.article
        return (
            fuzz.ratio(ours.summary, theirs.summary) >= SIMILAR
            or bool(ours.insight and ours.insight == theirs.insight)
            or self._has_same_id(old)
            or shares_summary(self.texts, old.texts)
        )

    def is_similar(self, old: "_Pairing") -> bool:
        """Return whether an *old* article of similar text is the same story.

        What only the insight and the question share may be said of any story.
        """
        ours, theirs = self.texts, old.texts
        return (
            contained(ours.words, theirs.words) >= SHARED
            and not is_another(ours, theirs)
            and not has_other_counts(ours, theirs)
        )


def _is_equal(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
