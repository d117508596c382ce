"""Group commit: changes that come while others are written are written together."""

import asyncio
from collections.abc import Sequence

import pytest

from store.db import DatabaseError
from store.posting.group_commit import GroupCommit


class Disk:
    """Records each group that is written, and writes the next one when told to."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.is_free = asyncio.Event()
        self.error: Exception | None = None
        self.commits = GroupCommit(self._write, key=lambda change: change[0])

    async def _write(self, changes: Sequence[str]) -> Sequence[str]:
        self.groups.append(list(changes))
        await self.is_free.wait()
        if self.error:
            raise self.error
        if bad := [change for change in changes if "bad" in change]:
            raise ValueError(bad)
        return [change.upper() for change in changes]

    async def submit(self, *changes: str) -> list["asyncio.Task[str]"]:
        """Submit *changes* from a task each, which run until they wait."""
        tasks = [asyncio.create_task(self.commits.submit(change)) for change in changes]
        for _ in range(3):
            await asyncio.sleep(0)
        return tasks


async def test_what_comes_during_a_commit_is_written_together() -> None:
    disk = Disk()
    tasks = await disk.submit("a1")
    tasks += await disk.submit("b1", "c1", "d1")
    assert disk.groups == [["a1"]], "one transaction at a time"
    disk.is_free.set()
    assert await asyncio.gather(*tasks) == ["A1", "B1", "C1", "D1"]
    assert disk.groups == [["a1"], ["b1", "c1", "d1"]]
    assert await disk.commits.submit("e1") == "E1"


async def test_two_changes_of_one_row_are_written_in_their_order() -> None:
    disk = Disk()
    tasks = await disk.submit("a1", "a2", "b1", "a3")
    disk.is_free.set()
    await asyncio.gather(*tasks)
    assert disk.groups == [["a1", "b1"], ["a2"], ["a3"]]


async def test_a_bad_change_fails_alone() -> None:
    disk = Disk()
    disk.is_free.set()
    good, bad, other = await asyncio.gather(
        *map(disk.commits.submit, ("a1", "bad", "c1")), return_exceptions=True
    )
    assert (good, other) == ("A1", "C1")
    assert isinstance(bad, ValueError)


async def test_an_error_of_the_database_fails_all_once() -> None:
    disk = Disk()
    disk.is_free.set()
    disk.error = DatabaseError("The disk is full.")
    submitted = map(disk.commits.submit, ("a1", "b1", "c1"))
    errors = await asyncio.gather(*submitted, return_exceptions=True)
    assert errors == [disk.error] * 3
    assert disk.groups == [["a1", "b1", "c1"]]
    disk.error = None
    assert await disk.commits.submit("d1") == "D1"


async def test_a_cancelled_task_leaves_the_others_alone() -> None:
    disk = Disk()
    first, second, third, fourth = await disk.submit("a1", "a2", "b1", "a3")
    first.cancel()
    second.cancel()
    disk.is_free.set()
    assert [await third, await fourth] == ["B1", "A3"]
    assert disk.groups == [["a1", "b1"], ["a3"]], "a change that was not begun is not written"
    with pytest.raises(asyncio.CancelledError):
        await second
