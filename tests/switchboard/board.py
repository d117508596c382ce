"""The switchboard itself: what passes through, and the written record of it."""

import asyncio
import json
import uuid
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import WSMsgType, web

from bot.workspace.model.signal import Signal
from tests.machine import PATIENCE, running_clock
from tests.switchboard.person import Json, Person

_AT_ITS_OWN_TIME = frozenset({"users.conversations", "users.info"})
"""Asked by the ticker, which looks at channels and owners ahead of posts: when is chance."""
_PASSED_ON = ("Authorization", "Content-Type")
_PASSED_BACK = ("Content-Type", "Retry-After")


class Switchboard:
    """Passes on the bot's calls; *person* is who types and presses.

    With *is_client* False it passes on the socket too: the server has a client of its own.
    """

    def __init__(
        self,
        slack_api_url: str,
        *,
        user: str,
        channel: str,
        team: str,
        is_client: bool = True,
    ) -> None:
        self.url = ""
        self.clock = running_clock()
        self._upstream = slack_api_url.rstrip("/") + "/"
        self._is_client = is_client
        self._socket: web.WebSocketResponse | None = None
        self._socket_url = ""
        self._response_urls: dict[str, str] = {}
        self._acks: dict[str, tuple[str, asyncio.Future[Any]]] = {}
        self._step = "the bot starts"
        self._written: list[Json] = []
        self._posts: list[Json] = []
        self._answers = 0
        self._views = 0
        self._signal = Signal()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.person = Person(user, channel, team, send=self._send)

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
        """Return a line for each call and ack by step; their order within a step is random."""
        steps = list(dict.fromkeys(one["step"] for one in self._written))
        return sorted(
            self._written,
            key=lambda one: (steps.index(one["step"]), json.dumps(one, sort_keys=True)),
        )

    def begin(self, step: str) -> None:
        """Write what comes under another *step*."""
        self._step = step
        self._posts.clear()
        self._answers = self._views = 0

    async def happened(self, *, posts: int = 0, answers: int = 0, views: int = 0) -> list[Json]:
        """Wait for so many messages, private answers and views in this step.

        Return the messages; the newest view is the person's.
        """

        def look() -> list[Json] | None:
            is_there = len(self._posts) >= posts and self._answers >= answers
            return self._posts[:posts] if is_there and self._views >= views else None

        try:
            async with asyncio.timeout(PATIENCE):
                return await self._signal.until(look)
        except TimeoutError:
            raise AssertionError(
                f"{self._step}: {len(self._posts)} messages of {posts},"
                f" {self._answers} answers of {answers}, {self._views} views of {views}"
            ) from None

    # To the bot

    async def _send(self, kind: str, payload: Json) -> Any:
        """Send it in an envelope, and give what the bot acks it with."""
        socket = await self._signal.until(lambda: self._socket)
        key = uuid.uuid4().hex
        payload |= {
            "api_app_id": "A0SCENARIO",
            "token": "scenario",
            "response_url": f"{self.url}/response/{key}",
        }
        envelope = {"envelope_id": key, "type": kind, "payload": payload}
        ack = self._awaited(envelope)
        await socket.send_json(envelope | {"accepts_response_payload": True})
        async with asyncio.timeout(PATIENCE):
            return await ack

    # From the bot

    async def _call(self, request: web.Request) -> web.Response:
        assert self._session
        method, body = request.match_info["method"], await request.read()
        sent = _arguments(request, body)
        own = self._own_answer(method, sent)
        if own is not None:
            status, answer, back = 200, own, {"Content-Type": "application/json"}
        else:
            headers = {one: request.headers[one] for one in _PASSED_ON if one in request.headers}
            # By POST, which every server takes; the SDK reads by GET, which some do not.
            async with self._session.post(
                self._upstream + method, data=body or dict(request.query), headers=headers
            ) as response:
                status, answer = response.status, json.loads(await response.read())
            back = {one: response.headers[one] for one in _PASSED_BACK if one in response.headers}
        self._write("call", method, sent, answer)
        if method == "apps.connections.open" and answer["ok"]:
            self._socket_url = answer.get("url", "")
            answer = answer | {"url": self.url.replace("http", "ws", 1) + "/socket"}
        return web.Response(body=json.dumps(answer), status=status, headers=back)

    def _own_answer(self, method: str, sent: Json) -> Json | None:
        """Answer what is the client's to answer; None for what is the server's."""
        if not self._is_client:
            return None
        if method == "apps.connections.open":
            return {"ok": True}
        return self.person.answer(method, sent)

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
                payload = ack.get("payload")
                self._write("ack", name, payload)
                self.person.shown(payload)
                waiting.set_result(payload)
                if upstream:
                    await upstream.send_str(frame.data)

    def _awaited(self, envelope: Json) -> asyncio.Future[Any]:
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope["envelope_id"]] = (_name(envelope["payload"]), ack)
        return ack

    def _stand_in_for_response_url(self, payload: Json) -> None:
        if "response_url" in payload:
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
        self.person.shown(body)
        return web.Response(status=status, text=text)

    async def _tell_clock(self, request: web.Request) -> web.Response:
        return web.json_response({"offset_seconds": self.clock.offset.total_seconds()})

    def _write(self, kind: str, name: str, sent: Any, answer: Json | None = None) -> None:
        answer = answer or {"ok": True}
        is_ok, error = bool(answer.get("ok")), answer.get("error")
        if name in _AT_ITS_OWN_TIME:
            return
        line = {"step": self._step, "kind": kind, "name": name, "sent": sent}
        self._written.append(line | {"ok": is_ok, "error": error})
        if name == "chat.postMessage" and is_ok:
            self._posts.append(answer)
        if name == "chat.postEphemeral" and is_ok:
            self._answers += 1
        if "view" in answer:
            self.person.opened(answer["view"])
            self._views += 1
        self._signal.notify()


def _name(payload: Json) -> str:
    if "command" in payload:
        return str(payload["command"])
    pressed = payload.get("actions", [payload])[0]
    return str(pressed.get("action_id") or payload["view"]["callback_id"])


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
