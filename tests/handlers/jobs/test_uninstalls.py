"""Teams that leave: forgotten by every process, though Slack's word is late, lost or unclear."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.entrances.install import Bots
from bot.entrances.intake import Intake
from bot.observability.metrics import Metrics
from bot.slack_clients import bolt
from handlers.jobs.uninstalls import Uninstalled
from handlers.slack.directory import Directory
from handlers.slack.people import Person
from handlers.slack.teams import Bot, Teams
from store import Store, open_store
from store.db import open_database
from store.teams.installations import Installation, Installations
from store.teams.token_cipher import TokenCipher, new_key
from tests.conftest import NOW, StoppedClock

CIPHER = TokenCipher([new_key()])
Kind = TypeVar("Kind")
ZONES = {"U1": "Pacific/Chatham", "U2": "Asia/Kathmandu"}
"""Of those who are looked for in memory: nobody else in the tests lives there."""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """The store of a Parley that each team installs."""
    async with open_store(database_url, is_shared=True) as store:
        yield store


def installed(team_id: str, token: str, /, **changed: Any) -> Installation:
    one = Installation(
        team_id=team_id,
        name="Harbour",
        bot_id="B1",
        bot_user_id="U1",
        scopes=("commands",),
        token=CIPHER.encrypt(token),
        installed_at=NOW,
    )
    return replace(one, **changed)


class FakeSlack:
    """Answers auth.test of each token, and does something before it does."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.retry_after: dict[str, str] = {}
        self.asked: list[str] = []

    def client(self, token: str) -> AsyncWebClient:
        return FakeClient(self, token)


class FakeClient(AsyncWebClient):
    """Reaches nobody but the fake."""

    def __init__(self, slack: FakeSlack, token: str) -> None:
        super().__init__(token)
        self._slack = slack

    async def auth_test(self, **_: Any) -> Any:
        token = self.token or ""
        self._slack.asked.append(token)
        if self._slack.meanwhile:
            await self._slack.meanwhile()
        if error := self._slack.refused.get(token):
            raise SlackApiError("refused", refusal(error, self._slack.retry_after))

    async def users_info(self, *, user: str, **_: Any) -> Any:
        team_id = (self.token or "").removeprefix("xoxb-")
        return {"user": Answered(id=user, team_id=team_id, tz=ZONES[user])}


def refusal(error: str, headers: dict[str, str]) -> AsyncSlackResponse:
    return AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="auth.test",
        req_args={},
        data={"ok": False, "error": error},
        headers=headers,
        status_code=200,
    )


def process(store: Store, slack: FakeSlack, clock: StoppedClock) -> tuple[Teams, Uninstalled]:
    """Give what one process of several has."""
    find = Bots(store.installations, CIPHER).find
    teams = Teams(find, asking=slack.client, posting=slack.client)
    return teams, Uninstalled(store.installations, store.idempotency, teams, clock=clock)


async def look(uninstalled: Uninstalled, times: int = 5) -> None:
    for _ in range(times):
        await uninstalled.run()


@pytest.mark.parametrize("word", ["account_inactive", "token_revoked"])
async def test_who_is_gone_is_found_at_the_start(
    store: Store, clock: StoppedClock, word: str
) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2", "T3"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    slack.refused["xoxb-T2"] = word
    _, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    assert [one.team_id for one in await store.installations.list()] == ["T1", "T3"]


