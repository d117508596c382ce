"""Shutdown in time even if something hangs; each test starts a process."""

import subprocess
import sys
import textwrap
from signal import SIGTERM

import pytest

from tests.machine import ROOT

START = """
import asyncio, os, signal, sys, threading, time
import bot.shutdown
from bot.shutdown import ShutdownDeadline

bot.shutdown._SECONDS = 0.3
bot.shutdown._LOG_SECONDS = {log_seconds}
deadline = ShutdownDeadline()

async def main():
    with deadline.on_signals() as stop:
        {body}

asyncio.run(main())
{after}
"""
TERM = "os.kill(os.getpid(), signal.SIGTERM)"


def run(body: str, *, after: str = "", log_seconds: float = 60) -> subprocess.CompletedProcess[str]:
    script = START.format(
        body=textwrap.indent(textwrap.dedent(body), " " * 8).strip(),
        after=after,
        log_seconds=log_seconds,
    )
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_shutdown_in_time_is_not_interrupted() -> None:
    done = run(f"{TERM}\nawait stop.wait()\ndeadline.cancel()", after="print('bye')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "bye\n", "")


@pytest.mark.parametrize(
    ("body", "after"),
    [
        # A blocking call stops the event loop and the main thread from handling signals.
        (f"lock = threading.Lock(); lock.acquire()\n{TERM}\nlock.acquire()", ""),
        (f"{TERM}\nawait asyncio.Event().wait()", ""),
        # asyncio.run waits for its own threads, and the interpreter for all others.
        (f"{TERM}\nawait asyncio.to_thread(threading.Event().wait)", ""),
        (f"threading.Thread(target=threading.Event().wait, name='disk').start()\n{TERM}", ""),
        ("pass", "deadline.start()\nthreading.Thread(target=threading.Event().wait).start()"),
    ],
    ids=["the loop", "a task", "a thread of the loop", "another thread", "at the very end"],
)
def test_a_process_that_hangs_is_killed(body: str, after: str) -> None:
    done = run(body, after=after)
    assert done.returncode == 1
    assert "the process did not end within" in done.stderr
    assert ("disk" in done.stderr) is ("disk" in body)


def test_a_log_that_hangs_does_not_delay_the_end() -> None:
    """For example a pipe that nobody reads."""
    body = f"""
    import logging
    class Stuck(logging.Handler):
        def emit(self, record): threading.Event().wait()
    logging.getLogger().addHandler(Stuck())
    {TERM}
    await asyncio.Event().wait()
    """
    assert run(body, log_seconds=0.1).returncode == 1


def test_a_second_signal_kills_the_process() -> None:
    done = run(f"bot.shutdown._SECONDS = 600\n{TERM}\nawait stop.wait()\n{TERM}\ntime.sleep(600)")
    assert done.returncode == 128 + SIGTERM


def test_signal_handlers_are_restored() -> None:
    """For callers that run a command inside their own process."""
    after = f"deadline.cancel()\n{TERM}\ntime.sleep(600)"
    assert run("pass", after=after).returncode == -SIGTERM
