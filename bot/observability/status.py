"""The status pages: /healthz, /readyz and /metrics, for supervisors and for Prometheus."""

import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client import CONTENT_TYPE_LATEST

from bot.observability.health import Health

_IDLE_SECONDS = 75
"""For the header of a request, and between two requests; proxies drop a connection after 60 s."""


class ListenError(Exception):
    """Raised when an address cannot be opened, for example because the port is taken."""


def health_routes(health: Health) -> list[web.RouteDef]:
    """Return the routes /healthz and /readyz.

    /healthz answers while the process is alive. /readyz is 200 if all checks pass, else 503, and
    lists the checks and `Health.seconds_since`.
    """

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        checks = await health.read()
        is_ready = bool(checks) and not any(checks.values())
        results = {name: problem or "well" for name, problem in checks.items()}
        shown: dict[str, object] = {"ready": is_ready, "checks": results}
        if seconds := health.seconds_since():
            shown["seconds_since"] = seconds
        return web.json_response(shown, status=200 if is_ready else 503)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


@asynccontextmanager
async def status_pages(
    address: tuple[str, int], health: Health, metrics: Callable[[], Awaitable[bytes]]
) -> AsyncIterator[int]:
    """Serve the status pages at *address*, and yield the port; raises `ListenError`."""

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
    """Serve *app* at (host, port), and yield the port; port 0 picks a free one.

    On exit, stops listening and then waits at most *closing_seconds* for unfinished answers. Raises
    `ListenError` if the address cannot be opened.
    """
    logging.getLogger("aiohttp.server").addFilter(_is_not_malformed_http)
    # If the client hangs up, its handler still runs to the end: it may be half done. A body is not
    # unpacked, and what is left of it after the answer is not read: anybody may have sent it.
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=closing_seconds,
        handler_cancellation=False,
        auto_decompress=False,
        lingering_time=0,
        keepalive_timeout=_IDLE_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *address).start()
        except (OSError, UnicodeError) as error:
            problem = _listen_problem(address, error)
            raise ListenError(f"{problem}. Set another PORT or STATUS_PORT.") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _is_not_malformed_http(record: logging.LogRecord) -> bool:
    """Return False for a request that is not valid HTTP: anybody can send any number of them."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


def _listen_problem(address: tuple[str, int], error: OSError | UnicodeError) -> str:
    host, port = address
    if isinstance(error, UnicodeError):
        return f"Cannot listen on {host}, port {port}: {host} is not the name of a host"
    if error.errno == errno.EADDRINUSE:
        return f"The port is taken: a program, maybe another Parley, listens on {host}, port {port}"
    is_name = isinstance(error, socket.gaierror)
    why = error.strerror if is_name or not error.errno else os.strerror(error.errno)
    return f"Cannot listen on {host}, port {port}: {why or error}"
