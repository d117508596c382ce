"""Uploads: documents in direct messages from admins are checked, and added by a button."""

from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Fault
from handlers.features.uploads import why_unwritable
from handlers.slack.files import Files
from handlers.slack.teams import Bot, Teams
from store import samples
from store.loading.check import Check
from store.progress import Progress
from store.types import ParleyError
from tests.handlers.conftest import Slack, labels, texts
from tests.ids import ANA, BEN, T1, U1

STORY = b"Lima\nLima opens its museums.\nAn insight.\nWhat would you see first?\n"


async def upload(
    slack: Slack, name: str = "lima.txt", content: bytes = STORY, user: str = ANA
) -> dict[str, Any]:
    """Share a file with Parley, and return its answer."""
    channel = f"D{user[1:]}"
    shared = slack.workspace.share_file(name, content, user=user, channel=channel)
    answer = await slack.workspace.seen(
        channel, lambda one: one["ts"] > shared["ts"] and bool(one["text"]), user
    )
    await slack.parley.background.drain(10)
    return answer


async def add(slack: Slack, offered: dict[str, Any], *, user: str = ANA) -> dict[str, Any]:
    answers = await slack.press("corpus_add", offered, user=user, channel=f"D{user[1:]}")
    return answers[-1]


async def test_a_document_is_checked_and_added(slack: Slack) -> None:
    offered = await upload(slack)
    assert "*lima.txt* has no mistakes." in offered["text"]
    assert "documents (1 added) and stories (1 added)" in offered["text"]
    assert labels(offered) == ["Add it to the corpus"]
    assert not (slack.corpus / "lima.txt").exists()
    added = await add(slack, offered)
    assert "1 added. This is revision 2." in added["text"]
    assert (slack.corpus / "lima.txt").read_bytes() == STORY
    (answer,) = await slack.type("/brief lima museums")
    assert "Lima opens its museums." in answer["text"]


@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_long_check_shows_its_progress_and_then_its_answer(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, is_deleted: bool
) -> None:
    """The answer takes the place of the progress message, or comes alone if that was deleted."""
    monkeypatch.setattr("handlers.slack.progress._AFTER_SECONDS", (0,))
    check, channel = slack.parley.store.loads.check, f"D{ANA[1:]}"

    async def slow(*args: Any, progress: Progress, **more: Any) -> Check:
        progress.start("Reading", 4)
        progress.done = 1
        shown = await slack.workspace.seen(channel, lambda one: "Reading, 25 % …" in one["text"])
        if is_deleted:
            slack.workspace.faults.add(
                Fault(method="chat.update", kind="refuse", error="message_not_found")
            )
        seen.append(shown["ts"])
        return await check(*args, progress=progress, **more)

    seen: list[str] = []
    monkeypatch.setattr(type(slack.parley.store.loads), "check", staticmethod(slow))
    shared = slack.workspace.share_file("lima.txt", STORY, user=ANA, channel=channel)
    offered = await slack.workspace.seen(channel, lambda one: "no mistakes" in one["text"], ANA)
    await slack.parley.background.drain(10)
    assert (offered["ts"] == seen[0]) is not is_deleted
    assert labels(offered) == ["Add it to the corpus"]
    answers = [one for one in slack.workspace.messages(channel, ANA) if one["ts"] > shared["ts"]]
    assert len(answers) == 1 + is_deleted


async def test_a_document_of_the_same_name_is_replaced(slack: Slack) -> None:
    await add(slack, await upload(slack))
    edited = STORY.replace(b"opens", b"shuts")
    offered = await upload(slack, content=edited)
    assert "documents (1 edited) and stories (1 edited)" in offered["text"]
    await add(slack, offered)
    assert (slack.corpus / "lima.txt").read_bytes() == edited


OTHER = b"Oslo\nOslo shuts its opera.\nAn insight.\nWho sings now?\n"


async def headlines(slack: Slack) -> set[str]:
    """Return the headlines of the loaded stories."""
    stories = slack.parley.store.corpus.stories()
    return {story.headline async for batch in stories for story in batch}


async def test_a_button_that_would_do_something_else_by_now_shows_it_first(slack: Slack) -> None:
    first, second = await upload(slack), await upload(slack, content=OTHER)
    assert "documents (1 added) and stories (1 added)" in second["text"]
    await add(slack, first)
    asked = await add(slack, second)
    assert "Nothing was added" in asked["text"]
    assert "documents (1 edited) and stories (1 added, 1 removed)" in asked["text"]
    assert "*Stories that would be removed*: Lima" in texts([asked])
    assert (slack.corpus / "lima.txt").read_bytes() == STORY
    assert "Lima" in await headlines(slack)
    added = await add(slack, asked)
    assert "1 added, 1 removed" in added["text"]
    assert (slack.corpus / "lima.txt").read_bytes() == OTHER


async def test_a_second_press_of_the_button_changes_nothing(slack: Slack) -> None:
    offered = await upload(slack)
    again = await upload(slack)
    await add(slack, offered)
    assert "Nothing has changed: still revision 2" in (await add(slack, again))["text"]
    dropped_again = await upload(slack)
    assert "is loaded already, just as it is here" in dropped_again["text"]
    assert labels(dropped_again) == []


async def test_a_file_that_changed_in_the_folder_is_not_overwritten_unasked(slack: Slack) -> None:
    offered = await upload(slack)
    (slack.corpus / "lima.txt").write_bytes(OTHER)
    asked = await add(slack, offered)
    assert "Nothing was added" in asked["text"]
    assert "The folder has another *lima.txt*, which is not loaded." in texts([asked])
    assert (slack.corpus / "lima.txt").read_bytes() == OTHER
    await add(slack, asked)
    assert (slack.corpus / "lima.txt").read_bytes() == STORY


