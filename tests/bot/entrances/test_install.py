"""One Parley in HTTP mode in two workspaces whose channels and users have the same ids."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.app import Parley, assemble
from bot.cli.channel_names import channel_names
from bot.cli.check import check
from bot.clock import MovableClock, system_clock
from bot.entrances.http_mode import PATH, HttpMode
from bot.entrances.install import INSTALL_PATH, REDIRECT_PATH, Bots
from bot.manifest import manifest
from bot.observability.health import Health
from bot.observability.metrics import Metrics
from bot.settings import Settings
from bot.slack_clients import join, open_clients
from bot.workspace import Fault, Workspace
from bot.workspace.people.team import Team
from bot.workspace.web_api import oauth
from bot.workspace.web_api.oauth import CLIENT_ID, CLIENT_SECRET
from handlers.slack.teams import NotInstalledError
from store import open_store
from store.teams.installations import Installation
from store.teams.token_cipher import TokenCipher, TokenCipherError, new_key
from store.types import FailedLoad, Problem, TeamId
from tests.conftest import StoppedClock
from tests.handlers.conftest import dm, texts
from tests.ids import ANA, GENERAL, RANDOM
from tests.machine import PATIENCE
from tests.visitor import Visitor

# slack_sdk builds its Authorization header this way; our code does not.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")


@dataclass(kw_only=True)
class Both(Visitor):
    """The app, the two workspaces and a browser."""

    parley: Parley
    first: Workspace
    second: Team
    settings: Settings
    clock: StoppedClock

    async def type(self, team: Team, text: str) -> str:
        """Type in a team, and return everything that its user then sees."""
        delivery = await team.type(text, user=ANA, channel=GENERAL)
        assert delivery.acked, delivery.error
        await self.settled()
        return texts(team.messages(GENERAL, ANA))

    async def settled(self) -> None:
        for _ in range(2):
            await self.parley.background.drain(10)
            await self.first.settled()

    @property
    def first_id(self) -> TeamId:
        return TeamId(self.first.team_id)

    @property
    def second_id(self) -> TeamId:
        return TeamId(self.second.team_id)

    def said(self, team: Team) -> list[dict[str, Any]]:
        return [one for one in team.messages(GENERAL) if one["user"] == self.first.bot_user_id]


@pytest.fixture
async def both(
    patient: None, tmp_path: Path, clock: StoppedClock, corpus: Path, loaded: Path
) -> AsyncIterator[Both]:
    moved, shape = MovableClock(source=clock), manifest("http://127.0.0.1", is_shared=True)
    async with Workspace(
        manifest=shape, clock=moved, ack_seconds=PATIENCE, retry_waits=()
    ) as workspace:
        # Nobody is notified yet.
        workspace.uninstall()
        await workspace.settled()
        clock.forward(seconds=1)
        workspace.pace = False
        settings = Settings(
            slack_signing_secret=workspace.signing_secret,
            port=("127.0.0.1", 0),
            slack_client_id=CLIENT_ID,
            slack_client_secret=CLIENT_SECRET,
            encryption_key=(new_key(),),
            admin_user_ids=frozenset({f"{workspace.team_id}:{ANA}"}),
            slack_api_url=workspace.api_url,
            database_url=f"sqlite:///{shutil.copy(loaded, tmp_path)}",
            corpus_dir=corpus,
        )
        assert not settings.missing()
        stop, ready = asyncio.Event(), asyncio.Event()
        async with assemble(settings, clock=moved) as parley, aiohttp.ClientSession() as browser:
            mode = HttpMode(
                parley.intake,
                signing_secret=settings.slack_signing_secret,
                address=("127.0.0.1", 0),
                trusted_proxies=0,
                clock=system_clock,
                health=Health(),
                metrics=Metrics(),
                install=parley.install,
            )
            running = asyncio.create_task(mode.run(stop, ready.set))
            await ready.wait()
            url = f"http://127.0.0.1:{mode.port}"
            await workspace.set_request_url(f"{url}{PATH}")
            second = workspace.add_team("Second Harbour")
            yield Both(
                parley=parley,
                first=workspace,
                second=second,
                settings=settings,
                clock=clock,
                browser=browser,
                url=url,
            )
            stop.set()
            await running


def all_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("parley.db*"))


async def test_two_workspaces_share_only_the_stories(both: Both) -> None:
    for team, name in ((both.first, "Harbour News"), (both.second, "Second Harbour")):
        status, page = await both.install(team)
        assert (status, f"Parley is in {name}" in page) == (200, True), page
        team.invite(GENERAL, both.first.bot_user_id)
        assert "Zelenskiy flew to Geneva" in await both.type(team, "/brief geneva")
    assert both.first.bot_token != both.second.bot_token
    await both.type(both.first, "/digest on 09:30 daily")
    await both.type(both.second, "/digest on 09:40 daily")
    assert "09:40" not in await both.type(both.first, "/digest list")
    both.clock.forward(minutes=120)
    await both.parley.ticker.tick()
    questions = [len(both.said(team)) for team in (both.first, both.second)]
    assert questions == [1, 1]

    both.first.uninstall()
    await both.settled()
    schedules = both.parley.store.schedules
    assert not await schedules.list(both.first_id)
    assert len(await schedules.list(both.second_id)) == 1
    assert await both.parley.store.installations.find(both.first_id) is None
    both.clock.forward(days=1)
    await both.parley.ticker.tick()
    assert len(both.said(both.second)) == 2
    assert len(both.said(both.first)) == 1

    status, _ = await both.install(both.first)
    assert status == 200
    both.first.invite(GENERAL, both.first.bot_user_id)
    assert "no schedule" in await both.type(both.first, "/digest next")


async def test_a_revoked_token_stops_only_its_team(both: Both) -> None:
    for team in (both.first, both.second):
        await both.install(team)
        team.invite(GENERAL, both.first.bot_user_id)
        await both.type(team, "/digest on 09:30 daily")
    # Slack refuses one team's token, and its event has not arrived yet.
    found = await both.parley.store.installations.find(both.first_id)
    assert found
    sealed = TokenCipher(both.settings.encryption_key).encrypt("xoxb-of-another-time")
    await both.parley.store.installations.replace_token(found, sealed)
    both.clock.forward(minutes=120)
    await both.parley.ticker.tick()
    assert (len(both.said(both.first)), len(both.said(both.second))) == (0, 1)


async def test_a_rate_limit_holds_up_only_its_team(both: Both) -> None:
    for team in (both.first, both.second):
        await both.install(team)
        team.invite(GENERAL, both.first.bot_user_id)
    both.first.invite(RANDOM, both.first.bot_user_id)
    await both.type(both.first, "/digest on 09:30 daily")
    await both.type(both.second, "/digest on 09:31 daily")
    await both.first.type("/digest on 09:31 daily", user=ANA, channel=RANDOM)
    await both.settled()
    both.first.faults.add(Fault(method="chat.postMessage", kind="ratelimit", seconds=60))
    both.clock.now = both.clock.now.replace(hour=9, minute=30, second=1)
    await both.parley.ticker.tick()
    both.clock.forward(seconds=59.5)
    calls = len(both.first.calls)
    await both.parley.ticker.tick()
    assert (len(both.said(both.first)), len(both.said(both.second))) == (0, 1)
    posts = [one for one in both.first.calls[calls:] if one.method == "chat.postMessage"]
    assert all(one.is_ok for one in posts)
    both.clock.forward(seconds=1)
    for _ in range(8):
        await both.parley.ticker.tick()
        both.clock.forward(seconds=2)
    assert len(both.said(both.first)) == 1
    assert len(both.first.messages(RANDOM)) == 1


async def go(both: Both, team: Team, kind: str, at: datetime, event_id: str = "Ev1") -> int:
    """Send Parley the event that it was uninstalled *at* that time; return its answer."""
    body = {
        "type": "event_callback",
        "team_id": team.team_id,
        "event_id": event_id,
        "event_time": int(at.timestamp()),
        "event": {"type": kind, "tokens": {"bot": [both.first.bot_user_id]}},
    }
    return (await both.parley.intake.take(body)).status


async def gone(both: Both) -> Installation:
    """Uninstall Parley from the second team without deleting its data; return that data."""
    installations = both.parley.store.installations
    await both.install(both.second)
    found = await installations.find(both.second_id)
    assert found
    both.first.uninstall(both.second)
    await both.settled()
    await installations.save(found)
    return found


LEAVING = pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])


@LEAVING
@pytest.mark.parametrize("late", [-60, 0, 60], ids=["before", "the same second", "our clock lags"])
async def test_a_late_uninstall_event_does_not_erase_a_reinstalled_team(
    both: Both, kind: str, late: int
) -> None:
    """Event times have seconds only and events arrive in any order, so the token is tested."""
    await both.install(both.second)
    both.second.invite(GENERAL, both.first.bot_user_id)
    await both.type(both.second, "/digest on 09:30 daily")
    assert await go(both, both.second, kind, both.clock() + timedelta(seconds=late)) == 200
    assert await both.parley.store.installations.find(both.second_id)
    assert len(await both.parley.store.schedules.list(both.second_id)) == 1


@LEAVING
@pytest.mark.parametrize("kept", ["xoxb-of-another-time", None], ids=["invalid_auth", "inactive"])
async def test_an_uninstalled_team_is_erased_whatever_the_event_time(
    both: Both, kind: str, kept: str | None
) -> None:
    store = both.parley.store
    found = await gone(both)
    token = TokenCipher(both.settings.encryption_key).encrypt(kept) if kept else found.token
    await store.installations.save(replace(found, token=token))
    assert await go(both, both.second, kind, both.clock() - timedelta(seconds=60)) == 200
    assert await store.installations.find(both.second_id) is None


@LEAVING
@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="auth.test", kind="status", times=None),
        Fault(method="auth.test", kind="refuse", error="org_login_required", times=None),
    ],
    ids=["no answer", "a workspace that moves"],
)
async def test_an_uninstall_event_is_redelivered_if_slack_is_unreachable(
    both: Both, kind: str, fault: Fault
) -> None:
    store = both.parley.store
    await gone(both)
    both.first.faults.add(fault)
    assert await go(both, both.second, kind, both.clock()) == 503
    assert await store.installations.find(both.second_id)
    both.first.faults.clear()
    assert await go(both, both.second, kind, both.clock()) == 200
    assert await store.installations.find(both.second_id) is None


@LEAVING
@pytest.mark.parametrize(
    ("late", "is_kept"), [(0, False), (-60, True)], ids=["after", "before it was installed"]
)
async def test_a_team_whose_token_cannot_be_decrypted_is_erased_by_the_event_time(
    both: Both, kind: str, late: int, *, is_kept: bool
) -> None:
    """The token cannot be tested, neither now nor when Slack redelivers the event."""
    store = both.parley.store
    found = await gone(both)
    lost = TokenCipher([new_key()]).encrypt("xoxb-of-another-key")
    await store.installations.save(replace(found, token=lost))
    assert await go(both, both.second, kind, both.clock() + timedelta(seconds=late)) == 200
    assert (await store.installations.find(both.second_id) is not None) == is_kept


async def test_a_team_whose_uninstall_event_was_lost_is_erased_within_the_hour(both: Both) -> None:
    store = both.parley.store
    await both.install(both.first)
    await gone(both)
    both.first.faults.add(Fault(method="auth.test", kind="status", times=None))
    assert await go(both, both.second, "app_uninstalled", both.clock()) == 503
    for _ in range(3):
        await both.parley.ticker.tick()
    assert len(await store.installations.list()) == 2
    both.first.faults.clear()
    both.clock.forward(hours=1)
    for _ in range(3):
        await both.parley.ticker.tick()
    (left,) = await store.installations.list()
    assert left.team_id == both.first_id


async def test_two_concurrent_uninstall_events_are_handled_once(both: Both) -> None:
    store = both.parley.store
    await gone(both)
    told = [go(both, both.second, "tokens_revoked", both.clock(), f"Ev{n}") for n in range(5)]
    assert set(await asyncio.gather(*told)) == {200}
    assert await store.installations.find(both.second_id) is None


async def test_the_state_of_app_home_is_dropped_with_the_team(both: Both) -> None:
    """Its users still see App Home, and it is rendered again once the team has reinstalled."""

    async def drawn() -> int:
        await both.second.open_home(ANA)
        await both.settled()
        return sum(call.method == "views.publish" for call in both.first.calls)

    await both.install(both.second)
    assert await drawn() == 1
    assert await drawn() == 1
    both.first.uninstall(both.second)
    await both.settled()
    await both.install(both.second)
    assert await drawn() == 2


async def test_only_listed_admins_change_the_shared_corpus(both: Both) -> None:
    for team in (both.first, both.second):
        await both.install(team)
    # The user has the same id, and is an admin of the second workspace too.
    assert "Only Parley admins" in await both.type(both.second, "/corpus reload")
    before = both.parley.store.corpus.revision
    await both.type(both.second, "/corpus undo 1")
    assert both.parley.store.corpus.revision == before
    assert "Only Parley admins" not in await both.type(both.first, "/corpus reload")


async def test_only_listed_admins_are_notified_of_the_folder(both: Both) -> None:
    for team in (both.first, both.second):
        await both.install(team)
    assert both.parley.directory.listed_admins() == [(both.first_id, ANA)]
    problem = Problem(path=PurePosixPath("bad.txt"), line=1, message="is wrong")
    await both.parley.store.failed_loads.note(
        both.settings.corpus_dir,
        FailedLoad(at=both.clock(), problem=problem, more=0),
        admins=both.parley.directory.listed_admins(),
    )
    await both.parley.ticker.tick()
    for team, times in ((both.first, 1), (both.second, 0)):
        assert texts(team.messages(dm(ANA), ANA)).count("bad.txt:1: is wrong") == 2 * times
        assert ("bad.txt" in await both.type(team, "/corpus status")) is bool(times)


async def test_an_installation_must_end_in_the_browser_that_began_it(both: Both) -> None:
    where, cookie = await both.begin()
    back = await both.decide(where, both.second)
    status, page = await both.end(back, {})
    assert (status, "not begun in this browser" in page) == (400, True), page
    assert await both.parley.store.installations.find(both.second_id) is None
    # Nor with a state that was never issued.
    forged = back.replace("state=", "state=x")
    assert (await both.end(forged, cookie))[0] == 400


async def test_a_flood_of_visits_does_not_block_ending_an_installation(
    both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says what to do, and the log has a line; here all share one address."""
    where, cookie = await both.begin()
    back = await both.decide(where, both.second)
    for _ in range(30):
        async with both.browser.get(f"{both.url}{INSTALL_PATH}", allow_redirects=False) as page:
            status, text = page.status, await page.text()
    assert status == 429
    assert "Please try again in a minute" in text
    assert page.headers["Retry-After"] == "60"
    assert "from 127.0.0.1: it is one of too many that begin an installation" in caplog.text
    for _ in range(30):
        assert (await both.end(back.replace("state=", "state=x"), cookie))[0] == 400
    assert (await both.end(back, cookie))[0] == 200
    assert await both.parley.store.installations.find(both.second_id)


