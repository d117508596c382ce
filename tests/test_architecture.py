"""Rules for the whole code base."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import ROOT

SOURCES = sorted(
    path for room in ("bot", "handlers", "store") for path in (ROOT / room).rglob("*.py")
)


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def test_only_bot_reads_the_clock_and_the_environment() -> None:
    for path in SOURCES:
        used = set(names(path))
        if path.name != "clock.py" and "workspace" not in path.parts:
            assert not used & {"datetime.now", "datetime.utcnow", "time.time"}, path
        # store.parsing starts a process with a few variables of its own environment.
        if path not in (ROOT / "bot" / "settings.py", ROOT / "store" / "parsing" / "__init__.py"):
            assert not used & {"os.environ", "os.getenv"}, path


def test_stories_are_read_by_the_view_of_what_is_loaded() -> None:
    """The table article may hold what a load has only staged, or not deleted yet.

    Only the module that stages reads such articles.
    """
    reads = re.compile(r"(?<!DELETE )\b(?:FROM|JOIN) article\b|\"article [a-z]\"")
    found = {path.name for path in SOURCES if reads.search(path.read_text())}
    assert found == {"staging.py"}


TESTS = sorted((ROOT / "tests").rglob("*.py"))
READ_THE_CLOCK = {
    "any_day.py": "counts how far to move the clock",
    "bot/entrances/test_install.py": "checks signatures, which Slack makes by its own clock",
    "forward_proxy.py": "makes a certificate that is valid today",
    "machine.py": "starts clocks at a fixed time",
    "switchboard/person.py": "stamps what is pressed, as Slack does",
    "test_any_day.py": "counts how far to move the clock",
    "test_life_cycle.py": "signs a request to a process",
    "test_replicas.py": "signs a request to a process",
}
"""Tests that may read the machine's clock, and why. No expected value may depend on it."""


def clock_readings(source: str) -> Iterator[str]:
    """Yield the names in *source* that read the machine's clock, also by a MovableClock."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute() | ast.Name():
                name = ast.unparse(node)
                if re.search(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)$", name):
                    yield name
                if name.endswith("system_clock"):
                    yield name
            case ast.ImportFrom(module="time"):
                yield from (one.name for one in node.names if one.name == "time")
            case ast.Call(func=ast.Name(id="MovableClock"), args=[], keywords=[]):
                yield "MovableClock()"
            case ast.Call(func=ast.Name(id="Workspace")):
                if "clock" not in {one.arg for one in node.keywords}:
                    yield "Workspace() without a clock"


def test_tests_do_not_depend_on_the_date() -> None:
    """Else, a test would fail on some day, at some hour or in some zone."""
    found = {
        path.relative_to(ROOT / "tests").as_posix(): readings
        for path in TESTS
        if (readings := set(clock_readings(path.read_text())))
    }
    assert {name: found[name] for name in found.keys() - READ_THE_CLOCK.keys()} == {}
    assert READ_THE_CLOCK.keys() == found.keys(), "these no longer read the clock"


@pytest.mark.parametrize(
    "source",
    [
        "now = datetime.now(UTC)",
        "now = datetime.datetime.now(tz=UTC)",
        "today = date.today()",
        "stamp = time.time()",
        "from time import time",
        "async with assemble(settings, clock=system_clock) as parley: pass",
        "clock = MovableClock()",
        "workspace = Workspace(manifest=manifest())",
    ],
)
def test_a_reading_of_the_clock_is_found(source: str) -> None:
    assert list(clock_readings(source))


@pytest.mark.parametrize(
    "source",
    [
        "now = scene.now",
        "clock = MovableClock(source=StoppedClock(MORNING))",
        "workspace = Workspace(manifest=manifest(), clock=clock)",
        "began = asyncio.get_running_loop().time()",
        "at = NOW.time()",
        "began = time.perf_counter()",
    ],
)
def test_another_clock_is_not_taken_for_the_machine_s(source: str) -> None:
    assert not list(clock_readings(source))


def test_no_id_is_written_out_beside_ids_py() -> None:
    """Commands and action_ids are named in handlers/ids.py and nowhere else."""
    from handlers.ids import Action, Event

    ids = "|".join(re.escape(str(one)) for group in (Action, Event) for one in group)
    for path in SOURCES:
        if path.name != "ids.py":
            assert not re.search(rf"[\"']({ids})", path.read_text()), path


def test_only_the_record_writes_posts() -> None:
    """Every change of a post's state is checked, because only one file makes them."""
    writes = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) post(_move|_story)?\b")
    found = {path.name for path in SOURCES if writes.search(path.read_text())}
    assert found == {"record.py"}
