"""Opening, migrations and transactions on both engines, and the error messages."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing, suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg
import pytest

import tests.postgres
from store import open_store
from store.db import (
    Connection,
    Database,
    DatabaseError,
    DatabaseUnavailableError,
    connect,
    copies_of,
    exists,
    open_database,
    postgres,
    readable,
    sqlite,
    url_problem,
)
from store.db.schema import LEDGER_TABLE, newest_version, statements, version_of
from store.posting.planning import occurrence_key
from store.posting.record import forget_posts
from store.types import About, Found, Order, PostKind, PostState
from tests.ids import C1, C2, T1, T2, U1
from tests.machine import NOW, ROOT
from tests.rows import every_row
from tests.schedules import schedule_of

FIRST = Path(__file__).parents[1] / "first_schema.sql"
RELEASED = [FIRST, FIRST.with_name("schema_0_1_0.sql")]
"""A database of each released schema, with rows in all tables."""
WISH = "INSERT INTO once (team_id, key, at) VALUES ('T1', 'k', 't')"
ADD = "INSERT INTO revision VALUES ($1, 'f', 1, 1, 't', 'me', NULL, 0, 0, 0, 0, 0, 'folder')"


async def count(url: str) -> int:
    async with open_database(url) as database:
        rows = await database.fetch("SELECT COUNT(*) AS n FROM revision")
        return int(rows[0]["n"])


async def test_opening_creates_the_folder_and_the_schema(tmp_path: Path) -> None:
    assert await count(f"sqlite:///{tmp_path}/deep/er/parley.db") == 0


async def test_committed_rows_are_there_after_reopening(database_url: str) -> None:
    async with open_database(database_url) as database, database.transaction() as connection:
        await connection.execute(ADD, 1)
    assert await count(database_url) == 1


async def test_an_exception_rolls_back(database_url: str) -> None:
    async with open_database(database_url) as database:
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as connection:
                await connection.execute(ADD, 1)
                raise ZeroDivisionError
        async with database.transaction() as connection:
            await connection.execute(ADD, 2)
    assert await count(database_url) == 1


async def test_work_is_written_as_a_whole(database_url: str) -> None:
    async def add(connection: Connection, *, divisor: int) -> float:
        await connection.executemany(ADD, [(1,), (2,)])
        (row,) = await connection.fetch("SELECT COUNT(*) AS n FROM revision")
        return float(row["n"]) / divisor

    async with open_database(database_url) as database:
        with pytest.raises(ZeroDivisionError):
            await database.write(partial(add, divisor=0))
        assert await database.write(partial(add, divisor=1)) == 2
    assert await count(database_url) == 2


async def probe(database: Database) -> None:
    await database.probe()


async def overwrite_deleted(database: Database) -> None:
    await database.overwrite_deleted()


async def insert_and_read_nothing(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(f"{ADD} RETURNING number", 1)


async def leave_a_stream(database: Database) -> None:
    async with database.transaction() as connection:
        rows = connection.stream(f"{ADD} RETURNING number", 1)
        await anext(rows)
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "before", [probe, overwrite_deleted, insert_and_read_nothing, leave_a_stream]
)
async def test_work_is_written_after_any_other_call(
    database_url: str, before: Callable[[Database], Awaitable[None]]
) -> None:
    """A statement of the call before that is still in progress would let nothing commit."""

    async def add(connection: Connection) -> None:
        await connection.execute(ADD, 2)

    async with open_database(database_url) as database:
        with suppress(ZeroDivisionError):
            await before(database)
        await database.write(add)
        assert await database.fetch("SELECT 1 AS one FROM revision WHERE number = 2")


async def test_work_that_waits_for_something_else_is_refused(tmp_path: Path) -> None:
    async def add(connection: Connection) -> None:
        await connection.execute(ADD, 1)
        await asyncio.sleep(0)

    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        with pytest.raises(RuntimeError, match="waits for something else"):
            await database.write(add)
    assert await count(f"sqlite:///{tmp_path}/parley.db") == 0


async def test_cancelling_leaves_no_transaction_open(database_url: str) -> None:
    """The next transaction works, at whatever moment a task is cancelled."""
    async with open_database(database_url) as database:

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


async def test_readers_are_not_blocked_by_a_writer(database_url: str) -> None:
    async with open_database(database_url) as database, database.transaction() as writer:
        await writer.execute(ADD, 1)
        assert not await database.fetch("SELECT * FROM revision")
        async with database.reading() as reader:
            assert not await reader.fetch("SELECT * FROM revision")


async def test_a_reader_sees_one_snapshot(database_url: str) -> None:
    async with open_database(database_url) as database, database.reading() as reader:
        assert not await reader.fetch("SELECT * FROM revision")
        async with database.transaction() as writer:
            await writer.execute(ADD, 1)
        assert not await reader.fetch("SELECT * FROM revision")
        assert len(await database.fetch("SELECT * FROM revision")) == 1


@pytest.mark.parametrize("kind", ["transaction", "long_transaction"])
async def test_rows_that_a_writer_has_read_do_not_change_before_it_ends(
    database_url: str, kind: str
) -> None:
    """Two processes that each add the next number never add the same number."""

    async def add() -> None:
        async with (
            open_database(database_url) as database,
            getattr(database, kind)() as connection,
        ):
            rows = await connection.fetch("SELECT COALESCE(MAX(number), 0) AS n FROM revision")
            await connection.execute(ADD, rows[0]["n"] + 1)

    async with open_database(database_url):
        await asyncio.gather(*(add() for _ in range(8)))
    assert await count(database_url) == 8


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_short_transactions_write_during_a_long_one(database_url: str) -> None:
    async with open_database(database_url) as database:
        async with database.long_transaction() as long:
            await long.execute(ADD, 1)
            async with database.transaction() as connection:
                await connection.execute(WISH)
            assert await database.fetch("SELECT * FROM once")
        assert await database.fetch("SELECT * FROM revision")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_long_transaction_waits_for_short_ones_before_it_commits(database_url: str) -> None:
    """So the rows that they have read do not change before they end."""
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    async with open_database(database_url) as database:

        async def work() -> None:
            async with database.long_transaction() as long:
                await long.execute(ADD, 1)

        async with database.transaction() as connection:
            assert not await connection.fetch("SELECT * FROM revision")
            task = asyncio.create_task(work())
            while not task.done() and not await database.fetch(waits):
                pass
            assert not await connection.fetch("SELECT * FROM revision")
        await task
        assert await database.fetch("SELECT * FROM revision")


async def test_rows_are_streamed(database_url: str) -> None:
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await connection.executemany(ADD, ((number,) for number in range(1200)))
        async with database.reading() as connection:
            rows = connection.stream("SELECT number FROM revision ORDER BY number")
            assert [row["number"] async for row in rows] == list(range(1200))


async def test_a_statement_for_many_rows_returns_the_rows_of_all(database_url: str) -> None:
    async with open_database(database_url) as database, database.transaction() as connection:
        await connection.executemany(ADD, ((number,) for number in range(4)))
        sql = "UPDATE revision SET number = number + 10 WHERE number = $1 RETURNING number"
        rows = await connection.fetchmany(sql, [(3,), (7,), (1,)])
        assert [row["number"] for row in rows] == [13, 11]
        assert not await connection.fetchmany(sql, [])


async def test_text_is_ordered_by_its_bytes(database_url: str) -> None:
    words = ["Zagreb", "a", "Äther", "b", "_", "é", "B", "😀", "～"]
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            sql = "INSERT INTO topic (name, place, articles) VALUES ($1, $2, 1)"
            await connection.executemany(sql, ((word, place) for place, word in enumerate(words)))
        rows = await database.fetch("SELECT name FROM topic ORDER BY name")
        assert [row["name"] for row in rows] == sorted(words)
        rows = await database.fetch("SELECT name FROM topic WHERE name > $1", "b")
        assert {row["name"] for row in rows} == {word for word in words if word > "b"}


async def test_bytes_are_stored_unchanged(database_url: str) -> None:
    async with open_database(database_url) as database, database.transaction() as connection:
        await connection.execute("CREATE TABLE packed (data BYTEA NOT NULL)")
        await connection.execute("INSERT INTO packed (data) VALUES ($1)", bytes(range(256)))
        (row,) = await connection.fetch("SELECT data FROM packed")
        assert bytes(row["data"]) == bytes(range(256))


async def test_five_processes_that_start_together_migrate_once(empty_url: str) -> None:
    """A connection stands for a process here: only the database coordinates them."""

    async def start() -> None:
        async with open_database(empty_url):
            pass

    await asyncio.gather(*(start() for _ in range(5)))
    async with open_database(empty_url) as database:
        rows = await database.fetch("SELECT COUNT(*) AS n FROM schema_migration GROUP BY version")
        assert rows
        assert {row["n"] for row in rows} == {1}


async def test_a_failed_migration_is_rolled_back(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "migrations").mkdir()
    script = "CREATE TABLE one (a TEXT);\nCREATE nonsense;"
    (tmp_path / "migrations" / "0001_bad.sql").write_text(script)
    with monkeypatch.context() as patch:
        patch.setattr("store.db.schema.resources.files", lambda _: tmp_path)
        with pytest.raises(DatabaseError, match="cannot be used"):
            await count(empty_url)
    async with open_database(empty_url) as database:
        assert "one" not in await database.tables()


async def test_a_newer_schema_is_refused(database_url: str) -> None:
    async with open_database(database_url) as database, database.transaction() as connection:
        await connection.execute("INSERT INTO schema_migration (version, name) VALUES (99, 'x')")
    with pytest.raises(DatabaseError, match=r"schema 99, .* use the newer Parley .* a backup\.$"):
        await count(database_url)


async def test_a_newer_schema_is_refused_with_the_copy_from_before_the_upgrade(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url) as database, database.transaction() as connection:
        copied = await database.keep_copy(f".schema-{newest_version()}")
        await connection.execute("INSERT INTO schema_migration (version, name) VALUES (99, 'x')")
    with pytest.raises(DatabaseError, match=re.escape(f"`python -m bot restore {copied}`")):
        await count(url)
    assert copies_of(url) == [copied]


def _script(snapshot: Path) -> str:
    return snapshot.read_text()


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def write_first(url: str, *more: str, snapshot: Path = FIRST) -> None:
    """Create a database with the schema of a released version, and run *more* statements on it."""
    async with connect(url) as database, database.changing_schema() as connection:
        for statement in (*statements(_script(snapshot)), *more):
            if not url.startswith(sqlite.URL):
                statement = re.sub(r"X'([0-9a-f]*)'", r"'\\x\1'", statement)
            await connection.execute(database.ddl(statement))


@pytest.mark.parametrize("snapshot", RELEASED, ids=lambda path: path.stem)
async def test_a_database_of_every_released_schema_is_migrated(
    empty_url: str, snapshot: Path
) -> None:
    """Every row of a released version is there after the newest version has migrated it.

    What is computed again, for another model or in another form, is dropped. The stories of a
    channel's schedule are now those of its id.
    """
    dropped = {("derived", "least"), ("topic_pool", "channel_id")}
    computed = {"word", "posting", "chunk", "index_format"}
    await write_first(empty_url, snapshot=snapshot)
    async with connect(empty_url) as database:
        before = await every_row(database)
    assert all(before.values())
    async with open_database(empty_url) as database:
        after = await every_row(database)
    for table in before.keys() - computed:
        rows = before[table]
        columns = {column for column, _ in rows[0] if (table, column) not in dropped}
        expected, kept = (
            [[pair for pair in row if pair[0] in columns] for row in each]
            for each in (rows, after[table])
        )
        assert kept == expected, table


@pytest.mark.parametrize("snapshot", RELEASED, ids=lambda path: path.stem)
async def test_a_migration_makes_up_no_provenance(empty_url: str, snapshot: Path) -> None:
    await write_first(empty_url, snapshot=snapshot)
    async with open_store(empty_url) as store:
        for is_undone in (False, True):
            if is_undone:
                # What an undo brings back was loaded by the older version, too.
                await store.loads.undo(by="U1", at=NOW, number=1)
            found = await store.corpus.find("lisbon tunnel")
            assert isinstance(found, Found)
            article = found.matches[0].article
            known = (article.url, article.publisher, article.published_at, article.guid)
            assert (*known, article.first_seen_at) == (None,) * 5
    async with open_database(empty_url) as database:
        for table in ("document", "past_document", "revision"):
            rows = await database.fetch(f"SELECT DISTINCT source FROM {table}")
            assert [row["source"] for row in rows] == ["folder"]


@pytest.mark.parametrize("snapshot", RELEASED, ids=lambda path: path.stem)
async def test_schedules_and_posts_of_every_released_schema_go_on(
    empty_url: str, snapshot: Path
) -> None:
    await write_first(empty_url, snapshot=snapshot)
    async with open_store(empty_url) as store:
        found = await store.corpus.find("lisbon trams")
        assert isinstance(found, Found)
        assert "5,000 people" in found.matches[0].article.summary
        assert not isinstance(await store.corpus.find("paper ferries"), Found)
        await store.loads.undo(by="U1", at=NOW)
        assert isinstance(await store.corpus.find("paper ferries"), Found)

        first, second = [await schedule_of(store, T1, one) for one in (C1, C2)]
        assert first
        assert second
        assert (first.stopped, first.topics) == ("is_archived", ("lisbon",))
        assert (second.kind, second.stories) == (PostKind.DIGEST, 2)
        turns = await store.posts.scheduled(T1, C2, since=NOW.date())
        (sent,) = [post for post in turns if post.state is PostState.SENT]
        assert len(await store.posts.stories(T1, sent.key)) == 2
        await store.planning.plan_due(NOW + timedelta(days=9))
        assert len(await store.posts.scheduled(T1, C2, since=NOW.date())) > len(turns)


@pytest.mark.parametrize("snapshot", RELEASED, ids=lambda path: path.stem)
async def test_the_schedule_of_a_channel_gets_a_name_and_posts_nothing_twice(
    empty_url: str, snapshot: Path
) -> None:
    """The keys of its posts stay: what was posted, skipped or told counts, and only for it."""
    skipped = "INSERT INTO post (key, team_id, channel_id, kind, state, due_on, due_at, not_before"
    values = "'T1', 'C2', 'digest', 'skipped', '2026-12-03', '2026-12-03T09:40', '2026-12-03T09:40'"
    skip = f"{skipped}) VALUES ('T1:C2:2026-12-03', {values})"
    await write_first(empty_url, skip, snapshot=snapshot)
    async with connect(empty_url) as database:
        keys = {row["key"] for row in await database.fetch("SELECT key FROM post")}
    async with open_store(empty_url) as store:
        question, digest = [await schedule_of(store, T1, one) for one in (C1, C2)]
        assert question
        assert digest
        assert (question.name, digest.name) == ("weekday-question", "daily-digest")
        turns = await store.posts.scheduled(T1, C2, since=date.min)
        assert {post.schedule_id for post in turns} == {digest.id}
        assert keys >= {occurrence_key(digest, post.due_on) for post in turns if post.due_on}
        # Today's is out, so nobody can post it again.
        sent_at = datetime(2026, 11, 25, 12, tzinfo=UTC)
        assert not await store.planning.plan_now(digest, by=U1, now=sent_at, key=None)
        last = await store.posts.last_scheduled(digest, now=sent_at)
        assert last
        assert last.key == "T1:C2:2026-11-25"
        # One more schedule at the same time is not silenced by the skip of the other.
        other = await store.schedules.set(
            team_id=T1,
            channel_id=C2,
            owner_id=U1,
            order=Order(timetable=digest.timetable, kind=digest.kind, stories=2),
            now=datetime(2026, 12, 2, 12, tzinfo=UTC),
        )
        assert other.name == "daily-digest-2"
        await store.planning.plan_due(other.next.due_at)
        turns = await store.posts.scheduled(T1, C2, since=date(2026, 12, 3))
        assert {(post.schedule_id, str(post.state)) for post in turns} == {
            (digest.id, "skipped"),
            (other.id, "planned"),
        }


async def test_a_migration_goes_on_from_every_schema(empty_url: str) -> None:
    """Someone may run a version between two releases: each step from the first schema works."""
    versions = range(1, newest_version()) if empty_url.startswith(sqlite.URL) else (5, 10)
    for version in versions:
        url = empty_url.replace("parley.db", f"{version}.db")
        await write_first(url, *migrations(version))
        async with open_store(url) as store:
            assert isinstance(await store.corpus.find("lisbon trams"), Found)
        if url == empty_url:
            async with connect(url) as database, database.changing_schema() as connection:
                for table in reversed(await database.tables()):
                    await connection.execute(f"DROP TABLE {table} CASCADE")


async def test_sqlite_is_copied_beside_itself_before_a_migration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "parley.db"
    await write_first(f"sqlite:///{path}")
    async with connect(f"sqlite:///{path}") as database:
        before = await every_row(database)
    for _ in range(2):
        async with open_database(f"sqlite:///{path}", hold=True):
            pass
    kept = tmp_path / "parley.db.schema-1"
    assert caplog.messages == [
        f"updating the database from schema 1 to {newest_version()}; a copy as it was is {kept}"
    ]
    assert oct(kept.stat().st_mode)[-3:] == "600"
    async with connect(f"sqlite:///{kept}") as database:
        assert await every_row(database) == before
        assert await version_of(database) == 1
    files = {"parley.db", "parley.db.lock", kept.name}
    assert set(snapshot_of(tmp_path)) == files


async def test_no_copy_is_made_of_a_database_that_is_new_or_up_to_date(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_database(f"sqlite:///{tmp_path}/parley.db"):
            pass
    assert set(snapshot_of(tmp_path)) == {"parley.db"}


async def test_a_migration_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "parley.db"
    await write_first(f"sqlite:///{path}")
    before = path.read_bytes()
    folder = tmp_path / "package" / "migrations"
    shutil.copytree(ROOT / "store" / "migrations", folder)
    (folder / "9999_bad.sql").write_text("CREATE TABLE extra (a TEXT);\nCREATE nonsense;")
    with monkeypatch.context() as patch:
        patch.setattr("store.db.schema.resources.files", lambda _: folder.parent)
        with pytest.raises(DatabaseError, match="cannot be used"):
            await count(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert (tmp_path / "parley.db.schema-1").is_file()
    assert await count(f"sqlite:///{path}") == 2


async def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    await write_first(f"sqlite:///{path}")
    before = path.read_bytes()
    # A folder in its place stands for any reason why the copy cannot be written.
    (tmp_path / "parley.db.schema-1").mkdir()
    with pytest.raises(DatabaseError, match=r"parley\.db\.schema-1 cannot be written"):
        await count(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert {file.name for file in _listed(tmp_path)} == {
        "parley.db",
        "parley.db.lock",
        "parley.db.schema-1",
    }


# --- looking changes nothing --------------------------------------------------------------------


def snapshot_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def look(url: str) -> int:
    """Read all there is and the rows of one table; return the number of these rows."""
    async with open_store(url, is_looking=True) as store:
        await store.corpus.find("lisbon trams")
        return len(await store.loads.history())


async def test_a_database_that_does_not_exist_looks_empty(empty_url: str) -> None:
    assert await look(empty_url) == 0
    if empty_url.startswith(sqlite.URL):
        assert not exists(empty_url)
    else:
        async with connect(empty_url) as database:
            assert not await database.tables()


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("is_running", [False, True])
async def test_looking_leaves_every_file_as_it_was(
    tmp_path: Path, is_old: bool, is_running: bool
) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    await write_first(url)
    async with AsyncExitStack() as stack:
        if not is_old:
            await stack.enter_async_context(open_store(url))
        if is_running:
            await stack.enter_async_context(connect(url))
        else:
            await stack.aclose()
        before = snapshot_of(tmp_path)
        assert await look(url) == 2
        assert set(snapshot_of(tmp_path)) == set(before)
        assert snapshot_of(tmp_path)["parley.db"] == before["parley.db"]


async def test_nothing_can_be_written_while_looking(database_url: str) -> None:
    async with open_database(database_url):
        pass
    async with open_database(database_url, is_looking=True) as database:
        with pytest.raises(DatabaseError, match="can only be read"):
            async with database.transaction() as connection:
                await connection.execute(ADD, 1)
    assert await count(database_url) == 0


@pytest.mark.parametrize("empty_url", ["postgres"], indirect=True)
async def test_a_server_with_an_old_schema_is_not_migrated_by_looking(empty_url: str) -> None:
    await write_first(empty_url)
    with pytest.raises(DatabaseError, match=r"has schema 1, .*run `python -m bot migrate`"):
        await look(empty_url)
    async with connect(empty_url) as database:
        assert await version_of(database) == 1


@pytest.mark.parametrize("name", ["a b.db", "a#b%20c.db", "é😀.db", "a&mode=ro.db", "\udcff.db"])
async def test_a_file_may_have_any_name(name: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{name}"
    assert await count(url) == 0
    assert await look(url) == 0
    assert set(snapshot_of(tmp_path)) == {name}


@pytest.mark.parametrize(
    "name", ["", ":memory:", "file:x?mode=memory", "data/", "parley.db?mode=ro"]
)
async def test_a_url_of_sqlite_must_name_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseError, match="does not name a file"):
        await count(f"sqlite:///{name}")
    assert snapshot_of(tmp_path) == {}


async def test_deleted_rows_are_overwritten_in_the_file(tmp_path: Path) -> None:
    """SQLite builds differ in whether they overwrite deleted rows; Parley always does."""
    path = tmp_path / "parley.db"
    wish = "INSERT INTO topic_request VALUES ('T1', 'k', 'quixotic zeppelins', 1, 'day')"
    for statement, is_there in ((wish, True), ("DELETE FROM topic_request", False)):
        # Closing the last connection writes the WAL back into the file.
        async with open_database(f"sqlite:///{path}") as database, database.transaction() as one:
            await one.execute(statement)
        assert (b"zeppelins" in path.read_bytes()) is is_there


def migrations(last: int) -> list[str]:
    """Return the statements that migrate the first schema to version *last*."""
    files = sorted((ROOT / "store" / "migrations").iterdir())[1:last]
    return [
        statement
        for version, file in enumerate(files, start=2)
        for statement in (
            *statements(file.read_text()),
            f"INSERT INTO {LEDGER_TABLE} (version, name) VALUES ({version}, '{file.name}')",
        )
    ]


async def test_a_migration_drops_the_corrections_and_nothing_else(empty_url: str) -> None:
    """Schema 9 still had the tables of CORRECT_POSTS, whose rows reference posts."""
    key = "T1:C1:2026-11-25"
    await write_first(
        empty_url,
        *migrations(9),
        f"INSERT INTO shown VALUES ('{key}', 0, '7e6d3515224c30cc', 1, 1, '2026-11-25')",
        f"INSERT INTO correction VALUES ('{key}', 2, 1, '2026-11-25', 'msg_too_long')",
    )
    async with open_store(empty_url, is_shared=True) as store:
        (sent,) = [
            post
            for post in await store.posts.scheduled(T1, C1, since=NOW.date())
            if post.state is PostState.SENT
        ]
        assert sent.key == key
    async with open_database(empty_url) as database:
        assert not {"shown", "correction"} & set(await database.tables())
        async with database.transaction() as connection:
            await forget_posts(connection, T1)
        assert not await database.fetch("SELECT key FROM post WHERE team_id = 'T1'")


async def test_search_misses_without_a_team_go_to_the_only_team(empty_url: str) -> None:
    """They were stored when Parley served one workspace, without its id."""
    await write_first(
        empty_url,
        *migrations(2),
        "INSERT INTO miss VALUES ('pizza', 'Pizza?', 3, 1, '2026-11-24T08:00:00.000000Z',"
        " '2026-11-25T08:00:00.000000Z')",
    )
    async with open_store(empty_url) as store:
        (request,) = await store.topic_requests.list(T1, since=NOW)
        assert (request.words, request.requests) == ("Pizza?", 1)
        assert await store.misses.number(T1, since=NOW) == 3


async def test_a_migration_deletes_words_that_nobody_chose_to_send(empty_url: str) -> None:
    """Up to schema 9, every search miss stored the words of the query."""
    rows = {
        "fire me my": ("T1", "fire me my", "Fire me, my", 2, 0, "2026-11-24"),
        "kubernetes": ("T1", "kubernetes", "Kubernetes", 5, 0, "2026-11-24"),
        "pizza": ("T1", "pizza", "Pizza?", 3, 2, "2026-11-25"),
        "secret": ("T2", "secret", "secret", 1, 0, "2026-11-25"),
    }
    await write_first(
        empty_url,
        *migrations(3),
        *(
            f"INSERT INTO miss VALUES ('{team}', '{key}', '{words}', {searched}, {asked},"
            f" '{day}T08:00:00.000000Z', '{day}T08:00:00.000000Z')"
            for team, key, words, searched, asked, day in rows.values()
        ),
    )
    async with open_store(empty_url) as store:
        (request,) = await store.topic_requests.list(T1, since=NOW)
        assert (request.words, request.requests) == ("Pizza?", 2)
        assert request.last_on == date(2026, 11, 25)
        assert await store.misses.number(T1, since=NOW) == 10
        assert await store.misses.number(T1, since=NOW + timedelta(days=1)) == 3
        assert await store.misses.number(T2, since=NOW) == 1
    async with open_database(empty_url) as database:
        held = str(await every_row(database)).lower()
    assert "pizza" in held
    assert not [one for one in ("fire me", "kubernetes", "secret") if one in held]


async def test_a_migration_deletes_people_and_their_words_from_posts(empty_url: str) -> None:
    """Up to schema 9, a post kept for ever who had asked for it and with which words."""

    def about(words: str, thread_ts: str, *, has_more: bool) -> str:
        told = {"channel_id": "C1", "post_key": "", "error": "", "left": 0, "days": 0}
        more = {"more": 0} if has_more else {}
        return json.dumps(told | {"words": words, "thread_ts": thread_ts} | more)

    def post(key: str, state: str, told: str | None, *, kind: str = "share") -> str:
        quoted = "NULL" if told is None else "'" + told.replace("'", "''") + "'"
        return (
            f"INSERT INTO post VALUES ('{key}', 'T1', 'C1', '{kind}', 'a', 2, NULL, {quoted},"
            f" '{state}', NULL, '2026-11-24T08:00:00.000000Z', NULL, 'U0BEN', 1, 0, 0,"
            " '2026-11-24T08:00:00.000000Z', NULL, 'U0BEN', '1.2', NULL)"
        )

    ts = "1764064800.000100"
    trap = 'secret", "thread_ts": "1111111111.111111", "more": 0} \\ it\'s \u0000 😀'
    await write_first(
        empty_url,
        post("old", "sent", about("secret", ts, has_more=False)),
        post("closed", "sent", about(trap, ts, has_more=True)),
        post("open", "unknown", about(trap, ts, has_more=True)),
        post("open old", "planned", about("secret", ts, has_more=False)),
        post("in the channel", "unknown", about("secret", "", has_more=True)),
        post("asked", "sent", about("secret", "", has_more=True), kind="question"),
        post("plain", "sent", None, kind="question"),
        post("lost", "unknown", None, kind="low").replace("'2026-11-24T08", "'9999-12-31T08"),
        "INSERT INTO post_move VALUES ('old', 1, 'planned', 't', 'U0BEN', NULL)",
        "INSERT INTO post_move VALUES ('old', 2, 'sending', 't', 'host:1', NULL)",
    )
    async with open_store(empty_url) as store:
        posts = [
            await store.posts.get(T1, key)
            for key in ("open", "open old", "in the channel", "closed", "asked", "plain")
        ]
        first, second, third, *closed = [one for one in posts if one]
        assert first.about == second.about == About(channel_id=C1, thread_ts=ts)
        assert third.about is None
        # The person who asked for an open post may still be asked whether it arrived.
        assert [one.asked_by for one in (first, second, third)] == ["U0BEN"] * 3
        assert [one.asked_by for one in closed] == [None] * 3
        assert {one.owner for one in (first, second, third, *closed)} == {"person"}
        # The details of notices are unchanged.
        (low,) = [one for one in await store.posts.open(NOW + timedelta(9)) if one.kind == "low"]
        assert low.about == About(channel_id=C2, left=1, days=1)
        lost = await store.posts.get(T1, "lost")
        assert lost
        assert lost.state is PostState.FAILED
    async with open_database(empty_url) as database:
        rows = await every_row(database)
    assert "secret" not in str(rows)
    assert str(rows).count("U0BEN") == 3
    assert [dict(row)["owner"] for row in rows["post_move"] if ("post_key", "old") in row] == [
        "person",
        "host:1",
    ]


def test_a_migrated_schema_equals_a_new_one(tmp_path: Path) -> None:
    """A released migration is never edited; a new one is added instead."""

    async def grow() -> None:
        await write_first(f"sqlite:///{tmp_path}/first.db")
        for name in ("first", "new"):
            async with open_database(f"sqlite:///{tmp_path}/{name}.db"):
                pass

    asyncio.run(grow())
    schemas = []
    for name in ("first", "new"):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as raw:
            rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
            schemas.append({name: " ".join(sql.split()) for name, sql in rows})
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda path: path.write_text("I am a diary.\n" * 100), "file is not a database"),
        (lambda path: path.mkdir(), "unable to open database file"),
    ],
    ids=["a text file", "a folder"],
)
async def test_a_database_that_does_not_exist(
    tmp_path: Path, prepare: Callable[[Path], object], sentence: str
) -> None:
    path = tmp_path / "parley.db"
    prepare(path)
    with pytest.raises(DatabaseError, match=f"parley.db cannot be .*: {sentence}"):
        async with open_store(f"sqlite:///{path}"):
            pass


async def test_a_path_that_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot be opened"):
        await count(f"sqlite:///{tmp_path}/file/parley.db")


async def test_a_server_that_does_not_exist() -> None:
    with pytest.raises(DatabaseError, match="cannot be opened") as caught:
        await count("postgresql://parley:hush@127.0.0.1:9/parley")
    assert "hush" not in str(caught.value)


async def test_a_url_with_another_scheme() -> None:
    with pytest.raises(DatabaseError, match="must start with sqlite:///"):
        await count("mysql://localhost/parley")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://p:hu:sh@db:5/parley", "postgresql://p:…@db:5/parley"),
        ("postgresql://p:hu/sh@db/parley", "postgresql://p:…@db/parley"),
        ("postgresql://p:h@sh?#@db/parley?x=1", "postgresql://p:…@db/parley?x=1"),
        ("postgresql://p@db/parley?password=hush&x=1", "postgresql://p@db/parley?password=…&x=1"),
        ("postgresql:///parley?x=1&sslpassword=hush", "postgresql:///parley?x=1&sslpassword=…"),
        ("postgresql://db:5432/parley", "postgresql://db:5432/parley"),
        ("sqlite:///data/parley.db", "sqlite:///data/parley.db"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert readable(url) == shown


@pytest.mark.parametrize(
    "password",
    ["hu/sh", "hu?sh", "hu#sh", "hush[", "1/2", "hu@sh", "1?s=h", "#", "/h@sh", "p@ss/w#rd?x"],
)
async def test_a_password_that_is_not_encoded_is_a_mistake_and_not_shown(password: str) -> None:
    with pytest.raises(DatabaseError, match="percent-encoded") as raised:
        await count(f"postgresql://parley:{password}@127.0.0.1:9/parley")
    assert not isinstance(raised.value, DatabaseUnavailableError)
    assert str(raised.value) == f"The URL of a database {postgres.LIKE}."


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://parley:p%40ss%2Fw%23rd%3Fx@db/parley",
        "postgresql://parley:a:b@[::1]:5432/parley?sslmode=require",
        "postgresql:///parley?host=/run/postgresql",
        "postgres://parley@one:5432,two:5433/parley",
        "sqlite:///data/team@work.db",
        "sqlite:///data/#1.db",
    ],
)
def test_a_url_may_be_like_this(url: str) -> None:
    assert url_problem(url) is None


async def test_a_host_that_is_not_known_is_named() -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"\(host db\.invalid\)") as raised:
        await count("postgresql://parley:hush@db.invalid:5432/parley")
    assert "hush" not in str(raised.value)


# --- one process for an SQLite file -------------------------------------------------------------


async def test_a_second_process_gets_the_name_of_the_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    who = f"in use by process {os.getpid()} on {socket.gethostname()}"
    async with open_database(url, hold=True):
        with pytest.raises(DatabaseError, match=who):
            async with open_database(url, hold=True):
                pass
    async with open_database(url, hold=True):
        pass


async def test_a_lock_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """As in a folder that can only be read, or on a full disk."""
    (tmp_path / "parley.db.lock").mkdir()
    with pytest.raises(DatabaseError, match=r"parley\.db\.lock cannot be written: Is a directory"):
        async with open_database(f"sqlite:///{tmp_path}/parley.db", hold=True):
            pass


async def test_short_commands_work_while_another_process_holds_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url, hold=True):
        assert await count(url) == 0


async def test_the_schema_is_not_migrated_while_a_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_database(url, hold=True):
        with monkeypatch.context() as patch:
            (tmp_path / "migrations").mkdir()
            for place in range(1, 99):
                script = tmp_path / "migrations" / f"{place:04}.sql"
                script.write_text(f"CREATE TABLE t{place} (a TEXT);")
            patch.setattr("store.db.schema.resources.files", lambda _: tmp_path)
            with pytest.raises(DatabaseError, match="in use by process"):
                await count(url)


def test_a_killed_process_releases_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    script = (
        "import asyncio, sys\nfrom store.db import open_database\n"
        "async def main():\n"
        f"    async with open_database({url!r}, hold=True):\n"
        "        print('held', flush=True)\n        await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"

        async def take() -> None:
            async with open_database(url, hold=True):
                pass

        with pytest.raises(DatabaseError, match=f"in use by process {other.pid} on"):
            asyncio.run(take())
        other.send_signal(signal.SIGKILL)
        other.wait()
        asyncio.run(take())


def test_an_old_sqlite_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(DatabaseError, match=r"too old: Parley needs 3\.35"):
        asyncio.run(count(f"sqlite:///{tmp_path}/parley.db"))


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    async with tests.postgres.schema(postgres_server) as url, open_database(url):
        yield url


async def test_a_read_only_server(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "talks.txt").write_text("Talks\nEnvoys met in Geneva.\nInsight.\nWhat next?\n")
    async with open_store(postgres_url) as store:
        await store.loads.reload(tmp_path, by="U1", at=NOW)
    (tmp_path / "talks.txt").write_text("Talks\nEnvoys met in Lima.\nInsight.\nWhat next?\n")
    async with open_store(f"{postgres_url}&default_transaction_read_only=on") as store:
        with pytest.raises(DatabaseError, match="can only be read: nothing was changed"):
            await store.loads.reload(tmp_path, by="U1", at=NOW)
        assert isinstance(await store.corpus.find("geneva"), Found)


async def test_a_connection_that_is_lost_in_the_middle(postgres_url: str) -> None:
    """The call raises a readable error and changes nothing; the next call gets a new connection."""
    async with open_database(postgres_url) as database:
        with pytest.raises(DatabaseError, match="does not answer just now"):
            async with database.transaction() as connection:
                await connection.execute(ADD, 1)
                (mine,) = await connection.fetch("SELECT pg_backend_pid() AS pid")
                await database.fetch("SELECT pg_terminate_backend($1)", mine["pid"])
                await connection.execute(ADD, 2)
        assert not await database.fetch("SELECT 1 FROM revision")
        async with database.transaction() as connection:
            await connection.execute(ADD, 1)
    assert await count(postgres_url) == 1


async def test_a_server_whose_disk_is_full(postgres_url: str) -> None:
    full = "DO $$ BEGIN RAISE EXCEPTION 'No space left' USING ERRCODE = 'disk_full'; END $$"
    async with open_database(postgres_url) as database:
        with pytest.raises(DatabaseError, match="disk of the database is full: nothing was"):
            async with database.long_transaction() as connection:
                await connection.execute(ADD, 1)
                await connection.execute(full)
    assert await count(postgres_url) == 0


async def test_a_server_on_which_another_process_writes_for_too_long(postgres_url: str) -> None:
    async with (
        open_database(postgres_url) as one,
        open_database(f"{postgres_url}&lock_timeout=20") as other,
        one.transaction() as connection,
    ):
        await connection.execute(ADD, 1)
        with pytest.raises(DatabaseError, match="Another process is writing"):
            async with other.transaction():
                pass


async def test_an_error_in_our_sql_is_not_reported_as_the_server_s(postgres_url: str) -> None:
    async with open_database(postgres_url) as database:
        with pytest.raises(asyncpg.UndefinedTableError):
            await database.fetch("SELECT 1 FROM nowhere")


async def test_a_migration_notes_what_was_asked_as_far_as_it_is_known(empty_url: str) -> None:
    """Schema 29 had the texts of loaded and of retired stories, and not those that are gone."""
    loaded, retired, gone, shown = "7e6d3515224c30cc", "r1", "g1", "cca6978b8608391b"
    await write_first(
        empty_url,
        *migrations(29),
        "INSERT INTO retired_article (id, document, position, headline, summary, insight, question,"
        f" retired_at) VALUES ('{retired}', 'feed', 1, 'Ferries', 'S', 'I', 'Who sails?', '2026')",
        *(
            "INSERT INTO posted_article (team_id, channel_id, article_id, asked, shown)"
            f" VALUES ('T1', 'C9', '{one}', {int(one != shown)}, 1)"
            for one in (loaded, retired, gone, shown)
        ),
        *(
            "INSERT INTO post (key, team_id, channel_id, kind, article_id, state, due_at,"
            f" not_before) VALUES ('{key}', 'T1', 'C9', '{kind}', '{one}', 'sent', '2026', '2026')"
            for key, kind, one in (
                ("a", "question", loaded),
                ("b", "digest", retired),
                ("c", "question", gone),
                ("d", "share", loaded),
            )
        ),
    )
    tunnel = ("Harbour tunnel opens", "What was the last thing that you were asked about in time?")
    ferries, unknown = ("Ferries", "Who sails?"), (None, None)
    async with open_database(empty_url) as database:
        for table, key, expected in (
            (
                "posted_article",
                "article_id",
                {loaded: tunnel, retired: ferries, gone: unknown, shown: unknown},
            ),
            ("post", "key", {"a": tunnel, "b": ferries, "c": unknown, "d": unknown}),
        ):
            rows = await database.fetch(f"SELECT * FROM {table} WHERE channel_id = 'C9'")
            found = {row[key]: (row["headline"], row["question"]) for row in rows}
            assert found == expected
