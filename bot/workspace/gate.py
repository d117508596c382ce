"""Who may ask: this computer, and no site but the page that this server gave out."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.workspace.errors import Json

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def only_from_here(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse other hosts (a name made to point here: DNS rebinding) and other sites' origins."""
    host = request.headers.get("Host", "")
    if not is_here(host):
        raise web.HTTPForbidden(text="this workspace is on loopback only")
    if request.headers.get("Origin", f"http://{host}") != f"http://{host}":
        raise web.HTTPForbidden(text="another origin")
    return await handler(request)


def is_here(host: str) -> bool:
    """Say whether *host*, with a port or without, names this computer."""
    return host in _LOOPBACK or host.rsplit(":", 1)[0] in _LOOPBACK


def posted(run: Callable[[Json], Awaitable[Json]]) -> _Handler:
    """Make a handler of *run*, which takes and gives JSON.

    The header X-Workspace is one that no other site can send without asking first.
    """

    async def handler(request: web.Request) -> web.Response:
        if "X-Workspace" not in request.headers:
            raise web.HTTPForbidden(text="the header X-Workspace is missing")
        try:
            return web.json_response(await run(json.loads(await request.text())))
        except LookupError as error:
            raise web.HTTPNotFound(text=f"not there: {error}") from None
        except (AttributeError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"not understood: {error}") from None

    return handler
