"""One day with Parley, against any Slack-like server; what it called is written down to compare.

    python -m tests.scenario --slack-api-url http://127.0.0.1:8765/api/ --out ours.jsonl
    python -m tests.scenario --slack-api-url http://127.0.0.1:3000/api/ --out theirs.jsonl \
        --bot-token xoxb-theirs --channel C01 --user U01
    diff ours.jsonl theirs.jsonl

The bot runs as a process of its own. It must be in the channel, and the user too. What is read back
is read by the Web API; a person's commands and presses come from tests/switchboard.py, or, with
`--page`, from the page of Parley's own local workspace, and then by its Socket Mode.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.grants import APP_TOKEN, BOT_TOKEN
from handlers.ids import Action, Command
from tests.switchboard import Json, Switchboard

ROOT = Path(__file__).parents[1]

_VARYING = frozenset(
    {"block_id", "event_payload", "latest", "oldest", "text", "thread_ts", "ts", "value"}
)
"""What each run chooses or makes up anew: whether it is there is compared, and not what it is."""


class Client(Protocol):
    """Where a person types and presses."""

    async def type(self, line: str) -> None:
        """Type a command."""

    async def press(self, action_id: str) -> None:
        """Press the newest button of this action_id."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Slack-like server, and who and where in it; *page* is that of a local workspace."""

    slack_api_url: str
    bot_token: str = BOT_TOKEN
    channel: str = "C0GENERAL"
    user: str = "U0ANA"
    page: str | None = None


class Page:
    """Types and presses in the page of a local workspace."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def type(self, line: str) -> None:
        await self._post("type", text=line)

    async def press(self, action_id: str) -> None:
        await self._post("press", action_id=action_id)

    async def _post(self, act: str, **what: str) -> None:
        body = {"user": self._server.user, "channel": self._server.channel, **what}
        url, headers = f"{self._server.page}page/{act}", {"X-Workspace": "1"}
        async with aiohttp.request("POST", url, json=body, headers=headers) as response:
            told = await response.json()
        assert told["ok"], told


async def run(server: Server) -> list[Json]:
    """Play the scenario; give what was called, in a form in which two servers can be compared.

    Raises AssertionError where the server does not do as Slack does.
    """
    async with aiohttp.ClientSession() as session:
        slack = AsyncWebClient(
            token=server.bot_token, base_url=server.slack_api_url, session=session
        )
        team = (await slack.auth_test())["team_id"]
        async with (
            Switchboard(
                server.slack_api_url,
                user=server.user,
                channel=server.channel,
                team=team,
                is_client=server.page is None,
            ) as switchboard,
            _bot(server, switchboard) as process,
        ):
            assert process.stderr
            await _line_with(process.stderr, "connected")
            # What is written to standard error later on must not fill the pipe.
            reading = asyncio.create_task(process.stderr.read())
            await _day(Page(server) if server.page else switchboard, switchboard, slack, server)
            process.send_signal(signal.SIGTERM)
            log = (await reading).decode()
            assert await process.wait() == 0, log
    return [comparable(one, server) for one in switchboard.written]


async def _day(
    client: Client, switchboard: Switchboard, slack: AsyncWebClient, server: Server
) -> None:
    """Ask for a story and put it to the channel, then another question, then one a day."""
    switchboard.begin("a story is asked for")
    await client.type(f"{Command.BRIEF} zelenski")
    switchboard.begin("it is put to the channel")
    await client.press(Action.BRIEF_DISCUSS)
    question, story = await switchboard.happened(posts=2, answers=1)
    await _is_in_history(slack, server, question)
    await _is_in_thread(slack, server, story, question)

    switchboard.begin("a question is asked for")
    await client.type(f"{Command.DISCUSS} sanctions")
    switchboard.begin("it is posted")
    await client.press(Action.DISCUSS_POST)
    question, _ = await switchboard.happened(posts=2, answers=1)
    await _is_in_history(slack, server, question)

    switchboard.begin("a schedule is made")
    await client.type(f"{Command.DIGEST} on 09:30 daily UTC")
    await switchboard.happened(answers=1)
    switchboard.begin("its time comes")
    now = datetime.now(UTC)
    due = now.replace(hour=9, minute=30, second=5, microsecond=0)
    switchboard.clock_offset = (due if due > now else due + timedelta(days=1)) - now
    question, story = await switchboard.happened(posts=2)
    await _is_in_history(slack, server, question)
    await _is_in_thread(slack, server, story, question)
    switchboard.begin("the schedule is ended")
    await client.type(f"{Command.DIGEST} off")
    await switchboard.happened(answers=1)


async def _is_in_history(slack: AsyncWebClient, server: Server, posted: Json) -> None:
    history = await slack.conversations_history(channel=server.channel, limit=20)
    _is_among(history["messages"], posted)


async def _is_in_thread(slack: AsyncWebClient, server: Server, posted: Json, under: Json) -> None:
    thread = await slack.conversations_replies(channel=server.channel, ts=under["ts"])
    _is_among(thread["messages"], posted)


def _is_among(messages: list[Json], posted: Json) -> None:
    (found,) = [one for one in messages if one["ts"] == posted["ts"]]
    assert found["text"] == posted["message"]["text"]
    assert found["bot_id"]


def comparable(written: Json, server: Server) -> Json:
    """Give a line without what differs from server to server, or from run to run."""

    def plain(name: str, value: Any) -> Any:
        if name in _VARYING:
            return "…"
        if isinstance(value, dict):
            return {name: plain(name, one) for name, one in value.items()}
        if isinstance(value, list):
            return [plain("", one) for one in value]
        if value == server.channel:
            return "<channel>"
        return "<user>" if value == server.user else value

    return written | {"sent": plain("", written["sent"])}


@asynccontextmanager
async def _bot(server: Server, switchboard: Switchboard) -> AsyncIterator[Process]:
    """Run the bot in an empty folder, with the starter corpus; what is left of it is killed."""
    with TemporaryDirectory(prefix="parley-scenario-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "SLACK_BOT_TOKEN": server.bot_token,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": f"{switchboard.url}/api/",
                "CLOCK_URL": f"{switchboard.url}/clock",
            },
            stdout=DEVNULL,
            stderr=PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _line_with(stream: asyncio.StreamReader, words: str) -> None:
    before = []
    async for line in stream:
        if words in line.decode():
            return
        before.append(line.decode())
    raise AssertionError(f"ended without {words!r}:\n{''.join(before)}")


def main() -> None:
    """Play the scenario against the server that the command line names."""
    parser = argparse.ArgumentParser(description="One day with Parley, against a Slack-like server")
    parser.add_argument("--slack-api-url", required=True, help="where its Web API is")
    parser.add_argument("--bot-token", default=Server.bot_token)
    parser.add_argument(
        "--channel", default=Server.channel, help="id of a channel that both are in"
    )
    parser.add_argument("--user", default=Server.user, help="id of a user")
    parser.add_argument("--page", help="of a local workspace: type and press there")
    parser.add_argument("--out", type=argparse.FileType("w"), default=sys.stdout)
    given = vars(parser.parse_args())
    out = given.pop("out")
    for line in asyncio.run(run(Server(**given))):
        out.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
