"""Meaning: stories that tell in other words what was asked for."""

import importlib.util
import json
import re
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.finding import meaning
from store.finding.finder import CUT_OFF, Finder
from store.finding.meaning import Embeddings
from store.finding.words import words
from store.types import Found, Nothing, Unsure
from tests.store.finding.test_finder import LOOKUPS, STARTER, Tally, matches, told

MODEL = Embeddings.load()
assert MODEL, "make test installs the optional part"
FINDER = Finder.of(STARTER, MODEL)
BY_WORDS = Finder.of(STARTER)


def vector(text: str) -> meaning.Vectors:
    assert MODEL
    return MODEL.embed([[word for word, _ in words(text)]])[0]


def test_words_of_like_meaning_are_near_and_others_are_not() -> None:
    truce, ceasefire, lunch = map(vector, ("truce", "ceasefire", "lunch"))
    assert truce @ ceasefire > 0.3 > 0.1 > truce @ lunch


def test_vectors_have_length_1_and_an_empty_text_none() -> None:
    assert MODEL
    found = MODEL.embed([["embassy", "talks"], []])
    assert found.shape == (2, 256)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 0], abs=1e-5)


async def test_a_paraphrase_is_asked_about() -> None:
    answer = await FINDER.find("atomic iran")
    assert isinstance(answer, Unsure)
    assert any("nuclear" in told(match.article) for match in answer.matches)
    assert isinstance(await BY_WORDS.find("atomic iran"), Nothing)


async def test_what_is_offered_differs_and_scores_fall() -> None:
    answer = await FINDER.find("are diplomats quarrelling over an armistice")
    assert isinstance(answer, Unsure)
    assert 1 <= len(answer.matches) <= 3
    scores = [match.score for match in answer.matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


async def test_no_answer_by_words_is_displaced() -> None:
    for line in LOOKUPS.read_text("utf-8").splitlines():
        query = json.loads(line)["query"]
        by_words = await BY_WORDS.find(query)
        if isinstance(by_words, Found):
            assert await FINDER.find(query) == by_words


async def test_what_is_misspelt_all_over_still_goes_by_its_words() -> None:
    by_words = await BY_WORDS.find("zelensiky medvdev xqzt")
    assert isinstance(by_words, Unsure)
    assert matches(await FINDER.find("zelensiky medvdev xqzt"))


@pytest.mark.parametrize("query", ["lunch", "kubernetes", "birthday party", "", "?", "🍕", "\0"])
async def test_what_is_on_another_subject_finds_nothing(query: str) -> None:
    assert isinstance(await FINDER.find(query), Nothing)


async def test_an_empty_corpus_answers_nothing() -> None:
    assert await Finder.of((), MODEL).find("embassy staff") == Nothing(topics=())


async def test_quality_with_meaning() -> None:
    shown, unsure, found = Tally(), Tally(), Tally()
    for line in LOOKUPS.read_text("utf-8").splitlines():
        lookup = json.loads(line)
        answer = await FINDER.find(lookup["query"])
        right = [
            all(re.search(pattern, told(match.article), re.IGNORECASE) for pattern in lookup["has"])
            for match in matches(answer)[:3]
        ]
        shown.add(lookup["class"], held=any(right))
        unsure.add(lookup["class"], held=isinstance(answer, Unsure))
        found.add(lookup["class"], held=isinstance(answer, Found))
    assert shown.share("question") >= 0.92
    assert shown.share("paraphrase") >= 0.70
    assert unsure.share("everyday") <= 0.05
    assert unsure.share("nearmiss") <= 0.25
    assert found.share("everyday", "nearmiss") <= 0.01


def test_without_the_package_there_is_no_model_and_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        meaning, "find_spec", lambda name: None if name == "wordllama" else find(name)
    )
    with caplog.at_level("INFO"):
        Embeddings.load.cache_clear()
        assert Embeddings.load() is None
    Embeddings.load.cache_clear()
    assert [record.message for record in caplog.records] == [
        "wordllama is not installed: stories are found by their words alone"
    ]


# --- the arrays ----------------------------------------------------------------------------------


def test_a_story_is_nearest_to_itself() -> None:
    assert MODEL
    kept = MODEL.bit_vectors(STARTER)
    assert kept.shape == (len(STARTER), meaning.BYTES)
    for number, query in enumerate(MODEL.embed(map(meaning.told, STARTER))):
        rows, found = meaning.nearest(query, kept, 3)
        assert rows[0] == number
        assert found[0] > 0.7


@given(st.integers(0, 2**32), st.integers(1, 700), st.integers(1, 20))
def test_the_shortlist_gives_what_comparing_all_gives(seed: int, stories: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(stories, 256)).astype(np.float32)
    query = vectors[0] + 0.3 * rng.normal(size=256).astype(np.float32)
    kept = meaning.to_bits(vectors)
    rows, found = meaning.nearest(query, kept, limit)
    assert rows[0] == 0
    assert len(rows) == min(limit, stories) == len(set(rows.tolist()))
    assert np.all(np.diff(found) <= 0)
    assert found == pytest.approx(meaning.likenesses(query, kept)[rows], rel=1e-4)


def test_rows_without_a_story_are_never_near() -> None:
    vectors = np.ones((600, 256), dtype=np.float32)
    there = np.zeros(600, dtype=np.bool_)
    there[[5, 400]] = True
    rows, _ = meaning.nearest(vectors[0], meaning.to_bits(vectors), 10, there=there)
    assert rows.tolist() == [5, 400]


def test_stories_are_joined_by_what_both_say() -> None:
    joined = meaning.join([(1, 0.4), (2, 0.4)], [(3, 0.45), (2, 0.4)])
    assert [number for number, _ in joined] == [2, 3, 1]


def test_probes_are_words_that_the_corpus_lacks() -> None:
    drawn = meaning.probes(["turkey", "zelensky"], Random(1))
    assert "turkey" not in drawn.everyday
    assert all(each.split()[0] == "turkey" for each in drawn.near_misses)
    assert meaning.probes([], Random(1)) == meaning.Probes((), ())


def test_few_of_the_probes_reach_the_least_score() -> None:
    everyday, near = [number / 100 for number in range(100)], [0.0, 0.1, 0.2]
    min_score = meaning.min_score(everyday, near)
    assert sum(score >= min_score for score in everyday) <= 3
    assert meaning.min_score([], near) > CUT_OFF
