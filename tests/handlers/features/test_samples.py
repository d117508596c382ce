"""The warning that only sample stories are loaded."""

import logging
import shutil
from pathlib import Path

import pytest

from handlers.ids import Action
from handlers.views.samples import warning
from store import samples
from tests.conftest import write_corpus
from tests.handlers.conftest import Slack, texts
from tests.handlers.features.test_schedule_form import edited
from tests.ids import ANA, GENERAL, RANDOM


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return Path(shutil.copytree(samples.STARTER, tmp_path / "corpus"))


@pytest.fixture
def bot_database(tmp_path: Path) -> str:
    """A new database, so that the bot loads the folder."""
    return f"sqlite:///{tmp_path}/new.db"


def form(slack: Slack) -> str:
    modal = slack.modal()
    assert modal
    return texts([modal])


async def test_the_warning_is_shown_wherever_a_schedule_is_set_up(slack: Slack) -> None:
    assert warning() in texts(await slack.type("/digest on 09:30"))
    (offer,) = await slack.type("/digest on 09:30", channel=RANDOM)
    joined = await slack.press(Action.DIGEST_JOIN, offer, channel=RANDOM)
    assert warning() in texts(joined)
    modal = await edited(slack)
    assert warning() in form(slack)
    # The schedule changes while the form is open, so the form shows the change before it saves.
    await slack.type("/digest on 10:30")
    await slack.submit(modal)
    assert "Not saved yet" in form(slack)
    assert warning() in form(slack)
    await slack.submit(modal)
    confirmed = texts(slack.workspace.messages(GENERAL, ANA)[-1:])
    assert "will get a question" in confirmed
    assert warning() in confirmed
    for words in ("status", "reload"):
        assert warning() in texts(await slack.type(f"/corpus {words}"))


async def test_there_is_no_warning_with_own_stories(slack: Slack) -> None:
    shutil.rmtree(slack.corpus)
    write_corpus(slack.corpus)
    shown = await slack.type("/corpus reload") + await slack.type("/corpus status")
    shown += await slack.type("/digest on 09:30")
    await edited(slack)
    assert "sample" not in texts(shown) + form(slack)
    await slack.type("/corpus undo")
    assert warning() in texts(await slack.type("/digest on 10:00"))


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the start of the bot warned of, whatever level other tests left the log at."""
    records = caplog.get_records("setup")
    return [one for one in records if one.name == "bot.app" and one.levelname == "WARNING"]


@pytest.mark.usefixtures("slack")
async def test_the_log_warns_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    (said,) = warnings(caplog)
    assert "sample stories that come with Parley, which are about a war" in said.getMessage()
    assert "set CORPUS_DIR" in said.getMessage()


class TestDemo:
    """The demo always uses sample stories: only its page has a hint."""

    @pytest.fixture
    def is_demo(self) -> bool:
        return True

    async def test_there_is_no_warning(
        self, slack: Slack, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert "sample" not in texts(await slack.type("/digest on 09:30"))
        await edited(slack)
        assert "sample" not in form(slack)
        assert not warnings(caplog)
