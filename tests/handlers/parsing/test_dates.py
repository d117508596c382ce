"""Parsing dates and orders for schedules."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.dates import parse_date, parse_dates
from handlers.parsing.schedule_order import parse_order
from store.types import ParleyError, PostKind

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("today", TUESDAY),
        ("Tomorrow", date(2026, 11, 25)),
        ("2026-12-01", date(2026, 12, 1)),
        ("1 Dec", date(2026, 12, 1)),
        ("dec 1", date(2026, 12, 1)),
        ("1 December 2027", date(2027, 12, 1)),
        ("2 Jan", date(2027, 1, 2)),
        ("friday", date(2026, 11, 27)),
        ("next monday", date(2026, 11, 30)),
        ("tuesday", date(2026, 12, 1)),
        ("in 2 weeks", date(2026, 12, 8)),
        ("a week", date(2026, 12, 1)),
        ("3 days", date(2026, 11, 27)),
    ],
)
def test_understood(words: str, found: date) -> None:
    assert parse_date(words, today=TUESDAY) == found


def test_a_leap_day_of_next_year_is_understood() -> None:
    assert parse_date("29 February", today=date(2027, 12, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize("words", ["", "3/4", "soonish", "32 Dec", "2026-13-01", "1 Dec 99999"])
def test_a_date_that_is_not_understood_raises(words: str) -> None:
    with pytest.raises(ParleyError, match="I do not understand"):
        parse_date(words, today=TUESDAY)


def test_a_past_date_raises() -> None:
    with pytest.raises(ParleyError, match="1 Nov 2026 is over"):
        parse_date("1 Nov 2026", today=TUESDAY)


def test_several() -> None:
    assert parse_dates("24 Dec, 31 Dec and friday", today=TUESDAY) == [
        date(2026, 12, 24),
        date(2026, 12, 31),
        date(2026, 11, 27),
    ]
    assert parse_dates("", today=TUESDAY) == []


@given(
    today=st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    ahead=st.integers(0, 360),
    form=st.sampled_from(["%Y-%m-%d", "%d %b %Y", "%b %d %Y", "%d %B", "%b %d"]),
)
def test_every_date_of_the_next_year_can_be_typed(today: date, ahead: int, form: str) -> None:
    on = today + timedelta(days=ahead)
    assert parse_date(on.strftime(form), today=today) == on


@given(st.text(max_size=30))
def test_nonsense_gets_a_date_or_a_sentence(words: str) -> None:
    with suppress(ParleyError):
        assert parse_date(words, today=TUESDAY) >= TUESDAY


@pytest.mark.parametrize(
    ("words", "kind", "stories", "topics"),
    [
        ("09:30", PostKind.QUESTION, 1, ()),
        ("09:30 digest", PostKind.DIGEST, 3, ()),
        ("09:30 digest 5 daily", PostKind.DIGEST, 5, ()),
        ("09:30 digest of 2 stories", PostKind.DIGEST, 2, ()),
        ("09:30 4 stories mon-fri", PostKind.DIGEST, 4, ()),
        ("09:30 about Turkey", PostKind.QUESTION, 1, ("Turkey",)),
        (
            "09:30 daily digest 3 about oil, the grain deal and Oman",
            PostKind.DIGEST,
            3,
            ("oil", "the grain deal", "Oman"),
        ),
    ],
)
def test_an_order(words: str, kind: PostKind, stories: int, topics: tuple[str, ...]) -> None:
    order = parse_order(words, zone="UTC")
    assert (order.kind, order.stories, order.topics) == (kind, stories, topics)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("09:30 digest 0", "A digest has 1 to 5 stories."),
        ("09:30 digest 99", "A digest has 1 to 5 stories."),
        ("09:30 about", "About what?"),
        ("09:30 about a, b, c, d, e, f, g, h, i, j, k", "at most 10 topics, not 11"),
        (f"09:30 about {'x' * 76}", "A topic has at most 75 characters."),
        ("digest 3", "Start with a time"),
        ("09:30 dijest 3", "neither a weekday nor a time zone “dijest”"),
    ],
)
def test_a_bad_order_raises(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError, match=sentence.replace("?", r"\?")):
        parse_order(words, zone="UTC")
