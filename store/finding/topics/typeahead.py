"""Type-ahead: the topics that what has been typed so far may be the beginning of."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.finding.words import FUNCTION_WORDS, is_english, words

_LONGEST = 60
_COMPARED = 2_000
_LIKE = 0.65


class Typeahead:
    """Finds topics by any word of their names, begun or misspelt, those of most articles first."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the topics' *names* in the order in which they are to be offered."""
        self._names = list(names)
        starts = sorted(
            (start, place) for place, name in enumerate(self._names) for start in _starts(name)
        )
        # From every word of a name to its end: "korea" begins a start of "North Korea".
        self._starts = [start for start, _ in starts]
        self._places = np.array([place for _, place in starts], dtype=np.int32)
        self._words = sorted({start.partition(" ")[0] for start in self._starts})
        self._lengths = np.fromiter(map(len, self._words), np.int16, len(self._words))
        self._letters = np.fromiter(map(_letters, self._words), np.uint64, len(self._words))

    def complete(self, prefix: str, limit: int = 20) -> list[str]:
        """Give the names of at most *limit* topics that *prefix* begins; misspelt ones come last.

        Nothing typed gives the topics of most articles.
        """
        typed = " ".join(word for word, _ in words(prefix[:_LONGEST]))
        if not typed:
            return self._names[:limit] if not prefix.strip() else []
        places = dict.fromkeys(islice(self._beginning(typed), limit))
        if len(places) < limit:
            places.update(dict.fromkeys(self._misspelt(typed)))
        return [self._names[place] for place in islice(places, limit)]

    def nearest(self, query: str, limit: int) -> tuple[str, ...]:
        """Give the names of at most *limit* topics that resemble a word of *query*, best first."""
        scores: dict[int, float] = {}
        typed = dict.fromkeys(word for word, _ in words(query[:500]) if len(word) > 2)
        for word in [word for word in typed if word not in FUNCTION_WORDS][:16]:
            # An English word is meant as it is: "pizza" is not near to Ibiza.
            likest = {word: 1.0}
            if not is_english(word):
                for other in self._near(word, int(len(word) * (1 - _LIKE)), is_whole=True):
                    likest[other] = OSA.normalized_similarity(word, other)
            for other, like in likest.items():
                if like >= _LIKE:
                    for place in self._beginning(other, is_whole=True):
                        scores[place] = max(like, scores.get(place, 0.0))
        best = sorted(scores, key=lambda place: (-scores[place], place))
        return tuple(self._names[place] for place in best[:limit])

    def _beginning(self, typed: str, *, is_whole: bool = False) -> list[int]:
        """Give the topics with a word, or several, that *typed* begins, in their order."""
        low = bisect_left(self._starts, typed)
        high = bisect_left(self._starts, typed + "\U0010ffff")
        if is_whole:
            # A blank sorts before any letter.
            high = bisect_left(self._starts, typed + "!")
        places: list[int] = np.unique(self._places[low:high]).tolist()
        return places

    def _misspelt(self, typed: str) -> Iterator[int]:
        """Yield the topics with a word that begins much like *typed*, the likest first."""
        first, blank, rest = typed.partition(" ")
        edits = 0 if len(first) < 3 else 1 if len(first) < 6 else 2
        for other in self._near(first, edits, is_whole=bool(blank)) if edits else ():
            yield from self._beginning(f"{other}{blank}{rest}")

    def _near(self, word: str, edits: int, *, is_whole: bool) -> list[str]:
        """Give the words that *word* may be with some *edits*, or may begin, the likest first."""
        letters = _letters(word)
        near = np.bitwise_count(letters & ~self._letters) <= edits
        near &= self._lengths >= len(word) - edits
        if is_whole:
            near &= np.bitwise_count(self._letters & ~letters) <= edits
            near &= self._lengths <= len(word) + edits
        found = [self._words[at] for at in np.flatnonzero(near).tolist()]
        if len(found) > _COMPARED:
            # What begins with the same letter is likelier than any other.
            found = [other for other in found if other[0] == word[0]][:_COMPARED]
        likest: dict[str, int] = {}
        for size in (0,) if is_whole else (-1, 0, 1):
            # Only as much of a word as was typed, for the rest is still to come.
            starts = found if is_whole else [other[: len(word) + size] for other in found]
            for _, distance, at in process.extract(
                word, starts, scorer=OSA.distance, score_cutoff=edits, limit=None
            ):
                other = found[at]
                likest[other] = min(int(distance), likest.get(other, edits))
        return sorted(likest, key=lambda other: (likest[other], other[0] != word[0], other))


def _starts(name: str) -> list[str]:
    told = [word for word, _ in words(name)]
    return [" ".join(told[at:]) for at in range(len(told)) if told[at] not in FUNCTION_WORDS]


def _letters(word: str) -> np.uint64:
    bits = 0
    for letter in word:
        bits |= 1 << ord(letter) % 64
    return np.uint64(bits)
