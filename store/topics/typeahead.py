"""Autocomplete topics while somebody types."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from store.finding.vocabulary import letters
from store.language.words import FUNCTION_WORDS, is_english, words
from store.types import Answer, Nothing

SUGGESTIONS = 3
"""Topics that are suggested if no story is found."""

_LONGEST = 60
_COMPARED = 2_000
_MIN_SIMILARITY = 0.65


class Typeahead:
    """Finds topics by the start of any word of their names, even if it is misspelled."""

    def __init__(self, names: Iterable[str]) -> None:
        """Index the *names* of topics, given in the order in which to offer them."""
        self.names = list(names)
        starts = sorted(
            (start, place) for place, name in enumerate(self.names) for start in _starts(name)
        )
        # Each name from each of its words on, so that "korea" finds "North Korea".
        self._starts = [start for start, _ in starts]
        self._places = np.array([place for _, place in starts], dtype=np.int32)
        self._words = sorted({start.partition(" ")[0] for start in self._starts})
        self._lengths = np.fromiter(map(len, self._words), np.int16, len(self._words))
        self._letters = np.fromiter(map(letters, self._words), np.uint64, len(self._words))

    def complete(self, prefix: str, limit: int = 20) -> list[str]:
        """Return the names of at most *limit* topics that complete *prefix*.

        Topics that match only if *prefix* is misspelled come last. An empty prefix matches all.
        """
        typed = " ".join(word for word, _ in words(prefix[:_LONGEST]))
        if not typed:
            return self.names[:limit] if not prefix.strip() else []
        places = dict.fromkeys(islice(self._starting(typed), limit))
        if len(places) < limit:
            places.update(dict.fromkeys(self._misspelled(typed)))
        return [self.names[place] for place in islice(places, limit)]

    def suggest(self, query: str, answer: Answer) -> Answer:
        """Return *answer*, or if it is `Nothing`, one with the topics nearest to *query*."""
        if not isinstance(answer, Nothing):
            return answer
        return Nothing(topics=self.nearest(query, SUGGESTIONS))

    def nearest(self, query: str, limit: int) -> tuple[str, ...]:
        """Return the names of at most *limit* topics similar to a word of *query*, best first."""
        scores: dict[int, float] = {}
        query_words = dict.fromkeys(word for word, _ in words(query[:500]) if len(word) > 2)
        for word in [word for word in query_words if word not in FUNCTION_WORDS][:16]:
            # An English word is no misspelling: "pizza" does not stand for Ibiza.
            similar = {word: 1.0}
            if not is_english(word):
                for other in self._near(
                    word, int(len(word) * (1 - _MIN_SIMILARITY)), is_whole=True
                ):
                    similar[other] = OSA.normalized_similarity(word, other)
            for other, similarity in similar.items():
                if similarity >= _MIN_SIMILARITY:
                    for place in self._starting(other, is_whole=True):
                        scores[place] = max(similarity, scores.get(place, 0.0))
        best = sorted(scores, key=lambda place: (-scores[place], place))
        return tuple(self.names[place] for place in best[:limit])

    def _starting(self, typed: str, *, is_whole: bool = False) -> list[int]:
        """Return the places of the names in which a word starts with *typed*, in order."""
        low = bisect_left(self._starts, typed)
        high = bisect_left(self._starts, typed + "\U0010ffff")
        if is_whole:
            # A space sorts before any letter.
            high = bisect_left(self._starts, typed + "!")
        places: list[int] = np.unique(self._places[low:high]).tolist()
        return places

    def _misspelled(self, typed: str) -> Iterator[int]:
        """Yield the places of the names with a word that starts almost like *typed*, best first."""
        first, blank, rest = typed.partition(" ")
        edits = 0 if len(first) < 3 else 1 if len(first) < 6 else 2
        for other in self._near(first, edits, is_whole=bool(blank)) if edits else ():
            yield from self._starting(f"{other}{blank}{rest}")

    def _near(self, word: str, edits: int, *, is_whole: bool) -> list[str]:
        """Return the words that are at most *edits* away from *word*, best first.

        Unless *is_whole*, only the start of each word is compared.
        """
        mask = np.uint64(letters(word))
        near = np.bitwise_count(mask & ~self._letters) <= edits
        near &= self._lengths >= len(word) - edits
        if is_whole:
            near &= np.bitwise_count(self._letters & ~mask) <= edits
            near &= self._lengths <= len(word) + edits
        found = [self._words[at] for at in np.flatnonzero(near).tolist()]
        if len(found) > _COMPARED:
            # Prefer words with the same first letter.
            found = [other for other in found if other[0] == word[0]][:_COMPARED]
        distances: dict[str, int] = {}
        for size in (0,) if is_whole else (-1, 0, 1):
            # Compare only as many letters as were typed, with one more or less for an edit.
            starts = found if is_whole else [other[: len(word) + size] for other in found]
            for _, distance, at in process.extract(
                word, starts, scorer=OSA.distance, score_cutoff=edits, limit=None
            ):
                other = found[at]
                distances[other] = min(int(distance), distances.get(other, edits))
        return sorted(distances, key=lambda other: (distances[other], other[0] != word[0], other))


def _starts(name: str) -> list[str]:
    parts = [word for word, _ in words(name)]
    return [" ".join(parts[at:]) for at in range(len(parts)) if parts[at] not in FUNCTION_WORDS]
