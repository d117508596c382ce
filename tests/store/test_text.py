"""Only characters that a database, a log or Slack would reject are replaced."""

import re
import unicodedata
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.db import Database, open_database
from store.text import legible, showable, well_formed

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


KEPT = [
    "plain text, déjà vu, Ünïcödé, 日本語, 한국어\nsecond line\tand a tab",
    "می\u200cخواهم کتاب\u200cها را بخوانم",  # Persian: the ZWNJ keeps two letters apart
    "ه\u200d، این",  # a ZWJ keeps the letter's joined form
    "क्\u200dष और क्\u200cष",  # Hindi: half form and visible virama
    "ශ්\u200dරී ලංකා",  # Sinhala
    "മലയാളം ന്\u200d",  # Malayalam chillu in its older spelling
    "ভাষা র\u200d্যা",  # Bengali
    "ភាសា\u200bខ្មែរ",  # Khmer: a place where a line may break
    "ภาษา\u200bไทย",
    "👩\u200d👩\u200d👧 🏳️\u200d🌈 👩🏽\u200d❤️\u200d👨🏿 🏃🏻\u200d♀️\u200d➡️ 1️⃣ ☎︎",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
    "葛\U000e0100城市",  # a variant of an ideograph
    "עברית\u200f (abc)\u200e",  # marks in right-to-left text
    "ᠠ\u180bᠨ",  # Mongolian
]


@pytest.mark.parametrize("text", KEPT, ids=ascii)
def test_an_invisible_character_stays_where_it_changes_what_is_seen(text: str) -> None:
    assert legible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("report\u202excod.exe", "reportxcod.exe"),
        ("\u2066a\u2069 \u202bb\u202c", "a b"),
        ("pay\u200bpal pay\u200cpal pay\u200dpal pay\u2060pal", "paypal paypal paypal paypal"),
        ("\ufeffso\u00adft\u200e", "soft"),
        ("hidden\U000e0068\U000e0069 tags", "hidden tags"),
        ("😀\ufe0f\ufe0f\ufe0e\ufe01 smuggled", "😀\ufe0f smuggled"),
        ("a\U000e0100\U000e0101\U000e0102b", "ab"),
        ("می\u200c\u200c\u200dخواهم", "می\u200cخواهم"),
        ("سلام\u200c دنیا", "سلام دنیا"),
        ("👩\u200d and \u200d👧", "👩 and 👧"),
        ("one\u2028two\u2029three\x85four", "one\ntwo\nthree\nfour"),
        ("bell\x07 escape\x1b[31m\x9b1A", "bell escape[31m1A"),
        ("x\u061cy\u200ez", "xyz"),
        ("\u3164\uffa0", "\ufffd"),
        ("\u202e\u200b", "\ufffd"),
        ("", ""),
    ],
    ids=ascii,
)
def test_an_invisible_character_that_changes_nothing_is_left_out(text: str, shown: str) -> None:
    assert legible(text) == shown


VISIBLE = "ab \n😀👩🏽❤♀➡میخهक्षшไភ葛한ᄀᠠא"
INVISIBLE = "\u200b\u200c\u200d\u200e\u202e\u2066\u2028\ufe0f\ufeff\U000e0067\x1b"


@given(st.text(st.sampled_from(VISIBLE + INVISIBLE), max_size=12) | ANY_TEXT)
def test_what_is_left_is_legible_and_nothing_visible_is_lost(text: str) -> None:
    shown = legible(text)
    assert legible(shown) == shown
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\ufeff]", shown)
    letters = set(VISIBLE) - {"\n", " "}
    assert [char for char in shown if char in letters] == [char for char in text if char in letters]


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
