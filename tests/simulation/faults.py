"""What goes wrong, and when: each kind has random numbers of its own, which the seed decides.

So a fault can be left out without moving the others, which is how a failing run is made shorter.
"""

from collections import Counter
from math import log1p
from random import Random

RATES = {
    "connect": 0.02,
    "request lost": 0.03,
    "answer lost": 0.04,
    "late arrival": 0.03,
    "server error": 0.03,
    "ratelimited": 0.03,
    "history error": 0.05,
    "no metadata": 0.2,
    "database": 0.004,
    "commit unanswered": 0.01,
    "crash": 0.002,
    "crash in call": 0.02,
}
"""How likely each fault is at each call that it can hit, in a world where everything goes wrong."""


class Faults:
    """The faults of one seed."""

    def __init__(self, seed: int, *, only: frozenset[str] | None = None) -> None:
        """*only* is the set of faults that may happen, by their names; None allows all."""
        self._seed = seed
        self._only = only
        self._asked: Counter[str] = Counter()
        self._numbers: dict[str, Random] = {}
        self.happened: list[str] = []
        """The names of the faults that happened: their kind and a number."""
        self.is_over = False
        """Whether everything works from now on."""
        self._rates = {
            kind: rate * 3 * self.number(f"rate of {kind}") ** 3 for kind, rate in RATES.items()
        }
        self._next = {kind: self._gap(kind) for kind in RATES}
        """The number of the call that each kind hits next."""

    def number(self, kind: str) -> float:
        """Return the next number of *kind*, from 0 to 1."""
        numbers = self._numbers.get(kind)
        if numbers is None:
            numbers = self._numbers[kind] = Random(f"{self._seed}:{kind}")
        return numbers.random()

    def between(self, kind: str, low: float, high: float) -> float:
        """Return the next number of *kind*, from *low* to *high*."""
        return low + (high - low) * self.number(kind)

    def whole(self, kind: str, low: int, high: int) -> int:
        """Return the next whole number of *kind*, from *low* to *high*, both included."""
        return low + int(self.number(kind) * (high - low + 1))

    def happens(self, kind: str) -> bool:
        """Return whether a fault of *kind* happens now."""
        self._asked[kind] += 1
        if self._asked[kind] < self._next[kind]:
            return False
        self._next[kind] += self._gap(kind)
        return not self.is_over and self.record(f"{kind} {self._asked[kind]}")

    def _gap(self, kind: str) -> int:
        """Return in how many calls the next fault of *kind* happens: one number for all of them."""
        return 1 + int(log1p(-self.number(kind)) / log1p(-self._rates[kind]))

    def record(self, name: str) -> bool:
        """Record a fault that is about to happen; return False if it is to be left out."""
        if self._only is not None and name not in self._only:
            return False
        self.happened.append(name)
        return True
