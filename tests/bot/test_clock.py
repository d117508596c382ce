"""The clock that follows the local workspace's clock."""

from pathlib import Path

from bot.app import assemble
from bot.clock import FollowingClock
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Workspace
from tests.handlers.conftest import write_corpus
from tests.machine import NOW, running_clock


async def test_the_first_load_uses_the_followed_clock(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        clock = FollowingClock(f"{workspace.url}page/clock")
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            database_url=f"sqlite:///{tmp_path}/parley.db",
            corpus_dir=write_corpus(tmp_path / "corpus"),
        )
        async with assemble(settings, clock=clock) as parley:
            revision = parley.store.corpus.revision
    assert revision
    assert revision.loaded_at.date() == NOW.date()
