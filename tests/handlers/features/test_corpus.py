"""/corpus and its restriction to admins."""

import asyncio
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.observability.metrics import Metrics
from bot.workspace import Fault
from handlers.ids import Action
from handlers.parsing.sub_commands import CorpusWord
from handlers.slack.directory import UNKNOWN
from store.corpus.loads import Reload
from store.types import FailedLoad, Problem, UserId
from store.version import VERSION
from tests.conftest import Children
from tests.handlers.conftest import Slack, dm, texts, under
from tests.ids import ANA, BEN, GENERAL, RANDOM, TEAM
from tests.machine import NOW


async def test_status_says_what_is_loaded(slack: Slack) -> None:
    (answer,) = await slack.type("/corpus status")
    assert "2 documents with 3 stories are loaded: revision 1" in answer["text"]
    assert "3 different questions, 4 topics, " in answer["text"]
    assert f" Parley {VERSION}." in answer["text"]
    assert answer["ephemeral"]


async def test_status_counts_a_single_document(slack: Slack) -> None:
    (slack.corpus / "ports.txt").unlink()
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/corpus status")
    assert answer["text"].startswith("1 document with 2 stories is loaded: revision 2")


async def test_problems_are_listed_before_loading(slack: Slack) -> None:
    (answer,) = await slack.type("/corpus problems")
    assert answer["text"] == "No problems. 2 documents can be loaded."
    (slack.corpus / "bad.txt").write_text("Only a headline\n")
    (answer,) = await slack.type("/corpus problems")
    assert answer["text"].startswith("1 problem. 2 documents can be loaded.")
    assert "bad.txt:1: has a headline and no article below it" in texts([answer])


async def test_a_broken_document_is_named_and_the_others_are_loaded(slack: Slack) -> None:
    (slack.corpus / "bad.txt").write_text("Only a headline & <!channel>\n")
    (slack.corpus / "good.txt").write_text("One\nA.\nB.\nC?\n")
    (answer,) = await slack.type("/corpus check")
    assert "*Not loaded*" in texts([answer])
    (answer,) = await slack.type("/corpus reload")
    assert "1 added" in answer["text"]
    assert "bad.txt:1: has a headline and no article below it" in texts([answer])
    (status,) = await slack.type("/corpus status")
    assert "bad.txt:1: has a headline and no article below it" in texts([status])
    (slack.corpus / "bad.txt").unlink()
    await slack.type("/corpus reload")
    (status,) = await slack.type("/corpus status")
    assert "bad.txt" not in texts([status])


async def test_warnings_do_not_keep_a_feed_from_being_loaded(slack: Slack) -> None:
    entries = "<item><title>Fish & chips</title></item><item></item>"
    feed = slack.corpus / "news.rss"
    feed.write_text(f"<rss version='2.0'><channel>{entries}</channel></rss>")
    ampersand = "news.rss:1: character 47: & stands by itself, which XML does not allow"
    wordless = "entry 2 has neither a title nor a text: it is left out"
    (answer,) = await slack.type("/corpus check")
    assert ampersand in texts([answer]).replace("&amp;", "&")
    (answer,) = await slack.type("/corpus reload")
    assert "2 warnings about the documents: `/corpus problems` lists them." in answer["text"]
    (answer,) = await slack.type("/corpus problems")
    assert answer["text"].startswith("2 warnings. 3 documents can be loaded.")
    assert ampersand in texts([answer]).replace("&amp;", "&")
    assert wordless in texts([answer])


async def test_missed_lists_requests_and_counts_search_misses(slack: Slack) -> None:
    (answer,) = await slack.type("/corpus missed")
    assert "no look-up came back empty" in answer["text"]
    assert "Nobody has asked for a topic." in answer["text"]
    for words in ("kubernetes", "Kubernetes", "kubernetess"):
        await slack.type(f"/brief {words}", user=BEN)
    # A person counts once a day for a topic.
    for user in (BEN, BEN, ANA):
        (missed,) = await slack.type("/brief pizza <!channel>", user=user)
        await slack.press(Action.BRIEF_ASK, missed, user=user)
    (answer,) = await slack.type("/corpus missed")
    assert "6 look-ups came back empty" in answer["text"]
    (line,) = [line for line in answer["text"].splitlines() if line.startswith("• ")]
    assert line == "• “pizza &lt;!channel&gt;”: asked for twice, last on Tue 24 Nov 2026"
    assert "kubernetes" not in texts([answer])
    assert BEN not in texts([answer])


