"""A country is found by any of its names, by its people and by its capital."""

import pytest

from store.finding.countries import CAPITAL, PEOPLE, SAME, relatives
from store.finding.finder import Finder
from store.types import Found, Unsure
from tests.store.finding.test_finder import make_article, matches


def names_related_to(typed: str) -> dict[str, float]:
    return {
        " ".join(name): similarity
        for _, others in relatives(typed.split())
        for name, similarity in others.items()
    }


@pytest.mark.parametrize(
    ("typed", "other", "similarity"),
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
        ("frankreich", "france", SAME),
        ("suecia", "sweden", SAME),
        ("deutschland", "germany", SAME),
        ("kiev", "kyiv", SAME),
        ("kiev", "ukraine", CAPITAL),
        ("washington", "us", CAPITAL),
        ("pretoria", "south africa", CAPITAL),
        ("chinese", "china", PEOPLE),
    ],
)
def test_related_names_lead_to_each_other(typed: str, other: str, similarity: float) -> None:
    assert names_related_to(typed)[other] == similarity
    assert names_related_to(other)[typed] == similarity


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        pytest.param("north korea", "south korea", id="shares a part of the name"),
        pytest.param("macau", "chinese", id="ruled by another country"),
        pytest.param("french", "martinique", id="the word of a larger people"),
        pytest.param("amsterdam", "belgium", id="shares a time zone"),
        pytest.param("island", "iceland", id="its own name for itself, an English word"),
        pytest.param("grenade", "grenada", id="its name in French, an English word"),
        pytest.param("car", "central african republic", id="initials that are an English word"),
        pytest.param("in", "india", id="a code that is an English word"),
        pytest.param("FI", "rf", id="initials of the country of the code, and of a larger one"),
    ],
)
def test_an_unrelated_name_is_not_related(typed: str, other: str) -> None:
    assert other not in names_related_to(typed)


def test_the_position_of_a_name_of_several_words_is_found() -> None:
    spans = [span for span, _ in relatives(("talks", "in", "north", "korea", "today"))]
    assert spans == [slice(2, 4)]


async def test_a_story_is_found_by_another_name_of_its_country() -> None:
    finder = Finder.of(
        [
            make_article(1, "Britain and France finish their plan."),
            make_article(2, "Washington answers the Swiss."),
            make_article(3, "A ferry sank off Crete."),
        ]
    )
    for query, number in (("uk", "1"), ("united kingdom france", "1"), ("switzerland", "2")):
        answer = await finder.find(query)
        assert isinstance(answer, Found), query
        assert matches(answer)[0].article.id == number


async def test_a_capital_alone_gives_an_unsure_answer() -> None:
    finder = Finder.of(
        [make_article(1, "Turkey offers to host talks."), make_article(2, "A ferry sank.")]
    )
    answer = await finder.find("ankara")
    assert isinstance(answer, Unsure)
    assert [match.article.id for match in answer.matches] == ["1"]


@pytest.mark.parametrize(
    ("typed", "other"),
    [("iranians", "iran"), ("frenchman", "france"), ("dutchwomen", "netherlands"), ("women", "")],
)
def test_people_of_a_country_are_related_to_it(typed: str, other: str) -> None:
    assert (other in names_related_to(typed)) == bool(other)
