"""Loading, reloading, and keeping what was there."""

import sqlite3
from pathlib import Path

import pytest

from bot.settings import STARTER
from store import Store, open_store
from store.types import Article, CorpusInvalidError, Found, Revision
from tests.conftest import NOW

TALKS = "Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next for Geneva?\n"


def folder(tmp_path: Path, **files: str) -> Path:
    path = tmp_path / "corpus"
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.txt").write_text(text)
    return path


async def held(store: Store) -> tuple[Revision | None, list[Article]]:
    """Give the revision that is loaded, and every article."""
    found = await store.corpus.find("geneva")
    return store.corpus.revision, [
        *(match.article for match in (found.matches if isinstance(found, Found) else ()))
    ]


async def load(store: Store, path: Path) -> tuple[bool, int, int]:
    reload = await store.corpus.reload(path, by="U1", at=NOW)
    return reload.is_changed, reload.added, reload.removed


async def test_nothing_is_loaded_at_first(store: Store) -> None:
    assert store.corpus.revision is None
    assert await store.choice.next("T1", "C1") is None


async def test_a_reload_says_what_changed(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS, trade=TALKS.replace("Geneva", "Lagos"))
    assert await load(store, path) == (True, 2, 0)
    assert await load(store, path) == (False, 0, 0)
    folder(tmp_path, trade=TALKS.replace("Geneva", "Quito"))
    assert await load(store, path) == (True, 1, 1)
    assert store.corpus.revision
    assert (store.corpus.revision.number, store.corpus.revision.articles) == (2, 2)
    assert isinstance(await store.corpus.find("quito"), Found)


async def test_a_broken_folder_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS)
    await load(store, path)
    before = await held(store)
    folder(tmp_path, talks=TALKS + "Only a summary.\n")
    with pytest.raises(CorpusInvalidError, match=r"talks\.txt:5: "):
        await load(store, path)
    assert await held(store) == before


async def test_what_is_loaded_is_there_after_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    async with open_store(url) as store:
        await load(store, STARTER)
        before = store.corpus.revision, await store.choice.next("T1", "C1")
    async with open_store(url) as store:
        assert (store.corpus.revision, await store.choice.next("T1", "C1")) == before
        assert isinstance(await store.corpus.find("zelenski"), Found)


async def test_a_write_that_fails_half_way_changes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(store, folder(tmp_path, talks=TALKS))
    before = await held(store)
    monkeypatch.setattr(
        "store.corpus._ADD_REVISION", "INSERT INTO nowhere VALUES ($1, $2, $3, $4, $5, $6)"
    )
    with pytest.raises(sqlite3.OperationalError):
        await load(store, folder(tmp_path, talks=TALKS.replace("Geneva", "Lagos")))
    monkeypatch.undo()
    assert await held(store) == before
    assert await load(store, folder(tmp_path, talks=TALKS)) == (False, 0, 0)
