"""Rows that wait for something, handled so that a bad one does not block the others."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from store.db import DatabaseError, Row

log = logging.getLogger(__name__)

_T = TypeVar("_T")

Key = tuple[str, ...]


class QueueReader(Generic[_T]):
    """Reads the rows of a queue, and leaves out those that cannot be read.

    A row may have been changed by hand, or written by a newer version. It stays as it is, and is
    logged once.
    """

    def __init__(self, read: Callable[[Row], _T], table: str, *key: str) -> None:
        """Take what reads a row of the *table*, and the columns of its key."""
        self._read = read
        self._table = table
        self._key = key
        self._bad: set[Key] = set()

    @property
    def bad(self) -> int:
        """How many rows were left out so far; ask for so many more than are wanted."""
        return len(self._bad)

    def read(self, rows: Iterable[Row]) -> Sequence[_T]:
        """Return the values of the rows that can be read, in their order."""
        values: list[_T] = []
        for row in rows:
            with self.leaving_out(row):
                values.append(self._read(row))
        return values

    @contextmanager
    def leaving_out(self, row: Row) -> Iterator[None]:
        """Go on after what fails because of *row*; raises only `DatabaseError`."""
        try:
            yield
        except DatabaseError:
            raise
        except Exception:
            self.note(row)

    def note(self, row: Row) -> Key:
        """Log the exception that is being handled, once for each row, and return the row's key."""
        key = self.key(row)
        if key not in self._bad:
            self._bad.add(key)
            log.exception("row %s of %s is left out", "/".join(key), self._table)
        return key

    def key(self, row: Row) -> Key:
        """Return the key of a row."""
        return tuple(str(row[column]) for column in self._key)
