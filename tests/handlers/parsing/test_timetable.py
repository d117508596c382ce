"""Parsing and formatting timetables."""

import re
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_order import parse_order
from handlers.parsing.timetable import describe, one_time_each, parse
from store.types import ParleyError, Timetable
from tests.machine import NOW, ROOT

TODAY = NOW.date()


EXAMPLES = re.findall(
    r"^\| `(.+)` \| (\d\d:\d\d .+) \|$",
    (ROOT / "docs" / "dates.md").read_text("utf-8"),
    re.MULTILINE,
)


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
    assert describe(parse(words, zone="Africa/Accra", today=TODAY)) == described


def read(words: str) -> str:
    """Return what *words* mean, or the meanings that are asked about."""
    try:
        return describe(parse(words, zone="Europe/Berlin", today=TODAY))
    except UnclearError as error:
        return " or ".join(map(describe, error.readings))


@pytest.mark.parametrize(("typed", "meaning"), EXAMPLES)
def test_the_examples_of_the_page(typed: str, meaning: str) -> None:
    assert read(typed) == meaning


@pytest.mark.parametrize(
    ("words", "described"),
    [
        ("9:30 PM daily", "21:30 every day"),
        ("9 o'clock", "09:00 on Mon–Fri"),
        ("9 o’clock", "09:00 on Mon–Fri"),
        ("9\N{RATIO}30 mon\N{NON-BREAKING HYPHEN}thu", "09:30 on Mon–Thu"),
        ("9:30 mon\N{HORIZONTAL BAR}thu", "09:30 on Mon–Thu"),
        ("9:30h", "09:30 on Mon–Fri"),
        ("8 in the evening", "20:00 on Mon–Fri"),
        ("midnight", "00:00 on Mon–Fri"),
        ("12 noon", "12:00 on Mon–Fri"),
        ("every morning at 8", "08:00 every day"),
        ("every afternoon at 3", "15:00 every day"),
        ("friday evening at 20:30", "20:30 on Fri"),
        ("21:30:00", "21:30 on Mon–Fri"),
        ("at 9:30 on mondays please", "09:30 on Mon"),
        ("9:30 monday through friday", "09:30 on Mon–Fri"),
        ("9:30 Mon - Fri", "09:30 on Mon–Fri"),
        ("9:30 mon wed - fri", "09:30 on Mon, Wed, Thu, Fri"),
        ("9:30 Mo, We & Fr", "09:30 on Mon, Wed, Fri"),
        ("9:30 tues thurs", "09:30 on Tue, Thu"),
        ("9:30 business days", "09:30 on Mon–Fri"),
        ("9:30 once a day", "09:30 every day"),
        ("9:30 weekly on friday", "09:30 on Fri"),
        ("9:30 daily but not sunday", "09:30 on Mon–Sat"),
        ("9:30 except monday", "09:30 on Tue–Fri"),
        ("9:30 weekdays minus friday", "09:30 on Mon–Thu"),
        ("9:30 daily, no sundays", "09:30 on Mon–Sat"),
        ("9:30 daily daily", "09:30 every day"),
        ("9:30 weekends and monday", "09:30 on Mon, Sat, Sun"),
        ("9:30 mon-wed and wed-fri", "09:30 on Mon–Fri"),
        ("mon-fri 9:30am", "09:30 on Mon–Fri"),
        ("mon-fri 9", "09:00 on Mon–Fri"),
        ("nine", "09:00 on Mon–Fri"),
        ("9 30", "09:30 on Mon–Fri"),
        ("9;30", "09:30 on Mon–Fri"),
        ("9 Uhr 30", "09:30 on Mon–Fri"),
        ("@9:30!", "09:30 on Mon–Fri"),
        ("9:30. ⏰ pls", "09:30 on Mon–Fri"),
        ("9-ish", "09:00 on Mon–Fri"),
        ("around 9:30ish", "09:30 on Mon–Fri"),
        ("sharp 10", "10:00 on Mon–Fri"),
        ("ten past nine", "09:10 on Mon–Fri"),
        ("twenty-five to ten", "09:35 on Mon–Fri"),
        ("5 past 9", "09:05 on Mon–Fri"),
        ("5 minutes to 9", "08:55 on Mon–Fri"),
        ("nine thirty pm", "21:30 on Mon–Fri"),
        ("nine oh five", "09:05 on Mon–Fri"),
        ("quarter to one pm", "12:45 on Mon–Fri"),
        ("0930 hours", "09:30 on Mon–Fri"),
        ("starting at 9:30 daily", "09:30 every day"),
        ("9:30 from monday to friday", "09:30 on Mon–Fri"),
        ("9:30 M-Th", "09:30 on Mon–Thu"),
        ("9:30 m, w, f", "09:30 on Mon, Wed, Fri"),
        ("9:30 Mo-Do", "09:30 on Mon–Thu"),
        ("9:30 Di/Do", "09:30 on Tue, Thu"),
        ("9:30 MWF", "09:30 on Mon, Wed, Fri"),
        ("9:30 TTh", "09:30 on Tue, Thu"),
        ("9:30 T/Th", "09:30 on Tue, Thu"),
        ("9:30 mtwtf", "09:30 on Mon–Fri"),
        ("9:30 wkdays", "09:30 on Mon–Fri"),
        ("9:30 all days", "09:30 every day"),
        ("9:30 5 days a week", "09:30 on Mon–Fri"),
        ("9:30 my local time", "09:30 on Mon–Fri"),
    ],
)
def test_times_and_days_as_people_type_them(words: str, described: str) -> None:
    assert read(words) == f"{described} (Europe/Berlin)"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "I need a time of day, as in `/digest on 09:30 mon-fri Europe/Lisbon`."),
        ("mon-fri", "I need a time of day"),
        ("9-10", "“9-10” can be two times. I can post at one time of day"),
        ("9:30 to 11", "“9:30 to 11” can be two times."),
        ("20 to 10", "“20 to 10” can be two times."),
        ("quarter past", "I need a time of day"),
        ("9:30 so", "“so” isn't a weekday or a time zone I know."),
        ("mon 9, wed 10", "“9” and “10” are 2 times."),
        ("9:30 starting monday", "type `/digest pause until monday`."),
        ("9:30 mon-fri from 1 dec", "Leave out “from 1 dec”, and then type"),
        ("tomorrow 9:30", "type `/digest pause until tomorrow`."),
        ("half 3 mon", "Do you mean 02:30 or 03:30 or 14:30 or 15:30?"),
        ("every two hours", "I can't do “every 2 hours” yet."),
        ("half nine", "Do you mean 08:30 or 09:30?"),
        ("25:00", "“25:00” is not a time."),
        ("09:60", "“09:60” is not a time."),
        ("13pm", "“13pm” is not a time."),
        ("24:00 mon", "“24:00” is not a time."),
        ("9:00 and 15:00", "“9:00” and “15:00” are 2 times. I can post at one time of day"),
        ("2", "Do you mean 02:00 or 14:00?"),
        ("09:30 on the 1st", "I can't do “on the 1st” yet."),
        ("09:30 monthly", "On which day is “monthly”?"),
        ("09:30 31st of the month", "I can't post on “31st of the month”: a schedule has days"),
        ("first monday of the month", "as in `/digest on 09:30 first monday of the month`."),
        ("9:00 to 15:00", "“9:00 to 15:00” can be two times."),
        ("9:30 every other mon", "Do you mean from Mon "),
        ("09:30 twice a week", "I can't do “twice a week” yet."),
        ("every hour", "I can't do “every hour” yet."),
        ("09:30 weekly", "Weekly on which day?"),
        ("09:30 mon except monday", "That leaves no day of the week."),
        ("09:30 mon except - wed", "“-” isn't a weekday or a time zone I know."),
        ("09:30 daily mon,wed", "Do you mean every day or on Mon, Wed?"),
        ("09:30 mon to thu, weekdays", "Do you mean on Mon–Fri or on Mon–Thu?"),
        ("09:30 mon,wed,blursday", "“blursday” isn't a weekday or a time zone I know. Did you"),
        ("09:30 mon, wendesday", "“wendesday” isn't a weekday or a time zone I know. Did you mean"),
        ("09:30 mars", "“mars” isn't a weekday or a time zone I know. Try mon-fri, a"),
        ("09:30 mon-funday", "“mon-funday” isn't a weekday or a time zone I know."),
        ("09:30 Europe/Lisbonn", "Did you mean Europe/Lisbon?"),
        ("09:30 UTC Europe/Lisbon", "I understand UTC as the time zone, but not “Europe/Lisbon”"),
        ("09:30 Berlin London", "I understand Europe/Berlin as the time zone, but not “London”"),
        ("09:30 EST", "Do you mean America/New_York (EST, EDT in summer) or America/Panama (EST"),
        ("09:30 " + "so " * 100, "That is too long for a time, days and a time zone."),
        ("09:30 <!channel>", "“&lt;!channel&gt;” isn't"),
    ],
)
def test_what_is_not_understood_is_named_alone(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError) as caught:
        parse(words, zone="Europe/Berlin", today=TODAY)
    assert sentence in str(caught.value)


