"""Words that stand for the same country: its own names, its people, its capital and its codes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, combinations, product
from typing import TypeAlias

from store.language.countries import LONGEST_NAME, PERSON_ENDS, Name, countries, without_person
from store.language.words import commonness

Relatives: TypeAlias = Mapping[Name, float]
"""Other names, each with its similarity to a name: above 0, below 1."""

SAME = 0.95
"""Similarity of two names of one country: UK and Britain."""
PEOPLE = 0.9
"""Similarity of a country and its people: Britain and British."""
CAPITAL = 0.55
"""Similarity of a capital and its country: Ankara may mean Turkey. Too low to answer alone."""

_RARE_WORD = 3.6


def prepare() -> None:
    """Load the names now, and the list of English words, so that the first look-up need not."""
    _words_of_names()


def relatives(query_words: Sequence[str]) -> Iterator[tuple[slice, Relatives]]:
    """Yield each slice of *query_words* that names a country, its people or its capital.

    Each comes with the other names that belong to the same country.
    """
    lower = [word.lower() for word in query_words]
    # Most words are in no name.
    in_names = _words_of_names()
    if in_names.isdisjoint(lower) and in_names.isdisjoint(
        [without_person(word) for word in lower if word.endswith(PERSON_ENDS)]
    ):
        return
    for at, word in enumerate(query_words):
        # In lowercase, two letters may stand for much else.
        is_sure = len(word) > 2 or word.isupper()
        if names := _codes().get(lower[at]):
            yield slice(at, at + 1), dict.fromkeys(names, SAME if is_sure else CAPITAL)
    known = _relatives()
    for start, end in combinations(range(len(lower) + 1), 2):
        if end - start <= LONGEST_NAME:
            *others, last = lower[start:end]
            found = known.get((*others, last)) or known.get((*others, without_person(last)))
            if found:
                yield slice(start, end), found


@cache
def _words_of_names() -> frozenset[str]:
    return frozenset(chain(_codes(), *_relatives()))


@cache
def _relatives() -> Mapping[Name, Relatives]:
    related: dict[Name, dict[Name, float]] = defaultdict(dict)

    def join(pairs: Iterable[tuple[Name, Name]], similarity: float) -> None:
        for one, other in pairs:
            if one != other:
                related[one][other] = related[other][one] = max(
                    similarity, related[one].get(other, 0.0)
                )

    for each in countries():
        join(combinations(each.names, 2), SAME)
        join(combinations(each.capitals, 2), SAME)
        join(product(each.translations, each.names), SAME)
        join(product(each.names, each.people), PEOPLE)
        join(product((*each.names, *each.people), each.capitals), CAPITAL)
    return dict(related)


@cache
def _codes() -> Mapping[str, Sequence[Name]]:
    """Return the full names of the country of each code that is no everyday word."""
    return {
        code: each.full_names
        for each in countries()
        for code in each.codes
        if commonness(code) < _RARE_WORD
    }


def is_code(word: str) -> bool:
    """Return whether *word* is the code of a country, such as UA."""
    return word.casefold() in _codes()
