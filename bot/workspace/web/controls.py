"""The page's controls: requests, in JSON, that change the workspace itself."""

import asyncio
from base64 import b64decode
from typing import TYPE_CHECKING

from aiohttp import web

from bot.workspace.errors import Json
from bot.workspace.origin_check import posted
from bot.workspace.web_api.faults import kinds_as_page

if TYPE_CHECKING:
    from bot.workspace.server import Workspace

_STEP_SECONDS = 30


class Controls:
    """Serves the requests that change channels, people, files and the transport to the app."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        posts = {
            "channel": self._channel,
            "person": self._person,
            "file": self._file,
            "messages-tab": self._messages_tab,
            "step": self._step,
            "request-url": self._request_url,
            "disconnect": self._disconnect,
            "uninstall": self._uninstall,
            "install": self._install,
        }
        return [
            web.get("/page/fault-kinds", self._fault_kinds),
            web.get("/page/prompts", self._prompts),
            web.get("/page/app", self._app),
            *(web.post(f"/page/{name}", posted(run)) for name, run in posts.items()),
        ]

    async def _fault_kinds(self, _: web.Request) -> web.Response:
        return web.json_response({"kinds": kinds_as_page()})

    async def _prompts(self, request: web.Request) -> web.Response:
        channel = request.query.get("channel", "")
        return web.json_response(self._workspace.prompts.get(channel, {"prompts": []}))

    async def _app(self, _: web.Request) -> web.Response:
        return web.json_response(self._workspace.app_as_page())

    async def _channel(self, body: Json) -> Json:
        """Archive, unarchive, rename, restrict, open or delete a channel, as *act* says."""
        channel, workspace = body["channel"], self._workspace
        match body["act"]:
            case "archive":
                workspace.archive(channel, body["user"])
            case "unarchive":
                workspace.unarchive(channel, body["user"])
            case "rename":
                workspace.rename(channel, body["name"])
            case "restrict" | "open" as act:
                workspace.restrict(channel, is_read_only=act == "restrict")
            case "delete":
                workspace.delete(channel)
            case act:
                raise ValueError(f"no act is called {act}")
        return {"ok": True}

    async def _person(self, body: Json) -> Json:
        """Change a person: {user, changes: {is_admin, is_restricted, is_deleted, tz, …}}."""
        self._workspace.change_person(body["user"], **body["changes"])
        return {"ok": True}

    async def _file(self, body: Json) -> Json:
        """Share a file: {user, channel, name, content in base64, text?}."""
        message = self._workspace.share_file(
            body["name"],
            b64decode(body["content"], validate=True),
            user=body["user"],
            channel=body["channel"],
            text=body.get("text", ""),
        )
        return {"ok": True, "ts": message["ts"]}

    async def _messages_tab(self, body: Json) -> Json:
        await self._workspace.open_messages(body["user"])
        return {"ok": True}

    async def _step(self, body: Json) -> Json:
        """Run a workflow function and wait until it ends: {function, inputs}."""
        step = self._workspace.run_step(body["function"], body["inputs"])
        try:
            async with asyncio.timeout(_STEP_SECONDS):
                await self._workspace.over(step)
        except TimeoutError:
            return {"ok": False, "error": "The app did not say how it went."}
        return {"ok": step.error is None, "outputs": step.outputs, "error": step.error}

    async def _request_url(self, body: Json) -> Json:
        await self._workspace.set_request_url(body["url"])
        return {"ok": True}

    async def _disconnect(self, body: Json) -> Json:
        await self._workspace.disconnect_sockets(body.get("reason", "refresh_requested"))
        return {"ok": True}

    async def _uninstall(self, _: Json) -> Json:
        self._workspace.uninstall()
        return {"ok": True}

    async def _install(self, _: Json) -> Json:
        self._workspace.install()
        return {"ok": True}
