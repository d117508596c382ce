"""The bot as a separate process, connected to the local workspace by real sockets."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.manifest import manifest
from bot.workspace import Fault, Workspace
from handlers.ids import Action
from tests.conftest import write_corpus
from tests.handlers.conftest import texts
from tests.ids import ANA, BEN, GENERAL
from tests.machine import NOW, PATIENCE, environment, running_clock


@asynccontextmanager
async def bot(
    *arguments: str, folder: Path, module: str = "bot", **environ: str
) -> AsyncIterator[Process]:
    """Run `python -m bot` in *folder*, and kill it at the end if it still runs.

    The *module* `tests.impatient` is the same bot with shorter deadlines.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=folder,
        env=environment(**environ),
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def end(process: Process, how: signal.Signals) -> str:
    """Send a signal, and return the rest of standard error; the process must exit with 0."""
    process.send_signal(how)
    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return err.decode()


async def line_with(stream: asyncio.StreamReader, words: str) -> str:
    """Wait for a line that contains *words*, and return it."""
    before = []
    async for line in stream:
        before.append(line.decode())
        if words in before[-1]:
            return before[-1]
    raise AssertionError(f"ended without {words!r}:\n{''.join(before)}")


def settings(workspace: Workspace, folder: Path) -> dict[str, str]:
    corpus = folder / "corpus"
    if not corpus.exists():
        write_corpus(corpus)
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "CLOCK_URL": f"{workspace.url}page/clock",
        "CORPUS_DIR": str(corpus),
    }


async def test_a_day_with_parley(tmp_path: Path) -> None:
    """Start, a command, a button, a scheduled question, a reload, a stop and a second start."""
    clock = running_clock()
    async with Workspace(manifest=manifest(), clock=clock) as workspace:
        workspace.pace = False
        environ = settings(workspace, tmp_path)

        async def seen(words: str, user: str | None = ANA) -> dict[str, Any]:
            return await workspace.seen(GENERAL, lambda one: words in texts([one]), user=user)

        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")

            delivery = await workspace.type("/brief zelenksiy", user=ANA, channel=GENERAL)
            assert delivery.acked
            answer = await seen("Zelenskiy flew to Geneva")
            assert answer["ephemeral"]

            await workspace.press(ANA, Action.BRIEF_DISCUSS, channel=GENERAL, ts=answer["ts"])
            question = await seen("Who should set the agenda", user=None)
            await workspace.seen(
                GENERAL,
                lambda one: "Zelenskiy flew" in texts([one]),
                thread_ts=question["ts"],
            )

            await workspace.type("/digest on 09:30 daily UTC", user=ANA, channel=GENERAL)
            await seen("at 09:30 every day (UTC)")
            clock.move(NOW.replace(hour=9, minute=30) - clock())
            await seen("Question of the day", user=None)

            (tmp_path / "corpus" / "lima.txt").write_text("Lima\nA summary.\nInsight.\nWhy?\n")
            await workspace.type("/corpus reload", user=ANA, channel=GENERAL)
            await seen("1 added")
            await workspace.type("/corpus reload", user=BEN, channel=GENERAL)
            assert await workspace.seen(
                GENERAL, lambda one: "Only Parley admins" in one["text"], user=BEN
            )

            await end(process, signal.SIGTERM)

        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            await workspace.type("/digest next", user=ANA, channel=GENERAL)
            await seen("set up by")
            await end(process, signal.SIGTERM)
        asked = [one for one in workspace.messages(GENERAL) if "Question of the day" in one["text"]]
        assert len(asked) == 1


async def test_a_running_bot_embeds_its_stories(tmp_path: Path) -> None:
    """Also during this, `SIGTERM` ends it in order."""
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path) | {"TESTS_EMBED": "1"}
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            await end(process, signal.SIGTERM)
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "embedded")
            await workspace.type("/brief diplomats meeting abroad", user=ANA, channel=GENERAL)
            await workspace.seen(
                GENERAL, lambda one: "Zelenskiy flew to Geneva" in texts([one]), user=ANA
            )
            await end(process, signal.SIGTERM)


async def test_a_wrong_token_is_reported(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path) | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
        async with bot("run", folder=tmp_path, **environ) as process:
            _, err = await process.communicate()
            assert process.returncode == 78
            assert "Slack refuses the token: invalid_auth" in err.decode()
            assert "xoxb-wrong" not in err.decode()
        async with bot("check", folder=tmp_path, **environ) as process:
            out, err = await process.communicate()
            assert process.returncode == 78
            assert "SLACK_BOT_TOKEN: Slack does not know it (invalid_auth)" in err.decode()
            assert "SLACK_APP_TOKEN: Socket Mode can be opened" in out.decode()


