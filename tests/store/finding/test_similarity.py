"""Semantic search: find stories that say the same as the query in other words."""

import json
import math
import re
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.finding import similarity
from store.finding.embeddings import DIMENSIONS, Embeddings, pack
from store.finding.finder import Finder
from store.finding.index import Index
from store.finding.similarity import MIN_SIMILARITY, SemanticSearch, StoryVectors
from store.finding.vocabulary import Vocabulary
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


async def test_a_paraphrase_gives_an_unsure_answer() -> None:
    answer = await FINDER.find("atomic iran")
    assert isinstance(answer, Unsure)
    assert any("nuclear" in text_of(match.article) for match in answer.matches)
    (only_by_words, *_) = matches(await BY_WORDS.find("atomic iran"))
    assert "Iran" in text_of(only_by_words.article)


async def test_once_the_most_similar_story_passes_three_are_shown_best_first() -> None:
    answer = await FINDER.find("are diplomats quarrelling over an armistice")
    assert isinstance(answer, Unsure)
    assert len(answer.matches) == 3
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


@pytest.mark.parametrize(
    "query",
    ["lunch", "kubernetes", "birthday party", "", "?", "🍕", "\0", "0x80070058", "BMIS-90443 v5.3"],
)
async def test_another_subject_finds_nothing(query: str) -> None:
    assert isinstance(await FINDER.find(query), Nothing)


async def test_a_headline_is_part_of_a_story() -> None:
    stories = [
        make_article(1, "Press the fish button and forward it.", headline="A suspicious mail"),
        make_article(2, "Leave by the stairs and meet at the car park.", headline="Fire alarm"),
        make_article(3, "Thirty days a year, entered two weeks ahead.", headline="Time off"),
    ]
    answer = await Finder.of(stories, MODEL).find("what if there is smoke in the building")
    assert matches(answer)[0].article.headline == "Fire alarm"


@pytest.mark.parametrize(
    ("query", "headline"),
    [
        pytest.param("wie komme ich an mein Geld für das Taxi", "Reisekosten", id="German"),
        pytest.param("when does my money arrive", "Reisekosten", id="an English question"),
    ],
)
async def test_semantic_search_works_in_other_languages(query: str, headline: str) -> None:
    stories = [
        make_article(1, "Belege einreichen, Erstattung mit dem Gehalt.", headline="Reisekosten"),
        make_article(2, "Den Vorgesetzten vor zehn Uhr anrufen.", headline="Krankmeldung"),
        make_article(3, "Vor der Abreise die Fenster schließen.", headline="Büroschluss"),
    ]
    assert matches(await Finder.of(stories, MODEL).find(query))[0].article.headline == headline


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
    assert shown.rate("question") >= 0.92
    assert shown.rate("paraphrase") >= 0.85
    assert unsure.rate("everyday") <= 0.05
    assert unsure.rate("nearmiss") <= 0.45
    assert found.rate("everyday", "nearmiss") <= 0.01


# --- the gate ------------------------------------------------------------------------------------


async def test_a_story_is_proposed_from_the_minimum_on_and_a_long_query_needs_less() -> None:
    assert MODEL
    short, long = "diplomats quarrel", "are diplomats quarrelling over an armistice"
    index = FINDER.index

    async def finds(query: str, least: float) -> bool:
        search = SemanticSearch.of(index, MODEL, STARTER)
        search = SemanticSearch(index, MODEL, search.vectors, least)
        return bool(await search.find(query))

    for query, factor in ((short, 1), (long, similarity.LONG_QUERY_FACTOR)):
        search = SemanticSearch.of(index, MODEL, STARTER)
        found = search.vectors.similarities(MODEL.embed([query])).max()
        assert await finds(query, found / factor * 0.99)
        assert not await finds(query, found / factor * 1.01)


GEORGIAN = (
    "წვიმა და მდინარე ქალაქში",
    "სკოლა და წიგნი ბავშვებისთვის",
    "ბაზარი და ფასი ზაფხულში",
    "ხიდი და გზა მთებში",
    "საავადმყოფო და ექიმი სოფელში",
)


async def test_a_single_word_needs_more() -> None:
    assert MODEL
    search = SemanticSearch.of(FINDER.index, MODEL, STARTER)
    similarity_of = search.vectors.similarities(MODEL.embed(["hostilities"])).max()
    assert similarity_of > similarity.MIN_SIMILARITY
    for limit, is_shown in ((similarity_of * 0.99, True), (similarity_of * 1.01, False)):
        with patch.object(similarity, "MIN_FOR_A_WORD", limit):
            assert bool(await search.find("hostilities")) == is_shown


