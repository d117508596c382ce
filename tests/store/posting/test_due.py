"""Occurrences of a timetable across changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from store.posting.due import occurrences
from store.types import Timetable

DAILY = frozenset(range(7))


def due_times(zone: str, at: time, after: datetime, count: int = 3) -> list[str]:
    timetable = Timetable(at=at, weekdays=DAILY, zone=zone)
    return [
        f"{turn.due_at.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"
        for turn in islice(occurrences(timetable, after=after), count)
    ]


def test_a_skipped_wall_time_falls_due_after_the_gap() -> None:
    found = due_times("Europe/Berlin", time(2, 30), datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert found == ["03-29 03:00", "03-30 02:30", "03-31 02:30"]


def test_a_repeated_hour_has_one_occurrence() -> None:
    found = due_times("Europe/Berlin", time(2, 30), datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert found == ["10-25 02:30", "10-26 02:30", "10-27 02:30"]


def test_fold_1_still_falls_due_the_first_time() -> None:
    found = due_times("Europe/Berlin", time(2, 30, fold=1), datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert found == ["10-25 02:30", "10-26 02:30", "10-27 02:30"]
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    timetable = Timetable(at=time(2, 30, fold=1), weekdays=DAILY, zone="Europe/Berlin")
    turn = next(occurrences(timetable, after=datetime(2026, 10, 24, 12, tzinfo=UTC)))
    assert turn.due_at == first


def test_a_skipped_date_has_no_occurrence() -> None:
    """Samoa skipped 30 December 2011."""
    found = due_times("Pacific/Apia", time(9), datetime(2011, 12, 29, 0, tzinfo=UTC))
    assert found == ["12-29 09:00", "12-31 09:00", "01-01 09:00"]


def test_29_february() -> None:
    found = due_times("UTC", time(9), datetime(2028, 2, 28, 12, tzinfo=UTC), 2)
    assert found == ["02-29 09:00", "03-01 09:00"]


def test_only_its_weekdays() -> None:
    timetable = Timetable(at=time(9), weekdays=frozenset({0, 4}), zone="UTC")
    found = islice(occurrences(timetable, after=datetime(2026, 11, 24, tzinfo=UTC)), 3)
    assert [turn.due_on for turn in found] == [
        date(2026, 11, 27),
        date(2026, 11, 30),
        date(2026, 12, 4),
    ]


def test_an_occurrence_at_the_same_instant_is_not_later() -> None:
    at_nine = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert due_times("UTC", time(9), at_nine, 1) == ["11-25 09:00"]


def test_a_timetable_without_weekdays_is_refused() -> None:
    timetable = Timetable(at=time(9), weekdays=frozenset(), zone="UTC")
    with pytest.raises(ValueError, match="weekday"):
        next(occurrences(timetable, after=datetime(2026, 1, 1, tzinfo=UTC)))


ZONES = sorted(available_timezones())


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
)
def test_occurrences_equal_those_of_cronsim(
    zone: str, at: time, weekdays: frozenset[int], start: datetime
) -> None:
    """An independent library returns the same instants, for a year in any zone."""
    days = ",".join(str((day + 1) % 7) for day in sorted(weekdays))
    local = start.replace(microsecond=0, tzinfo=UTC).astimezone(ZoneInfo(zone))
    expected = CronSim(f"{at.minute} {at.hour} * * {days}", local)
    timetable = Timetable(at=at, weekdays=weekdays, zone=zone)
    for turn, instant in zip(
        islice(occurrences(timetable, after=local.astimezone(UTC)), 366), expected, strict=False
    ):
        assert turn.due_at == instant.astimezone(UTC)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    start=st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1)),
)
def test_a_date_has_one_occurrence_and_instants_rise(zone: str, at: time, start: datetime) -> None:
    timetable = Timetable(at=at, weekdays=DAILY, zone=zone)
    found = list(islice(occurrences(timetable, after=start.replace(tzinfo=UTC)), 400))
    assert len({turn.due_on for turn in found}) == len(found)
    assert all(one.due_at < other.due_at for one, other in pairwise(found))
    assert all(other.due_on - one.due_on <= timedelta(days=2) for one, other in pairwise(found))
