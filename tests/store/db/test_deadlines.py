"""A database that does not answer: every call ends with an error, and works again afterwards."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tenacity import AsyncRetrying, retry, retry_if_exception_type, stop_after_attempt

from store.db import (
    Connection,
    Database,
    DatabaseError,
    DatabaseUnavailableError,
    TemporaryDatabaseError,
    open_database,
    sqlite,
)
from store.db import postgres as engine
from tests import postgres
from tests.black_hole import BlackHole
from tests.machine import PATIENCE

ADD = "INSERT INTO once (team_id, key, at) VALUES ('T1', $1, 't')"
COUNT = "SELECT COUNT(*) AS n FROM once"
SILENT, BACK = "the database does not answer", "the database answers again"


async def rows(*keys: str) -> AsyncIterator[tuple[str, str, str]]:
    for key in keys:
        yield "T1", key, "t"


@pytest.fixture
def outages(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return the first words of each log line about an outage."""
    caplog.set_level(logging.WARNING, logger="store.db.availability")

    def lines() -> list[str]:
        return [
            first
            for record in caplog.records
            for first in (SILENT, BACK)
            if record.getMessage().startswith(first)
        ]

    return lines


# --- PostgreSQL ---------------------------------------------------------------------------------


Shorten = Callable[[], None]


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch) -> Shorten:
    """Return a function that shortens the deadlines of an open database for a test."""
    # The server gets these limits when a session starts, so set them before it is opened.
    monkeypatch.setattr(engine, "_IDLE_SECONDS", 0.5)
    monkeypatch.setattr(engine, "_LOCK_SECONDS", 0.5)

    def shorten() -> None:
        for name in ("_STATEMENT_SECONDS", "_LONG_STATEMENT_SECONDS", "_CHECKOUT_SECONDS"):
            monkeypatch.setattr(engine, name, 0.6)
        monkeypatch.setattr(engine, "_LONG_IDLE_SECONDS", 0.6)
        for name in ("_CONNECT_SECONDS", "_CLOSE_SECONDS", "_SPARE_SECONDS"):
            monkeypatch.setattr(engine, name, 0.3)

    return shorten


@asynccontextmanager
async def behind_a_hole(
    server: str, shorten: Shorten = lambda: None
) -> AsyncIterator[tuple[Database, BlackHole]]:
    async with (
        postgres.database(server) as url,
        BlackHole(url).listening() as hole,
        open_database(hole.url) as database,
    ):
        shorten()
        yield database, hole


async def a_statement(database: Database, swallow: Callable[[], None]) -> None:
    swallow()
    await database.fetch(COUNT)


async def the_start(database: Database, swallow: Callable[[], None]) -> None:
    swallow()
    async with database.transaction():
        pass


async def a_step(database: Database, swallow: Callable[[], None]) -> None:
    async with database.transaction() as connection:
        swallow()
        await connection.execute(ADD, "lost")


async def many_rows(database: Database, swallow: Callable[[], None]) -> None:
    async with database.long_transaction() as connection:
        swallow()
        await connection.executemany(ADD, [("lost",)])


async def a_copy(database: Database, swallow: Callable[[], None]) -> None:
    async with database.long_transaction() as connection:
        swallow()
        await connection.fill("once", ["team_id", "key", "at"], rows("lost"))


async def a_row_of_many(database: Database, swallow: Callable[[], None]) -> None:
    async with database.reading() as connection:
        async for _ in connection.stream("SELECT generate_series(1, 2000) AS n"):
            swallow()


async def another_connection(database: Database, swallow: Callable[[], None]) -> None:
    """The call of another connection misses its deadline, not that of the transaction."""
    async with database.transaction() as connection:
        await connection.execute(ADD, "lost")
        swallow()
        await database.fetch(COUNT)


async def the_commit(database: Database, swallow: Callable[[], None]) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, "lost")
        swallow()


