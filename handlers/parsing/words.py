"""The words of dates and times, and the nearest of some words to a misspelled one."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from store.language.words import is_english, stem
from store.language.words import words as words_of

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FOREIGN_DAYS = (
    ("montag", "lundi", "lunedi", "lunes", "segunda", "maandag", "poniedziałek"),
    ("dienstag", "mardi", "martedi", "martes", "terca", "dinsdag", "wtorek"),
    ("mittwoch", "mercredi", "mercoledi", "miercoles", "quarta", "woensdag", "sroda", "srode"),
    ("donnerstag", "jeudi", "giovedi", "jueves", "quinta", "donderdag", "czwartek"),
    ("freitag", "vendredi", "venerdi", "viernes", "sexta", "vrijdag", "piatek"),
    ("samstag", "sonnabend", "samedi", "sabato", "sabado", "zaterdag", "sobota", "sobote"),
    ("sonntag", "dimanche", "domenica", "domingo", "zondag", "niedziela", "niedziele"),
)
_ENGLISH_DAYS = {word: DAY_NAMES[day] for day, words in enumerate(_FOREIGN_DAYS) for word in words}
"""The weekdays by their names in German, French, Italian, Spanish, Portuguese, Dutch and Polish."""
_FOREIGN = re.compile(r"(?<!\bsanto )(?<!\w)([^\W\d_]+)(?:-feiras?)?(?!\w)", re.IGNORECASE)
DAY_PLURALS = tuple(f"{name}s" for name in DAY_NAMES)
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty")
_MIN_SIMILARITY = 75
_SURE = 85
"""How similar, of 100, a word must be to another one to be read as that without asking."""
_TYPED = str.maketrans(dict.fromkeys("‐‒–—―−", "-") | dict.fromkeys("‘’ʼ′", "'") | {"∶": ":"})
_DECORATION = re.compile(r":[a-z][a-z0-9_+-]*:|[*`~\"“”„«»]|[!?…]+(?!\w)|(?<!\w)_|_(?!\w)")
_POLITE = re.compile(r"\b(?:please|pls|plz|thanks|thank you|thx)\b", re.IGNORECASE)
_PICTURES = frozenset({"So", "Sk", "Cf", "Me"})
"""The Unicode categories of emoji and of the signs that change them."""
_SHORTENED = (
    *(*DAY_NAMES, *MONTH_NAMES, "today", "tomorrow", "next", "week", "weeks", "weekend"),
    *("weekends", "weekday", "weekdays", "month", "months", "daily"),
)


def as_typed(words: str) -> str:
    """Return *words* as a plain keyboard types them, without emoji, emphasis and politeness.

    Phones and word processors replace dashes, apostrophes and digits: 24‑26 Dec, 9 o’clock. Words
    without their vowels are spelled out: tmrw, nxt wknd.
    """
    text = unicodedata.normalize("NFKC", words).translate(_TYPED)
    text = text.translate({ord(sign): " " for sign in {*text} if _is_picture(sign)})
    text = _POLITE.sub(" ", _DECORATION.sub(" ", text))
    return re.sub(r"(?<![^\W_])[^\W\d_]{2,}(?![^\W_])", lambda word: _spelled_out(word[0]), text)


def _is_picture(sign: str) -> bool:
    return unicodedata.category(sign) in _PICTURES or "\ufe00" <= sign <= "\ufe0f"


def _spelled_out(word: str) -> str:
    """Return the word that *word* is without some vowels and doubled letters, or *word*."""
    for full in _by_consonants().get(_without_vowels(word), ()):
        if _shortens(word, full) and len(full) - len(word) > (len(word) == 2):
            return full
    return word


@cache
def _by_consonants() -> Mapping[str, Sequence[str]]:
    """Return the words that people shorten, by what is left of them without vowels."""
    words: dict[str, list[str]] = {}
    for full in _SHORTENED:
        words.setdefault(_without_vowels(full), []).append(full)
    return words


def _shortens(word: str, full: str) -> bool:
    """Return whether *word* is *full* without some letters, but with its first one."""
    letters = iter(full.lower())
    has_start = full.lower().startswith(word[:1].lower())
    return has_start and all(letter in letters for letter in word.lower())


def _without_vowels(word: str) -> str:
    consonants = re.sub(r"(?<=.)[aeiou]", "", word.lower())
    return re.sub(r"(.)\1", r"\1", consonants)


def without_accents(words: str) -> str:
    """Return *words* without accents: déc becomes dec."""
    signs = unicodedata.normalize("NFKD", words)
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


def with_english_days(words: str) -> str:
    """Return *words* with the weekdays of other languages in English: segunda-feira, samedi."""
    return _FOREIGN.sub(_in_english, words)


def _in_english(match: re.Match[str]) -> str:
    word = without_accents(match[1].lower())
    return _ENGLISH_DAYS.get(word) or _ENGLISH_DAYS.get(word.removesuffix("s")) or match[0]


def place_of_name(word: str, names: Sequence[str], *, min_letters: int) -> int | None:
    """Return the index of the first of *names* that *word* begins, or None.

    *word* is in lower case; with fewer than *min_letters* it begins no name.
    """
    word = "wed" if word == "weds" else word
    places = (place for place, name in enumerate(names) if name.lower().startswith(word))
    return next(places, None) if len(word) >= min_letters else None


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the one of *known* that *word* misspells or shortens, or None.

    None, too, if it shortens a weekday of another language, or is more like one.
    """
    if len(word) < 3 or any(day.startswith(word.lower()) for day in _ENGLISH_DAYS):
        return None
    found = process.extractOne(
        word, known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=_MIN_SIMILARITY
    )
    foreign = process.extractOne(word.lower(), [*_ENGLISH_DAYS], scorer=fuzz.ratio)
    if found and foreign[1] > found[1]:
        return None
    if found and not (
        is_english(word.lower()) and OSA.distance(word.lower(), found[0].lower()) > 1
    ):
        return found[0]
    shortened = [name for name in known if _shortens(word, name)]
    return shortened[0] if len(shortened) == 1 else None


def respell(text: str, known: Iterable[str]) -> str:
    """Return *text* with each misspelt word as the nearest of *known* words is spelled.

    A word stays if a known one has its stem, or if none is near.
    """
    spellings = {word: spelled for one in known for word, spelled in words_of(one)}
    stems = {*map(stem, spellings)}
    for word, typed in words_of(text):
        if stem(word) not in stems and (found := _surely(word, [*spellings])):
            text = text.replace(typed, spellings[found], 1)
    return text


def _surely(word: str, known: Sequence[str]) -> str | None:
    found = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=_SURE)
    return found[0] if found else None
