"""Parsing dates. `phrases.py` has the generated ones, docs/dates.md the examples for people."""

import re
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.parsing.date_format import format_dates, write_dates
from handlers.parsing.dates import parse_dates, parse_posts, parse_until
from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_names import could_be_name
from store.types import ParleyError
from tests.handlers.parsing.phrases import compare, phrases
from tests.machine import ROOT

TUESDAY = date(2026, 11, 24)
SATURDAY = date(2026, 11, 28)
EXAMPLES = re.findall(
    r"^\| `(.+)` \| (\w{3} \d.+) \|$", (ROOT / "docs" / "dates.md").read_text("utf-8"), re.MULTILINE
)


def test_generated_phrases_are_right_or_asked_back() -> None:
    verdicts = {(one.words, one.today): compare(one) for one in phrases(1500, seed=7)}
    wrong = {key: verdict for key, verdict in verdicts.items() if "wrong" in verdict}
    assert not wrong
    assert list(verdicts.values()).count("asked too often") < 15


def read(words: str) -> str:
    """Return what *words* mean, or the meanings that are asked about."""
    try:
        return format_dates(parse_dates(words, today=TUESDAY))
    except UnclearError as error:
        return " or ".join(map(format_dates, error.readings))


@pytest.mark.parametrize(("typed", "meaning"), EXAMPLES)
def test_the_examples_of_the_page(typed: str, meaning: str) -> None:
    assert read(typed) == meaning


@pytest.mark.parametrize(
    ("words", "understood"),
    [
        ("24, 25, 26 dec", "2026-12-24 to 2026-12-26"),
        ("Dec 24, 2026, Dec 31, 2026", "2026-12-24, 2026-12-31"),
        ("Thursday 24 and Friday 25 Dec", "2026-12-24 to 2026-12-25"),
        ("Dec 24 and 25, 2026", "2026-12-24 to 2026-12-25"),
        ("30 Dec and 2 Jan 2027", "2026-12-30, 2027-01-02"),
        ("24-Dec-2026", "2026-12-24"),
        ("24.12.-2.1.", "2026-12-24 to 2027-01-02"),
        ("24.12.2026 - 06.01.2027", "2026-12-24 to 2027-01-06"),
        ("12/23 to 1/3", "2026-12-23 to 2027-01-03"),
        ("friday 4.12.", "2026-12-04"),
        ("24.12.26", "2026-12-24"),
        ("24/25 Dec", "2026-12-24 to 2026-12-25"),
        ("24. 12. 2026", "2026-12-24"),
        ("first monday of january", "2027-01-04"),
        ("the last friday in Dec", "2026-12-25"),
        ("upcoming friday", "2026-12-04"),
        ("12th-14th", "2026-12-12 to 2026-12-14"),
        ("24./25.12.", "2026-12-24 to 2026-12-25"),
        ("24.-26.12.", "2026-12-24 to 2026-12-26"),
        ("Dec 24 '26", "2026-12-24"),
        ("2026 Dec 24", "2026-12-24"),
        ("24 th Dec", "2026-12-24"),
        ("déc 24", "2026-12-24"),
        ("today!", "2026-11-28"),
        ("tomorrow 🎉 please", "2026-11-29"),
        (":tada: *24 Dec*", "2026-12-24"),
        ("tmrw", "2026-11-29"),
        ("nxt wk", "2026-11-30 to 2026-12-06"),
        ("mo-fr", "2026-11-30 to 2026-12-04"),
        ("the rest of the month", "2026-11-28 to 2026-11-30"),
        ("the whole weekend", "2026-11-28 to 2026-11-29"),
        ("mon and tue next week", "2026-11-30 to 2026-12-01"),
        ("monday to wednesday next week", "2026-11-30 to 2026-12-02"),
        ("a week from monday", "2026-12-07"),
        ("the day before christmas", "2026-12-24"),
        ("xmas eve to new year", "2026-12-24 to 2027-01-01"),
        ("week of christmas", "2026-12-21 to 2026-12-27"),
        ("Monday 30 Nov to the end of the year", "2026-11-30 to 2026-12-31"),
        ("24-26 Dec", "2026-12-24 to 2026-12-26"),
        ("24Dec", "2026-12-24"),
        ("20261224", "2026-12-24"),
        ("2026-12-24..2026-12-26", "2026-12-24 to 2026-12-26"),
        ("between 24 and 26 Dec", "2026-12-24 to 2026-12-26"),
        ("24-26", "2026-12-24 to 2026-12-26"),
        ("Wednesday 2nd", "2026-12-02"),
        ("１ Dec", "2026-12-01"),
        ("30 nov to 2 dec 2026", "2026-11-30 to 2026-12-02"),
        ("12/23 to 12/31", "2026-12-23 to 2026-12-31"),
        ("Aug 10 - Nov 12, 2027", "2027-08-10 to 2027-11-12"),
        ("24 Dec to 2 Jan 2028", "2027-12-24 to 2028-01-02"),
        ("24 Dec 2027 to 2 Jan", "2027-12-24 to 2028-01-02"),
        ("today's post and friday's", "2026-11-28, 2026-12-04"),
        ("today’s post and friday’s", "2026-11-28, 2026-12-04"),
        ("24–26 Dec", "2026-12-24 to 2026-12-26"),
        ("24\N{NON-BREAKING HYPHEN}26 Dec", "2026-12-24 to 2026-12-26"),
        ("24 Dec \N{HORIZONTAL BAR} 2 Jan", "2026-12-24 to 2027-01-02"),
        ("2026\N{HYPHEN}12\N{HYPHEN}24", "2026-12-24"),
    ],
)
def test_understood(words: str, understood: str) -> None:
    assert write_dates(parse_dates(words, today=SATURDAY)) == understood


