"""The Web API: tokens, scopes and faults, then the method itself."""

import asyncio
import time

from aiohttp import web

from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import BOT_ID, BOT_USER_ID
from bot.workspace.model.rate_tiers import Tier
from bot.workspace.model.state import State
from bot.workspace.model.tokens import Tokens
from bot.workspace.model.traffic import Traffic, token_kind
from bot.workspace.web_api import agents, arguments, chat, conversations, downloads, oauth, views
from bot.workspace.web_api.arguments import Args
from bot.workspace.web_api.faults import Fault, Faults
from bot.workspace.web_api.method import Method


def _auth_test(state: State, _: Args) -> Json:
    return {
        "url": state.base_url + "/",
        "team": state.team.name,
        "user": state.people[BOT_USER_ID].name,
        "team_id": state.team.id,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _open_connection(state: State, _: Args) -> Json:
    return {"url": state.new_socket_url()}


METHODS = {
    "auth.test": Method(_auth_test, Tier.SPECIAL),
    "apps.connections.open": Method(_open_connection, Tier.THREE, actor="app"),
    "users.info": Method(conversations.user_info, Tier.FOUR, "users:read"),
    "users.conversations": Method(conversations.of_user, Tier.THREE),
    "users.list": Method(conversations.list_users, Tier.TWO, "users:read"),
    "bots.info": Method(conversations.bot_info, Tier.THREE, "users:read"),
    # Which scope these need depends on the kind of the channel.
    "conversations.info": Method(conversations.info, Tier.THREE),
    "conversations.list": Method(conversations.list_channels, Tier.TWO),
    "conversations.history": Method(conversations.history, Tier.THREE),
    "conversations.replies": Method(conversations.replies, Tier.THREE),
    "conversations.members": Method(conversations.members, Tier.FOUR),
    "conversations.join": Method(conversations.join, Tier.THREE, "channels:join"),
    "conversations.open": Method(conversations.open_direct, Tier.THREE, "im:write"),
    "chat.postMessage": Method(chat.post_message, Tier.SPECIAL, "chat:write"),
    "chat.postEphemeral": Method(chat.post_ephemeral, Tier.FOUR, "chat:write"),
    "chat.update": Method(chat.update, Tier.THREE, "chat:write"),
    "chat.delete": Method(chat.delete, Tier.THREE, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink, Tier.SPECIAL),
    "files.info": Method(downloads.info, Tier.FOUR, "files:read"),
    "assistant.threads.setSuggestedPrompts": Method(
        agents.set_suggested_prompts, Tier.FOUR, "assistant:write"
    ),
    "assistant.threads.setStatus": Method(agents.set_status, Tier.FOUR, "chat:write"),
    "views.open": Method(views.open_view, Tier.FOUR),
    "views.push": Method(views.push, Tier.FOUR),
    "views.update": Method(views.update, Tier.FOUR),
    "views.publish": Method(views.publish, Tier.FOUR),
}

_BY_GET = frozenset(
    {"test", "info", "list", "conversations", "history", "replies", "members", "getPermalink"}
    # The SDK revokes a token by GET.
    | {"revoke"}
)
"""Last words of the methods that may be called by GET.

Slack allows it for every method, but browsers send GET for images of other sites.
"""
_CUT = 0
"""Stands for a status code: the connection is cut."""
_PAGE = "<html><body><h1>Bad Gateway</h1></body></html>"


class WebApi:
    """Answers `/api/METHOD`; *more* are methods that keep state of their own."""

    def __init__(
        self,
        home: State,
        tokens: Tokens,
        traffic: Traffic,
        faults: Faults,
        more: dict[str, Method],
    ) -> None:
        self._home = home
        self._tokens = tokens
        self._traffic = traffic
        self._faults = faults
        self._methods = METHODS | more
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every call that a fault delays."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, applying the fault that strikes it, if any."""
        began = time.perf_counter()
        name = request.match_info["method"]
        if request.method != "POST" and name.split(".")[-1] not in _BY_GET:
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        args, token, fault = Args(), None, None
        self._traffic.received(name)
        status, headers = 200, {}
        try:
            args = await arguments.read(request)
            token = _token(request, args)
            fault = self._faults.take(name, args)
            if fault:
                await self._before(fault, args)
            method, state = self._find(name, token)
            headers["x-oauth-scopes"] = ",".join(state.scopes)
            state.tiers.take(name, method.tier)
            if method.scope:
                state.need(method.scope)
            body = {"ok": True, **method.run(state, args)}
        except ApiError as error:
            body = error.body
            if error.retry_after is not None:
                status, headers["Retry-After"] = 429, str(error.retry_after)
        if fault:
            status = await self._after(fault, status, body)
        self._traffic.record(
            "call",
            name,
            args,
            status=status,
            response=body,
            ms=(time.perf_counter() - began) * 1000,
            token_kind=token_kind(token),
        )
        if status == _CUT and request.transport:
            request.transport.abort()
        if fault and fault.kind == "html":
            return web.Response(text=_PAGE, status=status, content_type="application/json")
        return web.json_response(body, status=status or 200, headers=headers)

    async def _before(self, fault: Fault, args: Args) -> None:
        match fault.kind:
            case "refuse" | "drop_before" | "html":
                raise ApiError(fault.error)
            case "ratelimit":
                raise ApiError("ratelimited", retry_after=max(1, round(fault.seconds)))
            case "status" if not fault.after:
                raise ApiError(fault.error)
            case "delay" if not fault.after:
                await self._wait(fault)
            case "strict":
                fault.limit_strictly(args, self._home.clock())

    async def _after(self, fault: Fault, status: int, body: Json) -> int:
        """Apply *fault* to the finished answer; return the status to send."""
        match fault.kind:
            case "drop_before" | "drop_after":
                return _CUT
            case "html":
                return fault.status
            case "status":
                status = fault.status
                body.clear()
                body |= {"ok": False, "error": fault.error}
            case "delay" if fault.after:
                await self._wait(fault)
            case "lag":
                youngest = f"{self._home.clock().timestamp() - fault.seconds:.6f}"
                shown = [one for one in body.get("messages", []) if one["ts"] <= youngest]
                body |= {"messages": shown} if "messages" in body else {}
            case "no_metadata":
                for message in body.get("messages", []):
                    message.pop("metadata", None)
        return status

    async def _wait(self, fault: Fault) -> None:
        ends = [asyncio.ensure_future(each.wait()) for each in (self._closing, fault.is_over)]
        try:
            await asyncio.wait(ends, timeout=fault.seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    def _find(self, name: str, token: str | None) -> tuple[Method, State]:
        """Return the method, and the state of the team that owns the token; raises `ApiError`."""
        method = self._methods.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        if method.actor == "nobody":
            return method, self._home
        if token is None:
            raise ApiError("not_authed")
        grant = self._tokens.find(token)
        if (grant.kind == "app") != (method.actor == "app"):
            raise ApiError("not_allowed_token_type")
        return method, grant.state


def _token(request: web.Request, args: Args) -> str | None:
    header = request.headers.get("Authorization", "")
    args.update(oauth.basic(header))
    scheme, _, token = header.partition(" ")
    given = args.pop("token", None)
    return token.strip() if scheme == "Bearer" else given
