"""The dates of stories as the world writes them, and never a guess."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.parsing.child.dates import _ZONES, read_date

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
DAY = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 24 Nov 2026 08:00:00 GMT",
        "Tue, 24 Nov 2026 08:00:00 +0000",
        "Tue, 24 Nov 2026 08:00:00 -0000",
        "24 Nov 2026 08:00 UT",
        "Tue, 24 Nov 26 08:00:00 Z",
        "Tue,24 Nov 2026 08:00:00Z",
        "Tuesday, 24 November 2026 03:00:00 EST",
        "Tue, 24 Nov 2026 00:00:00 PST",
        "Tue, 24 Nov 2026 09:00:00 CET",
        "Tue, 24 Nov 2026 17:00:00 JST",
        "Di, 24 Nov 2026 09:00:00 +0100",
        "Tue, 24 Nov 2026 09:00:00 +01:00",
        "Tue, 24 Nov 2026 09:00:00 GMT+1",
        "Tue, 24 Nov 2026 09:00:00 GMT+01:00",
        "Tue Nov 24 2026 09:00:00 GMT+0100 (Central European Standard Time)",
        "Tue, 24 Nov 2026 13:30:00 +0530",
        "Mon, 23 Nov 2026 20:30:00 -1130",
        "Tuesday, 24-Nov-26 08:00:00 GMT",
        "  Tue,  24 Nov\n 2026\t08:00:00 GMT ",
        "2026-11-24T08:00:00Z",
        "2026-11-24t08:00z",
        "2026-11-24T08:00:00.000Z",
        "2026-11-24T09:00:00+01:00",
        "2026-11-24T09:00:00+0100",
        "2026-11-24T09:00:00+01",
        "2026-11-24 08:00:00 UTC",
        "2026-11-24 09:00:00 +0100",
        "2026-11-24T0800Z",
    ],
)
def test_an_instant_is_read(text: str) -> None:
    assert read_date(text) == EIGHT


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24",
        "Tue, 24 Nov 2026",
        "24 November 2026",
        "Nov 24, 2026",
        "November 24, 2026",
        # Without a zone, or with one of several zones of that name, only the day is certain.
        "2026-11-24T23:30:00",
        "2026-11-24 23:30",
        "2026-11-24T23:30:00 Europe/Berlin",
        "Tue, 24 Nov 2026 23:30:00",
        "Tue, 24 Nov 2026 23:30:00 IST",
        "Tue, 24 Nov 2026 23:30:00 A",
        "Tue, 24 Nov 2026 11:30 PM EST",
        "Tue, 24 Nov 2026 23:30:00 +9900",
        "Tue Nov 24 23:30:00 2026",
        # In numbers, with one meaning only.
        "24/11/2026",
        "11/24/2026",
        "24.11.2026",
        "24-11-2026",
        "24.11.2026 23:30",
        "11/24/2026, 11:30 PM",
    ],
)
def test_a_day_is_read(text: str) -> None:
    assert read_date(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "11/12/2026",
        "11.12.2026 08:00",
        "04-11-2026",
        "31/11/2026",
        "29.02.2026",
        "13/13/2026",
        "24/11.2026",
        "24/11/26",
        "0/11/2026",
        "24/11/2026 25:00",
        "2026",
        "2026-11",
        "November 2026",
        "20261124",
        "1764000000",
        "31 Nov 2026",
        "2026-02-29",
        "2026-11-24T25:00Z",
        "24 novembre 2026",
        "0001-01-01T00:00:00+14:00",
        "９９９９-11-24",
        "Tue, 24 Nov 99999999999 08:00 GMT",
    ],
)
def test_no_date_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date|day is out|hour must"):
        read_date(text)


def test_equal_numbers_have_one_meaning() -> None:
    assert read_date("5.5.2026 8:00 +02:00") == datetime(2026, 5, 5, 6, tzinfo=UTC)


_instants = st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1)).map(
    lambda instant: instant.replace(microsecond=0)
)
_offsets = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))


@given(_instants, _offsets)
def test_every_instant_is_read_in_every_zone(instant: datetime, offset: timedelta) -> None:
    there = instant.replace(tzinfo=UTC).astimezone(timezone(offset))
    expected = instant.replace(tzinfo=UTC)
    for text in (format_datetime(there), there.isoformat(), str(there)):
        assert read_date(text) == expected


@given(st.dates(date(1990, 1, 1)))
def test_every_day_is_read(day: date) -> None:
    for text in (day.isoformat(), day.strftime("%d %b ") + f"{day.year:04}"):
        assert read_date(text).date() == day


@given(st.text(max_size=200) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ .*"))
def test_any_text_is_a_date_or_an_error(text: str) -> None:
    with suppress(ValueError):
        assert read_date(text).tzinfo is UTC


def test_the_name_of_a_zone_stands_for_one_offset() -> None:
    """Those of RFC 822 are defined there, whatever else they are used for."""
    defined = {"UT", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "Z"}
    offsets: dict[str, set[float]] = {}
    for name in available_timezones():
        for month in range(1, 13):
            there = datetime(2026, month, 15, tzinfo=UTC).astimezone(ZoneInfo(name))
            offset = there.utcoffset()
            assert offset is not None
            offsets.setdefault(there.tzname() or "", set()).add(offset.total_seconds() / 3600)
    for hours, names in _ZONES.items():
        for name in set(names.split()) - defined:
            assert offsets[name] == {hours}, name
