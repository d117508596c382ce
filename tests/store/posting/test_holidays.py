"""Holidays are read from a calendar file."""

import re
from datetime import date
from pathlib import Path

import pytest

from store import Store
from store.posting.holidays import Holiday, HolidaysInvalidError, read_holidays

TODAY = date(2026, 11, 24)
LEFT_OUT = ": it is left out, and the others are loaded"


def calendar(tmp_path: Path, *events: str) -> Path:
    path = tmp_path / "holidays.ics"
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t//EN\n{body}END:VCALENDAR\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return path


def read(path: Path) -> list[Holiday]:
    file = read_holidays(path, today=TODAY)
    assert not file.warnings
    return [*file.holidays]


def dates(*events: str) -> bytes:
    return "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT\r\n" for n, event in enumerate(events)
    ).encode()


def test_a_day_and_several_days(tmp_path: Path) -> None:
    path = calendar(
        tmp_path,
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:Christmas",
        "DTSTART;VALUE=DATE:20270101\nSUMMARY:New Year",
        "DTSTART;VALUE=DATE:20251225\nSUMMARY:Last year",
    )
    assert read(path) == [
        Holiday(due_on=date(2026, 12, 25), name="Christmas"),
        Holiday(due_on=date(2026, 12, 26), name="Christmas"),
        Holiday(due_on=date(2027, 1, 1), name="New Year"),
    ]


def test_a_day_that_recurs(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY\nSUMMARY:Labour Day")
    found = [one.due_on for one in read(path)]
    assert found == [date(year, 5, 1) for year in (2027, 2028, 2029)]


def test_an_event_with_a_time_covers_its_day(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART:20261224T120000Z\nDTEND:20261224T180000Z\nSUMMARY:Party")
    assert read(path) == [Holiday(due_on=date(2026, 12, 24), name="Party")]


def test_an_endless_event_is_read_for_three_years(tmp_path: Path) -> None:
    path = calendar(tmp_path, "DTSTART;VALUE=DATE:19001225\nRRULE:FREQ=YEARLY\nSUMMARY:Christmas")
    assert [str(one.due_on) for one in read(path)] == ["2026-12-25", "2027-12-25", "2028-12-25"]


def test_a_name_is_shortened_and_can_be_stored(tmp_path: Path) -> None:
    path = calendar(tmp_path, f"DTSTART;VALUE=DATE:20261225\nSUMMARY:a\0b{'x' * 1000}")
    (holiday,) = read(path)
    assert holiday.name.startswith("a\ufffdbx")
    assert len(holiday.name) == 200


CHRISTMAS = "DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", ["2026-12-24", "2026-12-25"]),
        ("DTSTART:20261224T100000Z", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND:20261226T100000Z", ["2026-12-24", "2026-12-25"]),
        ("DTSTART;TZID=Nowhere/Land:20261224T100000", ["2026-12-24"]),
        ("DTSTART:20261224T230000Z\nRRULE:FREQ=HOURLY;COUNT=3", ["2026-12-24", "2026-12-25"]),
        (
            "DTSTART:20261224T230000Z\nRRULE:FREQ=SECONDLY;UNTIL=20261225T001500Z",
            ["2026-12-24", "2026-12-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;COUNT=2;BYHOUR=1,2;BYSECOND=1,2,3",
            ["2026-12-24", "2026-12-25"],
        ),
        (
            "DTSTART:20261224T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=2880;COUNT=2",
            ["2026-12-24", "2026-12-26"],
        ),
        ("DTSTART;VALUE=DATE:20261224\nSTATUS:TENTATIVE", ["2026-12-24"]),
    ],
)
def test_when_an_event_takes_place(tmp_path: Path, event: str, found: list[str]) -> None:
    assert [str(one.due_on) for one in read(calendar(tmp_path, event))] == found


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20200101T000000Z\nRRULE:FREQ=SECONDLY",
        "DTSTART:20200101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=7;UNTIL=99991231T235959Z",
        "DTSTART;VALUE=DATE:20200101\nDTEND;VALUE=DATE:99991231",
        "DTSTART:00010101T000000Z\nDTEND:99991231T235959Z",
        "DTSTART;TZID=America/New_York:20200101T000000\nDTEND;TZID=America/New_York:99991231T235959",
        "DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nDTEND;VALUE=DATE:99991231",
        "DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY",
        "DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20361201",
        "DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    ],
)
def test_an_event_that_fills_the_year_is_left_out(tmp_path: Path, event: str) -> None:
    """It would silence every schedule, and is no holiday."""
    file = read_holidays(calendar(tmp_path, f"SUMMARY:Project\n{event}", CHRISTMAS), today=TODAY)
    assert [one.name for one in file.holidays][:1] == ["Christmas"]
    (warning,) = map(str, file.warnings)
    assert re.fullmatch(
        r"holidays\.ics:4: the event “Project” would take more than 183 days of a year"
        rf" \(from \d\d \w{{3}} \d{{4}}\){LEFT_OUT}",
        warning,
    )


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20261205\nRRULE:FREQ=WEEKLY;BYDAY=SA,SU", 313),
        ("DTSTART;VALUE=DATE:20270401\nDTEND;VALUE=DATE:20271001", 183),
        ("DTSTART:20261224T000000Z\nRRULE:FREQ=SECONDLY;COUNT=100", 1),
    ],
)
def test_weekends_and_a_long_summer_are_days_off(tmp_path: Path, event: str, days: int) -> None:
    file = read_holidays(calendar(tmp_path, event), today=TODAY)
    assert abs(len(file.holidays) - days) <= 1
    assert not file.warnings