@pytest.mark.parametrize(
    ("words", "sentence", "readings"),
    [
        ("saturday", "“saturday” can be this week or next week.", 2),
        ("Fri 24 Dec", "24 Dec 2026 is a Thursday.", 2),
        ("Friday, 24 Dec", "24 Dec 2026 is a Thursday.", 2),
        ("monday 25", "25 Dec 2026 is a Friday. Do you mean Fri 25 Dec 2026 or Mon 25 Jan", 2),
        ("this monday", "Mon 23 Nov 2026 is in the past. Do you mean Mon 30 Nov 2026?", 1),
        ("24 Dec at 9 am", "by its date, without a time such as “at 9 am”", 1),
        ("10:30", "by its date, without a time", 0),
        ("2 weeks", "“2 weeks” is a length of time.", 2),
        ("20.12", "“20.12” has more than one meaning. Do you mean Sun 20 Dec 2026?", 1),
        ("Thu 24-Dec-26", "“Thu 24-Dec-26” has more than one meaning.", 1),
        ("24-Dec-26", "“24-Dec-26” has more than one meaning. Do you mean Thu 24 Dec 2026?", 1),
        ("1-jan-27 to 5-jan-27", "“1-jan-27” has more than one meaning.", 1),
        ("3-5", "“3-5” has more than one meaning.", 3),
        ("1/3 to 3/3", "“1/3 to 3/3” has more than one meaning.", 2),
        ("28, 29", "“28” can be today. Do you mean Sat 28 Nov 2026, Sun 29 Nov 2026 or Mon 28", 2),
        ("sat & sun", "Sun 29 Nov 2026 or Sat 5 Dec 2026, Sun 6 Dec 2026?", 2),
        ("fri and mon", "Do you mean Fri 4 Dec 2026, Mon 7 Dec 2026 or Fri 4 Dec 2026, Mon 30", 2),
        ("saturday to saturday", "“saturday” can be this week or next week.", 2),
        ("24.12.25", "Wed 24 Dec 2025 is in the past. Do you mean Thu 24 Dec 2026?", 1),
        ("27.12.26", "“27.12.26” has more than one meaning.", 2),
        ("26.12.24", "“26.12.24” has more than one meaning. Do you mean Thu 24 Dec 2026?", 1),
        ("24 dec 26", "“24 dec 26” has more than one meaning. Do you mean Thu 24 Dec 2026 or", 2),
        ("24 or 25 Dec", "Do you mean Thu 24 Dec 2026, Fri 25 Dec 2026 or both?", 3),
        ("24 and 25 or 26 Dec", "which of these dates. Try 24 Dec", 0),
        ("yesterday or today", "which of these dates. Do you mean Sat 28 Nov 2026?", 1),
        ("Friday, 24 and 25 Dec", "24 Dec 2026 is a Thursday.", 2),
        ("Friday, 24 Dec to 2 Jan", "24 Dec 2026 is a Thursday. Do you mean Thu 24 Dec 2026 to", 1),
        ("fri sat", "not sure which of these belong together. Do you mean Fri 4 Dec 2026, Sat", 1),
        (
            "Dezember 24",
            "I don't understand “Dezember” as a date. Do you mean Thu 24 Dec 2026?",
            1,
        ),
        ("tmr", "I don't understand “tmr” as a date. Do you mean Sun 29 Nov 2026?", 1),
        ("the day before yesterday", "Fri 27 Nov 2026 is in the past.", 0),
        ("27 and 29", "far apart. Do you mean Sun 27 Dec 2026, Tue 29 Dec 2026 or", 2),
        ("20 Nov and 4 Dec", "far apart", 2),
        ("20 Nov to 4 Dec", "Today is in such a range. Do you mean Sat 28 Nov 2026 to Fri 4", 2),
        ("week of 20 Dec", "Sun 20 Dec 2026 ends one week and begins another.", 2),
        (
            "10 Nov to 12 Dec 2026",
            "Tue 10 Nov 2026 is in the past. Do you mean Sat 28 Nov 2026 to",
            1,
        ),
        ("tuesday, next week", "“tuesday, next week” can be one day. Do you mean Tue 1 Dec", 1),
        ("tomorrow morning", "without a time such as “morning”. Do you mean Sun 29 Nov 2026?", 1),
        ("in January 2027", "“January 2027” is a whole month. Do you mean Fri 1 Jan 2027 to", 1),
        ("24 Dec 2206", "Wed 24 Dec 2206 is years away.", 1),
        ("thrusday", "I don't understand “thrusday” as a date. Do you mean Thu 3 Dec 2026?", 1),
    ],
)
def test_what_is_not_fully_said_is_asked_back(words: str, sentence: str, readings: int) -> None:
    with pytest.raises(UnclearError) as caught:
        parse_dates(words, today=SATURDAY)
    assert sentence in str(caught.value)
    assert len(caught.value.readings) == readings


