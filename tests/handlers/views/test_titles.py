"""Stories under one headline are told apart by their leads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.titles import titled
from store.types import Article


def story(summary: str, *, headline: str = "Europe plan") -> Article:
    return Article(
        id=summary[:16],
        document="a.txt",
        position=1,
        headline=headline,
        summary=summary,
        insight="",
        question="",
    )


@pytest.mark.parametrize(
    ("summary", "title", "rest"),
    [
        ("Turkey offers a table. Others wait.", "Turkey offers a table", "Others wait."),
        ("Will Turkey offer a table? Others wait.", "Will Turkey offer a table?", "Others wait."),
        ("Turkey offers a table", "Turkey offers a table", ""),
        (
            "Envoys met Gen. Miller at noon. Others wait.",
            "Envoys met Gen. Miller at noon",
            "Others wait.",
        ),
        (
            "The U.S. envoy spoke on Sunday. Others wait.",
            "The U.S. envoy spoke on Sunday",
            "Others wait.",
        ),
        (
            "“We will stay in the room.” So said the envoy.",
            "“We will stay in the room.”",
            "So said the envoy.",
        ),
        (
            "土耳其提出在伊斯坦布尔举行会谈。其他国家在等待。",
            "土耳其提出在伊斯坦布尔举行会谈。",
            "其他国家在等待。",
        ),
    ],
)
def test_the_lead_is_the_first_sentence(summary: str, title: str, rest: str) -> None:
    first, other = titled([story(summary), story("Something else happened there.")])
    assert (first.title, first.headline, first.rest) == (title, "Europe plan", rest)
    assert other.title == "Something else happened there"


def test_a_headline_of_its_own_stays_the_title() -> None:
    shown = titled(
        [story("One.", headline="A"), story("Two.", headline="B"), story("Three.", headline="a ")]
    )
    assert [(each.title, each.headline) for each in shown] == [
        ("One", "A"),
        ("B", ""),
        ("Three", "a "),
    ]


@given(st.text(min_size=1, max_size=400).filter(lambda text: text.strip() and "…" not in text))
def test_title_and_rest_are_the_whole_summary(summary: str) -> None:
    first, _ = titled([story(summary), story("Something else happened there.")])
    assert 0 < len(first.title) <= 120
    whole = "".join(summary.split())
    title, rest = ("".join(text.split()).strip("…") for text in (first.title, first.rest))
    assert whole in (f"{title}{rest}", f"{title}.{rest}")