async def the_rollback(database: Database, swallow: Callable[[], None]) -> None:
    try:
        async with database.transaction() as connection:
            await connection.execute(ADD, "lost")
            swallow()
            raise ZeroDivisionError
    except ZeroDivisionError:
        # The first exception is the one that is raised.
        raise DatabaseUnavailableError from None


async def a_write_to_see(database: Database, swallow: Callable[[], None]) -> None:
    swallow()
    await database.probe()


async def write(database: Database) -> None:
    """Write a row, and retry until it succeeds: a busy machine needs longer."""
    while True:
        with suppress(DatabaseError):
            async with database.transaction() as connection:
                await connection.execute(ADD, "kept")
            return


async def count(database: Database) -> int:
    """Return the number of rows, and retry as `write` does."""
    while True:
        with suppress(DatabaseError):
            (row,) = await database.fetch(COUNT)
            number: int = row["n"]
            return number


@pytest.mark.parametrize(
    "work",
    [
        a_statement,
        the_start,
        a_step,
        many_rows,
        a_copy,
        a_row_of_many,
        another_connection,
        the_commit,
        the_rollback,
        a_write_to_see,
    ],
    ids=lambda work: work.__name__,
)
async def test_a_server_that_falls_silent(
    postgres_server: str,
    outages: Callable[[], list[str]],
    work: Callable[[Database, Callable[[], None]], Awaitable[None]],
    shorten: Shorten,
) -> None:
    """Any call ends with an error, and its transaction is stored completely or not at all."""
    async with behind_a_hole(postgres_server, shorten) as (database, hole):
        with pytest.raises(DatabaseUnavailableError, match="does not answer just now"):
            await work(database, hole.swallow)
        hole.swallow()  # A slow machine may have missed a deadline before.
        with pytest.raises(DatabaseUnavailableError):
            await database.fetch(COUNT)
        assert outages() == [SILENT]
        hole.restore(forgetful=True)
        await write(database)
        assert await count(database) == 1
        assert outages()[:2] == [SILENT, BACK]


async def test_a_hundred_calls_to_a_silent_server_all_end(
    postgres_server: str, outages: Callable[[], list[str]], shorten: Shorten
) -> None:
    async with behind_a_hole(postgres_server, shorten) as (database, hole):
        hole.swallow()
        calls = [database.fetch(COUNT) for _ in range(100)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(answer) for answer in answers} == {DatabaseUnavailableError}
        assert outages() == [SILENT]
        hole.restore(forgetful=True)
        await write(database)


async def test_a_cancelled_call_does_not_wait_for_a_silent_server(postgres_server: str) -> None:
    """The deadlines are long here: a cancelled call waits for none of them."""
    async with behind_a_hole(postgres_server) as (database, hole):
        begun = asyncio.Event()

        async def work() -> None:
            async with database.transaction() as connection:
                hole.swallow()
                begun.set()
                await connection.execute(ADD, "lost")

        task = asyncio.create_task(work())
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=engine._STATEMENT_SECONDS)
        assert done


async def test_closing_does_not_wait_for_a_silent_server(
    postgres_server: str, shorten: Shorten
) -> None:
    async with behind_a_hole(postgres_server, shorten) as (database, hole):
        await count(database)
        hole.swallow()


