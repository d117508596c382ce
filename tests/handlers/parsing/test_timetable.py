"""Parsing and formatting timetables."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.timetable import describe, parse
from store.types import ParleyError, Timetable


@pytest.mark.parametrize(
    ("words", "described"),
    [
        ("09:30", "09:30 on Mon–Fri (Africa/Accra)"),
        ("9", "09:00 on Mon–Fri (Africa/Accra)"),
        ("9.30 daily", "09:30 every day (Africa/Accra)"),
        ("9am weekends", "09:00 on Sat, Sun (Africa/Accra)"),
        ("12am", "00:00 on Mon–Fri (Africa/Accra)"),
        ("12:15pm mon", "12:15 on Mon (Africa/Accra)"),
        ("17:45 mon,wed, fri", "17:45 on Mon, Wed, Fri (Africa/Accra)"),
        ("17:45 Monday Thursday", "17:45 on Mon, Thu (Africa/Accra)"),
        ("08:00 mon-thu europe/lisbon", "08:00 on Mon–Thu (Europe/Lisbon)"),
        ("08:00 Asia/Kolkata tue–thu", "08:00 on Tue–Thu (Asia/Kolkata)"),
        ("08:00 sat-mon", "08:00 on Mon, Sat, Sun (Africa/Accra)"),
        ("08:00 UTC", "08:00 on Mon–Fri (UTC)"),
    ],
)
def test_understood(words: str, described: str) -> None:
    assert describe(parse(words, zone="Africa/Accra")) == described


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "Start with a time"),
        ("mon 09:30", "Start with a time"),
        ("25:00", "Start with a time"),
        ("09:60", "Start with a time"),
        ("13pm", "Start with a time"),
        (
            "09:30 Europe/Lisbonn",
            "neither a weekday nor a time zone “Europe/Lisbonn”. Did you mean Europe/Lisbon?",
        ),
        ("09:30 lisbon", "Did you mean Europe/Lisbon?"),
        ("09:30 mon-funday", "neither a weekday nor a time zone “mon-funday”"),
        ("09:30 UTC Europe/Lisbon", "I understand UTC as the time zone, but not “Europe/Lisbon”"),
    ],
)
def test_not_understood(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError) as caught:
        parse(words, zone="UTC")
    assert sentence in str(caught.value)


@given(st.text(max_size=60))
def test_anything_typed_is_a_timetable_or_one_sentence(words: str) -> None:
    try:
        assert parse(words, zone="UTC").weekdays
    except ParleyError as error:
        sentence = str(error)
        assert sentence


@given(at=st.times(), weekdays=st.frozensets(st.integers(0, 6), min_size=1))
def test_a_list_of_single_days_is_parsed_back(at: time, weekdays: frozenset[int]) -> None:
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    words = f"{at:%H:%M} {','.join(names[day] for day in sorted(weekdays))} Asia/Tokyo"
    expected = Timetable(
        at=at.replace(second=0, microsecond=0), weekdays=weekdays, zone="Asia/Tokyo"
    )
    assert parse(words, zone="UTC") == expected
