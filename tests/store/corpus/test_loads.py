"""Loading and reloading the folder, and keeping the old stories if a load fails."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.types import CorpusInvalidError, Found, Nothing, Unsure
from tests.machine import NOW
from tests.store.corpus.folders import OTHER, TALKS, folder, load, loaded

TEXTS = ["Rain fell.", "Rain fell again.", "A ferry sank.", "Snow, rain and a ferry.", "Wind."]
FOLDERS = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4), min_size=1
)


async def test_a_reload_reports_what_changed(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS, trade=TALKS.replace("Geneva", "Lagos"))
    assert await load(store, path) == (2, 0, 0)
    assert await load(store, path) is None
    folder(tmp_path, trade=TALKS.replace("Geneva", "Quito"), more=OTHER)
    assert await load(store, path) == (1, 1, 0)
    folder(tmp_path, trade=OTHER.replace("ferry", "tram"))
    assert await load(store, path) == (1, 0, 1)
    assert store.corpus.revision
    assert (store.corpus.revision.number, store.corpus.revision.articles) == (3, 3)
    assert isinstance(await store.corpus.find("tram"), Found)


async def test_a_broken_folder_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS)
    await load(store, path)
    before = await loaded(store)
    folder(tmp_path, talks=TALKS + "Only a summary.\n")
    with pytest.raises(CorpusInvalidError, match=r"talks\.txt:5: "):
        await load(store, path)
    assert await loaded(store) == before


async def test_a_broken_document_stays_as_it_was(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS, trade=TALKS.replace("Geneva", "Lagos"))
    await load(store, path)
    folder(tmp_path, talks=TALKS + "Only a summary.\n", trade=OTHER)
    reload = await store.loads.reload(path, by="U1", at=NOW)
    assert [*map(str, reload.problems)] == [
        "talks.txt:5: the last article has a summary, but no insight and no question"
    ]
    assert (reload.revision.added, reload.revision.edited, reload.revision.removed) == (1, 0, 1)
    assert isinstance(await store.corpus.find("Geneva"), Found)
    assert isinstance(await store.corpus.find("ferry"), Found)
    # Once it is mended, it is loaded.
    folder(tmp_path, talks=TALKS.replace("Geneva", "Quito"))
    assert await load(store, path) == (0, 1, 0)
    assert isinstance(await store.corpus.find("Quito"), Found)


async def test_a_check_by_a_process_with_a_stale_revision(
    database_url: str, tmp_path: Path
) -> None:
    path = folder(tmp_path, talks=TALKS)
    async with open_store(database_url) as one, open_store(database_url) as two:
        await load(one, path)
        await two.revisions.follow()
        await load(one, folder(tmp_path, talks=TALKS.replace("It matters", "It matters now")))
        folder(tmp_path, talks=TALKS.replace("It matters", "It matters still"))
        checked = await two.loads.check(path, at=NOW)
        assert list(checked.edited) == ["talks.txt"]


async def test_the_same_text_in_two_documents_is_two_articles(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS, again=TALKS)
    assert await load(store, path) == (2, 0, 0)
    answer = await store.corpus.find("geneva")
    assert isinstance(answer, Found)
    ids = {match.article.id for match in answer.matches}
    assert len(ids) == 2
    folder(tmp_path, third=TALKS)
    assert await load(store, path) == (1, 0, 0)
    answer = await store.corpus.find("geneva")
    assert isinstance(answer, Found)
    assert ids < {match.article.id for match in answer.matches}


async def test_a_story_that_moves_keeps_its_id(store: Store, tmp_path: Path) -> None:
    path = folder(tmp_path, talks=TALKS)
    await load(store, path)
    before = await store.corpus.find("geneva")
    (path / "talks.txt").rename(path / "moved.txt")
    folder(tmp_path, moved=TALKS.replace("\n", "\nA new lead.\nIt leads.\nWhy lead?\n", 1))
    assert await load(store, path) == (1, 0, 0)
    after = await store.corpus.find("geneva")
    assert isinstance(before, Found)
    assert isinstance(after, Found)
    (old,), (new,) = before.matches, after.matches
    assert new.article.id == old.article.id
    assert (new.article.document, new.article.position) == ("moved.txt", 2)


@settings(max_examples=10)  # each loads up to five corpora
@given(st.lists(FOLDERS, min_size=1, max_size=4))
async def test_many_reloads_equal_one_load(
    tmp_path_factory: pytest.TempPathFactory,
    migrated: Path,
    folders: list[dict[str, list[str]]],
) -> None:
    """After any changes of the folder, the index equals that of a first load of the last state."""
    tmp = tmp_path_factory.mktemp("reloads")
    many_url, one_url = (
        f"sqlite:///{shutil.copy(migrated, tmp / name)}" for name in ("many.db", "one.db")
    )

    async def answers(store: Store) -> list[set[tuple[str, int, float]] | type[Unsure | Nothing]]:
        found = []
        for query in ("rain", "ferry", "fell again", "wind", "snow ferri", "head a"):
            answer = await store.corpus.find(query, limit=50)
            # Which three stories an unsure answer suggests depends on the order of the loads.
            found.append(
                {
                    (match.article.document, match.article.position, match.score)
                    for match in answer.matches
                }
                if isinstance(answer, Found)
                else type(answer)
            )
        return found

    async with open_store(many_url) as store:
        for number, documents in enumerate(folders):
            path = tmp / str(number)
            path.mkdir()
            for name, texts in documents.items():
                body = "".join(f"{text}\nInsight.\nWhy?\n" for text in texts)
                (path / f"{name}.txt").write_text(f"Head {name}\n{body}")
            await load(store, path)
        many = await answers(store)
    async with open_store(many_url) as store:
        assert await answers(store) == many
    async with open_store(one_url) as store:
        await load(store, path)
        assert await answers(store) == many
