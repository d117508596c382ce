"""The soak counts failures correctly, which an hour without failures does not show."""

from pathlib import Path

from benchmarks.soak import ACKED, NO_SOCKET, Soak, outcome
from bot.manifest import manifest
from bot.workspace import Workspace
from bot.workspace.delivery.dispatcher import ActionResult
from tests.ids import ANA, GENERAL
from tests.machine import running_clock


async def test_a_command_is_counted_by_its_outcome(tmp_path: Path) -> None:
    clock = running_clock()
    async with Workspace(manifest=manifest(), clock=clock) as workspace:
        delivery = await workspace.type("/brief x", user=ANA, channel=GENERAL)
        assert outcome(delivery) == NO_SOCKET
        assert outcome(ActionResult(acked=True)) == ACKED
        soak = Soak(workspace, clock, tmp_path)
    soak.memory, soak.refreshes = [100.0], 2
    soak.commands.update({ACKED: 1000, NO_SOCKET: 2})
    assert soak.problems(questions=0, stored=0) == []
    soak.commands[NO_SOCKET] += 1
    assert soak.problems(questions=0, stored=0) == ["3 of 1,003 commands found no socket"]
    soak.commands["operation_timeout"] += 1
    assert "1 acks are missing" in soak.problems(questions=0, stored=0)
    soak.days = 3
    assert "1 stories of the feed in 3 days" in soak.problems(questions=3, stored=1)
