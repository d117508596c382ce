"""Semantic search: find stories that say the same as a query in other words.

It is used only if word matching finds no answer. The nearest stories are proposed if the first one
is similar enough. What is enough depends on the model and is measured on the corpus.
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from store.finding.embeddings import HALF, Embeddings, PackedVectors, Vectors, unpack
from store.finding.index import Index, Numbers
from store.finding.vocabulary import Vocabulary
from store.finding.words import FUNCTION_WORDS, has_digit
from store.types import Article

WORD_SCORE_WEIGHT = 0.1
"""The weight of the word score, added to the similarity of the embeddings."""
MIN_SIMILARITY, MIN_FOR_A_WORD = 0.12, 0.2
"""The lowest similarity at which a story may be proposed, in any corpus; more for a single word."""
LONG_QUERY, LONG_QUERY_FACTOR = 4, 0.8
"""Words of a query from which on the minimum is lower: a whole sentence is seldom small talk."""
PROBE_COUNT = 400
PROBE_RATE, PROBE_FACTOR, SIMILAR = 0.2, 1.6, 0.2
"""The share of the probes that may reach the minimum, and how far it is above half of them, up to
a similarity that is always enough; see `SemanticSearch.calibrate`."""
MAX_MEAN_SIMILARITY = 0.15
"""In a language that the model does not know, all texts are about equally similar: 0.25 or more."""

_BLOCK = 512
"""Stories compared at a time: few enough to stay in the processor's cache."""
_PROBE_BATCH = 16
_MAX_CANDIDATES = 200


class StoryVectors:
    """The vectors of stories, to be compared with the vector of a query."""

    def __init__(self, numbers: Numbers, rows: PackedVectors) -> None:
        """Keep one row for each of the article *numbers*, which must be ascending."""
        self.numbers = numbers
        self._rows = rows

    @classmethod
    def empty(cls) -> Self:
        """Return the vectors of no story."""
        return cls(np.zeros(0, np.uint32), np.zeros((0, HALF), np.uint8))

    def __len__(self) -> int:
        """Return the number of stories."""
        return len(self.numbers)

    def merged(self, others: Sequence[tuple[Sequence[int], PackedVectors]]) -> "StoryVectors":
        """Return these vectors and those of *others*, pairs of article numbers and rows."""
        parts = [(self.numbers, self._rows)] if len(self) else []
        parts += [(np.array(numbers, dtype=np.uint32), rows) for numbers, rows in others]
        if not parts:
            return self
        # A single part is not copied: it may be all that is stored.
        numbers, rows = (
            parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
        )
        order = np.argsort(numbers)
        if (order[1:] > order[:-1]).all():
            return StoryVectors(numbers, rows)
        return StoryVectors(numbers[order], rows[order])

    def only(self, numbers: Numbers) -> "StoryVectors":
        """Return the vectors of those stories that are among *numbers*."""
        keep = np.isin(self.numbers, numbers)
        return self if keep.all() else StoryVectors(self.numbers[keep], self._rows[keep])

    def similarities(self, queries: Vectors) -> Vectors:
        """Return a row for each story with its similarity to each query: at most 1."""
        found = np.empty((len(self), len(queries)), dtype=np.float32)
        for start in range(0, len(self), _BLOCK):
            block = slice(start, start + _BLOCK)
            np.matmul(unpack(self._rows[block]), queries.T, out=found[block])
        found *= self._scales[:, None]
        return found

    @cached_property
    def _scales(self) -> Vectors:
        """One divided by the length of each row."""
        squares = np.empty(len(self), dtype=np.float32)
        for start in range(0, len(self), _BLOCK):
            block = unpack(self._rows[start : start + _BLOCK])
            squares[start : start + _BLOCK] = np.einsum("ij,ij->i", block, block)
        scales: Vectors = np.reciprocal(np.sqrt(np.maximum(squares, 1)))
        return scales


