"""Rules about the code that a reader would take for granted."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for room in ("bot", "handlers", "store") for path in (ROOT / room).rglob("*.py")
)


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_bot_reads_the_clock_and_the_environment(path: Path) -> None:
    used = set(names(path))
    if path.name != "clock.py" and path.parent.name != "workspace":
        assert not used & {"datetime.now", "datetime.utcnow", "time.time"}
    if path != ROOT / "bot" / "settings.py":
        assert not used & {"os.environ", "os.getenv"}


def test_no_id_is_written_out_beside_ids_py() -> None:
    """Commands and action_ids are named in handlers/ids.py and nowhere else."""
    from handlers.ids import Action, Event

    ids = "|".join(re.escape(str(one)) for group in (Action, Event) for one in group)
    for path in SOURCES:
        if path.name != "ids.py":
            assert not re.search(rf"[\"']({ids})", path.read_text()), path


def test_only_the_record_writes_posts() -> None:
    """Every move of a post is a legal one, because one file makes them all."""
    writes = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) post(_move|_story)?\b")
    found = {path.name for path in SOURCES if writes.search(path.read_text())}
    assert found == {"record.py"}
