"""Countries: the names that mean the same one, its people and its capital, in whatever words.

From data that others keep: countryinfo has names, demonyms and capitals; tzdata, which knows every
city by an older spelling too, has Kiev for Kyiv.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import combinations, product
from typing import Any, TypeAlias

from countryinfo import CountryInfo
from rapidfuzz.distance import OSA

from store.finding.words import FUNCTION_WORDS, commonness, is_english, words

Name: TypeAlias = tuple[str, ...]
"""The words of a name, in their comparable form."""
Relatives: TypeAlias = Mapping[Name, float]
"""Names with their likeness to another, above 0 and below 1."""

SAME = 0.95
"""Of two names of one country: UK and Britain."""
PEOPLE = 0.9
"""Of a country and its people: Britain and British."""
CAPITAL = 0.55
"""Of a capital and its country: what Ankara says, Turkey says. Too little to answer alone."""

_LONGEST = 4
"""Words of a name; "of" and "the" do not count."""
_LIKE = 0.35
_PLAIN = 4.7
_DOTTED = re.compile(r"\s+(?:[A-Z]\.)+$")


def relatives(typed: Sequence[str]) -> Iterator[tuple[slice, Relatives]]:
    """Yield each run of *typed* words that names a country, its people or its capital.

    With it come the other names of the same, each with its likeness.
    """
    known = _relatives()
    for start in range(len(typed)):
        for end in range(start + 1, min(start + _LONGEST, len(typed)) + 1):
            found = known.get(tuple(typed[start:end]))
            if found:
                yield slice(start, end), found


def country(name: Sequence[str]) -> Name | None:
    """Give the country that *name* names, or whose people it is; None for anything else.

    A city that is spelt in two ways is given by the one in use.
    """
    return _countries()[0].get(tuple(name))


def is_people(name: Sequence[str]) -> bool:
    """Tell whether *name* is a country's people, as British is."""
    return tuple(name) in _countries()[1]


@cache
def _countries() -> tuple[Mapping[Name, Name], Container[Name]]:
    named: dict[Name, Name] = {}
    peoples: dict[Name, str] = {}
    for country in _by_population():
        people = _name(country.get("demonym") or "")
        is_theirs = bool(people) and peoples.setdefault(people, country["name"]) == country["name"]
        root = people[0][:4] if is_theirs and len(people) == 1 else ""
        names = _names(_spellings(country), root, codes=set(country["ISO"].values()))
        for name in (*names, *((people,) if is_theirs else ())):
            named.setdefault(name, _name(country["name"]))
    for city, others in _older_spellings().items():
        for name in (city, *others):
            named.setdefault(name, city)
    return named, peoples.keys()


@cache
def _relatives() -> Mapping[Name, Relatives]:
    near: dict[Name, dict[Name, float]] = defaultdict(dict)

    def join(one: Name, other: Name, likeness: float) -> None:
        if one != other:
            near[one][other] = near[other][one] = max(likeness, near[one].get(other, 0.0))

    older = _older_spellings()
    peoples: dict[Name, str] = {}
    for country in _by_population():
        spellings = _spellings(country)
        people = _name(country.get("demonym") or "")
        is_theirs = bool(people) and peoples.setdefault(people, country["name"]) == country["name"]
        root = people[0][:4] if is_theirs and len(people) == 1 else ""
        names = set(_names(spellings, root, codes=set(country["ISO"].values())))
        seats = country.get("capital") or []
        capitals = {_name(seat) for seat in ([seats] if isinstance(seats, str) else seats)}
        capitals |= {other for capital in capitals for other in older[capital]}
        for group in (names, capitals):
            for one, other in combinations(group, 2):
                join(one, other, SAME)
        if is_theirs:
            for name in names:
                join(name, people, PEOPLE)
            names.add(people)
        for name, capital in product(names, capitals):
            join(name, capital, CAPITAL)
    return dict(near)


def _by_population() -> list[Mapping[str, Any]]:
    # Martinique's people are French in the data too: France, with more of them, has that word.
    return sorted(CountryInfo.all().values(), key=lambda one: -(one.get("population") or 0))


def _spellings(country: Mapping[str, Any]) -> list[str]:
    codes = set(country["ISO"].values())
    # A code is no name, one with a comma is turned round for an index, and the one that Iceland
    # gives itself, Island, is an English word.
    others = (
        each
        for each in country.get("altSpellings", ())
        if each not in codes and "," not in each and commonness(each.casefold()) < _PLAIN
    )
    return [country["name"], *others]


def _names(spellings: Iterable[str], root: str, *, codes: Container[str]) -> Iterator[Name]:
    for spelling in spellings:
        name = _name(spelling)
        if name and len(name) <= _LONGEST:
            yield name
        # "Great Britain" is Britain, and the "United States of America" America.
        yield from ((word,) for word in name if root and word.startswith(root))
        if spelling.isascii():
            initials = "".join(word[0] for word in name)
            # "Car" is no Central African Republic; but "us" is the code of the United States too.
            is_free = not is_english(initials) or initials.upper() in codes
            # Two letters that leave out an "of", as RT for Republic of Turkey, nobody writes.
            is_whole = len(initials) > 2 or len(name) == len(spelling.split()) == 2
            if is_free and is_whole and initials not in FUNCTION_WORDS:
                yield (initials,)


def _name(text: str) -> Name:
    spelt = _DOTTED.sub("", text)
    return tuple(word for word, _ in words(spelt) if word not in FUNCTION_WORDS or word == "us")


@cache
def _older_spellings() -> Mapping[Name, set[Name]]:
    """Give the other spellings of cities: a time zone keeps its old name as a link to the new."""
    zoneinfo = files("tzdata") / "zoneinfo"
    places = {
        line.split("\t")[2]
        for line in zoneinfo.joinpath("zone.tab").read_text("utf-8").splitlines()
        if not line.startswith("#")
    }
    spellings: dict[Name, set[Name]] = defaultdict(set)
    for line in zoneinfo.joinpath("tzdata.zi").read_text("utf-8").splitlines():
        kind, *zones = line.split()
        # Zones are joined for their clocks too: Amsterdam, a place, is no spelling of Brussels.
        if kind == "L" and "/" in zones[1] and zones[1] not in places:
            city, other = (zone.rpartition("/")[2].replace("_", " ") for zone in zones)
            if city != other and OSA.normalized_similarity(city, other) >= _LIKE:
                spellings[_name(city)].add(_name(other))
    return spellings
