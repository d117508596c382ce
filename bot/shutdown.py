"""Ending the process: on a signal, and in time whatever hangs.

Every step of closing has a deadline of its own. What no deadline can end is a thread that waits for
a disk or a lock, so the process is cut off when half a minute is nearly over.
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


class Ending:
    """The deadline by which the process has ended, from the moment when it begins to."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start the countdown, unless it runs."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_SECONDS, _cut_off)
                self._timer.daemon = True
                self._timer.start()

    def over(self) -> None:
        """Stop the countdown: nothing is left to be closed."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None

    @contextmanager
    def on_signals(self) -> Iterator[asyncio.Event]:
        """Yield the event that the first SIGINT or SIGTERM sets; a second ends the process at once.

        The signals are read by a thread, which hears them even when the event loop hangs.
        """
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        heard, told = socket.socketpair()
        told.setblocking(False)

        def listen() -> None:
            is_first = True
            with heard:
                # The number of each signal is a byte (docs: signal.set_wakeup_fd).
                while number := heard.recv(1):
                    if number[0] not in _SIGNALS:
                        continue
                    if not is_first:
                        os._exit(128 + number[0])
                    is_first = False
                    self.begin()
                    with suppress(RuntimeError):  # the loop is closed
                        loop.call_soon_threadsafe(stop.set)

        before = {one: signal.signal(one, lambda *_: None) for one in _SIGNALS}
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        listening = threading.Thread(target=listen, name="signals", daemon=True)
        listening.start()
        try:
            yield stop
        finally:
            signal.set_wakeup_fd(-1)
            for one, handler in before.items():
                signal.signal(one, handler)
            told.close()
            listening.join()


def _cut_off() -> None:
    # In a thread of its own, for the log may be what hangs.
    logging_thread = threading.Thread(target=_say_what_hangs, daemon=True)
    logging_thread.start()
    logging_thread.join(_LOG_SECONDS)
    os._exit(1)


def _say_what_hangs() -> None:
    waits = [one.name for one in threading.enumerate() if not one.daemon]
    log.critical(
        "the process did not end within %.0f s and is cut off; what is left of it: %s",
        _SECONDS,
        ", ".join(waits),
    )
