"""Opening, migrating and transacting; and the sentence for each database that is no good."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from store import open_store
from store.db import DatabaseError, open_database


async def count(url: str) -> int:
    async with open_database(url) as database, database.reading() as connection:
        rows = await connection.fetch("SELECT COUNT(*) AS n FROM revision")
        return int(rows[0]["n"])


ADD = "INSERT INTO revision VALUES ($1, 'f', 1, 1, 't', 'me')"


async def test_opening_makes_the_folder_and_the_schema(tmp_path: Path) -> None:
    assert await count(f"sqlite:///{tmp_path}/deep/er/parley.db") == 0


async def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url) as database, database.transaction() as connection:
        await connection.execute(ADD, 1)
    assert await count(url) == 1


async def test_an_exception_rolls_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url) as database:
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as connection:
                await connection.execute(ADD, 1)
                raise ZeroDivisionError
        async with database.transaction() as connection:
            await connection.execute(ADD, 2)
    assert await count(url) == 1


async def test_cancelling_leaves_no_transaction_open(tmp_path: Path) -> None:
    """Whatever the moment of the cancellation, the next transaction works."""
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:

        async def work(number: int) -> None:
            async with database.transaction() as connection:
                await connection.execute(ADD, number)
                await connection.fetch("SELECT 1")

        for turns in range(12):
            task = asyncio.create_task(work(100 + turns))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await work(1)


async def test_readers_go_on_while_a_writer_works(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url) as database, database.transaction() as writer:
        await writer.execute(ADD, 1)
        async with database.reading() as reader:
            assert not await reader.fetch("SELECT * FROM revision")


async def test_a_failing_migration_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_bad.sql").write_text("CREATE TABLE one (a);\nCREATE nonsense;")
    monkeypatch.setattr("store.db.resources.files", lambda _: tmp_path)
    with pytest.raises(DatabaseError):
        async with open_database(f"sqlite:///{tmp_path}/parley.db"):
            pass
    with sqlite3.connect(tmp_path / "parley.db") as raw:
        assert not raw.execute("SELECT name FROM sqlite_master").fetchall()
    raw.close()


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url) as database, database.transaction() as connection:
        await connection.execute("INSERT INTO schema_migration (version, name) VALUES (99, 'x')")
    with pytest.raises(DatabaseError, match="schema 99, this Parley knows 1: use the newer Parley"):
        await count(url)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda path: path.write_text("I am a diary.\n" * 100), "file is not a database"),
        (lambda path: path.mkdir(), "unable to open database file"),
    ],
    ids=["a text file", "a folder"],
)
async def test_no_database_at_all(tmp_path: Path, prepare: object, sentence: str) -> None:
    path = tmp_path / "parley.db"
    prepare(path)  # type: ignore[operator]
    with pytest.raises(DatabaseError, match=f"parley.db cannot be .*: {sentence}"):
        async with open_store(f"sqlite:///{path}"):
            pass


async def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot be opened"):
        await count(f"sqlite:///{tmp_path}/file/parley.db")


async def test_a_url_of_another_kind() -> None:
    with pytest.raises(DatabaseError, match="must start with sqlite:///"):
        await count("mysql://localhost/parley")
