"""The page of a local workspace, where a person types, presses and fills in."""

from typing import Any

import aiohttp

from tests.switchboard.board import Switchboard
from tests.switchboard.person import Json


class Page:
    """Types and presses in the page of a local workspace."""

    def __init__(self, url: str, switchboard: Switchboard, *, user: str, channel: str) -> None:
        self._url = url
        self._switchboard = switchboard
        self._who = {"user": user, "channel": channel}

    async def type(self, line: str) -> None:
        await self._post("type", text=line)

    async def press(self, action_id: str) -> None:
        await self._post("press", action_id=action_id)

    async def offered(self, block_id: str, action_id: str, typed: str) -> list[Json]:
        where = {"view_id": self._switchboard.person.view["id"], "block_id": block_id}
        told = await self._post("options", action_id=action_id, value=typed, **where)
        options: list[Json] = told["options"]
        return options

    async def submit(self, values: Json) -> dict[str, str]:
        told = await self._post(
            "submit", view_id=self._switchboard.person.view["id"], values=values
        )
        errors: dict[str, str] = told.get("errors", {})
        return errors

    async def _post(self, act: str, **what: Any) -> Json:
        url, headers = f"{self._url}page/{act}", {"X-Workspace": "1"}
        body = self._who | what
        async with aiohttp.request("POST", url, json=body, headers=headers) as response:
            told: Json = await response.json()
        assert told["ok"] or "errors" in told, told
        return told
