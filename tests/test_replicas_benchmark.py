"""The judge of `benchmarks.replicas`: what it makes of the answers of /readyz."""

from pathlib import Path

import pytest

from benchmarks.replicas import Reading, Replica, Trouble, judge
from tests.black_hole import BlackHole

BEGAN, ENDS = 10.0, 20.0


def judged(*down: tuple[float, float], others: tuple[Trouble, ...] = ()) -> tuple[Trouble, str]:
    """Judge a bot that is asked every 0.2 s, and is not ready in the periods *down*."""
    trouble = Trouble("silent", BEGAN, lasted_until=ENDS, ended=ENDS + 0.5)
    hole = BlackHole("postgresql://parley@/postgres?host=nowhere&search_path=none")
    replica = Replica({}, hole, Path(), 1)
    replica.troubles += [trouble, *others]
    for tick in range(500):
        asked = tick / 5
        is_ready = not any(since <= asked < until for since, until in down)
        replica.readings.append(Reading(asked, asked + 0.1, is_ready, "why"))
    return trouble, "\n".join(judge(replica))


@pytest.mark.parametrize(
    ("down", "complaint"),
    [
        ([(12, 23)], ""),
        # The cause is removed, and the removal is noted a moment later.
        ([(12, 20)], ""),
        ([(16, 23)], "200 after 5.9 s"),
        ([(12, 18)], "200 after"),
        ([(12, 52)], "ready 31."),
        ([(12, 23), (40, 60)], "ready 39."),
        ([(2, 9), (12, 23)], "503 for 5.1 s although all was well: why"),
        ([(12, 23), (60, 67)], "503 for 5.1 s although all was well: why"),
        # A moment is no fault: a health check may come late on a busy machine.
        ([(12, 23), (60, 63)], ""),
    ],
)
def test_what_is_wrong(down: list[tuple[float, float]], complaint: str) -> None:
    _, wrong = judged(*down)
    assert complaint in wrong
    assert bool(wrong) is bool(complaint)


def test_a_bot_is_ready_when_it_stays_so() -> None:
    trouble, wrong = judged((12, 22), (24, 29))
    assert not wrong
    assert trouble.noticed_after == pytest.approx(2.1)
    assert trouble.ready_after == pytest.approx(29.1 - trouble.ended)


def test_a_trouble_on_top_of_another_counts_from_its_own_end() -> None:
    kill = Trouble("kill", 22, lasted_until=22.1, ended=22.1)
    trouble, wrong = judged((12, 26), others=(kill,))
    assert not wrong
    assert trouble.ready_after == kill.ready_after == pytest.approx(26.1 - kill.ended)
