"""The stored topics, derived from all articles or updated for a few changes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store import Store, open_store
from store.articles.reading import articles_from_number
from store.db import Database, open_database
from store.loading import derived
from store.progress import Progress
from store.topics import stored
from store.types import Topic
from tests.machine import NOW


def story(summary: str) -> str:
    return f"{summary}\nIt stands.\nWhat now?\n"


def write(path: Path, documents: dict[str, str]) -> None:
    path.mkdir(exist_ok=True)
    for name, body in documents.items():
        (path / f"{name}.txt").write_text(f"Bulletin\n{body}")


async def load(store: Store, path: Path, **documents: str) -> dict[str, int]:
    """Load *documents*; return how many articles each topic has."""
    write(path, documents)
    await store.loads.reload(path, by="U1", at=NOW)
    return {topic.name: topic.articles for topic in store.corpus.topics}


LIMA = story("They met the mayor of Lima in Oslo.")
OSLO = story("They saw Oslo.")


async def load_large(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Load a corpus in which later changes update the topics; return the same as `load`."""
    monkeypatch.setattr(derived, "_SMALL", 0)
    many = {f"d{number}": story(f"They left Cairo in week {number}.") for number in range(60)}
    return await load(store, path, one=LIMA, two=OSLO, **many)


async def test_topics_follow_a_reload(store: Store, tmp_path: Path) -> None:
    assert await load(store, tmp_path / "a", one=LIMA, two=OSLO) == {"Oslo": 2, "Lima": 1}
    assert store.corpus.complete("osl") == ["Oslo"]
    assert await load(store, tmp_path / "a", two=story("They saw Quito.")) == {
        "Lima": 1,
        "Oslo": 1,
        "Quito": 1,
    }


async def test_in_a_large_corpus_changed_articles_are_linked_to_existing_topics(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    first = await load_large(store, path, monkeypatch)
    assert (first["Oslo"], first["Lima"], first["Cairo"]) == (2, 1, 60)
    edited = await load(store, path, two=story("They saw Lima, and they saw Quito."))
    assert (edited["Oslo"], edited["Lima"], edited["Cairo"]) == (1, 2, 60)
    assert "Quito" not in edited
    (path / "one.txt").unlink()
    gone = await load(store, path)
    assert (gone.get("Oslo"), gone["Lima"]) == (None, 1)
    await load(store, path, **{f"d{at}": story("They saw Quito, and Quito.") for at in range(5)})
    assert Topic(name="Quito", articles=6) in store.corpus.topics


async def test_topics_of_few_articles_are_replaced_together(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    many = {
        f"d{at}": story(f"They saw Ab{chr(97 + at)}o and Ob{chr(97 + at)}o.") for at in range(20)
    }
    topics = await load(store, tmp_path / "a", **many)
    assert len(topics) > 20
    # One step each for the old links, the topics, and the new links.
    async with open_database(database_url) as database:
        assert len([*await stored.derive(database, 20, Progress())]) == 3


async def test_an_undo_restores_the_topics(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    first = await load_large(store, path, monkeypatch)
    assert (await load(store, path, two=story("They saw Lima.")))["Lima"] == 2
    (path / "one.txt").unlink()
    assert (await load(store, path))["Lima"] == 1
    for _ in range(2):
        await store.loads.undo(by="U1", at=NOW)
    assert {topic.name: topic.articles for topic in store.corpus.topics} == first


async def test_topics_that_another_process_derives_late_are_loaded(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are derived after this process loads the stories and before it reads the topics."""
    loaded, is_followed = asyncio.Event(), asyncio.Event()
    bring_up_to_date = derived.bring_up_to_date

    async def late(database: Database, size: int, progress: Progress) -> None:
        if loaded.is_set():
            is_followed.set()
            await loading
        else:
            loaded.set()
            await is_followed.wait()
        await bring_up_to_date(database, size, progress)

    async with open_store(database_url) as one, open_store(database_url) as two:
        monkeypatch.setattr(derived, "bring_up_to_date", late)
        loading = asyncio.create_task(load(one, tmp_path / "a", one=LIMA, two=OSLO))
        await loaded.wait()
        await two.revisions.follow()
        assert two.corpus.topics == one.corpus.topics
        assert [topic.name for topic in two.corpus.topics] == ["Oslo", "Lima"]


async def test_topics_of_an_outdated_revision_are_not_stored(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deriving, overtaken = asyncio.Event(), asyncio.Event()

    async def slowly(*arguments: Any) -> AsyncIterator[Any]:
        read = [some async for some in articles_from_number(*arguments)]
        if not deriving.is_set():
            deriving.set()
            await overtaken.wait()
        for some in read:
            yield some

    async with open_store(database_url) as one, open_store(database_url) as two:
        monkeypatch.setattr(stored, "articles_from_number", slowly)
        loading = asyncio.create_task(load(one, tmp_path / "a", one=LIMA, two=OSLO))
        await deriving.wait()
        quito = await load(two, tmp_path / "b", one=story("They saw Quito."))
        overtaken.set()
        await loading
        async with open_database(database_url) as database:
            assert {one.name: one.articles for one in await stored.read(database)} == quito
        await one.revisions.follow()
        assert one.corpus.topics == two.corpus.topics


async def test_a_moved_story_keeps_its_topics(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    first = await load_large(store, path, monkeypatch)
    moved = await load(store, path, two=story("They saw nothing.") + OSLO)
    assert (moved["Oslo"], moved["Lima"]) == (first["Oslo"], first["Lima"])
