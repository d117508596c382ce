"""In which weeks a schedule posts, as people type it."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.cadence import (
    MOST_WEEKS,
    WEEKLY,
    Cadence,
    begins,
    describe_option,
    describe_places,
    read_weeks,
    take_cadence,
    write_weeks,
)
from store.types import ParleyError, Timetable

WEEK = frozenset(range(7))
TODAY = date(2026, 11, 24)
"""A Tuesday."""


def taken(text: str) -> tuple[list[Cadence], str]:
    found = take_cadence(text, today=TODAY)
    assert found
    return [*found.readings], " ".join(found.rest.split())


def of_month(*places: int) -> Cadence:
    return Cadence(of_month=frozenset(places))


@pytest.mark.parametrize(
    ("text", "cadence", "rest"),
    [
        ("every other friday", Cadence(2), "friday"),
        ("every other week on fri", Cadence(2), "on fri"),
        ("fri every 2 weeks", Cadence(2), "fri"),
        ("fri every second week", Cadence(2), "fri"),
        ("fri every third week", Cadence(3), "fri"),
        ("mon and thu every 3 weeks", Cadence(3), "mon and thu"),
        ("alternate mondays", Cadence(2), "mondays"),
        ("alternating weeks fri", Cadence(2), "fri"),
        ("fortnightly fri", Cadence(2), "fri"),
        ("once a fortnight on fri", Cadence(2), "on fri"),
        ("fri every 1 week", WEEKLY, "fri"),
        ("every other friday from 4 dec", Cadence(2, date(2026, 12, 4)), "friday"),
        ("fri every 2 weeks from 2026-11-06", Cadence(2, date(2026, 11, 6)), "fri"),
        ("fri every 2 weeks starting dec 4 lisbon", Cadence(2, date(2026, 12, 4)), "fri lisbon"),
        ("every other monday starting tomorrow", Cadence(2, date(2026, 11, 25)), "monday"),
        ("first monday of the month", of_month(1), "monday"),
        ("on the 1st monday of each month", of_month(1), "on monday"),
        ("first and third tuesday of the month", of_month(1, 3), "tuesday"),
        ("1st, 2nd & last fri in every month lisbon", of_month(1, 2, -1), "fri lisbon"),
        ("last friday monthly", of_month(-1), "friday"),
        ("monthly on the last friday", of_month(-1), "friday"),
        ("once a month on the second wednesday", of_month(2), "wednesday"),
        ("every second friday of the month", of_month(2), "friday"),
        ("every second friday from 4 dec", Cadence(2, date(2026, 12, 4)), "friday"),
    ],
)
def test_what_is_clear(text: str, cadence: Cadence, rest: str) -> None:
    assert taken(text) == ([cadence], rest)
    found = take_cadence(text, today=TODAY)
    assert found
    assert not found.doubt


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("every second friday", [Cadence(2), of_month(2)]),
        ("every 3rd monday", [Cadence(3), of_month(3)]),
        ("every first monday", [of_month(1)]),
        ("first monday", [of_month(1)]),
        ("biweekly fri", [Cadence(2)]),
        (
            "every other week since 4.12.",
            [Cadence(2, date(2026, 12, 4)), Cadence(2, date(2027, 4, 12))],
        ),
        (
            "every other week from next fri",
            [Cadence(2, date(2026, 11, 27)), Cadence(2, date(2026, 12, 4))],
        ),
    ],
)
def test_what_can_mean_more_is_asked_back(text: str, readings: list[Cadence]) -> None:
    found = take_cadence(text, today=TODAY)
    assert found
    assert [*found.readings] == readings
    assert len(readings) > 1 or found.doubt


@pytest.mark.parametrize(
    "text", ["fri", "weekdays lisbon", "daily", "", "next friday", "mon-fri", "every other month"]
)
def test_every_week_needs_no_word(text: str) -> None:
    assert take_cadence(text, today=TODAY) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fifth friday of the month", "Not every month has"),
        ("every 9 weeks", "1 to 8 weeks"),
        ("every 0 weeks", "1 to 8 weeks"),
        ("first mon and thu of the month", "one day of the week"),
        ("monthly", "On which day"),
        ("once a month", "On which day"),
        ("fri every 2 weeks from 2026-02-30", "2026"),
    ],
)
def test_what_no_schedule_can_do_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ParleyError, match=sentence):
        take_cadence(text, today=TODAY)


@given(
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    every=st.integers(2, MOST_WEEKS),
    today=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
)
def test_a_timetable_of_every_few_weeks_can_begin_in_each_of_them(
    weekdays: frozenset[int], every: int, today: date
) -> None:
    """Each choice begins on its first post, and later every post belongs to one of them."""
    timetable = Timetable(at=time(9), weekdays=weekdays, zone="UTC", every_weeks=every)
    choices = begins(timetable, today=today)
    days = [today + timedelta(days=day) for day in range(14 * every + 7)]
    assert len(choices) == every
    for choice in choices:
        assert choice.begins_on == next(day for day in days if choice.has_post_on(day))
    for day in days[7 * every + 7 :]:
        having = [choice for choice in choices if choice.has_post_on(day)]
        assert len(having) == (day.weekday() in weekdays)


def test_the_choices_of_every_other_friday() -> None:
    timetable = Timetable(at=time(9), weekdays=frozenset({4}), zone="UTC", every_weeks=2)
    found = [choice.begins_on for choice in begins(timetable, today=TODAY)]
    assert found == [date(2026, 11, 27), date(2026, 12, 4)]


@pytest.mark.parametrize(
    ("places", "words"), [({1}, "first"), ({1, 3}, "first and third"), ({2, -1}, "second and last")]
)
def test_places_are_read_aloud(places: set[int], words: str) -> None:
    assert describe_places(frozenset(places)) == words


@given(
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    weeks=st.integers(2, MOST_WEEKS),
    begins_on=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    today=st.dates(date(2027, 1, 1), date(2027, 12, 31)),
)
def test_the_option_of_a_form_keeps_the_weeks(
    weekdays: frozenset[int], weeks: int, begins_on: date, today: date
) -> None:
    weekly = Timetable(at=time(9), weekdays=weekdays, zone="UTC")
    before = replace(weekly, every_weeks=weeks, begins_on=begins_on)
    written = write_weeks(before, today=today)
    assert "from" in describe_option(written, today=today)
    after = read_weeks(written, weekly, today=today)
    days = [today + timedelta(days=day) for day in range(70)]
    assert [*map(after.has_post_on, days)] == [*map(before.has_post_on, days)]


def test_the_option_of_a_form_keeps_a_first_week_far_ahead() -> None:
    weekly = Timetable(at=time(9), weekdays=frozenset({4}), zone="UTC")
    before = replace(weekly, every_weeks=2, begins_on=TODAY + timedelta(weeks=20, days=3))
    assert before.begins_on
    assert before.begins_on.weekday() == 4
    assert read_weeks(write_weeks(before, today=TODAY), weekly, today=TODAY) == before


@pytest.mark.parametrize("written", ["", "0", "of", "of 5", "9 2026-11-23", "2 2031-01-06", "2 x"])
def test_an_option_that_no_form_has_is_refused(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of several causes
        read_weeks(written, Timetable(at=time(9), weekdays=WEEK, zone="UTC"), today=TODAY)


def test_the_option_of_days_of_the_month() -> None:
    weekly = Timetable(at=time(9), weekdays=frozenset({0}), zone="UTC")
    timetable = read_weeks("of 1,3", weekly, today=TODAY)
    assert timetable.of_month == {1, 3}
    assert write_weeks(timetable, today=TODAY) == "of 1,3"
    assert describe_option("of 1,3", today=TODAY) == "Only the first and third in a month"
