"""MiniLM as Parley computes it gives the vectors of sentence-transformers."""

import numpy as np
import pytest

from store.finding import embeddings
from store.finding.minilm import DIMENSIONS, MiniLM

FOUND = embeddings._find_files(embeddings.MINILM)
assert FOUND, "make test installs the optional part"
MODEL = MiniLM(*FOUND)
PIECES = {number: piece for piece, number in MODEL._pieces.items()}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ""),
        ("Hello, world!", "hello , world !"),
        ("What's an e-mail?", "what ' s an e - mail ?"),
        ("unbelievable Zelenskyy", "unbelievable ze ##len ##sky ##y"),
        ("Café Zürich naïve", "cafe zurich naive"),
        ("snake_case 3.14", "snake _ case 3 . 14"),
        ("中国", "中 国"),
        ("x" * 101, "[UNK]"),
        ("🍕 pizza", "[UNK] pizza"),
    ],
)
def test_text_is_split_into_the_pieces_of_bert(text: str, pieces: str) -> None:
    found = [PIECES[at] for at in MODEL._tokenize(text)]
    assert found == ["[CLS]", *pieces.split(), "[SEP]"]


def test_a_long_text_is_cut() -> None:
    assert len(MODEL._tokenize("word " * 1_000)) == 256


def test_the_vectors_are_those_of_sentence_transformers() -> None:
    """The similarities that sentence-transformers computes with these weights."""
    source, *others = MODEL.embed(
        ["That is a happy person", "That is a happy dog", "That is a very happy person",
         "Today is a sunny day"]
    )  # fmt: skip
    assert [float(source @ other) for other in others] == pytest.approx(
        [0.695, 0.943, 0.257], abs=0.005
    )


def test_a_vector_does_not_depend_on_the_other_texts() -> None:
    texts = ["a truce", "", "What is for lunch today?", "a truce"]
    together = MODEL.embed(texts)
    assert together.shape == (4, DIMENSIONS)
    np.testing.assert_allclose(
        together, np.vstack([MODEL.embed([text]) for text in texts]), atol=1e-5
    )
