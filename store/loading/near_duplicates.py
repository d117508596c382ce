"""Near-identical stories and questions among what comes into the corpus, and with what is there.

Two texts that are nearly the same share most of their rare words. So every new text is compared
with the few others that hold two of its four rarest words, and with no more, however large the
corpus is.
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
from store.finding.words import FUNCTION_WORDS, words
from store.loading.plan import Plan
from store.types import Article

LOOKED_AT = 20_000
"""New stories that are compared, at most."""
ALIKE = 85
"""Percent of their words that two texts share, in any order, letter by letter."""

_RAREST = 4
_SHARED = 2
_COMMON = 500
"""Texts that hold a word, from which it says too little."""
_COMPARED = 20
"""Texts that a new one is compared with, at most."""
_BATCH = 500
_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """A new article and one that tells, or asks, nearly the same."""

    article: Article
    other: Article
    is_question: bool
    """Whether the questions are alike, and not the stories."""


@dataclass(slots=True, kw_only=True)
class NearDuplicates:
    """What was found, the first hundred of it, and among how many new articles."""

    found: list[NearDuplicate] = field(default_factory=list)
    count: int = 0
    looked_at: int = 0
    passed_over: int = 0
    """New articles beyond `LOOKED_AT`, compared with nothing."""
    repeated: Sequence[tuple[str, int]] = ()
    """Questions that stand word for word in several new articles, the most frequent first."""


async def find_near_duplicates(database: Database, index: Index, plan: Plan) -> NearDuplicates:
    """Look for near-identical texts among the first new articles of *plan*."""
    fresh = [step.article for step in islice(plan.come, LOOKED_AT)]
    gone = np.array([step.number for step in plan.gone], dtype=np.int64)
    duplicates = NearDuplicates(looked_at=len(fresh), passed_over=len(plan.come) - len(fresh))
    repeated = Counter(article.question for article in fresh if article.question)
    duplicates.repeated = [one for one in repeated.most_common(_KEPT) if one[1] > 1]
    for is_question in (False, True):
        texts = await asyncio.to_thread(_Texts, fresh, index, is_question)
        for start in range(0, len(fresh), _BATCH):
            some = range(start, min(start + _BATCH, len(fresh)))
            wanted = {word for at in some for word in texts.rarest[at]}
            postings = await index.postings(word for word in wanted if word in index.vocabulary)
            near = await asyncio.to_thread(_near, texts, some, postings, gone)
            numbers = sorted({number for those in near.values() for number in those})
            loaded = await reading.articles_by_number(database, numbers)
            for pair in await asyncio.to_thread(lambda: [*_alike(texts, some, near, loaded)]):  # noqa: B023
                duplicates.count += 1
                if len(duplicates.found) < _KEPT:
                    duplicates.found.append(pair)
    return duplicates


class _Texts:
    """The summaries of new articles, or their questions, cut up to be compared."""

    def __init__(self, articles: Sequence[Article], index: Index, is_question: bool) -> None:
        self.articles = articles
        self.is_question = is_question
        self.get: Callable[[Article], str] = _question if is_question else _summary
        self.words = [_words(self.get(article)) for article in articles]
        self.holders: defaultdict[str, list[int]] = defaultdict(list)
        for at, held in enumerate(self.words):
            for word in set(held):
                self.holders[word].append(at)
        self.rarest = [self._rarest(held, index) for held in self.words]

    def _rarest(self, held: Sequence[str], index: Index) -> Sequence[str]:
        counts = {
            word: len(self.holders[word]) + index.vocabulary.count(word)
            for word in set(held) - FUNCTION_WORDS
        }
        # A word that is nowhere else leads nowhere, and a common one everywhere.
        shared = [word for word, count in counts.items() if 1 < count <= _COMMON]
        return sorted(shared, key=lambda word: (counts[word], word))[:_RAREST]

    def fresh(self, at: int) -> Iterator[int]:
        """Yield the new texts before number *at* that may be like it."""
        hits = Counter(
            other for word in self.rarest[at] for other in self.holders[word] if other < at
        )
        least = min(_SHARED, len(self.rarest[at]))
        for other, count in hits.most_common(_COMPARED):
            # A question that is repeated word for word is counted as such.
            if count >= least and not (
                self.is_question and self.articles[other].question == self.articles[at].question
            ):
                yield other


def _near(
    texts: _Texts,
    some: Sequence[int],
    postings: Mapping[str, NDArray[np.uint32]],
    gone: NDArray[np.int64],
) -> Mapping[int, Sequence[int]]:
    """Give the numbers of the loaded articles that may be like each of *some*."""
    near: dict[int, Sequence[int]] = {}
    for at in some:
        held = [postings[word] >> 2 for word in texts.rarest[at] if word in postings]
        if not held:
            continue
        numbers, counts = np.unique(np.concatenate(held), return_counts=True)
        least = min(_SHARED, len(texts.rarest[at]))
        likely = numbers[(counts >= least) & ~np.isin(numbers, gone)]
        near[at] = likely[:_COMPARED].tolist()
    return near


def _alike(
    texts: _Texts,
    some: Sequence[int],
    near: Mapping[int, Sequence[int]],
    loaded: Mapping[int, Article],
) -> Iterator[NearDuplicate]:
    for at in some:
        own = " ".join(sorted(texts.words[at]))
        others = [texts.articles[other] for other in texts.fresh(at)]
        others += (loaded[number] for number in near.get(at, ()) if number in loaded)
        for other in others:
            text = " ".join(sorted(_words(texts.get(other))))
            if own and fuzz.ratio(own, text, score_cutoff=ALIKE):
                yield NearDuplicate(
                    article=texts.articles[at], other=other, is_question=texts.is_question
                )
                break


def _words(text: str) -> list[str]:
    return [word for word, _ in words(text)]


def _summary(article: Article) -> str:
    return article.summary


def _question(article: Article) -> str:
    return article.question
