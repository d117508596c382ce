"""Semantic search: find stories that say the same as the query in other words."""

import importlib.util
import json
import re
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.finding import embeddings
from store.finding.embeddings import Embeddings
from store.finding.finder import Finder
from store.finding.vocabulary import Vocabulary
from store.finding.words import words
from store.types import Found, Nothing, Unsure
from tests.store.finding.test_finder import (
    LOOKUPS,
    STARTER,
    Rates,
    make_article,
    matches,
    text_of,
)

MODEL = Embeddings.load()
assert MODEL, "make test installs the optional part"
FINDER = Finder.of(STARTER, MODEL)
BY_WORDS = Finder.of(STARTER)


def vector(text: str) -> embeddings.Vectors:
    assert MODEL
    found: embeddings.Vectors = MODEL.embed([[word for word, _ in words(text)]])[0]
    return found


def test_words_with_similar_meanings_have_similar_vectors() -> None:
    truce, ceasefire, lunch = map(vector, ("truce", "ceasefire", "lunch"))
    assert truce @ ceasefire > 0.3 > 0.1 > truce @ lunch


def test_vectors_have_length_1_and_an_empty_text_has_length_0() -> None:
    assert MODEL
    found = MODEL.embed([["embassy", "talks"], []])
    assert found.shape == (2, 256)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 0], abs=1e-5)


async def test_a_paraphrase_gives_an_unsure_answer() -> None:
    answer = await FINDER.find("atomic iran")
    assert isinstance(answer, Unsure)
    assert any("nuclear" in text_of(match.article) for match in answer.matches)
    (only_by_words, *_) = matches(await BY_WORDS.find("atomic iran"))
    assert "Iran" in text_of(only_by_words.article)


async def test_an_unsure_answer_has_falling_scores() -> None:
    answer = await FINDER.find("are diplomats quarrelling over an armistice")
    assert isinstance(answer, Unsure)
    assert 1 <= len(answer.matches) <= 3
    scores = [match.score for match in answer.matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


async def test_an_answer_by_words_stays_the_same() -> None:
    for line in LOOKUPS.read_text("utf-8").splitlines():
        query = json.loads(line)["query"]
        by_words = await BY_WORDS.find(query)
        if isinstance(by_words, Found):
            assert await FINDER.find(query) == by_words


async def test_a_query_with_only_misspelled_words_is_answered_by_its_words() -> None:
    by_words = await BY_WORDS.find("zelensiky medvdev xqzt")
    assert isinstance(by_words, Unsure)
    assert matches(await FINDER.find("zelensiky medvdev xqzt"))


@pytest.mark.parametrize("query", ["lunch", "kubernetes", "birthday party", "", "?", "🍕", "\0"])
async def test_another_subject_finds_nothing(query: str) -> None:
    assert isinstance(await FINDER.find(query), Nothing)


async def test_an_empty_corpus_answers_nothing() -> None:
    assert await Finder.of((), MODEL).find("embassy staff") == Nothing(topics=())


async def test_quality_with_semantic_search() -> None:
    shown, unsure, found = Rates(), Rates(), Rates()
    for line in LOOKUPS.read_text("utf-8").splitlines():
        lookup = json.loads(line)
        answer = await FINDER.find(lookup["query"])
        right = [
            all(
                re.search(pattern, text_of(match.article), re.IGNORECASE)
                for pattern in lookup["has"]
            )
            for match in matches(answer)[:3]
        ]
        shown.add(lookup["class"], is_true=any(right))
        unsure.add(lookup["class"], is_true=isinstance(answer, Unsure))
        found.add(lookup["class"], is_true=isinstance(answer, Found))
    assert shown.rate("question") >= 0.90
    assert shown.rate("paraphrase") >= 0.70
    assert unsure.rate("everyday") <= 0.05
    assert unsure.rate("nearmiss") <= 0.35
    assert found.rate("everyday", "nearmiss") <= 0.01


def test_without_the_package_there_is_no_model_and_one_log_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        embeddings, "find_spec", lambda name: None if name == "wordllama" else find(name)
    )
    with caplog.at_level("INFO"):
        Embeddings.load.cache_clear()
        assert Embeddings.load() is None
    Embeddings.load.cache_clear()
    assert [record.message for record in caplog.records] == [
        "wordllama is not installed: stories are found by their words alone"
    ]


