"""Which questions count as nearly the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.posting.likeness import Leads, are_alike

GUARD = "Who should guard the northern border once the envoys leave?"


@pytest.mark.parametrize(
    "other",
    [
        GUARD,
        "Once the envoys leave, who should be guarding the northern borders?",
        "Who should guard the border once the envoys leave?",
        "Who should guard the southern border once the envoys leave?",
        "Who should guard the northern border once the envoys and soldiers leave?",
    ],
)
def test_one_word_added_removed_or_replaced_is_alike(other: str) -> None:
    assert are_alike(GUARD, other)


@pytest.mark.parametrize(
    "other",
    [
        "Who should guard the southern border once the soldiers leave?",
        "What would you do with an old harbour?",
        "",
    ],
)
def test_two_different_words_are_not_alike(other: str) -> None:
    assert not are_alike(GUARD, other)


def test_a_short_question_is_only_like_itself() -> None:
    assert are_alike("Why now?", "Why now?")
    assert not are_alike("Why now?", "Why here?")


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_symmetric(one: str, other: str) -> None:
    assert are_alike(one, one)
    assert are_alike(one, other) == are_alike(other, one)


REPORTS = [
    "A ferry with 140 passengers ran aground near Stromness in fog early on Friday.",
    "The coastguard has brought 140 passengers ashore after their ferry ran aground in fog.",
    "Bakers in Lyon have stopped work for a week over the price of flour.",
    "Bakers in Ghent have won a prize for a bread without flour.",
    "",
]


def test_two_reports_of_one_event() -> None:
    leads = Leads(REPORTS)
    pairs = [(0, 1)]
    assert pairs == [
        (one, other)
        for one in range(len(REPORTS))
        for other in range(one + 1, len(REPORTS))
        if leads.are_of_one_event(one, other)
    ]


@given(st.lists(st.text(max_size=60), min_size=2, max_size=5))
def test_the_order_of_two_stories_does_not_matter(texts: list[str]) -> None:
    leads = Leads(texts)
    assert leads.are_of_one_event(0, 1) == leads.are_of_one_event(1, 0)
