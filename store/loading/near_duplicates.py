"""Find near-duplicates: new stories and questions that nearly equal each other or loaded ones.

Two texts that are nearly the same share most of their rare words. So each new text is compared only
with the few texts that contain two of its four rarest words, however large the corpus is.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from store.articles import reading
from store.db import Database
from store.finding.index import Index
from store.language.words import FUNCTION_WORDS, words
from store.loading.plan import LoadPlan
from store.types import Article

LOOKED_AT = 20_000
"""The maximum number of new stories that are compared."""
SIMILAR = 85
"""The percentage of letters that near-duplicates share after their words are sorted."""

_RAREST = 4
_SHARED = 2
_COMMON = 500
"""A word in more texts than this is too common to compare by."""
_COMPARED = 20
"""The maximum number of new texts, and also of loaded texts, that a new text is compared with."""
_BATCH = 500
_MAX_FOUND = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """A new article and another article with nearly the same summary or question."""

    article: Article
    other: Article
    is_question: bool
    """Whether the questions are near-duplicates, not the summaries."""


@dataclass(slots=True, kw_only=True)
class NearDuplicates:
    """The first hundred pairs of near-duplicates, their count, and how much was compared."""

    found: list[NearDuplicate] = field(default_factory=list)
    count: int = 0
    looked_at: int = 0
    """How many new articles were compared."""
    passed_over: int = 0
    """How many new articles beyond `LOOKED_AT` were not compared."""
    repeated: Sequence[tuple[str, int]] = ()
    """Questions that several new articles share word for word, with counts, most frequent first."""


async def find_near_duplicates(database: Database, index: Index, plan: LoadPlan) -> NearDuplicates:
    """Find near-duplicates of the first `LOOKED_AT` new articles of *plan*."""
    added = [change.article for change in islice(plan.additions, LOOKED_AT)]
    removed = np.array([change.number for change in plan.removals], dtype=np.int64)
    duplicates = NearDuplicates(looked_at=len(added), passed_over=len(plan.additions) - len(added))
    repeated = Counter(article.question for article in added if article.question)
    duplicates.repeated = [pair for pair in repeated.most_common(_MAX_FOUND) if pair[1] > 1]
    for is_question in (False, True):
        texts = await asyncio.to_thread(_Texts, added, index, is_question)
        for start in range(0, len(added), _BATCH):
            batch = range(start, min(start + _BATCH, len(added)))
            wanted = {word for place in batch for word in texts.rarest[place]}
            postings = index.postings(word for word in wanted if word in index.vocabulary)
            candidates = await asyncio.to_thread(
                _loaded_candidates, texts, batch, postings, removed
            )
            numbers = sorted({number for numbers in candidates.values() for number in numbers})
            loaded = await reading.articles_by_number(database, numbers)
            for pair in await asyncio.to_thread(list, _compare(texts, batch, candidates, loaded)):
                duplicates.count += 1
                if len(duplicates.found) < _MAX_FOUND:
                    duplicates.found.append(pair)
    return duplicates


class _Texts:
    """The summaries or the questions of new articles, split into words for comparison."""

    def __init__(self, articles: Sequence[Article], index: Index, is_question: bool) -> None:
        self.articles = articles
        self.is_question = is_question
        self.get: Callable[[Article], str] = _question if is_question else _summary
        self.words = [_words(self.get(article)) for article in articles]
        self.holders: defaultdict[str, list[int]] = defaultdict(list)
        """The places of the texts that contain a word."""
        for place, text_words in enumerate(self.words):
            for word in set(text_words):
                self.holders[word].append(place)
        self.rarest = [self._rarest(text_words, index) for text_words in self.words]

    def _rarest(self, text_words: Sequence[str], index: Index) -> Sequence[str]:
        counts = {
            word: len(self.holders[word]) + index.vocabulary.count(word)
            for word in set(text_words) - FUNCTION_WORDS
        }
        # A word of this text alone leads to no other text, and a common word to too many.
        shared = [word for word, count in counts.items() if 1 < count <= _COMMON]
        return sorted(shared, key=lambda word: (counts[word], word))[:_RAREST]

    def earlier_candidates(self, place: int) -> Iterator[int]:
        """Yield the places of the texts before *place* that share enough rare words with it."""
        hits = Counter(
            other for word in self.rarest[place] for other in self.holders[word] if other < place
        )
        needed = min(_SHARED, len(self.rarest[place]))
        for other, count in hits.most_common(_COMPARED):
            # Questions that are equal word for word are in `NearDuplicates.repeated`.
            if count >= needed and not (
                self.is_question and self.articles[other].question == self.articles[place].question
            ):
                yield other


def _loaded_candidates(
    texts: _Texts,
    batch: Sequence[int],
    postings: Mapping[str, NDArray[np.uint32]],
    removed: NDArray[np.int64],
) -> Mapping[int, Sequence[int]]:
    """Return the numbers of the loaded articles to compare with each place of *batch*."""
    candidates: dict[int, Sequence[int]] = {}
    for place in batch:
        # A posting is number << 2 | field.
        holders = [postings[word] >> 2 for word in texts.rarest[place] if word in postings]
        if not holders:
            continue
        numbers, counts = np.unique(np.concatenate(holders), return_counts=True)
        needed = min(_SHARED, len(texts.rarest[place]))
        likely = numbers[(counts >= needed) & ~np.isin(numbers, removed)]
        candidates[place] = likely[:_COMPARED].tolist()
    return candidates


def _compare(
    texts: _Texts,
    batch: Sequence[int],
    candidates: Mapping[int, Sequence[int]],
    loaded: Mapping[int, Article],
) -> Iterator[NearDuplicate]:
    for place in batch:
        own = " ".join(sorted(texts.words[place]))
        others = [texts.articles[other] for other in texts.earlier_candidates(place)]
        others += (loaded[number] for number in candidates.get(place, ()) if number in loaded)
        for other in others:
            text = " ".join(sorted(_words(texts.get(other))))
            if own and fuzz.ratio(own, text, score_cutoff=SIMILAR):
                yield NearDuplicate(
                    article=texts.articles[place], other=other, is_question=texts.is_question
                )
                break


def _words(text: str) -> list[str]:
    return [word for word, _ in words(text)]


def _summary(article: Article) -> str:
    return article.summary


def _question(article: Article) -> str:
    return article.question
