"""Handing envelopes to the app: the one place that knows how the app is reached."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.workspace.errors import Json
from bot.workspace.sockets import NotAckedError, NotConnectedError, Sockets
from bot.workspace.traffic import Traffic

log = logging.getLogger(__name__)

ACK_SECONDS = 3.0
MAX_RETRIES = 3

EnvelopeType = Literal["slash_commands", "interactive", "events_api"]
Receiver = Callable[[Json], Awaitable[Any]]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What came of something a person did.

    *payload* is what the app was sent, {} when nothing was; *answer* is the payload of its ack.
    *error* is the sentence that Slack would show, and *errors* what it would say under the fields
    of a modal: {block_id: message}.
    """

    payload: Json = field(default_factory=dict)
    acked: bool = False
    answer: Json = field(default_factory=dict)
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict)


class Courier:
    """Sends envelopes to a socket of the app, or to a stand-in in this process."""

    def __init__(self, sockets: Sockets, traffic: Traffic, *, ack_seconds: float) -> None:
        self._sockets = sockets
        self._traffic = traffic
        self._ack_seconds = ack_seconds
        self._tasks: set[asyncio.Task[Any]] = set()
        self.receiver: Receiver | None = None

    async def send(self, kind: EnvelopeType, payload: Json) -> Delivery:
        """Send a command or an interaction, once (Slack does not repeat these).

        Raises nothing: `error` of what is given is Slack's code.
        """
        delivery = Delivery(payload=payload)
        try:
            delivery.answer = await self._hand_over(kind, payload)
            delivery.acked = True
        except NotConnectedError:
            delivery.error = "dispatch_failed"
        except NotAckedError:
            delivery.error = "operation_timeout"
        return delivery

    async def send_event(self, payload: Json) -> Delivery:
        """Send an event, and again up to three times while it is not acked (Events API)."""
        delivery = Delivery(payload=payload)
        for attempt in range(MAX_RETRIES + 1):
            retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            try:
                await self._sockets.connected(self._ack_seconds, unless=self.receiver is not None)
                await self._hand_over("events_api", payload, **retry)
            except (NotConnectedError, NotAckedError):
                continue
            delivery.acked = True
            break
        return delivery

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do *work* in the background; closing ends it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hand_over(self, kind: EnvelopeType, payload: Json, **more: Any) -> Json:
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
            if self.receiver is not None:
                answer = await self._receive(self.receiver, envelope)
            else:
                answer = await self._sockets.ask(envelope, self._ack_seconds)
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

    async def _receive(self, receiver: Receiver, envelope: Json) -> Any:
        async def run() -> Any:
            return await receiver(envelope)

        # Not wait_for: as in Slack, a late listener still runs to its end.
        task = self.spawn(run())
        await asyncio.wait({task}, timeout=self._ack_seconds)
        if not task.done() or task.cancelled():
            raise NotAckedError
        if (error := task.exception()) is not None:
            log.error("the receiver failed", exc_info=error)
            raise NotAckedError
        return task.result()


def _decoded(answer: Any) -> Json:
    """Give the payload of an ack as a dict: a plain text is the text of a message."""
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
