"""A cache of the latest entries."""

from collections import OrderedDict
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class BoundedDict(OrderedDict[_K, _V]):
    """A dictionary with at most *most* entries: one more removes the oldest."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: _K, value: _V) -> None:
        """Set an entry; if there are too many then, remove the oldest."""
        super().__setitem__(key, value)
        if len(self) > self._most:
            self.popitem(last=False)
