"""The words of dates and times, and the nearest of some words to a misspelled one."""

import unicodedata
from collections.abc import Sequence

from rapidfuzz import fuzz, process

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_PLURALS = tuple(f"{name}s" for name in DAY_NAMES)
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
NUMBERS = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_MIN_SIMILARITY = 75
_TYPED = str.maketrans(dict.fromkeys("‐‒–—―−", "-") | dict.fromkeys("‘’ʼ′", "'") | {"∶": ":"})


def as_typed(words: str) -> str:
    """Return *words* with the dashes, apostrophes and digits of a plain keyboard.

    Phones and word processors replace them: 24‑26 Dec, 9 o’clock.
    """
    return unicodedata.normalize("NFKC", words).translate(_TYPED)


def place_of_name(word: str, names: Sequence[str], *, min_letters: int) -> int | None:
    """Return the index of the first of *names* that *word* begins, or None.

    *word* is in lower case; with fewer than *min_letters* it begins no name.
    """
    word = "wed" if word == "weds" else word
    places = (place for place, name in enumerate(names) if name.lower().startswith(word))
    return next(places, None) if len(word) >= min_letters else None


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the one of *known* that *word* misspells; None if none is similar enough."""
    if len(word) < 3:
        return None
    found = process.extractOne(
        word, known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=_MIN_SIMILARITY
    )
    return found[0] if found else None
