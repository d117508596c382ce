"""App Home: what each person sees, and when it is published."""

from typing import Any

import pytest

from bot.workspace import Fault
from handlers.button_value import Value
from handlers.ids import Action, Block, Modal
from handlers.views import home as views
from handlers.views import talk
from tests.handlers.conftest import Slack, labels, texts
from tests.ids import ANA, BEN, CHLOE, GENERAL, LEADERS
from tests.machine import NOW


async def opened(slack: Slack, user: str = ANA) -> dict[str, Any]:
    delivery = await slack.workspace.open_home(user)
    assert delivery.acked
    await slack.settled()
    home = slack.workspace.home(user)
    assert home
    return home


def published(slack: Slack) -> int:
    return sum(call.method == "views.publish" for call in slack.workspace.calls)


async def test_it_shows_a_question_a_search_box_and_topics_with_their_counts(slack: Slack) -> None:
    home = await opened(slack, BEN)
    assert "Today's question" in texts([home])
    assert "Find a story" in texts([home])
    assert "Geneva" in labels(home)
    assert "Reload" not in labels(home)


async def test_the_question_stays_for_the_day(slack: Slack) -> None:
    def question(home: dict[str, Any]) -> Any:
        return home["blocks"][2]["text"]["text"]

    first = question(await opened(slack))
    slack.clock.forward(hours=9)
    assert question(await opened(slack)) == first
    seen = {first}
    for _ in range(9):
        slack.clock.forward(days=1)
        seen.add(question(await opened(slack)))
    assert len(seen) > 1


async def test_it_shows_the_question_that_the_reader_s_channel_got_today(slack: Slack) -> None:
    await slack.type("/digest on 09:00 daily UTC")
    slack.clock.forward(hours=1, minutes=1)
    await slack.parley.ticker.tick()
    (asked,) = slack.public()
    home = await opened(slack)
    assert f"Asked in <#{GENERAL}> today" in texts([home])
    assert asked["text"].removeprefix("Question of the day: ") in texts([home])


