"""A copied, backed up or restored database loses nothing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from store import open_store
from store.db import DatabaseError, connect, open_database
from store.db.backup import backup, copy, restore
from store.db.schema import version_of
from store.posting.posts import Outcome
from store.posting.record import NewPost
from store.samples import STARTER
from store.types import Found, Order, PostKind, PostState, Timetable
from tests import postgres
from tests.ids import C1, T1, U1
from tests.machine import NOW
from tests.rows import Rows, every_row
from tests.store.db.test_db import write_first


@pytest.fixture
async def other_url(postgres_server: str) -> AsyncIterator[str]:
    """Yield the URL of an empty PostgreSQL database."""
    async with postgres.schema(postgres_server) as url:
        yield url


async def fill(url: str) -> None:
    """Write rows of every kind, one of which references a row with a later key."""
    async with open_store(url) as store:
        await store.loads.reload(STARTER, by="U1", at=NOW)
        await store.schedules.set(
            team_id=T1,
            channel_id=C1,
            owner_id=U1,
            now=NOW,
            order=Order(
                timetable=Timetable(at=NOW.time(), weekdays=frozenset({0, 4}), zone="Europe/Lisbon")
            ),
        )
        for number in range(3):
            article = await store.choice.next(T1, C1, place=number)
            assert article
            post = await store.posts.plan(
                NewPost(
                    key=f"Zé😀 {number}",
                    team_id=T1,
                    channel_id=C1,
                    kind=PostKind.QUESTION,
                    article_id=article.id,
                    due_at=NOW,
                ),
                now=NOW,
            )
            assert post
            claim = await store.posts.claim(post, owner="me", now=NOW)
            assert claim
            await store.posts.record(claim, Outcome(PostState.SENT, message_ts="1.5"), now=NOW)
    async with open_database(url) as database, database.transaction() as connection:
        # The question's row comes after that of its story, as a rename would leave it.
        await connection.execute(
            "INSERT INTO post (key, team_id, channel_id, kind, state, due_at, not_before)"
            " SELECT 'zz', team_id, channel_id, kind, state, due_at, not_before FROM post"
            " WHERE key = 'Zé😀 0'"
        )
        await connection.execute("UPDATE post SET parent_key = 'zz' WHERE key = 'Zé😀 0:story'")


async def contents(url: str) -> Rows:
    async with open_database(url) as database:
        return await every_row(database)


async def test_a_copy_holds_every_row_of_every_table(database_url: str, other_url: str) -> None:
    await fill(database_url)
    rows = await copy(database_url, other_url)
    before = await contents(database_url)
    assert await contents(other_url) == before
    assert rows == {table: len(held) for table, held in before.items()}
    assert {"article", "document", "revision", "schedule", "post"} <= {
        table for table, number in rows.items() if number
    }
    async with open_store(other_url) as store:
        assert isinstance(await store.corpus.find("zelenski"), Found)


async def test_a_copy_to_the_other_engine_and_back_is_equal(tmp_path: Path, other_url: str) -> None:
    here, there = f"sqlite:///{tmp_path}/parley.db", f"sqlite:///{tmp_path}/again.db"
    await fill(here)
    await copy(here, other_url)
    await copy(other_url, there)
    assert await contents(there) == await contents(here)


async def test_a_database_with_rows_is_not_overwritten_by_a_copy(
    tmp_path: Path, database_url: str
) -> None:
    await fill(database_url)
    before = await contents(database_url)
    source = f"sqlite:///{tmp_path}/other.db"
    await fill(source)
    with pytest.raises(DatabaseError, match="is not empty: name a database that is new"):
        await copy(source, database_url)
    assert await contents(database_url) == before


async def test_a_copy_and_a_load_do_not_deadlock(tmp_path: Path, other_url: str) -> None:
    """A bot that starts on the new database too early may load the same revision there."""
    source = f"sqlite:///{tmp_path}/parley.db"
    await fill(source)
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
    async with open_database(other_url) as database:
        async with database.long_transaction() as load:
            await load.execute(
                "INSERT INTO revision VALUES"
                " (1, 'f', 1, 1, 't', 'me', NULL, 0, 0, 0, 0, 0, 'folder')"
            )
            copying = asyncio.create_task(copy(source, other_url))
            while not copying.done() and not await database.fetch(waits):
                pass
        with pytest.raises(DatabaseError, match="is not empty: name a database that is new"):
            await copying
        assert len(await database.fetch("SELECT * FROM revision")) == 1


async def test_no_copy_is_made_while_the_bot_runs(tmp_path: Path) -> None:
    """The copy would miss the rows that the bot writes during it."""
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url, hold=True):
        with pytest.raises(DatabaseError, match="in use by process"):
            await copy(url, f"sqlite:///{tmp_path}/other.db")


async def test_a_backup_is_taken_while_the_bot_runs_and_writes(
    database_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    before = await contents(database_url)
    (tmp_path / "backups").mkdir()
    file = tmp_path / "backups" / "today.db"
    async with (
        open_database(database_url, hold=True) as database,
        database.transaction() as connection,
    ):
        await connection.execute("DELETE FROM schedule")
        await backup(database_url, file)
    assert await contents(f"sqlite:///{file}") == before
    assert not list(file.parent.glob("*.part*"))


async def test_a_backup_into_a_mistyped_folder_is_refused(
    tmp_path: Path, database_url: str
) -> None:
    await fill(database_url)
    with pytest.raises(DatabaseError, match=r"There is no folder .*/bakcups: create it, or name"):
        await backup(database_url, tmp_path / "bakcups" / "today.db")
    assert not (tmp_path / "bakcups").exists()


async def test_a_backup_does_not_overwrite_anything(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "diary").write_text("dear diary")
    with pytest.raises(DatabaseError, match="already exists"):
        await backup(database_url, tmp_path / "diary")
    assert (tmp_path / "diary").read_text() == "dear diary"


async def test_a_restored_backup_equals_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    await fill(url)
    before = await contents(url)
    await backup(url, tmp_path / "backup.db")
    async with open_database(url) as database, database.transaction() as connection:
        await connection.execute("DELETE FROM schedule")
    spoilt = await contents(url)
    kept = await restore(tmp_path / "backup.db", url)
    assert await contents(url) == before
    assert await contents(f"sqlite:///{kept}") == spoilt
    # Restore it twice: each replaced file is kept under another name.
    assert await restore(tmp_path / "backup.db", url) not in (None, kept)


async def test_a_backup_can_be_restored_to_the_other_engine(tmp_path: Path, other_url: str) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    await fill(url)
    await backup(url, tmp_path / "backup.db")
    assert await restore(tmp_path / "backup.db", other_url) is None
    assert await contents(other_url) == await contents(url)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "There is no database"),
        (b"I am a diary.\n" * 100, "file is not a database"),
        (b"", "not a Parley database"),
    ],
)
async def test_a_file_that_is_not_a_backup_changes_nothing(
    tmp_path: Path, text: bytes | None, sentence: str
) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    await fill(url)
    before = await contents(url)
    if text is not None:
        (tmp_path / "backup.db").write_bytes(text)
    with pytest.raises(DatabaseError, match=sentence):
        await restore(tmp_path / "backup.db", url)
    assert await contents(url) == before


async def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    await fill(url)
    file = tmp_path / "backup.db"
    await backup(url, file)
    raw = bytearray(file.read_bytes())
    for start in range(4096, len(raw), 8192):
        raw[start : start + 2048] = b"\xff" * 2048
    file.write_bytes(raw)
    before = await contents(url)
    with pytest.raises(DatabaseError, match=r"damaged|malformed|cannot be read"):
        await restore(file, url)
    assert await contents(url) == before


async def test_no_backup_is_restored_while_the_bot_runs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    await fill(url)
    await backup(url, tmp_path / "backup.db")
    async with open_database(url, hold=True):
        with pytest.raises(DatabaseError, match="in use by process"):
            await restore(tmp_path / "backup.db", url)


async def test_a_backup_is_an_ordinary_sqlite_file(tmp_path: Path, database_url: str) -> None:
    await fill(database_url)
    await backup(database_url, tmp_path / "backup.db")
    with closing(sqlite3.connect(tmp_path / "backup.db")) as raw:
        assert raw.execute("SELECT COUNT(*) FROM article").fetchone() == (26,)


async def test_a_backup_before_an_upgrade_keeps_the_old_schema(
    empty_url: str, tmp_path: Path, other_url: str
) -> None:
    """The new version makes it, and neither the database nor the backup is migrated."""
    await write_first(empty_url)
    async with connect(empty_url) as database:
        before = await every_row(database)
    await backup(empty_url, tmp_path / "backup.db")
    for url in (empty_url, f"sqlite:///{tmp_path}/backup.db"):
        async with connect(url, is_looking=True) as database:
            assert await version_of(database) == 1
            assert await every_row(database) == before
    await restore(tmp_path / "backup.db", other_url)
    async with open_store(other_url) as store:
        assert isinstance(await store.corpus.find("lisbon trams"), Found)


async def test_a_copy_into_a_newer_empty_database_is_refused(
    tmp_path: Path, other_url: str
) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    await write_first(old)
    async with open_database(other_url):
        pass
    with pytest.raises(DatabaseError, match=r"has a newer schema than .*python -m bot migrate"):
        await copy(old, other_url)