def test_many_unclear_dates_have_a_few_readings() -> None:
    with pytest.raises(UnclearError) as caught:
        parse_dates("3/4, " * 59, today=SATURDAY)  # two to the power of 59, all in all
    assert 1 < len(caught.value.readings) <= 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("soonish", "I don't understand “soonish” as a date."),
        ("24 Dec maybe", "I don't understand “maybe” as a date."),
        ("24-Dec-25", "Wed 24 Dec 2025 is in the past."),
        ("30-Feb-27", "I don't understand “30-Feb-27” as a date."),
        ("24-Foo-27", "I don't understand “Foo” as a date."),
        ("week from today", "I don't understand “week” as a date."),
        ("week from friday", "I don't understand “week” as a date."),
        ("24/25", "I don't understand “24/25” as a date."),
        ("31/11", "I don't understand “31/11” as a date."),
        ("the", "I need a date. Try 24 Dec"),
        ("all", "I need a date. Try 24 Dec"),
        ("weekday", "I don't understand “weekday” as a date."),
        ("32 Dec", "I don't understand “32” as a date."),
        ("2026-13-01", "I don't understand “2026-13-01” as a date."),
        ("1 Dec 99999", "I don't understand “99999” as a date."),
        ("2026", "I don't understand “2026” as a date."),
        ("<!channel>", "I don't understand “&lt;!channel&gt;” as a date."),
        ("31 Nov", "There is no 31 Nov."),
        ("29 Feb 2027", "There is no 29 Feb 2027."),
        ("1 Nov 2026", "Sun 1 Nov 2026 is in the past."),
        ("yesterday", "Fri 27 Nov 2026 is in the past."),
        ("Oct 2026", "Oct 2026 is in the past."),
        ("1 Nov 2026 to 20 Nov 2026", "Fri 20 Nov 2026 is in the past."),
        ("24 Dec 2026 to 1 Dec 2026", "ends before it begins"),
        ("from 24 Dec", "I need the last date too"),
        ("until friday", "use `/digest pause until 2 Jan`"),
        ("24 Dec and 31 Dec 2027", "not sure which year you mean by “24 Dec”"),
        ("Dec 24, 25 and 26 Jan", "not sure which month you mean by “25”"),
        ("every friday", "I can skip single dates"),
        ("24 Dec, " * 60, "That is too long."),
    ],
)
def test_what_is_no_date_gets_a_sentence(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError) as caught:
        parse_dates(words, today=SATURDAY)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("until 2 Jan", date(2027, 1, 2)),
        ("till 1st", date(2026, 12, 1)),
        ("through friday", date(2026, 12, 5)),
        ("for a week", date(2026, 12, 5)),
        ("3 days", date(2026, 12, 1)),
        ("for 2 months", date(2027, 1, 28)),
        ("until 27 Nov 2027", date(2027, 11, 27)),
        ("until the end of the year", date(2027, 1, 1)),
        ("through next week", date(2026, 12, 7)),
        ("up to 5 Jan!", date(2027, 1, 5)),
        ("until friday inclusive", date(2026, 12, 5)),
        ("until 2 Jan (incl.)", date(2027, 1, 3)),
        ("2w", date(2026, 12, 12)),
    ],
)
def test_the_end_of_a_pause(words: str, until: date) -> None:
    assert parse_until(words, today=SATURDAY) == until


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("2 Jan", "Are these the days to leave out, or does the pause end then?"),
        ("24 Dec to 2 Jan", "Are these the days to leave out, or does the pause end then?"),
        ("until 27 Nov", "That is a long pause. Do you mean until Sat 27 Nov 2027?"),
        ("until next week", "I need one date. Do you mean until Mon 30 Nov 2026?"),
        ("until jan", "“jan” is a whole month. Do you mean until Fri 1 Jan 2027?"),
        ("through jan", "“jan” is a whole month. Do you mean until Mon 1 Feb 2027?"),
        ("through 3/4", "Do you mean until Sun 4 Apr 2027 or until Fri 5 Mar 2027?"),
        ("until today", "That would pause nothing."),
        ("until noon", "without a time such as “noon”"),
    ],
)
def test_an_unclear_end_of_a_pause_is_asked_back(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError) as caught:
        parse_until(words, today=SATURDAY)
    assert sentence in str(caught.value)