# --- the arrays ----------------------------------------------------------------------------------


def test_a_story_is_most_similar_to_itself() -> None:
    assert MODEL
    stored = MODEL.bit_vectors(STARTER)
    assert stored.shape == (len(STARTER), embeddings.BYTES)
    for number, query in enumerate(MODEL.embed(map(embeddings.embedded_words, STARTER))):
        rows, found = embeddings.nearest(query, stored, 3)
        assert rows[0] == number
        assert found[0] > 0.7


@given(st.integers(0, 2**32), st.integers(1, 700), st.integers(1, 20))
def test_the_shortlist_contains_the_most_similar_stories(
    seed: int, stories: int, limit: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(stories, 256)).astype(np.float32)
    query = vectors[0] + 0.3 * rng.normal(size=256).astype(np.float32)
    stored = embeddings.to_bits(vectors)
    rows, found = embeddings.nearest(query, stored, limit)
    assert rows[0] == 0
    assert len(rows) == min(limit, stories) == len(set(rows.tolist()))
    assert np.all(np.diff(found) <= 0)
    assert found == pytest.approx(embeddings.similarities(query, stored)[rows], rel=1e-4)


def test_masked_rows_are_never_returned() -> None:
    vectors = np.ones((600, 256), dtype=np.float32)
    mask = np.zeros(600, dtype=np.bool_)
    mask[[5, 400]] = True
    rows, _ = embeddings.nearest(vectors[0], embeddings.to_bits(vectors), 10, mask=mask)
    assert rows.tolist() == [5, 400]


def test_joint_scores_add_similarity_and_word_score() -> None:
    joined = embeddings.join([(1, 0.4), (2, 0.4)], [(3, 0.45), (2, 0.4)])
    assert [number for number, _ in joined] == [2, 3, 1]


# --- the calibration -----------------------------------------------------------------------------


def test_probes_are_words_of_one_story_in_any_language() -> None:
    vocabulary = Vocabulary([("turkey", 1), ("kyiv", 2), ("die", 1), ("2022", 1), ("мир", 1)])
    assert embeddings.choose_probes(vocabulary) == ["die", "turkey", "мир"]
    many = Vocabulary(("a" * (number + 2), 1) for number in range(1_000))
    probes = embeddings.choose_probes(many)
    assert embeddings.PROBE_COUNT / 2 <= len(probes) <= embeddings.PROBE_COUNT
    assert embeddings.choose_probes(Vocabulary([])) == []


def test_few_probes_reach_the_minimum_similarity() -> None:
    best = [number / 100 for number in range(100)]
    least = embeddings.min_similarity(best)
    assert sum(found >= least for found in best) <= embeddings.PROBE_RATE * len(best)
    assert embeddings.min_similarity([]) == embeddings.MIN_SIMILARITY


async def test_the_minimum_rises_in_a_corpus_whose_stories_are_all_alike() -> None:
    alike = [
        make_article(number, f"Embassy talks about flights and sanctions resumed xq{letter}vz")
        for number, letter in enumerate(string.ascii_lowercase)
    ]
    found = await Finder.of(alike, MODEL).calibrate()
    assert found is not None
    assert found >= embeddings.MIN_SIMILARITY
    assert await Finder.of((), MODEL).calibrate() == embeddings.MIN_SIMILARITY
    assert await Finder.of(alike).calibrate() is None


async def test_once_the_most_similar_story_passes_three_are_shown() -> None:
    answer = await FINDER.find("atomic iran")
    assert isinstance(answer, Unsure)
    assert len(answer.matches) == 3


async def test_a_whole_question_needs_less_similarity_than_a_few_words() -> None:
    for query, expected in (
        ("lunch party", Nothing),
        ("are diplomats quarrelling over an armistice", Unsure),
    ):
        _, (similarity,) = embeddings.nearest(vector(query), FINDER.index.bit_vectors, 1)
        finder = FINDER.with_derived(FINDER.topics, similarity * 1.1)
        assert isinstance(await finder.find(query), expected)
