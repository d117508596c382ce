"""Shutdown: on a signal, and within half a minute even if something hangs.

Every step of the shutdown has its own deadline. No deadline can end a thread that waits for a disk
or a lock, so a timer finally kills the process.
"""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

log = logging.getLogger(__name__)

_SECONDS = 28.0
_LOG_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ShutdownDeadline:
    """The deadline of a shutdown: kills the process if it has not ended in time."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the countdown, unless it is running."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_SECONDS, _kill)
                self._timer.daemon = True
                self._timer.start()

    def cancel(self) -> None:
        """Cancel the countdown, because everything is closed."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None

    @contextmanager
    def on_signals(self) -> Iterator[asyncio.Event]:
        """Yield an event that the first SIGINT or SIGTERM sets; a second kills the process.

        A thread reads the signals, so that they work even if the event loop hangs.
        """
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        receiver, sender = socket.socketpair()
        sender.setblocking(False)

        def listen() -> None:
            is_first = True
            with receiver:
                # Each signal arrives as one byte, its number (docs: signal.set_wakeup_fd).
                while number := receiver.recv(1):
                    if number[0] not in _SIGNALS:
                        continue
                    if not is_first:
                        os._exit(128 + number[0])
                    is_first = False
                    self.start()
                    with suppress(RuntimeError):  # the event loop is closed already
                        loop.call_soon_threadsafe(stop.set)

        before = {one: signal.signal(one, lambda *_: None) for one in _SIGNALS}
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        listening = threading.Thread(target=listen, name="signals", daemon=True)
        listening.start()
        try:
            yield stop
        finally:
            signal.set_wakeup_fd(-1)
            for one, handler in before.items():
                signal.signal(one, handler)
            sender.close()
            listening.join()


DEADLINE = ShutdownDeadline()
"""The deadline of this process."""


def _kill() -> None:
    # Log in another thread, because logging itself may be what hangs.
    logging_thread = threading.Thread(target=_log_running_threads, daemon=True)
    logging_thread.start()
    logging_thread.join(_LOG_SECONDS)
    os._exit(1)


def _log_running_threads() -> None:
    running = [one.name for one in threading.enumerate() if not one.daemon]
    log.critical(
        "the process did not end within %.0f s and is killed; threads still running: %s",
        _SECONDS,
        ", ".join(running),
    )
