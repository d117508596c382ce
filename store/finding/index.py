"""The inverted index: for each word, the numbers of the articles that contain it.

It is in memory as a whole, and `store.finding.segments` stores it in the database. Article numbers
are assigned in ascending order and never used again, so an index stays correct for its articles.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import compress
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.vocabulary import Vocabulary
from store.language.words import FUNCTION_WORDS, terms, words
from store.types import Article

Numbers: TypeAlias = NDArray[np.uint32]
Postings: TypeAlias = NDArray[np.uint32]
"""The articles that contain a term, as ascending values of number << 2 | place.

The places: 0 the headline and the rest of the article, 1 the headline or the question, 2 the
summary, 3 only the insight. The obvious story comes first.
"""


def to_places(article: Article) -> Mapping[str, int]:
    """Return each term of *article* that is no function word, with its place; see `Postings`."""
    headline = _distinct(article.headline)
    own: dict[str, int] = {}
    for name, place in (("question", 1), ("summary", 2), ("insight", 3)):
        for term in _distinct(getattr(article, name)):
            own.setdefault(term, place)
    places = dict.fromkeys(headline, 1) | own | dict.fromkeys(own.keys() & headline, 0)
    for word in FUNCTION_WORDS & places.keys():
        del places[word]
    return places


# The articles of a document share a headline, and many corpora repeat a few insights.
@lru_cache(maxsize=1_000)
def _distinct(text: str) -> frozenset[str]:
    return frozenset(term for term, _ in terms(text))


@lru_cache(maxsize=1_000)
def _hash_headline(text: str) -> int:
    return hash_words(tuple(word for word, _ in words(text)))


def hash_words(headline: tuple[str, ...]) -> int:
    """Return a 64-bit hash of a headline's words."""
    return int.from_bytes(blake2b(" ".join(headline).encode(), digest_size=8).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The indexed articles of a corpus, or of a part of it."""

    numbers: Numbers
    """The article numbers, ascending."""
    headlines: NDArray[np.uint64]
    """The hash of each article's headline."""
    words: Sequence[str]
    """The words of the articles, sorted."""
    counts: NDArray[np.uint32]
    """How many articles contain each word."""
    postings: Postings
    """The postings of all words, one word after another."""

    def by_word(self) -> Mapping[str, Postings]:
        """Return the postings of each word."""
        starts = np.cumsum(self.counts, dtype=np.int64) - self.counts
        return dict(zip(self.words, np.split(self.postings, starts)[1:], strict=True))

    def without(self, removed: Numbers) -> "Segment":
        """Return the segment without some articles."""
        is_kept = ~np.isin(self.numbers, removed)
        is_left = ~np.isin(self.postings >> np.uint32(2), removed)
        owners = np.repeat(np.arange(len(self.words)), self.counts)[is_left]
        counts = np.bincount(owners, minlength=len(self.words)).astype(np.uint32)
        return Segment(
            numbers=self.numbers[is_kept],
            headlines=self.headlines[is_kept],
            words=[*compress(self.words, counts > 0)],
            counts=counts[counts > 0],
            postings=self.postings[is_left],
        )


def build(numbered: Iterable[tuple[int, Article]]) -> Segment:
    """Index articles, which must be sorted by number."""
    places = numbering()
    owners, values = array("I"), array("I")
    headlines: dict[int, int] = {}
    for number, article in numbered:
        headlines[number] = _hash_headline(article.headline)
        first, of_article = number << 2, to_places(article)
        owners.extend([places[word] for word in of_article])
        values.extend([first | place for place in of_article.values()])
    by_word = sorted(places)
    owned_by = _ranks(by_word, places)[np.array(owners, dtype=np.uint32)]
    return Segment(
        numbers=np.fromiter(headlines, np.uint32, len(headlines)),
        headlines=np.fromiter(headlines.values(), np.uint64, len(headlines)),
        words=by_word,
        counts=np.bincount(owned_by, minlength=len(places)).astype(np.uint32),
        # Group the values by word, keeping their order.
        postings=np.array(values, dtype=np.uint32)[np.argsort(owned_by, kind="stable")],
    )


def numbering() -> defaultdict[str, int]:
    """Return a dictionary that numbers its keys as they come."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def _ranks(words: Sequence[str], numbers: Mapping[str, int]) -> NDArray[np.int32]:
    """Return the place in *words* of the word of each number."""
    ranks = np.empty(len(words), dtype=np.int32)
    ranks[[*map(numbers.__getitem__, words)]] = np.arange(len(words))
    return ranks


def merge(segments: Sequence[Segment]) -> Segment:
    """Return one segment with all articles of *segments*, none of which is in two of them."""
    known = numbering()
    owners = [np.array([*map(known.__getitem__, each.words)], np.int32) for each in segments]
    return merge_numbered(segments, owners, known)


def merge_numbered(
    segments: Sequence[Segment], owners: Sequence[NDArray[np.int32]], known: Mapping[str, int]
) -> Segment:
    """Return what `merge` does, for segments whose words are given as their numbers in *known*."""
    words = sorted(known)
    ranks = _ranks(words, known)
    placed = [ranks[at] for at in owners]
    counts = np.zeros(len(words), dtype=np.int64)
    for segment, at in zip(segments, placed, strict=True):
        counts[at] += segment.counts
    free = np.cumsum(counts) - counts
    postings = np.empty(counts.sum(), dtype=np.uint32)
    for segment, at in zip(segments, placed, strict=True):
        starts = np.cumsum(segment.counts, dtype=np.int64) - segment.counts
        shifts = np.repeat(free[at] - starts, segment.counts)
        postings[np.arange(len(shifts)) + shifts] = segment.postings
        free[at] += segment.counts
    numbers = np.concatenate([np.zeros(0, np.uint32), *(each.numbers for each in segments)])
    headlines = np.concatenate([np.zeros(0, np.uint64), *(each.headlines for each in segments)])
    if (numbers[1:] < numbers[:-1]).any():
        order = np.argsort(numbers)
        numbers, headlines = numbers[order], headlines[order]
        postings = postings[np.lexsort((postings, np.repeat(np.arange(len(words)), counts)))]
    return Segment(
        numbers=numbers,
        headlines=headlines,
        words=words,
        counts=counts.astype(np.uint32),
        postings=postings,
    )


class Index:
    """The index of the loaded articles. It never changes, so a look-up needs no lock."""

    def __init__(self, articles: Segment) -> None:
        self._postings = articles.postings
        # A memoryview, because its items are integers of Python, which numpy slices faster by.
        self._starts = np.append(0, np.cumsum(articles.counts, dtype=np.int64)).data
        self._changed: Mapping[str, Postings] = {}
        """The postings of words of articles that were removed or added since *articles*."""
        self.vocabulary = Vocabulary(articles.words, articles.counts)
        self._places = self.vocabulary.places
        self._set_numbers(articles.numbers, articles.headlines)

    def _set_numbers(self, numbers: Numbers, headlines: NDArray[np.uint64]) -> None:
        self.numbers = numbers
        """The article numbers, ascending."""
        self.size = len(numbers)
        """The number of articles."""
        by_headline = np.argsort(headlines, kind="stable")
        self._by_headline = numbers[by_headline]
        self._headlines = headlines[by_headline].data

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Self:
        """Build an index of *articles*, numbered from 0."""
        return cls(build(enumerate(articles)))

    def updated(self, *, removed: Segment, added: Segment) -> Self:
        """Return the index after a few articles changed."""
        changed = {**self._changed}
        removed_of, added_of = removed.by_word(), added.by_word()
        for word in removed_of.keys() | added_of.keys():
            postings = self.postings_of(word)
            if word in removed_of:
                postings = postings[~np.isin(postings >> 2, removed.numbers)]
            if word in added_of:
                postings = np.sort(np.concatenate([postings, added_of[word]]))
            changed[word] = postings
        counts = {word: len(changed[word]) for word in removed_of.keys() | added_of.keys()}
        for word in [word for word, count in counts.items() if not count]:
            # Words that only came and went take no memory.
            if word not in self._places:
                del changed[word]
        new = copy(self)
        new._changed = changed
        new.vocabulary = self.vocabulary.updated(counts)
        by_number = np.argsort(self._by_headline)
        is_kept = ~np.isin(self.numbers, removed.numbers)
        places = np.searchsorted(self.numbers[is_kept], added.numbers)
        new._set_numbers(
            np.insert(self.numbers[is_kept], places, added.numbers),
            np.insert(np.asarray(self._headlines)[by_number][is_kept], places, added.headlines),
        )
        return new

    def with_headline(self, headline: tuple[str, ...], limit: int) -> Numbers:
        """Return the first articles whose headline has exactly these words; none if it is empty."""
        wanted = hash_words(headline)
        low = high = bisect_left(self._headlines, wanted)
        while headline and high < min(low + limit, self.size) and self._headlines[high] == wanted:
            high += 1
        return self._by_headline[low:high]

    def postings(self, wanted: Iterable[str]) -> Mapping[str, Postings]:
        """Return the postings of each of *wanted*."""
        return {word: self.postings_of(word) for word in wanted}

    def postings_of(self, word: str) -> Postings:
        """Return the postings of *word*; none if no article contains it."""
        found = self._changed.get(word)
        if found is None:
            at = self._places.get(word)
            if at is None:
                return self._postings[:0]
            found = self._postings[self._starts[at] : self._starts[at + 1]]
        return found
