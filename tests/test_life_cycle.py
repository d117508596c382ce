"""Bots as processes: start, stop, and several at the same time."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import asyncpg
import pytest

from bot.clock import MovableClock, system_clock
from bot.manifest import manifest
from bot.workspace import Fault, Workspace
from handlers.ids import Action
from store import open_store
from store.types import PostState
from tests import postgres
from tests.black_hole import BlackHole
from tests.bot.conftest import SECRET, command, signed
from tests.ids import ANA, GENERAL
from tests.machine import NOW, ROOT, environment, free_port, running_clock
from tests.test_end_to_end import bot, end, line_with, settings

POST = "chat.postMessage"


async def get(port: int, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as response,
    ):
        return response.status, await response.text()


async def test_a_start_waits_for_slack(tmp_path: Path) -> None:
    slack, status = free_port(), free_port()
    away = Workspace(manifest=manifest(), clock=running_clock(), port=slack)
    environ = {
        "SLACK_BOT_TOKEN": away.bot_token,
        "SLACK_APP_TOKEN": away.app_token,
        "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
        "STATUS_PORT": str(status),
    }
    async with bot("run", folder=tmp_path, **environ) as process:
        assert process.stderr
        await line_with(process.stderr, "Slack cannot be reached")
        assert (await get(status, "/healthz"))[0] == 200
        code, said = await get(status, "/readyz")
        assert (code, json.loads(said)["checks"]) == (503, {"start": "not ready yet"})
        async with away:
            await line_with(process.stderr, '"connected"')
            code, said = await get(status, "/readyz")
            assert code == 200, said
            assert "parley_socket_connected 1.0" in (await get(status, "/metrics"))[1]
            await end(process, signal.SIGTERM)


async def test_a_start_waits_for_the_database(postgres_server: str, tmp_path: Path) -> None:
    """After a reboot of the machine, Parley may start before PostgreSQL does."""
    port, status = free_port(), free_port()
    async with (
        postgres.schema(postgres_server) as url,
        Workspace(manifest=manifest(), clock=running_clock()) as workspace,
    ):
        away = f"postgresql://parley@127.0.0.1:{port}/postgres?search_path={url.rpartition('=')[2]}"
        environ = settings(workspace, tmp_path) | {
            "DATABASE_URL": away,
            "STATUS_PORT": str(status),
        }
        for comes_back in (False, True):
            async with bot("run", folder=tmp_path, **environ) as process:
                assert process.stderr
                line = await line_with(process.stderr, "The database cannot be opened")
                assert "try 1; trying again in 1 s" in line
                assert (await get(status, "/healthz"))[0] == 200
                assert (await get(status, "/readyz"))[0] == 503
                if comes_back:
                    async with BlackHole(url).listening(port):
                        await line_with(process.stderr, '"connected"')
                        assert (await get(status, "/readyz"))[0] == 200
                        await end(process, signal.SIGTERM)
                else:
                    await end(process, signal.SIGTERM)


async def test_a_start_with_a_standby_is_left_to_the_supervisor(
    postgres_server: str, tmp_path: Path
) -> None:
    """It ends with 1 and not with 78, because the server may soon take writes again."""
    async with (
        postgres.schema(postgres_server) as url,
        Workspace(manifest=manifest(), clock=running_clock()) as workspace,
    ):
        async with open_store(url):
            pass
        environ = settings(workspace, tmp_path) | {
            "DATABASE_URL": f"{url}&default_transaction_read_only=on"
        }
        async with bot("run", folder=tmp_path, **environ) as process:
            _, err = await process.communicate()
        assert process.returncode == 1
        assert err.decode().splitlines()[1:] == [
            "The database can only be read: nothing was changed."
        ]


@pytest.mark.parametrize("way_in", ["socket", "http"])
async def test_a_bot_whose_database_is_gone_is_not_ready(
    postgres_server: str, tmp_path: Path, way_in: str
) -> None:
    """By Socket Mode on the port of the status pages, and by HTTP on its own port."""
    port, status = free_port(), free_port()
    server = await asyncpg.connect(postgres_server)
    await server.execute("CREATE DATABASE gone")
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path) | {
            "DATABASE_URL": postgres_server.replace("/postgres?", "/gone?"),
            "STATUS_PORT": str(status),
        }
        ports, brought = [status], ["hello", "pong", "envelope"]
        if way_in == "http":
            del environ["SLACK_APP_TOKEN"]
            environ |= {"SLACK_SIGNING_SECRET": SECRET, "PORT": str(port)}
            ports, brought = [status, port], []
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "listening" if way_in == "http" else '"connected"')
            for one in ports:
                code, said = await get(one, "/readyz")
                assert code == 200, said
                assert list(json.loads(said).get("seconds_since", {})) == brought
            await server.execute("DROP DATABASE gone WITH (FORCE)")
            for one in ports:
                # The result may be cached for some seconds.
                while (answer := await get(one, "/readyz"))[0] == 200:
                    pass
                code, said = answer
                assert code == 503
                checks = json.loads(said)["checks"]
                assert "My database does not answer" in checks.pop("database")
                assert set(checks.values()) == {"well"}
                assert list(json.loads(said).get("seconds_since", {})) == brought
            assert (await get(status, "/healthz"))[0] == 200
            await end(process, signal.SIGTERM)
    await server.close()


async def test_a_waiting_start_can_be_stopped(tmp_path: Path) -> None:
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
    }
    async with bot("run", folder=tmp_path, **environ) as process:
        assert process.stderr
        await line_with(process.stderr, "trying again")
        await end(process, signal.SIGTERM)


async def due(workspace: Workspace, clock: MovableClock) -> None:
    """Schedule a daily question in the channel, and move the clock to its time."""
    await workspace.type("/digest on 09:30 daily UTC", user=ANA, channel=GENERAL)
    await workspace.seen(GENERAL, lambda one: "at 09:30" in str(one), user=ANA)
    clock.move(NOW.replace(hour=9, minute=30) - clock())


async def test_a_post_in_progress_is_finished_first(tmp_path: Path) -> None:
    clock = running_clock()
    async with Workspace(manifest=manifest(), clock=clock) as workspace:
        workspace.pace = False
        async with bot("run", folder=tmp_path, **settings(workspace, tmp_path)) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            workspace.faults.add(Fault(method=POST, kind="delay", seconds=1, after=True))
            await due(workspace, clock)
            await workspace.received(POST)
            await end(process, signal.SIGTERM)
        async with open_store(f"sqlite:///{tmp_path}/data/parley.db") as store:
            counts = await store.statistics.posts()
            assert counts[PostState.SENT] >= 1
            assert counts[PostState.SENDING] == counts[PostState.UNKNOWN] == 0


async def test_a_post_that_slack_never_answers_does_not_block_the_end(tmp_path: Path) -> None:
    """Its outcome stays unknown, and the next start checks the history for it."""
    clock = running_clock()
    async with Workspace(manifest=manifest(), clock=clock) as workspace:
        workspace.pace = False
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, module="tests.impatient", **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            workspace.faults.add(Fault(method=POST, kind="delay", seconds=600))
            await due(workspace, clock)
            await workspace.received(POST)
            err = await end(process, signal.SIGTERM)
            assert "cancelled posts at shutdown" in err
            assert "Traceback" not in err
        async with open_store(f"sqlite:///{tmp_path}/data/parley.db") as store:
            assert (await store.statistics.posts())[PostState.SENDING] == 1


async def test_a_reply_that_slack_never_answers_does_not_block_the_end(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, module="tests.impatient", **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            workspace.faults.add(Fault(method="conversations.info", kind="delay", seconds=600))
            await workspace.type("/digest on 09:30", user=ANA, channel=GENERAL)
            await workspace.received("conversations.info")
            assert "cancelled 1 answers at shutdown" in await end(process, signal.SIGTERM)


async def test_a_socket_that_stays_lost_ends_the_process(tmp_path: Path) -> None:
    """The exit code is 1, so that a supervisor restarts it, after an orderly shutdown."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, module="tests.impatient", **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            workspace.faults.add(
                Fault(method="apps.connections.open", kind="status", status=503, times=None)
            )
            await workspace.disconnect_sockets()
            _, err = await process.communicate()
    assert process.returncode == 1
    assert "cannot be rebuilt: exiting, so that the supervisor restarts Parley." in err.decode()


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    clock = running_clock()
    async with Workspace(manifest=manifest(), clock=clock) as workspace:
        workspace.pace = False
        async with bot("run", folder=tmp_path, **settings(workspace, tmp_path)) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            workspace.faults.add(Fault(method=POST, kind="delay", seconds=30))
            await due(workspace, clock)
            await workspace.received(POST)
            process.send_signal(signal.SIGTERM)
            await line_with(process.stderr, "stopping")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 128 + signal.SIGTERM


