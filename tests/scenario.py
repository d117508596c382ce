"""One day with Parley on any Slack-like server; its calls are recorded for comparison.

    python -m tests.scenario --slack-api-url http://127.0.0.1:8765/api/ --out ours.jsonl
    python -m tests.scenario --slack-api-url http://127.0.0.1:3000/api/ --out theirs.jsonl \
        --bot-token xoxb-theirs --channel C01 --user U01
    diff ours.jsonl theirs.jsonl

The bot runs as a separate process. The bot and the user must be in the channel. The scenario reads
messages with the Web API. A person's commands and button presses come from tests/switchboard or,
with `--page`, from the page of the local workspace and its Socket Mode.
"""

import argparse
import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.model.tokens import APP_TOKEN, BOT_TOKEN
from handlers.ids import Action, Block, Command, Field
from store.types import ChannelId, UserId
from tests.ids import ANA, GENERAL
from tests.machine import NOW, environment
from tests.switchboard import Json, Page, Switchboard

_VARYING = frozenset(
    {
        "block_id",
        "event_payload",
        "latest",
        "oldest",
        "private_metadata",
        "text",
        "thread_ts",
        "trigger_id",
        "ts",
        "value",
        "view_id",
    }
)
"""Arguments that differ in each run: only their presence is compared, not their value."""


class Client(Protocol):
    """A client in which a person types and presses buttons."""

    async def type(self, line: str) -> None:
        """Type a command."""

    async def press(self, action_id: str) -> None:
        """Press the newest button of this action_id."""

    async def offered(self, block_id: str, action_id: str, typed: str) -> list[Json]:
        """Type into a select of the open modal; return the options that it offers."""

    async def submit(self, values: Json) -> dict[str, str]:
        """Fill in the modal and submit it; return the errors by block_id."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Slack-like server, with a user and a channel; *page* is the page of a local workspace."""

    slack_api_url: str
    bot_token: str = BOT_TOKEN
    channel: ChannelId = GENERAL
    user: UserId = ANA
    page: str | None = None


async def run(server: Server) -> list[Json]:
    """Play the scenario; return the calls in a form that can be compared between servers.

    Raises AssertionError if the server does not behave like Slack.
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
            # Keep reading standard error, or a full pipe would block the bot.
            reading = asyncio.create_task(process.stderr.read())
            who = {"user": server.user, "channel": server.channel}
            page = Page(server.page, switchboard, **who) if server.page else None
            await _day(page or switchboard.person, switchboard, slack, server)
            process.send_signal(signal.SIGTERM)
            log = (await reading).decode()
            assert await process.wait() == 0, log
    return [comparable(one, server) for one in switchboard.written]


async def _day(
    client: Client, switchboard: Switchboard, slack: AsyncWebClient, server: Server
) -> None:
    """Look up a story, ask the channel about it, post a question, and set a schedule by a form."""
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

    switchboard.begin("the form of a schedule is opened")
    await client.type(Command.DIGEST)
    await switchboard.happened(views=1)
    switchboard.begin("its fields are completed")
    (zone, *_) = await client.offered(Block.ZONE, Field.ZONE, "utc")
    (topic, *_) = await client.offered(Block.TOPICS, Field.TOPICS, "sanct")
    zones = {Block.ZONE: {Field.ZONE: {"selected_option": zone}}}
    assert (zone["value"], topic["value"]) == ("UTC", "sanctions")

    def about(chosen: Json) -> Json:
        return zones | {Block.TOPICS: {Field.TOPICS: {"selected_options": [chosen]}}}

    switchboard.begin("a field is wrong")
    nonsense = {"text": {"type": "plain_text", "text": "qzxv wvq"}, "value": "qzxv wvq"}
    errors = await client.submit(about(nonsense))
    assert errors.keys() == {Block.TOPICS}, errors
    switchboard.begin("it is mended, and a schedule is made")
    assert await client.submit(about(topic)) == {}
    await switchboard.happened(answers=1)
    switchboard.begin("its time comes")
    switchboard.clock.move(NOW.replace(hour=9, minute=30) - switchboard.clock())
    question, story = await switchboard.happened(posts=2)
    await _is_in_history(slack, server, question)
    await _is_in_thread(slack, server, story, question)
    switchboard.begin("the schedule is ended")
    await client.type(f"{Command.DIGEST} off")
    await switchboard.happened(answers=1)


async def _is_in_history(slack: AsyncWebClient, server: Server, posted: Json) -> None:
    asked = {"channel": server.channel, "limit": "20"}
    history = await slack.api_call("conversations.history", data=asked)
    _is_among(history["messages"], posted)


async def _is_in_thread(slack: AsyncWebClient, server: Server, posted: Json, under: Json) -> None:
    asked = {"channel": server.channel, "ts": under["ts"]}
    thread = await slack.api_call("conversations.replies", data=asked)
    _is_among(thread["messages"], posted)


def _is_among(messages: list[Json], posted: Json) -> None:
    (found,) = [one for one in messages if one["ts"] == posted["ts"]]
    assert found["text"] == posted["message"]["text"]
    assert found["user"] == posted["message"]["user"]


def outline(lines: list[Json]) -> str:
    """Return the calls and acks of each step, each as a name and the names of its arguments."""
    told: list[str] = []
    step = None
    for line in lines:
        if line["step"] != step:
            step = line["step"]
            told.append(step)
        names = ", ".join(sorted(line["sent"] or ()))
        refused = f" -> {line['error']}" if line["error"] else ""
        told.append(f"  {line['kind']} {line['name']}: {names}".rstrip(": ") + refused)
    return "\n".join(told) + "\n"


def comparable(written: Json, server: Server) -> Json:
    """Return a line without the values that differ between servers or runs."""

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
    """Run the bot in an empty folder with the starter corpus, and kill it at the end if needed."""
    with TemporaryDirectory(prefix="parley-scenario-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=folder,
            env=environment(
                SLACK_BOT_TOKEN=server.bot_token,
                SLACK_APP_TOKEN=APP_TOKEN,
                SLACK_API_URL=f"{switchboard.url}/api/",
                CLOCK_URL=f"{switchboard.url}/clock",
            ),
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
    """Play the scenario on the server that the command line names."""
    parser = argparse.ArgumentParser(description="One day with Parley, against a Slack-like server")
    parser.add_argument("--slack-api-url", required=True, help="where its Web API is")
    parser.add_argument("--bot-token", default=Server.bot_token)
    parser.add_argument(
        "--channel", default=Server.channel, help="id of a channel that both are in"
    )
    parser.add_argument("--user", default=Server.user, help="id of a user")
    parser.add_argument("--page", help="of a local workspace: type and press there")
    parser.add_argument("--outline", action="store_true", help="names only, as in scenario.txt")
    parser.add_argument("--out", type=argparse.FileType("w"), default=sys.stdout)
    given = vars(parser.parse_args())
    out, is_outline = given.pop("out"), given.pop("outline")
    lines = asyncio.run(run(Server(**given)))
    if is_outline:
        out.write(outline(lines))
        return
    for line in lines:
        out.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
