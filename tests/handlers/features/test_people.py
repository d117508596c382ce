"""Guests, strangers and deactivated people: each action works or is refused in one sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from handlers.ids import Action, Block, Field, Shortcut
from handlers.slack.directory import STRANGER
from tests.handlers.conftest import Slack, dm, texts
from tests.ids import BEN, GENERAL, RANDOM, TEAM

WHO: dict[str, dict[str, bool]] = {
    "guest": {"is_restricted": True},
    "guest of one channel": {"is_restricted": True, "is_ultra_restricted": True},
    "stranger": {"is_stranger": True, "is_admin": True},
    "deactivated": {"is_deleted": True},
}
_GUEST = "Guests can't change schedules. Please ask a member."
_ADMINS = "Only Parley admins can do that."

Way = Callable[[Slack], Awaitable[list[dict[str, Any]]]]


def command(line: str) -> Way:
    async def way(slack: Slack) -> list[dict[str, Any]]:
        return await slack.type(line, user=BEN)

    return way


async def direct(slack: Slack) -> list[dict[str, Any]]:
    where = slack.workspace._state.channels[dm(BEN)]
    where.members.add(BEN)
    return await slack.say("dockworkers", user=BEN, channel=dm(BEN))


async def at_home(slack: Slack) -> list[dict[str, Any]]:
    await slack.workspace.open_home(BEN)
    await slack.settled()
    home = slack.workspace.home(BEN)
    assert home
    return [{"text": "", "blocks": home["blocks"][:3]}]


async def discussion(slack: Slack) -> list[dict[str, Any]]:
    await slack.workspace.use_shortcut(BEN, Shortcut.DISCUSSION)
    await slack.settled()
    modal = slack.modal(BEN)
    assert modal
    if modal.get("callback_id"):
        chosen: dict[str, Any] = {
            Block.CHANNEL: {Field.CHANNEL: {"selected_conversation": GENERAL}}
        }
        errors = await slack.submit(modal, chosen, user=BEN)
        if errors:
            return [{"text": errors[Block.CHANNEL], "blocks": []}]
        modal = slack.modal(BEN)
        assert modal
    return [{"text": "", "blocks": modal["blocks"][:2]}]


async def share(slack: Slack) -> list[dict[str, Any]]:
    (answer,) = await slack.type("/brief dockworkers", user=BEN)
    await slack.press(Action.BRIEF_SHARE, answer, user=BEN)
    return slack.workspace.messages(GENERAL, BEN)[-1:]


_NORTH, _QUESTION = "Harbours of the north", "Here is a question"
WAYS: dict[str, tuple[Way, str, str, str]] = {
    # Action: (how, answer to a guest, answer to a stranger, answer to a deactivated person).
    "/brief": (command("/brief dockworkers"), _NORTH, _NORTH, _NORTH),
    "/discuss": (command("/discuss"), _QUESTION, _QUESTION, _QUESTION),
    "/digest on": (command("/digest on 09:30"), _GUEST, STRANGER, STRANGER),
    "/digest off": (command("/digest off"), _GUEST, STRANGER, STRANGER),
    "/digest list": (command("/digest list"), "No channel that you see", STRANGER, STRANGER),
    "/digest next": (command("/digest next"), "has no schedule", STRANGER, STRANGER),
    "/digest help": (command("/digest help"), "A question a day", STRANGER, STRANGER),
    "/corpus status": (command("/corpus status"), _ADMINS, _ADMINS, _ADMINS),
    "/corpus reload": (command("/corpus reload"), _ADMINS, _ADMINS, _ADMINS),
    "/corpus undo": (command("/corpus undo"), _ADMINS, _ADMINS, _ADMINS),
    "a direct message": (direct, "Harbours of the north", STRANGER, STRANGER),
    "App Home": (at_home, "Today's question", STRANGER, STRANGER),
    "the form": (command("/digest"), _GUEST, STRANGER, STRANGER),
    "Start a discussion": (discussion, "The story will be posted", STRANGER, STRANGER),
    "Share": (share, "Shared by", STRANGER, STRANGER),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", WHO)
async def test_it_works_for_them_or_is_refused_in_a_sentence(
    slack: Slack, who: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A deactivated person cannot press anything new, but an earlier request may still arrive."""
    slack.workspace.change_person(BEN, **WHO[who])
    do, guest, stranger, deactivated = WAYS[way]
    (reply,) = await do(slack)
    expected = {"stranger": stranger, "deactivated": deactivated}.get(who, guest)
    assert expected in texts([reply])
    assert not await slack.parley.store.schedules.list(TEAM)
    if who == "stranger":
        assert not slack.public()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("line", ["/brief dockworkers", "/discuss", "/digest next", "/digest list"])
async def test_commands_answer_where_parley_is_not_a_member(slack: Slack, line: str) -> None:
    (reply,) = await slack.type(line, channel=RANDOM)
    assert "Something went wrong" not in reply["text"]