def test_no_words_are_no_dates() -> None:
    assert parse_dates("", today=TUESDAY) == []
    assert parse_dates("please! 🙏", today=TUESDAY) == []


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("next", 1),
        ("the next three", 3),
        ("4 posts", 4),
        ("next 2 posts", 2),
        ("2 next posts", 2),
        ("next please", 1),
    ],
)
def test_a_number_of_posts(words: str, number: int) -> None:
    assert parse_posts(words, today=TUESDAY) == number


@pytest.mark.parametrize(
    ("words", "readings"),
    [
        ("3", [(date(2026, 12, 3),), 3]),
        ("three", [(date(2026, 12, 3),), 3]),
        ("24", [(date(2026, 11, 24),), (date(2026, 12, 24),), 24]),
        ("40", [40]),
    ],
)
def test_a_number_alone_is_asked_back(words: str, readings: list[object]) -> None:
    with pytest.raises(UnclearError, match="a date, or a number of posts") as caught:
        parse_posts(words, today=TUESDAY)
    assert [*caught.value.readings] == readings


@given(
    today=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    days=st.sets(st.integers(1, 28), min_size=2, max_size=4),
)
def test_days_of_a_list_are_offered_in_a_row(today: date, days: set[int]) -> None:
    """The first reading of `24, 25, 26` is never the 24th of one month and the 25th of another."""
    words = ", ".join(map(str, sorted(days)))
    try:
        readings = [parse_dates(words, today=today)]
    except UnclearError as error:
        readings = [[*dates] for dates in error.readings]
    for dates in readings:
        assert sorted({on.day for on in dates}) == sorted(days)
    assert len({(on.year, on.month) for on in readings[0]}) == 1


