"""MiniLM: embeddings of English sentences, computed with numpy from the published weights.

The model is all-MiniLM-L6-v2 of sentence-transformers (Apache 2.0): a BERT of six layers. It is
computed here because the libraries that run it are twenty packages or 80 MB, and need its
vocabulary besides.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float32]

DIMENSIONS = 384
_LAYERS, _HEADS = 6, 12
_MAX_PIECES = 256
"""Pieces of a text that are embedded, as sentence-transformers does."""
_MAX_LETTERS = 100
"""A longer word is unknown."""
_EPSILON = 1e-12
_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
_UNSPACED = re.compile("([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")


class MiniLM:
    """Computes the embeddings of English texts. Any number of threads may use it."""

    def __init__(self, weights: Path, vocabulary: Path) -> None:
        """Map the *weights*, a file of safetensors, into memory, and read the *vocabulary*."""
        pieces = vocabulary.read_text("utf-8").splitlines()
        self._pieces = {piece: at for at, piece in enumerate(pieces)}
        data = np.memmap(weights, dtype=np.uint8, mode="r")
        start = 8 + int(data[:8].view("<u8")[0])
        self._weights: dict[str, Array] = {}
        for name, tensor in json.loads(bytes(data[8:start])).items():
            if tensor.get("dtype") == "F32":
                first, last = tensor["data_offsets"]
                numbers = data[start + first : start + last].view("<f4")
                self._weights[name] = np.asarray(numbers).reshape(tensor["shape"])

    def embed(self, texts: Sequence[str]) -> Array:
        """Return the vector of each of *texts*, of length 1."""
        ids = [*map(self._tokenize, texts)]
        ends = np.cumsum([*map(len, ids)]).tolist()
        spans = [slice(end - len(each), end) for each, end in zip(ids, ends, strict=True)]
        # The pieces of all texts are the rows of one array: one product instead of many.
        words = self._weights["embeddings.word_embeddings.weight"][[*chain(*ids)]]
        places = self._weights["embeddings.position_embeddings.weight"]
        for span in spans:
            words[span] += places[: span.stop - span.start]
        types = self._weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normalize("embeddings.LayerNorm", words + types)
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            attended = self._attend(f"{name}.attention.self", hidden, spans)
            attended = self._dense(f"{name}.attention.output.dense", attended)
            hidden = self._normalize(f"{name}.attention.output.LayerNorm", hidden + attended)
            inner = _gelu(self._dense(f"{name}.intermediate.dense", hidden))
            inner = self._dense(f"{name}.output.dense", inner)
            hidden = self._normalize(f"{name}.output.LayerNorm", hidden + inner)
        means = np.stack([hidden[span].mean(axis=0) for span in spans])
        vectors: Array = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors

    def _attend(self, name: str, hidden: Array, spans: Sequence[slice]) -> Array:
        """Return what each piece takes from the other pieces of its text."""
        query, key, value = (
            self._dense(f"{name}.{part}", hidden)
            .reshape(len(hidden), _HEADS, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        attended = np.empty_like(hidden)
        for span in spans:
            scores = query[:, span] @ key[:, span].transpose(0, 2, 1)
            scores /= np.float32(query.shape[-1] ** 0.5)
            shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
            shares /= shares.sum(axis=-1, keepdims=True)
            taken = (shares @ value[:, span]).transpose(1, 0, 2)
            attended[span] = taken.reshape(-1, hidden.shape[1])
        return attended

    def _dense(self, name: str, hidden: Array) -> Array:
        product: Array = hidden @ self._weights[f"{name}.weight"].T
        product += self._weights[f"{name}.bias"]
        return product

    def _normalize(self, name: str, hidden: Array) -> Array:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        scaled: Array = centred / spread * self._weights[f"{name}.weight"]
        return scaled + self._weights[f"{name}.bias"]

    def _tokenize(self, text: str) -> list[int]:
        """Return the numbers of the pieces of *text*, as BERT's tokenizer does."""
        folded = unicodedata.normalize("NFD", _UNSPACED.sub(r" \1 ", text).lower())
        plain = "".join(each for each in folded if unicodedata.category(each) != "Mn")
        ids = [self._pieces["[CLS]"]]
        for token in _TOKEN.findall(plain):
            ids += self._split(token)
            if len(ids) >= _MAX_PIECES:
                break
        return [*ids[: _MAX_PIECES - 1], self._pieces["[SEP]"]]

    def _split(self, token: str) -> list[int]:
        """Return the longest pieces of the vocabulary that make up *token*."""
        found: list[int] = []
        start = 0
        while start < len(token):
            mark = "##" if start else ""
            ends = range(len(token), start, -1) if len(token) <= _MAX_LETTERS else ()
            end = next((end for end in ends if mark + token[start:end] in self._pieces), 0)
            if not end:
                return [self._pieces["[UNK]"]]
            found.append(self._pieces[mark + token[start:end]])
            start = end
        return found


def _gelu(hidden: Array) -> Array:
    """Return the activation of BERT, with tanh in place of the error function."""
    cubed = hidden + np.float32(0.044715) * hidden * hidden * hidden
    activated: Array = hidden * (1 + np.tanh(np.float32(0.7978845608) * cubed)) / 2
    return activated
