"""Origin check: accept requests of this computer and of the workspace's own page only."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.workspace.errors import Json

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def only_from_here(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse other host names (DNS rebinding) and what pages of other sites send.

    An image or a script of another site asks without an Origin, but with Sec-Fetch-Site (W3C,
    Fetch Metadata). A link there may lead to the page, or to the pages of an installation.
    """
    host = request.headers.get("Host", "")
    if not is_here(host):
        raise web.HTTPForbidden(text="this workspace is on loopback only")
    if request.headers.get("Origin", f"http://{host}") != f"http://{host}":
        raise web.HTTPForbidden(text="another origin")
    is_link = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none") and not (
        is_link and not request.path.startswith("/api/")
    ):
        raise web.HTTPForbidden(text="another site")
    return await handler(request)


def is_here(host: str) -> bool:
    """Return whether *host*, with or without a port, names this computer."""
    return host in _LOOPBACK or host.rsplit(":", 1)[0] in _LOOPBACK


def posted(run: Callable[[Json], Awaitable[Json]]) -> _Handler:
    """Return a handler that passes JSON to *run* and answers with its JSON.

    It requires the header X-Workspace, which another site cannot send without a CORS preflight.
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
