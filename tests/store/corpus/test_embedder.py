"""Stories are embedded in the background, whatever happens in the meantime."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from store import Store, open_store
from store.corpus import embedder
from store.db import Database, open_database
from store.finding.embeddings import Embeddings, PackedVectors, embedded_texts
from store.samples import STARTER
from store.types import Article, Unsure
from tests.machine import NOW, PATIENCE
from tests.store.loading.test_revisions import load, write

PARAPHRASE = "atomic weapons of the persians"
ALARM = "Leave by the stairs and meet at the car park.\nWardens wear vests.\nMore drills?\n"
LEAVE = "Sixteen weeks are fully paid for either parent.\nTell us early.\nIn parts?\n"
LUNCH = "The canteen is open until two, and the fridge is emptied on Fridays.\nEat.\nVegan day?\n"


class Counting(Embeddings):
    """Counts the stories that are embedded. Each is embedded only once for all tests."""

    _known: ClassVar[dict[tuple[str, ...], PackedVectors]] = {}

    def __init__(self) -> None:
        model = Embeddings.load()
        assert model
        super().__init__(model._encoder, model._english)
        self.embedded: list[str] = []
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def embed_articles(self, articles: Sequence[Article]) -> PackedVectors:
        self.embedded += [article.summary for article in articles]
        self.has_begun.set()
        assert self.may_go_on.wait(PATIENCE)
        keys = [(*embedded_texts(article),) for article in articles]
        for key, article in zip(keys, articles, strict=True):
            if key not in self._known:
                self._known[key] = super().embed_articles([article])
        return np.concatenate([self._known[key] for key in keys])


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(Embeddings, "load", lambda: counting)
    return counting


async def stored(database: Database) -> list[int]:
    model = Embeddings.load()
    assert model
    rows = await database.fetch("SELECT number FROM embedding WHERE model = $1", model.id)
    return sorted(row["number"] for row in rows)


async def numbers(database: Database) -> list[int]:
    return sorted(row["number"] for row in await database.fetch("SELECT number FROM article"))


async def asks(store: Store, query: str) -> bool:
    return isinstance(await store.corpus.find(query), Unsure)


async def test_stories_are_found_by_their_words_until_they_are_embedded(
    store: Store, model: Counting
) -> None:
    await store.loads.reload(STARTER, by="U1", at=NOW)
    assert not await asks(store, PARAPHRASE)
    assert model.embedded == []
    await store.embedder.run()
    assert await asks(store, PARAPHRASE)
    await store.embedder.run()
    assert len(model.embedded) == len(set(model.embedded)) == 26


async def test_a_restart_uses_what_is_stored_and_embeds_only_new_stories(
    database_url: str, tmp_path: Path, model: Counting
) -> None:
    async with open_store(database_url) as store:
        await load(store, write(tmp_path, alarm=[ALARM], leave=[LEAVE]))
        await store.embedder.run()
    async with open_store(database_url) as store, open_database(database_url) as database:
        await store.embedder.run()
        assert len(model.embedded) == 2
        assert await asks(store, "what if there is smoke in the building")
        await load(store, write(tmp_path, alarm=[ALARM], lunch=[LUNCH]))
        assert await asks(store, "what if there is smoke in the building")
        assert not await asks(store, "time off for a newborn child")
        await store.embedder.run()
        assert len(model.embedded) == 3
        assert await asks(store, "where do we eat at noon")
        assert await stored(database) == await numbers(database)
        # An undo restores a story under its number.
        await store.loads.undo(by="U1", at=NOW)
        await store.embedder.run()
        assert await asks(store, "time off for a newborn child")
        assert await stored(database) == await numbers(database)


async def test_the_newest_stories_are_embedded_first_and_only_so_many(
    store: Store,
    database_url: str,
    tmp_path: Path,
    model: Counting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedder, "_BATCH", 1)
    monkeypatch.setattr(embedder, "_WINDOW", 1)
    monkeypatch.setattr(embedder, "MAX_STORIES", 2)
    for corpus in ({"a": [ALARM]}, {"a": [ALARM], "b": [LEAVE]}):
        await load(store, write(tmp_path, **corpus))
    await load(store, write(tmp_path, a=[ALARM], b=[LEAVE], c=[LUNCH]))
    await store.embedder.run()
    assert [text.split()[0] for text in model.embedded] == ["The", "Sixteen"]
    async with open_database(database_url) as database:
        assert await stored(database) == (await numbers(database))[1:]
    assert await asks(store, "where do we eat at noon")
    assert not await asks(store, "emergency exit")


async def test_a_cancelled_run_goes_on_where_it_stopped(
    store: Store, model: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder, "_BATCH", 5)
    await store.loads.reload(STARTER, by="U1", at=NOW)
    model.may_go_on.clear()
    running = asyncio.create_task(store.embedder.run())
    assert await asyncio.to_thread(model.has_begun.wait, PATIENCE)
    running.cancel()
    model.may_go_on.set()
    await asyncio.wait([running])
    assert running.cancelled()
    await store.embedder.run()
    assert await asks(store, PARAPHRASE)
    # At most the batch that was cancelled is embedded twice.
    assert len(set(model.embedded)) == 26
    assert len(model.embedded) <= 26 + 5


async def test_looking_at_a_database_uses_what_is_stored_and_writes_nothing(
    database_url: str, model: Counting
) -> None:
    async with open_store(database_url) as store:
        await store.loads.reload(STARTER, by="U1", at=NOW)
    async with open_store(database_url, is_looking=True) as store:
        await store.embedder.read()
        assert not await asks(store, PARAPHRASE)
    assert model.embedded == []
    async with open_store(database_url) as store:
        await store.embedder.run()
    async with open_store(database_url, is_looking=True) as store:
        await store.embedder.read()
        assert await asks(store, PARAPHRASE)


async def test_processes_share_the_work(
    database_url: str, model: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder, "_BATCH", 2)
    async with open_store(database_url) as one, open_store(database_url) as two:
        await one.loads.reload(STARTER, by="U1", at=NOW)
        await two.revisions.follow()
        await asyncio.gather(one.embedder.run(), two.embedder.run())
        assert await asks(one, PARAPHRASE)
        assert await asks(two, PARAPHRASE)
    assert len(set(model.embedded)) == 26
    assert len(model.embedded) < 2 * 26


async def test_a_revision_that_is_loaded_in_the_meantime_is_embedded_too(
    store: Store, tmp_path: Path, model: Counting
) -> None:
    await load(store, write(tmp_path, alarm=[ALARM]))
    running = asyncio.create_task(store.embedder.run())
    await load(store, write(tmp_path, alarm=[ALARM], lunch=[LUNCH]))
    await running
    await store.embedder.run()
    assert await asks(store, "where do we eat at noon")


async def test_vectors_of_another_model_are_computed_again(
    database_url: str, tmp_path: Path, model: Counting
) -> None:
    async with open_store(database_url) as store, open_database(database_url) as database:
        await load(store, write(tmp_path, alarm=[ALARM]))
        async with database.transaction() as connection:
            await connection.execute(
                "INSERT INTO embedding (number, model, vector) VALUES ($1, $2, $3)", 0, 7, b"old"
            )
        await store.embedder.run()
        assert await stored(database) == await numbers(database)
        assert await asks(store, "what if there is smoke in the building")


async def test_without_the_model_nothing_is_embedded(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Embeddings, "load", lambda: None)
    async with open_store(database_url) as store, open_database(database_url) as database:
        await store.embedder.run()
        await store.loads.reload(STARTER, by="U1", at=NOW)
        await store.embedder.run()
        assert not await database.fetch("SELECT number FROM embedding")
        assert not await asks(store, PARAPHRASE)


def test_batches_hold_every_number_once_and_the_newest_window_first() -> None:
    newest_first = [*range(5_000, 0, -1)]
    batches = [*embedder._batches(newest_first)]
    assert sorted(number for batch in batches for number in batch) == newest_first[::-1]
    window = embedder._BATCH * embedder._WINDOW
    assert {number for batch in batches[: embedder._WINDOW] for number in batch} == set(
        newest_first[:window]
    )
