"""Semantic search: find stories that say the same as a query in other words.

Semantic search is used only if word matching finds no answer. The embedding of a text is the sum of
the embeddings of its words, which the package wordllama (MIT) contains. Of an article, only the
signs of its embedding are stored, as a bit vector of 32 bytes. That lost no measurable quality,
because the embedding of the query keeps its full precision. If wordllama is not installed, Parley
matches words only.
"""

import json
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.vocabulary import Vocabulary
from store.finding.words import FUNCTION_WORDS, commonness, rarity, words
from store.types import Article

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors: TypeAlias = NDArray[np.float32]
"""One row for each text, of length 1; all zeros for a text without words."""
BitVectors: TypeAlias = NDArray[np.uint8]
"""One row for each article: the signs of its vector, eight to a byte."""

BYTES = 32
"""The size of a bit vector."""

WORD_SCORE_WEIGHT = 0.25
"""The weight of the word score, added to the similarity of the embeddings."""
MIN_SIMILARITY = 0.22
"""The lowest similarity at which a story may be proposed, in any corpus."""
PROBE_RATE = 0.2
"""The share of the probes that may reach the minimum: see `choose_probes`."""
PROBE_COUNT = 400
LONG_QUERY, LONG_QUERY_FACTOR = 4, 0.7
"""Words of a query from which on the minimum is lower: a whole sentence is seldom small talk."""

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_FUNCTION_WORD = 0.15
_SHORTLIST = 256
_MAX_DISTANCE = 255
_BLOCK = 1 << 14

_log = logging.getLogger(__name__)


class Embeddings:
    """Computes embeddings of words, and from these the embeddings of texts."""

    def __init__(self, table: NDArray[np.float16], tokenizer: "Tokenizer") -> None:
        self._table = table
        self._tokenizer = tokenizer

    @classmethod
    @cache
    def load(cls) -> Self | None:
        """Load the weights from the installed package; log and return None if it is missing.

        The weights never change, so they are loaded once and shared.
        """
        # Do not import wordllama: it configures logging for the process and loads far more data.
        found = find_spec("wordllama")
        if not (found and found.submodule_search_locations and find_spec("tokenizers")):
            _log.info("wordllama is not installed: stories are found by their words alone")
            return None
        from tokenizers import Tokenizer

        folder = Path(found.submodule_search_locations[0])
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(_load_tensor(folder / _WEIGHTS), tokenizer)

    def embed(self, texts: Iterable[Iterable[str]]) -> Vectors:
        """Return the vector of each text; a text is the sequence of words that `words` yields."""
        rows: dict[str, int] = {}
        row_lists = [[rows.setdefault(word, len(rows)) for word in text] for text in texts]
        table = self._embed_words([*rows])
        vectors = np.zeros((len(row_lists), BYTES * 8), dtype=np.float32)
        for vector, word_rows in zip(vectors, row_lists, strict=True):
            if word_rows:
                np.add.reduce(table[word_rows], axis=0, out=vector)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    def bit_vectors(self, articles: Iterable[Article]) -> BitVectors:
        """Return the bit vector of each article."""
        return to_bits(self.embed(map(embedded_words, articles)))

    def _embed_words(self, distinct: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(distinct), BYTES * 8), dtype=np.float32)
        # Most words are one or two tokens. Add the first tokens of all words, then the second ones.
        encoded = self._tokenizer.encode_batch_fast(distinct, add_special_tokens=False)
        tokens = [encoding.ids for encoding in encoded]
        all_tokens = np.fromiter(chain.from_iterable(tokens), dtype=np.intp)
        counts = np.array([len(ids) for ids in tokens], dtype=np.intp)
        starts = np.cumsum(counts) - counts
        for place in range(counts.max(initial=0)):
            (rows,) = np.nonzero(counts > place)
            vectors[rows] += self._table[all_tokens[starts[rows] + place]]
        vectors /= np.maximum(counts, 1)[:, None]
        # The length of a vector shows how important its word is; the square root measured best.
        weights = np.fromiter(map(_weight, distinct), dtype=np.float32, count=len(distinct))
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        vectors *= (weights / np.sqrt(lengths))[:, None]
        return vectors


def _weight(word: str) -> float:
    return _FUNCTION_WORD if word in FUNCTION_WORDS else rarity(commonness(word))


