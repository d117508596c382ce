"""A sample of the simulated worlds; `python -m benchmarks.simulation` runs many more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.simulation import PLANTED, scratch
from tests.machine import ROOT
from tests.simulation.faults import Faults
from tests.simulation.feed_world import FeedWorld
from tests.simulation.posting_world import PostingWorld
from tests.simulation.world import World, prepare, run


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with scratch() as folder:
        yield prepare(folder)


@pytest.mark.parametrize("seed", range(20))
def test_every_occurrence_is_one_message_or_a_visible_reason(template: Path, seed: int) -> None:
    report = run(PostingWorld, template, seed, days=7)
    assert not report.broken
    assert report.count


@pytest.mark.parametrize("seed", range(3))
def test_every_feed_is_its_own_last_good_state(template: Path, seed: int) -> None:
    report = run(FeedWorld, template, seed, days=1)
    assert not report.broken
    assert report.count


@pytest.mark.parametrize("world", [PostingWorld, FeedWorld])
def test_a_seed_repeats_to_the_byte(template: Path, world: type[World]) -> None:
    first = run(world, template, 4, days=1)
    assert first == run(world, template, 4, days=1)
    assert first.digest != run(world, template, 5, days=1).digest


def test_a_world_without_faults(template: Path) -> None:
    report = run(PostingWorld, template, 4, days=7, only=frozenset())
    assert not report.broken
    assert not report.faults


def test_leaving_faults_out_does_not_move_the_others() -> None:
    one, other = Faults(4), Faults(4, only=frozenset())
    happened = [one.happens("connect") for _ in range(400)]
    assert any(happened)
    assert not any(other.happens("connect") for _ in range(400))
    assert one.number("connect") == other.number("connect")


def test_each_planted_fault_has_one_place_in_the_code() -> None:
    """Or `python -m benchmarks.simulation --planted` would stop there."""
    counts = {one.what: (ROOT / one.file).read_text("utf-8").count(one.right) for one in PLANTED}
    assert counts == dict.fromkeys(counts, 1)
