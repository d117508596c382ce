"""Countries: that names, peoples and capitals lead to each other, whichever is typed."""

import pytest

from store.finding.countries import CAPITAL, PEOPLE, SAME, relatives
from store.finding.finder import Finder
from store.types import Found, Unsure
from tests.store.finding.test_finder import made, matches


def found(typed: str) -> dict[str, float]:
    return {
        " ".join(name): likeness
        for _, others in relatives(typed.split())
        for name, likeness in others.items()
    }


@pytest.mark.parametrize(
    ("typed", "other", "likeness"),
    [
        ("uk", "britain", SAME),
        ("britain", "united kingdom", SAME),
        ("uk", "british", PEOPLE),
        ("us", "america", SAME),
        ("usa", "united states", SAME),
        ("american", "us", PEOPLE),
        ("uae", "emirates", SAME),
        ("dprk", "north korea", SAME),
        ("nz", "new zealand", SAME),
        ("holland", "dutch", PEOPLE),
        ("turkiye", "turkey", SAME),
        ("turkish", "turkey", PEOPLE),
        ("ankara", "turkey", CAPITAL),
        ("kiev", "kyiv", SAME),
        ("kiev", "ukraine", CAPITAL),
        ("washington", "us", CAPITAL),
        ("pretoria", "south africa", CAPITAL),
        ("chinese", "china", PEOPLE),
    ],
)
def test_one_name_leads_to_another_and_back(typed: str, other: str, likeness: float) -> None:
    assert found(typed)[other] == likeness
    assert found(other)[typed] == likeness


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        pytest.param("north korea", "south korea", id="a part of the name shared"),
        pytest.param("macau", "chinese", id="ruled by another country"),
        pytest.param("french", "martinique", id="a people that has the word with better claim"),
        pytest.param("amsterdam", "belgium", id="a time zone shared"),
        pytest.param("island", "iceland", id="what a country calls itself, an English word"),
        pytest.param("car", "central african republic", id="initials that are an English word"),
        pytest.param("in", "india", id="a code that is an English word"),
    ],
)
def test_what_is_another_thing_is_not_taken_for_it(typed: str, other: str) -> None:
    assert other not in found(typed)


def test_a_name_of_several_words_is_found_where_it_stands() -> None:
    spans = [span for span, _ in relatives(("talks", "in", "north", "korea", "today"))]
    assert spans == [slice(2, 4)]


async def test_a_story_is_found_by_another_name_of_its_country() -> None:
    finder = Finder.of(
        [
            made(1, "Britain and France finish their plan."),
            made(2, "Washington answers the Swiss."),
            made(3, "A ferry sank off Crete."),
        ]
    )
    for query, number in (("uk", "1"), ("united kingdom france", "1"), ("switzerland", "2")):
        answer = await finder.find(query)
        assert isinstance(answer, Found), query
        assert matches(answer)[0].article.id == number


async def test_a_capital_alone_is_asked_about_and_not_acted_on() -> None:
    finder = Finder.of([made(1, "Turkey offers to host talks."), made(2, "A ferry sank.")])
    answer = await finder.find("ankara")
    assert isinstance(answer, Unsure)
    assert [match.article.id for match in answer.matches] == ["1"]