async def test_a_denied_installation_shows_a_page(both: Both) -> None:
    where, cookie = await both.begin()
    back = await both.decide(where, both.second, "cancel")
    assert "You said no" in (await both.end(back, cookie))[1]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            {"is_enterprise_install": True, "team": None, "enterprise": {"id": "E1", "name": "We"}},
            "not in a whole organisation",
        ),
        ({"refresh_token": "xoxe-1-1", "expires_in": 43200}, "token rotation switched on"),
    ],
)
async def test_unsupported_installations_are_refused(
    both: Both, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], told: str
) -> None:
    plain = oauth.granted
    monkeypatch.setattr(oauth, "granted", lambda *code: plain(*code) | answer)
    status, page = await both.install(both.second)
    assert status == 403
    assert told in page
    assert not await both.parley.store.installations.list()
    assert "auth.revoke" in [call.method for call in both.first.calls]


@pytest.mark.parametrize("missing", [{"access_token": None}, {"bot_user_id": None}])
@pytest.mark.parametrize("user_token", ["xoxp-1", None])
async def test_an_installation_without_a_bot_changes_nothing(
    both: Both, monkeypatch: pytest.MonkeyPatch, missing: dict[str, Any], user_token: str | None
) -> None:
    """Slack answers so if only scopes of the user were asked for."""
    await both.install(both.second)
    (before,) = await both.parley.store.installations.list()
    plain = oauth.granted
    user = {"authed_user": {"id": ANA, "access_token": user_token, "token_type": "user"}}
    monkeypatch.setattr(oauth, "granted", lambda *code: plain(*code) | user | missing)
    status, page = await both.install(both.second)
    assert status == 403
    assert "Slack let no bot in" in page
    assert await both.parley.store.installations.list() == [before]
    # The bot's token may be the one that stays.
    revoked = [call for call in both.first.calls if call.method == "auth.revoke"]
    assert len(revoked) == (1 if user_token else 0)


