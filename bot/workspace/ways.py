"""How an envelope reaches the app: what every way does, and the one inside this process."""

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

    *code* is what Slack shows under a command, *reason* why an event comes again, and *is_final*
    says that the app does not want it again.
    """

    def __init__(self, code: str, reason: str = "timeout", *, is_final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.is_final = is_final


def not_connected(reason: str = "timeout") -> UndeliveredError:
    """Say that nobody is there to be asked."""
    return UndeliveredError("dispatch_failed", reason)


def not_acked(reason: str = "timeout") -> UndeliveredError:
    """Say that the app was asked, and did not ack in time."""
    return UndeliveredError("operation_timeout", reason)


class Way(Protocol):
    """Takes envelopes to the app; an event comes again after each of the *retry_waits*, seconds."""

    retry_waits: tuple[float, ...]

    async def ready(self, seconds: float) -> None:
        """Wait until an envelope can be sent; raises `UndeliveredError` after *seconds*."""

    async def ask(self, envelope: Json, seconds: float) -> Any:
        """Give the payload of the ack; raises `UndeliveredError`, after *seconds* at the latest."""


class InProcess:
    """Gives every envelope to *receiver*: it gives the ack's payload, or raises."""

    retry_waits: tuple[float, ...] = (0, 0, 0)

    def __init__(self, receiver: Receiver, spawn: Spawn) -> None:
        self._receiver = receiver
        self._spawn = spawn

    async def ready(self, seconds: float) -> None:
        """Be ready at once."""

    async def ask(self, envelope: Json, seconds: float) -> Any:
        """Ask the receiver."""

        async def run() -> Any:
            return await self._receiver(envelope)

        # Not wait_for: as in Slack, a late listener still runs to its end.
        task = self._spawn(run())
        await asyncio.wait({task}, timeout=seconds)
        if not task.done() or task.cancelled():
            raise not_acked()
        if (error := task.exception()) is not None:
            log.error("the receiver failed", exc_info=error)
            raise not_acked()
        return task.result()
