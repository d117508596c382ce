"""Meaning: how near a query is to a story that tells the same in other words.

Words come first and meaning second: `join` never displaces a story whose words answer. A text's
vector is the sum of its words' vectors, which wordllama (MIT) ships inside its package; of a
story's only the signs are kept, 32 bytes, which costs no quality that could be measured while the
query keeps its own vector whole. Without the package Parley finds by words alone.
"""

import json
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.words import FUNCTION_WORDS, everyday_words, is_english, rarity, words
from store.types import Article

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors: TypeAlias = NDArray[np.float32]
"""A row a text, of length 1; all zeros for a text without words."""
BitVectors: TypeAlias = NDArray[np.uint8]
"""A row a story: the signs of its vector, packed eight to a byte."""

BYTES = 32
"""Of one story's signs."""

WORDS_COUNT = 0.25
"""What the share of the query that is there in words adds to the likeness in meaning."""
EVERYDAY = 0.03
"""The share of everyday words, not in the corpus, that may be asked about."""
NEAR_MISSES = 0.25
"""The same of an everyday word beside one of the corpus's."""
PROBES = 200

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_FUNCTION_WORD = 0.15
_SHORTLIST = 256
_FARTHEST = 255
_BLOCK = 1 << 14

_log = logging.getLogger(__name__)


class Embeddings:
    """Vectors for words, and from them for texts."""

    def __init__(self, table: NDArray[np.float16], tokenizer: "Tokenizer") -> None:
        self._table = table
        self._tokenizer = tokenizer

    @classmethod
    @cache
    def load(cls) -> Self | None:
        """Read the weights from the installed package; None, and a line in the log, without it.

        Read once: they never change, and everybody may share them.
        """
        # Not imported: it would set up logging for the whole process and read far more than this.
        found = find_spec("wordllama")
        if not (found and found.submodule_search_locations and find_spec("tokenizers")):
            _log.info("wordllama is not installed: stories are found by their words alone")
            return None
        from tokenizers import Tokenizer

        folder = Path(found.submodule_search_locations[0])
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(_read(folder / _WEIGHTS), tokenizer)

    def embed(self, texts: Iterable[Iterable[str]]) -> Vectors:
        """Give the vector of each of *texts*, each the words that `words` cuts it into."""
        rows: dict[str, int] = {}
        each = [[rows.setdefault(word, len(rows)) for word in text] for text in texts]
        table = self._of_words([*rows])
        vectors = np.zeros((len(each), BYTES * 8), dtype=np.float32)
        for vector, text in zip(vectors, each, strict=True):
            if text:
                np.add.reduce(table[text], axis=0, out=vector)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    def bit_vectors(self, articles: Iterable[Article]) -> BitVectors:
        """Give what is kept of each of *articles*."""
        return to_bits(self.embed(map(told, articles)))

    def _of_words(self, distinct: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(distinct), BYTES * 8), dtype=np.float32)
        # A word is made of tokens, most of one or two; the vectors of all words grow together.
        encoded = self._tokenizer.encode_batch_fast(distinct, add_special_tokens=False)
        tokens = [one.ids for one in encoded]
        every = np.fromiter(chain.from_iterable(tokens), dtype=np.intp)
        counts = np.array([len(ids) for ids in tokens], dtype=np.intp)
        starts = np.cumsum(counts) - counts
        for place in range(counts.max(initial=0)):
            (rows,) = np.nonzero(counts > place)
            vectors[rows] += self._table[every[starts[rows] + place]]
        vectors /= np.maximum(counts, 1)[:, None]
        # The length of a vector says how much its word matters; half of that measured best.
        weights = np.fromiter(map(_weight, distinct), dtype=np.float32, count=len(distinct))
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        vectors *= (weights / np.sqrt(lengths))[:, None]
        return vectors


def _weight(word: str) -> float:
    return _FUNCTION_WORD if word in FUNCTION_WORDS else rarity(word)


