"""Forms when Slack cannot say whether the person is in the chosen channel."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Fault
from handlers.ids import Action, Block
from handlers.slack.directory import Directory, UnknownPresenceError
from handlers.slack.teams import Bot, Teams
from store.types import TeamId
from tests.conftest import StoppedClock
from tests.handlers.conftest import Slack, dm, texts
from tests.handlers.features.test_schedule_form import chosen, edited, values
from tests.handlers.features.test_schedule_form import opened as schedule_opened
from tests.handlers.features.test_start_discussion import filled, opened
from tests.ids import ANA, BEN, GENERAL, LEADERS, T1, TEAM, U1
from tests.schedules import schedule_of

UNKNOWN = (
    "I can't check with Slack whether you are in that channel, so I did nothing."
    " Please try again in a minute."
)
FAULTS: dict[str, dict[str, Any]] = {
    "an error": {"kind": "refuse", "error": "internal_error"},
    "a scope that is missing": {"kind": "refuse", "error": "missing_scope"},
    "an error of the server": {"kind": "status", "status": 503},
    "a page of HTML with 502": {"kind": "html", "status": 502},
    "a page of HTML with 200": {"kind": "html", "status": 200},
    "later": {"kind": "ratelimit", "seconds": 30},
    "an answer that comes too late": {"kind": "delay", "seconds": 1},
    "a cut connection": {"kind": "drop_before"},
}
REFUSED = Fault(method="users.conversations", kind="refuse", times=None)


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Fault:
    return Fault(method="users.conversations", times=None, **FAULTS[request.param])


def be_impatient(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for an answer that comes too late."""
    if fault.kind == "delay":
        monkeypatch.setattr("handlers.slack.directory.PRESENCE_SECONDS", 0.1)


async def test_a_schedule_is_saved_only_once_slack_says_who_is_there(
    slack: Slack, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    modal = await schedule_opened(slack)
    slack.workspace.faults.add(fault)
    with monkeypatch.context() as patched:
        be_impatient(fault, patched)
        assert await slack.submit(modal, values(time="11:11")) == {Block.CHANNEL: UNKNOWN}
    assert not await slack.parley.store.schedules.list(TEAM)
    slack.workspace.faults.clear()
    slack.clock.forward(seconds=30)
    still = slack.modal()
    assert still
    assert chosen(still, "time") == "11:11"
    assert not await slack.submit(still)
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert f"{schedule.timetable.at:%H:%M}" == "11:11"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", "no healthy upstream"),
        ("application/json", "[]"),
        ("application/json", "null"),
        ("application/json", "\xff"),
        ("application/json", '{"ok": true}'),
        ("application/json", '{"ok": true, "channels": null}'),
        ("application/json", '{"ok": true, "channels": [{}]}'),
        ("text/html", ""),
    ],
)
async def test_a_malformed_answer_counts_as_no_answer(content_type: str, body: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body.encode("latin-1"), content_type=content_type)

    app = web.Application()
    app.add_routes([web.route("*", "/api/{method}", answer)])
    async with TestServer(app) as server:
        client = AsyncWebClient(token="xoxb-x", base_url=f"{server.make_url('/api/')}")

        async def find(team_id: TeamId) -> Bot:
            return Bot(bot_id="B1", user_id=U1, token="xoxb-x")

        teams = Teams(find, asking=lambda _: client, posting=lambda _: client)
        directory = Directory(teams, admins=frozenset(), clock=StoppedClock())
        with pytest.raises(UnknownPresenceError):
            await directory.require_present(T1, ANA, GENERAL)


async def test_a_schedule_is_not_saved_when_slack_cannot_be_reached(slack: Slack) -> None:
    modal = await schedule_opened(slack)
    await slack.workspace.close()
    assert await slack.submit(modal, values(time="11:11")) == {Block.CHANNEL: UNKNOWN}
    assert not await slack.parley.store.schedules.list(TEAM)
    still = slack.modal()
    assert still
    assert chosen(still, "time") == "11:11"