@pytest.mark.parametrize("word", ["invalid_auth", "org_login_required", "ratelimited"])
async def test_what_does_not_say_that_it_is_gone_forgets_nobody(
    store: Store, clock: StoppedClock, word: str
) -> None:
    """Of `invalid_auth` Slack says that the address may be what is refused."""
    slack = FakeSlack()
    for team_id in ("T1", "T2"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    lost = TokenCipher([new_key()]).encrypt("xoxb-T3")
    await store.installations.save(installed("T3", "", token=lost))
    slack.refused["xoxb-T1"] = word
    _, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    assert slack.asked == ["xoxb-T1", "xoxb-T2"]
    assert len(await store.installations.list()) == 3


async def test_each_team_is_asked_about_once_an_hour(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    _, uninstalled = process(store, slack, clock)
    await uninstalled.run()
    assert len(slack.asked) == 1
    await look(uninstalled)
    assert sorted(slack.asked) == ["xoxb-T1", "xoxb-T2"]
    clock.forward(hours=1)
    await look(uninstalled)
    assert len(slack.asked) == 4


@pytest.mark.parametrize(
    ("asks_for", "minutes"), [({}, 5), ({"Retry-After": "1200"}, 20)], ids=["no word", "in a while"]
)
async def test_who_could_not_be_asked_about_is_asked_about_soon(
    store: Store, clock: StoppedClock, asks_for: dict[str, str], minutes: int
) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    slack.refused["xoxb-T1"], slack.retry_after = "ratelimited", asks_for
    _, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    assert slack.asked == ["xoxb-T1", "xoxb-T2"]
    slack.refused["xoxb-T1"] = "account_inactive"
    clock.forward(minutes=minutes, seconds=-1)
    await look(uninstalled)
    assert len(slack.asked) == 2
    clock.forward(seconds=1)
    await look(uninstalled)
    assert slack.asked[2:] == ["xoxb-T1"]
    assert [one.team_id for one in await store.installations.list()] == ["T2"]


async def test_what_slack_asks_to_wait_is_waited_beyond_the_hour(
    store: Store, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installed("T1", "xoxb-T1"))
    slack.refused["xoxb-T1"], slack.retry_after = "ratelimited", {"Retry-After": "7200"}
    _, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    clock.forward(minutes=90)
    await look(uninstalled)
    assert len(slack.asked) == 1
    clock.forward(minutes=30)
    await look(uninstalled)
    assert len(slack.asked) == 2


class Away(Installations):
    """Installations of a database that is away, for as many calls as are left."""

    left = 0
    is_listed = False

    async def find(self, team_id: str) -> Installation | None:
        self._be_away()
        return await super().find(team_id)

    async def list(self) -> Sequence[Installation]:
        if not self.is_listed:
            self._be_away()
        return await super().list()

    def _be_away(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise ConnectionError


@pytest.fixture
async def away(database_url: str) -> AsyncIterator[Away]:
    async with open_database(database_url) as database:
        yield Away(database)


async def test_a_database_that_is_away_costs_no_hour(
    store: Store, away: Away, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installed("T1", "xoxb-T1"))
    teams, _ = process(store, slack, clock)
    uninstalled = Uninstalled(away, store.idempotency, teams, clock=clock)
    # They cannot be listed: the next tick lists them.
    away.left = 1
    with pytest.raises(ConnectionError):
        await uninstalled.run()
    await uninstalled.run()
    assert slack.asked == ["xoxb-T1"]
    # One cannot be found when its turn has come: it comes again in minutes.
    clock.forward(hours=1)
    away.is_listed, away.left = True, 1
    with pytest.raises(ConnectionError):
        await uninstalled.run()
    await look(uninstalled)
    assert len(slack.asked) == 1
    clock.forward(minutes=5)
    await look(uninstalled)
    assert len(slack.asked) == 2


@pytest.mark.parametrize("word", ["invalid_auth", "org_login_required"])
async def test_whose_token_is_no_good_is_counted_until_it_is(
    store: Store, clock: StoppedClock, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    slack = FakeSlack()
    await store.installations.save(installed("T1", "xoxb-T1"))
    lost = TokenCipher([new_key()]).encrypt("xoxb-T2")
    await store.installations.save(installed("T2", "", token=lost))
    slack.refused["xoxb-T1"] = word
    _, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    assert uninstalled.without_token == {"T1", "T2"}
    assert f"the token of T1 is no good ({word})" in caplog.text
    assert len(slack.asked) == 1
    # Nothing but another installation helps.
    await store.installations.save(installed("T2", "xoxb-T2"))
    slack.refused["xoxb-T1"] = "account_inactive"
    clock.forward(hours=1)
    await look(uninstalled)
    assert uninstalled.without_token == set()


async def test_whose_token_was_no_good_is_not_counted_when_another_process_forgot_it(
    store: Store, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installed("T1", "xoxb-T1"))
    slack.refused["xoxb-T1"] = "invalid_auth"
    teams, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    assert uninstalled.without_token == {"T1"}
    await store.installations.forget(installed("T1", "xoxb-T1"))
    teams.drop("T1")
    clock.forward(hours=1)
    await look(uninstalled)
    assert uninstalled.without_token == set()


async def test_one_of_several_processes_asks(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2", "T3"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    processes = [process(store, slack, clock)[1] for _ in range(3)]
    for _ in range(2):
        for _ in range(4):
            await asyncio.gather(*(one.run() for one in processes))
        clock.forward(hours=1)
    assert sorted(slack.asked) == sorted(2 * ["xoxb-T1", "xoxb-T2", "xoxb-T3"])


async def test_who_comes_back_while_slack_is_asked_is_not_forgotten(
    store: Store, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installed("T1", "xoxb-old"))
    slack.refused["xoxb-old"] = "account_inactive"
    anew = installed("T1", "xoxb-new", installed_at=NOW + timedelta(seconds=1))

    async def come_back() -> None:
        await store.installations.save(anew)

    slack.meanwhile = come_back
    teams, uninstalled = process(store, slack, clock)
    await look(uninstalled)
    assert await store.installations.find("T1") == anew
    assert (await teams.of("T1")).bot.token == "xoxb-new"


async def test_another_process_drops_the_token_too(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    (one, here), (other, there) = (process(store, slack, clock) for _ in range(2))
    await look(there)
    assert one.known == frozenset()
    assert other.known == {"T1", "T2"}
    slack.refused["xoxb-T1"] = "account_inactive"
    clock.forward(hours=1)
    await look(here)
    assert one.known == {"T2"}
    await look(there)
    assert other.known == {"T2"}
    assert sorted(slack.asked) == sorted(2 * ["xoxb-T1", "xoxb-T2"])


async def test_no_token_stays_in_memory(store: Store, clock: StoppedClock) -> None:
    """Neither in our own clients nor in what Bolt was given to speak with."""
    token = "xoxb-of-who-leaves"
    slack = FakeSlack()
    await store.installations.save(installed("T1", token))
    teams, uninstalled = process(store, slack, clock)
    app = bolt(AsyncWebClient(), teams)

    @app.event("app_home_opened")
    async def opened() -> None:
        pass

    opening = {"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened"}}
    assert (await Intake(app, Metrics()).take(opening)).status == 200
    assert holding(token)
    slack.refused[token] = "account_inactive"
    await look(uninstalled)
    assert await store.installations.find("T1") is None
    assert not holding(token)


async def test_nobody_is_kept_for_longer_than_minutes(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    teams, _ = process(store, slack, clock)
    directory = Directory(teams, admins=frozenset(), clock=clock, is_shared=True)
    assert await directory.zone("T1", "U1") == ZONES["U1"]
    assert zones_in_memory() == [ZONES["U1"]]
    clock.forward(minutes=6)
    await store.installations.forget(installed("T1", "xoxb-T1"))
    await directory.zone("T2", "U2")
    assert zones_in_memory() == [ZONES["U2"]]
    assert not kept(Answered), "names and addresses are not kept at all"


async def test_nobody_of_a_team_that_is_gone_is_kept(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in ("T1", "T2"):
        await store.installations.save(installed(team_id, f"xoxb-{team_id}"))
    teams, uninstalled = process(store, slack, clock)
    directory = Directory(teams, admins=frozenset(), clock=clock, is_shared=True)
    await directory.zone("T1", "U1")
    await directory.zone("T2", "U2")
    slack.refused["xoxb-T1"] = "account_inactive"
    await look(uninstalled)
    assert zones_in_memory() == [ZONES["U2"]]
    assert not kept(Answered), "names and addresses are not kept at all"


class Answered(dict[str, Any]):
    """What Slack answers about somebody, to be found again."""


def kept(kind: type[Kind]) -> list[Kind]:
    """Return what is in memory of a class."""
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, kind)]


def zones_in_memory() -> list[str]:
    return [one.zone for one in kept(Person) if one.zone in ZONES.values()]


def holding(token: str) -> list[object]:
    """Give what has *token* to speak to Slack with."""
    gc.collect()
    kept = [
        one for one in gc.get_objects() if isinstance(one, Bot | AuthorizeResult | AsyncWebClient)
    ]
    return [
        one
        for one in kept
        if token in (getattr(one, "token", None), getattr(one, "bot_token", None))
    ]
