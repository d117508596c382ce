"""Whether two questions are nearly the same."""

from store.finding.words import FUNCTION_WORDS, stem, words

_LEAST = 4
"""How many words of its own a question needs for one of them to make no difference."""


def are_alike(one: str, other: str) -> bool:
    """Say whether the words of two questions differ in one at most: added, left out or replaced.

    Grammar, order and endings make no difference.
    """
    first, second = _own(one), _own(other)
    if min(len(first), len(second)) < _LEAST:
        return first == second
    return len(first - second) <= 1 and len(second - first) <= 1


def _own(question: str) -> set[str]:
    every = {word for word, _ in words(question)}
    return {stem(word) for word in every - FUNCTION_WORDS} or every
