"""Several bots on one database: one message a channel whoever dies, and all know the same."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.app import load_first
from bot.settings import Settings
from store import open_store
from store.types import Found
from tests import postgres
from tests.conftest import NOW
from tests.replicas import post_to_many


@pytest.mark.timeout(180)
async def test_each_channel_gets_one_question_though_a_bot_is_killed(
    postgres_server: str, tmp_path: Path
) -> None:
    channels = 24
    async with postgres.schema(postgres_server) as url:
        outcome = await post_to_many(
            url, tmp_path, channels=channels, replicas=3, kill_after=5, call_seconds=0.5
        )
    assert outcome.cut_off
    assert outcome.looked_up
    assert outcome.questions == Counter({1: channels})
    assert outcome.stories == Counter({1: channels})


async def test_a_reload_anywhere_is_followed(database_url: str, tmp_path: Path) -> None:
    talks = "Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next for Geneva?\n"
    (tmp_path / "talks.txt").write_text(talks)
    async with open_store(database_url) as one, open_store(database_url) as two:
        await one.corpus.reload(tmp_path, by="U1", at=NOW)
        assert not isinstance(await two.corpus.find("geneva"), Found)
        await two.corpus.follow()
        assert isinstance(await two.corpus.find("geneva"), Found)
        assert two.corpus.revision == one.corpus.revision
        # Then the other way round, and from what it followed to.
        (tmp_path / "ports.txt").write_text(talks.replace("Geneva", "Gdansk"))
        assert (await two.corpus.reload(tmp_path, by="U1", at=NOW)).added == 1
        await one.corpus.follow()
        assert isinstance(await one.corpus.find("gdansk"), Found)
        before = one.corpus.finder
        await one.corpus.follow()
        assert one.corpus.finder is before


async def test_bots_that_start_at_once_load_the_first_corpus_once(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(3)]
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(store) for store in stores]
        await asyncio.gather(*(load_first(store, Settings(), lambda: NOW) for store in opened))
        assert {store.corpus.revision and store.corpus.revision.number for store in opened} == {1}
        for store in opened:
            assert isinstance(await store.corpus.find("zelenskiy"), Found)


async def test_a_reload_starts_from_what_another_loaded(database_url: str, tmp_path: Path) -> None:
    """Reloading the same folder on a second replica changes nothing."""
    (tmp_path / "a.txt").write_text("Talks\nEnvoys met in Geneva.\nIt matters.\nWhat next?\n")
    async with open_store(database_url) as one, open_store(database_url) as two:
        await one.corpus.reload(tmp_path, by="U1", at=NOW)
        reload = await two.corpus.reload(tmp_path, by="U2", at=NOW)
        assert not reload.is_changed
        assert reload.revision.number == 1
