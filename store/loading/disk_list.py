"""A list that may be too long for memory: a temporary file holds it once it becomes long."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Generic, Self, TypeVar

_T = TypeVar("_T")

_BATCH = 1_000
_IN_MEMORY = 8 << 20
"""Bytes after which a list is written to the disk."""


class DiskList(Generic[_T]):
    """An append-only list that is read in order, as often as needed, batch by batch.

    Only this process can read the file, and the system deletes it when the process ends.
    """

    def __init__(self, *, batch: int = _BATCH) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
        self._pending: list[_T] = []
        self._batch = batch
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, item: _T) -> None:
        """Add *item* at the end."""
        self._pending.append(item)
        self._count += 1
        if len(self._pending) >= self._batch:
            self._write()

    def extend(self, items: Iterable[_T]) -> None:
        """Add *items* at the end."""
        for item in items:
            self.append(item)

    def batches(self) -> Iterator[Sequence[_T]]:
        """Yield all items, one batch at a time."""
        if self._pending:
            self._write()
        position = 0
        end = self._file.seek(0, 2)
        while position < end:
            # Another iterator may have moved the position of the file.
            self._file.seek(position)
            batch: Sequence[_T] = pickle.load(self._file)  # noqa: S301 -- written here
            position = self._file.tell()
            yield batch

    def __iter__(self) -> Iterator[_T]:
        for batch in self.batches():
            yield from batch

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> None:
        self._file.seek(0, 2)
        pickle.dump(self._pending, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self._pending = []
