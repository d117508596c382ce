"""Public holidays of countries and regions, from the package `holidays`."""

import logging
import sys
from datetime import date

import pytest

from store.posting import public_holidays
from store.posting.public_holidays import NoHolidaysError, find_regions, holiday_in, region_name


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for each in (public_holidays._names, public_holidays._countries, public_holidays._warn_once):
        each.cache_clear()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("Germany", "DE"),
        ("german", "DE"),
        ("de-by", "DE-BY"),
        ("Bayern", "DE-BY"),
        ("Scotland", "GB-SCT"),
        ("Wales", "GB-WLS"),
        ("the UK", "GB"),
        ("United Kingdom", "GB"),
        ("USA", "US"),
        ("South Korea", "KR"),
        ("IN", "IN"),
        ("New  York", "US-NY"),
        ("Georgia", "GE US-GA"),
        ("in", ""),
        ("at", ""),
        ("fri", ""),
        ("09:30", ""),
        ("DE-XX", ""),
        ("Narnia", ""),
        ("", ""),
    ],
)
def test_a_region_is_found_by_its_code_its_name_or_its_people(typed: str, expected: str) -> None:
    assert " ".join(find_regions(typed)) == expected


@pytest.mark.parametrize(
    ("region", "on", "name"),
    [
        ("DE", date(2026, 10, 3), "German Unity Day"),
        ("DE", date(2026, 1, 6), None),
        ("DE-BY", date(2026, 1, 6), "Epiphany"),
        ("US", date(2026, 11, 26), "Thanksgiving Day"),
        ("GB-SCT", date(2026, 11, 30), "Saint Andrew's Day"),
        ("PT", date(2026, 11, 25), None),
        ("FR", date(2043, 7, 14), "National Day"),
    ],
)
def test_the_holidays_of_a_region(region: str, on: date, name: str | None) -> None:
    found = holiday_in(region, on)
    assert (found is None) == (name is None)
    assert name is None or name in (found or "")


@pytest.mark.parametrize("region", ["XX", "DE-XX"])
def test_a_region_that_the_package_no_longer_knows_has_no_holidays(region: str) -> None:
    assert holiday_in(region, date(2026, 12, 25)) is None


def test_without_the_package_a_schedule_goes_on_and_the_log_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(NoHolidaysError, match="parley\\[holidays\\]"):
        find_regions("DE")
    with caplog.at_level(logging.ERROR):
        assert [holiday_in("DE", date(2026, 12, day)) for day in (25, 26)] == [None, None]
    assert caplog.text.count("are not left out") == 1


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("GE", "Georgia (GE)"),
        ("NL", "the Netherlands (NL)"),
        ("US", "the United States (US)"),
        ("DE-BY", "Bayern, Germany (DE-BY)"),
        ("GB", "the United Kingdom (GB)"),
        ("GB-SCT", "Scotland, the United Kingdom (GB-SCT)"),
        ("MM", "Myanmar (MM)"),
        ("PS", "Palestine (PS)"),
    ],
)
def test_a_region_has_the_name_that_a_sentence_uses(region: str, name: str) -> None:
    assert region_name(region) == name
