"""Uninstalls: every process deletes the team, even if Slack's event is late, lost or unclear."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
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
from handlers.jobs.uninstalls import Uninstalls
from handlers.slack.directory import Directory
from handlers.slack.people import Person
from handlers.slack.teams import Bot, Teams
from store import Store, open_store
from store.db import open_database
from store.teams.installations import Installation, Installations
from store.teams.token_cipher import TokenCipher, new_key
from store.types import TeamId
from tests.conftest import StoppedClock
from tests.ids import T1, T2, T3, U1, U2
from tests.machine import NOW

CIPHER = TokenCipher([new_key()])
Kind = TypeVar("Kind")
ZONES = {"U1": "Pacific/Chatham", "U2": "Asia/Kathmandu"}
"""{user: a time zone that only this user has, to find the user in memory}."""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store that several teams share."""
    async with open_store(database_url, is_shared=True) as store:
        yield store


def installation(team_id: TeamId, token: str, /, **changed: Any) -> Installation:
    base = Installation(
        team_id=team_id,
        name="Harbour",
        bot_id="B1",
        bot_user_id=U1,
        scopes=("commands",),
        token=CIPHER.encrypt(token),
        installed_at=NOW,
    )
    return replace(base, **changed)


class FakeSlack:
    """Answers auth.test for each token, after running `before_answer` if it is set."""

    before_answer: Callable[[], Awaitable[None]] | None = None

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.retry_after: dict[str, str] = {}
        self.asked: list[str] = []

    def client(self, token: str) -> AsyncWebClient:
        return FakeClient(self, token)


class FakeClient(AsyncWebClient):
    """A client that only calls the fake."""

    def __init__(self, slack: FakeSlack, token: str) -> None:
        super().__init__(token)
        self._slack = slack

    async def auth_test(self, **_: Any) -> Any:
        token = self.token or ""
        self._slack.asked.append(token)
        if self._slack.before_answer:
            await self._slack.before_answer()
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


def process(store: Store, slack: FakeSlack, clock: StoppedClock) -> tuple[Teams, Uninstalls]:
    """Build the objects of one of several processes."""
    find = Bots(store.installations, CIPHER).find
    teams = Teams(find, asking=slack.client, posting=slack.client)
    return teams, Uninstalls(store.installations, store.idempotency, teams, clock=clock)


async def run_all(uninstalls: Uninstalls, times: int = 5) -> None:
    """Run the job often enough to ask about every team."""
    for _ in range(times):
        await uninstalls.run()


@pytest.mark.parametrize("word", ["account_inactive", "token_revoked"])
async def test_an_uninstalled_team_is_deleted_at_the_start(
    store: Store, clock: StoppedClock, word: str
) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2, T3):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    slack.refused["xoxb-T2"] = word
    _, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    assert [installation.team_id for installation in await store.installations.list()] == [
        "T1",
        "T3",
    ]


@pytest.mark.parametrize("word", ["invalid_auth", "org_login_required", "ratelimited"])
async def test_other_errors_delete_no_team(store: Store, clock: StoppedClock, word: str) -> None:
    """Slack's docs say that `invalid_auth` may also refuse the caller's IP address."""
    slack = FakeSlack()
    for team_id in (T1, T2):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    lost = TokenCipher([new_key()]).encrypt("xoxb-T3")
    await store.installations.save(installation(T3, "", token=lost))
    slack.refused["xoxb-T1"] = word
    _, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    assert slack.asked == ["xoxb-T1", "xoxb-T2"]
    assert len(await store.installations.list()) == 3