@given(
    today=st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    ahead=st.integers(0, 360),
    form=st.sampled_from(["%Y-%m-%d", "%d %b %Y", "%b %d %Y", "%d %B", "%b %d"]),
)
def test_every_date_of_the_next_year_can_be_typed(today: date, ahead: int, form: str) -> None:
    on = today + timedelta(days=ahead)
    assert parse_dates(on.strftime(form), today=today) == [on]


@given(st.sets(st.integers(0, 400), min_size=1, max_size=12))
def test_written_dates_are_parsed_back(days: set[int]) -> None:
    dates = [TUESDAY + timedelta(days=ahead) for ahead in sorted(days)]
    assert parse_dates(write_dates(dates), today=TUESDAY) == dates


PARTS = st.sampled_from(
    [
        *("1", "2nd", "24", "25", "30", "31st", "Dec", "january", "Feb", "2026", "2027"),
        *(",", ",", "and", "to", "-", "between", "from"),
    ]
)


@settings(max_examples=300)
@given(st.lists(PARTS, min_size=1, max_size=9))
def test_nothing_that_was_typed_is_left_out_and_nothing_is_added(parts: list[str]) -> None:
    """Whatever the order: dateutil filled in what it did not find in the words."""
    with suppress(ParleyError):
        dates = parse_dates(" ".join(parts), today=SATURDAY)
        numbers = {int(found[0]) for part in parts if (found := re.match(r"\d+", part))}
        months = {"Dec": 12, "january": 1, "Feb": 2}
        typed = {months[part] for part in parts if part in months}
        days, years = {on.day for on in dates}, {on.year for on in dates}
        assert numbers <= days | years
        assert typed <= {on.month for on in dates}
        if not {"to", "-", "between"} & set(parts):
            assert days <= numbers
            assert {on.month for on in dates} <= (typed or set(range(13)))


WORDS = st.sampled_from(
    [
        *("24", "25th", "Dec", "january", "fri", "Thursday", "2026", "to", "and", ",", "-", "/"),
        *("next", "this", "week", "of", "in", "2 days", "10:30", "1/2", "until", "for", "weekend"),
        *("or", "yesterday", "today", "xmas", "the day after", "month", "rest", "'26", "24.12.25"),
        *(
            "end",
            "after next",
            "a week from",
            "three",
            "24./",
            "1-jan-27",
            "&",
            "between",
            "29 Feb",
        ),
    ]
)


@given(st.text(max_size=30) | st.lists(WORDS, max_size=8).map(" ".join))
def test_any_words_are_dates_to_come_or_one_sentence(words: str) -> None:
    with suppress(ParleyError):
        assert all(on >= TUESDAY for on in parse_dates(words, today=TUESDAY))


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        *(("segunda", 0), ("terça-feira", 1), ("quarta", 2), ("sextas", 4), ("Sábado", 5)),
        *(("lundi", 0), ("jeudi", 3), ("dimanche", 6), ("lunes", 0), ("miércoles", 2)),
        *(("mercoledì", 2), ("domenica", 6), ("Freitag", 4), ("sonnabend", 5), ("zaterdag", 5)),
        *(("środa", 2), ("w sobotę", None), ("poniedziałek", 0), ("sgunda", None), ("jue", None)),
    ],
)
def test_a_weekday_of_another_language_is_never_another_day(typed: str, day: int | None) -> None:
    assert day is None or not could_be_name(typed)
    friday = date(2026, 11, 27) if day != 4 else date(2026, 11, 26)
    if day is None:
        with pytest.raises(ParleyError) as caught:
            parse_posts(typed, today=friday)
        assert not getattr(caught.value, "readings", ())
        return
    posts = parse_posts(typed, today=friday)
    assert not isinstance(posts, int)
    assert [on.weekday() for on in posts] == [day]
