"""Names that belong to the same country: its own names, its people and its capital.

The data comes from two packages. countryinfo has names, demonyms and capitals. tzdata has older
spellings of cities, such as Kiev for Kyiv.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import combinations, product
from typing import Any, TypeAlias

from countryinfo import CountryInfo
from rapidfuzz.distance import OSA

from store.finding.words import FUNCTION_WORDS, commonness, is_english, normalize, words

Name: TypeAlias = tuple[str, ...]
"""The normalized words of a name."""
Relatives: TypeAlias = Mapping[Name, float]
"""Other names, each with its similarity to a name: above 0, below 1."""

SAME = 0.95
"""Similarity of two names of one country: UK and Britain."""
PEOPLE = 0.9
"""Similarity of a country and its people: Britain and British."""
CAPITAL = 0.55
"""Similarity of a capital and its country: Ankara may mean Turkey. Too low to answer alone."""

_LONGEST = 4
"""Words of a name, not counting "of" and "the"."""
_MIN_SIMILARITY = 0.35
_COMMON_WORD, _RARE_WORD = 4.7, 3.6
_PERSON_ENDS = ("s", "n")
_PERSON = re.compile("(?<=....)(?:s|w?om[ae]n|m[ae]n)$")
_DOTTED = re.compile(r"\s+(?:[A-Z]\.)+$")


def prepare() -> None:
    """Load the names now, and the list of English words, so that the first look-up need not."""
    _first_words()
    _codes()
    _countries()


def relatives(query_words: Sequence[str]) -> Iterator[tuple[slice, Relatives]]:
    """Yield each slice of *query_words* that names a country, its people or its capital.

    Each comes with the other names that belong to the same country.
    """
    for at, word in enumerate(query_words):
        # In lowercase, two letters may stand for much else.
        is_sure = len(word) > 2 or word.isupper()
        names = _codes().get(word.lower(), ())
        if names:
            yield slice(at, at + 1), dict.fromkeys(names, SAME if is_sure else CAPITAL)
    known = _relatives()
    query_words = [*map(str.lower, query_words)]
    for start in range(len(query_words)):
        for end in range(start + 1, min(start + _LONGEST, len(query_words)) + 1):
            *others, last = query_words[start:end]
            if others and others[0] not in _first_words():
                break
            # "Iranians" and a "Frenchman" are the people of a country too.
            found = known.get((*others, last))
            if not found and last.endswith(_PERSON_ENDS):
                found = known.get((*others, _PERSON.sub("", last)))
            if found:
                yield slice(start, end), found


def country(name: Sequence[str]) -> Name | None:
    """Return the main name of the country that *name* stands for, or whose people it is.

    For a city with an older spelling, return the current spelling. Return None for any other name.
    """
    *others, last = name
    known = _countries()[0]
    return known.get((*others, last)) or known.get((*others, _PERSON.sub("", last)))


def is_country(text: str) -> bool:
    """Return whether *text* is a name of a country."""
    return _name(text) in _countries()[0]


def code_of(text: str) -> str | None:
    """Return the two letters of the country that *text* names, or whose people it is, or None."""
    name = _name(text)
    return _codes_of_names().get(country(name) or ()) if name else None


@cache
def _codes_of_names() -> Mapping[Name, str]:
    # The data has some countries under two names.
    return {_name(country["name"]): country["ISO"]["alpha2"] for country in _by_population()}


@cache
def names_by_code() -> Mapping[str, str]:
    """Return the main name of each country by its two letters."""
    return {country["ISO"]["alpha2"]: country["name"] for country in _by_population()}


def is_people(name: Sequence[str]) -> bool:
    """Return whether *name* is the people of a country, such as British."""
    return tuple(name) in _countries()[1]


@cache
def _countries() -> tuple[Mapping[Name, Name], Container[Name]]:
    named: dict[Name, Name] = {}
    peoples: set[Name] = set()
    for country, names, people in _named_countries():
        persons = [*people, *_persons(people)]
        peoples.update(persons)
        own = _name(country["name"])
        for name in (*names, *persons, *_translations(country)):
            named.setdefault(name, own)
    for city, others in _older_spellings().items():
        for name in (city, *others):
            named.setdefault(name, city)
    return named, peoples


def _persons(people: Iterable[Name]) -> Iterator[Name]:
    """Yield what one of the *people* may be called: a Turk is Turkish, and a Swede Swedish."""
    for name in people:
        root = name[-1].removesuffix("ish")
        if len(name) == 1 and 2 < len(root) < len(name[-1]):
            yield from ((root,), (f"{root}e",))


def _named_countries() -> Iterator[tuple[Mapping[str, Any], Sequence[Name], Sequence[Name]]]:
    """Yield each country with its names, and with the name of its people if that is its own."""
    taken: set[Name] = {()}
    for country in _by_population():
        people = _name(country.get("demonym") or "")
        is_own = people not in taken
        taken.add(people)
        root = people[0][:4] if is_own and len(people) == 1 else ""
        names = _names(_spellings(country), root, codes=set(country["ISO"].values()))
        yield country, [*dict.fromkeys(names)], [people] if is_own else []


@cache
def _relatives() -> Mapping[Name, Relatives]:
    related: dict[Name, dict[Name, float]] = defaultdict(dict)

    def join(one: Name, other: Name, similarity: float) -> None:
        if one != other:
            related[one][other] = related[other][one] = max(
                similarity, related[one].get(other, 0.0)
            )

    older = _older_spellings()
    for country, names, people in _named_countries():
        seats = country.get("capital") or []
        seats = [seats] if isinstance(seats, str) else seats
        # Washington D.C. is Washington, and D.C.
        dotted = (_DOTTED.search(seat) for seat in seats)
        capitals = {_name(seat) for seat in seats}
        capitals |= {(normalize(found[0].strip()),) for found in dotted if found}
        capitals |= {other for capital in capitals for other in older[capital]}
        for group in (names, capitals):
            for one, other in combinations(group, 2):
                join(one, other, SAME)
        for name, other in product(_translations(country), names):
            join(name, other, SAME)
        for name, other in product(names, people):
            join(name, other, PEOPLE)
        for name, capital in product((*names, *people), capitals):
            join(name, capital, CAPITAL)
    return dict(related)


@cache
def _first_words() -> Container[str]:
    """Return the first word of each name of several words."""
    return {name[0] for name in _relatives() if len(name) > 1}


@cache
def _codes() -> Mapping[str, Sequence[Name]]:
    """Return the names of the country of each code that is no everyday word."""
    return {
        code.casefold(): [*filter(None, map(_name, _spellings(country)))]
        for country in _by_population()
        for code in country["ISO"].values()
        if code.isalpha() and commonness(code.casefold()) < _RARE_WORD
    }


def is_code(word: str) -> bool:
    """Return whether *word* is the code of a country, such as UA."""
    return word.casefold() in _codes()


def _by_population() -> list[Mapping[str, Any]]:
    # In the data, the people of Martinique are French too. The larger country gets the word.
    return sorted(CountryInfo.all().values(), key=lambda country: -(country.get("population") or 0))


def _spellings(country: Mapping[str, Any]) -> list[str]:
    codes = set(country["ISO"].values())
    # Leave out codes, names with a comma (inverted for an index), and names that are English words:
    # Iceland calls itself Island.
    others = (
        each
        for each in country.get("altSpellings", ())
        if each not in codes and "," not in each and commonness(each.casefold()) < _COMMON_WORD
    )
    return [country["name"], *others]


def _translations(country: Mapping[str, Any]) -> Iterator[Name]:
    """Yield what *country* is called in other languages: Frankreich, Sverige.

    English words are left out: Grenade, which is French for Grenada, and Island.
    """
    native = _name(country.get("nativeName") or "")
    if native and commonness(" ".join(native)) < _COMMON_WORD:
        yield native
    for name in map(_name, country.get("translations", {}).values()):
        if name and not commonness(" ".join(name)):
            yield name


def _names(spellings: Iterable[str], root: str, *, codes: Container[str]) -> Iterator[Name]:
    for spelling in spellings:
        name = _name(spelling)
        if name and len(name) <= _LONGEST:
            yield name
        # "Great Britain" is also Britain, "United States of America" is also America.
        yield from ((word,) for word in name if root and word.startswith(root))
        if spelling.isascii():
            initials = "".join(word[0] for word in name)
            # "Car" does not stand for Central African Republic, but the code "us" is a name.
            is_free = not is_english(initials) or initials.upper() in codes
            # Nobody writes two initials that leave out an "of": RT for Republic of Turkey.
            is_whole = len(initials) > 2 or len(name) == len(spelling.split()) == 2
            if is_free and is_whole and initials not in FUNCTION_WORDS:
                yield (initials,)


@lru_cache(maxsize=5_000)
def _name(text: str) -> Name:
    spelling = _DOTTED.sub("", text)
    return tuple(word for word, _ in words(spelling) if word not in FUNCTION_WORDS or word == "us")


@cache
def _older_spellings() -> Mapping[Name, set[Name]]:
    """Return the older spellings of cities: tzdata links the old name of a zone to the new one."""
    zoneinfo = files("tzdata") / "zoneinfo"
    places = {
        line.split("\t")[2]
        for line in zoneinfo.joinpath("zone.tab").read_text("utf-8").splitlines()
        if not line.startswith("#")
    }
    spellings: dict[Name, set[Name]] = defaultdict(set)
    for line in zoneinfo.joinpath("tzdata.zi").read_text("utf-8").splitlines():
        kind, *zones = line.split()
        # Some links only mean "same clock": Amsterdam is a place, not a spelling of Brussels.
        if kind == "L" and "/" in zones[1] and zones[1] not in places:
            city, other = (zone.rpartition("/")[2].replace("_", " ") for zone in zones)
            if city != other and OSA.normalized_similarity(city, other) >= _MIN_SIMILARITY:
                spellings[_name(city)].add(_name(other))
    return spellings
