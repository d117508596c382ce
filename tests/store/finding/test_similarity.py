"""Semantic search: find stories that say the same as the query in other words."""

import json
import math
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.finding import similarity
from store.finding.embeddings import DIMENSIONS, PARTS, Vectors, pack, parts
from store.finding.finder import Finder
from store.finding.index import Index
from store.finding.similarity import (
    MIN_SIMILARITY,
    Calibration,
    SemanticSearch,
    StoryVectors,
)
from store.finding.vocabulary import Vocabulary
from store.types import Found, Nothing, Unsure
from tests.store.finding.test_embeddings import model
from tests.store.finding.test_finder import (
    LOOKUPS,
    STARTER,
    TOPICS,
    Rates,
    make_article,
    matches,
    text_of,
)


@cache
def finder() -> Finder:
    """Return a finder of the sample stories with semantic search."""
    return Finder.of(STARTER, model()).with_names(TOPICS)


@cache
def by_words_alone() -> Finder:
    """Return a finder of the sample stories without semantic search."""
    return Finder.of(STARTER).with_names(TOPICS)


async def test_a_paraphrase_gives_an_unsure_answer() -> None:
    answer = await finder().find("atomic iran")
    assert isinstance(answer, Unsure)
    assert any("nuclear" in text_of(match.article) for match in answer.matches)
    (only_by_words, *_) = matches(await by_words_alone().find("atomic iran"))
    assert "Iran" in text_of(only_by_words.article)


async def test_once_the_most_similar_story_passes_three_are_shown_best_first() -> None:
    answer = await finder().find("are diplomats quarrelling over an armistice")
    assert isinstance(answer, Unsure)
    assert len(answer.matches) == 3
    scores = [match.score for match in answer.matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


async def test_an_answer_by_words_stays_the_same() -> None:
    for line in LOOKUPS.read_text("utf-8").splitlines():
        query = json.loads(line)["query"]
        by_words = await by_words_alone().find(query)
        if isinstance(by_words, Found):
            assert await finder().find(query) == by_words


async def test_a_query_with_only_misspelled_words_is_answered_by_its_words() -> None:
    by_words = await by_words_alone().find("zelensiky medvdev xqzt")
    assert isinstance(by_words, Unsure)
    assert matches(await finder().find("zelensiky medvdev xqzt"))


@pytest.mark.parametrize(
    "query",
    ["lunch", "kubernetes", "birthday party", "", "?", "🍕", "\0", "0x80070058", "BMIS-90443 v5.3"],
)
async def test_another_subject_finds_nothing(query: str) -> None:
    assert isinstance(await finder().find(query), Nothing)


async def test_a_headline_is_part_of_a_story() -> None:
    stories = [
        make_article(1, "Press the fish button and forward it.", headline="A suspicious mail"),
        make_article(2, "Leave by the stairs and meet at the car park.", headline="Fire alarm"),
        make_article(3, "Thirty days a year, entered two weeks ahead.", headline="Time off"),
    ]
    answer = await Finder.of(stories, model()).find("what if there is smoke in the building")
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
    assert matches(await Finder.of(stories, model()).find(query))[0].article.headline == headline


async def test_an_empty_corpus_answers_nothing() -> None:
    assert await Finder.of((), model()).find("embassy staff") == Nothing(topics=())


async def test_quality_with_semantic_search() -> None:
    shown, unsure, found = Rates(), Rates(), Rates()
    for line in LOOKUPS.read_text("utf-8").splitlines():
        lookup = json.loads(line)
        answer = await finder().find(lookup["query"])
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
    assert shown.rate("paraphrase") >= 0.75
    assert unsure.rate("everyday") <= 0.05
    assert unsure.rate("nearmiss") <= 0.45
    assert found.rate("everyday", "nearmiss") <= 0.01


# --- the gate ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "factor"),
    [
        ("diplomats quarrel", 1.0),
        ("are diplomats quarrelling over an armistice", similarity.LONG_QUERY_FACTOR),
    ],
)
async def test_a_story_is_proposed_from_the_minimum_on(query: str, factor: float) -> None:
    """A sentence needs less than a phrase."""
    vectors = SemanticSearch.of(finder().index, model(), STARTER).vectors
    weights = [0.5, 0.5]
    found = vectors.similarities(Calibration(weights, 0).weigh(model().embed([query]))).max()
    for share, is_shown in ((0.99, True), (1.01, False)):
        calibration = Calibration(weights, found / factor * share)
        search = SemanticSearch(finder().index, model(), vectors, calibration)
        assert bool(await search.find(query)) == is_shown


GEORGIAN = (
    "წვიმა და მდინარე ქალაქში",
    "სკოლა და წიგნი ბავშვებისთვის",
    "ბაზარი და ფასი ზაფხულში",
    "ხიდი და გზა მთებში",
    "საავადმყოფო და ექიმი სოფელში",
)


