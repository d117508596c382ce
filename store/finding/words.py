"""Split queries and articles into words, and normalize the words so that they can be compared."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

_WORD = re.compile(
    r"(?<!\w):(?=[+-]1:|[\w'+-]*[a-z])[\w'+-]+:(?::skin-tone-\d:)?"  # an emoji: :flag-ua:
    r"|((?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?"  # U.S., a.m., U.S.A
    r"|[^\W_]+(?:['’][^\W_]+)*)"
)
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
# Letters that Unicode does not decompose into a plain letter and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})

_ENDINGS = (("ing", 3), ("ed", 3), ("ly", 4), ("ion", 5), ("e", 3))
_BRITISH = (("is", "iz"), ("our", "or"), ("enc", "ens"), ("y", "i"))


def words(text: str) -> Iterator[tuple[str, str]]:
    """Yield each word of *text*: its normalized form, and its spelling in the text."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    for found in _WORD.findall(text):
        word, spelling = _normalize(found)
        if word:
            yield word, spelling


# A corpus repeats few words very often, so a cache answers most calls.
@lru_cache(maxsize=200_000)
def _normalize(found: str) -> tuple[str, str]:
    spelling = _POSSESSIVE.sub("", found)
    if spelling.isascii():
        return spelling.replace("'", "").replace(".", "").lower(), spelling
    folded = unicodedata.normalize("NFKD", spelling).casefold().translate(_PLAIN)
    return "".join(character for character in folded if character.isalnum()), spelling


# A word used less than three hundred times in a billion is more likely a typo: "marron" for Macron.
_RAREST = 2.5
_EVERYDAY = 3.6, 5.2
# The more common a word is, the less it says; 7 is as common as "the" and "of".
_COMMON, _EMPTIEST, _LEAST = 5.0, 7.5, 0.3

FUNCTION_WORDS = frozenset(
    word
    for word, _ in words(
        """
        a about across after again all also although am amid among an and any anyone anything
        are aren as at be because been before behind being between both but by can cannot could
        despite did didn do does doesn doing done don dont down each either else ever every for
        from get gets getting give given go goes going gone got had has have having he her here
        hers him his how however i if in into is isn it its itself just let like ll made make
        makes making many may me meanwhile might more most much must my neither no nor not of
        off on once one only or other our ours out over own please re really said same say
        saying says shall she should so some someone something still such tell tells than that
        thats the their theirs them then there these they thing things this those through to too
        told under until up upon ve very was wasn we went were what whats when where whether
        which while who whom whose why will with within without won would you your yours
        happen happened happening happens involve involved know latest mean news read show story
        stories talk think thinks thought update updates want wants
        """
    )
)
"""Words without a subject: grammar, and the usual phrases of questions."""


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of *word*, the same for British and American spelling."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending, min_length in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= min_length:
            word = word.removesuffix(ending)
            break
    if len(word) > 6:
        word = word.removesuffix("at")
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    for british, american in _BRITISH:
        if len(word) > 4 and word.endswith(british):
            return word.removesuffix(british) + american
    return word


def is_english(word: str) -> bool:
    """Return whether *word* is an English word that is not rare, so probably no misspelling."""
    return word in _english()


def commonness(word: str) -> float:
    """Return how common *word* is in English: the decimal logarithm of its uses per billion words.

    "The" has 7.4 and "pizza" 4.2. The value is 0 for rare words and for words not in English.
    """
    return _english().get(word, 0.0)


def rarity(word: str) -> float:
    """Return the weight of *word*: 1 if it is rare in English, less the more common it is."""
    return min(max((_EMPTIEST - commonness(word)) / (_EMPTIEST - _COMMON), _LEAST), 1.0)


@cache
def everyday_words() -> frozenset[str]:
    """Return the everyday words of English, without function words."""
    low, high = _EVERYDAY
    return frozenset(
        word
        for word, common in _english().items()
        if low < common < high and len(word) > 2 and word not in FUNCTION_WORDS
    )


def prepare() -> None:
    """Load the list of English words now, so that the first look-up does not have to."""
    _english()


@cache
def _english() -> Mapping[str, float]:
    text = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt")
    uses = dict(line.split() for line in text.read_text("utf-8-sig").splitlines())
    billions = sum(map(int, uses.values())) / 1e9
    known = {word: math.log10(int(count) / billions) for word, count in uses.items()}
    return {word: common for word, common in known.items() if common >= _RAREST}
