"""A sequence too long to hold: kept in memory while it is short, and else in a temporary file."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Generic, Self, TypeVar

_T = TypeVar("_T")

_BATCH = 1_000
_IN_MEMORY = 8 << 20
"""Bytes after which a list is written to the disk."""


class DiskList(Generic[_T]):
    """Things in their order, written once and then read, as often as needed, batch by batch.

    It belongs to this process alone: the system takes the file away with it.
    """

    def __init__(self, *, batch: int = _BATCH) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
        self._pending: list[_T] = []
        self._batch = batch
        self._count = 0

    def __len__(self) -> int:
        """Count what was put in."""
        return self._count

    def append(self, thing: _T) -> None:
        """Put *thing* behind the others."""
        self._pending.append(thing)
        self._count += 1
        if len(self._pending) >= self._batch:
            self._write()

    def extend(self, things: Iterable[_T]) -> None:
        """Put *things* behind the others."""
        for thing in things:
            self.append(thing)

    def batches(self) -> Iterator[Sequence[_T]]:
        """Yield everything, some at a time."""
        if self._pending:
            self._write()
        at = 0
        end = self._file.seek(0, 2)
        while at < end:
            # Another reader may have moved on meanwhile.
            self._file.seek(at)
            batch: Sequence[_T] = pickle.load(self._file)  # noqa: S301 -- written here
            at = self._file.tell()
            yield batch

    def __iter__(self) -> Iterator[_T]:
        """Yield everything, one by one."""
        for batch in self.batches():
            yield from batch

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> None:
        self._file.seek(0, 2)
        pickle.dump(self._pending, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self._pending = []
