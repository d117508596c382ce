"""App Home: what each person sees, and when it is published."""

from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action, Block
from tests.handlers.conftest import Slack, labels, texts
from tests.ids import ANA, BEN, GENERAL, LEADERS


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
        return home["blocks"][1]["text"]["text"]

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


async def test_admins_have_the_corpus_with_its_buttons(slack: Slack) -> None:
    home = await opened(slack)
    assert {"Status", "Reload", "Problems", "Missed"} <= set(labels(home))
    (slack.corpus / "ports.txt").unlink()
    shown = await slack.press_in(home, Action.CORPUS_RELOAD)
    assert shown
    assert "0 added, 0 edited, 1 removed. This is revision 2." in texts([shown])
    for action, reply in (
        (Action.CORPUS_STATUS, "revision 2"),
        (Action.CORPUS_CHECK, "Nothing would change"),
        (Action.CORPUS_HISTORY, "• *2*"),
        (Action.CORPUS_UNDO, "Revision 1 is back, as revision 3"),
        (Action.CORPUS_PROBLEMS, "No problems"),
        (Action.CORPUS_MISSED, "Nobody has asked for a topic"),
        (Action.CORPUS_SOURCES, "0 stories from 0 feeds"),
    ):
        shown = await slack.press_in(home, action)
        assert shown
        assert reply in texts([shown])


@pytest.mark.parametrize(
    "action",
    [
        Action.CORPUS_STATUS,
        Action.CORPUS_CHECK,
        Action.CORPUS_UNDO,
        Action.CORPUS_HISTORY,
        Action.CORPUS_RELOAD,
        Action.CORPUS_PROBLEMS,
        Action.CORPUS_MISSED,
        Action.CORPUS_SOURCES,
    ],
)
async def test_a_former_admin_is_refused_at_the_button(slack: Slack, action: str) -> None:
    home = await opened(slack)
    slack.workspace.change_person(ANA, is_admin=False)
    slack.clock.forward(minutes=6)
    (slack.corpus / "ports.txt").unlink()
    reply = await slack.press_in(home, action)
    assert reply
    assert "Only Parley admins can do that" in texts([reply])
    assert slack.parley.store.corpus.revision
    assert slack.parley.store.corpus.revision.number == 1
