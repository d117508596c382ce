"""Match new articles with old ones: by equal text, by what identifies them, and by similarity."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
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


class Evidence(IntEnum):
    """How sure it is that two articles that share a key are one story."""

    NONE = 0
    ID = 1
    """A guid or link, which may be the number of a row, and a share of the words."""
    QUESTION = 2
    """The question, and a share of the words."""
    HEADLINE = 3
    """The headline, and a part of the text or an id."""
    HEADLINE_AND_QUESTION = 4
    """Both, in one document; the text may be new."""


class EditMatching:
    """Matches new articles with the old articles that they are edits of, the surest first.

    Articles have indexes in their columns. Compare all linked articles before `match_linked`, and
    what then has no match with similar ones before `match_similar`; so the result does not depend
    on the batches.
    """

    def __init__(self, old: NDArray[np.uint64], new: NDArray[np.uint64], matches: Integers) -> None:
        """*old* and *new* are hashes of texts, and *matches* is what `match_equal` returns."""
        self._old = old
        self._new = new
        self.matches = matches
        """The index of the old article by the index of the new one, or -1."""
        self.is_free = np.ones(len(old), dtype=bool)
        """Whether the old article at an index has no match."""
        self.is_free[matches[matches >= 0]] = False
        # Rows of how sure a pair is, and the indexes of the new and the old article.
        self._sure = array("d")
        self._unsure = array("d")

    def compare_linked(
        self,
        new: Mapping[int, Article],
        old: Mapping[int, Article],
        linked: Iterable[tuple[int, int]],
    ) -> None:
        """Compare pairs that share a key: the index of a *new* and of an *old* article."""
        ours, theirs = _pairings(new), _pairings(old)
        for index, before in linked:
            rank = ours[index].rank(theirs[before])
            # An id alone may be the number of a row, so similar texts come before it.
            pairs = self._sure if rank > Evidence.ID else self._unsure
            if rank:
                pairs.extend((rank, index, before))

    def match_linked(self) -> None:
        """Match the linked articles that are surely one story."""
        self._match(self._sure)

    def compare_near(
        self,
        new: Mapping[int, Article],
        old: Mapping[int, Article],
        near: Mapping[int, Sequence[int]],
    ) -> None:
        """Compare each of the *new* articles with the *old* ones that are *near* it."""
        ours, theirs = _pairings(new), _pairings(old)
        for index, indexes in near.items():
            choices = {before: theirs[before].text for before in indexes if before in theirs}
            for _, score, before in process.extract(
                ours[index].text, choices, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=5
            ):
                if ours[index].is_similar(theirs[before]):
                    self._unsure.extend((score, index, before))

    def match_similar(self) -> None:
        """Match the similar articles, and then those that only an id connects."""
        self._match(self._unsure)

    def _match(self, pairs: "array[float]") -> None:
        sure, *indexes = np.array(pairs).reshape(-1, 3).T
        new, old = (column.astype(np.int64) for column in indexes)
        # The texts decide between equals, so that the order of the articles does not matter.
        for place in np.lexsort((self._old[old], self._new[new], -sure)):
            index, before = new[place], old[place]
            if self.matches[index] < 0 and self.is_free[before]:
                self.matches[index] = before
                self.is_free[before] = False


def _pairings(articles: Mapping[int, Article]) -> Mapping[int, "_Pairing"]:
    return {index: _Pairing(article) for index, article in articles.items()}


class _Pairing:
    """An article, to be compared with others."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.texts = Texts(
            headline=article.headline,
            summary=article.summary,
            more=f"{article.insight}\n{article.question}",
        )

    @property
    def text(self) -> str:
        """Return all its text but the headline, which many articles may share."""
        article = self.article
        return f"{article.summary}\n{article.insight}\n{article.question}"

    def rank(self, old: "_Pairing") -> Evidence:
        """Return how sure it is that an *old* article with one of its keys is the same story."""
        ours, theirs = self.article, old.article
        has_question = bool(ours.question) and _is_equal(ours.question, theirs.question)
        is_sure = bool(ours.guid and ours.guid == theirs.guid) and (
            has_question or is_nearly_equal(self.texts, old.texts)
        )
        if _is_equal(ours.headline, theirs.headline):
            if has_question and ours.document == theirs.document:
                return Evidence.HEADLINE_AND_QUESTION
            is_same = self._shares_text(old) and not is_another(
                self.texts, old.texts, is_sure=is_sure
            )
            return Evidence.HEADLINE if is_same else Evidence.NONE
        has_own_words = contained(self.texts.words, old.texts.words) >= SHARED
        if not has_own_words or is_another(self.texts, old.texts, is_sure=is_sure):
            return Evidence.NONE
        return Evidence.QUESTION if has_question else Evidence.ID

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