def _load_tensor(path: Path) -> NDArray[np.float16]:
    """Map the only tensor of a safetensors file: header length, JSON header, then the data."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        (tensor,) = (
            value for key, value in json.loads(file.read(size)).items() if key != "__metadata__"
        )
    rows, columns = tensor["shape"]
    start = 8 + size + tensor["data_offsets"][0]
    # Convert to a plain array: the checks of memmap cost as much as reading a row.
    return np.asarray(np.memmap(path, np.float16, "r", start, (rows, columns)))


def to_bits(vectors: Vectors) -> BitVectors:
    """Return the bit vectors of *vectors*: 1 for each positive dimension."""
    return np.packbits(vectors > 0, axis=1)


def similarities(query: Vectors, stories: BitVectors) -> Vectors:
    """Return the similarity of the *query* vector to each story: at most 1, near 0 if unrelated."""
    bits = np.unpackbits(stories, axis=1).astype(np.float32)
    # The dot product with signs of 1 and -1, computed from bits of 1 and 0.
    result: Vectors = (2 * (bits @ query) - query.sum()) / np.float32(math.sqrt(len(query)))
    return result


def nearest(
    query: Vectors, stories: BitVectors, limit: int, *, mask: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.intp], Vectors]:
    """Return the rows of the stories most similar to *query* and their similarities, best first.

    A shortlist is chosen by Hamming distance, then ranked with the full query vector. *mask* is
    True for the rows that may be returned; None means all rows.
    """
    if not len(stories) or not query.any():
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    distances = _hamming_distances(to_bits(query[None, :]), stories)
    if mask is not None:
        distances[~mask] = _MAX_DISTANCE
    size = max(limit, _SHORTLIST)
    # Find the distance within which the shortlist lies, because sorting would be much slower.
    within = int(np.searchsorted(np.cumsum(np.bincount(distances, minlength=_MAX_DISTANCE)), size))
    rows = np.flatnonzero(distances <= min(within, _MAX_DISTANCE - 1))
    found = similarities(query, stories[rows])
    order = np.lexsort((rows, -found))[:limit]
    return rows[order], found[order]


def embedded_words(article: Article) -> Iterator[str]:
    """Yield the words of *article* that its embedding is computed from, with repetitions."""
    for field in (article.headline, article.summary, article.insight, article.question):
        yield from (word for word, _ in words(field))


def _hamming_distances(query: BitVectors, stories: BitVectors) -> NDArray[np.uint8]:
    """Return the number of bits in which each story differs from *query*."""
    wanted = query.view(np.uint64)
    distances = np.empty(len(stories), dtype=np.uint8)
    for start in range(0, len(stories), _BLOCK):
        block = np.ascontiguousarray(stories[start : start + _BLOCK]).view(np.uint64)
        counts = np.bitwise_count(block ^ wanted)
        # A row has four counts of one byte each. The multiplication puts their sum into the highest
        # byte. It overflows (256 becomes 0) only for the exact opposite of the query, which the
        # ranking of the shortlist then puts last.
        sums = counts.view(np.uint32)[:, 0] * np.uint32(0x01010101) >> np.uint32(24)
        distances[start : start + _BLOCK] = sums
    return distances


def join(
    by_words: Iterable[tuple[int, float]], by_similarity: Iterable[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Rank stories by similarity and word score together, for a query without an answer by words.

    Both arguments are article numbers with scores; a missing score counts as 0. Return numbers and
    joint scores from 0 to 1, best first.
    """
    scores = dict(by_similarity)
    for number, share in by_words:
        scores[number] = scores.get(number, 0.0) + WORD_SCORE_WEIGHT * share
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(number, min(max(score, 0.0) / (1 + WORD_SCORE_WEIGHT), 1.0)) for number, score in best]


def choose_probes(vocabulary: Vocabulary) -> list[str]:
    """Choose words of the corpus that are each in exactly one article.

    Such a word says nothing of the other articles, so its similarity to them is that of a query
    that should find nothing, in the language and the style of the corpus.
    """
    words = [
        word
        for word, count in vocabulary.counted
        if count == 1 and len(word) > 1 and word.isalpha() and word not in FUNCTION_WORDS
    ]
    return words[:: len(words) // PROBE_COUNT + 1]


def min_similarity(best: Sequence[float]) -> float:
    """Return the lowest similarity at which a story is proposed.

    *best* has the highest similarity of each probe to any article that does not contain it.
    """
    return max(MIN_SIMILARITY, float(np.quantile(best, 1 - PROBE_RATE)) if best else 0.0)
