"""The scenario on the local workspace, with two clients that must not differ."""

from pathlib import Path

from bot.manifest import manifest
from bot.workspace import Workspace
from tests.machine import running_clock
from tests.scenario import Server, outline, run

KNOWN = Path(__file__).with_name("scenario.txt")
"""The calls by method and names of arguments. An unintended change of this file is a bug."""


async def test_the_bot_does_the_same_by_page_and_by_web_api() -> None:
    """With the page and sockets of the local workspace, and with a client of the Web API only."""
    lines = []
    for has_page in (True, False):
        async with Workspace(manifest=manifest(), clock=running_clock()) as workspace:
            workspace.pace = False
            page = workspace.url if has_page else None
            lines.append(await run(Server(slack_api_url=workspace.api_url, page=page)))
    by_page, bare = lines
    assert by_page == bare
    assert all(one["ok"] for one in bare)
    assert outline(bare) == KNOWN.read_text()
