"""Time zones as people name them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.place_names import NOT_PLACES
from handlers.parsing.readings import UnclearError
from handlers.parsing.timetable import parse
from handlers.parsing.zones import (
    describe_zone,
    is_zone,
    nearest_zones,
    zone_label,
    zones_like,
    zones_named,
)
from store.types import ParleyError
from tests.machine import NOW

TODAY = NOW.date()


NAMES = sorted(available_timezones() - {"Factory", "localtime"})
# The abbreviation, a place where people use it, and its offset in January and in July.
ABBREVIATIONS = """
UTC UTC 0 0
GMT Europe/London 0 1
BST Europe/London 0 1
WET Europe/Lisbon 0 1
WEST Europe/Lisbon 0 1
CET Europe/Berlin 1 2
CEST Europe/Paris 1 2
MET Europe/Berlin 1 2
EET Europe/Helsinki 2 3
EEST Europe/Kyiv 2 3
MSK Europe/Moscow 3 3
TRT Europe/Istanbul 3 3
IST Asia/Kolkata 5.5 5.5
IST Europe/Dublin 0 1
IST Asia/Jerusalem 2 3
IDT Asia/Jerusalem 2 3
EST America/New_York -5 -4
EDT America/New_York -5 -4
ET America/New_York -5 -4
CST America/Chicago -6 -5
CST Asia/Shanghai 8 8
CDT America/Chicago -6 -5
CT America/Chicago -6 -5
MST America/Denver -7 -6
MST America/Phoenix -7 -7
MDT America/Denver -7 -6
MT America/Denver -7 -6
PST America/Los_Angeles -8 -7
PDT America/Los_Angeles -8 -7
PT America/Los_Angeles -8 -7
AKST America/Anchorage -9 -8
AKDT America/Anchorage -9 -8
HST Pacific/Honolulu -10 -10
AST America/Halifax -4 -3
ADT America/Halifax -4 -3
NST America/St_Johns -3.5 -2.5
NDT America/St_Johns -3.5 -2.5
BRT America/Sao_Paulo -3 -3
ART America/Argentina/Buenos_Aires -3 -3
CLT America/Santiago -3 -4
COT America/Bogota -5 -5
PET America/Lima -5 -5
VET America/Caracas -4 -4
WAT Africa/Lagos 1 1
CAT Africa/Harare 2 2
SAST Africa/Johannesburg 2 2
EAT Africa/Nairobi 3 3
GST Asia/Dubai 4 4
PKT Asia/Karachi 5 5
ICT Asia/Bangkok 7 7
WIB Asia/Jakarta 7 7
SGT Asia/Singapore 8 8
HKT Asia/Hong_Kong 8 8
PHT Asia/Manila 8 8
MYT Asia/Kuala_Lumpur 8 8
AWST Australia/Perth 8 8
JST Asia/Tokyo 9 9
KST Asia/Seoul 9 9
ACST Australia/Adelaide 10.5 9.5
AEST Australia/Sydney 11 10
AEST Australia/Brisbane 10 10
AEDT Australia/Sydney 11 10
NZST Pacific/Auckland 13 12
NZDT Pacific/Auckland 13 12
"""


def meant(words: str, own: str = "Asia/Tokyo") -> list[str]:
    """Return the zone that an order with these words gets, or those that are asked about."""
    try:
        return [parse(f"09:30 {words}", zone=own, today=TODAY).zone]
    except UnclearError as error:
        return [timetable.zone for timetable in error.readings]


def hours(zone: str) -> tuple[float, float]:
    """Return a zone's offsets in January and July of the next year, in hours."""
    offsets = (datetime(2027, month, 15, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))
    january, july = (offset / timedelta(hours=1) for offset in offsets if offset is not None)
    return january, july


