"""Run everything at once for a long time: `make soak` (SECONDS=3600).

The bot is connected to the local workspace by Socket Mode and answers look-ups all the time. At
intervals, the corpus is reloaded, a feed publishes a story, new stories are embedded, the socket is
replaced, and a question falls due. The run fails if an ack is missing, if more than a few commands
found no socket, if the log has an error, if a question was posted twice or not at all, if a story
of the feed was not stored, or if memory grows.
"""

import argparse
import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from datetime import timedelta
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.answering import ROOT, memory, until_idle
from benchmarks.load import read_queries
from bot.clock import MovableClock
from bot.manifest import manifest
from bot.workspace import Workspace
from bot.workspace.delivery.dispatcher import ActionResult
from store import open_store
from store.samples import STARTER
from store.types import FOLDER
from tests.ids import ANA, GENERAL
from tests.machine import environment, running_clock

_PAUSE = 0.05
_MAX_GROWTH = 1.15
"""Memory at the end, as a multiple of the maximum in the first fifth, when the caches fill."""
ACKED, NO_SOCKET = "acked", "dispatch_failed"
_BETWEEN_SOCKETS = 1
"""How many commands for each new socket may be sent while there is no socket.

The SDK closes the old socket before it opens the new one. That takes some milliseconds here, and a
command comes every 50 ms. Measured: two commands in 35 refreshes, two in 17, and on a busy machine
two in 7. More than one per refresh means that reconnecting is slow.
"""