def _read(path: Path) -> NDArray[np.float16]:
    """Map the one tensor of a safetensors file: a length, a header in JSON, and the numbers."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        (tensor,) = (
            value for key, value in json.loads(file.read(size)).items() if key != "__metadata__"
        )
    rows, columns = tensor["shape"]
    start = 8 + size + tensor["data_offsets"][0]
    # As a plain array: the checks of a memmap at each row cost as much as the row.
    return np.asarray(np.memmap(path, np.float16, "r", start, (rows, columns)))


def to_bits(vectors: Vectors) -> BitVectors:
    """Keep of *vectors* what stories are compared by."""
    return np.packbits(vectors > 0, axis=1)


def likenesses(query: Vectors, stories: BitVectors) -> Vectors:
    """Give the likeness of one *query* vector to each of *stories*, at most 1, unrelated near 0."""
    bits = np.unpackbits(stories, axis=1).astype(np.float32)
    # What a sign of 1 or -1 adds, from a bit of 1 or 0.
    found: Vectors = (2 * (bits @ query) - query.sum()) / np.float32(math.sqrt(len(query)))
    return found


def nearest(
    query: Vectors, stories: BitVectors, limit: int, *, there: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.intp], Vectors]:
    """Give the rows of the stories nearest to *query* with their likeness, the nearest first.

    A shortlist by the signs that differ, counted in whole words of the machine, is then compared
    with the query's own vector. *there* marks the rows that are stories; None if all are.
    """
    if not len(stories) or not query.any():
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    apart = _apart(to_bits(query[None, :]), stories)
    if there is not None:
        apart[~there] = _FARTHEST
    size = max(limit, _SHORTLIST)
    # The distance within which the shortlist lies: far quicker than to sort by it.
    within = int(np.searchsorted(np.cumsum(np.bincount(apart, minlength=_FARTHEST)), size))
    rows = np.flatnonzero(apart <= min(within, _FARTHEST - 1))
    found = likenesses(query, stories[rows])
    order = np.lexsort((rows, -found))[:limit]
    return rows[order], found[order]


def told(article: Article) -> Iterator[str]:
    """Yield the words that an article's meaning is made of, as often as it uses them.

    Its headline is left out, which it shares with other stories.
    """
    for field in (article.summary, article.insight, article.question):
        yield from (word for word, _ in words(field))


def _apart(query: BitVectors, stories: BitVectors) -> NDArray[np.uint8]:
    """Count the signs in which each of *stories* differs from *query*, in whole machine words."""
    wanted = query.view(np.uint64)
    apart = np.empty(len(stories), dtype=np.uint8)
    for start in range(0, len(stories), _BLOCK):
        block = np.ascontiguousarray(stories[start : start + _BLOCK]).view(np.uint64)
        counts = np.bitwise_count(block ^ wanted)
        # The four counts of a row are four bytes: multiplied so, the highest holds their sum. It
        # overflows for the exact opposite alone, which the shortlist then puts last.
        sums = counts.view(np.uint32)[:, 0] * np.uint32(0x01010101) >> np.uint32(24)
        apart[start : start + _BLOCK] = sums
    return apart


def join(
    words_say: Iterable[tuple[int, float]], meaning_says: Iterable[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Order stories by meaning and words together, where words alone do not answer.

    *words_say* how much of the query is there in words, *meaning_says* how near each story is; a
    story that only one of them names has nothing of the other. Best first, with scores that `least`
    is about.
    """
    scores = dict(meaning_says)
    for number, share in words_say:
        scores[number] = scores.get(number, 0.0) + WORDS_COUNT * share
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))


def as_share(score: float) -> float:
    """Give a score of `join` as what a match shows: from 0 to 1, and 1 for all there is."""
    return min(max(score, 0.0) / (1 + WORDS_COUNT), 1.0)


@dataclass(frozen=True, slots=True)
class Probes:
    """Queries that must find nothing, made to see how much a corpus gives to such ones."""

    everyday: tuple[str, ...]
    near_misses: tuple[str, ...]


def probes(corpus: Sequence[str], rng: Random) -> Probes:
    """Draw everyday words that *corpus*, a list of its words, lacks, alone and beside its own."""
    own = sorted(word for word in set(corpus) - FUNCTION_WORDS if is_english(word))
    other = sorted(everyday_words() - set(corpus))
    if not own or not other:
        return Probes((), ())
    return Probes(
        everyday=tuple(rng.choices(other, k=PROBES)),
        near_misses=tuple(f"{rng.choice(own)} {rng.choice(other)}" for _ in range(PROBES)),
    )


def min_score(everyday: Sequence[float], near_misses: Sequence[float]) -> float:
    """Give the score that a story needs, from the best scores that the probes got.

    So few of them pass as `EVERYDAY` and `NEAR_MISSES` say, in this corpus as in any other.
    """
    return max(
        float(np.quantile(everyday, 1 - EVERYDAY)) if len(everyday) else math.inf,
        float(np.quantile(near_misses, 1 - NEAR_MISSES)) if len(near_misses) else math.inf,
    )
