"""A load is written as a whole, survives a restart, and has its topics derived, sometimes later."""

import gc
import sqlite3
from pathlib import Path

import asyncpg
import pytest

from store import Store, open_store
from store.db import open_database
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.samples import STARTER
from store.types import Found
from tests.ids import C1, T1
from tests.machine import NOW
from tests.store.corpus.folders import TALKS, folder, load, loaded


async def test_the_corpus_survives_a_restart(database_url: str) -> None:
    async with open_store(database_url) as store:
        await load(store, STARTER)
        before = store.corpus.revision, await store.choice.next(T1, C1)
    async with open_store(database_url) as store:
        assert (store.corpus.revision, await store.choice.next(T1, C1)) == before
        assert isinstance(await store.corpus.find("zelenski"), Found)


async def test_a_write_that_fails_in_the_middle_changes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(store, folder(tmp_path, talks=TALKS))
    before = await loaded(store)
    monkeypatch.setattr("store.loading.revisions._ADD", "INSERT INTO nowhere VALUES ($1)")
    with pytest.raises((sqlite3.Error, asyncpg.PostgresError)):
        await load(store, folder(tmp_path, talks=TALKS.replace("Geneva", "Lagos")))
    monkeypatch.undo()
    assert await loaded(store) == before
    assert await load(store, folder(tmp_path, talks=TALKS)) is None


async def test_a_load_succeeds_even_if_deriving_topics_fails(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next load derives them."""
    monkeypatch.setattr("store.loading.derived._PUT", "INSERT INTO nowhere VALUES ($1)")
    assert await load(store, folder(tmp_path, talks=TALKS)) == (1, 0, 0)
    assert isinstance(await store.corpus.find("geneva"), Found)
    monkeypatch.undo()
    assert await load(store, folder(tmp_path, talks=TALKS)) is None
    assert [topic.name for topic in store.corpus.topics] == ["Geneva"]


async def test_topics_are_derived_even_if_old_versions_cannot_be_deleted(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("store.loading.revisions._FORGET", (("SELECT $1 FROM nowhere", ""),))
    assert await load(store, folder(tmp_path, talks=TALKS)) == (1, 0, 0)
    assert [topic.name for topic in store.corpus.topics] == ["Geneva"]
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == [
        "old versions of stories were not deleted; the next load tries again"
    ]


async def test_a_word_without_articles_is_deleted(database_url: str, tmp_path: Path) -> None:
    async with open_store(database_url) as store, open_database(database_url) as database:
        path = folder(tmp_path, talks=TALKS, trade=TALKS.replace("Geneva", "Lagos"))
        await load(store, path)
        (path / "trade.txt").unlink()
        await load(store, path)
        (row,) = await database.fetch("SELECT words FROM segment")
        assert "geneva" in row["words"].split()
        assert "lagos" not in row["words"].split()


async def test_what_could_not_be_derived_is_derived_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen before: topics stayed old until the next load, and a start ended with a traceback."""
    now = 0.0
    monkeypatch.setattr("store.corpus.revisions.time.monotonic", lambda: now)
    with monkeypatch.context() as patch:
        patch.setattr("store.loading.derived._PUT", "INSERT INTO nowhere VALUES ($1)")
        assert await load(store, folder(tmp_path, talks=TALKS)) == (1, 0, 0)
        await store.revisions.open()
        assert not store.corpus.topics
    await store.revisions.follow()
    assert not store.corpus.topics, "not at every tick"
    now += 3600
    await store.revisions.follow()
    assert [topic.name for topic in store.corpus.topics] == ["Geneva"]


async def test_what_another_process_derives_is_used(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("store.corpus.revisions.time.monotonic", lambda: now)
    async with open_store(database_url) as one:
        with monkeypatch.context() as patch:
            patch.setattr("store.loading.derived._PUT", "INSERT INTO nowhere VALUES ($1)")
            await load(one, folder(tmp_path, talks=TALKS))
        async with open_store(database_url) as other:
            assert [topic.name for topic in other.corpus.topics] == ["Geneva"]
        monkeypatch.setattr("store.loading.derived.stored.derive", None)
        now += 3600
        await one.revisions.follow()
        assert [topic.name for topic in one.corpus.topics] == ["Geneva"]


async def test_full_collections_wait_during_polls_and_later_derivations(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = gc.get_threshold()
    seen = []

    async def derive(*_: object) -> None:
        seen.append(gc.get_threshold()[2])

    async def is_polled(*_: object) -> bool:
        seen.append(gc.get_threshold()[2])
        return True

    await load(store, folder(tmp_path, talks=TALKS))
    monkeypatch.setattr("store.corpus.revisions.derived.bring_up_to_date", derive)
    monkeypatch.setattr("store.corpus.feed_loads.is_polled", is_polled)
    feed = await store.sources.add("https://news.example/feed", now=NOW)
    story = Story("Tunnel opens", "Fishermen got a quay.", "", "", Provenance(guid="1"))
    await store.feed_loads.load(feed, [story], at=NOW)
    monkeypatch.setattr(store.revisions, "_derive_again_at", 0.0)
    await store.revisions.follow()
    assert len(seen) == 2
    assert min(seen) > usual[2]
    assert gc.get_threshold() == usual