def test_a_calendar_of_work_is_loaded_with_a_warning(tmp_path: Path) -> None:
    weekly = "DTSTART:20261201T090000Z\nRRULE:FREQ=WEEKLY;BYDAY={}"
    path = calendar(tmp_path, weekly.format("MO,TU"), weekly.format("WE,TH"))
    file = read_holidays(path, today=TODAY)
    assert [str(warning) for warning in file.warnings] == [
        "holidays.ics: holds events that together take more than 183 days of a year: is it a"
        " calendar of holidays?"
    ]


def test_a_broken_event_alone_does_not_claim_that_others_are_loaded(tmp_path: Path) -> None:
    path = calendar(tmp_path, "SUMMARY:Party\nDESCRIPTION:No date")
    with pytest.raises(HolidaysInvalidError) as caught:
        read_holidays(path, today=TODAY)
    assert str(caught.value).endswith("the event “Party” has no date (DTSTART): it is left out")


def test_a_cancelled_event_is_no_holiday(tmp_path: Path) -> None:
    path = calendar(
        tmp_path,
        "DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED",
        "DTSTART;VALUE=DATE:20261228\nRRULE:FREQ=YEARLY\nSTATUS:cancelled",
        CHRISTMAS,
    )
    assert [one.name for one in read(path)] == ["Christmas"]


def test_one_date_of_a_series_is_cancelled_or_moved(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(
        b"BEGIN:VCALENDAR\r\n"
        b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261201\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n"
        b"END:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20261208\r\n"
        b"DTSTART;VALUE=DATE:20261208\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20261215\r\n"
        b"DTSTART;VALUE=DATE:20261217\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert [one.due_on.day for one in read(path)] == [1, 17, 22]


def test_several_calendars_in_a_file(tmp_path: Path) -> None:
    """Their events may have the same UIDs. METHOD:CANCEL withdraws what a calendar holds."""
    path = tmp_path / "a.ics"
    path.write_bytes(
        b"BEGIN:VCALENDAR\r\n"
        + dates("DTSTART;VALUE=DATE:20261225")
        + b"END:VCALENDAR\r\nBEGIN:VCALENDAR\nMETHOD:CANCEL\n"
        + dates("DTSTART;VALUE=DATE:20261227")
        + b"END:VCALENDAR\nBEGIN:VCALENDAR\n"
        + dates("DTSTART;VALUE=DATE:20261226")
        + b"END:VCALENDAR"
    )
    assert [one.due_on.day for one in read(path)] == [25, 26]


def test_the_newest_version_of_an_event_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    versions = (dates("DTSTART;VALUE=DATE:20261225"), dates("SEQUENCE:1\r\nDTSTART:20261226"))
    path.write_bytes(b"BEGIN:VCALENDAR\r\n%s%sEND:VCALENDAR\r\n" % versions)
    assert [one.due_on.day for one in read(path)] == [26]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART;VALUE=DATE:20261301", "has a value of DTSTART that cannot be understood"),
        ("DESCRIPTION:No date", "has no date (DTSTART)"),
        ("DTSTART:20261224\nDURATION:long", "has a value of DURATION that cannot be understood"),
        ("DTSTART:20261224\nRRULE:FREQ=ODD", "has a value of RRULE that cannot be understood"),
        (
            "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=WEEKLY;INTERVAL=0",
            "repeats with INTERVAL=0, which must be 1 or more",
        ),
        ("DTSTART:20261224\nBEGIN:VEVENT", "does not end (END:VEVENT)"),
    ],
)
def test_a_broken_event_is_named_and_the_others_load(tmp_path: Path, event: str, why: str) -> None:
    path = calendar(tmp_path, f"SUMMARY:Party\n{event}", CHRISTMAS)
    file = read_holidays(path, today=TODAY)
    assert "Christmas" in [one.name for one in file.holidays]
    assert str(file.warnings[0]) == f"holidays.ics:4: the event “Party” {why}{LEFT_OUT}"


def test_a_calendar_that_is_cut_off_keeps_its_whole_events(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"BEGIN:VCALENDAR\n" + dates("DTSTART:20261225", "DTSTART:20261226")[:-30])
    file = read_holidays(path, today=TODAY)
    assert [one.due_on.day for one in file.holidays] == [25]
    assert len(file.warnings) == 1


def test_a_calendar_in_another_charset(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    text = "BEGIN:VCALENDAR\n{}END:VCALENDAR\n".format(
        dates("DTSTART:20261225\r\nSUMMARY:Grüße für München und Köln").decode()
    )
    path.write_bytes(text.encode("cp1252"))
    file = read_holidays(path, today=TODAY)
    assert file.holidays[0].name == "Grüße für München und Köln"
    assert "declares no charset: it is read as Windows-1252" in str(file.warnings[0])


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
    with pytest.raises(
        HolidaysInvalidError, match="no event from 24 Nov 2026 on: the dates loaded before are kept"
    ):
        read_holidays(path, today=TODAY)
    with pytest.raises(HolidaysInvalidError, match="cannot be read"):
        read_holidays(tmp_path / "nowhere.ics", today=TODAY)


async def test_a_new_calendar_replaces_the_old_one(store: Store) -> None:
    await store.holidays.replace([Holiday(due_on=TODAY, name="One")])
    await store.holidays.replace([Holiday(due_on=date(2026, 12, 25), name="Two")])
    assert await store.holidays.between(TODAY, date(2027, 1, 1)) == {date(2026, 12, 25): "Two"}
