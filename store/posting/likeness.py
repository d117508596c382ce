"""Comparisons of what is posted: questions that are nearly the same, stories of one event."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log

from store.language.words import FUNCTION_WORDS, stem, words

_MIN_WORDS = 4
"""How many words a question must have before one different word is ignored."""

_LEAD = 40
"""How many words of a news story say what happened; the rest is background."""
_FEWEST = 100
"""Among fewer stories, a word weighs as among so many: else two reports share no rare word."""
_SAME_EVENT = 0.3
"""The cosine of two leads from which on they are about one event.

Among 300 wire stories of one month there were 63 such pairs; of 16 that were read, all are about
one event or one affair. Far below are pairs that share only a country or a sport.
"""


def are_alike(one: str, other: str) -> bool:
    """Return whether two questions differ in at most one word: added, left out or replaced.

    Function words, word order and word endings are ignored.
    """
    first, second = _stems(one), _stems(other)
    if min(len(first), len(second)) < _MIN_WORDS:
        return first == second
    return len(first - second) <= 1 and len(second - first) <= 1


@lru_cache(maxsize=10_000)
def bare(question: str) -> str:
    """Return the words of *question*, which two copies share that differ in signs and capitals."""
    return " ".join(word for word, _ in words(question)) or question


# Stemming takes most of the time, and many channels choose from the same stories.
@lru_cache(maxsize=2000)
def _stems(text: str) -> frozenset[str]:
    every_word = frozenset(word for word, _ in words(text))
    return frozenset(map(stem, every_word - FUNCTION_WORDS)) or every_word


class Leads:
    """The first words of some stories, to find those of one event.

    A word weighs the more the fewer of the stories have it, as in tf-idf (Spärck Jones, 1972).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """*texts* are the summaries of the stories."""
        self._stems = [_stems(" ".join(text.split()[:_LEAD])) for text in texts]
        self._stories = Counter(stem for stems in self._stems for stem in stems)
        self._norms = [self._weight(stems) for stems in self._stems]

    def are_of_one_event(self, one: int, other: int) -> bool:
        """Return whether the stories at these indexes are about one event."""
        shared = self._weight(self._stems[one] & self._stems[other])
        return shared > 0 and shared**2 >= _SAME_EVENT**2 * self._norms[one] * self._norms[other]

    def _weight(self, stems: frozenset[str]) -> float:
        count = max(len(self._stems), _FEWEST)
        return sum(log(count / self._stories[stem]) ** 2 for stem in stems)
