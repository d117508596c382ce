"""Parsing the words that set up a schedule."""

import re
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_order import parse_order, parse_order_at, write_order
from store.types import News, Order, ParleyError, PostKind, Timetable
from tests.machine import NOW

TODAY = NOW.date()


@pytest.mark.parametrize(
    ("words", "kind", "stories", "topics"),
    [
        ("09:30", PostKind.QUESTION, 1, ()),
        ("09:30 digest", PostKind.DIGEST, 3, ()),
        ("09:30 digest 5 daily", PostKind.DIGEST, 5, ()),
        ("09:30 digest of 2 stories", PostKind.DIGEST, 2, ()),
        ("digest 9:30", PostKind.DIGEST, 3, ()),
        ("daily digest at 9 am", PostKind.DIGEST, 3, ()),
        ("09:30 4 stories mon-fri", PostKind.DIGEST, 4, ()),
        ("9am digest four about Turkey", PostKind.DIGEST, 4, ("Turkey",)),
        ("two stories daily at nine", PostKind.DIGEST, 2, ()),
        ("digest five past nine", PostKind.DIGEST, 3, ()),
        ("digest nine thirty fri", PostKind.DIGEST, 3, ()),
        ("digest ten daily", PostKind.DIGEST, 3, ()),
        ("digest eleven", PostKind.DIGEST, 3, ()),
        ("digest of one story daily at 9", PostKind.DIGEST, 1, ()),
        ("one story daily at 9", PostKind.DIGEST, 1, ()),
        ("09:30 about Turkey", PostKind.QUESTION, 1, ("Turkey",)),
        ("about 9:30 about Turkey", PostKind.QUESTION, 1, ("Turkey",)),
        ("about half past nine", PostKind.QUESTION, 1, ()),
        ("09:30 about 9/11", PostKind.QUESTION, 1, ("9/11",)),
        (
            "09:30 daily digest 3 about oil, the grain deal and Oman",
            PostKind.DIGEST,
            3,
            ("oil", "the grain deal", "Oman"),
        ),
        *(
            (f"09:30 about {typed}", PostKind.QUESTION, 1, topics)
            for typed, topics in {
                "Trinidad and Tobago": ("Trinidad and Tobago",),
                "oil, bosnia and herzegovina and Turkey": (
                    "oil",
                    "bosnia and herzegovina",
                    "Turkey",
                ),
                '"food and drink"': ("food and drink",),
                "“food and drink” and „oil, gas“, Turkey": ("food and drink", "oil, gas", "Turkey"),
                "Turkey and and Iran,": ("Turkey", "Iran"),
                "Andorra and Iceland": ("Andorra", "Iceland"),
            }.items()
        ),
    ],
)
def test_an_order(words: str, kind: PostKind, stories: int, topics: tuple[str, ...]) -> None:
    order = parse_order(words, zone="UTC", today=TODAY)
    assert (order.kind, order.stories, order.topics) == (kind, stories, topics)