class Soak:
    """One run and its results."""

    def __init__(self, workspace: Workspace, clock: MovableClock, folder: Path) -> None:
        self.workspace, self.clock, self.folder = workspace, clock, folder
        self.commands = Counter[str]()
        self.refreshes = self.days = self.answers = 0
        self.errors: list[str] = []
        self.memory: list[float] = []

    async def run(self, process: Process, seconds: float) -> None:
        """Run all tasks for *seconds*."""
        work = [
            self._look_up(),
            self._pass_days(max(seconds / 100, 2)),
            self._refresh(max(seconds / 70, 2.5)),
            self._record_memory(process, seconds / 200),
            self._read_log(process),
        ]
        tasks = [asyncio.create_task(one) for one in work]
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _look_up(self) -> None:
        for query in cycle(read_queries(ROOT / "tests/store/finding/lookups.jsonl")):
            delivery = await self.workspace.type(f"/brief {query}", user=ANA, channel=GENERAL)
            self.commands[outcome(delivery)] += 1
            # No faster, because the workspace keeps every answer in memory.
            await asyncio.sleep(_PAUSE)

    async def _pass_days(self, every: float) -> None:
        """Repeat: reload the corpus, publish a story, then move the clock to the next question."""
        await self._type("/digest on 09:30 daily UTC")
        await self._type(f"/corpus sources add {self.workspace.feed.url}")
        for number in count(1):
            text = f"News {number}\nA summary of {number}.\nAn insight.\nWhy {number}?\n"
            (self.folder / "corpus" / "news.txt").write_text(text)
            await self._type("/corpus reload")
            self.workspace.feed.publish(f"Letter {number}", "A summary. An insight.")
            # Wait for the answer first: a response_url expires in less than a day.
            now = self.clock()
            due = now.replace(hour=9, minute=30, second=1, microsecond=0)
            self.clock.move((due if due > now else due + timedelta(days=1)) - now)
            self.days = number
            await asyncio.sleep(every)

    async def _type(self, text: str) -> None:
        """Send a command that is answered later, and wait for the answer."""
        while (await self.workspace.type(text, user=ANA, channel=GENERAL)).error:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        is_in_progress = True
        while is_in_progress:
            self.answers += 1
            *_, call = await self.workspace.called("response_url", self.answers)
            # On a busy machine, progress is reported before the answer.
            is_in_progress = call.args["text"].endswith(" …")

    async def _refresh(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self.workspace.disconnect_sockets()
            self.refreshes += 1

    async def _record_memory(self, process: Process, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            self.memory.append(memory(process))

    async def _read_log(self, process: Process) -> None:
        assert process.stderr
        async for line in process.stderr:
            if b'"error"' in line:
                self.errors.append(line.decode())

    def problems(self, questions: int, stored: int) -> list[str]:
        """Return a description of each problem; *stored* counts the feed's stories."""
        found = [f"the log: {line.strip()}" for line in self.errors[:3]]
        every = self.commands.total()
        if lost := every - self.commands[ACKED] - self.commands[NO_SOCKET]:
            found.append(f"{lost} acks are missing")
        if self.commands[NO_SOCKET] > self.refreshes * _BETWEEN_SOCKETS:
            found.append(f"{self.commands[NO_SOCKET]} of {every:,} commands found no socket")
        # The last question may not be posted yet.
        if not self.days - 1 <= questions <= self.days:
            found.append(f"{questions} questions in {self.days} days")
        # Nor may the last story be polled yet.
        if not self.days - 1 <= stored <= self.days:
            found.append(f"{stored} stories of the feed in {self.days} days")
        first = max(self.memory[: max(len(self.memory) // 5, 1)])
        last = self.memory[-1]
        if last > first * _MAX_GROWTH:
            found.append(f"memory grew from {first:.0f} to {last:.0f} MB")
        return found


def outcome(delivery: ActionResult) -> str:
    """Return the outcome of a command; an error message ends with Slack's error code."""
    return ACKED if delivery.acked else str(delivery.error).rpartition(" ")[2].strip('"')


async def _stored(url: str) -> int:
    """Return how many of the feed's stories are in the database."""
    async with open_store(url, is_looking=True) as store:
        stories = await store.sources.stories()
    return sum(number for source, number in stories.items() if source != FOLDER)


async def soak(seconds: float) -> int:
    """Run the test and print the result; return the exit status."""
    clock = running_clock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        for file in STARTER.glob("*.txt"):
            (folder / "corpus" / file.name).write_bytes(file.read_bytes())
        async with Workspace(manifest=manifest(), clock=clock) as workspace:
            workspace.pace = False
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=folder,
                env=environment(
                    TESTS_EMBED="1",
                    SLACK_BOT_TOKEN=workspace.bot_token,
                    SLACK_APP_TOKEN=workspace.app_token,
                    SLACK_API_URL=workspace.api_url,
                    CLOCK_URL=f"{workspace.url}page/clock",
                    CORPUS_DIR=str(folder / "corpus"),
                    FEEDS_ALLOW=urlsplit(workspace.url).netloc,
                ),
                stderr=PIPE,
            )
            try:
                assert process.stderr
                while b"connected" not in await process.stderr.readline():
                    pass
                # What the models take is no growth.
                await until_idle(process)
                run = Soak(workspace, clock, folder)
                await run.run(process, seconds)
                process.terminate()
                code = await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
            texts = [one["text"] for one in workspace.messages(GENERAL)]
            asked = [text for text in texts if "Question of the day" in text]
        stored = await _stored(f"sqlite:///{folder}/data/parley.db")
    problems = run.problems(len(asked), stored)
    if code:
        problems.append(f"the bot exited with status {code}")
    sys.stdout.write(
        f"{seconds:.0f} s: {run.commands[ACKED]:,} commands acked, "
        f"{run.commands[NO_SOCKET]} sent between two sockets, {run.refreshes} sockets, "
        f"{len(asked)} questions and {stored} stories of a feed in {run.days} days with a reload "
        "each; "
        f"memory {run.memory[0]:.0f} MB at the start, {max(run.memory):.0f} at most, "
        f"{run.memory[-1]:.0f} at the end\n"
    )
    for problem in problems:
        sys.stdout.write(f"  {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    sys.exit(asyncio.run(soak(parser.parse_args().seconds)))