async def test_no_schedule_is_added_when_slack_does_not_say(slack: Slack) -> None:
    await slack.type("/digest on 09:30", user=ANA)
    (answer,) = await slack.type("/digest", user=BEN)
    await slack.press(Action.DIGEST_SET, answer, user=BEN)
    modal = slack.modal(BEN)
    assert modal
    slack.workspace.faults.add(REFUSED)
    errors = await slack.submit(modal, values(time="11:11"), user=BEN)
    assert errors == {Block.CHANNEL: UNKNOWN}
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert (schedule.owner_id, f"{schedule.timetable.at:%H:%M}") == (ANA, "09:30")


async def test_an_owner_can_change_their_schedule_when_slack_does_not_say(slack: Slack) -> None:
    """Parley knows the owner without asking Slack."""
    await slack.type("/digest on 09:30")
    modal = await edited(slack)
    slack.workspace.faults.add(REFUSED)
    assert not await slack.submit(modal, values(time="11:11"))
    (schedule,) = await slack.parley.store.schedules.list(TEAM)
    assert f"{schedule.timetable.at:%H:%M}" == "11:11"


@pytest.mark.parametrize("what", ["an error", "a page of HTML with 502", "a page of HTML with 200"])
async def test_a_form_is_saved_when_slack_does_not_say_whether_parley_may_post(
    slack: Slack, what: str
) -> None:
    """The channel checks before each post will find out later."""
    modal = await schedule_opened(slack)
    slack.workspace.faults.add(Fault(method="conversations.info", times=None, **FAULTS[what]))
    assert not await slack.submit(modal)
    assert await schedule_of(slack.parley.store, TEAM, GENERAL)


async def test_a_discussion_is_posted_only_once_slack_says_who_is_there(
    slack: Slack, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await slack.submit(await opened(slack), filled(GENERAL, "timber"))
    preview = slack.modal()
    assert preview
    slack.workspace.faults.add(fault)
    with monkeypatch.context() as patched:
        be_impatient(fault, patched)
        assert not await slack.submit(preview)
    again = slack.modal()
    assert again
    assert UNKNOWN in texts([again])
    assert "Which sanction would you lift first" in texts([again])
    assert not slack.public()
    slack.workspace.faults.clear()
    slack.clock.forward(seconds=30)
    await slack.submit(again)
    (question,) = slack.public()
    assert "Which sanction would you lift first" in texts([question])


async def test_the_form_of_a_story_keeps_its_channel_when_slack_does_not_say(slack: Slack) -> None:
    (answer,) = await slack.say("dockworkers", channel=dm(ANA))
    await slack.press(Action.DISCUSS_START, answer, channel=dm(ANA))
    modal = slack.modal()
    assert modal
    slack.workspace.faults.add(REFUSED)
    assert await slack.submit(modal, filled(GENERAL)) == {Block.CHANNEL: UNKNOWN}
    assert not slack.public()
    slack.workspace.faults.clear()
    slack.clock.forward(seconds=30)
    still = slack.modal()
    assert still
    assert chosen(still, "channel") == GENERAL
    assert not await slack.submit(still)
    assert len(slack.public()) == 1


async def test_the_form_of_a_story_accepts_another_channel_after_a_refusal(
    slack: Slack,
) -> None:
    slack.workspace.invite(LEADERS, slack.workspace.bot_user_id)
    slack.workspace.remove(LEADERS, BEN)
    (answer,) = await slack.say("dockworkers", user=BEN, channel=dm(BEN))
    await slack.press(Action.DISCUSS_START, answer, user=BEN, channel=dm(BEN))
    modal = slack.modal(BEN)
    assert modal
    errors = await slack.submit(modal, filled(LEADERS), user=BEN)
    assert errors[Block.CHANNEL].startswith("I don't see you in that channel.")
    assert not slack.public(LEADERS)
    assert not await slack.submit(modal, filled(GENERAL), user=BEN)
    assert len(slack.public(GENERAL)) == 1


async def test_a_discussion_is_not_posted_when_slack_cannot_be_reached(slack: Slack) -> None:
    await slack.submit(await opened(slack), filled(GENERAL, "timber"))
    preview = slack.modal()
    assert preview
    await slack.workspace.close()
    await slack.submit(preview)
    again = slack.modal()
    assert again
    assert "so I did nothing. Please try again in a minute." in texts([again])
    assert not slack.public()
