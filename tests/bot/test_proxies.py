"""Proxies: which URLs use one, and that every request of Parley follows the rules."""

import signal
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import BoltResponse
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FollowingClock
from bot.entrances.intake import Intake
from bot.manifest import manifest
from bot.observability.metrics import Metrics
from bot.proxies import is_usable, proxy_for
from bot.settings import Settings, read_environment
from bot.slack_clients import open_clients
from bot.workspace import Workspace
from handlers.ids import Action
from tests.forward_proxy import ForwardProxy, forward_proxy, tls_front
from tests.handlers.conftest import dm, texts
from tests.ids import ANA, BEN
from tests.machine import running_clock
from tests.test_end_to_end import bot, end, line_with, settings

STORY = b"Lima\nIts museums.\nAn insight.\nWhat next?\n"
HTTPS, HTTP = "http://proxy.example:3128", "http://other.example:8080"


def found(url: str, no_proxy: str = "") -> str | None:
    return proxy_for(url, https_proxy=HTTPS, http_proxy=HTTP, no_proxy=no_proxy)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://slack.com/api/", HTTPS),
        ("wss://wss-primary.slack.com/link/?ticket=1", HTTPS),
        ("http://slack.test/api/", HTTP),
        ("ws://slack.test/socket", HTTP),
        ("ftp://slack.test/", None),
        ("slack.com", None),
        ("", None),
        ("https://[", None),
        ("https://slack.com:port/", None),
    ],
)
def test_the_scheme_chooses_the_proxy(url: str, proxy: str | None) -> None:
    assert found(url) == proxy


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "page.localhost",
        "127.0.0.1",
        "127.8.7.6",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_this_machine_is_never_reached_through_a_proxy(scheme: str, host: str) -> None:
    assert found(f"{scheme}://{host}:8765/api/") is None
    assert found(f"{scheme}://{host}/api/") is None


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_direct"),
    [
        ("*", "https://slack.com/", True),
        ("example.com, *", "https://slack.com/", True),
        ("slack.com", "https://slack.com/", True),
        ("SLACK.com", "https://slack.com/", True),
        ("slack.com", "wss://wss-primary.slack.com/", True),
        (".slack.com", "https://hooks.slack.com/", True),
        ("*.slack.com", "https://hooks.slack.com/", True),
        ("hooks.slack.com", "https://slack.com/", False),
        ("lack.com", "https://slack.com/", False),
        ("slack.com.example", "https://slack.com/", False),
        ("slack.com:443", "https://slack.com/", True),
        ("slack.com:8443", "https://slack.com/", False),
        ("slack.com:8443", "https://slack.com:8443/", True),
        ("localhost,127.0.0.1", "https://slack.com/", False),
        ("example.com slack.com", "https://slack.com/", True),
        (" example.com ,, slack.com ", "https://slack.com/", True),
        ("10.0.0.0/8", "http://10.1.2.3:9/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("10.1.2.3", "http://10.1.2.3/", True),
        ("2001:db8::/32", "http://[2001:db8::7]/", True),
        ("2001:db8::7", "http://[2001:db8::7]:9/", True),
        ("[2001:db8::7]:9", "http://[2001:db8::7]:9/", True),
        ("[2001:db8::7]:8", "http://[2001:db8::7]:9/", False),
        ("10.0.0.0/8", "https://slack.com/", False),
    ],
)
def test_no_proxy_is_honoured(no_proxy: str, url: str, is_direct: bool) -> None:
    assert (found(url, no_proxy) is None) == is_direct


@given(
    host=st.from_regex(r"[a-z]{1,4}(\.[a-z]{1,4}){0,3}", fullmatch=True),
    names=st.lists(
        st.from_regex(r"\.?[a-z]{1,4}(\.[a-z]{1,4}){0,2}(:443)?", fullmatch=True), max_size=4
    ),
)
def test_the_rules_are_those_of_the_standard_library(host: str, names: list[str]) -> None:
    no_proxy = ",".join(names)
    # Undocumented, so only used for comparison.
    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
    is_direct = bool(bypass(f"{host}:443", {"no": no_proxy}))
    assert (found(f"https://{host}/", no_proxy) is None) == is_direct


@given(
    url=st.text(max_size=40) | st.from_regex(r"https?://\S{0,30}"), no_proxy=st.text(max_size=40)
)
def test_any_url_and_any_no_proxy_are_accepted(url: str, no_proxy: str) -> None:
    assert found(url, no_proxy) in (None, HTTPS, HTTP)
    assert found(url, f"{no_proxy},*") is None


