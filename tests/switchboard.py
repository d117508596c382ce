"""Between the bot and a Slack-like server: every call passes through here, and is written down.

The Web API is always the server's. What a person does is in no public API, so it is done here: the
bot's Socket Mode connection ends in the switchboard, which sends the envelopes, takes the acks and
holds the response_urls. A server that has a client of its own can do all that itself; then that
passes through here as well.
"""

import asyncio
import json
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import WSMsgType, web

from bot.workspace.signal import Signal

Json = dict[str, Any]

ACK_SECONDS = 3
WAIT_SECONDS = 30
_AT_ITS_OWN_TIME = frozenset({"users.conversations"})
"""Asked by the ticker, which looks at channels ahead of posts: in which step is chance."""
_PASSED_ON = ("Authorization", "Content-Type")
_PASSED_BACK = ("Content-Type", "Retry-After")
_NAMES = {"channel_name": "general", "user_name": "somebody", "team_domain": "somewhere"}


class Switchboard:
    """Passes on the bot's calls, and is the client in which *user* types and presses.

    With *is_client* False it passes on the socket too: the server has a client of its own.
    """

    def __init__(
        self, slack_api_url: str, *, user: str, channel: str, team: str, is_client: bool = True
    ) -> None:
        self.url = ""
        self.clock_offset = timedelta()
        self._upstream = slack_api_url.rstrip("/") + "/"
        self._user, self._channel, self._team = user, channel, team
        self._is_client = is_client
        self._socket: web.WebSocketResponse | None = None
        self._socket_url = ""
        self._response_urls: dict[str, str] = {}
        self._acks: dict[str, tuple[str, asyncio.Future[Any]]] = {}
        self._shown: list[Json] = []
        self._step = "the bot starts"
        self._written: list[Json] = []
        self._posts: list[Json] = []
        self._answers = 0
        self._signal = Signal()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Switchboard":
        app = web.Application(client_max_size=2**24)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._call),
                web.get("/socket", self._connect),
                web.post("/response/{key}", self._respond),
                web.get("/clock", self._tell_clock),
            ]
        )
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        assert self._session
        if self._socket is not None:
            await self._socket.close()
        await self._session.close()
        await self._runner.cleanup()

    @property
    def written(self) -> list[Json]:
        """Give a line for each call and ack: by step, and sorted within it, as order is chance."""
        steps = list(dict.fromkeys(one["step"] for one in self._written))
        return sorted(
            self._written,
            key=lambda one: (steps.index(one["step"]), json.dumps(one, sort_keys=True)),
        )

    def begin(self, step: str) -> None:
        """Write what comes under another *step*."""
        self._step = step
        self._posts.clear()
        self._answers = 0

    async def happened(self, *, posts: int = 0, answers: int = 0) -> list[Json]:
        """Wait for so many messages and uses of a response_url in this step; give the messages."""

        def look() -> list[Json] | None:
            is_there = len(self._posts) >= posts and self._answers >= answers
            return self._posts[:posts] if is_there else None

        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await self._signal.until(look)
        except TimeoutError:
            raise AssertionError(
                f"{self._step}: {len(self._posts)} messages of {posts},"
                f" {self._answers} answers of {answers}"
            ) from None

    # What a person does

    async def type(self, line: str) -> None:
        """Type a slash command, and wait for its ack."""
        command, _, text = line.partition(" ")
        payload = {
            "command": command,
            "text": text,
            "team_id": self._team,
            "channel_id": self._channel,
            "user_id": self._user,
            "is_enterprise_install": "false",
        }
        await self._send("slash_commands", payload | _NAMES)

    async def press(self, action_id: str) -> None:
        """Press a button of what the bot showed last, and wait for the ack."""
        block, button = next(
            (block, element)
            for message in reversed(self._shown)
            for block in message.get("blocks", [])
            for element in [*block.get("elements", []), block.get("accessory") or {}]
            if element.get("action_id") == action_id
        )
        stamp = f"{time.time():.6f}"
        action = {
            "type": button["type"],
            "action_id": action_id,
            "block_id": block.get("block_id", "b1"),
            "text": button["text"],
            "value": button.get("value", ""),
            "action_ts": stamp,
        }
        container = {"type": "message", "message_ts": stamp, "channel_id": self._channel}
        payload = {
            "type": "block_actions",
            "user": {"id": self._user, "username": "somebody", "team_id": self._team},
            "team": {"id": self._team, "domain": "somewhere"},
            "channel": {"id": self._channel, "name": "general"},
            "container": container | {"is_ephemeral": True},
            "state": {"values": {}},
            "actions": [action],
        }
        await self._send("interactive", payload)

    async def _send(self, kind: str, payload: Json) -> None:
        socket = await self._signal.until(lambda: self._socket)
        key = uuid.uuid4().hex
        payload |= {
            "api_app_id": "A0SCENARIO",
            "token": "scenario",
            "trigger_id": f"1.2.{key}",
            "response_url": f"{self.url}/response/{key}",
        }
        envelope = {"envelope_id": key, "type": kind, "payload": payload}
        ack = self._awaited(envelope)
        await socket.send_json(envelope | {"accepts_response_payload": True})
        async with asyncio.timeout(ACK_SECONDS):
            await ack

    # What the bot does

    async def _call(self, request: web.Request) -> web.Response:
        assert self._session
        method, body = request.match_info["method"], await request.read()
        if method == "apps.connections.open" and self._is_client:
            status, answer, back = 200, Json(ok=True), {"Content-Type": "application/json"}
        else:
            headers = {one: request.headers[one] for one in _PASSED_ON if one in request.headers}
            async with self._session.request(
                request.method,
                self._upstream + method,
                params=request.query,
                data=body,
                headers=headers,
            ) as response:
                status, answer = response.status, json.loads(await response.read())
            back = {one: response.headers[one] for one in _PASSED_BACK if one in response.headers}
        self._write("call", method, _arguments(request, body), answer)
        if method == "apps.connections.open" and answer["ok"]:
            self._socket_url = answer.get("url", "")
            answer = answer | {"url": self.url.replace("http", "ws", 1) + "/socket"}
        return web.Response(body=json.dumps(answer), status=status, headers=back)

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self._is_client:
            about = {"num_connections": 1, "connection_info": {"app_id": "A0SCENARIO"}}
            await socket.send_json({"type": "hello", **about})
            self._socket = socket
            self._signal.notify()
            await self._take_acks(socket)
            return socket
        assert self._session
        async with self._session.ws_connect(self._socket_url) as upstream:

            async def pass_on() -> None:
                async for frame in upstream:
                    envelope = json.loads(frame.data)
                    if "envelope_id" in envelope:
                        self._awaited(envelope)
                        self._stand_in_for_response_url(envelope["payload"])
                    await socket.send_json(envelope)

            passing = asyncio.create_task(pass_on())
            await self._take_acks(socket, upstream)
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)
        return socket

    async def _take_acks(
        self,
        socket: web.WebSocketResponse,
        upstream: aiohttp.ClientWebSocketResponse | None = None,
    ) -> None:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                ack = json.loads(frame.data)
                name, waiting = self._acks.pop(ack["envelope_id"])
                self._write("ack", name, ack.get("payload"))
                self._show(ack.get("payload"))
                waiting.set_result(None)
                if upstream:
                    await upstream.send_str(frame.data)

    def _awaited(self, envelope: Json) -> asyncio.Future[Any]:
        payload = envelope["payload"]
        name = payload.get("command") or payload["actions"][0]["action_id"]
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope["envelope_id"]] = (name, ack)
        return ack

    def _stand_in_for_response_url(self, payload: Json) -> None:
        key = uuid.uuid4().hex
        self._response_urls[key] = payload["response_url"]
        payload["response_url"] = f"{self.url}/response/{key}"

    async def _respond(self, request: web.Request) -> web.Response:
        assert self._session
        body, status, text = await request.json(), 200, "ok"
        if url := self._response_urls.get(request.match_info["key"]):
            async with self._session.post(url, json=body) as response:
                status, text = response.status, await response.text()
        self._answers += 1
        self._write("call", "response_url", body, {"ok": status == 200})
        self._show(body)
        return web.Response(status=status, text=text)

    async def _tell_clock(self, request: web.Request) -> web.Response:
        return web.json_response({"offset_seconds": self.clock_offset.total_seconds()})

    def _show(self, message: Any) -> None:
        if isinstance(message, dict) and message.get("blocks"):
            self._shown.append(message)

    def _write(self, kind: str, name: str, sent: Any, answer: Json | None = None) -> None:
        answer = answer or {"ok": True}
        is_ok, error = bool(answer.get("ok")), answer.get("error")
        if name in _AT_ITS_OWN_TIME:
            return
        line = {"step": self._step, "kind": kind, "name": name, "sent": sent}
        self._written.append(line | {"ok": is_ok, "error": error})
        if name == "chat.postMessage" and is_ok:
            self._posts.append(answer)
        self._signal.notify()


def _arguments(request: web.Request, body: bytes) -> Json:
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= json.loads(body or b"{}")
    else:
        given |= dict(parse_qsl(body.decode()))
    for name in ("blocks", "metadata", "view"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    given.pop("token", None)
    return given
