"""The topics of what is loaded, derived at once or kept up with what changes."""

from pathlib import Path

import pytest

from store import Store
from store.loading import derived
from store.types import Topic
from tests.conftest import NOW


def story(summary: str) -> str:
    return f"{summary}\nIt stands.\nWhat now?\n"


def write(path: Path, documents: dict[str, str]) -> None:
    path.mkdir(exist_ok=True)
    for name, body in documents.items():
        (path / f"{name}.txt").write_text(f"Bulletin\n{body}")


async def load(store: Store, path: Path, **documents: str) -> dict[str, int]:
    """Load *documents*, and give how many articles each topic has."""
    write(path, documents)
    await store.corpus.reload(path, by="U1", at=NOW)
    return {topic.name: topic.articles for topic in store.corpus.finder.topics}


LIMA = story("They met the mayor of Lima in Oslo.")
OSLO = story("They saw Oslo.")


async def load_large(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Load so much that topics are kept up with what changes; give what `load` does."""
    monkeypatch.setattr(derived, "_SMALL", 0)
    many = {f"d{number}": story(f"They left Cairo in week {number}.") for number in range(60)}
    return await load(store, path, one=LIMA, two=OSLO, **many)


async def test_topics_follow_a_reload(store: Store, tmp_path: Path) -> None:
    assert await load(store, tmp_path / "a", one=LIMA, two=OSLO) == {"Oslo": 2, "Lima": 1}
    assert store.corpus.finder.complete("osl") == ["Oslo"]
    assert await load(store, tmp_path / "a", two=story("They saw Quito.")) == {
        "Lima": 1,
        "Oslo": 1,
        "Quito": 1,
    }


async def test_in_a_large_corpus_the_few_that_change_are_linked_to_what_is_there(
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
    assert Topic(name="Quito", articles=6) in store.corpus.finder.topics


async def test_an_undo_brings_the_topics_back(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    first = await load_large(store, path, monkeypatch)
    assert (await load(store, path, two=story("They saw Lima.")))["Lima"] == 2
    (path / "one.txt").unlink()
    assert (await load(store, path))["Lima"] == 1
    for _ in range(2):
        await store.corpus.undo(by="U1", at=NOW)
    assert {topic.name: topic.articles for topic in store.corpus.topics} == first


async def test_what_only_moves_keeps_its_topics(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    first = await load_large(store, path, monkeypatch)
    moved = await load(store, path, two=story("They saw nothing.") + OSLO)
    assert (moved["Oslo"], moved["Lima"]) == (first["Oslo"], first["Lima"])
