"""Autocompletion of topics."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from store.language.words import FUNCTION_WORDS
from store.topics import Typeahead
from store.types import Nothing, Unsure

NAMES = ("Russia", "Volodymyr Zelenskiy", "North Korea", "Turkey", "Jean-Noël Barrot", "Ibiza")
TYPEAHEAD = Typeahead(NAMES)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        pytest.param("ru", ["Russia"], id="the start"),
        pytest.param("RUS", ["Russia"], id="in capitals"),
        pytest.param("kor", ["North Korea"], id="the start of another word"),
        pytest.param("north k", ["North Korea"], id="the start of the second word"),
        pytest.param("zelinsk", ["Volodymyr Zelenskiy"], id="misspelled"),
        pytest.param("jean noel", ["Jean-Noël Barrot"], id="without its accents"),
        pytest.param("noël", ["Jean-Noël Barrot"], id="with its accents"),
        pytest.param("nroth korea", ["North Korea"], id="a typo in the first of two words"),
        pytest.param("xylophone", [], id="no topic"),
        pytest.param("?", [], id="no word"),
        pytest.param("", list(NAMES), id="nothing typed"),
    ],
)
def test_complete(typed: str, names: list[str]) -> None:
    assert TYPEAHEAD.complete(typed) == names


def test_exact_starts_come_before_misspelled_ones() -> None:
    assert Typeahead(["Marconi", "Macron", "Macros"]).complete("macro") == [
        "Macron",
        "Macros",
        "Marconi",
    ]


def test_complete_respects_the_limit() -> None:
    assert TYPEAHEAD.complete("", 2) == ["Russia", "Volodymyr Zelenskiy"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("turkey recipe", ("Turkey",), id="a word of the query is a topic"),
        pytest.param("rusia", ("Russia",), id="misspelled"),
        pytest.param("korea and turkey", ("North Korea", "Turkey"), id="several, commonest first"),
        pytest.param("pizza", (), id="an English word is not similar to any other"),
        pytest.param("", (), id="empty"),
    ],
)
def test_nearest_topics(query: str, names: tuple[str, ...]) -> None:
    assert TYPEAHEAD.nearest(query, 3) == names


def test_nearest_respects_the_limit() -> None:
    assert TYPEAHEAD.nearest("russia turkey ibiza", 2) == ("Russia", "Turkey")


topic_names = st.lists(st.text(max_size=30), max_size=30, unique=True)


@given(topic_names, st.text(max_size=40), st.integers(1, 25))
def test_any_text_may_be_typed(names: list[str], typed: str, limit: int) -> None:
    typeahead = Typeahead(names)
    offered = typeahead.complete(typed, limit)
    assert len(offered) == len(set(offered)) <= limit
    assert set(offered) <= set(names)
    assert len(typeahead.nearest(typed, 3)) <= 3


words = st.text(alphabet="abcdefghijklmnoprstuvz", min_size=5, max_size=12).filter(
    lambda word: word not in FUNCTION_WORDS
)


@given(st.lists(words, min_size=1, max_size=15, unique=True), st.data())
def test_every_start_and_one_typo_complete_the_topic(names: list[str], data: st.DataObject) -> None:
    typeahead = Typeahead(names)
    name = data.draw(st.sampled_from(names))
    size = data.draw(st.integers(3, len(name)))
    assert name in typeahead.complete(name[:size])
    at = data.draw(st.integers(1, len(name) - 2))
    typo = name[:at] + data.draw(st.sampled_from("xyw")) + name[at + 1 :]
    assume(typo != name)
    assert name in typeahead.complete(typo)


def test_the_nearest_topics_are_suggested_instead_of_nothing() -> None:
    assert TYPEAHEAD.suggest("karea plane", Nothing()) == Nothing(topics=("North Korea",))
    unsure = Unsure(matches=())
    assert TYPEAHEAD.suggest("korea", unsure) is unsure