async def test_search_misses_and_requests_expire(slack: Slack) -> None:
    """They are deleted, not only hidden from the list."""
    (missed,) = await slack.type("/brief kubernetes")
    await slack.press(Action.BRIEF_ASK, missed)
    await slack.parley.ticker.tick()
    before, store = slack.clock(), slack.parley.store
    assert await store.topic_requests.list(TEAM, since=before)
    slack.clock.forward(days=91)
    (answer,) = await slack.type("/corpus missed")
    assert "no look-up came back empty" in answer["text"]
    assert "Nobody has asked for a topic." in answer["text"]
    await slack.parley.ticker.tick()
    assert not await store.topic_requests.list(TEAM, since=before)
    assert not await store.misses.number(TEAM, since=before)


async def test_reload_names_near_duplicates(slack: Slack) -> None:
    (slack.corpus / "copy.txt").write_text((slack.corpus / "ports.txt").read_text())
    (answer,) = await slack.type("/corpus reload")
    assert "*Nearly the same*" in texts([answer])
    assert "copy.txt, story 1, and ports.txt, story 1" in texts([answer])


async def test_reload_says_what_changed(slack: Slack) -> None:
    (slack.corpus / "new.txt").write_text("New\nA summary of Lima.\nAn insight.\nA question?\n")
    (slack.corpus / "ports.txt").unlink()
    (slack.corpus / "notes.md").write_text("x")
    (answer,) = await slack.type("/corpus reload")
    assert (
        "1 added, 1 removed. ports.txt is no longer in the folder. This is revision 2."
        " `/corpus undo` brings back what was there before. 1 file of another kind ignored."
        in answer["text"]
    )
    (answer,) = await slack.type("/brief lima")
    assert "A summary of Lima." in answer["text"]
    (answer,) = await slack.type("/corpus reload")
    assert "Nothing has changed: still revision 2" in answer["text"]


@pytest.mark.parametrize(
    ("story", "reply"),
    [("One\nA.\nB.\nC?\n", "4 stories, 1 added"), ("Only a headline\n", "has a headline and no")],
)
async def test_a_reload_that_outlives_its_response_url_answers_in_a_direct_message(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, story: str, reply: str
) -> None:
    (slack.corpus / "one.txt").write_text(story)
    load = slack.parley.store.loads.reload

    async def slow(*args: Any, **options: Any) -> Reload:
        slack.clock.forward(minutes=31)
        return await load(*args, **options)

    monkeypatch.setattr(slack.parley.store.loads, "reload", slow)
    assert not await slack.type("/corpus reload")
    assert reply in texts(slack.public(dm(ANA)))


async def test_a_broken_document_is_named_and_changes_nothing(slack: Slack) -> None:
    (slack.corpus / "bad.txt").write_text("Only a headline & <!channel>\n")
    (answer,) = await slack.type("/corpus reload")
    assert "Nothing has changed: still revision 1" in answer["text"]
    assert "bad.txt:1: has a headline and no article below it" in texts([answer])
    (answer,) = await slack.type("/corpus status")
    assert "revision 1" in answer["text"]


async def fail_load(slack: Slack, admin: UserId = ANA) -> None:
    problem = Problem(
        path=PurePosixPath("bad & <b>.txt"),
        line=1,
        message="has a headline and no article below it",
    )
    failed_load = FailedLoad(at=slack.clock(), problem=problem, more=2)
    await slack.parley.store.failed_loads.note(slack.corpus, failed_load, admins=[(TEAM, admin)])