@given(
    labels=st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), min_size=2, max_size=5),
    cut=st.integers(0, 4),
    port=st.integers(1, 65535),
)
def test_a_domain_in_no_proxy_covers_its_subdomains(labels: list[str], cut: int, port: int) -> None:
    host, suffix = ".".join(labels), ".".join(labels[cut % len(labels) :])
    if host.endswith("localhost"):
        return
    url = f"https://{host}:{port}/"
    assert found(url) == HTTPS
    assert found(url, suffix) is None
    assert found(url, f"x{suffix}") == HTTPS


@pytest.mark.parametrize(
    ("proxy", "is_good"),
    [
        ("http://proxy.example:3128", True),
        ("https://user:pass@proxy.example", True),
        ("http://[2001:db8::1]:3128", True),
        ("socks5://proxy.example:1080", False),
        ("http://", False),
        ("http://proxy.example:port", False),
        ("http://user:pa#ss@proxy.example:3128", False),
        ("http://[", False),
    ],
)
def test_only_http_proxies_are_usable(proxy: str, is_good: bool) -> None:
    assert is_usable(proxy) is is_good


# --- from the environment -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "environ", "proxy"),
    [
        ("", {"HTTPS_PROXY": HTTPS}, HTTPS),
        ("", {"https_proxy": HTTPS}, HTTPS),
        ("", {"https_proxy": HTTPS, "HTTPS_PROXY": HTTP}, HTTPS),
        ("", {"https_proxy": "", "HTTPS_PROXY": HTTP}, None),
        ("", {"HTTPS_PROXY": "proxy.example:3128"}, HTTPS),
        ("", {"HTTP_PROXY": HTTP}, None),
        ("", {"HTTPS_PROXY": HTTPS, "no_proxy": "slack.com"}, None),
        (f"HTTPS_PROXY={HTTPS}", {}, HTTPS),
        (f"https_proxy={HTTP}", {"HTTPS_PROXY": HTTPS}, HTTPS),
    ],
)
def test_proxy_variables_work_in_either_case(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    environ: dict[str, str],
    proxy: str | None,
) -> None:
    (tmp_path / ".env").write_text(file)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    settings, problems = Settings.read(read_environment(tmp_path / ".env"))
    assert settings.proxy_for("https://slack.com/api/") == proxy
    assert not problems
    # The SDK reads the environment itself and ignores NO_PROXY, so it must find no proxy there.
    assert load_http_proxy_from_env() is None
    assert AsyncWebClient().proxy is None


def test_an_unusable_proxy_is_reported_only_if_needed() -> None:
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    socks = {"HTTPS_PROXY": "socks5://user:secret@proxy.example:1080"}
    settings, _ = Settings.read(environ | socks)
    (problem,) = settings.missing()
    assert problem.startswith("HTTPS_PROXY must be the address of an HTTP proxy")
    assert "secret" not in problem
    assert "secret" not in repr(settings)
    for more in ({"NO_PROXY": "slack.com"}, {"SLACK_API_URL": "http://127.0.0.1:1/api/"}):
        assert not Settings.read(environ | socks | more)[0].missing()
    Settings.from_env(socks, connecting=False)


# --- each use of a proxy ------------------------------------------------------------------------


class Listeners:
    """A Bolt app that records the request."""

    async def async_dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        self.request = request
        return BoltResponse(status=200)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://hooks.slack.com/commands/T1/2/abc", None),
        ("https://slack.com/answer", HTTPS),
        ("http://127.0.0.1:9/response/x/y", None),
        (7, None),
        (None, None),
    ],
)
async def test_an_answer_uses_the_proxy_of_its_response_url(url: object, proxy: str) -> None:
    """Not the proxy of the Web API, which is on another host."""
    settings = Settings(https_proxy=HTTPS, http_proxy=HTTP, no_proxy="hooks.slack.com")
    listeners = Listeners()
    intake = Intake(cast("Any", listeners), Metrics(), proxy_for=settings.proxy_for)
    body = {"command": "/brief", "team_id": "T1", "response_url": url}
    assert (await intake.take(body)).status == 200
    respond = listeners.request.context.respond
    assert respond
    assert (respond.response_url, respond.proxy) == (url, proxy)


async def test_every_client_has_the_proxy() -> None:
    for proxy in (HTTPS, None):
        async with open_clients(Settings(https_proxy=proxy or ""), Metrics()) as clients:
            made = (clients.asking("xoxb-1"), clients.posting("xoxb-1"), clients.plain())
            assert [client.proxy for client in made] == [proxy] * 3


async def test_the_followed_clock_is_read_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.workspace.origin_check._LOOPBACK", ("slack.test",))
    clock = running_clock()
    clock.move(timedelta(hours=7))
    async with (
        Workspace(manifest=manifest(), clock=clock) as workspace,
        forward_proxy({"slack.test": port_of(workspace)}) as proxy,
    ):
        following = FollowingClock("http://slack.test/page/clock", proxy=proxy.url)
        await following.read()
        assert proxy.requests == ["GET http://slack.test/page/clock"]
        assert abs(following() - clock()) < timedelta(hours=1)


