"""/digest talk and App Home: which questions got people talking."""

from datetime import timedelta
from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action
from tests.handlers.conftest import Slack, texts
from tests.handlers.features.test_home import opened
from tests.handlers.jobs.test_reply_counts import HISTORY, ask, later, reply
from tests.ids import ANA, BEN, CHLOE, GENERAL


def table(message: dict[str, Any], heading: str) -> list[list[str]]:
    """Return the rows of the table with this heading, as words; [] if there is no such table."""
    for block in message["blocks"]:
        for part in block.get("elements", []):
            if part.get("type") == "rich_text_preformatted":
                first, *rows = part["elements"][0]["text"].splitlines()
                if first.startswith(heading):
                    return [row.split() for row in rows]
    return []


async def later_by_minutes(slack: Slack, minutes: int) -> None:
    for _ in range(minutes):
        await later(slack, minutes=1)


async def test_it_shows_what_was_talked_about_by_weekday_and_topic(slack: Slack) -> None:
    """Three questions on a Tuesday, three on the Wednesday, and one on the Thursday."""
    busy, quiet, _ = [await ask(slack) for _ in range(3)]
    await reply(slack, busy, ANA, BEN, ANA, ANA, BEN)
    await reply(slack, quiet, CHLOE)
    for number in (3, 1):
        await later(slack, days=1)
        for _ in range(number):
            await ask(slack)
        await later_by_minutes(slack, 3)
    await later(slack, days=1)
    (shown,) = await slack.type("/digest talk")
    assert table(shown, "Weekday") == [
        ["Tuesday", "3", "2.0", "1.0"],
        ["Wednesday", "3", "0.0", "0.0"],
    ]
    assert all(int(row[-3]) >= 3 for row in table(shown, "Topic"))
    assert max(map(len, lines_of_tables(shown))) <= 36
    text = texts([shown])
    assert text.index("5 replies by 2 people") < text.index("1 reply by 1 person")
    assert "Tue 24 Nov 2026" in text
    assert "Replies counted for 7 of 7 questions" in text


def lines_of_tables(shown: dict[str, Any]) -> list[str]:
    return [
        line
        for block in shown["blocks"]
        for part in block.get("elements", [])
        if part.get("type") == "rich_text_preformatted"
        for line in part["elements"][0]["text"].splitlines()
    ]


async def test_two_questions_make_no_table(slack: Slack) -> None:
    for question in [await ask(slack), await ask(slack)]:
        await reply(slack, question, BEN)
    await later(slack, days=1)
    await later(slack, minutes=1)
    (shown,) = await slack.type("/digest talk")
    assert "counted for 2 of 2" in texts([shown])
    assert not lines_of_tables(shown)
    assert "table" not in texts([shown])


async def test_before_the_first_question_it_says_how_to_begin(slack: Slack) -> None:
    (shown,) = await slack.type("/digest talk")
    assert "I asked nothing" in shown["text"]
    assert "/discuss" in shown["text"]


async def test_before_the_first_count_it_says_when_that_comes(slack: Slack) -> None:
    await ask(slack)
    (shown,) = await slack.type("/digest talk")
    assert "Nothing to show yet" in shown["text"]
    tomorrow = slack.clock() + timedelta(days=1)
    assert (
        f"1 question will be counted later; the next count is <!date^{tomorrow:%s}" in shown["text"]
    )


async def test_old_questions_that_wait_for_their_turn_are_not_called_new(slack: Slack) -> None:
    for _ in range(3):
        await ask(slack)
    await later(slack, days=9)
    await ask(slack)
    (shown,) = await slack.type("/digest talk")
    text = texts([shown])
    assert "counted for 0 of 4" not in text
    assert "2 questions will be counted in the next minutes" in text
    assert "1 question will be counted later" in text


@pytest.mark.parametrize("words", ["talk about iran", "talk 7 days", "list all", "talk #random"])
async def test_words_that_cannot_narrow_it_are_not_ignored(slack: Slack, words: str) -> None:
    word, _, rest = words.partition(" ")
    (shown,) = await slack.type(f"/digest {words}")
    assert f"I can't use “{rest}”" in shown["text"]
    (shown,) = await slack.press(Action.DIGEST_GUESS, shown)
    assert {"talk": "I asked nothing", "list": "No channel"}[word] in shown["text"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("missing_scope", "`channels:history`"),
        ("not_in_channel", "no longer in the channel"),
        ("is_archived", "archived"),
        ("channel_of_next_year", "`channel_of_next_year`"),
    ],
)
async def test_it_says_what_it_could_not_read(slack: Slack, error: str, why: str) -> None:
    await ask(slack)
    slack.workspace.faults.add(Fault(method=HISTORY, kind="refuse", error=error, times=None))
    for _ in range(14):
        await later(slack, days=1)
    (shown,) = await slack.type("/digest talk")
    assert "Not counted: 1" in texts([shown])
    assert why in texts([shown])


async def test_another_channel_s_questions_are_not_shown(slack: Slack) -> None:
    await reply(slack, await ask(slack), BEN)
    await later(slack, days=1)
    (shown,) = await slack.type("/digest talk", channel="C0RANDOM")
    assert "I asked nothing" in shown["text"]
    (shown,) = await slack.type("/digest talk", channel="D0ANA")
    assert f"<#{GENERAL}>" in texts([shown])


async def test_app_home_shows_it_for_the_person_s_channels(slack: Slack) -> None:
    await slack.type("/digest on 09:30 daily")
    assert "got people talking" not in texts([await opened(slack)])
    await reply(slack, await ask(slack), BEN)
    await later(slack, days=1)
    home = texts([await opened(slack)])
    assert "What got people talking" in home
    assert f"*1 reply by 1 person* in <#{GENERAL}>" in home
    stranger = slack.workspace.add_person("Dana")
    assert "got people talking" not in texts([await opened(slack, stranger.id)])