async def test_an_upload_takes_no_undo_back(slack: Slack) -> None:
    await add(slack, await upload(slack))
    await slack.type("/corpus undo")
    offered = await upload(slack, name="oslo.txt", content=OTHER)
    assert "documents (1 added) and stories (1 added)" in offered["text"]
    added = await add(slack, offered)
    assert "1 added. This is revision 4." in added["text"]
    assert "Oslo" in await headlines(slack)
    assert "Lima" not in await headlines(slack)


async def test_an_upload_loads_nothing_else_of_the_folder(slack: Slack) -> None:
    """A new file, an edited file and a deleted file wait for the next reload."""
    first, *_ = sorted(slack.corpus.glob("*.txt"))
    first.unlink()
    (slack.corpus / "oslo.txt").write_bytes(OTHER)
    offered = await upload(slack)
    assert "documents (1 added) and stories (1 added)" in offered["text"]
    assert "oslo" not in texts([offered])
    added = await add(slack, offered)
    assert "1 added. This is revision 2." in added["text"]
    assert "Oslo" not in await headlines(slack)
    (checked,) = await slack.type("/corpus check")
    assert "documents (1 added, 1 removed)" in checked["text"]


@pytest.mark.parametrize("more_settings", [{}, {"corpus_watch": True}])
async def test_an_upload_into_a_watched_folder_loads_the_rest_too(slack: Slack) -> None:
    is_said = "The folder is watched, so whatever" in texts([await upload(slack)])
    assert is_said is slack.settings.corpus_watch


async def test_an_upload_replaces_the_sample_stories(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = slack.parley.store.corpus.revision
    assert revision
    monkeypatch.setattr(samples, "FINGERPRINTS", {revision.fingerprint})
    offered = await upload(slack)
    assert "stories (1 added, 3 removed)" in offered["text"]
    await add(slack, offered)
    assert await headlines(slack) == {"Lima"}


async def test_a_mistake_is_named_and_there_is_no_button(slack: Slack) -> None:
    answer = await upload(slack, content=b"Only a headline\n")
    assert answer["text"].startswith("1 problem in this document; nothing was changed.")
    assert "lima.txt:1: has a headline and no article below it" in texts([answer])
    assert labels(answer) == []


@pytest.mark.parametrize("name", ["lima.pdf", "..txt", ".lima.txt", "li/ma.txt", "lima\n.txt"])
async def test_other_names_are_refused(slack: Slack, name: str) -> None:
    answer = await upload(slack, name=name)
    assert "I take documents with a plain name that ends in .txt" in answer["text"]
    assert "in .opml" in answer["text"]


async def test_only_admins_may_check_and_add(slack: Slack) -> None:
    answer = await upload(slack, user=BEN)
    assert answer["text"].startswith("Only Parley admins can do that")
    offered = await upload(slack)
    slack.workspace.people[ANA].is_admin = False
    slack.clock.forward(minutes=6)
    refused = await add(slack, offered)
    assert refused["text"].startswith("Only Parley admins can do that")
    assert not (slack.corpus / "lima.txt").exists()


async def test_a_broken_document_does_not_keep_another_from_being_added(slack: Slack) -> None:
    (slack.corpus / "bad.txt").write_text("Only a headline\n")
    offered = await upload(slack)
    assert "*lima.txt* has no mistakes." in texts([offered])
    assert "bad.txt" not in texts([offered])
    added = await add(slack, offered)
    assert "1 added" in added["text"]


async def test_a_document_that_fails_to_load_is_removed_again(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = await upload(slack)

    async def fail(*_: object, **__: object) -> None:
        raise ParleyError("The disk is full.")

    monkeypatch.setattr("store.loading.revisions.write", fail)
    refused = await add(slack, offered)
    assert refused["text"] == "The disk is full."
    assert not (slack.corpus / "lima.txt").exists()


async def test_a_folder_that_cannot_be_written_to(slack: Slack) -> None:
    offered = await upload(slack)
    (slack.corpus / ".lima.txt.part").mkdir()
    refused = await add(slack, offered)
    assert refused["text"] == "I can't write in the corpus folder: is a directory."


async def test_the_token_is_sent_only_to_slack() -> None:
    """A file may be a link to another host, which must not receive the token."""
    bot = Bot(bot_id="B1", user_id=U1, token="xoxb-secret")

    async def find(_: str) -> Bot:
        return bot

    files = Files(Teams(find, asking=AsyncWebClient, posting=AsyncWebClient))
    for file in (
        {"url_private_download": "https://evil.example/lima.txt"},
        {"url_private_download": "https://files.slack.com/lima.txt", "is_external": True},
        {"url_private_download": "https://files.slack.com.evil.example/lima.txt"},
        {"name": "lima.txt"},
    ):
        with pytest.raises(ParleyError, match="not kept by Slack"):
            await files.read(T1, file)


def test_adding_documents_needs_a_corpus_folder(tmp_path: Path) -> None:
    for path in (samples.STARTER, tmp_path / "a.txt"):
        assert "set `CORPUS_DIR`" in why_unwritable(path)
    assert not why_unwritable(tmp_path)


async def test_without_a_folder_a_document_is_checked_and_has_no_button(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = await upload(slack)
    monkeypatch.setattr(samples, "STARTER", slack.corpus)
    answer = await upload(slack)
    assert "has no mistakes: 1 story would be new." in texts([answer])
    assert "set `CORPUS_DIR`" in texts([answer])
    assert labels(answer) == []
    refused = await add(slack, offered)
    assert "set `CORPUS_DIR`" in refused["text"]
