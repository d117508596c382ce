"""HTTP mode: signed requests to /slack/events, instead of Socket Mode."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response

from bot.clock import Clock
from bot.entrances.install import INSTALL_PATH, REDIRECT_PATH, Install, too_many
from bot.entrances.intake import Intake
from bot.entrances.request_verification import RefusalLog, Signatures, VisitLimit, hops, source_of
from bot.observability.health import Health
from bot.observability.metrics import Metrics
from bot.observability.status import health_routes, listening

log = logging.getLogger(__name__)

PATH = "/slack/events"

_MOST_BYTES = 1_000_000
"""The largest request body; Slack's largest payload, a view, has 250 kB."""
_BODY_SECONDS = 5
_CLOSING_SECONDS = 3


class HttpMode:
    """The entrance by HTTP."""

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
        """*address* is a host and a port; port 0 picks a free one.

        *clock* checks the age of signatures, so it is the machine's clock and not a moved one.
        *install* serves the installation pages, if given.
        """
        self._intake = intake
        self._signatures = Signatures(signing_secret, clock)
        monotonic = asyncio.get_running_loop().time
        self._refused = RefusalLog(monotonic)
        self._address = address
        self.port = address[1]
        """The port; once it is open, the actual port if it was 0."""
        self._proxies = trusted_proxies
        self._logged_hop_counts: set[int] = set()
        self._metrics = metrics
        self._app = web.Application(client_max_size=_MOST_BYTES)
        self._app.add_routes([web.post(PATH, self._receive), *health_routes(health)])
        self._installs = VisitLimit(monotonic)
        if install:
            self._install = install
            self._app.add_routes(
                [
                    web.get(INSTALL_PATH, self._begin_install, allow_head=False),
                    web.get(REDIRECT_PATH, install.end, allow_head=False),
                ]
            )

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until *stop* is set, then wait for unfinished answers.

        *ready* is called once the port is open. Raises `ListenError` if it cannot be opened.
        """
        async with listening(
            self._app, self._address, closing_seconds=_CLOSING_SECONDS
        ) as self.port:
            log.info("listening on port %d of %s", self.port, self._address[0])
            ready()
            await stop.wait()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        if "Content-Encoding" in request.headers:
            return self._refuse(415, "packed", request)
        try:
            body = await _read_in_time(request)
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(413, "too large", request)
        except (TimeoutError, ConnectionError):
            return self._refuse(408, "too slow", request)
        except web.RequestPayloadError:
            # The body contradicts its headers, such as a chunk without its length.
            return self._refuse(400, "unreadable", request)
        if problem := self._signatures.problem(request.headers, body):
            if problem == "unsigned" and b"ssl_check=1" in body:
                # Slack sometimes checks, without a signature, that the URL answers.
                return web.Response()
            return self._refuse(401, problem, request)
        self._check_hops(request)
        payload = read(body, request.content_type)
        if payload is None:
            return self._refuse(400, "unreadable", request)
        answer = await self._intake.take(payload)
        if answer.status >= 500:
            self._signatures.forget(request.headers)
        kind = "application/json" if answer.body.startswith("{") else "text/plain"
        return web.Response(status=answer.status, text=answer.body, content_type=kind)

    async def _begin_install(self, request: web.Request) -> web.StreamResponse:
        # Each visit writes a row and allows one call to Slack when the browser returns. The return
        # needs no limit: without a state that was issued here it does neither.
        if not self._installs.allows(self._source_of(request)):
            self._note("too many", request)
            return await to_aiohttp_response(too_many())
        return await self._install.begin(request)

    def _check_hops(self, request: web.Request) -> None:
        """Log once if a request signed by Slack contradicts TRUSTED_PROXIES.

        Slack sends no X-Forwarded-For, so all addresses in a signed request are from proxies.
        """
        count = len(hops(_forwarded(request)))
        if count == self._proxies or count in self._logged_hop_counts:
            return
        self._logged_hop_counts.add(count)
        log.warning(
            "TRUSTED_PROXIES is %d, but a request from Slack came with %d addresses in"
            " X-Forwarded-For: set TRUSTED_PROXIES=%d if that is how many proxies of yours are in"
            " front of PORT",
            self._proxies,
            count,
            count,
        )

    def _source_of(self, request: web.Request) -> str:
        return source_of(request.remote, _forwarded(request), self._proxies)

    def _refuse(self, status: int, reason: str, request: web.Request) -> web.Response:
        self._note(reason, request)
        return web.Response(status=status)

    def _note(self, reason: str, request: web.Request) -> None:
        self._metrics.refusals.labels(reason).inc()
        self._refused.note(reason, self._source_of(request))


async def _read_in_time(request: web.Request) -> bytes:
    # Most bodies have arrived completely already, and need no timeout.
    if request.content.is_eof():
        return await request.read()
    async with asyncio.timeout(_BODY_SECONDS):
        return await request.read()


def _forwarded(request: web.Request) -> str:
    # Some proxies add a header line instead of appending to the existing one.
    return ",".join(request.headers.getall("X-Forwarded-For", ()))


def _unquote(text: str) -> str:
    # Most names and values are written as they are.
    return unquote_plus(text) if "%" in text or "+" in text else text


def read(body: bytes, content_type: str) -> dict[str, Any] | None:
    """Parse a form, a form with JSON in its field `payload`, or JSON; None if it is neither."""
    try:
        text = body.decode()
        if content_type == "application/json" or text.startswith("{"):
            payload = json.loads(text)
        else:
            # As `parse_qsl` does with blank values, in a quarter of the time.
            fields = (field.partition("=") for field in text.split("&") if field)
            form = {_unquote(name): _unquote(value) for name, _, value in fields}
            payload = json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
