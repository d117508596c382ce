"""A file that somebody drops where the bot can see it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from tests.bot.workspace.conftest import Listener, error, extended
from tests.machine import running_clock

ANA, DIRECT, LEADERS = "U0ANA", "D0ANA", "C0LEADERS"
STORY = "Lima\nA summary.\nInsight.\nWhy – and who?\n".encode()


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    manifest = extended(scopes=["files:read"], events=["file_shared"])
    async with Workspace(manifest=manifest, clock=running_clock()) as workspace:
        yield workspace


async def fetch(url: str, token: str) -> tuple[str, bytes]:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.request("GET", url, headers=headers) as response:
        return response.content_type, await response.read()


async def test_a_file_in_a_direct_message_can_be_read(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    listener = Listener(workspace)
    drawn = workspace.share_file("lima.txt", STORY, user=ANA, channel=DIRECT, text="Add this")
    message, shared = sorted(await listener.events(), key=lambda one: one["type"], reverse=True)
    assert (message["subtype"], message["channel_type"]) == ("file_share", "im")
    assert (message["text"], message["user"]) == ("Add this", ANA)
    (file,) = message["files"]
    assert (file["name"], file["mimetype"], file["size"]) == ("lima.txt", "text/plain", len(STORY))
    assert (shared["type"], shared["file_id"]) == ("file_shared", file["id"])
    assert (await client.files_info(file=file["id"]))["file"] == file
    assert drawn["files"][0]["id"] == file["id"]
    assert await fetch(file["url_private_download"], workspace.bot_token) == ("text/plain", STORY)
    assert await fetch(file["url_private"], workspace.bot_token) == ("text/plain", STORY)
    (in_history,) = (await client.conversations_history(channel=DIRECT, limit=1))["messages"]
    assert in_history["files"][0]["id"] == file["id"]


async def test_without_the_right_token_one_reads_a_page_to_sign_in(workspace: Workspace) -> None:
    """As in Slack: status 200 and HTML, not the file and not an error."""
    workspace.share_file("lima.txt", STORY, user=ANA, channel=DIRECT)
    (file,) = workspace.files.values()
    url = file.as_slack()["url_private_download"]
    for token in ("", "xoxb-other"):
        kind, body = await fetch(url, token)
        assert kind == "text/html"
        assert STORY not in body
    workspace.reinstall(["chat:write"])
    assert (await fetch(url, workspace.bot_token))[0] == "text/html"


async def test_the_bot_sees_no_file_where_it_is_not(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    listener = Listener(workspace)
    workspace.share_file("plan.txt", STORY, user=ANA, channel=LEADERS)
    (file,) = workspace.files
    assert await listener.events() == []
    assert await error(client.files_info(file=file)) == "file_not_found"
    assert await error(client.files_info(file="F0NONE")) == "file_not_found"
    with pytest.raises(LookupError):
        workspace.share_file("plan.txt", STORY, user="U0CHLOE", channel=LEADERS)