async def test_a_country_that_no_story_names_is_another_subject() -> None:
    assert MODEL
    assert FINDER.index.vocabulary.lacks_country(("peace", "talks", "in", "sudan"))
    assert not FINDER.index.vocabulary.lacks_country(("talks", "in", "ankara"))
    shown = matches(await FINDER.find("peace negotiations with the generals"))
    assert shown
    assert not matches(await FINDER.find("peace negotiations with sudan's generals"))


async def test_a_story_with_the_name_is_among_the_choices() -> None:
    """A sentence of small talk may be near some story, and its meaning is not what is asked."""
    query = "haddad, that was a nice surprise, wasn't it"
    stories = [
        make_article(number, text)
        for number, text in enumerate(
            (
                "A pleasant surprise for fans: the band plays again.",
                "Everybody liked the surprise party at the office.",
                "Wonderful news delights the whole town.",
                "Fake shops were caught by Haddad.",
            )
        )
    ]
    shown = matches(await Finder.of(stories, MODEL).find(query))
    assert any("Haddad" in match.article.summary for match in shown)


async def test_nothing_is_proposed_in_a_language_that_the_model_does_not_know() -> None:
    """To it all Georgian texts look alike, so a stray word would lead to any of them."""
    assert MODEL
    stories = [make_article(number, text) for number, text in enumerate(GEORGIAN)]
    unknown = SemanticSearch.of(Index.of(stories), MODEL, stories)
    assert await unknown.calibrate() == math.inf
    assert not await unknown.find("ფეხბურთი")
    known = SemanticSearch.of(FINDER.index, MODEL, STARTER)
    assert await known.calibrate() == pytest.approx(MIN_SIMILARITY, abs=0.02)
    assert await SemanticSearch.of(Index.of(()), MODEL, ()).calibrate() == MIN_SIMILARITY


def test_probes_are_words_of_one_story_in_any_language() -> None:
    vocabulary = Vocabulary([("turkey", 1), ("kyiv", 2), ("die", 1), ("2022", 1), ("мир", 1)])
    assert similarity.choose_probes(vocabulary) == ["die", "turkey", "мир"]
    many = Vocabulary(("a" * (number + 2), 1) for number in range(1_000))
    probes = similarity.choose_probes(many)
    assert similarity.PROBE_COUNT / 2 <= len(probes) <= similarity.PROBE_COUNT
    assert similarity.choose_probes(Vocabulary([])) == []


# --- the arrays ----------------------------------------------------------------------------------


def make_vectors(rows: dict[int, list[float]]) -> StoryVectors:
    """Build vectors of stories by number; the dimensions that are left out are 0."""
    vectors = np.zeros((len(rows), DIMENSIONS), dtype=np.float32)
    for vector, row in zip(vectors, rows.values(), strict=True):
        vector[: len(row)] = row
    return StoryVectors.empty().merged([([*rows], pack(vectors))])


@given(st.integers(0, 2**32), st.integers(1, 1_200))
def test_similarities_are_those_of_the_unpacked_vectors(seed: int, stories: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(stories, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = vectors[:2]
    found = StoryVectors(np.arange(stories, dtype=np.uint32), pack(vectors)).similarities(queries)
    np.testing.assert_allclose(found, vectors @ queries.T, atol=0.05)


def test_vectors_are_merged_in_the_order_of_their_numbers() -> None:
    new = ([5], make_vectors({5: [0, 0, 1]})._rows)
    both = make_vectors({7: [1], 3: [0, 1]}).merged([new])
    assert both.numbers.tolist() == [3, 5, 7]
    found = both.similarities(np.eye(3, DIMENSIONS, dtype=np.float32))
    assert found.argmax(axis=1).tolist() == [1, 2, 0]
    assert both.only(np.array([5, 9], dtype=np.uint32)).numbers.tolist() == [5]


async def test_stories_that_are_not_loaded_are_never_returned() -> None:
    """Their vectors may be in memory: of a story that was deleted, or not loaded here yet."""
    assert MODEL
    every = SemanticSearch.of(FINDER.index, MODEL, STARTER)
    search = every.over(Index.of(STARTER[:5]))
    found = await search.find(STARTER[9].summary)
    assert found
    assert {number for number, _ in found} <= set(range(5))


def test_joint_scores_add_similarity_and_word_score() -> None:
    joined = similarity.join([(1, 0.4), (2, 0.4)], [(3, 0.43), (2, 0.4)])
    assert [number for number, _ in joined] == [2, 3, 1]