async def test_each_team_is_asked_about_once_an_hour(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    _, uninstalls = process(store, slack, clock)
    await uninstalls.run()
    assert len(slack.asked) == 1
    await run_all(uninstalls)
    assert sorted(slack.asked) == ["xoxb-T1", "xoxb-T2"]
    clock.forward(hours=1)
    await run_all(uninstalls)
    assert len(slack.asked) == 4


@pytest.mark.parametrize(
    ("asks_for", "minutes"), [({}, 5), ({"Retry-After": "1200"}, 20)], ids=["no word", "in a while"]
)
async def test_a_failed_check_is_retried_soon(
    store: Store, clock: StoppedClock, asks_for: dict[str, str], minutes: int
) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    slack.refused["xoxb-T1"], slack.retry_after = "ratelimited", asks_for
    _, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    assert slack.asked == ["xoxb-T1", "xoxb-T2"]
    slack.refused["xoxb-T1"] = "account_inactive"
    clock.forward(minutes=minutes, seconds=-1)
    await run_all(uninstalls)
    assert len(slack.asked) == 2
    clock.forward(seconds=1)
    await run_all(uninstalls)
    assert slack.asked[2:] == ["xoxb-T1"]
    assert [installation.team_id for installation in await store.installations.list()] == ["T2"]


async def test_retry_after_is_respected_beyond_the_hour(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    await store.installations.save(installation(T1, "xoxb-T1"))
    slack.refused["xoxb-T1"], slack.retry_after = "ratelimited", {"Retry-After": "7200"}
    _, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    clock.forward(minutes=90)
    await run_all(uninstalls)
    assert len(slack.asked) == 1
    clock.forward(minutes=30)
    await run_all(uninstalls)
    assert len(slack.asked) == 2


class FailingInstallations(Installations):
    """Installations whose next *failures* calls fail as if the database were unavailable."""

    failures = 0
    is_listed = False

    async def find(self, team_id: TeamId) -> Installation | None:
        self._fail()
        return await super().find(team_id)

    async def list(self) -> Sequence[Installation]:
        if not self.is_listed:
            self._fail()
        return await super().list()

    def _fail(self) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise ConnectionError


@pytest.fixture
async def failing(database_url: str) -> AsyncIterator[FailingInstallations]:
    async with open_database(database_url) as database:
        yield FailingInstallations(database)


async def test_a_database_outage_does_not_cost_an_hour(
    store: Store, failing: FailingInstallations, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installation(T1, "xoxb-T1"))
    teams, _ = process(store, slack, clock)
    uninstalls = Uninstalls(failing, store.idempotency, teams, clock=clock)
    # If listing the teams fails, the next tick lists them.
    failing.failures = 1
    with pytest.raises(ConnectionError):
        await uninstalls.run()
    await uninstalls.run()
    assert slack.asked == ["xoxb-T1"]
    # If looking up a team fails, Parley asks about the team again after five minutes.
    clock.forward(hours=1)
    failing.is_listed, failing.failures = True, 1
    with pytest.raises(ConnectionError):
        await uninstalls.run()
    await run_all(uninstalls)
    assert len(slack.asked) == 1
    clock.forward(minutes=5)
    await run_all(uninstalls)
    assert len(slack.asked) == 2


@pytest.mark.parametrize("word", ["invalid_auth", "org_login_required"])
async def test_a_refused_token_is_counted_until_the_next_installation(
    store: Store, clock: StoppedClock, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    slack = FakeSlack()
    await store.installations.save(installation(T1, "xoxb-T1"))
    lost = TokenCipher([new_key()]).encrypt("xoxb-T2")
    await store.installations.save(installation(T2, "", token=lost))
    slack.refused["xoxb-T1"] = word
    _, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    assert uninstalls.without_token == {"T1", "T2"}
    assert f"Slack refuses the token of T1 ({word})" in caplog.text
    assert len(slack.asked) == 1
    # T2 installs Parley again, and Slack says that T1 uninstalled it.
    await store.installations.save(installation(T2, "xoxb-T2"))
    slack.refused["xoxb-T1"] = "account_inactive"
    clock.forward(hours=1)
    await run_all(uninstalls)
    assert uninstalls.without_token == set()


async def test_a_refused_token_is_not_counted_after_another_process_deletes_the_team(
    store: Store, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installation(T1, "xoxb-T1"))
    slack.refused["xoxb-T1"] = "invalid_auth"
    teams, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    assert uninstalls.without_token == {"T1"}
    await store.installations.forget(installation(T1, "xoxb-T1"))
    teams.drop(T1)
    clock.forward(hours=1)
    await run_all(uninstalls)
    assert uninstalls.without_token == set()


async def test_one_of_several_processes_asks(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2, T3):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    processes = [process(store, slack, clock)[1] for _ in range(3)]
    for _ in range(2):
        for _ in range(4):
            await asyncio.gather(*(uninstalls.run() for uninstalls in processes))
        clock.forward(hours=1)
    assert sorted(slack.asked) == sorted(2 * ["xoxb-T1", "xoxb-T2", "xoxb-T3"])


async def test_a_team_that_reinstalls_during_the_check_is_kept(
    store: Store, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    await store.installations.save(installation(T1, "xoxb-old"))
    slack.refused["xoxb-old"] = "account_inactive"
    newer = installation(T1, "xoxb-new", installed_at=NOW + timedelta(seconds=1))

    async def reinstall() -> None:
        await store.installations.save(newer)

    slack.before_answer = reinstall
    teams, uninstalls = process(store, slack, clock)
    await run_all(uninstalls)
    assert await store.installations.find(T1) == newer
    assert (await teams.of(T1)).bot.token == "xoxb-new"


async def test_another_process_drops_the_token_too(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    (teams, here), (other_teams, there) = (process(store, slack, clock) for _ in range(2))
    await run_all(there)
    assert teams.known == frozenset()
    assert other_teams.known == {"T1", "T2"}
    slack.refused["xoxb-T1"] = "account_inactive"
    clock.forward(hours=1)
    await run_all(here)
    assert teams.known == {"T2"}
    await run_all(there)
    assert other_teams.known == {"T2"}
    assert sorted(slack.asked) == sorted(2 * ["xoxb-T1", "xoxb-T2"])


@pytest.fixture
def small_heap() -> Iterator[None]:
    """Hide every object from before the test, because a search of them all takes seconds."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("small_heap")
async def test_no_token_stays_in_memory(store: Store, clock: StoppedClock) -> None:
    """Neither Parley's clients nor Bolt's objects keep the token."""
    token = "xoxb-of-who-leaves"
    slack = FakeSlack()
    await store.installations.save(installation(T1, token))
    teams, uninstalls = process(store, slack, clock)
    app = bolt(AsyncWebClient(), teams)

    @app.event("app_home_opened")
    async def opened() -> None:
        pass

    opening = {"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened"}}
    assert (await Intake(app, Metrics()).take(opening)).status == 200
    assert holders_of(token)
    slack.refused[token] = "account_inactive"
    await run_all(uninstalls)
    assert await store.installations.find(T1) is None
    assert not holders_of(token)


@pytest.mark.usefixtures("small_heap")
async def test_people_stay_in_memory_only_for_minutes(store: Store, clock: StoppedClock) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    teams, _ = process(store, slack, clock)
    directory = Directory(teams, admins=frozenset(), clock=clock, is_shared=True)
    assert await directory.zone(T1, U1) == ZONES["U1"]
    assert zones_in_memory() == [ZONES["U1"]]
    clock.forward(minutes=6)
    await store.installations.forget(installation(T1, "xoxb-T1"))
    await directory.zone(T2, U2)
    assert zones_in_memory() == [ZONES["U2"]]
    assert not in_memory(Answered), "names and addresses are not kept at all"


@pytest.mark.usefixtures("small_heap")
async def test_people_of_an_uninstalled_team_leave_the_memory(
    store: Store, clock: StoppedClock
) -> None:
    slack = FakeSlack()
    for team_id in (T1, T2):
        await store.installations.save(installation(team_id, f"xoxb-{team_id}"))
    teams, uninstalls = process(store, slack, clock)
    directory = Directory(teams, admins=frozenset(), clock=clock, is_shared=True)
    await directory.zone(T1, U1)
    await directory.zone(T2, U2)
    slack.refused["xoxb-T1"] = "account_inactive"
    await run_all(uninstalls)
    assert zones_in_memory() == [ZONES["U2"]]
    assert not in_memory(Answered), "names and addresses are not kept at all"


class Answered(dict[str, Any]):
    """An answer of users.info, in a class of its own so that the tests can find it in memory."""


def in_memory(kind: type[Kind]) -> list[Kind]:
    """Return the instances of a class that are in memory."""
    gc.collect()
    return [obj for obj in gc.get_objects() if isinstance(obj, kind)]


def zones_in_memory() -> list[str]:
    return [person.zone for person in in_memory(Person) if person.zone in ZONES.values()]


def holders_of(token: str) -> list[object]:
    """Return the objects in memory that hold *token*."""
    gc.collect()
    clients = [
        obj for obj in gc.get_objects() if isinstance(obj, Bot | AuthorizeResult | AsyncWebClient)
    ]
    return [
        obj
        for obj in clients
        if token in (getattr(obj, "token", None), getattr(obj, "bot_token", None))
    ]