async def test_tokens_are_stored_encrypted(
    both: Both, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await both.install(both.second)
    token = both.second.bot_token
    assert token
    assert token.encode() not in all_of(tmp_path)
    assert token not in caplog.text
    assert token not in repr(await both.parley.store.installations.list())


async def lose(both: Both, team: Team) -> None:
    """Store a token for the team that was encrypted with a lost key."""
    installations = both.parley.store.installations
    found = await installations.find(TeamId(team.team_id))
    assert found
    lost = TokenCipher([new_key()]).encrypt("xoxb-of-another-key")
    await installations.replace_token(found, lost)


async def test_a_key_that_decrypts_no_token_is_reported_at_the_start(both: Both) -> None:
    """The setting is wrong; starting would tell all users that Parley is not installed."""
    await both.install(both.second)
    old = both.settings.encryption_key
    async with open_store(both.settings.database_url) as store:
        other = (new_key(),)
        with pytest.raises(TokenCipherError, match="ENCRYPTION_KEY decrypts no workspace's token"):
            await Bots(store.installations, TokenCipher(other)).renew()
        bots = Bots(store.installations, TokenCipher([*other, *old]))
        await bots.renew()
        bot = await Bots(store.installations, TokenCipher(other)).find(both.second_id)
        assert bot
        assert bot.token == both.second.bot_token
        assert bot.token not in repr(bot)


async def test_a_start_serves_the_teams_whose_tokens_can_be_decrypted(
    both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    for team in (both.first, both.second):
        await both.install(team)
    await lose(both, both.first)
    store = both.parley.store
    async with open_clients(both.settings, Metrics()) as clients:
        joined = join(both.settings, store, clients, clock=both.clock, stop=asyncio.Event())
        teams, _ = await joined
        assert (await teams.of(both.second_id)).bot.token == both.second.bot_token
        with pytest.raises(NotInstalledError):
            await teams.of(both.first_id)
    (line,) = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert both.first_id in line
    assert "let the workspace install Parley again" in line


async def test_tokens_of_a_lost_key_are_given_up(both: Both) -> None:
    """Without any usable token, Parley still starts, and no other data is lost."""
    for team in (both.first, both.second):
        await both.install(team)
        team.invite(GENERAL, both.first.bot_user_id)
        await both.type(team, "/digest on 09:30 daily")
    await lose(both, both.first)
    store = both.parley.store
    bots = Bots(store.installations, TokenCipher(both.settings.encryption_key))
    kept = await store.installations.find(both.first_id)
    assert f"the tokens of {both.first_id}. Giving" in await bots.give_up(is_sure=False)
    assert await store.installations.find(both.first_id) == kept
    assert f"the tokens of {both.first_id}. These" in await bots.give_up(is_sure=True)
    lost = Bots(store.installations, TokenCipher([new_key()]))
    report = await lost.give_up(is_sure=True)
    assert both.first_id in report
    assert both.second_id in report
    await lost.renew()
    await bots.renew()
    for team in (both.first, both.second):
        assert "not installed in this workspace any more" in await both.type(team, "/brief geneva")
        await both.install(team)
        assert "09:30" in await both.type(team, "/digest next")


async def test_a_team_that_has_not_installed_parley_is_no_error(
    both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    """As a partner's in a shared channel: each of their commands was logged as an error."""
    await both.install(both.first)
    await lose(both, both.first)
    with caplog.at_level("INFO"):
        for _ in range(3):
            shown = await both.type(both.first, "/brief geneva")
            assert "not installed in this workspace any more" in shown
    logged = [one for one in caplog.records if one.name.startswith("slack_bolt")]
    assert {one.levelname for one in logged} == {"INFO"}
    assert [one.getMessage() for one in logged] == [
        "refused a request of a team that has not installed Parley"
    ] * 3


async def test_a_team_whose_token_cannot_be_decrypted_must_install_again(both: Both) -> None:
    for team in (both.first, both.second):
        await both.install(team)
        team.invite(GENERAL, both.first.bot_user_id)
        await both.type(team, "/digest on 09:30 daily")
    await lose(both, both.first)
    assert "not installed in this workspace any more" in await both.type(both.first, "/brief a")
    both.clock.forward(minutes=120)
    for _ in range(5):
        await both.parley.ticker.tick()
    # Its post is retried as rarely as any post whose token Slack refuses.
    (waiting,) = await both.parley.store.posts.open(both.clock() + timedelta(days=1))
    assert (waiting.team_id, waiting.attempts) == (both.first_id, 1)
    assert (len(both.said(both.first)), len(both.said(both.second))) == (0, 1)
    await both.install(both.first)
    both.clock.forward(minutes=6)
    await both.parley.ticker.tick()
    assert (len(both.said(both.first)), len(both.said(both.second))) == (1, 1)


async def test_check_covers_each_workspace(both: Both, tmp_path: Path) -> None:
    await both.install(both.second)
    environ = {
        "SLACK_SIGNING_SECRET": both.settings.slack_signing_secret,
        "PORT": "3000",
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "ENCRYPTION_KEY": both.settings.encryption_key[0],
        "SLACK_API_URL": both.settings.slack_api_url,
        "DATABASE_URL": both.settings.database_url,
        "CORPUS_DIR": str(tmp_path / "corpus"),
    }
    found = await check(environ)
    assert "Workspaces: 1 have installed Parley." in found.passed
    assert any("in Second Harbour" in line for line in found.passed)
    assert found.exit_code == 0
    found = await check(environ | {"ENCRYPTION_KEY": new_key()})
    (problem,) = found.problems
    assert both.second_id in problem
    assert "another ENCRYPTION_KEY" in problem


async def test_channels_are_named_by_the_token_of_their_own_workspace(both: Both) -> None:
    """Channels have no name if there is no token or no key decrypts it."""
    await both.install(both.second)
    here, elsewhere = (both.second_id, GENERAL), (both.first_id, GENERAL)
    installations = both.parley.store.installations
    names = await channel_names([elsewhere, here], both.settings, installations)
    assert names == {here: "#general"}
    other = replace(both.settings, encryption_key=(new_key(),))
    assert not await channel_names([here], other, installations)


@pytest.mark.parametrize("name", ["state", "code", "error"])
@pytest.mark.parametrize(
    "value", ["a%00b", "%ED%A0%80", "%FF", "%0A12:00:00%20ERROR%20forged", "x" * 5000], ids=str
)
async def test_any_parameter_of_an_installation_is_refused(
    both: Both, caplog: pytest.LogCaptureFixture, name: str, value: str
) -> None:
    query = "&".join(f"{one}={value if one == name else 'x'}" for one in ("state", "code"))
    query = f"error={value}" if name == "error" else query
    address = URL(f"{both.url}{REDIRECT_PATH}?{query}", encoded=True)
    async with both.browser.get(address) as response:
        assert response.status < 500
        assert "Begin again" in await response.text()
    assert not await both.parley.store.installations.end(f"a\0\ud800{value}", now=both.clock())
    for record in caplog.records:
        assert record.levelno < logging.ERROR
        assert "\n" not in record.getMessage()
        assert len(record.getMessage()) < 400