@pytest.mark.parametrize("row", ABBREVIATIONS.strip().splitlines())
def test_an_abbreviation_leads_to_the_wall_time_of_a_place(row: str) -> None:
    abbreviation, place, january, july = row.split()
    wanted = float(january), float(july)
    assert hours(place) == wanted, "the table is right"
    assert wanted in [hours(zone) for zone in meant(abbreviation)]
    # Somebody there means their own zone, and is not asked.
    if abbreviation.isupper() and abbreviation != "UTC":
        assert place in meant(abbreviation, own=place)


@pytest.mark.parametrize(
    ("words", "own", "zone"),
    [
        ("EST", "America/Toronto", "America/Toronto"),
        ("EDT", "America/Detroit", "America/Detroit"),
        ("CET", "Europe/Madrid", "Europe/Madrid"),
        ("MST", "America/Phoenix", "America/Phoenix"),
        ("IST", "Asia/Kolkata", "Asia/Kolkata"),
        ("PT", "America/Vancouver", "America/Vancouver"),
        ("GST", "Asia/Muscat", "Asia/Muscat"),
    ],
)
def test_an_abbreviation_of_one_s_own_zone_is_that_zone(words: str, own: str, zone: str) -> None:
    assert meant(words, own=own) == [zone]


@pytest.mark.parametrize("name", ["EST", "MST", "HST", "CET", "GMT", "BST", "PST", "CST", "IST"])
def test_an_abbreviation_is_never_taken_as_a_fixed_zone(name: str) -> None:
    """EST as IANA has it would post an hour late in New York, all summer."""
    assert name not in meant(name)
    assert len(meant(name)) > 1


def test_every_iana_name_is_understood() -> None:
    for name in NAMES:
        zones = meant(name)
        assert hours(name) in [hours(zone) for zone in zones], name
        if "/" in name:
            assert zones == [name]
            assert meant(name.lower().replace("_", " ")) == [name]


def test_every_city_of_an_iana_name_is_understood() -> None:
    for name in NAMES:
        region, _, city = name.rpartition("/")
        if region in ("Africa", "America", "Asia", "Europe", "Pacific", "Atlantic", "Indian"):
            if city.lower() in NOT_PLACES:
                continue
            assert hours(name) in [hours(zone) for zone in meant(city.replace("_", " "))], name


@pytest.mark.parametrize(
    ("words", "zones"),
    [
        ("new york", ["America/New_York"]),
        ("in New York time", ["America/New_York"]),
        ("São Paulo", ["America/Sao_Paulo"]),
        ("St. John's", ["America/St_Johns"]),
        ("mumbai", ["Asia/Kolkata"]),
        ("san francisco", ["America/Los_Angeles"]),
        ("Washington, DC", ["America/New_York"]),
        ("germany", ["Europe/Berlin"]),
        ("india", ["Asia/Kolkata"]),
        ("us pacific", ["US/Pacific"]),
        ("UTC", ["UTC"]),
        ("Eastern", ["America/New_York", "Australia/Sydney"]),
        ("san juan", ["America/Puerto_Rico", "America/Argentina/San_Juan"]),
        ("Lisbon, Portugal", ["Europe/Lisbon"]),
        ("Detroit, MI", ["America/Detroit"]),
        ("Austin TX", ["America/Chicago"]),
        ("Portland, OR", ["America/Los_Angeles"]),
        ("Cambridge", ["America/New_York", "Europe/London"]),
        ("Cambridge, UK", ["Europe/London"]),
        ("Cambridge, Massachusetts", ["America/New_York"]),
        ("HK", ["Asia/Hong_Kong"]),
        ("NY", ["America/New_York"]),
        ("California time", ["America/Los_Angeles"]),
        ("georgia", ["America/New_York", "Asia/Tbilisi"]),
        ("München", ["Europe/Berlin"]),
        ("Wien", ["Europe/Vienna"]),
        ("København", ["Europe/Copenhagen"]),
        ("Deutschland", ["Europe/Berlin"]),
        ("Suisse", ["Europe/Zurich"]),
        ("MEZ", ["Europe/Berlin"]),
        ("PST/PDT", ["America/Los_Angeles"]),
        ("Trier, Germany", ["Europe/Berlin"]),
    ],
)
def test_places(words: str, zones: list[str]) -> None:
    assert meant(words) == zones


