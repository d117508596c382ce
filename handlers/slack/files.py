"""Files that people share with Parley: their description and their content."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.api_errors import classify
from handlers.slack.teams import Teams
from store.types import ParleyError, TeamId

MOST = 10 << 20
"""The largest file in bytes that is read from Slack; put a larger corpus into its folder."""
_HOST = "files.slack.com"


class Files:
    """Reads files from Slack with the token of the file's team."""

    def __init__(
        self, teams: Teams, *, proxy_for: Callable[[str], str | None] = lambda _: None
    ) -> None:
        """*proxy_for* returns the proxy for the URL of a download, or None."""
        self._teams = teams
        self._proxy_for = proxy_for

    async def describe(self, team_id: TeamId, file_id: str) -> dict[str, Any]:
        """Return Slack's file object; raises `ParleyError` if Slack refuses it."""
        client = await self._teams.asking(team_id)
        try:
            file: dict[str, Any] = (await client.files_info(file=file_id))["file"]
        except SlackApiError as error:
            if classify(error).code == "missing_scope":
                raise ParleyError(
                    "I may not read files until the workspace grants me `files:read`: please put"
                    " them into the corpus folder."
                ) from error
            raise ParleyError("That file was deleted. Please send it again.") from error
        return file

    async def read(self, team_id: TeamId, file: dict[str, Any]) -> bytes:
        """Return the content of a file; raises `ParleyError` if it cannot be downloaded."""
        if file.get("size", 0) > MOST:
            raise ParleyError(f"That file is larger than {MOST >> 20} MB: put it into the folder.")
        client = await self._teams.asking(team_id)
        url = file.get("url_private_download") or ""
        # Send the token only to Slack: a file may also be a link to another site.
        if file.get("is_external") or urlsplit(url).hostname not in _hosts(client):
            raise ParleyError("That file is not kept by Slack: upload the file itself.")
        session = client.session
        if session is None:
            raise RuntimeError("the client has no session")
        bearer = {"Authorization": f"Bearer {client.token}"}
        try:
            async with session.get(
                url, headers=bearer, allow_redirects=False, proxy=self._proxy_for(url)
            ) as response:
                # Without the permission to read it, Slack sends its sign-in page.
                if response.status != 200 or response.content_type == "text/html":
                    raise ParleyError("I may not read that file: does my app have `files:read`?")
                data = await response.content.read(MOST + 1)
                while len(data) <= MOST and (more := await response.content.read(MOST)):
                    data += more
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ParleyError("Slack does not send me that file: please try again.") from error
        if len(data) > MOST:
            raise ParleyError(f"That file is larger than {MOST >> 20} MB: put it into the folder.")
        return data


def _hosts(client: AsyncWebClient) -> set[str | None]:
    # The local workspace serves files from its own host.
    return {_HOST, urlsplit(client.base_url).hostname}