def port_of(workspace: Workspace) -> int:
    return int(workspace.url.rstrip("/").rpartition(":")[2])


# --- as a process -------------------------------------------------------------------------------


def names(url: str) -> dict[str, str]:
    return dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), url)


async def test_the_demo_uses_no_proxy(tmp_path: Path) -> None:
    async with (
        forward_proxy({}) as proxy,
        bot("demo", "--port", "0", folder=tmp_path, **names(proxy.url)) as process,
    ):
        assert process.stdout
        line = await line_with(process.stdout, "Parley is running")
        async with aiohttp.ClientSession() as session:
            query = {"user": BEN, "channel": "C0WORLD"}
            url = f"{line.split()[-1]}page/messages"
            async with session.get(url, params=query) as answer:
                assert "Asked by" in texts((await answer.json())["messages"])
        await end(process, signal.SIGINT)
        assert proxy.requests == []


@asynccontextmanager
async def behind_a_proxy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, credentials: str = ""
) -> AsyncIterator[tuple[Workspace, ForwardProxy, dict[str, str]]]:
    """Yield a Slack at https://slack.test that only a proxy reaches, the proxy, and settings."""
    monkeypatch.setattr("bot.workspace.origin_check._LOOPBACK", ("slack.test", "127.0.0.1"))
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        port = port_of(workspace)
        environ = settings(workspace, folder)
        workspace._state.base_url = "https://slack.test"
        async with (
            tls_front("slack.test", port, folder) as (front, certificate),
            forward_proxy({"slack.test": front}, credentials=credentials) as proxy,
        ):
            yield (
                workspace,
                proxy,
                environ
                | {
                    "SLACK_API_URL": workspace.api_url,
                    "HTTPS_PROXY": proxy.url,
                    "SSL_CERT_FILE": str(certificate),
                },
            )


async def test_slack_is_reached_through_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Web API, the socket, response_urls and files use the proxy; the clock is on loopback."""
    async with behind_a_proxy(tmp_path, monkeypatch, credentials="ana:s3cret") as (
        workspace,
        proxy,
        environ,
    ):
        async with bot("check", folder=tmp_path, **environ) as process:
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert "https://slack.test/api/ is reached through http://127.0.0.1" in out.decode()
        written = (out + err).decode()
        async with bot("run", folder=tmp_path, LOG_LEVEL="debug", **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            # Parley is not a member, so it shows a story by the response_url of the button press.
            where = workspace.add_channel("closed", kind="private", members=[ANA]).id
            await workspace.type("/brief zelenksiy", user=ANA, channel=where)
            answer = await workspace.seen(
                where, lambda one: "flew to Geneva" in texts([one]), user=ANA
            )
            await workspace.press(ANA, Action.BRIEF_SHARE, channel=where, ts=answer["ts"])
            await workspace.seen(where, lambda one: "Shared by" in texts([one]))
            assert len(await workspace.called("response_url", 2)) == 2
            shared = workspace.share_file(
                "lima.txt",
                b"Lima\nIts museums.\nAn insight.\nWhat next?\n",
                user=ANA,
                channel=dm(ANA),
            )
            await workspace.seen(
                dm(ANA),
                lambda one: one["ts"] > shared["ts"] and "has no mistakes" in one["text"],
                user=ANA,
            )
            written += await end(process, signal.SIGTERM)
    assert set(proxy.requests) == {"CONNECT slack.test:443"}
    assert "s3cret" not in written


@pytest.mark.parametrize("wrong", ["ana:wr0ng", "wr0ng"])
@pytest.mark.parametrize("command", ["check", "run"])
async def test_no_password_is_shown_when_the_proxy_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, wrong: str
) -> None:
    async with behind_a_proxy(tmp_path, monkeypatch, credentials="ana:s3cret") as (
        _,
        proxy,
        environ,
    ):
        environ |= {
            "HTTPS_PROXY": proxy.url.replace("ana:s3cret", wrong),
            "LOG_LEVEL": "debug",
        }
        async with bot(command, folder=tmp_path, **environ) as process:
            if command == "run":
                assert process.stderr
                line = await line_with(process.stderr, "Slack cannot be reached")
                written = line + await end(process, signal.SIGTERM)
            else:
                out, err = await process.communicate()
                written = (out + err).decode()
                assert process.returncode == 1
        assert proxy.requests
    assert "cannot be reached" in written
    assert "wr0ng" not in written
    assert "Traceback" not in written
