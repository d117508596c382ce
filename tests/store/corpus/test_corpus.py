"""Searching what is loaded, also while another process loads something else."""

from pathlib import Path

import pytest

from store import Store, open_store
from store.db import open_database
from store.types import Found, ParleyError
from tests.ids import C1, T1
from tests.store.corpus.folders import TALKS, folder, load, loaded


async def test_nothing_is_loaded_at_first(store: Store) -> None:
    assert store.corpus.revision is None
    assert await store.choice.next(T1, C1) is None


async def test_search_finds_edits_of_another_process_before_following(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it has to read a story that is not in memory."""
    monkeypatch.setattr("store.finding.finder.CACHED_CHARACTERS", 0)
    path = folder(tmp_path, talks=TALKS)
    async with open_store(database_url) as one, open_store(database_url) as two:
        await load(one, path)
        await two.revisions.follow()
        edited = TALKS.replace("It matters", "It matters in Lagos")
        await load(one, folder(tmp_path, talks=edited))
        _, (article,) = await loaded(two)
        assert article.insight == "It matters in Lagos."
        await two.revisions.follow()
        assert two.corpus.topics == one.corpus.topics
        assert "Lagos" in [topic.name for topic in two.corpus.topics]


@pytest.mark.parametrize("in_memory", [0, 100_000])
async def test_a_search_reads_no_story_of_another_revision(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    """The index in memory contains a story that was removed since."""
    monkeypatch.setattr("store.finding.finder.CACHED_CHARACTERS", in_memory)
    path = folder(tmp_path, talks=TALKS, trade=TALKS.replace("met", "traded"))
    async with open_store(database_url) as one, open_store(database_url) as two:
        await load(one, path)
        await two.revisions.follow()
        assert isinstance(await two.corpus.find("geneva", limit=1), Found)
        await load(one, folder(tmp_path, trade=TALKS.replace("met", "traded again")))
        _, articles = await loaded(two)
        again = " again" if not in_memory else ""
        assert sorted(one.summary for one in articles) == [
            "Envoys met in Geneva.",
            f"Envoys traded{again} in Geneva.",
        ]
        await two.revisions.follow()
        assert await loaded(two) == await loaded(one)


async def test_a_story_is_read_again_after_another_process_has_loaded(
    database_url: str, tmp_path: Path
) -> None:
    """A feed that only changes its links makes no revision."""
    async with open_store(database_url) as one, open_store(database_url) as two:
        await load(one, folder(tmp_path, talks=TALKS))
        await two.revisions.follow()
        assert (await loaded(two))[1][0].url is None
        async with open_database(database_url) as database, database.transaction() as connection:
            await connection.execute("UPDATE article SET url = 'https://news.example/new'")
        await load(one, folder(tmp_path, trade=TALKS.replace("Geneva", "Lagos")))
        await two.revisions.follow()
        assert (await loaded(two))[1][0].url == "https://news.example/new"


async def test_a_damaged_index_is_reported(database_url: str, tmp_path: Path) -> None:
    async with open_store(database_url) as store:
        await load(store, folder(tmp_path, talks=TALKS))
    async with open_database(database_url) as database, database.transaction() as connection:
        await connection.execute("UPDATE article SET number = number + 100")
    async with open_store(database_url) as store:
        with pytest.raises(ParleyError, match="is damaged: restore a backup"):
            await store.corpus.find("geneva")
