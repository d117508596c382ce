"""`make test-any-day` runs the tests on these days, and passes them to each bot."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.clock import system_clock
from tests import any_day, machine
from tests.any_day import DAYS, faked, library
from tests.machine import NOW


def test_the_days_match_their_names() -> None:
    local = {name: day.at.astimezone(ZoneInfo(day.zone)) for name, day in DAYS.items()}
    assert f"{local['friday-evening']:%A}" == "Friday"
    assert f"{DAYS['saturday'].at:%A}, {local['saturday']:%A} there" == "Saturday, Sunday there"
    assert f"{DAYS['leap-day'].at:%d %b}, {local['leap-day']:%d %b} there" == "29 Feb, 28 Feb there"
    assert f"{local['new-year']:%d %b %H:%M}" == "31 Dec 23:58"


@pytest.mark.parametrize("name", [name for name in DAYS if name.startswith(("europe", "us"))])
def test_the_clocks_change_soon_after_the_start(name: str) -> None:
    day = DAYS[name]
    before, after = (
        (day.at + timedelta(minutes=minutes)).astimezone(ZoneInfo(day.zone)).utcoffset()
        for minutes in (0, 2)
    )
    assert before
    assert after
    assert (after > before) is name.endswith("spring")
    assert after != before


def test_the_clock_is_moved_by_an_offset() -> None:
    """So a process that starts later does not start at the first minute again."""
    day, path = DAYS["friday-evening"], Path("lib.so")
    ahead = faked(day, path, day.at - timedelta(minutes=59, seconds=59.5))
    assert (ahead["FAKETIME"], ahead["LD_PRELOAD"], ahead["TZ"]) == ("+3600", "lib.so", "UTC")
    assert faked(day, path, day.at + timedelta(days=1))["FAKETIME"] == "-86400"


def test_a_bot_gets_the_clock_and_the_zone_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "the developer's own")
    monkeypatch.delenv("FAKETIME", raising=False)
    assert not {"LD_PRELOAD", "SLACK_BOT_TOKEN"} & machine.environment().keys()
    day = DAYS["saturday"]
    for name, value in faked(day, Path("lib.so"), NOW).items():
        monkeypatch.setenv(name, value)
    given = machine.environment(PORT="0")
    assert (given["LD_PRELOAD"], given["TZ"], given["PORT"]) == ("lib.so", day.zone, "0")
    assert given["PYTHONPATH"].startswith(str(machine.ROOT))
    assert "tests/processes" in given["PYTHONPATH"]
    assert "SLACK_BOT_TOKEN" not in given
    real = machine.real_environment()
    assert (real.get("LD_PRELOAD"), real["TZ"]) == (None, day.zone)


def test_without_the_library_one_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert library([str(tmp_path)]) is None
    file = tmp_path / "x86_64-linux-gnu" / "faketime" / "libfaketimeMT.so.1"
    file.parent.mkdir(parents=True)
    file.touch()
    assert library([str(tmp_path / "none"), str(tmp_path)]) == file
    monkeypatch.setattr(any_day, "library", lambda: None)
    with pytest.raises(SystemExit, match="1"):
        any_day.main([])
    assert capsys.readouterr().err == (
        "libfaketime is missing: on Debian and Ubuntu, apt install libfaketime\n"
    )


def test_an_invalid_day_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        any_day.main(["saturday", "someday"])
    assert "someday is not one of the days: friday-evening, " in capsys.readouterr().err


@pytest.mark.skipif(library() is None, reason="needs Debian's package libfaketime")
@pytest.mark.skipif(machine.is_faked(), reason="the clock is moved already")
def test_a_process_lives_on_that_day() -> None:
    """Also in its zone. `time.sleep` and a wait for a lock end, which libfaketime breaks."""
    path = library()
    assert path
    program = (
        "import datetime, threading, time\n"
        "time.sleep(0.01)\n"
        "threading.Event().wait(0.01)\n"
        "print(datetime.datetime.now().astimezone().isoformat(timespec='hours'))\n"
    )
    day = DAYS["leap-day"]
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=faked(day, path, system_clock()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "2028-02-28T21-03:30\n"


def test_a_test_s_clock_starts_on_the_same_morning_on_any_date() -> None:
    clock = machine.running_clock()
    assert NOW <= clock() < NOW + timedelta(hours=1)
    assert machine.running_clock(DAYS["new-year"].at)() >= DAYS["new-year"].at
