"""`samples.are_loaded` recognizes the sample stories."""

import shutil
from pathlib import Path

import pytest

from store import Store, open_store, samples
from store.db.backup import backup, copy, restore
from store.loading.documents import read_corpus
from tests.machine import NOW

OWN = "Lima\nLima opens its museums.\nAn insight.\nWhat would you see first?\n"


def test_the_sample_stories_of_this_version_are_known() -> None:
    """Each edit of the sample stories adds a fingerprint; older fingerprints stay."""
    assert read_corpus(samples.STARTER).fingerprint in samples.FINGERPRINTS


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "lima.txt").write_text(OWN)
    return folder


async def load(store: Store, folder: Path) -> bool:
    await store.loads.reload(folder, by="U1", at=NOW)
    return samples.are_loaded(store.corpus.revision)


async def test_a_reload_and_an_undo_change_the_answer(store: Store, own: Path) -> None:
    assert not samples.are_loaded(store.corpus.revision), "nothing is loaded"
    assert await load(store, samples.STARTER)
    assert await load(store, samples.STARTER), "a second time changes nothing"
    assert not await load(store, own)
    for expected, number in ((True, None), (False, 2), (True, 1)):
        await store.loads.undo(by="U1", at=NOW, number=number)
        assert samples.are_loaded(store.corpus.revision) is expected


async def test_another_path_makes_no_difference_and_another_document_does(
    store: Store, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(samples.STARTER, elsewhere)
    assert await load(store, elsewhere)
    (elsewhere / "lima.txt").write_text(OWN)
    assert not await load(store, elsewhere)
    (elsewhere / "lima.txt").unlink()
    assert await load(store, elsewhere)
    next(elsewhere.iterdir()).unlink()
    assert not await load(store, elsewhere)


async def test_a_copied_database_gives_the_same_answer(database_url: str, tmp_path: Path) -> None:
    async with open_store(database_url) as store:
        await load(store, samples.STARTER)
    file, copied, restored = (tmp_path / name for name in ("backup.db", "copied.db", "restored.db"))
    await backup(database_url, file)
    await copy(database_url, f"sqlite:///{copied}")
    await restore(file, f"sqlite:///{restored}")
    for one in (copied, restored):
        async with open_store(f"sqlite:///{one}") as store:
            assert samples.are_loaded(store.corpus.revision)
