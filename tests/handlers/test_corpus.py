"""/corpus: for admins, and only them."""

import pytest

from bot.workspace import Fault
from tests.handlers.conftest import ANA, BEN, Slack, texts


async def test_status_says_what_is_loaded(slack: Slack) -> None:
    (answer,) = await slack.type("/corpus status")
    assert "2 documents with 3 stories are loaded: revision 1" in answer["text"]
    assert answer["ephemeral"]


async def test_reload_says_what_changed(slack: Slack) -> None:
    (slack.corpus / "new.txt").write_text("New\nA summary of Lima.\nAn insight.\nA question?\n")
    (slack.corpus / "ports.txt").unlink()
    (slack.corpus / "notes.md").write_text("x")
    (answer,) = await slack.type("/corpus reload")
    assert (
        "1 added, 1 removed. This is revision 2. 1 file of another kind ignored." in answer["text"]
    )
    (answer,) = await slack.type("/brief lima")
    assert "A summary of Lima." in answer["text"]
    (answer,) = await slack.type("/corpus reload")
    assert "Nothing has changed: still revision 2" in answer["text"]


async def test_a_broken_document_is_named_and_changes_nothing(slack: Slack) -> None:
    (slack.corpus / "bad.txt").write_text("Only a headline & <!channel>\n")
    (answer,) = await slack.type("/corpus reload")
    assert "The corpus stays as it was: 1 problem" in answer["text"]
    assert "bad.txt:1: has a headline and no article below it" in texts([answer])
    (answer,) = await slack.type("/corpus status")
    assert "revision 1" in answer["text"]


@pytest.mark.parametrize("words", ["status", "reload", "", "help", "nonsense"])
async def test_others_are_refused(slack: Slack, words: str) -> None:
    (slack.corpus / "ports.txt").unlink()
    (answer,) = await slack.type(f"/corpus {words}", user=BEN)
    assert answer["text"].startswith("Only admins may do that")
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 1


async def test_when_slack_cannot_say_who_is_an_admin_nobody_is(slack: Slack) -> None:
    slack.workspace.faults.add(Fault(method="users.info", kind="refuse", error="fatal_error"))
    (answer,) = await slack.type("/corpus reload", user=ANA)
    assert "I cannot ask Slack whether you are an admin" in answer["text"]


@pytest.mark.parametrize("words", ["", "help", "nonsense"])
async def test_help(slack: Slack, words: str) -> None:
    (answer,) = await slack.type(f"/corpus {words}")
    assert "`/corpus reload`" in answer["text"]