async def test_it_lists_the_schedules_of_the_reader_s_own_channels(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    await slack.type("/digest on 10:30 daily UTC", channel=LEADERS)
    home = texts([await opened(slack)])
    assert f"<#{LEADERS}>: a question at 10:30" in home
    assert f"<#{GENERAL}>: a question at 09:30" in home
    home = texts([await opened(slack, "U0CHLOE")])
    assert f"<#{GENERAL}>" in home
    assert LEADERS not in home


def asked(slack: Slack) -> int:
    return sum(call.method == "users.conversations" for call in slack.workspace.calls)


async def test_it_asks_for_the_reader_s_channels_once_a_minute(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    before = asked(slack)
    for _ in range(5):
        assert f"<#{GENERAL}>" in texts([await opened(slack, BEN)])
        await slack.type("/digest list", user=BEN)
    assert asked(slack) == before + 2
    slack.clock.forward(minutes=1)
    slack.workspace.remove(GENERAL, BEN)
    assert f"<#{GENERAL}>" not in texts([await opened(slack, BEN)])


async def test_it_shows_a_new_schedule_in_a_new_channel_at_once(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    assert LEADERS not in texts([await opened(slack)])
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    await slack.type("/digest on 10:30 daily UTC", channel=LEADERS)
    assert f"<#{LEADERS}>" in texts([await opened(slack)])


async def test_it_says_that_slack_does_not_name_the_reader_s_channels(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily UTC")
    slack.workspace.faults.add(
        Fault(method="users.conversations", kind="ratelimit", seconds=30, times=None)
    )
    home = texts([await opened(slack, BEN)])
    assert "Slack didn't say which channels you are in" in home
    assert "None of them gets a question" not in home
    slack.workspace.faults.clear()
    slack.clock.forward(minutes=1)
    assert f"<#{GENERAL}>" in texts([await opened(slack, BEN)])


async def test_search_opens_its_result(slack: Slack) -> None:
    home = await opened(slack)
    found = await slack.press_in(
        home, Action.HOME_SEARCH, block_id=Block.SEARCH, value="dokworkers"
    )
    assert found
    assert "in Gdansk ended a strike" in texts([found])
    assert labels(found) == ["Discuss in a channel", "More like this"]


async def test_search_results_are_paged_in_the_same_modal(slack: Slack) -> None:
    home = await opened(slack)
    first = await slack.press_in(home, Action.HOME_SEARCH, value="geneva")
    assert first
    second = await slack.press_in(first, Action.BRIEF_NEXT)
    assert second
    assert second["id"] == first["id"]
    assert "Match 2 of 2" in texts([second])


async def test_a_topic_opens_its_stories(slack: Slack) -> None:
    home = await opened(slack)
    found = await slack.press_in(home, f"{Action.BRIEF_TOPIC}_0")
    assert found
    assert "for “Geneva”" in texts([found])


async def test_the_question_s_story_and_its_discussion(slack: Slack) -> None:
    home = await opened(slack)
    shown = await slack.press_in(home, Action.BRIEF_PICK)
    assert shown
    assert "*Insight*" in texts([shown])
    form = await slack.press_in(shown, Action.DISCUSS_START)
    assert form
    assert form["title"]["text"] == "Start a discussion"
    assert len(slack.workspace.views.stack(ANA)) == 2


async def test_many_topics_have_pages(slack: Slack) -> None:
    names = [f"{a}{end}" for a in "BDFGKLMNPRSTVZ" for end in ("alupo", "eriki", "osuma")]
    towns = "".join(f"A visit to {name} went well.\nGood.\nWhy?\n" for name in names)
    (slack.corpus / "towns.txt").write_text(f"Towns\n{towns}")
    await slack.type("/corpus reload")
    home = await opened(slack)
    assert "Page 1 of" in texts([home])
    assert "Previous" not in labels(home)
    await slack.press_in(home, f"{Action.HOME_PAGE}_0")
    second = slack.workspace.home(ANA)
    assert second
    assert "Page 2 of" in texts([second])
    assert {"Previous", "More topics"} <= set(labels(second))


async def test_it_is_published_again_only_after_a_change(slack: Slack) -> None:
    await opened(slack)
    await opened(slack)
    await opened(slack)
    assert published(slack) == 1
    await slack.type("/digest on 09:30 daily UTC")
    await opened(slack)
    assert published(slack) == 2


async def test_a_page_published_by_another_process_is_not_overwritten(slack: Slack) -> None:
    """views.publish sends the hash of the page that the person saw, so Slack finds conflicts."""
    await opened(slack)
    await slack.type("/digest on 09:30 daily UTC")
    slack.workspace.faults.add(Fault(method="views.publish", kind="refuse", error="hash_conflict"))
    await opened(slack)
    await opened(slack)
    assert f"<#{GENERAL}>" in texts([await opened(slack)])
    calls = [call for call in slack.workspace.calls if call.method == "views.publish"]
    hashes = [call.args.get("hash") for call in calls]
    assert hashes[0] is None
    assert all(hashes[1:])


MENU = {
    "status": "revision 2",
    "history": "• *2*",
    "problems": "No problems",
    "missed": "Nobody has asked for a topic",
    "sources": "no feeds yet",
}


async def choose(slack: Slack, home: dict[str, Any], word: str) -> str:
    option = Value(words=word).encode()
    shown = await slack.press_in(home, Action.CORPUS_MORE, selected_option=option)
    assert shown
    return texts([shown])


async def test_admins_have_the_corpus_with_two_buttons_and_a_menu(slack: Slack) -> None:
    home = await opened(slack)
    assert {"Check", "Reload"} <= set(labels(home))
    (slack.corpus / "ports.txt").unlink()
    shown = await slack.press_in(home, Action.CORPUS_RELOAD)
    assert shown
    assert "1 removed. ports.txt is no longer in the folder. This is revision 2." in texts([shown])
    shown = await slack.press_in(home, Action.CORPUS_CHECK)
    assert shown
    assert "Nothing would change" in texts([shown])
    for word, reply in MENU.items():
        assert reply in await choose(slack, home, word)
    slack.forged = Value(words="undo 1").encode()
    assert "another version of me" in await choose(slack, home, "status")


async def test_the_history_has_a_button_to_undo_the_last_change(slack: Slack) -> None:
    home = await opened(slack)
    assert "Undo" not in await choose(slack, home, "history")
    (slack.corpus / "ports.txt").unlink()
    await slack.press_in(home, Action.CORPUS_RELOAD)
    await choose(slack, home, "history")
    history = slack.modal()
    assert history
    shown = await slack.press_in(history, Action.CORPUS_UNDO)
    assert shown
    assert "Revision 1 is back, as revision 3" in texts([shown])


def primary(home: dict[str, Any]) -> list[str]:
    return [
        element["text"]["text"]
        for block in home["blocks"]
        for element in block.get("elements", [])
        if element.get("style") == "primary"
    ]


@pytest.mark.parametrize("user", [ANA, BEN, CHLOE])
async def test_it_leads_with_one_sentence_and_one_primary_button(slack: Slack, user: str) -> None:
    slack.workspace.change_person(CHLOE, is_restricted=True)
    home = await opened(slack, user)
    assert "I'm Parley" in home["blocks"][0]["text"]["text"]
    assert primary(home) == ["Discuss in a channel"]


async def test_a_guest_is_not_told_to_start_a_schedule(slack: Slack) -> None:
    slack.workspace.change_person(CHLOE, is_restricted=True)
    assert "Set up a daily question" not in labels(await opened(slack, CHLOE))
    home = await opened(slack, BEN)
    assert "Set up a daily question" in labels(home)
    form = await slack.press_in(home, Action.DIGEST_SET, user=BEN)
    assert form
    assert form["callback_id"] == Modal.SCHEDULE


def without_stories(*, is_corpus_admin: bool) -> dict[str, Any]:
    nothing = views.Contents(
        today=None,
        topics=(),
        page=0,
        schedules=(),
        coming={},
        talk=talk.Contents(asked=(), articles={}, days=28, zone="UTC", now=NOW),
        revision=None,
        is_corpus_admin=is_corpus_admin,
    )
    return views.home(nothing)


def test_without_stories_an_admin_is_offered_to_load_them() -> None:
    home = without_stories(is_corpus_admin=True)
    assert primary(home) == ["Load the stories"]
    assert "Find a story" not in texts([home])


def test_without_stories_others_read_who_loads_them() -> None:
    home = without_stories(is_corpus_admin=False)
    assert not labels(home)
    assert "an admin of Parley loads them" in texts([home])
    assert "/digest" not in texts([home])


@pytest.mark.parametrize("action", [Action.CORPUS_CHECK, Action.CORPUS_RELOAD, *MENU])
async def test_a_former_admin_is_refused_at_the_button(slack: Slack, action: str) -> None:
    home = await opened(slack)
    slack.workspace.change_person(ANA, is_admin=False)
    slack.clock.forward(minutes=6)
    (slack.corpus / "ports.txt").unlink()
    if action in MENU:
        reply = await choose(slack, home, action)
    else:
        reply = texts([await slack.press_in(home, action) or {"blocks": []}])
    assert "Only Parley admins can do that" in reply
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 1
