"""Send envelopes to the app; only this module knows by which transport."""

import asyncio
import json
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.workspace.delivery.request_urls import RequestUrls
from bot.workspace.delivery.sockets import Sockets
from bot.workspace.delivery.transports import InProcess, Receiver, Transport, UndeliveredError
from bot.workspace.errors import Json
from bot.workspace.model.traffic import Traffic

ACK_SECONDS = 3.0

EnvelopeType = Literal["slash_commands", "interactive", "events_api"]


@dataclass(slots=True, kw_only=True)
class ActionResult:
    """The result of something that a person did.

    *payload* is what was sent to the app, {} if nothing was; *answer* is the payload of its ack.
    *error* is the sentence that Slack would show, and *errors* are its messages under the fields
    of a modal: {block_id: message}.
    """

    payload: Json = field(default_factory=dict)
    acked: bool = False
    answer: Json = field(default_factory=dict)
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict)


class Dispatcher:
    """Sends envelopes to the app: in this process, to its request URLs, or over its sockets."""

    def __init__(
        self, sockets: Sockets, urls: RequestUrls, traffic: Traffic, *, ack_seconds: float
    ) -> None:
        self._sockets = sockets
        self._urls = urls
        self._traffic = traffic
        self._ack_seconds = ack_seconds
        self._tasks: set[asyncio.Task[Any]] = set()
        self.receiver: Receiver | None = None

    async def send(self, kind: EnvelopeType, payload: Json) -> ActionResult:
        """Send a command or an interaction once; Slack does not retry these.

        Never raises: a failure is Slack's error code in `error` of the result.
        """
        delivery = ActionResult(payload=payload)
        try:
            delivery.answer = await self._hand_over(self._transport, kind, payload)
            delivery.acked = True
        except UndeliveredError as error:
            delivery.error = error.code
        return delivery

    async def send_event(self, payload: Json) -> ActionResult:
        """Send an event, and retry up to three times until it is acked (Events API)."""
        delivery = ActionResult(payload=payload)
        transport, reason = self._transport, ""
        for attempt, wait in enumerate((0.0, *transport.retry_waits)):
            retry = {"retry_attempt": attempt, "retry_reason": reason}
            try:
                await asyncio.sleep(wait)
                await transport.ready(self._ack_seconds)
                await self._hand_over(transport, "events_api", payload, **retry)
            except UndeliveredError as error:
                reason = error.reason
                if error.is_final:
                    break
            else:
                delivery.acked = True
                break
        return delivery

    @property
    def is_connected(self) -> bool:
        """Return whether the app can be reached; with HTTP this is known only after sending."""
        return self.receiver is not None or self._urls.is_chosen or self._sockets.is_connected

    def as_page(self) -> Json:
        """Render the transport for the page: {way, sockets} or {way, urls}."""
        if self._urls.is_chosen:
            return {"way": "http", "urls": self._urls.urls}
        return {"way": "socket", "sockets": self._sockets.count}

    @property
    def _transport(self) -> Transport:
        if self.receiver is not None:
            return InProcess(self.receiver, self.spawn)
        return self._urls if self._urls.is_chosen else self._sockets

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run *work* in the background until it ends or `close` is called."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel all background work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until all background work has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _hand_over(
        self, transport: Transport, kind: EnvelopeType, payload: Json, **more: Any
    ) -> Json:
        envelope = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **more,
        }
        began = time.perf_counter()
        status, answer = 0, None
        try:
            answer = await transport.ask(envelope, self._ack_seconds)
            status = 200
        finally:
            self._traffic.record(
                "envelope",
                _name(envelope),
                envelope,
                status=status,
                response=answer,
                ms=(time.perf_counter() - began) * 1000,
            )
        return _decoded(answer)


def _decoded(answer: Any) -> Json:
    """Return the payload of an ack as a dict; plain text becomes the text of a message."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return {"text": answer} if answer else {}
    return answer if isinstance(answer, dict) else {}


def _name(envelope: Json) -> str:
    payload = envelope["payload"]
    if envelope["type"] == "events_api":
        return f"event {payload['event']['type']}"
    return str(payload.get("command") or payload["type"])
