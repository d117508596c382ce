"""The scenario against the local workspace and against a stand-in that others wrote.

    python -m tests.compare .venv/emulate/node_modules/.bin/emulate

That is the Slack of npm's `emulate`, which knows nothing of Parley. It has no client and no Socket
Mode, so that tests/switchboard is the client before either. Prints every difference in what the bot
calls and acks, and exits with 1 where there is any.
"""

import argparse
import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import manifest
from bot.workspace import Workspace
from bot.workspace.grants import BOT_TOKEN
from tests.machine import running_clock
from tests.scenario import Server, run

_START_SECONDS = 30
_APP, _BOT, _BOT_USER = "A000000001", "B000000077", "U000000077"
_GENERAL, _ADMIN = "C000000001", "U000000001"
"""What the stand-in always calls its first channel and its first person."""
_SEED = {
    "slack": {
        "oauth_apps": [
            {
                "app_id": _APP,
                "client_id": "1.2",
                "client_secret": "not-a-secret",
                "name": "Parley",
                "redirect_uris": ["http://127.0.0.1/"],
                "bot_id": _BOT,
                "bot_user_id": _BOT_USER,
                "bot_name": "parley",
            }
        ],
        "tokens": [{"token": BOT_TOKEN, "user_id": _BOT_USER, "app_id": _APP, "bot_id": _BOT}],
    }
}


@asynccontextmanager
async def emulated(command: str) -> AsyncIterator[Server]:
    """Run the stand-in, with the bot in its first channel."""
    with TemporaryDirectory(prefix="parley-compare-") as folder:
        seed = Path(folder, "seed.yaml")
        seed.write_text(json.dumps(_SEED))  # noqa: ASYNC240 -- once; and JSON is YAML
        port = _free_port()
        options = ("start", "--service", "slack", "--seed", str(seed), "--port", str(port))
        process = await asyncio.create_subprocess_exec(command, *options, cwd=folder, stdout=PIPE)
        try:
            assert process.stdout
            async with asyncio.timeout(_START_SECONDS):
                while f":{port}".encode() not in await process.stdout.readline():
                    assert process.returncode is None
            server = Server(
                slack_api_url=f"http://127.0.0.1:{port}/api/",
                channel=_GENERAL,
                user=_ADMIN,
                trigger_method="views.generateTriggerId",
            )
            slack = AsyncWebClient(token=server.bot_token, base_url=server.slack_api_url)
            await slack.api_call("conversations.join", data={"channel": _GENERAL})
            yield server
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def _lines(server: Server) -> list[str]:
    written = await run(server)
    return [json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in written]


async def compare(command: str) -> tuple[int, list[str]]:
    """Give how many calls and acks there were, and the differences."""
    async with emulated(command) as server:
        theirs = await _lines(server)
    async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
        workspace.pace = False  # The other one lets a day pass in seconds.
        ours = await _lines(Server(slack_api_url=workspace.api_url))
    return len(ours), list(unified_diff(ours, theirs, "the local workspace", "emulate", n=0))


def main() -> None:
    """Compare, and tell."""
    parser = argparse.ArgumentParser(description="The scenario, against two servers")
    parser.add_argument("emulate", type=Path, help="the command of npm's emulate")
    count, differences = asyncio.run(compare(str(parser.parse_args().emulate.resolve())))
    sys.stdout.writelines(differences)
    sys.stdout.write(f"{count} calls and acks, {len(differences)} differences\n")
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
