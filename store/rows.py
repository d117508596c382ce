"""A reader for queues of rows, in which a bad row does not block the others."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from store.db import DatabaseError, Row

log = logging.getLogger(__name__)

_T = TypeVar("_T")

Key = tuple[str, ...]


class QueueReader(Generic[_T]):
    """Reads the rows of a queue, and leaves out rows with bad values.

    A bad row may have been edited by hand or written by a newer version. It stays in the table and
    is logged once.
    """

    def __init__(self, read: Callable[[Row], _T], table: str, *key: str) -> None:
        """Set the function that reads a row, the name of the *table* and the columns of its key."""
        self._read = read
        self._table = table
        self._key = key
        self._bad: set[Key] = set()

    @property
    def bad(self) -> int:
        """The number of bad rows found so far; add it to the LIMIT of a query."""
        return len(self._bad)

    def read(self, rows: Iterable[Row]) -> Sequence[_T]:
        """Return the value of each good row, in the order of *rows*."""
        values: list[_T] = []
        for row in rows:
            with self.leaving_out(row):
                values.append(self._read(row))
        return values

    @contextmanager
    def leaving_out(self, row: Row) -> Iterator[None]:
        """Log and suppress every exception that *row* causes, except `DatabaseError`."""
        try:
            yield
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 -- `note` logs it
            self.note(row)

    def note(self, row: Row) -> Key:
        """Log the current exception, once for each row, and return the row's key."""
        key = self.key(row)
        if key not in self._bad:
            self._bad.add(key)
            log.exception("row %s of %s is left out", "/".join(key), self._table)
        return key

    def key(self, row: Row) -> Key:
        """Return the key of a row."""
        return tuple(str(row[column]) for column in self._key)