async def test_a_failed_load_of_the_watched_folder_is_shown_until_it_loads(
    slack: Slack,
) -> None:
    """Even a bot that does not watch the folder itself shows it."""
    assert not slack.settings.corpus_watch
    shown = "bad &amp; &lt;b&gt;.txt:1: has a headline and no article below it"
    await fail_load(slack)
    (answer,) = await slack.type("/corpus status")
    assert f"{shown}\\n… and 2 problems more" in texts([answer])
    await slack.workspace.open_home(ANA)
    await slack.workspace.open_home(BEN)
    await slack.settled()
    homes = {user: slack.workspace.home(user) or {} for user in (ANA, BEN)}
    assert shown in texts([homes[ANA]])
    assert shown not in texts([homes[BEN]])
    assert "parley_corpus_refused 1.0" in await metrics_page(slack)
    await slack.type("/corpus reload")
    (answer,) = await slack.type("/corpus status")
    assert "bad" not in texts([answer])
    assert "parley_corpus_refused 0.0" in await metrics_page(slack)


async def metrics_page(slack: Slack) -> str:
    return (await Metrics().page(slack.parley.store, slack.clock())).decode()


async def test_an_admin_is_notified_once_of_a_failed_load(slack: Slack) -> None:
    for _ in range(3):
        await fail_load(slack)
        await slack.parley.ticker.tick()
        slack.clock.forward(minutes=1)
    (reply,) = slack.workspace.messages(dm(ANA), ANA)
    assert "bad &amp; &lt;b&gt;.txt:1: has a headline" in reply["text"]
    assert "and 2 problems more: `/corpus problems`" in reply["text"]


async def test_an_admin_who_cannot_be_reached_is_tried_once(slack: Slack) -> None:
    for _ in range(3):
        await fail_load(slack, UserId("U0GONE"))
        await slack.parley.ticker.tick()
        slack.clock.forward(minutes=1)
    tried = [call for call in slack.workspace.calls if call.method == "chat.postMessage"]
    assert len(tried) == 1
    assert 'parley_posts{state="failed"} 1.0' in await metrics_page(slack)


async def test_check_says_what_would_change_and_changes_nothing(slack: Slack) -> None:
    (slack.corpus / "new.txt").write_text("New & <!here>\nLima waits.\nAn insight.\nA question?\n")
    (slack.corpus / "ports.txt").unlink()
    (answer,) = await slack.type("/corpus check")
    assert "documents (1 added, 1 removed) and stories (1 added" in answer["text"]
    assert "*Added*: new.txt" in texts([answer])
    assert "New &amp; &lt;!here&gt;" in texts([answer])
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 1
    (slack.corpus / "bad.txt").write_text("Only a headline\n")
    (answer,) = await slack.type("/corpus check")
    assert "bad.txt:1: has a headline and no article below it" in texts([answer])


