"""The status pages: /healthz, /readyz and /metrics, for supervisors and for Prometheus."""

import errno
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.observability.health import Health


class ListenError(Exception):
    """Raised when an address cannot be opened: the port is taken, say, or the host is not ours."""


def health_routes(health: Health) -> list[web.RouteDef]:
    """Give /healthz, which answers while the process is alive, and /readyz.

    /readyz is 200 when all is well, else 503; it says which, and what came last and when.
    """

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        checks = await health.read()
        is_ready = bool(checks) and not any(checks.values())
        said = {name: wrong or "well" for name, wrong in checks.items()}
        shown: dict[str, object] = {"ready": is_ready, "checks": said}
        if seconds := health.seconds_since():
            shown["seconds_since"] = seconds
        return web.json_response(shown, status=200 if is_ready else 503)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


@asynccontextmanager
async def status_pages(
    address: tuple[str, int], health: Health, metrics: Callable[[], Awaitable[bytes]]
) -> AsyncIterator[int]:
    """Serve the pages, and yield their port; raises `ListenError`."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([*health_routes(health), web.get("/metrics", show)])
    async with listening(app, address) as port:
        yield port


@asynccontextmanager
async def listening(
    app: web.Application, address: tuple[str, int], *, closing_seconds: float = 1
) -> AsyncIterator[int]:
    """Serve *app* at (host, port), and yield the port; 0 takes a free one.

    Leaving stops listening first, and then waits for the answers that are under way. Raises
    `ListenError` if the address cannot be opened.
    """
    # What a handler's client has hung up on still runs to its end: it may be half done.
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=closing_seconds, handler_cancellation=False
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *address).start()
        except OSError as error:
            raise ListenError(_why_closed(address, error)) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _why_closed(address: tuple[str, int], error: OSError) -> str:
    host, port = address
    if error.errno == errno.EADDRINUSE:
        return f"The port is taken: another program listens on {host}, port {port}"
    is_name = isinstance(error, socket.gaierror)
    why = error.strerror if is_name or not error.errno else os.strerror(error.errno)
    return f"Cannot listen on {host}, port {port}: {why or error}"