@pytest.mark.parametrize(
    ("words", "days", "news", "topics"),
    [
        ("09:30 digest 3 only new", None, News.NEW, ()),
        ("09:30 only new stories digest 3", None, News.NEW, ()),
        ("09:30 digest only what's new since the last one", None, News.NEW, ()),
        ("09:30 digest Only New Or Nothing daily", None, News.NEW_OR_NOTHING, ()),
        ("09:30 digest only new, else no post", None, News.NEW_OR_NOTHING, ()),
        ("09:30 max age 7 days", 7, News.ANY, ()),
        ("max age 1 day 09:30", 1, News.ANY, ()),
        ("09:30 maximum age of 2 weeks", 14, News.ANY, ()),
        ("09:30 max-age a week about oil", 7, News.ANY, ("oil",)),
        ("09:30 not older than ten days", 10, News.ANY, ()),
        ("09:30 digest about oil, Oman max age 3 days", 3, News.ANY, ("oil", "Oman")),
        ("09:30 digest about oil, max age 3 days, only new", 3, News.NEW, ("oil",)),
        ("09:30 digest about oil only new max age 3 days", 3, News.NEW, ("oil",)),
        ("09:30 digest about only new wells, oil", None, News.ANY, ("only new wells", "oil")),
        ('09:30 digest about "max age 3 days"', None, News.ANY, ("max age 3 days",)),
    ],
)
def test_the_age_and_the_news_of_an_order(
    words: str, days: int | None, news: News, topics: tuple[str, ...]
) -> None:
    order = parse_order(words, zone="UTC", today=TODAY)
    assert (order.max_age_days, order.news, order.topics) == (days, news, topics)
    assert parse_order(write_order(order) or "", zone="UTC", today=TODAY) == order


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("09:30 max age", "A maximum age is in days or weeks, as in `max age 7 days`."),
        ("09:30 max age 7", "A maximum age is in days or weeks"),
        ("09:30 max age 12 hours", "A maximum age is in days or weeks"),
        ("09:30 max age 0 days", "A maximum age is 1 to 366 days."),
        ("09:30 max age 53 weeks", "A maximum age is 1 to 366 days."),
        ("09:30 only new", "Only a digest can be limited to what is new"),
        ("09:30 digest 0", "A digest has 1 to 5 stories."),
        ("09:30 digest 99", "A digest has 1 to 5 stories."),
        ("09:30 about", "About what?"),
        ("09:30 about a, b, c, d, e, f, g, h, i, j, k", "at most 10 topics, not 11"),
        (f"09:30 about {'x' * 76}", "A topic has at most 75 characters."),
        ("digest 3", "I need a time of day"),
        ("09:30 fri Three", "“Three” isn't a weekday or a time zone I know."),
        ("twenty five fri", "“twenty five” is not a time."),
        ("09:30 dijest 3", "“dijest” isn't a weekday or a time zone I know. Did you mean digest?"),
    ],
)
def test_a_bad_order_raises(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError, match=sentence.replace("?", r"\?")):
        parse_order(words, zone="UTC", today=TODAY)


@pytest.mark.parametrize(
    "end",
    [
        *("until 24 Dec", "till the end of june", "until christmas", "for two weeks"),
        *(
            "for the next 3 months",
            "until 2027-01-02",
            "until further notice",
            "only until the 5th",
        ),
    ],
)
def test_a_schedule_that_is_to_end_is_refused_with_what_to_do(end: str) -> None:
    with pytest.raises(ParleyError, match="can't end by itself") as caught:
        parse_order(f"9:30 daily {end}", zone="UTC", today=TODAY)
    assert f"“{end}”" in str(caught.value)
    assert "`/digest off`" in str(caught.value)


def test_days_in_a_row_have_no_end() -> None:
    words = "9:30 mon until fri about life until august"
    assert len(parse_order(words, zone="UTC", today=TODAY).timetable.weekdays) == 5


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("09:30 daily except christmas day", "christmas day"),
        ("09:30 daily without 24 dec", "24 dec"),
        ("09:30 mon but not on December 24th", "December 24th"),
        ("except for sept 1 09:30 daily", "sept 1"),
        ("without may 09:30 daily", "may"),
        ("09:30 daily but not in august", "august"),
        ("09:30 daily except during the easter", "24 Dec"),
        ("09:30 daily excluding new year's eve", "new year's eve"),
        ("09:30 daily not the boxing day", "boxing day"),
        ("09:30 daily without novels", None),
        ("09:30 daily except marketing days", None),
        ("09:30 daily not augmented", None),
        ("09:30 daily without decent stories", None),
        ("09:30 daily except juniors", None),
        ("09:30 daily not eastern europe", None),
        ("09:30 daily except boxing", None),
    ],
)
def test_a_day_that_a_schedule_cannot_leave_out_is_skipped_by_a_command(
    words: str, day: str | None
) -> None:
    with pytest.raises(ParleyError) as caught:
        parse_order(words, zone="UTC", today=TODAY)
    found = re.search("`/digest skip (.+)`", str(caught.value))
    assert (found and found[1]) == day


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("09:30 digset 3", "digest 3"),
        ("09:30 digset 3 abuot oil", "digest 3 about oil"),
        ("09:30 weekdays exept holidays DE", "except holidays DE"),
        ("09:30 digset 9", None),
    ],
)
def test_a_misspelt_word_of_an_order_is_offered(words: str, meant: str | None) -> None:
    with pytest.raises(UnclearError, match="Did you mean") as caught:
        parse_order(words, zone="UTC", today=TODAY)
    written = [write_order(order) or "" for order in caught.value.readings]
    assert [words.partition(" UTC ")[2] for words in written] == ([meant] if meant else [])


