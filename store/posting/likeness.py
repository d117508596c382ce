"""The comparison of two questions, to find those that are nearly the same."""

from store.finding.words import FUNCTION_WORDS, stem, words

_MIN_WORDS = 4
"""How many words a question must have before one different word is ignored."""


def are_alike(one: str, other: str) -> bool:
    """Return whether two questions differ in at most one word: added, left out or replaced.

    Function words, word order and word endings are ignored.
    """
    first, second = _stems(one), _stems(other)
    if min(len(first), len(second)) < _MIN_WORDS:
        return first == second
    return len(first - second) <= 1 and len(second - first) <= 1


def _stems(question: str) -> set[str]:
    every_word = {word for word, _ in words(question)}
    return {stem(word) for word in every_word - FUNCTION_WORDS} or every_word
