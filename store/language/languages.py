"""The languages of a corpus: how they inflect words, and how often they use them.

Stems come from PyStemmer (the Snowball stemmers), the frequencies of words from pyspellchecker
(subtitles of films, so the words that people say).
"""

import gzip
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from Stemmer import Stemmer

from store.language.words import normalize

_FUNCTION_WORD, _RAREST, _RARER = 6.0, 3.0, 3.6
"""Commonness: see `words.commonness`."""
_SHARE = 0.4
SPOKEN = 0.01
"""The share of the articles that have the commonest words of a language of the corpus."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language other than English."""

    stem: Callable[[str], str]
    uses: Mapping[str, float]
    """How common each word is, as `words.commonness`; empty if that is not known."""
    rarer: NDArray[np.int64]
    """Sorted hashes of further words, because the words themselves would need 40 MB."""
    has_compounds: bool
    has_capital_nouns: bool
    """Whether every noun has a capital, so that a capital does not make a name."""

    def commonness(self, word: str) -> float:
        """Return how common *word* is; see `words.commonness`."""
        common = self.uses.get(word)
        if common is None:
            at = int(np.searchsorted(self.rarer, hash(word)))
            common = _RARER if at < len(self.rarer) and self.rarer[at] == hash(word) else 0.0
        return common

    def is_function_word(self, word: str) -> bool:
        """Return whether *word* is one of the commonest words, which have no subject."""
        return self.uses.get(word, 0.0) >= _FUNCTION_WORD


# Some of the commonest words of each language, which no other language uses.
_MARKERS = {
    "german": "der und das nicht ist mit für auf eine den",
    "french": "les des est dans pour une sur qui avec pas",
    "spanish": "los las una por con para del que más como",
    "italian": "della che non per una sono gli nel più anche",
    "portuguese": "não uma com para os que dos mais da em",
    "dutch": "het een van niet zijn voor met ook aan er",
    "swedish": "och att det inte är som för av den med",
    "danish": "og at det ikke er som for af den med",
    "norwegian": "og det ikke er som for av den med til",
    "finnish": "ja on ei että se oli ovat mutta kun myös",
    "polish": "nie się na jest że do jak za po dla",
    "turkish": "bir ve bu için ile da de olarak daha çok",
    "hungarian": "az és hogy nem egy is meg volt ez mint",
    "romanian": "și este nu că din pe cu la mai care",
    "russian": "и в не на что с по это к из",
    "greek": "και το να του η της στο για δεν με",
    "arabic": "في من على أن إلى عن هذا التي مع كان",
    "hindi": "के में है की से का को और पर ने",
    "armenian": "եւ է որ մեջ էր են այս մի համար հետ",
    "tamil": "ஒரு இந்த என்று அந்த மற்றும் இது என்ற உள்ள நான் அது",
}
_LISTS = {
    "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "russian": "ru", "arabic": "ar",
}  # fmt: skip

# What Snowball leaves in German: Lehrerin, Lehrerinnen; and then Museum, schließt.
_FEMININE, _ENDING = re.compile("(?<=....)in(?:nen)?$"), re.compile("(?<=...)um$|(?<=.....)t$")
# And abgelehnt, ablehnen; but not Zugehörigkeit.
_PARTICIPLE = re.compile(
    "^(ab|an|auf|aus|bei|ein|fest|her|hin|mit|nach|um|vor|weg|zu)ge(?=...+te?[mnrs]?$)(?!.*[hk]eit)"
)
_WITH_COMPOUNDS = frozenset({"german", "dutch", "swedish", "danish", "norwegian", "finnish"})


def spoken(is_common: Callable[[str], bool]) -> Sequence[Language]:
    """Return the languages of a corpus, besides English.

    *is_common* tells whether the corpus has a word, and not only here and there.
    """
    return [
        load(name)
        for name, markers in _markers().items()
        if sum(map(is_common, markers)) >= _SHARE * len(markers)
    ]


@cache
def _markers() -> Mapping[str, Sequence[str]]:
    return {name: [*map(normalize, text.split())] for name, text in _MARKERS.items()}


@cache
def load(name: str) -> Language:
    """Load a language by its English name in lowercase."""
    counts = _counts(_LISTS[name]) if name in _LISTS else {}
    billions = sum(counts.values()) / 1e9
    uses = {word: math.log10(count / billions) for word, count in counts.items()}
    # A list that counts most of its words alike was completed from a dictionary.
    lowest = min(uses.values(), default=0.0)
    is_dictionary = sum(common == lowest for common in uses.values()) > len(uses) / 2
    rarer = [hash(word) for word, common in uses.items() if common < _RAREST and is_dictionary]
    return Language(
        stem=_stemmer(name),
        uses={word: common for word, common in uses.items() if common >= _RAREST},
        rarer=np.array(sorted(rarer), dtype=np.int64),
        has_compounds=name in _WITH_COMPOUNDS,
        has_capital_nouns=name == "german",
    )


def _stemmer(name: str) -> Callable[[str], str]:
    snowball: Callable[[str], str] = Stemmer(name).stemWord
    if name == "french":
        # It needs the accent of "fermée", and words come without accents.
        return lambda word: snowball(re.sub("e(?=es?$)", "é", word))
    if name == "german":
        return lambda word: _ENDING.sub(
            "", snowball(_FEMININE.sub("", _PARTICIPLE.sub(r"\1", word)))
        )
    return snowball


def _counts(code: str) -> Mapping[str, int]:
    packed = files("spellchecker").joinpath("resources", f"{code}.json.gz").read_bytes()
    counts = sorted(json.loads(gzip.decompress(packed)).items(), key=itemgetter(1))
    return {normalize(spelling): count for spelling, count in counts}
