"""HTTP: the way in by signed requests to /slack/events, where Socket Mode is not wanted."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response

from bot.clock import Clock
from bot.guard import Signatures, Sources, source_of
from bot.health import Health
from bot.install import INSTALL_PATH, REDIRECT_PATH, Install
from bot.intake import Intake
from bot.metrics import Metrics
from bot.status import health_routes, listening

log = logging.getLogger(__name__)

PATH = "/slack/events"

_MOST_BYTES = 1_000_000
"""No payload of Slack's comes near it: the largest, a view, has 250 kB."""
_BODY_SECONDS = 5
_CLOSING_SECONDS = 3
_VISITS_PER_SECOND = 0.2

_Page = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpMode:
    """The way in by HTTP."""

    def __init__(
        self,
        intake: Intake,
        *,
        signing_secret: str,
        address: tuple[str, int],
        trusted_proxies: int,
        clock: Clock,
        health: Health,
        metrics: Metrics,
        install: Install | None = None,
    ) -> None:
        """Serve at *address*, a host and a port; port 0 takes a free one.

        Check signatures against *clock*, which is the machine's: Slack signs with its own. With
        *install*, people may install Parley by its pages.
        """
        self._intake = intake
        self._signatures = Signatures(signing_secret, clock)
        self._sources = Sources(asyncio.get_running_loop().time)
        self._address = address
        self.port = address[1]
        """The port to open, and once it is open the one that 0 came to."""
        self._proxies = trusted_proxies
        self._metrics = metrics
        self._app = web.Application(client_max_size=_MOST_BYTES)
        self._app.add_routes([web.post(PATH, self._receive), *health_routes(health)])
        self._visits = Sources(asyncio.get_running_loop().time, per_second=_VISITS_PER_SECOND)
        if install:
            self._app.add_routes(
                [
                    web.get(INSTALL_PATH, self._limited(install.begin), allow_head=False),
                    web.get(REDIRECT_PATH, self._limited(install.end), allow_head=False),
                ]
            )

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until *stop* is set, and then until what is under way is answered.

        *ready* is called once the port is open. Raises `ListenError` when it cannot be opened.
        """
        async with listening(
            self._app, self._address, closing_seconds=_CLOSING_SECONDS
        ) as self.port:
            log.info("listening on port %d of %s", self.port, self._address[0])
            ready()
            await stop.wait()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        source = self._source_of(request)
        if self._sources.is_shut_out(source):
            return self._refuse(429, "too many")
        try:
            # What is there already, as it mostly is, needs no timer.
            async with asyncio.timeout(None if request.content.is_eof() else _BODY_SECONDS):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(413, "too large", source)
        except (TimeoutError, ConnectionError):
            return self._refuse(408, "too slow", source)
        if problem := self._signatures.problem(request.headers, body):
            is_probe = problem == "unsigned" and b"ssl_check=1" in body
            # Slack asks now and then, without a signature, whether anybody is there.
            return self._refuse(200 if is_probe else 401, problem, source)
        payload = read(body, request.content_type)
        if payload is None:
            return self._refuse(400, "unreadable", source)
        answer = await self._intake.take(payload)
        if answer.status >= 500:
            self._signatures.forget(request.headers)
        return await to_aiohttp_response(answer)

    def _limited(self, page: _Page) -> _Page:
        """Show *page* to each source only so often: each visit of some is a row for a while."""

        async def show(request: web.Request) -> web.StreamResponse:
            source = self._source_of(request)
            if self._visits.is_shut_out(source):
                return self._refuse(429, "too many")
            self._visits.blame(source)
            return await page(request)

        return show

    def _source_of(self, request: web.Request) -> str:
        forwarded = request.headers.get("X-Forwarded-For", "")
        return source_of(request.remote, forwarded, self._proxies)

    def _refuse(self, status: int, reason: str, source: str | None = None) -> web.Response:
        if source is not None:
            self._sources.blame(source)
        self._metrics.refusals.labels(reason).inc()
        log.debug("refused a request: %s", reason)
        return web.Response(status=status)


def read(body: bytes, content_type: str) -> dict[str, Any] | None:
    """Read a form, a form with JSON in its field `payload`, or JSON; None where it is none."""
    try:
        text = body.decode()
        if content_type == "application/json" or text.startswith("{"):
            payload = json.loads(text)
        else:
            form = dict(parse_qsl(text, keep_blank_values=True))
            payload = json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
