"""/digest talk and App Home: which questions got people talking."""

from typing import Any

import pytest

from bot.workspace import Fault
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


async def test_it_shows_what_was_talked_about_by_weekday_and_topic(slack: Slack) -> None:
    """Two questions on a Tuesday and one on a Wednesday."""
    busy, quiet = await ask(slack), await ask(slack)
    await reply(slack, busy, ANA, BEN, ANA)
    await reply(slack, quiet, CHLOE)
    slack.clock.forward(days=1)
    await ask(slack)
    for _ in range(3):
        await later(slack, minutes=1)
    await later(slack, days=1)
    (shown,) = await slack.type("/digest talk")
    assert table(shown, "Weekday") == [
        ["Tuesday", "2", "2.0", "1.5"],
        ["Wednesday", "1", "0.0", "0.0"],
    ]
    text = texts([shown])
    assert text.index("3 replies by 2 people") < text.index("1 reply by 1 person")
    assert "Tue 24 Nov 2026" in text
    assert "Replies counted for 3 of 3 questions" in text


async def test_a_table_fits_on_a_phone(slack: Slack) -> None:
    await reply(slack, await ask(slack), BEN)
    await later(slack, days=1)
    (shown,) = await slack.type("/digest talk")
    lines = [
        line
        for block in shown["blocks"]
        for part in block.get("elements", [])
        if part.get("type") == "rich_text_preformatted"
        for line in part["elements"][0]["text"].splitlines()
    ]
    assert lines
    assert max(map(len, lines)) <= 36


async def test_before_the_first_question_it_says_how_to_begin(slack: Slack) -> None:
    (shown,) = await slack.type("/digest talk")
    assert "I asked nothing" in shown["text"]
    assert "/discuss" in shown["text"]


async def test_a_new_question_is_too_new(slack: Slack) -> None:
    await ask(slack)
    (shown,) = await slack.type("/digest talk")
    assert "counted for 0 of 1 question" in texts([shown])
    assert "1 too new" in texts([shown])
    assert not table(shown, "Weekday")


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
