"""Old buttons of a question about a schedule that has changed since: they change nothing."""

from collections.abc import Sequence
from typing import Any

import pytest

from handlers.ids import Action
from tests.handlers.conftest import Slack, texts
from tests.handlers.features.test_named_schedules import menu
from tests.ids import ANA, CHLOE, GENERAL, TEAM

_DAILY = "/digest on 09:30 daily UTC"
_DIGEST = "/digest on 16:00 fri UTC digest 3 named friday-digest"
_CHANGED = "It has changed since, so I have done nothing. `/digest` shows what it is now."
_GUESS, _CONFIRM = Action.DIGEST_GUESS, Action.DIGEST_CONFIRM


async def ask(slack: Slack, text: str) -> dict[str, Any]:
    """Write *text* as Ana, and return the answer with its buttons."""
    answer = slack.type if text.startswith("/") else slack.say
    return (await answer(text))[-1]


async def state(slack: Slack) -> Sequence[Any]:
    """Return the schedules of the channel and their next posts."""
    store = slack.parley.store
    schedules = await store.schedules.of_channel(TEAM, GENERAL)
    return [(one, await store.planning.upcoming(one, 5)) for one in schedules]


@pytest.mark.parametrize(
    ("before", "asked", "action", "change"),
    [
        ([_DAILY], "@Parley cancel the daily question", _GUESS, "on 9:30 pm monday"),
        ([_DAILY], "@Parley pause it", _GUESS, "on 9:30 pm monday"),
        ([_DAILY], "@Parley skip the next one", _GUESS, "on 17:00 wed"),
        ([_DAILY], "@Parley skip tomorrow", _GUESS, "on 17:00 wed"),
        ([_DAILY], "@Parley move it to 10", _GUESS, "on 17:00 wed named daily-question"),
        ([_DAILY], "/digest skip 2 days", _GUESS, "on 17:00 wed"),
        ([_DAILY], "/digest off tomorrow", _GUESS, "on 17:00 wed"),
        ([_DAILY], "/digest off until friday", f"{_GUESS}_1", "on 17:00 wed"),
        ([_DAILY], "/digest off", _CONFIRM, "on 17:00 wed"),
        ([_DAILY], "/digest on 18:00 mon", _CONFIRM, "on 17:00 wed"),
        ([_DAILY], f"/digest owner <@{ANA}>", _CONFIRM, "on 17:00 wed"),
        ([_DAILY, _DIGEST], "/digest off", _GUESS, "on 17:00 wed named daily-question"),
        ([_DAILY, _DIGEST], "/digest skip", _GUESS, "on 17:00 wed named daily-question"),
        ([_DAILY, _DIGEST], "/digest off", f"{_GUESS}_2", "pause daily-question"),
        ([_DAILY, _DIGEST], "@Parley stop the posts", f"{_GUESS}_2", "pause daily-question"),
        ([_DAILY, _DIGEST], "/digest on 11:00 mon", f"{_GUESS}_1", "on daily-question 12:00"),
    ],
)
async def test_an_old_button_changes_nothing_once_the_schedule_has_changed(
    slack: Slack, before: Sequence[str], asked: str, action: str, change: str
) -> None:
    owner = CHLOE if action == _CONFIRM else ANA
    for command in before:
        await slack.type(command, user=owner)
    message = await ask(slack, asked)
    assert action in texts([message]) or action in str(message["blocks"])
    await slack.type(f"/digest {change}", user=owner)
    now = await state(slack)
    seen = await slack.press(action, message)
    assert _CHANGED in texts(seen)
    assert await state(slack) == now


@pytest.mark.parametrize("label", ["Stop", "Pause", "Skip the next one"])
async def test_an_old_menu_changes_nothing_once_the_schedule_has_changed(
    slack: Slack, label: str
) -> None:
    await slack.type(_DAILY)
    (listed,) = await slack.type("/digest")
    await slack.type("/digest on 17:00 wed")
    now = await state(slack)
    assert _CHANGED in await menu(slack, listed, label, 0)
    assert await state(slack) == now


async def test_an_old_menu_still_opens_the_form_with_what_the_schedule_is_now(
    slack: Slack,
) -> None:
    await slack.type(_DAILY)
    (listed,) = await slack.type("/digest")
    await slack.type("/digest on 17:00 wed")
    await menu(slack, listed, "Edit", 0)
    form = slack.modal()
    assert form
    assert "17:00" in str(form)


@pytest.mark.parametrize(
    ("change", "again"), [("pause", "pause until 2 Jan"), ("skip", "on 17:00 wed")]
)
async def test_taking_back_what_was_changed_again_changes_nothing(
    slack: Slack, change: str, again: str
) -> None:
    await slack.type(_DAILY)
    (done,) = await slack.type(f"/digest {change}")
    await slack.type(f"/digest {again}")
    now = await state(slack)
    assert _CHANGED in texts(await slack.press(_GUESS, done))
    assert await state(slack) == now


async def test_a_button_to_skip_the_next_post_skips_the_one_that_it_was_about(
    slack: Slack,
) -> None:
    await slack.type(_DAILY)
    asked = await ask(slack, "@Parley skip the next one")
    slack.clock.forward(hours=2)
    await slack.parley.ticker.tick()
    now = await state(slack)
    assert "out already" in texts(await slack.press(_GUESS, asked))
    assert await state(slack) == now


@pytest.mark.parametrize("asked", ["@Parley cancel the daily question", "/digest off"])
async def test_the_posts_that_come_in_between_are_no_change(slack: Slack, asked: str) -> None:
    action = _CONFIRM if asked.startswith("/") else _GUESS
    await slack.type(_DAILY, user=CHLOE if action == _CONFIRM else ANA)
    message = await ask(slack, asked)
    slack.clock.forward(hours=2)
    await slack.parley.ticker.tick()
    await slack.press(action, message)
    assert not await state(slack)