@given(
    east=st.integers(-11, 13).filter(bool),
    form=st.sampled_from(
        ["GMT{0:+d}", "utc {0:+d}", "UTC{0:+03d}:00", "{0:+03d}:00", "{0:+03d}00"]
    ),
)
def test_an_offset_offers_places_with_that_offset(east: int, form: str) -> None:
    """The sign is not that of POSIX, in which Etc/GMT+2 is west of Greenwich."""
    zones = meant(form.format(east))
    assert zones
    assert all(east in hours(zone) for zone in zones)
    assert f"Etc/GMT{-east:+d}" in zones or any(hours(zone) == (east, east) for zone in zones)


def test_half_hours_have_no_fixed_zone() -> None:
    for offset in ("UTC+05:30", "UTC+5.5", "GMT +5.30"):
        assert meant(offset) == ["Asia/Kolkata"]
    assert meant("-03:30") == ["America/St_Johns"]
    with pytest.raises(ParleyError, match="isn't a weekday or a time zone I know"):
        parse("09:30 GMT+13:37", zone="UTC", today=TODAY)


@pytest.mark.parametrize(
    ("typed", "zones"),
    [
        ("lisbom", ["Europe/Lisbon"]),
        ("Europe/Lisbonn", ["Europe/Lisbon"]),
        ("sidney", ["Australia/Sydney"]),
        *((word, []) for word in ("starting", "atlantis", "center", "mars", "and", "on", "to")),
        *((word, []) for word in ("every", "am", "-", "x")),
    ],
)
def test_only_what_is_spelled_nearly_so_is_suggested(typed: str, zones: list[str]) -> None:
    assert nearest_zones(typed) == zones


@pytest.mark.parametrize("words", ["center", "davis", "christmas", "wake", "mo", "atlantis"])
def test_an_everyday_word_is_no_zone(words: str) -> None:
    assert not zones_named(words)


def test_a_code_of_one_s_own_country_is_one_s_own_zone() -> None:
    assert meant("DE", own="Europe/Berlin") == ["Europe/Berlin"]
    assert meant("DE") == ["America/New_York", "Europe/Berlin"]
    assert meant("US", own="America/Chicago") == ["America/Chicago"]


def test_a_city_in_another_country_is_not_guessed() -> None:
    with pytest.raises(ParleyError, match="but not “Spain”"):
        parse("09:30 Lisbon, Spain", zone="UTC", today=TODAY)
    with pytest.raises(UnclearError, match=r"“Trier” isn't a weekday .* Is the rest what"):
        parse("09:30 Trier, Germany", zone="UTC", today=TODAY)


@pytest.mark.parametrize("words", ["EST", "GMT+2", "new york", "IST", "brazil", "mumbai", "CET"])
def test_the_form_offers_first_what_the_command_asks_about(words: str) -> None:
    named = list(zones_named(words, own="Europe/Madrid"))
    assert zones_like(words, own="Europe/Madrid")[: len(named)] == named


@given(st.text(max_size=20))
def test_whatever_is_typed_is_completed_with_zones(typed: str) -> None:
    assert all(is_zone(zone) for zone in zones_like(typed))


def test_a_zone_is_shown_with_its_seasons_and_its_wall_time() -> None:
    assert describe_zone("America/New_York") == "America/New_York (EST, EDT in summer)"
    assert describe_zone("Europe/Dublin") == "Europe/Dublin (GMT, IST in summer)"
    assert describe_zone("Africa/Casablanca") == "Africa/Casablanca (UTC+01:00 all year)"
    assert zone_label("America/Phoenix", now=NOW) == "America/Phoenix, 01:00 now (MST all year)"
    assert zone_label("Etc/GMT-2", now=NOW) == "UTC+02:00, 10:00 now (all year)"
    for name in NAMES:
        assert len(zone_label(name, now=datetime(2026, 7, 1, tzinfo=UTC))) <= 75
