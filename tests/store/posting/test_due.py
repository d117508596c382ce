"""Occurrences of a timetable across changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from cronsim import CronSim
from dateutil.rrule import FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, rrule  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from store.posting.due import due_at, occurrences
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
    every_day = Timetable(at=time(9), weekdays=DAILY, zone="Pacific/Apia")
    assert due_at(every_day, date(2011, 12, 30)) is None


def test_no_post_is_due_on_another_weekday() -> None:
    mondays = Timetable(at=time(9), weekdays=frozenset({0}), zone="UTC")
    assert due_at(mondays, date(2026, 11, 30)) == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert due_at(mondays, date(2026, 12, 1)) is None


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
    assert all(due_at(timetable, turn.due_on) == turn.due_at for turn in found)


DAYS = (MO, TU, WE, TH, FR, SA, SU)
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)
DATES = st.dates(date(2020, 1, 1), date(2040, 12, 31))
YEARS = timedelta(days=800)


def dates_of(timetable: Timetable, start: date) -> list[date]:
    days = (start + timedelta(days=day) for day in range(YEARS.days))
    return [day for day in days if timetable.has_post_on(day)]


def midnight(on: date) -> datetime:
    return datetime.combine(on, time())


@given(weekdays=WEEKDAYS, every=st.integers(1, 8), begins_on=DATES)
def test_weeks_apart_equal_those_of_dateutil(
    weekdays: frozenset[int], every: int, begins_on: date
) -> None:
    monday = begins_on - timedelta(days=begins_on.weekday())
    expected = rrule(
        WEEKLY,
        interval=every,
        wkst=MO,
        byweekday=[DAYS[day] for day in sorted(weekdays)],
        dtstart=midnight(begins_on),
        until=midnight(monday + YEARS - timedelta(days=1)),
    )
    timetable = Timetable(
        at=time(9), weekdays=weekdays, zone="UTC", every_weeks=every, begins_on=begins_on
    )
    assert dates_of(timetable, monday) == [each.date() for each in expected]
    assert dates_of(timetable, monday - YEARS) == []


@given(
    weekdays=WEEKDAYS,
    of_month=st.frozensets(st.sampled_from([1, 2, 3, 4, -1]), min_size=1),
    start=DATES,
)
def test_days_of_the_month_equal_those_of_dateutil(
    weekdays: frozenset[int], of_month: frozenset[int], start: date
) -> None:
    expected = rrule(
        MONTHLY,
        byweekday=[DAYS[day](place) for day in weekdays for place in of_month],
        dtstart=midnight(start),
        until=midnight(start + YEARS - timedelta(days=1)),
    )
    timetable = Timetable(at=time(9), weekdays=weekdays, zone="UTC", of_month=of_month)
    assert dates_of(timetable, start) == [each.date() for each in expected]


@settings(max_examples=30)
@given(
    timetable=st.builds(
        Timetable,
        at=st.just(time(9)),
        weekdays=WEEKDAYS,
        zone=st.just("UTC"),
        every_weeks=st.integers(1, 4),
        begins_on=st.dates(date(1999, 1, 1), date(2000, 12, 31)),
    )
    | st.builds(
        Timetable,
        at=st.just(time(9)),
        weekdays=WEEKDAYS,
        zone=st.just("UTC"),
        # The fourth is sometimes the last, too.
        of_month=st.frozensets(st.sampled_from([1, 2, 3, -1]), max_size=3),
    )
)
def test_the_posts_of_a_week_are_those_of_28_years(timetable: Timetable) -> None:
    start, days = date(2001, 1, 1), 28 * 1461 // 4
    number = sum(timetable.has_post_on(start + timedelta(days=day)) for day in range(days))
    assert number / days * 7 == pytest.approx(timetable.posts_a_week, rel=0.01)


def test_every_other_week_goes_on_across_the_change_of_the_clocks() -> None:
    timetable = Timetable(
        at=time(2, 30),
        weekdays=frozenset({6}),
        zone="Europe/Berlin",
        every_weeks=2,
        begins_on=date(2026, 3, 1),
    )
    found = islice(occurrences(timetable, after=datetime(2026, 3, 10, tzinfo=UTC)), 3)
    assert [f"{turn.due_at:%m-%d %H:%M}" for turn in found] == [
        "03-15 01:30",
        "03-29 01:00",
        "04-12 00:30",
    ]