async def test_check_says_what_happens_to_the_schedules(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    slack.workspace.invite(RANDOM, slack.workspace.bot_user_id)
    await slack.type("/digest on 09:30 daily about geneva", channel=RANDOM)
    (slack.corpus / "ports.txt").unlink()
    (answer,) = await slack.type("/corpus check")
    assert under("Schedules", answer) == [
        f"• <#{GENERAL}>: of its next 3 posts, 1 would be lost. 2 stories were never posted there",
        f"• <#{RANDOM}>: of its next 2 posts, none would be lost."
        " 2 stories were never posted there",
    ]


async def test_check_says_what_schedules_have_left_if_nothing_changes(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    (answer,) = await slack.type("/corpus check")
    assert under("Schedules", answer) == [
        f"• <#{GENERAL}>: of its next 3 posts, none would be lost."
        " 3 stories were never posted there"
    ]


async def test_check_lists_near_duplicates(slack: Slack) -> None:
    copy = (slack.corpus / "ports.txt").read_text().replace("Dockworkers", "The dockworkers")
    (slack.corpus / "copy.txt").write_text(copy.replace("make night", "make the night"))
    (answer,) = await slack.type("/corpus check")
    assert under("Nearly the same", answer) == [
        "• the story of copy.txt, story 1, and ports.txt, story 1: “The dockworkers in Gdansk ended"
        " a strike over night shifts.”",
        "• the question of copy.txt, story 1, and ports.txt, story 1: “What would make the night"
        " work fair?”",
    ]


async def test_undo_restores_the_previous_revision(slack: Slack) -> None:
    (slack.corpus / "new.txt").write_text("New\nA summary of Lima.\nAn insight.\nA question?\n")
    await slack.type("/corpus reload")
    slack.clock.forward(minutes=2)
    (answer,) = await slack.type("/corpus undo")
    assert "Revision 1 is back, as revision 3: 3 stories; 1 removed" in answer["text"]
    (answer,) = await slack.type("/brief lima")
    assert "A summary of Lima." not in answer["text"]
    (answer,) = await slack.type("/corpus undo")
    assert answer["text"] == (
        "Nothing to undo: there is no earlier load of the folder. The history lists what can be"
        " brought back by its number."
    )
    (answer,) = await slack.type("/corpus history")
    at, style = int(NOW.timestamp()), "{date_short_pretty} at {time}"
    lines = [
        "• *3* (revision 1 again): 3 stories; 1 removed, in new.txt;"
        f" <!date^{at + 120}^{style}|Tue 24 Nov 2026, 08:02 UTC>, by <@{ANA}>",
        "• *2*: 4 stories; 1 added, in new.txt;"
        f" <!date^{at}^{style}|Tue 24 Nov 2026, 08:00 UTC>, by <@{ANA}>",
        "• *1*: 3 stories; 3 added;"
        f" <!date^{at}^{style}|Tue 24 Nov 2026, 08:00 UTC>, at the terminal",
    ]
    assert answer["text"].split("\n")[1:] == lines
    assert [block["text"]["text"] for block in answer["blocks"][1:]] == lines


async def test_the_button_of_a_history_takes_back_only_what_its_history_shows(
    slack: Slack,
) -> None:
    for count in range(2):
        (slack.corpus / f"{count}.txt").write_text(f"{count}\nOn Lima {count}.\nSo.\nWhy?\n")
        await slack.type("/corpus reload")
    (old,) = await slack.type("/corpus history")
    await slack.press(Action.CORPUS_UNDO, old)
    assert "Revision 2 is back, as revision 4" in texts([slack.modal() or {}])
    await slack.press(Action.CORPUS_UNDO, old)
    again = slack.modal() or {}
    assert "Nothing was taken back, because there was another change" in texts([again])
    assert "*4* (revision 2 again)" in texts([again])
    await slack.press_in(again, Action.CORPUS_UNDO)
    assert "Revision 1 is back, as revision 5" in texts([slack.modal() or {}])
    (slack.corpus / "2.txt").write_text("Two\nOn Lima.\nSo.\nWhy?\n")
    await slack.type("/corpus reload")
    await slack.press(Action.CORPUS_UNDO, old)
    assert "• *6*" in texts([slack.modal() or {}])
    (status,) = await slack.type("/corpus status")
    assert "revision 6" in status["text"]


async def test_a_reload_that_only_moves_stories_says_so(slack: Slack) -> None:
    (slack.corpus / "ports.txt").rename(slack.corpus / "harbours.txt")
    (answer,) = await slack.type("/corpus reload")
    assert "1 only in another place, or with another link or date." in answer["text"]
    (answer,) = await slack.type("/corpus undo")
    assert "1 only in another place" in answer["text"]


async def test_undo_restores_a_revision_by_its_number(slack: Slack) -> None:
    for name in ("one", "two"):
        (slack.corpus / f"{name}.txt").write_text(f"{name}\nOn {name} in Lima.\nSo.\nWhy?\n")
        await slack.type("/corpus reload")
    (answer,) = await slack.type("/corpus Undo  1")
    assert "Revision 1 is back, as revision 4: 3 stories; 2 removed." in (answer["text"])
    (answer,) = await slack.type("/corpus undo 2")
    assert "Revision 2 is back, as revision 5: 4 stories; 1 added" in answer["text"]
    for number in ("2", "5"):
        (answer,) = await slack.type(f"/corpus undo {number}")
        assert answer["text"] == f"Revision {number} is loaded now, so nothing would change."
    for number in ("0", "77", "999999999"):
        (answer,) = await slack.type(f"/corpus undo {number}")
        assert answer["text"] == f"There is no revision {int(number)}. Revision 5 is loaded."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("relaod", "reload"),
        ("sorces add https://example.com", "sources"),
        ("hist", "history"),
        ("feeds", "sources"),
        ("Add https://example.com/Feed", "sources add https://example.com/Feed"),
    ],
)
async def test_a_misspelt_word_is_guessed_and_not_obeyed(
    slack: Slack, typed: str, meant: str
) -> None:
    (slack.corpus / "ports.txt").unlink()
    (answer,) = await slack.type(f"/corpus {typed}")
    assert f"Did you mean `/corpus {meant}`?" in answer["text"]
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 1


