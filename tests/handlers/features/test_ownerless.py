"""A schedule whose owner was erased still works; the next person who saves it becomes its owner."""

from typing import Any

import pytest

from bot.workspace import Fault
from handlers.ids import Action
from handlers.views.question import MENU_PAUSE, MENU_SKIP, MENU_WHY
from store.types import PostState, UserId
from tests.handlers.conftest import Slack, texts
from tests.handlers.features.test_schedule_actions import choose, tick
from tests.handlers.features.test_schedule_form import choice, edited, listed, menus, opened, values
from tests.handlers.jobs.test_posting import settle
from tests.ids import ANA, BEN, CHLOE, GENERAL, TEAM
from tests.schedules import schedule_of


@pytest.fixture
async def ownerless(slack: Slack) -> Slack:
    """A daily question in the general channel whose owner, Ben, was erased. Ana is an admin."""
    await slack.type("/digest on 09:30 daily", user=BEN)
    await slack.parley.store.personal_data.forget(TEAM, BEN)
    return slack


async def owner(slack: Slack) -> str | None:
    schedule = await schedule_of(slack.parley.store, TEAM, GENERAL)
    assert schedule
    return schedule.owner_id


async def post(slack: Slack) -> dict[str, Any]:
    slack.clock.forward(minutes=91)
    await tick(slack)
    return slack.public()[-1]


async def test_it_still_posts(ownerless: Slack) -> None:
    assert "Question of the day" in texts([await post(ownerless)])
    assert await owner(ownerless) is None


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("next", "without an owner until somebody saves it again"),
        ("preview", "Scheduled for"),
        ("list", f"<#{GENERAL}>"),
        ("skip", "No post on"),
        ("pause", "Paused"),
        ("now", "Posted an extra one"),
        ("off", "gets no more posts"),
    ],
)
@pytest.mark.parametrize("user", [ANA, BEN, CHLOE])
async def test_every_sub_command_is_answered(
    ownerless: Slack, words: str, reply: str, user: UserId
) -> None:
    seen = await ownerless.type(f"/digest {words}", user=user)
    assert reply in texts(seen)
    if words in ("skip", "pause"):
        back = "unskip" if words == "skip" else "resume"
        assert "post" in texts(await ownerless.type(f"/digest {back}", user=user))


@pytest.mark.parametrize("user", [ANA, BEN])
async def test_the_menu_of_its_posts_is_for_everybody_there(ownerless: Slack, user: UserId) -> None:
    message = await post(ownerless)
    assert "Not asked here yet (0 of" in await choose(ownerless, message, MENU_WHY, user=user)
    assert "No post on" in await choose(ownerless, message, MENU_SKIP, user=user)
    assert "Paused" in await choose(ownerless, message, MENU_PAUSE, user=user)


async def test_the_list_offers_to_change_it(ownerless: Slack) -> None:
    assert menus(await listed(ownerless, BEN)) == 1
    answer = await listed(ownerless)
    assert menus(answer) == 1
    edit = choice(answer, "Edit")
    await ownerless.press(Action.DIGEST_CHANGE, answer, selected_option=edit)
    modal = ownerless.modal()
    assert modal
    assert not await ownerless.submit(modal, values(time="11:45"))
    # The person who saves it becomes its owner.
    assert await owner(ownerless) == ANA


async def test_a_member_who_saves_the_form_owns_it(ownerless: Slack) -> None:
    modal = await edited(ownerless, user=BEN)
    assert not await ownerless.submit(modal, values(time="11:45"), user=BEN)
    assert await owner(ownerless) == BEN


async def test_a_form_that_would_replace_it_says_whose_it_is(slack: Slack) -> None:
    modal = await opened(slack, user=CHLOE)
    await slack.type("/digest on 09:30 daily", user=BEN)
    await slack.parley.store.personal_data.forget(TEAM, BEN)
    await slack.submit(modal, user=CHLOE)
    again = slack.modal(CHLOE)
    assert again
    assert "without an owner until somebody saves it again" in texts([again])


async def test_a_stop_notifies_nobody_but_is_shown_in_the_list(
    ownerless: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    ownerless.workspace.remove(GENERAL, ownerless.workspace.bot_user_id)
    ownerless.clock.forward(minutes=91)
    for _ in range(3):
        await tick(ownerless)
        ownerless.clock.forward(minutes=6)
    schedule = await schedule_of(ownerless.parley.store, TEAM, GENERAL)
    assert schedule
    assert schedule.stopped == "not_in_channel"
    assert "has no owner: a notice (stopped) is not sent" in caplog.text
    assert "stopped" in texts([await listed(ownerless)])
    ownerless.workspace.invite(GENERAL, ownerless.workspace.bot_user_id)
    assert "gets its posts again" in texts(await ownerless.type("/digest resume", user=BEN))


async def test_an_unknown_outcome_is_left_to_admins(
    ownerless: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = ownerless.workspace
    ownerless.clock.forward(minutes=91)
    workspace.faults.add(Fault(method="chat.postMessage", kind="drop_after"))
    workspace.faults.add(
        Fault(method="conversations.history", kind="refuse", error="missing_scope", times=999)
    )
    await settle(ownerless)
    schedule = await schedule_of(ownerless.parley.store, TEAM, GENERAL)
    assert schedule
    last = await ownerless.parley.store.posts.last_scheduled(schedule, now=ownerless.clock())
    assert last
    assert last.state is PostState.UNKNOWN
    assert "has no owner: a notice (unsure) is not sent" in caplog.text


async def test_app_home_shows_it(ownerless: Slack) -> None:
    for user in (ANA, BEN):
        await ownerless.workspace.open_home(user)
        await ownerless.settled()
        home = ownerless.workspace.home(user)
        assert home
        assert f"<#{GENERAL}>" in texts([home])