async def test_check_without_problems(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        async with bot("check", folder=tmp_path, **settings(workspace, tmp_path)) as process:
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert "Corpus: 2 documents with 3 stories" in out.decode()


async def test_check_while_slack_is_down(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        workspace.faults.add(Fault(method="*", kind="status", status=503, times=None))
        async with bot("check", folder=tmp_path, **settings(workspace, tmp_path)) as process:
            _, err = await process.communicate()
        assert process.returncode == 1
        assert "SLACK_BOT_TOKEN: " in err.decode()
        assert "cannot be reached" in err.decode()


async def test_check_looks_at_scopes_and_channels(tmp_path: Path) -> None:
    """The app lacks newer scopes because it was installed before, and has left a channel since."""
    lacking = manifest()
    for scope in ("app_mentions:read", "groups:history"):
        lacking["oauth_config"]["scopes"]["bot"].remove(scope)
    async with Workspace(manifest=lacking, clock=running_clock()) as workspace:
        environ = settings(workspace, tmp_path)
        async with bot("run", folder=tmp_path, **environ) as process:
            assert process.stderr
            await line_with(process.stderr, "connected")
            for channel in (GENERAL, "C0RANDOM"):
                workspace.invite(channel, workspace.bot_user_id)
                await workspace.type("/digest on 09:30 daily UTC", user=ANA, channel=channel)
                await workspace.seen(channel, lambda one: "at 09:30" in str(one), user=ANA)
            await end(process, signal.SIGTERM)
        workspace.remove("C0RANDOM", workspace.bot_user_id)
        async with bot("check", folder=tmp_path, **environ) as process:
            out, err = await process.communicate()
        assert process.returncode == 78
        assert "SLACK_BOT_TOKEN: lacks app_mentions:read; paste the manifest" in err.decode()
        assert "SLACK_BOT_TOKEN: without groups:history, in private channels it can" in err.decode()
        assert "Channel C0RANDOM has a schedule: I'm not in this channel yet" in err.decode()
        assert "Channels: Parley can post in 1 of 2 with a schedule." in out.decode()


async def test_the_demo_starts_serves_and_ends(tmp_path: Path) -> None:
    async with bot("demo", "--port", "0", folder=tmp_path) as process:
        assert process.stdout
        line = await line_with(process.stdout, "Parley is running")
        (url,) = re.findall(r"http://\S+", line)
        async with aiohttp.ClientSession() as session, session.get(url) as page:
            assert page.status == 200
            assert "<title>" in await page.text()
            query = {"user": BEN, "channel": "C0WORLD"}
            async with session.get(f"{url}page/messages", params=query) as answer:
                *_, question = (await answer.json())["messages"]
            assert "Asked by" in texts([question])
            assert question["reply_count"] == 3
        assert "Traceback" not in await end(process, signal.SIGINT)


async def test_the_demo_has_outsiders_and_the_agent_panel(tmp_path: Path) -> None:
    async with bot("demo", "--port", "0", folder=tmp_path, AGENT_VIEW="1") as process:
        assert process.stdout
        line = await line_with(process.stdout, "Parley is running")
        (url,) = re.findall(r"http://\S+", line)
        headers = {"X-Workspace": "1"}
        async with aiohttp.ClientSession(url, headers=headers, raise_for_status=True) as session:
            async with session.get("/page/state") as answer:
                state = await answer.json()
            assert state["has_agent"]
            assert [one["name"] for one in state["people"] if one["is_guest"]] == ["dina"]
            assert [one["name"] for one in state["people"] if one["is_stranger"]] == ["emre"]
            written = {"text": "zelenski", "user": ANA, "channel": "D0ANA"}
            await session.post("/page/type", json=written)
            async with asyncio.timeout(PATIENCE):
                while True:
                    query = {"user": ANA, "channel": "D0ANA"}
                    async with session.get("/page/messages", params=query) as answer:
                        (asked,) = (await answer.json())["messages"]
                    if asked["reply_count"] == 1:
                        break
                    await asyncio.sleep(0.1)
        assert "Traceback" not in await end(process, signal.SIGINT)


async def test_a_story_arrives_in_the_demo(tmp_path: Path) -> None:
    async with bot("demo", "--port", "0", folder=tmp_path) as process:
        assert process.stdout
        line = await line_with(process.stdout, "Parley is running")
        (url,) = re.findall(r"http://\S+", line)
        headers = {"X-Workspace": "1"}
        async with aiohttp.ClientSession(url, headers=headers, raise_for_status=True) as session:

            async def found() -> bool:
                brief = {"text": "/brief corinna", "user": ANA, "channel": GENERAL}
                await session.post("/page/type", json=brief)
                query = {"user": ANA, "channel": GENERAL}
                async with session.get("/page/messages", params=query) as answer:
                    return "sank off Gull Point" in texts((await answer.json())["messages"])

            async with session.get("/page/feed") as answer:
                title, text = (await answer.json())["draft"]
            story = {"act": "publish", "title": title, "text": text}
            await session.post("/page/feed", json=story)
            async with asyncio.timeout(PATIENCE):
                while not await found():
                    # The first poll may not be noted yet, and the next one is due after that.
                    await session.post("/page/clock", json={"seconds": 2100})
                    await asyncio.sleep(0.5)
        assert "Traceback" not in await end(process, signal.SIGINT)


async def test_the_demo_reports_a_port_that_is_taken(tmp_path: Path) -> None:
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        port = workspace.url.rstrip("/").rpartition(":")[2]
        async with bot("demo", "--port", port, folder=tmp_path) as process:
            _, err = await process.communicate()
        assert process.returncode == 1
        assert f"Port {port} is taken by another program" in err.decode()
