"""Countries: what they, their people and their capitals are called.

The data comes from two packages. countryinfo has names, demonyms and capitals. tzdata has older
spellings of cities, such as Kiev for Kyiv.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from typing import Any, TypeAlias

from countryinfo import CountryInfo
from rapidfuzz.distance import OSA

from store.language.words import FUNCTION_WORDS, commonness, is_english, normalize, words

Name: TypeAlias = tuple[str, ...]
"""The normalized words of a name, without "of" and "the"."""

LONGEST_NAME = 4
"""Words of a name."""
_MIN_SIMILARITY = 0.35
_COMMON_WORD = 4.7
PERSON_ENDS = ("s", "n")
_PERSON = re.compile("(?<=....)(?:s|w?om[ae]n|m[ae]n)$")
_DOTTED = re.compile(r"\s+(?:[A-Z]\.)+$")


@dataclass(frozen=True, slots=True)
class Country:
    """A country and what people call it."""

    name: str
    code: str
    """Its two letters (ISO 3166)."""
    codes: Sequence[str]
    """All its codes of letters, in lowercase."""
    full_names: Sequence[Name]
    names: Sequence[Name]
    """With parts of these and initials: Britain, US."""
    translations: Set[Name]
    """What it is called in other languages: Frankreich, Sverige."""
    people: Sequence[Name]
    """What its people are called; empty if those of a larger country are called the same."""
    capitals: Set[Name]
    """With their older spellings."""


def without_person(word: str) -> str:
    """Return a *word* for persons without its ending: Iranians, a Frenchman."""
    return _PERSON.sub("", word) if word.endswith(PERSON_ENDS) else word


def country(name: Sequence[str]) -> Name | None:
    """Return the main name of the country that *name* stands for, or whose people it is.

    For a capital return itself, and for a city with an older spelling the current one. Return None
    for any other name.
    """
    *others, last = name
    known = _main_names()[0]
    return known.get((*others, last)) or known.get((*others, without_person(last)))


def is_country(text: str) -> bool:
    """Return whether *text* is a name of a country."""
    return _name(text) in _main_names()[0]


def is_people(name: Sequence[str]) -> bool:
    """Return whether *name* is the people of a country, such as British."""
    return tuple(name) in _main_names()[1]


def code_of(text: str) -> str | None:
    """Return the two letters of the country that *text* names, or whose people it is, or None."""
    name = _name(text)
    return _codes_of_names().get(country(name) or ()) if name else None


@cache
def _codes_of_names() -> Mapping[Name, str]:
    # The data has some countries under two names.
    return {_name(each.name): each.code for each in countries()}


@cache
def names_by_code() -> Mapping[str, str]:
    """Return the main name of each country by its two letters."""
    # Wales comes after the United Kingdom, whose code it has in the data.
    return {each.code: each.name for each in reversed(countries())}


@cache
def _main_names() -> tuple[Mapping[Name, Name], Container[Name]]:
    """Return the main name by every other, and the names that are of people."""
    named: dict[Name, Name] = {}
    peoples: set[Name] = set()
    for each in countries():
        persons = [*each.people, *_persons(each.people)]
        peoples.update(persons)
        for name in (*each.names, *persons, *each.translations):
            named.setdefault(name, _name(each.name))
    for city, others in _older_spellings().items():
        for name in (city, *others):
            named.setdefault(name, city)
    for name in chain.from_iterable(each.capitals for each in countries()):
        named.setdefault(name, name)
    return named, peoples


def _persons(people: Iterable[Name]) -> Iterator[Name]:
    """Yield what one of the *people* may be called: a Turk is Turkish, and a Swede Swedish."""
    for name in people:
        root = name[-1].removesuffix("ish")
        if len(name) == 1 and 2 < len(root) < len(name[-1]):
            yield from ((root,), (f"{root}e",))


@cache
def countries() -> Sequence[Country]:
    """Return all countries, those with the most people first, and older names of some last."""
    # In the data, the people of Martinique are French too. The larger country gets the word.
    every = sorted(
        CountryInfo.all().values(),
        # Burma, Wales and the like have no number.
        key=lambda each: ("numeric" not in each["ISO"], -(each.get("population") or 0)),
    )
    taken: set[Name] = {()}
    found = []
    for each in every:
        people = _name(each.get("demonym") or "")
        is_own = people not in taken
        taken.add(people)
        root = people[0][:4] if is_own and len(people) == 1 else ""
        codes = {*map(str, each["ISO"].values())}
        found.append(
            Country(
                name=each["name"],
                code=each["ISO"]["alpha2"],
                codes=[code.casefold() for code in codes if code.isalpha()],
                full_names=[*filter(None, map(_name, _spellings(each)))],
                names=[*dict.fromkeys(_names(_spellings(each), root, codes=codes))],
                translations={*_translations(each)},
                people=[people] if is_own else [],
                capitals={*_capitals(each)},
            )
        )
    return found


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
    # English words are left out: Grenade, which is French for Grenada, and Island.
    native = _name(country.get("nativeName") or "")
    if native and commonness(" ".join(native)) < _COMMON_WORD:
        yield native
    for name in map(_name, country.get("translations", {}).values()):
        if name and not commonness(" ".join(name)):
            yield name


def _capitals(country: Mapping[str, Any]) -> Iterator[Name]:
    seats = country.get("capital") or []
    for seat in [seats] if isinstance(seats, str) else seats:
        yield _name(seat)
        yield from _older_spellings().get(_name(seat), ())
        # Washington D.C. is Washington, and D.C.
        if dotted := _DOTTED.search(seat):
            yield (normalize(dotted[0].strip()),)


def _names(spellings: Iterable[str], root: str, *, codes: Container[str]) -> Iterator[Name]:
    for spelling in spellings:
        name = _name(spelling)
        if name and len(name) <= LONGEST_NAME:
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
def _older_spellings() -> Mapping[Name, Set[Name]]:
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
