"""docs/privacy.md and SECURITY.md name every column that can hold a person's id or their words."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.db import open_database
from tests.ids import ANA, BEN, T1, T2
from tests.machine import ROOT
from tests.store.teams.test_personal_data import House, live
from tests.store.teams.test_personal_data import house as house

PAGE = (ROOT / "docs" / "privacy.md").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()
COLUMN = re.compile(r"`([a-z_]+\.(?!txt|md)[a-z_]+)`")
WORDS = "pizza"
"""The topic that `live` requests with the button."""


def personal() -> set[str]:
    """Return the columns that the page's table about people names."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert rows
    return {column for row in rows for column in COLUMN.findall(row.split("|")[1])}


def others() -> set[str]:
    return set(COLUMN.findall(PAGE.partition("## Every other column of text")[2]))


@pytest.fixture
async def schema(tmp_path: Path) -> dict[str, str]:
    """Return the type of every column by `table.column`; both engines have the same."""
    async with open_database(f"sqlite:///{tmp_path}/schema.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "schema.db")) as raw:
        tables = [
            name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            f"{table}.{column}": kind
            for table in tables
            for _, column, kind, *_ in raw.execute(f"PRAGMA table_info({table})")
        }


async def test_every_text_column_has_a_line(schema: dict[str, str]) -> None:
    """A number or a vector cannot hold an id or words, but a text can."""
    texts = {column for column, kind in schema.items() if kind == "TEXT"}
    assert set(schema.values()) == {"TEXT", "BIGINT", "BYTEA"}
    assert not personal() & others()
    assert personal() | others() == texts


def test_every_row_has_a_purpose_a_term_and_its_readers() -> None:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    assert all(len(row) == 5 and all(cell.strip() for cell in row) for row in rows)


def test_security_names_the_same_columns() -> None:
    assert set(COLUMN.findall(SECURITY)) == personal()
    assert "docs/privacy.md" in SECURITY


async def test_no_other_column_holds_a_person_or_their_words(house: House) -> None:
    """After every kind of use, ids and words are only in the columns that the page names."""
    for team_id, who in ((T1, BEN), (T1, ANA), (T2, BEN)):
        await live(house, team_id, who)
    found = {
        f"{table}.{column}"
        for table, rows in (await house.rows()).items()
        for row in rows
        for column, value in row.items()
        if any(one in str(value) for one in (BEN, ANA, WORDS))
    }
    # These become words of the stories, or are.
    words = {
        "schedule.name",
        "schedule.topics",
        "written_question.insight",
        "written_question.question",
    }
    assert found == personal() - words
