"""MiniLM: embeddings of English sentences, computed with numpy.

The model is all-MiniLM-L6-v2 of sentence-transformers (Apache 2.0): a BERT of six layers, whose
weights are rounded to 8 bits. It is computed here because the libraries that run it bring over
twenty packages, or 80 MB.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float32]

DIMENSIONS = 384
_LAYERS, _HEADS = 6, 12
_MAX_PIECES = 256
"""Pieces of a text that are embedded, as sentence-transformers does."""
_MAX_LETTERS = 100
"""A longer word is unknown."""
_EPSILON = np.float32(1e-12)
_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
_UNSPACED = re.compile("([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")

_GRAPH, _INITIALIZER, _NAME, _RAW_DATA = 7, 5, 8, 9
"""Numbers of fields in a file of ONNX (onnx.proto)."""


class _Dense(NamedTuple):
    """A layer that multiplies by a matrix and adds a bias."""

    matrix: Array
    bias: Array

    def __call__(self, hidden: Array) -> Array:
        product: Array = hidden @ self.matrix
        product += self.bias
        return product


class _Norm(NamedTuple):
    """A layer that gives each row the mean 0 and the variance 1, and scales it."""

    weight: Array
    bias: Array

    def __call__(self, hidden: Array) -> Array:
        centred: Array = hidden - hidden.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred)[:, None] / hidden.shape[-1]
        centred *= self.weight / np.sqrt(variance + _EPSILON)
        centred += self.bias
        return centred


class _Layer(NamedTuple):
    """One of the six layers of the model."""

    query_key_value: _Dense
    attended: _Dense
    attended_norm: _Norm
    intermediate: _Dense
    output: _Dense
    output_norm: _Norm


class MiniLM:
    """Computes the embeddings of English texts. Any number of threads may use it."""

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        """Load the *weights*, a file of ONNX, and the vocabulary of the *tokenizer*."""
        self._pieces: dict[str, int] = json.loads(tokenizer.read_bytes())["model"]["vocab"]
        tensors = dict(_read_tensors(weights))

        def floats(name: str) -> Array:
            return np.frombuffer(tensors[f"inner.{name}"], "<f4")

        def norm(name: str) -> _Norm:
            return _Norm(floats(f"{name}.LayerNorm.weight"), floats(f"{name}.LayerNorm.bias"))

        def rows(name: str) -> NDArray[np.int8]:
            return np.frombuffer(tensors[f"inner.{name}.weight_q"], np.int8).reshape(-1, DIMENSIONS)

        self._words = rows("embeddings.word_embeddings")
        self._word_scales = floats("embeddings.word_embeddings.weight_scale")[:, None]
        self._places = (
            rows("embeddings.position_embeddings")
            * (floats("embeddings.position_embeddings.weight_scale")[:, None])
        )
        self._places += floats("embeddings.token_type_embeddings.weight")[:DIMENSIONS]
        self._norm = norm("embeddings")
        # The matrices have no names of their own, and are in the order of their use.
        matrices = (_matrix(tensors, name) for name in tensors if re.match("val_.*_q", name))
        self._layers = []
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            query, key, value, attended, intermediate, output = (next(matrices) for _ in range(6))
            biases = [
                floats(f"{name}.attention.self.{one}.bias") for one in ("query", "key", "value")
            ]
            self._layers.append(
                _Layer(
                    # One product is faster than three.
                    _Dense(np.hstack([query, key, value]), np.concatenate(biases)),
                    _Dense(attended, floats(f"{name}.attention.output.dense.bias")),
                    norm(f"{name}.attention.output"),
                    _Dense(intermediate, floats(f"{name}.intermediate.dense.bias")),
                    _Dense(output, floats(f"{name}.output.dense.bias")),
                    norm(f"{name}.output"),
                )
            )

    def embed(self, texts: Sequence[str]) -> Array:
        """Return the vector of each of *texts*, of length 1."""
        ids = [*map(self._tokenize, texts)]
        ends = np.cumsum([*map(len, ids)]).tolist()
        spans = [slice(end - len(each), end) for each, end in zip(ids, ends, strict=True)]
        # The pieces of all texts are the rows of one array: one product instead of many.
        pieces = [*chain(*ids)]
        words: Array = self._words[pieces] * self._word_scales[pieces]
        for span in spans:
            words[span] += self._places[: span.stop - span.start]
        hidden = self._norm(words)
        for layer in self._layers:
            attended = layer.attended(_attend(layer.query_key_value(hidden), spans))
            hidden = layer.attended_norm(hidden + attended)
            inner = _gelu(layer.intermediate(hidden))
            hidden = layer.output_norm(hidden + layer.output(inner))
        means = np.stack([hidden[span].mean(axis=0) for span in spans])
        vectors: Array = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors

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


def _attend(projected: Array, spans: Sequence[slice]) -> Array:
    """Return what each piece takes from the other pieces of its text.

    Each row of *projected* is the query, the key and the value of a piece.
    """
    parts = projected.reshape(len(projected), 3, _HEADS, -1).transpose(1, 2, 0, 3)
    query, key, value = parts
    attended = np.empty((len(projected), DIMENSIONS), dtype=np.float32)
    for span in spans:
        scores = query[:, span] @ key[:, span].transpose(0, 2, 1)
        scores /= np.float32(query.shape[-1] ** 0.5)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        taken = (shares @ value[:, span]).transpose(1, 0, 2)
        attended[span] = taken.reshape(-1, DIMENSIONS)
    return attended


def _gelu(hidden: Array) -> Array:
    """Return the activation of BERT, with tanh in place of the error function."""
    cubed = hidden + np.float32(0.044715) * hidden * hidden * hidden
    activated: Array = hidden * (1 + np.tanh(np.float32(0.7978845608) * cubed)) / 2
    return activated


def _matrix(tensors: dict[str, memoryview], name: str) -> Array:
    """Return the matrix *name*, whose columns have a scale each."""
    scales = np.frombuffer(tensors[name.removesuffix("q") + "scale"], "<f4")
    matrix: Array = np.frombuffer(tensors[name], np.int8).reshape(-1, len(scales)) * scales
    return matrix


def _read_tensors(path: Path) -> Iterator[tuple[str, memoryview]]:
    """Yield the name and the bytes of each tensor in a file of ONNX, mapped into memory."""
    with path.open("rb") as file:
        model = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    for number, tensor in _read_fields(dict(_read_fields(model))[_GRAPH]):
        if number == _INITIALIZER:
            fields = dict(_read_fields(tensor))
            yield str(fields[_NAME], "utf-8"), fields[_RAW_DATA]


def _read_fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and the bytes of each field of a protobuf *message*.

    The fields are numbers of variable length, or have a length: ONNX has no others here.
    """
    at = 0

    def read_number() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(message):
        field, kind = divmod(read_number(), 8)
        start, length = at, read_number()
        if kind == 2:
            start, at = at, at + length
        yield field, message[start:at]
