"""Words that have no single meaning: what was understood, for the person to choose from."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from store.types import ParleyError

_Reading = TypeVar("_Reading")


class UnclearError(ParleyError, Generic[_Reading]):
    """Raised for words that could mean several things, or contradict themselves.

    The message is a question; `readings` are the meanings to offer, possibly none.
    """

    def __init__(self, question: str, readings: Sequence[_Reading] = ()) -> None:
        super().__init__(question)
        self.readings = tuple(readings)


class UnknownWordError(ParleyError):
    """Raised for a word that is not understood."""

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.word = word


class UnschedulableError(ParleyError):
    """Raised for a beginning, an end or a day off, which no schedule can have."""

    def __init__(self, typed: str, sentence: str) -> None:
        super().__init__(sentence)
        self.typed = typed
        """The words that name the day, with the preposition."""


class LaterStartError(UnschedulableError):
    """Raised for a day from which a schedule is to begin: it begins at once."""

    def __init__(self, typed: str, when: str, sentence: str) -> None:
        super().__init__(typed, sentence)
        self.when = when


class MistypedError(UnclearError[Any]):
    """Raised for a word that is probably another one, which the parser of the rest knows."""

    def __init__(self, question: str, word: str, meant: str) -> None:
        super().__init__(question)
        self.word = word
        self.meant = meant


def is_read(parse: Callable[..., object], words: str, **options: Any) -> bool:
    """Return whether *words* are understood, even if a question stays open.

    Raises `UnschedulableError` if they name a beginning, an end or a day off.
    """
    try:
        parse(words, **options)
    except UnschedulableError:
        raise
    except UnclearError as error:
        return bool(error.readings)
    except ParleyError:
        return False
    return True
