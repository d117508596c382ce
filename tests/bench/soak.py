"""A long run of everything at once: `make soak` (SECONDS=3600).

Look-ups all the time, and again and again a reload, another socket, and a question that falls due;
by Socket Mode, against the local workspace. It fails for an ack that did not come, more than a few
commands that met no socket, an error in the log, a question that came twice or not at all, and for
memory that grows.
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

from bot.clock import MovableClock
from bot.manifest import manifest
from bot.settings import STARTER
from bot.workspace import Workspace
from bot.workspace.courier import Delivery
from tests.bench.answering import ROOT, memory
from tests.bench.load import read_queries
from tests.machine import environment, running_clock

_PAUSE = 0.05
ANA, GENERAL = "U0ANA", "C0GENERAL"
_GROWTH = 1.15
"""How much more memory the end may hold than the first fifth did, when caches were filled."""
ACKED, NO_SOCKET = "acked", "dispatch_failed"
_BETWEEN_SOCKETS = 1
"""How many commands to a refresh may be typed while there is no socket.

The SDK closes the old socket before it opens the new one. That takes some milliseconds here, and a
command comes every 50 ms: it was two in 35 refreshes, two in 17, and on a busy machine two in 7.
More than one each says that sockets are slow to come back.
"""


class Soak:
    """One run, and what came of it."""

    def __init__(self, workspace: Workspace, clock: MovableClock, folder: Path) -> None:
        self.workspace, self.clock, self.folder = workspace, clock, folder
        self.commands = Counter[str]()
        self.refreshes = self.days = self.answers = 0
        self.errors: list[str] = []
        self.memory: list[float] = []

    async def run(self, process: Process, seconds: float) -> None:
        """Do everything for so many *seconds*."""
        work = [
            self._look_up(),
            self._live(max(seconds / 100, 2)),
            self._refresh(max(seconds / 70, 2.5)),
            self._weigh(process, seconds / 200),
            self._read(process),
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
            # Not more, for the workspace keeps every answer.
            await asyncio.sleep(_PAUSE)

    async def _live(self, every: float) -> None:
        """Let a day go by, again and again: a reload, and a question that falls due."""
        await self._typed("/digest on 09:30 daily UTC")
        for number in count(1):
            text = f"News {number}\nA summary of {number}.\nAn insight.\nWhy {number}?\n"
            (self.folder / "corpus" / "news.txt").write_text(text)
            await self._typed("/corpus reload")
            # Once it is answered, for an answer's address does not live as long as a day.
            now = self.clock()
            due = now.replace(hour=9, minute=30, second=1, microsecond=0)
            self.clock.move((due if due > now else due + timedelta(days=1)) - now)
            self.days = number
            await asyncio.sleep(every)

    async def _typed(self, text: str) -> None:
        """Type what is answered later, and wait for the answer."""
        while (await self.workspace.type(text, user=ANA, channel=GENERAL)).error:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        is_under_way = True
        while is_under_way:
            self.answers += 1
            *_, call = await self.workspace.called("response_url", self.answers)
            # How far it is, where the machine is busy; the answer comes after that.
            is_under_way = call.args["text"].endswith(" …")

    async def _refresh(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self.workspace.disconnect_sockets()
            self.refreshes += 1

    async def _weigh(self, process: Process, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            self.memory.append(memory(process))

    async def _read(self, process: Process) -> None:
        assert process.stderr
        async for line in process.stderr:
            if b'"error"' in line:
                self.errors.append(line.decode())

    def problems(self, questions: int) -> list[str]:
        """Say what is not as it should be."""
        found = [f"the log: {line.strip()}" for line in self.errors[:3]]
        every = self.commands.total()
        if lost := every - self.commands[ACKED] - self.commands[NO_SOCKET]:
            found.append(f"{lost} acks did not come")
        if self.commands[NO_SOCKET] > self.refreshes * _BETWEEN_SOCKETS:
            found.append(f"{self.commands[NO_SOCKET]} of {every:,} commands met no socket")
        # The last one may be under way.
        if not self.days - 1 <= questions <= self.days:
            found.append(f"{questions} questions in {self.days} days")
        first = max(self.memory[: max(len(self.memory) // 5, 1)])
        last = self.memory[-1]
        if last > first * _GROWTH:
            found.append(f"memory grew from {first:.0f} to {last:.0f} MB")
        return found


def outcome(delivery: Delivery) -> str:
    """Name what became of a command; what the person is told ends with Slack's word for it."""
    return ACKED if delivery.acked else str(delivery.error).rpartition(" ")[2].strip('"')


async def soak(seconds: float) -> int:
    """Run it, and say what came of it."""
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
                    SLACK_BOT_TOKEN=workspace.bot_token,
                    SLACK_APP_TOKEN=workspace.app_token,
                    SLACK_API_URL=workspace.api_url,
                    CLOCK_URL=f"{workspace.url}page/clock",
                    CORPUS_DIR=str(folder / "corpus"),
                ),
                stderr=PIPE,
            )
            try:
                assert process.stderr
                while b"connected" not in await process.stderr.readline():
                    pass
                run = Soak(workspace, clock, folder)
                await run.run(process, seconds)
                process.terminate()
                code = await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
            texts = [one["text"] for one in workspace.messages(GENERAL)]
            asked = [text for text in texts if "Question of the day" in text]
    problems = run.problems(len(asked))
    if code:
        problems.append(f"it ended with {code}")
    sys.stdout.write(
        f"{seconds:.0f} s: {run.commands[ACKED]:,} commands acked, "
        f"{run.commands[NO_SOCKET]} typed between two sockets, {run.refreshes} sockets, "
        f"{len(asked)} questions in {run.days} days with a reload each; "
        f"memory {run.memory[0]:.0f} MB at first, {max(run.memory):.0f} at most, "
        f"{run.memory[-1]:.0f} at the end\n"
    )
    for problem in problems:
        sys.stdout.write(f"  {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    sys.exit(asyncio.run(soak(parser.parse_args().seconds)))