class SemanticSearch:
    """Semantic search over those stories of an index that are embedded."""

    def __init__(
        self,
        index: Index,
        model: Embeddings,
        vectors: StoryVectors,
        least: float | None = None,
    ) -> None:
        """Search *vectors*; *least* is what `calibrate` returned for this index or an older one.

        If *least* is None, the first search measures it.
        """
        self._index = index
        self._model = model
        self.vectors = vectors
        self._least = least

    @classmethod
    def of(cls, index: Index, model: Embeddings, articles: Sequence[Article]) -> Self:
        """Embed *articles* in memory, numbered from 0."""
        numbers = np.arange(len(articles), dtype=np.uint32)
        return cls(index, model, StoryVectors(numbers, model.embed_articles(articles)))

    def over(self, index: Index) -> Self:
        """Return the same search over another *index*, until its new stories are embedded."""
        return type(self)(index, self._model, self.vectors, self._least)

    async def find(self, query: str) -> list[tuple[int, float]]:
        """Return the numbers of the stories most similar to *query*, and their similarity.

        Return none unless the first is similar enough.
        """
        least = await self.calibrate() if self._least is None else self._least
        found = await asyncio.to_thread(self._find, query)
        length = len(query.split())
        if length == 1:
            least = max(least, MIN_FOR_A_WORD)
        elif length >= LONG_QUERY:
            least *= LONG_QUERY_FACTOR
        return found if found and found[0][1] >= least else []

    def _find(self, query: str) -> list[tuple[int, float]]:
        found = self.vectors.similarities(self._model.embed([query]))[:, 0]
        found[~self._is_loaded] = 0
        size = min(_MAX_CANDIDATES, len(found))
        rows = np.argpartition(found, -size)[-size:] if size else np.zeros(0, dtype=np.intp)
        rows = rows[self._is_loaded[rows]]
        rows = rows[np.lexsort((rows, -found[rows]))]
        return list(zip(self.vectors.numbers[rows].tolist(), found[rows].tolist(), strict=True))

    async def calibrate(self) -> float:
        """Measure the lowest similarity at which a story is proposed; infinite if none should be.

        The probes are words that are each in exactly one story. Such a word says nothing of the
        other stories, so its similarity to them is that of a query that should find nothing, in
        the language and the style of the corpus.
        """
        probes = await asyncio.to_thread(choose_probes, self._index.vocabulary)
        postings = self._index.postings(probes)
        owners = np.array([postings[word][0] >> 2 for word in probes], dtype=np.uint32)
        means, best = await asyncio.to_thread(self._similarity_to_others, probes, owners)
        half, few = np.quantile(best, (0.5, 1 - PROBE_RATE)).tolist()
        self._least = max(MIN_SIMILARITY, few, min(PROBE_FACTOR * half, SIMILAR))
        if np.median(means) > MAX_MEAN_SIMILARITY:
            self._least = math.inf
        return self._least

    def _similarity_to_others(self, words: Sequence[str], owners: Numbers) -> Vectors:
        """Return the mean and the highest similarity of each of *words* to all but its owner."""
        both = [np.zeros((2, 1), np.float32)]
        for start in range(0, len(words), _PROBE_BATCH):
            batch = slice(start, start + _PROBE_BATCH)
            found = self.vectors.similarities(self._model.embed(words[batch]))
            found[~self._is_loaded] = 0
            found[self.vectors.numbers[:, None] == owners[batch]] = 0
            both.append(
                np.stack([found.sum(axis=0) / (len(found) or 1), found.max(axis=0, initial=0)])
            )
        return np.concatenate(both, axis=1)

    @cached_property
    def _is_loaded(self) -> NDArray[np.bool_]:
        """For each vector, whether the index has its story."""
        return np.isin(self.vectors.numbers, self._index.numbers)


def join(
    by_words: Iterable[tuple[int, float]], by_similarity: Iterable[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Rank article numbers by similarity and word score together; a missing score counts as 0.

    Return them with joint scores from 0 to 1, best first.
    """
    scores = dict(by_similarity)
    for number, share in by_words:
        scores[number] = scores.get(number, 0.0) + WORD_SCORE_WEIGHT * share
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(number, min(max(score, 0.0) / (1 + WORD_SCORE_WEIGHT), 1.0)) for number, score in best]


def choose_probes(vocabulary: Vocabulary) -> list[str]:
    """Choose at most PROBE_COUNT words that are each in exactly one article, the same each time."""
    words = [
        word
        for word, count in vocabulary.counted
        if count == 1 and len(word) > 1 and not has_digit(word) and word not in FUNCTION_WORDS
    ]
    return words[:: len(words) // PROBE_COUNT + 1]
