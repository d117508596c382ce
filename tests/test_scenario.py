"""The scenario against the local workspace, in two ways that must not differ."""

from pathlib import Path

from bot.manifest import manifest
from bot.workspace import Workspace
from tests.machine import running_clock
from tests.scenario import Server, outline, run

KNOWN = Path(__file__).with_name("scenario.txt")
"""What is called, by method and names of arguments: a change of it is meant, or it is a mistake."""


async def test_the_bot_does_the_same_however_a_person_reaches_it() -> None:
    """By the local workspace's page and sockets, and by a client that needs its Web API alone."""
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