async def test_a_second_bot_on_the_same_file_waits_and_is_refused(tmp_path: Path) -> None:
    """The exit code is 1: a supervisor may start it again, when the first one has ended."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, **environ) as first:
            assert first.stderr
            await line_with(first.stderr, "connected")
            async with bot("run", folder=tmp_path, module="tests.impatient", **environ) as second:
                _, err = await second.communicate()
                assert second.returncode == 1
                assert f"in use by process {first.pid} on {socket.gethostname()}" in err.decode()
            for arguments in (["find", "geneva"], ["check"], ["backup", "b.db"], ["load"]):
                async with bot(*arguments, folder=tmp_path, **environ) as beside:
                    _, err = await beside.communicate()
                    assert beside.returncode == 0, (arguments, err.decode())
            await end(first, signal.SIGTERM)


async def test_a_bot_that_starts_while_another_one_ends_takes_over(tmp_path: Path) -> None:
    """As when a new version is started before the old one has ended."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, **environ) as first:
            assert first.stderr
            await line_with(first.stderr, "connected")
            async with bot("run", folder=tmp_path, **environ) as second:
                assert second.stderr
                await line_with(second.stderr, f"in use by process {first.pid}")
                await end(first, signal.SIGTERM)
                await line_with(second.stderr, "connected")
                await end(second, signal.SIGTERM)


