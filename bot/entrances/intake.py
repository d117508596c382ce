"""The intake, which passes every request from every entrance to the listeners."""

import logging
import re
import time
from collections.abc import Mapping
from itertools import count
from secrets import token_hex
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.log import about
from bot.observability.metrics import Metrics
from bot.proxies import ProxyFor, no_proxy_for
from handlers.ids import Command
from handlers.slack.error_replies import reply, sentence
from store.text import well_formed

log = logging.getLogger(__name__)

_COMMANDS = frozenset(map(str, Command))
_KIND = re.compile(r"[a-z_.]{1,40}")


class Intake:
    """Passes requests to the listeners, adds their ids to the log, and measures them."""

    def __init__(
        self, app: AsyncApp, metrics: Metrics, *, proxy_for: ProxyFor = no_proxy_for
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._proxy_for = proxy_for
        # Part of a request's id, because several processes may share one log.
        self._process = token_hex(3)
        self._numbers = count(1)

    async def take(self, body: Any) -> BoltResponse:
        """Return the response to a request that is known to come from Slack."""
        began = time.perf_counter()
        try:
            body = _well_formed(body)
        except RecursionError:
            log.warning("refused a request that is nested too deeply")
            return BoltResponse(status=400, body="")
        if not isinstance(body, dict):
            log.warning("refused a request that is not a JSON object")
            return BoltResponse(status=400, body="")
        request = _event(body) or f"{self._process}-{next(self._numbers)}"
        with about(request=request, **who_and_where(body)):
            response, outcome = await self._dispatch(body)
        self._metrics.answered(_kind(body), outcome, time.perf_counter() - began)
        return response

    async def _dispatch(self, body: dict[str, Any]) -> tuple[BoltResponse, str]:
        # Not mode "http", in which Bolt parses and verifies the raw body: that is done already, and
        # Bolt would lose a command that contains the word "payload".
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=body)
        except Exception as error:  # noqa: BLE001 -- Bolt raises anything for a malformed body
            log.warning("a request is unreadable: %s", type(error).__name__)
            return reply("Slack sent me what I can't read. Please try again.", body), "unreadable"
        # By default Bolt uses the proxy of the Web API, but response_url is on another host.
        url = request.context.response_url
        proxy = self._proxy_for(url) if isinstance(url, str) else None
        request.context["respond"] = AsyncRespond(response_url=url, proxy=proxy)
        try:
            response = await self._app.async_dispatch(request)
        except Exception as error:
            # Not from a listener, whose errors Bolt passes to `on_error`.
            if not isinstance(body.get("event"), dict):
                return reply(sentence(error), body), "error"
            log.exception("an event could not be handled")
            return BoltResponse(status=500, body=""), "failed"
        outcome = "answered" if response.status == 200 else "failed"
        return response, request.context.get("outcome", outcome)


def _well_formed(value: Any) -> Any:
    """Return the payload with `well_formed` texts: JSON escapes may hold invalid characters."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {
            well_formed(name): well_formed(one) if isinstance(one, str) else _well_formed(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_well_formed(one) for one in value]
    return value


def _kind(body: Mapping[str, Any]) -> str:
    """Return the command, event or payload type; the values are few, for a metric's label."""
    if command := body.get("command"):
        return str(command) if str(command) in _COMMANDS else "another command"
    event = body.get("event")
    kind = event.get("type") if isinstance(event, dict) else body.get("type")
    return kind if isinstance(kind, str) and _KIND.fullmatch(kind) else "of no kind"


def who_and_where(body: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the ids in a payload of any type (docs.slack.dev: payloads, Events API)."""
    event = body.get("event")
    inner = event if isinstance(event, dict) else body
    return {
        "team": _id(body, "team_id", "team"),
        "channel": _id(inner, "channel_id", "channel"),
        "user": _id(inner, "user_id", "user"),
    }


def _event(body: Mapping[str, Any]) -> str | None:
    event_id = body.get("event_id")
    return event_id if isinstance(event_id, str) else None


def _id(body: Mapping[str, Any], plain: str, nested: str) -> str | None:
    one = body.get(plain) or body.get(nested)
    if isinstance(one, dict):
        one = one.get("id")
    return one if isinstance(one, str) else None
