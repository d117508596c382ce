"""Installing the app by OAuth v2 as Bolt does it, in two teams, and taking it out again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.people.team import Team
from tests.bot.workspace.conftest import Listener, error, extended
from tests.ids import ANA, GENERAL
from tests.machine import running_clock

BACK = "http://127.0.0.1:9/slack/oauth_redirect"
SCOPES = ["chat:write", "commands"]

# slack_sdk still makes its Authorization header so; nothing of ours does.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")


@pytest.fixture
async def workspace(ack_seconds: float) -> AsyncIterator[Workspace]:
    manifest = extended(events=["app_uninstalled", "tokens_revoked"])
    manifest["oauth_config"]["redirect_urls"] = ["http://127.0.0.1"]
    clock = running_clock()
    async with Workspace(manifest=manifest, clock=clock, ack_seconds=ack_seconds) as workspace:
        yield workspace


@pytest.fixture
def second(workspace: Workspace) -> Team:
    return workspace.add_team("Second Harbour")


@pytest.fixture
async def browser(workspace: Workspace) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def decide(
    browser: aiohttp.ClientSession, url: str, decision: str, team: Team
) -> dict[str, str]:
    """Answer the question whether the app may come in; give what the app is told."""
    form = {"decision": decision, "team": team.team_id}
    async with browser.post(url, data=form, allow_redirects=False) as response:
        assert response.status == 302
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}


def question(workspace: Workspace, **changes: str) -> str:
    query = {
        "client_id": workspace.client_id,
        "scope": ",".join(SCOPES),
        "redirect_uri": BACK,
        "state": "abc",
    }
    asked = "&".join(f"{name}={value}" for name, value in (query | changes).items() if value)
    return f"{workspace.authorize_url}?{asked}"


async def test_bolt_installs_itself_in_another_team(
    workspace: Workspace, second: Team, browser: aiohttp.ClientSession, tmp_path: Any
) -> None:
    client = AsyncWebClient(base_url=workspace.api_url)
    store = FileInstallationStore(base_dir=str(tmp_path))
    settings = AsyncOAuthSettings(
        client_id=workspace.client_id,
        client_secret=workspace.client_secret,
        scopes=SCOPES,
        authorization_url=workspace.authorize_url,
        installation_store=store,
        state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=str(tmp_path)),
        install_page_rendering_enabled=False,
    )
    app = AsyncApp(client=client, signing_secret="any", oauth_settings=settings)
    runner = web.AppRunner(app.web_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        base = f"http://{host}:{port}/slack"
        async with browser.get(f"{base}/install", allow_redirects=False) as response:
            asked = response.headers["Location"]
            cookies = {name: morsel.value for name, morsel in response.cookies.items()}
        async with browser.get(asked) as response:
            page = await response.text()
        # The page names the team and what the app wants.
        assert "Second Harbour" in page
        assert "<li>chat:write" in page
        told = await decide(browser, asked, "allow", second)
        back = f"{base}/oauth_redirect"
        async with browser.get(back, params=told, cookies=cookies) as response:
            assert response.status == 200, await response.text()
    finally:
        await runner.cleanup()
    (call,) = [one for one in workspace.calls if one.method == "oauth.v2.access"]
    assert call.response["team"] == {"id": second.team_id, "name": "Second Harbour"}
    shown = str(call.as_page())
    assert workspace.client_secret not in shown
    assert second.bot_token not in shown
    installation = store.find_bot(enterprise_id=None, team_id=second.team_id)
    assert installation
    assert installation.bot_token == second.bot_token
    assert installation.bot_scopes == SCOPES


async def test_two_teams_with_the_same_ids_never_mix(
    workspace: Workspace, second: Team, browser: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    told = await decide(browser, question(workspace), "allow", second)
    assert told["state"] == "abc"
    answer = await client.oauth_v2_access(
        client_id=workspace.client_id,
        client_secret=workspace.client_secret,
        code=told["code"],
        redirect_uri=BACK,
    )
    assert (answer["access_token"], answer["scope"]) == (second.bot_token, "chat:write,commands")
    other = AsyncWebClient(
        token=second.bot_token, base_url=workspace.api_url, session=client.session
    )
    assert (await other.auth_test())["team_id"] == second.team_id != workspace.team_id
    # Newly let in, the bot is in no channel, and has no more scopes than were allowed.
    assert await error(other.chat_postMessage(channel=GENERAL, text="Hi")) == "not_in_channel"
    assert await error(other.users_info(user=ANA)) == "missing_scope"
    second.invite(GENERAL, workspace.bot_user_id)
    await other.chat_postMessage(channel=GENERAL, text="For the second")
    await client.chat_postMessage(channel=GENERAL, text="For the first")
    assert [one["text"] for one in second.messages(GENERAL)] == ["For the second"]
    assert [one["text"] for one in workspace.messages(GENERAL)] == ["For the first"]
    listener = Listener(workspace)
    await second.type("/brief one", user=ANA, channel=GENERAL)
    await workspace.type("/brief two", user=ANA, channel=GENERAL)
    payloads = [one["payload"] for one in listener.envelopes]
    assert [one["team_id"] for one in payloads] == [second.team_id, workspace.team_id]
    async with browser.post(payloads[0]["response_url"], json={"text": "Here"}) as response:
        assert response.status == 200
    assert [one["text"] for one in second.messages(GENERAL, user=ANA)][-1] == "Here"
    assert len(workspace.messages(GENERAL, user=ANA)) == 1


async def test_a_person_may_say_no(
    workspace: Workspace, second: Team, browser: aiohttp.ClientSession
) -> None:
    told = await decide(browser, question(workspace), "cancel", second)
    assert told == {"error": "access_denied", "state": "abc"}
    assert not second.is_installed


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"redirect_uri": "https://evil.example/"}, "bad_redirect_uri"),
        ({"scope": "chat:write,admin"}, "invalid_scope: admin"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
async def test_a_wrong_question_is_refused_on_the_page(
    workspace: Workspace, browser: aiohttp.ClientSession, changes: dict[str, str], problem: str
) -> None:
    async with browser.get(question(workspace, **changes)) as response:
        assert response.status == 400
        assert problem in await response.text()


async def test_a_code_is_good_for_one_installation(
    workspace: Workspace, second: Team, browser: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    async def exchange(code: str, **changes: str) -> str:
        known = {"client_id": workspace.client_id, "client_secret": workspace.client_secret}
        given = known | {"code": code, "redirect_uri": BACK} | changes
        return await error(client.oauth_v2_access(**given))

    code = (await decide(browser, question(workspace), "allow", second))["code"]
    assert await exchange(code, client_id="1.2") == "invalid_client_id"
    assert await exchange(code, client_secret="?") == "bad_client_secret"
    assert await exchange(code, redirect_uri="http://127.0.0.1/") == "bad_redirect_uri"
    assert await exchange("none") == "invalid_code"
    assert not second.is_installed
    await client.oauth_v2_access(
        client_id=workspace.client_id,
        client_secret=workspace.client_secret,
        code=code,
        redirect_uri=BACK,
    )
    assert await exchange(code) == "invalid_code"
    code = (await decide(browser, question(workspace), "allow", second))["code"]
    workspace.clock.move(timedelta(minutes=11))
    assert await exchange(code) == "invalid_code"


async def test_an_app_that_is_taken_out_hears_of_it(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    listener = Listener(workspace)
    workspace.uninstall()
    assert [one["type"] for one in await listener.events()] == ["tokens_revoked", "app_uninstalled"]
    assert await error(client.auth_test()) == "account_inactive"
    typed = await workspace.type("/brief", user=ANA, channel=GENERAL)
    assert "is not a valid command" in str(typed.error)
    assert workspace.bot_user_id not in workspace.channels[GENERAL].members
    workspace.reinstall(SCOPES)
    client.token = workspace.bot_token
    assert (await client.auth_test())["ok"]
    assert await error(client.users_info(user=ANA)) == "missing_scope"


async def test_an_app_can_give_its_token_back(workspace: Workspace, client: AsyncWebClient) -> None:
    listener = Listener(workspace)
    assert (await client.auth_revoke(test=True))["revoked"] is False
    assert (await client.auth_test())["ok"]
    assert (await client.auth_revoke(test=False))["revoked"] is True
    assert await error(client.auth_test()) == "token_revoked"
    assert len(await listener.events()) == 2