@given(
    at=st.times(),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    stories=st.integers(0, 5),
    topics=st.lists(st.sampled_from(["oil", "the grain deal", "Oman"]), unique=True).map(tuple),
    days=st.none() | st.integers(1, 366),
    news=st.sampled_from(News),
)
def test_a_written_order_is_parsed_back(
    at: time,
    weekdays: frozenset[int],
    stories: int,
    topics: tuple[str, ...],
    days: int | None,
    news: News,
) -> None:
    order = Order(
        timetable=Timetable(at=at.replace(second=0, microsecond=0), weekdays=weekdays, zone="UTC"),
        kind=PostKind.DIGEST if stories else PostKind.QUESTION,
        stories=stories or 1,
        topics=topics,
        max_age_days=days,
        news=news if stories else News.ANY,
    )
    words = write_order(order)
    assert words
    assert parse_order(words, zone="Asia/Tokyo", today=TODAY) == order


def test_an_order_that_is_asked_back_keeps_its_digest_and_topics() -> None:
    with pytest.raises(UnclearError) as caught:
        parse_order("digest 2 at 9:30 est about oil", zone="Asia/Tokyo", today=TODAY)
    for order in caught.value.readings:
        assert (order.kind, order.stories, order.topics) == (PostKind.DIGEST, 2, ("oil",))


def test_an_order_that_words_cannot_say_is_not_written() -> None:
    timetable = Timetable(at=time(9, 30), weekdays=frozenset({0}), zone="UTC")
    assert write_order(Order(timetable=timetable, topics=('war "and" peace',))) is None


_NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("words", "is_accepted"),
    [
        ("tomorrow at 9", True),
        ("on monday and tomorrow at 9", False),
        ("daily 9:30 starting tomorrow", True),
        ("daily 13:00 starting tomorrow", False),
        ("tue 9:30 from 8 dec", False),
        ("wed 13:00 from tomorrow", True),
    ],
)
def test_a_start_that_changes_nothing_is_accepted(words: str, is_accepted: bool) -> None:
    if is_accepted:
        assert parse_order_at(words, zone="UTC", now=_NOON)
        return
    with pytest.raises(ParleyError, match="starts at once"):
        parse_order_at(words, zone="UTC", now=_NOON)


@pytest.mark.parametrize("words", ["tomorrow at 4", "wed at four starting tomorrow"])
def test_a_start_leaves_the_question_which_time_is_meant(words: str) -> None:
    with pytest.raises(UnclearError, match="04:00 or 16:00") as raised:
        parse_order_at(words, zone="UTC", now=_NOON.replace(hour=17))
    assert [order.timetable.at.hour for order in raised.value.readings] == [4, 16]


def test_a_start_between_other_words_is_refused() -> None:
    with pytest.raises(ParleyError, match="starts at once"):
        parse_order_at("from wed at 9 thu", zone="UTC", now=_NOON)


@pytest.mark.parametrize(("at", "first"), [("9:00", 14), ("13:00", 30)])
def test_nothing_begins_with_a_post_that_is_over(at: str, first: int) -> None:
    with pytest.raises(UnclearError) as raised:
        parse_order_at(f"every other monday {at}", zone="UTC", now=_NOON)
    begin = [order.timetable.begins_on for order in raised.value.readings]
    assert {on.day for on in begin} == {first, 7}
    assert all(f"from Mon {on.day} " in str(raised.value) for on in begin)
