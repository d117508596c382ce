"""Transports: how an envelope reaches the app, and the transport within this process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from bot.workspace.errors import Json

log = logging.getLogger(__name__)

Receiver = Callable[[Json], Awaitable[Any]]
Spawn = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


class UndeliveredError(Exception):
    """The app did not ack an envelope.

    *code* is what Slack shows under a command, *reason* is why an event is retried, and *is_final*
    means that the app does not want a retry.
    """

    def __init__(self, code: str, reason: str = "timeout", *, is_final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.is_final = is_final


def not_connected(reason: str = "timeout") -> UndeliveredError:
    """Build the error for an app that is not connected."""
    return UndeliveredError("dispatch_failed", reason)


def not_acked(reason: str = "timeout") -> UndeliveredError:
    """Build the error for an app that did not ack in time."""
    return UndeliveredError("operation_timeout", reason)


class Transport(Protocol):
    """Sends envelopes to the app; *retry_waits* are the seconds before each retry of an event."""

    retry_waits: tuple[float, ...]

    async def ready(self, seconds: float) -> None:
        """Wait until an envelope can be sent; raises `UndeliveredError` after *seconds*."""

    async def ask(self, envelope: Json, seconds: float) -> Any:
        """Send *envelope*; return the payload of its ack, or raise `UndeliveredError`."""


class InProcess:
    """Passes every envelope to *receiver*, which returns the payload of the ack or raises."""

    retry_waits: tuple[float, ...] = (0, 0, 0)

    def __init__(self, receiver: Receiver, spawn: Spawn) -> None:
        self._receiver = receiver
        self._spawn = spawn

    async def ready(self, seconds: float) -> None:
        """Return at once: it is always ready."""

    async def ask(self, envelope: Json, seconds: float) -> Any:
        """Pass *envelope* to the receiver and return its answer."""

        async def run() -> Any:
            return await self._receiver(envelope)

        # No wait_for: as in Slack, a late listener still runs to its end.
        task = self._spawn(run())
        await asyncio.wait({task}, timeout=seconds)
        if not task.done() or task.cancelled():
            raise not_acked()
        if (error := task.exception()) is not None:
            log.error("the receiver failed", exc_info=error)
            raise not_acked()
        return task.result()
