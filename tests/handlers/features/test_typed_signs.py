"""Blanks, quotation marks and dashes as phones and word processors type them."""

import pytest

from tests.handlers.conftest import Slack, texts

SIGNS = [
    "on\u00a009:30\u00a0daily",
    "on\u2003‘09:30’ daily",
    "„on“ 09:30 « daily »",
    "on\n09:30 daily",
]


@pytest.mark.parametrize("words", SIGNS, ids=ascii)
async def test_a_schedule_is_set_up_whatever_signs_are_typed(slack: Slack, words: str) -> None:
    shown = texts(await slack.type(f"/digest {words}"))
    assert "09:30 every day" in shown
    assert "Did you mean" not in shown


@pytest.mark.parametrize("name", ["‘friday-x’", "‚friday-x‘", "“friday–x”", "'friday—x'"])
async def test_a_name_may_be_quoted(slack: Slack, name: str) -> None:
    await slack.type(f"/digest on 09:30 fri named {name}")
    shown = texts(await slack.type("/digest skip\u00a0friday-x"))
    assert shown.startswith("No post on Fri 27 Nov 2026.")


@pytest.mark.parametrize("words", ["“geneva”", "‘geneva’", "„geneva“", "« geneva »", "'geneva'"])
async def test_a_look_up_shows_its_words_without_quotation_marks(slack: Slack, words: str) -> None:
    shown = texts(await slack.type(f"/brief {words}"))
    assert "“geneva”" in shown
    assert "Zelenskiy" in shown


async def test_other_commands_take_any_blank_too(slack: Slack) -> None:
    plain, odd = await slack.type("/corpus status"), await slack.type("/corpus ‘status’\u00a0")
    assert texts(plain)[:40] == texts(odd)[:40]
    assert "Sources" in texts(await slack.type("/corpus sources\u3000list"))
