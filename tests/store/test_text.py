"""Only characters that a database, a log or Slack would reject are replaced."""

import unicodedata
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.db import Database, open_database
from store.text import showable, well_formed

ANY_TEXT = st.text(st.characters() | st.sampled_from("\0\ud800\udbff\udc00\udfff"), max_size=60)
"""Any Unicode text, also with lone surrogates and NUL."""


@given(ANY_TEXT)
def test_only_nul_and_lone_surrogates_are_replaced(text: str) -> None:
    cleaned = well_formed(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert well_formed(cleaned) == cleaned
    if "\0" not in text and not any(unicodedata.category(one) == "Cs" for one in text):
        assert cleaned == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("kuber\0netes", "kuber\ufffdnetes"),
        ("\ud83d\ude00", "😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("a\ud83db", "a\ufffdb"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
        ("\ufeff\ud800", "\ufeff\ufffd"),
        ("two\nlines\tand \x1b and \uffff", "two\nlines\tand \x1b and \uffff"),
    ],
    ids=ascii,
)
def test_examples_of_replaced_characters(text: str, cleaned: str) -> None:
    assert well_formed(text) == cleaned


@given(ANY_TEXT)
def test_showable_text_is_one_line(text: str) -> None:
    shown = showable(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


WRITE = "INSERT INTO holiday (due_on, name) VALUES ($1, $2)"
READ = "SELECT name FROM holiday WHERE name = $1"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT)
async def test_any_text_can_be_written_and_found_on_both_engines(
    database: Database, text: str
) -> None:
    """With every method that writes, and as a parameter of a query."""
    expected = well_formed(text)

    async def row() -> AsyncIterator[tuple[str, str]]:
        yield "4", text

    async with database.transaction() as connection:
        await connection.execute("DELETE FROM holiday")
        await connection.execute(WRITE, "1", text)
        await connection.fetch(f"{WRITE} RETURNING name", "2", text)
        await connection.executemany(WRITE, [("3", text)])
        await connection.fill("holiday", ("due_on", "name"), row())
        found = [one["name"] for one in await connection.fetch(READ, text)]
        streamed = [one["name"] async for one in connection.stream(READ, text)]
    assert found == streamed == [expected] * 4
    assert [one["name"] for one in await database.fetch(READ, text)] == [expected] * 4
