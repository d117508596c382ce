"""A dictionary that keeps the latest entries, for caches."""

from collections import OrderedDict
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class BoundedDict(OrderedDict[_K, _V]):
    """A dictionary with at most *most* entries, first in, first out.

    One more removes the entry that was added first, however often it was read or set again. Only
    the event loop may use it, because two threads at once could remove one entry too many.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: _K, value: _V) -> None:
        """Set an entry; if there are too many then, remove the one that was added first."""
        super().__setitem__(key, value)
        if len(self) > self._most:
            self.popitem(last=False)