async def test_stories_loaded_from_a_terminal_are_followed(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            (tmp_path / "corpus" / "quito.txt").write_text("Quito\nA summary.\nInsight.\nWhy?\n")
            async with bot("load", folder=tmp_path, **environ) as load:
                await load.communicate()
            await line_with(process.stderr, "switched to revision 2")
            await workspace.type("/brief quito", user=ANA, channel=GENERAL)
            await workspace.seen(GENERAL, lambda one: "A summary." in str(one), user=ANA)
            await end(process, signal.SIGTERM)


async def test_the_log_holds_no_words_and_no_secrets(tmp_path: Path) -> None:
    """At the level DEBUG, with every kind of error."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path) | {"LOG_LEVEL": "debug", "LOG_FORMAT": "json"}
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            for words in ("/brief zelenksiy", "/brief kubernetes", "/corpus nonsense"):
                await workspace.type(words, user=ANA, channel=GENERAL)
            workspace.faults.add(Fault(method="*", kind="status", status=500, times=3))
            await workspace.type("/corpus reload", user=ANA, channel=GENERAL)
            await workspace.called("users.info")
            await workspace.disconnect_sockets()
            err = await end(process, signal.SIGTERM)
    lines = [json.loads(line) for line in err.splitlines()]
    assert {line["level"] for line in lines} <= {"debug", "info", "warning", "error"}
    for word in ("zelenksiy", "kubernetes", "nonsense", "xoxb", "xapp", "response/T", "ticket="):
        assert word not in err


async def test_log_lines_name_the_request_they_belong_to(tmp_path: Path) -> None:
    """By ids, also in work after the ack."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            await workspace.type("/brief zelenksiy", user=ANA, channel=GENERAL)
            seen = await workspace.seen(GENERAL, lambda one: "Geneva" in str(one), user=ANA)
            await workspace.type("/digest on 23:59 daily UTC", user=ANA, channel=GENERAL)
            await workspace.seen(GENERAL, lambda one: "at 23:59" in str(one), user=ANA)
            requests = set()
            for error in ("msg_too_long", "no_text"):
                workspace.faults.add(Fault(method=POST, kind="refuse", error=error))
                if error == "msg_too_long":
                    await workspace.press(ANA, Action.BRIEF_SHARE, channel=GENERAL, ts=seen["ts"])
                else:
                    await workspace.type("/digest now", user=ANA, channel=GENERAL)
                line = json.loads(await line_with(process.stderr, error))
                about = (line["team"], line["channel"], line["user"])
                assert about == (workspace.team_id, GENERAL, ANA)
                requests.add(line["request"])
            assert len(requests) == 2
            stopping = (await end(process, signal.SIGTERM)).splitlines()[-1]
            assert "request" not in json.loads(stopping)


async def test_http_as_a_process_by_the_procfile(tmp_path: Path) -> None:
    """Run `honcho start web`, send a signed and a forged command, and stop."""
    port = free_port()
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        del environ["SLACK_APP_TOKEN"]
        environ |= {"SLACK_SIGNING_SECRET": SECRET}
        honcho = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "honcho", "--procfile", str(ROOT / "Procfile"), "--app-root", str(tmp_path)),
            *("start", "--port", str(port), "web"),
            cwd=tmp_path,
            env=environment(
                PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                PYTHONUNBUFFERED="1",
                **environ,
            ),
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            assert honcho.stdout
            line = await line_with(honcho.stdout, "listening on port")
            assert int(re.findall(r"port (\d+)", line)[0]) == port
            body = urlencode(command("/brief zelenksiy"))
            url = f"http://127.0.0.1:{port}/slack/events"
            async with aiohttp.ClientSession() as session:
                for secret, status in ((SECRET, 200), ("another", 401)):
                    headers = signed(body, system_clock().timestamp(), secret=secret)
                    headers["Content-Type"] = "application/x-www-form-urlencoded"
                    async with session.post(url, data=body, headers=headers) as response:
                        assert response.status == status
                        assert ("Zelenskiy flew" in await response.text()) is (status == 200)
            honcho.send_signal(signal.SIGTERM)
            out, _ = await honcho.communicate()
            assert "stopping" in out.decode()
        finally:
            if honcho.returncode is None:
                honcho.kill()
                await honcho.communicate()


