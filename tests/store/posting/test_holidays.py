"""Holidays are read from a calendar file."""

from datetime import date
from pathlib import Path

import pytest

from store import Store
from store.parsing import Limits
from store.posting.holidays import Holiday, HolidaysInvalidError, read_holidays

TODAY = date(2026, 11, 24)


def calendar(tmp_path: Path, *events: str) -> Path:
    path = tmp_path / "holidays.ics"
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t//EN\n{body}END:VCALENDAR\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return path


def test_a_day_and_several_days(tmp_path: Path) -> None:
    path = calendar(
        tmp_path,
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:Christmas",
        "DTSTART;VALUE=DATE:20270101\nSUMMARY:New Year",
        "DTSTART;VALUE=DATE:20251225\nSUMMARY:Last year",
    )
    assert read_holidays(path, today=TODAY) == [
        Holiday(due_on=date(2026, 12, 25), name="Christmas"),
        Holiday(due_on=date(2026, 12, 26), name="Christmas"),
        Holiday(due_on=date(2027, 1, 1), name="New Year"),
    ]


def test_a_day_that_recurs(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY\nSUMMARY:Labour Day")
    found = [one.due_on for one in read_holidays(path, today=TODAY)]
    assert found == [date(year, 5, 1) for year in (2027, 2028, 2029)]


def test_an_event_with_a_time_covers_its_day(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART:20261224T120000Z\nDTEND:20261224T180000Z\nSUMMARY:Party")
    assert read_holidays(path, today=TODAY) == [Holiday(due_on=date(2026, 12, 24), name="Party")]


def test_an_endless_event_is_read_for_three_years(tmp_path: Path) -> None:
    path = calendar(
        tmp_path, "DTSTART;VALUE=DATE:19000101\nDTEND;VALUE=DATE:21261231\nSUMMARY:For ever"
    )
    found = [one.due_on for one in read_holidays(path, today=TODAY)]
    assert found[0] == TODAY
    assert found == sorted(set(found))
    assert len(found) == 3 * 366 + 1


def test_a_name_is_shortened_and_can_be_stored(tmp_path: Path) -> None:
    path = calendar(tmp_path, f"DTSTART;VALUE=DATE:20261225\nSUMMARY:a\0b{'x' * 1000}")
    (holiday,) = read_holidays(path, today=TODAY)
    assert holiday.name.startswith("a\ufffdbx")
    assert len(holiday.name) == 200


def test_an_event_of_every_second_ends_at_the_limit(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART:20261125T000000Z\nRRULE:FREQ=SECONDLY\nSUMMARY:Tick")
    limits = Limits(seconds=1, seconds_per_mb=0, wall_clock_factor=100)
    with pytest.raises(HolidaysInvalidError, match=r"holidays\.ics takes more than 1 seconds"):
        read_holidays(path, today=TODAY, limits=limits)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe\x00",
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:No date\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\n" * 5000,
        b"x" * (10 << 20) + b"x",
    ],
    ids=["empty", "nonsense", "UTF-16", "cut off", "no date", "nested", "large"],
)
def test_a_file_that_is_not_a_calendar_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.ics"
    path.write_bytes(content)
    with pytest.raises(HolidaysInvalidError, match=r"bad\.ics"):
        read_holidays(path, today=TODAY)


def test_a_calendar_with_past_dates_only_is_reported(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART;VALUE=DATE:20200501\nSUMMARY:Long ago")
    with pytest.raises(HolidaysInvalidError, match="no event from 24 Nov 2026 on"):
        read_holidays(path, today=TODAY)
    with pytest.raises(HolidaysInvalidError, match="cannot be read"):
        read_holidays(tmp_path / "nowhere.ics", today=TODAY)


async def test_a_new_calendar_replaces_the_old_one(store: Store) -> None:
    await store.holidays.replace([Holiday(due_on=TODAY, name="One")])
    await store.holidays.replace([Holiday(due_on=date(2026, 12, 25), name="Two")])
    assert await store.holidays.between(TODAY, date(2027, 1, 1)) == {date(2026, 12, 25): "Two"}
