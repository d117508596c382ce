"""The stored index: deleted articles leave nothing behind."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
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
    """Return the number of chunks, of articles in them, and of rows of postings."""
    chunks = await database.fetch("SELECT places, headlines FROM chunk")
    for row in chunks:
        assert len(row["headlines"]) == 4 * len(row["places"])
    (postings,) = await database.fetch("SELECT COUNT(*) AS rows FROM posting")
    return len(chunks), sum(len(row["places"]) // 2 for row in chunks), postings["rows"]


async def find(store: Store, words: str) -> Sequence[str]:
    answer = await store.corpus.find(words)
    assert isinstance(answer, Found | Unsure), words
    return [match.article.document for match in answer.matches]


async def test_deleted_articles_leave_nothing_behind(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers are never used again. Chunks are made small here, so that few numbers fill one."""
    monkeypatch.setattr("store.finding.chunks.CHUNK", 8)
    async with open_store(database_url) as store, open_database(database_url) as database:
        seen: list[tuple[int, int, int]] = []
        for number in range(14):
            await load(store, write(tmp_path, bell=[STAYS], news=edition(number)))
            assert store.corpus.finder.index.size == 5
            seen.append(await sizes(database))
        assert {articles for _, articles, _ in seen} == {5}
        assert max(chunks for chunks, _, _ in seen) <= 3
        assert max(rows for _, _, rows in seen[7:]) <= max(rows for _, _, rows in seen[:7])
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
        # An undo restores deleted chunks with their articles.
        await store.corpus.undo(by="U1", at=NOW, number=9)
        assert set(await find(store, "ore8 elm8 owl8")) == {"news.txt"}
        assert (await sizes(database))[1] == 5
    async with open_store(database_url) as store:
        assert store.corpus.finder.index.size == 5
        assert set(await find(store, "ore8 elm8 owl8")) == {"news.txt"}
        assert await find(store, "divers raised a bell") == ["bell.txt"]


async def test_columns_of_an_older_version_are_read_and_packed(
    database_url: str, tmp_path: Path
) -> None:
    """They had a row for every number, and zeros if the article was deleted."""
    async with open_store(database_url) as store, open_database(database_url) as database:
        await load(store, write(tmp_path, a=STORIES[:2], b=STORIES[2:]))
        await load(store, write(tmp_path, b=STORIES[2:]))
        (row,) = await database.fetch("SELECT * FROM chunk")
        places = np.frombuffer(row["places"], dtype="<u2")
        assert places.tolist() == [2, 3]
        headlines = np.zeros(4, dtype="<u8")
        headlines[places] = np.frombuffer(row["headlines"], dtype="<u8")
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE chunk SET places = NULL, headlines = $1", headlines.tobytes()
            )
    async with open_store(database_url) as store, open_database(database_url) as database:
        assert store.corpus.finder.index.numbers.tolist() == [2, 3]
        assert await find(store, "snow mountain road") == ["b.txt"]
        await load(store, write(tmp_path, b=STORIES[2:], c=STORIES[:1]))
        assert (await sizes(database))[1] == 3
        assert await find(store, "envoys behind closed doors") == ["c.txt"]


async def test_an_index_of_an_older_version_is_built_again(
    database_url: str, tmp_path: Path
) -> None:
    async with open_store(database_url) as store, open_database(database_url) as database:
        await load(
            store, write(tmp_path, a=STORIES[:2], b=["A cease-fire holds.\nYes.\nWill it?\n"])
        )
        before = {
            table: await database.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in ("chunk", "posting", "word")
        }
        async with database.transaction() as connection:
            # It knew nothing of hyphenated words in one, and had one word that is gone.
            await connection.execute("UPDATE posting SET word = 'cess' WHERE word = 'ceasefire'")
            await connection.execute("UPDATE word SET word = 'cess' WHERE word = 'ceasefire'")
            await connection.execute("UPDATE index_format SET version = 1")
    async with open_store(database_url) as store, open_database(database_url) as database:
        assert await find(store, "ceasefire") == ["b.txt"]
        for table, rows in before.items():
            again = await database.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
            assert [tuple(row) for row in again] == [tuple(row) for row in rows]