async def test_a_word_like_none_is_answered_with_the_help(slack: Slack) -> None:
    (answer,) = await slack.type("/corpus xylophone")
    assert answer["text"].startswith("I don't know “xylophone”. For admins:")


@pytest.mark.parametrize("words", ["two", "-1", "1 2", "1.5", "²", "9" * 2900, "1 <!here>"])
async def test_undo_with_an_invalid_number_changes_nothing(slack: Slack, words: str) -> None:
    (slack.corpus / "ports.txt").unlink()
    await slack.type("/corpus reload")
    (answer,) = await slack.type(f"/corpus undo {words}")
    assert answer["text"] == "The number of a revision comes after undo: `/corpus undo 3`."
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 2


@pytest.mark.parametrize("words", [*CorpusWord, "undo 1", "", "nonsense"])
async def test_others_are_refused(slack: Slack, words: str) -> None:
    (slack.corpus / "ports.txt").unlink()
    (answer,) = await slack.type(f"/corpus {words}", user=BEN)
    assert answer["text"].startswith("Only Parley admins can do that")
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 1


async def test_when_slack_cannot_say_who_is_an_admin_nobody_is(slack: Slack) -> None:
    fault = Fault(method="users.info", kind="refuse", error="fatal_error", times=None)
    slack.workspace.faults.add(fault)
    (answer,) = await slack.type("/corpus reload", user=ANA)
    assert answer["text"] == UNKNOWN


@pytest.mark.parametrize("words", ["", "help", "nonsense"])
async def test_help(slack: Slack, words: str) -> None:
    (answer,) = await slack.type(f"/corpus {words}")
    assert "`/corpus reload`" in answer["text"]


async def test_an_edited_story_is_counted(slack: Slack) -> None:
    file = slack.corpus / "ports.txt"
    file.write_text(file.read_text().replace("night shifts", "the night shifts"))
    (answer,) = await slack.type("/corpus reload")
    assert "1 edited" in answer["text"]


async def test_commands_are_acked_while_a_hostile_feed_is_parsed(
    slack: Slack, children: Children
) -> None:
    """The library needs minutes to parse the feed, and holds the GIL of its process."""
    feed = "<rss version='2.0'><channel><item><description><![CDATA[{}]]></description></item>"
    (slack.corpus / "bad.rss").write_text(f"{feed}</channel></rss>".format("<!--" * 400_000))
    parsing, loop = asyncio.Event(), asyncio.get_running_loop()
    children.when_started = lambda: loop.call_soon_threadsafe(parsing.set)
    checking = asyncio.create_task(slack.type("/corpus problems"))
    await parsing.wait()
    delivery = await slack.workspace.type("/brief geneva", user=BEN, channel=RANDOM)
    assert delivery.acked
    assert not checking.done()
    children[0].kill()
    (answer,) = await checking
    assert "bad.rss: cannot be parsed: the system killed the parser" in texts([answer])
