"""Without each scope that an admin may decline, Parley works and says what is lost."""

import pytest

from bot.cli.check import check
from bot.manifest import OPTIONAL
from bot.workspace import Fault
from handlers.ids import Action
from tests.handlers.conftest import Slack, dm, labels, texts
from tests.handlers.jobs.test_posting import due, notices, questions, settle
from tests.ids import ANA, RANDOM


async def test_without_the_scope_to_join_no_channel_is_offered_to_be_joined(slack: Slack) -> None:
    slack.workspace.decline("channels:join")
    (preview,) = await slack.type("/discuss", channel=RANDOM)
    seen = await slack.press(Action.DISCUSS_POST, preview, channel=RANDOM)
    assert "/invite @Parley" in seen[-1]["text"]
    assert Action.DISCUSS_JOIN not in texts(seen)
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id)
    await slack.press(Action.DISCUSS_POST, preview, channel=RANDOM)
    assert len(slack.public(RANDOM)) == 1


async def test_without_history_an_unconfirmed_post_is_left_to_its_owner(slack: Slack) -> None:
    slack.workspace.decline("channels:history")
    await due(slack)
    slack.workspace.faults.add(Fault(method="chat.postMessage", kind="drop_after"))
    await settle(slack)
    (notice,) = notices(slack)
    assert "I lack the scope `channels:history`" in texts([notice])
    assert labels(notice) == ["Post it", "It is there"]
    assert len(questions(slack)) == 1


async def test_without_files_a_dropped_document_is_refused_in_a_sentence(slack: Slack) -> None:
    slack.workspace.decline("files:read")
    slack.workspace.share_file("lima.txt", b"Lima", user=ANA, channel=dm(ANA))
    await slack.settled()
    (*_, said) = slack.workspace.messages(dm(ANA), ANA)
    threaded = slack.workspace.messages(dm(ANA), ANA, said["ts"])
    assert "`files:read`: please put them into the corpus folder" in texts(threaded)


@pytest.mark.parametrize("scope", OPTIONAL)
async def test_check_says_what_is_lost(slack: Slack, scope: str) -> None:
    environ = {
        "SLACK_BOT_TOKEN": slack.workspace.bot_token,
        "SLACK_APP_TOKEN": slack.workspace.app_token,
        "SLACK_API_URL": slack.workspace.api_url,
        "DATABASE_URL": slack.settings.database_url,
        "CORPUS_DIR": str(slack.corpus),
    }
    found = await check(environ)
    assert "SLACK_BOT_TOKEN: has every scope of the manifest." in found.passed
    slack.workspace.decline(scope)
    found = await check(environ)
    assert f"SLACK_BOT_TOKEN: without {scope}, {OPTIONAL[scope]}." in found.warnings
    assert not found.problems
