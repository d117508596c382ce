"""Group commit: what several tasks want written at once is written in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from store.db import DatabaseError

T = TypeVar("T")
R = TypeVar("R")

_MOST = 100
"""How many changes one transaction writes. Only one transaction can write at a time."""


class GroupCommit(Generic[T, R]):
    """Writes changes together that come while earlier changes are written.

    A commit waits for the disk, so a commit for each of them would take many times as long.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        key: Callable[[T], object],
    ) -> None:
        """*write* writes changes with different *key*s in one transaction; returns the results."""
        self._write = write
        self._key = key
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, change: T) -> R:
        """Write *change* and return its result, once it is committed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((change, future))
        self._writer = self._writer or asyncio.create_task(self._run(), name="group commit")
        result: R = await future
        return result

    async def _run(self) -> None:
        while group := self._next():
            await self._write_group(group)
        self._writer = None

    def _next(self) -> Sequence[tuple[T, asyncio.Future[R]]]:
        group: list[tuple[T, asyncio.Future[R]]] = []
        rest: list[tuple[T, asyncio.Future[R]]] = []
        keys = set()
        for change, future in self._waiting:
            if future.done():
                continue  # Its task was cancelled.
            key = self._key(change)
            is_next = key not in keys and len(group) < _MOST
            (group if is_next else rest).append((change, future))
            keys.add(key)
        self._waiting = rest
        return group

    async def _write_group(self, group: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._write([change for change, _ in group])
        except Exception as error:  # noqa: BLE001 -- raised in the tasks that wait
            if len(group) > 1 and not isinstance(error, DatabaseError):
                # A change that cannot be written must not affect the others.
                for one in group:
                    await self._write_group([one])
                return
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in zip(group, results, strict=True):
                if not future.done():
                    future.set_result(result)
