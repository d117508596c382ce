"""The Web API: tokens, scopes and faults, then the method itself."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.workspace import arguments, chat, conversations, modals
from bot.workspace.arguments import Args
from bot.workspace.errors import ApiError, Json
from bot.workspace.faults import Fault, Faults
from bot.workspace.people import BOT_ID, BOT_USER_ID
from bot.workspace.state import State
from bot.workspace.traffic import Traffic, token_kind

BOT_TOKEN = "xoxb-local-not-a-secret"  # noqa: S105 -- what it says
APP_TOKEN = "xapp-local-not-a-secret"  # noqa: S105 -- what it says


def _auth_test(state: State, args: Args) -> Json:
    return {
        "url": state.base_url + "/",
        "team": state.team.name,
        "user": state.people[BOT_USER_ID].name,
        "team_id": state.team.id,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _open_connection(state: State, args: Args) -> Json:
    return {"url": state.new_socket_url()}


@dataclass(frozen=True, slots=True)
class Method:
    """A method, the scope that it needs, and whose token: the bot user's or the app's."""

    run: Callable[[State, Args], Json]
    scope: str | None = None
    actor: Literal["bot", "app"] = "bot"


METHODS = {
    "auth.test": Method(_auth_test),
    "apps.connections.open": Method(_open_connection, actor="app"),
    "users.info": Method(conversations.user_info, "users:read"),
    "users.list": Method(conversations.list_users, "users:read"),
    # Which scope these need depends on the kind of the channel.
    "conversations.info": Method(conversations.info),
    "conversations.list": Method(conversations.list_channels),
    "conversations.history": Method(conversations.history),
    "conversations.replies": Method(conversations.replies),
    "conversations.members": Method(conversations.members),
    "conversations.join": Method(conversations.join, "channels:join"),
    "conversations.open": Method(conversations.open_direct, "im:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink),
    "views.open": Method(modals.open_view),
    "views.push": Method(modals.push),
    "views.update": Method(modals.update),
    "views.publish": Method(modals.publish),
}


class WebApi:
    """Answers `/api/METHOD`."""

    def __init__(self, state: State, traffic: Traffic, faults: Faults) -> None:
        self._state = state
        self._traffic = traffic
        self._faults = faults
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let calls that were to be delayed end now."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, in whatever way a fault makes of it."""
        began = time.perf_counter()
        name = request.match_info["method"]
        args, token = Args(), None
        self._traffic.received(name)
        fault = self._faults.take(name)
        status, headers = 200, {"x-oauth-scopes": ",".join(self._state.scopes)}
        try:
            args = await arguments.read(request)
            token = _token(request, args)
            if fault:
                await self._before(fault)
            body = {"ok": True, **self._run(name, args, token)}
        except ApiError as error:
            body = error.body
            if error.retry_after is not None:
                status, headers["Retry-After"] = 429, str(error.retry_after)
        if fault and fault.kind == "status":
            status, body = fault.status, {"ok": False, "error": fault.error}
        if fault and fault.kind == "delay" and fault.after:
            await self._wait(fault.seconds)
        is_cut = fault is not None and fault.kind == "drop_after"
        self._traffic.record(
            "call",
            name,
            args,
            status=0 if is_cut else status,
            response=body,
            ms=(time.perf_counter() - began) * 1000,
            token_kind=token_kind(token),
        )
        if is_cut and request.transport:
            request.transport.abort()
        return web.json_response(body, status=status, headers=headers)

    async def _before(self, fault: Fault) -> None:
        match fault.kind:
            case "refuse":
                raise ApiError(fault.error)
            case "ratelimit":
                raise ApiError("ratelimited", retry_after=max(1, round(fault.seconds)))
            case "status" if not fault.after:
                raise ApiError(fault.error)
            case "delay" if not fault.after:
                await self._wait(fault.seconds)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    def _run(self, name: str, args: Args, token: str | None) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        if token is None:
            raise ApiError("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise ApiError("invalid_auth")
        if token != (BOT_TOKEN if method.actor == "bot" else APP_TOKEN):
            raise ApiError("not_allowed_token_type")
        if method.scope:
            self._state.need(method.scope)
        return method.run(self._state, args)


def _token(request: web.Request, args: Args) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = args.pop("token", None)
    return token.strip() if scheme == "Bearer" else given