@pytest.mark.parametrize("setting", ["PORT", "STATUS_PORT"])
async def test_a_port_that_is_taken_is_reported(tmp_path: Path, setting: str) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        taken = workspace.url.rstrip("/").rpartition(":")[2]
        if setting == "PORT":
            del environ["SLACK_APP_TOKEN"]
            environ |= {"SLACK_SIGNING_SECRET": SECRET}
        async with bot("run", folder=tmp_path, **environ | {setting: taken}) as process:
            _, err = await process.communicate()
        assert process.returncode == 1
        assert "Set another PORT or STATUS_PORT" in err.decode()
        assert "Traceback" not in err.decode()


@pytest.mark.parametrize(
    ("setting", "host"),
    [("PORT", "203.0.113.7"), ("STATUS_PORT", "nowhere.invalid"), ("PORT", "[2001:db8::7]")],
)
async def test_an_address_of_another_machine_is_reported(
    tmp_path: Path, setting: str, host: str
) -> None:
    async with Workspace(manifest=manifest(), clock=MovableClock()) as workspace:
        environ = settings(workspace, tmp_path)
        if setting == "PORT":
            del environ["SLACK_APP_TOKEN"]
            environ |= {"SLACK_SIGNING_SECRET": SECRET}
        async with bot("run", folder=tmp_path, **environ | {setting: f"{host}:0"}) as process:
            _, err = await process.communicate()
        assert process.returncode == 1
        assert f"Cannot listen on {host.strip('[]')}, port 0: " in err.decode()
        assert "Traceback" not in err.decode()


async def test_a_failed_load_of_the_watched_folder_is_visible_from_outside(tmp_path: Path) -> None:
    status = free_port()
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        environ |= {"CORPUS_WATCH": "1", "STATUS_PORT": str(status)}
        corpus = Path(environ["CORPUS_DIR"])
        (tmp_path / "data").mkdir()
        async with open_store(f"sqlite:///{tmp_path}/data/parley.db") as store:
            await store.loads.reload(corpus, by="terminal", at=NOW)
        (corpus / "bad.txt").write_text("Only a headline\n")
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "bad.txt:1: has a headline and no article below it")
            assert "parley_corpus_refused 1.0" in (await get(status, "/metrics"))[1]
            await end(process, signal.SIGTERM)