async def test_a_server_that_is_silent_from_the_start(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_CONNECT_SECONDS", 0.3)
    async with postgres.schema(postgres_server) as url, BlackHole(url).listening() as hole:
        hole.swallow()
        with pytest.raises(DatabaseError, match="cannot be opened: no answer in time"):
            async with open_database(hole.url):
                pass


async def test_frozen_backends_are_replaced(
    postgres_server: str, outages: Callable[[], list[str]], shorten: Shorten
) -> None:
    """New backends serve, although the frozen ones still have their connections."""
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        async with AsyncExitStack() as stack:
            readers = [await stack.enter_async_context(database.reading()) for _ in range(3)]
            pids = [
                (await reader.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"]
                for reader in readers
            ]
        shorten()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(DatabaseUnavailableError):
                await database.fetch(COUNT)
            # The other two connections are terminated at once, not tried one after the other.
            await write(database)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        assert outages()[:2] == [SILENT, BACK]


async def test_a_load_notices_a_frozen_backend_at_its_next_rows(
    postgres_server: str, shorten: Shorten, caplog: pytest.LogCaptureFixture
) -> None:
    """It does not wait as long as one statement of a load may take."""

    async def load(database: Database, frozen: list[int]) -> None:
        async with database.long_transaction() as connection:
            assert isinstance(connection, engine.PostgresConnection)
            await connection.executemany(ADD, [("lost",)])
            (row,) = await connection.fetch("SELECT pg_backend_pid() AS pid")
            frozen.append(row["pid"])
            os.kill(row["pid"], signal.SIGSTOP)
            # Only now, so that a slow machine misses no deadline before.
            shorten()
            await connection.within(PATIENCE).executemany(ADD, [("lost too",)])

    frozen: list[int] = []
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        try:
            with pytest.raises(DatabaseUnavailableError):
                await load(database, frozen)
        finally:
            os.kill(frozen[0], signal.SIGCONT)
        assert "no answer within 0.9 s" in caplog.text
        await write(database)


@pytest.mark.parametrize("is_long", [False, True], ids=["short", "long"])
async def test_a_client_lost_between_two_parts_of_a_statement_blocks_nobody(
    postgres_server: str, shorten: Shorten, caplog: pytest.LogCaptureFixture, *, is_long: bool
) -> None:
    """PostgreSQL itself would keep its session, and the lock, until the connection breaks."""
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        shorten()
        lost = await asyncpg.connect(url)
        lock = engine._LONG_WRITER if is_long else engine._WRITER
        await lost.execute(f"BEGIN; SELECT pg_advisory_xact_lock({lock})")
        # The server waits for the values, and calls that "active".
        await lost.prepare("SELECT 1")
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(DatabaseError), stop=stop_after_attempt(20)
        ):
            with attempt:
                async with database.long_transaction() if is_long else database.transaction() as c:
                    await c.execute(ADD, "K1")
        assert "its client was silent" in caplog.text
        lost.terminate()


async def test_replicas_that_start_end_a_silent_client_that_holds_the_schema(
    postgres_server: str, shorten: Shorten, caplog: pytest.LogCaptureFixture
) -> None:
    """It was lost while it created the tables, and three others start at once."""
    async with postgres.schema(postgres_server) as url:
        lost = await asyncpg.connect(url)
        await lost.execute(f"BEGIN; SELECT pg_advisory_xact_lock({engine._SCHEMA})")
        await lost.prepare("SELECT 1")
        shorten()

        @retry(retry=retry_if_exception_type(DatabaseError), stop=stop_after_attempt(20))
        async def start() -> None:
            # A busy machine may need longer than the short deadlines.
            async with open_database(url) as database:
                await database.fetch(COUNT)

        await asyncio.gather(*(start() for _ in range(3)))
        assert "its client was silent" in caplog.text
        lost.terminate()


async def test_transactions_that_wait_for_another_process_leave_connections_for_reads(
    postgres_server: str,
) -> None:
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        busy = await asyncpg.connect(url)
        await busy.execute(f"BEGIN; SELECT pg_advisory_xact_lock({engine._WRITER})")

        async def add(key: str) -> None:
            async with database.transaction() as connection:
                await connection.execute(ADD, key)

        tasks = [asyncio.create_task(add(f"K{number}")) for number in range(30)]
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
        while not await busy.fetch(waiting):
            pass
        await database.probe()
        assert await database.fetch(COUNT)
        assert not any(task.done() for task in tasks)
        await busy.execute("COMMIT")
        await asyncio.gather(*tasks)
        await busy.close()
        (row,) = await database.fetch(COUNT)
        assert row["n"] == len(tasks)


async def test_a_client_that_works_keeps_its_lock(postgres_server: str, shorten: Shorten) -> None:
    """A long statement is no silence, however long others wait for the lock."""
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        shorten()
        busy = await asyncpg.connect(url)
        await busy.execute(f"BEGIN; SELECT pg_advisory_xact_lock({engine._WRITER})")
        sleeping = asyncio.create_task(busy.execute("SELECT pg_sleep(2.5)"))
        while not sleeping.done():
            with pytest.raises(DatabaseError):
                async with database.transaction():
                    pass
        await sleeping
        await busy.execute("COMMIT")
        await write(database)
        await busy.close()


async def test_a_slow_statement_is_ended_by_the_server(
    postgres_server: str, outages: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is alive and ends it by itself, so the connection is still used."""
    monkeypatch.setattr(engine, "_STATEMENT_SECONDS", 1)
    monkeypatch.setattr(engine, "_SPARE_SECONDS", 60)
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        with pytest.raises(DatabaseError, match="took too long") as caught:
            await database.fetch("SELECT pg_sleep(60)")
        assert not isinstance(caught.value, DatabaseUnavailableError)
        assert await database.fetch(COUNT)
        assert outages() == []


async def test_a_long_transaction_has_no_limit_as_a_whole(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may last longer than any of its statements, also with COPY or a wait for a lock."""
    monkeypatch.setattr(engine, "_BATCH", 1)
    monkeypatch.setattr(engine, "_LOCK_SECONDS", 0.3)
    monkeypatch.setattr(engine, "_SPARE_SECONDS", PATIENCE)
    waits: asyncio.Queue[None] = asyncio.Queue()
    end_silent, loop, hours = engine._end_silent, asyncio.get_running_loop(), 0
    time = loop.time
    monkeypatch.setattr(loop, "time", lambda: time() + hours * PATIENCE)

    async def noted(*arguments: Any) -> None:
        waits.put_nowait(None)
        await end_silent(*arguments)

    monkeypatch.setattr(engine, "_end_silent", noted)

    async def load_too(database: Database) -> None:
        async with database.long_transaction() as connection:
            (row,) = await connection.fetch(COUNT)
            assert row["n"] == 4

    async with (
        postgres.schema(postgres_server) as url,
        open_database(url) as database,
        asyncio.TaskGroup() as tasks,
    ):

        async def slowly() -> AsyncIterator[tuple[str, str, str]]:
            nonlocal hours
            for hours in range(1, 5):
                yield "T1", f"slow {hours}", "t"
            tasks.create_task(load_too(database))
            for _ in range(3):
                await waits.get()

        async with database.long_transaction() as connection:
            await connection.fill("once", ["team_id", "key", "at"], slowly())
            (limit,) = await connection.fetch("SHOW statement_timeout")
            assert limit["statement_timeout"] == "0"


async def test_a_pool_without_a_free_connection(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch, shorten: Shorten
) -> None:
    monkeypatch.setattr(engine, "_CONNECTIONS", 2)
    monkeypatch.setattr(engine, "_IDLE_SECONDS", 60)
    async with postgres.schema(postgres_server) as url, open_database(url) as database:
        shorten()
        async with database.reading(), database.reading():
            with pytest.raises(DatabaseUnavailableError):
                await database.fetch(COUNT)
        await count(database)


@asynccontextmanager
async def with_one_connection(server: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """Yield the URL of a database for a user with one connection, and a connection of another."""
    async with postgres.database(server) as url:
        other = await asyncpg.connect(url)
        await other.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1 IN ROLE parley")
        try:
            yield url.replace("//parley@", "//crowded@"), other
        finally:
            await other.execute("DROP ROLE crowded")
            await other.close()


async def test_a_server_without_another_connection_is_not_away(
    postgres_server: str, caplog: pytest.LogCaptureFixture, outages: Callable[[], list[str]]
) -> None:
    caplog.set_level(logging.WARNING, logger="store.db.postgres")
    crowded = "the database server has no connection left"
    async with with_one_connection(postgres_server) as (url, _), open_database(url) as database:

        async def work(key: str) -> None:
            async with database.transaction() as connection:
                await connection.execute(ADD, key)
            await database.fetch(COUNT)
            await database.probe()

        async with database.reading() as connection:
            tasks = [asyncio.create_task(work(f"K{number}")) for number in range(20)]
            while crowded not in caplog.text:
                await connection.fetch(COUNT)
        await asyncio.gather(*tasks)
        assert await count(database) == len(tasks)
    assert outages() == []
    assert caplog.text.count(crowded) == 1


async def test_however_many_tasks_wait_a_crowded_server_is_asked_few_times(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each connection of the pool is tried once, and then a released one serves all tasks."""
    attempts = 0
    connect = asyncpg.connection.connect

    async def counted(*args: Any, **options: Any) -> asyncpg.Connection:
        nonlocal attempts
        attempts += 1
        return await connect(*args, **options)

    monkeypatch.setattr(asyncpg.connection, "connect", counted)
    monkeypatch.setattr(engine, "_CROWDED_RETRY_SECONDS", 3600)
    async with with_one_connection(postgres_server) as (url, _), open_database(url) as database:
        async with database.reading() as connection:
            tasks = [asyncio.create_task(database.fetch(COUNT)) for _ in range(60)]
            while attempts < engine._CONNECTIONS:
                await connection.fetch(COUNT)
        await asyncio.gather(*tasks)
    assert attempts == engine._CONNECTIONS


async def test_who_waits_too_long_for_the_only_connection_may_try_again(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch, outages: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(engine, "_CHECKOUT_SECONDS", 1)
    async with with_one_connection(postgres_server) as (url, _), open_database(url) as database:
        async with database.reading():
            with pytest.raises(TemporaryDatabaseError, match="no connection left"):
                await database.fetch(COUNT)
        await count(database)
    assert outages() == []


async def test_a_process_without_any_connection_reports_one_outage(
    postgres_server: str, outages: Callable[[], list[str]]
) -> None:
    ended = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = $1"
    async with (
        with_one_connection(postgres_server) as (url, other),
        open_database(url) as database,
    ):
        await other.execute(ended, "crowded")
        last = await asyncpg.connect(url)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await database.fetch(COUNT)
        await last.close()
        await count(database)
    assert outages() == [SILENT, BACK]


async def test_the_server_s_own_limits_can_be_set(postgres_server: str) -> None:
    """Settings in the URL override those of Parley."""
    async with postgres.schema(postgres_server) as url:
        for more, limit in (("", "12s"), ("&statement_timeout=7s", "7s")):
            async with open_database(f"{url}{more}") as database:
                (row,) = await database.fetch("SHOW statement_timeout")
                assert row["statement_timeout"] == limit


async def test_both_sides_detect_a_dead_peer(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets: list[socket.socket] = []
    keep_alive = engine._keep_alive

    def watched(connection: Any) -> None:
        keep_alive(connection)
        sockets.append(connection._transport.get_extra_info("socket"))

    monkeypatch.setattr(engine, "_keep_alive", watched)
    async with behind_a_hole(postgres_server) as (database, _):
        (row,) = await database.fetch("SHOW tcp_keepalives_interval")
        assert row["tcp_keepalives_interval"] in ("10", "0")  # 0 is what a Unix socket says
        (one,) = [one for one in sockets if one.family == socket.AF_INET]
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


# --- SQLite -------------------------------------------------------------------------------------


class Disk:
    """A disk that hangs: an SQL function that blocks the connection's thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._answers = threading.Event()
        self._monkeypatch = monkeypatch

    async def mount(self, database: Database) -> None:
        """Add the function to *database*, and shorten its deadlines until the disk answers."""
        self._limit(0.3)
        assert isinstance(database, sqlite.SQLite)
        for thread in database._threads:
            await thread.raw.create_function("hang", 0, self._answers.wait)

    def answer(self) -> None:
        """Answer, however long a busy machine needs for that."""
        self._limit(PATIENCE)
        self._answers.set()

    def _limit(self, seconds: float) -> None:
        for name in ("_STATEMENT_SECONDS", "_LONG_STATEMENT_SECONDS", "_CLOSE_SECONDS"):
            self._monkeypatch.setattr(sqlite, name, seconds)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(monkeypatch)
    yield disk
    # Let the threads end with the test.
    disk.answer()


async def by_itself(database: Database) -> None:
    await database.fetch("SELECT hang()")


async def reading(database: Database) -> None:
    async with database.reading() as connection:
        await connection.fetch("SELECT hang()")


async def writing(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, "lost")
        await connection.execute("SELECT hang()")


async def writing_in_one_call(database: Database) -> None:
    await database.write(_hang)


async def writing_late_in_one_call(database: Database) -> None:
    await database.write(_hang_in_an_insert)


async def _hang_in_an_insert(connection: Connection) -> None:
    # The last row of a statement is not interrupted.
    await connection.execute("INSERT INTO once VALUES ('T1', 'lost', hang())")


async def _hang(connection: Connection) -> None:
    await connection.execute(ADD, "lost")
    await connection.fetch("SELECT hang()")


async def loading(database: Database) -> None:
    async with database.long_transaction() as connection:
        await connection.executemany("INSERT INTO once VALUES ('T1', $1, hang())", [("lost",)])


@pytest.mark.parametrize(
    "work",
    [by_itself, reading, writing, writing_in_one_call, writing_late_in_one_call, loading],
)
async def test_a_disk_that_hangs(
    tmp_path: Path,
    disk: Disk,
    outages: Callable[[], list[str]],
    work: Callable[[Database], Awaitable[None]],
) -> None:
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        await disk.mount(database)
        with pytest.raises(DatabaseUnavailableError):
            await work(database)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await work(database)
        with pytest.raises(DatabaseUnavailableError):
            await database.probe()
        assert outages() == [SILENT]
        disk.answer()
        while BACK not in outages():  # noqa: ASYNC110 -- the log wakes nobody
            await asyncio.sleep(0.01)
        (row,) = await database.fetch(COUNT)
        assert row["n"] == 0
        await work(database)
        await database.probe()


async def test_closing_does_not_wait_for_a_disk_that_hangs(tmp_path: Path, disk: Disk) -> None:
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        await disk.mount(database)
        with pytest.raises(DatabaseUnavailableError):
            await writing(database)
    disk.answer()
    assert isinstance(database, sqlite.SQLite)
    for thread in database._threads:
        await asyncio.to_thread(thread.raw._thread.join)


async def test_a_query_that_takes_too_long_is_interrupted(
    tmp_path: Path, disk: Disk, outages: Callable[[], list[str]]
) -> None:
    endless = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT MAX(n) FROM n"
    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        await disk.mount(database)
        with pytest.raises(DatabaseUnavailableError):
            await database.fetch(endless)
        disk.answer()
        while BACK not in outages():  # noqa: ASYNC110 -- the log wakes nobody
            await asyncio.sleep(0.01)
        assert await database.fetch(COUNT)


async def test_a_wait_for_a_load_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)

    async def nested(_: Connection) -> None:
        async with database.transaction():
            pass

    async with open_database(f"sqlite:///{tmp_path}/parley.db") as database:
        async with database.long_transaction() as connection:
            with pytest.raises(DatabaseError, match="busy for over ten minutes"):
                await nested(connection)
        await nested(connection)
