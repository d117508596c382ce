"""The stored index: deleted articles leave nothing behind."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from store import Store, open_store
from store.db import Database, open_database
from store.types import Found, Unsure
from tests.machine import NOW
from tests.store.loading.test_revisions import STORIES, load, write

STAYS = "Divers raised a bell from the harbour floor.\nIt rang for storms.\nWho should own it?\n"


def edition(number: int) -> list[str]:
    """Return four stories that share no rare word with those of another edition."""
    return [
        f"{story.split('.')[0]} {' '.join(f'{word}{number}' for word in ('ore', 'elm', 'owl'))}.\n"
        f"Insight {number}.\nWhat of edition {number}?\n"
        for story in STORIES
    ]


async def sizes(database: Database) -> tuple[int, int, int]:
    """Return the number of segments, of articles in them, and of words in each of them."""
    rows = await database.fetch("SELECT numbers, headlines, words FROM segment")
    for row in rows:
        assert len(row["headlines"]) == 2 * len(row["numbers"])
    articles = sum(len(row["numbers"]) // 4 for row in rows)
    return len(rows), articles, sum(len(row["words"].split()) for row in rows)


async def find(store: Store, words: str) -> Sequence[str]:
    answer = await store.corpus.find(words)
    assert isinstance(answer, Found | Unsure), words
    return [match.article.document for match in answer.matches]


async def test_deleted_articles_leave_nothing_behind(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers are never used again. Segments are made small here, so that few numbers fill one."""
    monkeypatch.setattr("store.finding.segments.SIZE", 8)
    monkeypatch.setattr("store.loading.revisions._FORGOTTEN_AT_ONCE", 2)
    async with open_store(database_url) as store, open_database(database_url) as database:
        seen: list[tuple[int, int, int]] = []
        for number in range(14):
            await load(store, write(tmp_path, bell=[STAYS], news=edition(number)))
            assert store.corpus.finder.index.size == 5
            seen.append(await sizes(database))
        assert {articles for _, articles, _ in seen} == {5}
        assert max(segments for segments, _, _ in seen) <= 3
        assert max(words for _, _, words in seen[7:]) <= max(words for _, _, words in seen[:7])
        (last,) = await database.fetch(
            "SELECT next_number FROM revision ORDER BY number DESC LIMIT 1"
        )
        assert last["next_number"] >= 50
        # Revisions that can no longer be restored leave nothing behind either.
        (past,) = await database.fetch("SELECT COUNT(*) AS rows FROM past_article")
        assert past["rows"] <= 10 * 5
        assert await find(store, "divers raised a bell") == ["bell.txt"]
        assert await find(store, "harbour floor storms") == ["bell.txt"]
        assert set(await find(store, "ore13 elm13 owl13")) == {"news.txt"}
        assert "ore12" not in store.corpus.finder.index.vocabulary
        # An undo restores deleted segments with their articles.
        await store.loads.undo(by="U1", at=NOW, number=9)
        assert set(await find(store, "ore8 elm8 owl8")) == {"news.txt"}
        assert (await sizes(database))[1] == 5
    async with open_store(database_url) as store:
        assert store.corpus.finder.index.size == 5
        assert set(await find(store, "ore8 elm8 owl8")) == {"news.txt"}
        assert await find(store, "divers raised a bell") == ["bell.txt"]


async def test_an_index_of_an_older_version_is_built_again(
    database_url: str, tmp_path: Path
) -> None:
    async with open_store(database_url) as store, open_database(database_url) as database:
        await load(
            store, write(tmp_path, a=STORIES[:2], b=["A cease-fire holds.\nYes.\nWill it?\n"])
        )
        before = await database.fetch("SELECT * FROM segment")
        async with database.transaction() as connection:
            # It knew nothing of hyphenated words in one.
            await connection.execute(
                "UPDATE segment SET words = REPLACE(words, 'ceasefire', 'ceasefir')"
            )
            await connection.execute("UPDATE index_format SET version = 1")
    async with open_store(database_url) as store, open_database(database_url) as database:
        assert await find(store, "ceasefire") == ["b.txt"]
        again = await database.fetch("SELECT * FROM segment")
        assert [tuple(row) for row in again] == [tuple(row) for row in before]
