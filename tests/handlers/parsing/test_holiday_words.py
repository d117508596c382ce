"""Whose public holidays a schedule leaves out, as people type it."""

import pytest

from handlers.parsing.holiday_words import ANY_DAY, take_holidays
from store.types import ParleyError


@pytest.mark.parametrize(
    ("words", "regions", "rest"),
    [
        ("09:30 weekdays except holidays DE", "DE", "09:30 weekdays"),
        ("09:30 weekdays, except public holidays in Germany", "DE", "09:30 weekdays,"),
        ("09:30 except German holidays digest 3", "DE", "09:30 digest 3"),
        ("09:30 except holidays of the United Kingdom mon-fri", "GB", "09:30 mon-fri"),
        ("09:30 but not on bank holidays in Scotland", "GB-SCT", "09:30"),
        ("09:30 no holidays us", "US", "09:30"),
        ("except holidays IN 09:30", "IN", "09:30"),
        ("09:30 without holidays DE-BY Europe/Berlin", "DE-BY", "09:30 Europe/Berlin"),
        ("09:30 daily except monday and holidays PT", "PT", "09:30 daily except monday"),
        ("09:30 daily except Portuguese holidays and digest 3", "PT", "09:30 daily and digest 3"),
        ("09:30 except holidays Georgia", "GE US-GA", "09:30"),
        ("09:30 daily and holidays", ANY_DAY, "09:30 daily"),
        ("09:30 including public holidays", ANY_DAY, "09:30"),
    ],
)
def test_the_country_is_read_before_or_after_the_word(words: str, regions: str, rest: str) -> None:
    if regions == "US":
        words = words.replace("us", "US")
    found, left = take_holidays(words)
    assert found is not None
    assert " ".join(found) == regions
    assert " ".join(left.split()) == rest


@pytest.mark.parametrize("words", ["09:30 weekdays", "09:30 about holidays, travel", ""])
def test_other_words_stay(words: str) -> None:
    assert take_holidays(words) == (None, words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("09:30 except holidays", "Whose holidays"),
        ("09:30 weekdays except holidays in Narnia", "“Narnia”"),
        ("09:30 weekdays except holidays in Germny", "Do you mean Germany?"),
        ("09:30 except Porugal holidays", "Do you mean Portugal?"),
        ("09:30 except public holidays at 10", "Whose holidays"),
    ],
)
def test_a_country_that_is_not_known_is_asked_for(words: str, sentence: str) -> None:
    with pytest.raises(ParleyError, match=sentence):
        take_holidays(words)


@pytest.mark.parametrize("words", ["DE-BY, FR", "DE, MO", "Germany and France", "DE and FR"])
def test_two_countries_are_refused_and_no_days(words: str) -> None:
    with pytest.raises(ParleyError, match="of one country or region"):
        take_holidays(f"09:30 except holidays {words}")


@pytest.mark.parametrize("days", ["DE, mon-fri", "DE and fri", "DE, fri", "Germany, Lisbon"])
def test_a_day_or_a_zone_may_follow_a_country(days: str) -> None:
    assert take_holidays(f"09:30 except holidays {days}")[0] == ["DE"]
