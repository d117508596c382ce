"""Semantic search: find stories that say the same as a query in other words.

It is used only if word matching finds no answer. The nearest stories are proposed if the first one
is similar enough. What is enough depends on the models and is measured on the corpus.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from store.finding.embeddings import (
    HALF,
    PARTS,
    Embeddings,
    PackedVectors,
    Vectors,
    parts,
    unpack,
)
from store.finding.index import Index, Numbers
from store.finding.ranking import best
from store.finding.vocabulary import Vocabulary
from store.language.words import FUNCTION_WORDS, has_digit
from store.types import Article

PROBE_COUNT = 400
PROBE_RATE, MIN_SIMILARITY = 0.2, 0.18
"""The share of the probes that may reach the minimum, if all models know the language, and the
lowest minimum of any corpus; see `SemanticSearch.calibrate`."""
LONG_QUERY, LONG_QUERY_FACTOR = 4, 0.75
"""Words of a query from which on the minimum is lower: a sentence is seldom small talk."""
MAX_MEAN_SIMILARITY = 0.15
"""In a language that a model does not know, all texts are about equally similar: 0.18 or more."""

_BLOCK = 512
"""Stories compared at a time: few enough to stay in the processor's cache."""
_PROBE_BATCH = 16
_LANGUAGE_PROBES = 50
_MAX_MATCHES = 10


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
        """Return a row for each story with the sum of its similarities to each query.

        The sum is over the parts of the vectors: at most 1 for each model.
        """
        found = np.empty((len(self), len(queries)), dtype=np.float32)
        for start in range(0, len(self), _BLOCK):
            block = slice(start, start + _BLOCK)
            np.matmul(unpack(self._rows[block]), queries.T, out=found[block])
        found *= self._scales[:, None]
        return found

    @cached_property
    def _scales(self) -> Vectors:
        """What makes each part of a row about 1 long."""
        squares = np.empty(len(self), dtype=np.float32)
        for start in range(0, len(self), _BLOCK):
            block = unpack(self._rows[start : start + _BLOCK])
            squares[start : start + _BLOCK] = np.einsum("ij,ij->i", block, block)
        scales: Vectors = np.sqrt(len(PARTS) / np.maximum(squares, 1))
        return scales


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `SemanticSearch.calibrate` measures on a corpus."""

    weights: Sequence[float]
    """The weight of each model: 0 if it does not know the language; otherwise they sum to 1."""
    least: float
    """The lowest similarity at which a story is proposed; infinite if none should be."""

    def weigh(self, queries: Vectors) -> Vectors:
        """Return *queries* so that their similarities are those of all models, at most 1."""
        return np.hstack([part * w for part, w in zip(parts(queries), self.weights, strict=True)])


class SemanticSearch:
    """Semantic search over those stories of an index that are embedded."""

    def __init__(
        self,
        index: Index,
        model: Embeddings,
        vectors: StoryVectors,
        calibration: Calibration | None = None,
    ) -> None:
        """Search *vectors* with the *calibration* of this index or an older one.

        If it is None, the first search calibrates.
        """
        self._index = index
        self._model = model
        self.vectors = vectors
        self._calibration = calibration

    @classmethod
    def of(cls, index: Index, model: Embeddings, articles: Sequence[Article]) -> Self:
        """Embed *articles* in memory, numbered from 0."""
        numbers = np.arange(len(articles), dtype=np.uint32)
        return cls(index, model, StoryVectors(numbers, model.embed_articles(articles)))

    def over(self, index: Index) -> Self:
        """Return the same search over another *index*, until its new stories are embedded."""
        return type(self)(index, self._model, self.vectors, self._calibration)

    async def find(self, query: str) -> list[tuple[int, float]]:
        """Return the numbers of the stories most similar to *query*, and their similarity up to 1.

        Return at most ten, and none unless the first is similar enough.
        """
        calibration = self._calibration or await self.calibrate()
        found = await asyncio.to_thread(self._find, query, calibration)
        factor = LONG_QUERY_FACTOR if len(query.split()) >= LONG_QUERY else 1
        return found if found and found[0][1] >= calibration.least * factor else []

    def _find(self, query: str, calibration: Calibration) -> list[tuple[int, float]]:
        queries = calibration.weigh(self._model.embed([query]))
        found = np.minimum(self.vectors.similarities(queries)[:, 0], 1)
        is_near = self._is_loaded & (found > 0)
        return best(self.vectors.numbers[is_near], found[is_near], _MAX_MATCHES)

    async def calibrate(self) -> Calibration:
        """Measure which models know the language, and how similar a story must be to be proposed.

        The probes are words that are each in exactly one story. Such a word says nothing of the
        other stories, so its similarity to them is that of a query that should find nothing, in
        the language and the style of the corpus.
        """
        probes = await asyncio.to_thread(choose_probes, self._index.vocabulary)
        postings = self._index.postings(probes)
        owners = np.array([postings[word][0] >> 2 for word in probes], dtype=np.uint32)
        self._calibration = await asyncio.to_thread(self._calibrate, probes, owners)
        return self._calibration

    def _calibrate(self, probes: Sequence[str], owners: Numbers) -> Calibration:
        queries = self._model.embed(probes)
        some = slice(None, None, len(probes) // _LANGUAGE_PROBES + 1)
        each = (Calibration(row, 0).weigh(queries[some]) for row in np.eye(len(PARTS)).tolist())
        means = [np.median(self._similarity_to_others(one, owners[some])[0]) for one in each]
        known = [float(mean <= MAX_MEAN_SIMILARITY) for mean in means]
        if not any(known):
            return Calibration(known, math.inf)
        weights = [weight / sum(known) for weight in known]
        highest = self._similarity_to_others(Calibration(weights, 0).weigh(queries), owners)[1]
        # One model alone errs more often than two together.
        rate = PROBE_RATE * sum(known) / len(known)
        return Calibration(weights, max(MIN_SIMILARITY, float(np.quantile(highest, 1 - rate))))

    def _similarity_to_others(self, queries: Vectors, owners: Numbers) -> Vectors:
        """Return the mean and the highest similarity of each of *queries* to all but its owner."""
        both = [np.zeros((2, 1), np.float32)]
        for start in range(0, len(queries), _PROBE_BATCH):
            batch = slice(start, start + _PROBE_BATCH)
            found = self.vectors.similarities(queries[batch])
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


def choose_probes(vocabulary: Vocabulary) -> list[str]:
    """Choose at most PROBE_COUNT words that are each in exactly one article, the same each time."""
    words = [
        word
        for word, count in vocabulary.counted
        if count == 1 and len(word) > 1 and not has_digit(word) and word not in FUNCTION_WORDS
    ]
    return words[:: len(words) // PROBE_COUNT + 1]