async def test_a_country_that_no_story_names_is_another_subject() -> None:
    for place in ("sudan", "khartoum", "helsinki"):
        assert finder().index.vocabulary.lacks_country(("peace", "talks", "in", place))
    assert not finder().index.vocabulary.lacks_country(("talks", "in", "ankara"))
    shown = matches(await finder().find("peace negotiations with the generals"))
    assert shown
    assert not matches(await finder().find("peace negotiations with sudan's generals"))


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
    shown = matches(await Finder.of(stories, model()).find(query))
    assert any("Haddad" in match.article.summary for match in shown)


async def test_nothing_is_proposed_in_a_language_that_the_model_does_not_know() -> None:
    """To it all Georgian texts look alike, so a stray word would lead to any of them."""
    stories = [make_article(number, text) for number, text in enumerate(GEORGIAN)]
    unknown = SemanticSearch.of(Index.of(stories), model(), stories)
    assert await unknown.calibrate() == Calibration([0, 0], math.inf)
    assert not await unknown.find("ფეხბურთი")


GERMAN = (
    "Regen und ein voller Fluss in der Stadt",
    "Die Schule kauft Bücher für die Kinder",
    "Auf dem Markt steigen die Preise im Sommer",
    "Die Brücke an der Straße durch die Berge ist gesperrt",
    "Im Krankenhaus auf dem Dorf fehlt ein Arzt",
)


async def test_only_the_models_that_know_the_language_count() -> None:
    english = await SemanticSearch.of(finder().index, model(), STARTER).calibrate()
    assert english.weights == [0.5, 0.5]
    assert MIN_SIMILARITY <= english.least < 0.25
    stories = [make_article(number, text) for number, text in enumerate(GERMAN)]
    german = await SemanticSearch.of(Index.of(stories), model(), stories).calibrate()
    assert german.weights == [1, 0]
    nothing = await SemanticSearch.of(Index.of(()), model(), ()).calibrate()
    assert nothing == Calibration([0.5, 0.5], MIN_SIMILARITY)


def test_probes_are_words_of_one_story_in_any_language() -> None:
    counts = np.array([1, 1, 2, 1, 1], dtype=np.uint32)
    vocabulary = Vocabulary(["2022", "die", "kyiv", "turkey", "мир"], counts)
    assert similarity.choose_probes(vocabulary) == ["die", "turkey", "мир"]
    words = ["a" * (number + 2) for number in range(1_000)]
    many = Vocabulary(words, np.ones(1_000, dtype=np.uint32))
    probes = similarity.choose_probes(many)
    assert similarity.PROBE_COUNT / 2 <= len(probes) <= similarity.PROBE_COUNT
    assert similarity.choose_probes(Vocabulary([], counts[:0])) == []


# --- the arrays ----------------------------------------------------------------------------------


def make_vectors(numbers: Sequence[int], seed: int = 0) -> tuple[StoryVectors, Vectors]:
    """Return random vectors of stories with these *numbers*, packed and as they were."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(len(numbers), DIMENSIONS)).astype(np.float32)
    for part in parts(vectors):
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return StoryVectors.empty().merged([(numbers, pack(vectors))]), vectors


@given(st.integers(0, 2**32), st.integers(1, 1_200))
def test_similarities_are_the_sums_over_the_parts(seed: int, stories: int) -> None:
    packed, vectors = make_vectors(range(stories), seed)
    queries = vectors[:2]
    found = packed.similarities(queries)
    np.testing.assert_allclose(found, vectors @ queries.T, atol=0.1)
    assert found.max() <= len(PARTS) + 0.1
    for number, part in enumerate(parts(vectors)):
        weights = np.eye(len(PARTS))[number].tolist()
        found = packed.similarities(Calibration(weights, 0).weigh(queries))
        np.testing.assert_allclose(found, part @ part[:2].T, atol=0.1)


def test_vectors_are_merged_in_the_order_of_their_numbers() -> None:
    (one, one_row), (two, two_rows) = make_vectors([5]), make_vectors([7, 3], seed=1)
    both = two.merged([([5], one._rows)])
    assert both.numbers.tolist() == [3, 5, 7]
    found = both.similarities(np.vstack([two_rows[1], one_row[0], two_rows[0]]))
    assert found.argmax(axis=1).tolist() == [0, 1, 2]
    assert both.only(np.array([5, 9], dtype=np.uint32)).numbers.tolist() == [5]


async def test_stories_that_are_not_loaded_are_never_returned() -> None:
    """Their vectors may be in memory: of a story that was deleted, or not loaded here yet."""
    every = SemanticSearch.of(finder().index, model(), STARTER)
    search = every.over(Index.of(STARTER[:5]))
    found = await search.find(STARTER[9].summary)
    assert found
    assert {number for number, _ in found} <= set(range(5))