def test_a_corrected_word_keeps_the_others() -> None:
    assert read("09:30 mon,wed,blursday") == "09:30 on Mon, Wed, Thu (Europe/Berlin)"
    assert read("09:30 weekdyas tokyo") == "09:30 on Mon–Fri (Asia/Tokyo)"
    assert read("2:30 mon EST").count("on Mon (") == 4


WORDS = st.sampled_from(
    [
        *("9:30", "9", "am", "half past nine", "noon", "mon", "fridays", "weekdays", "daily", "to"),
        *("-", ",", "and", "except", "every", "other", "new york", "EST", "GMT+2", "weekly", "a"),
        *("Lisbom", "blursday", "quarter to", "1", "Etc/GMT+2", "usa", "in the", "morning", "/"),
        *("every afternoon at 10", "every evening at 12"),
    ]
)


@given(st.text(max_size=60) | st.lists(WORDS, max_size=8).map(" ".join))
def test_anything_typed_is_a_timetable_or_one_sentence(words: str) -> None:
    try:
        assert parse(words, zone="UTC", today=TODAY).weekdays
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
    assert parse(words, zone="UTC", today=TODAY) == expected


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ("9 and 15", [9, 15]),
        ("at 9 and 15 mon-fri", [9, 15]),
        ("two questions a day, 9 and 15", [9, 15]),
        ("twice a day at nine and 15:00", [9, 15]),
        ("3 times a day at 9, 12 and 15", [9, 12, 15]),
        ("9am and 3pm", [9, 15]),
        ("9 and 15 3 stories", [9, 15]),
        ("twice a day at 9, 12 and 15", None),
        ("4 and 9", None),
        ("9:00 digest 3", None),
        ("9 mon, 3 stories", None),
        ("noon about 9 and 11", None),
        ("10 and 11 dec 15:00", None),
    ],
)
def test_several_times_a_day_are_one_each(words: str, times: list[int] | None) -> None:
    each = one_time_each(words)
    if times is None:
        assert each == [words]
    else:
        orders = [parse_order(one, zone="UTC", today=TODAY) for one in each]
        assert [order.timetable.at.hour for order in orders] == times
