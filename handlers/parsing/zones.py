"""Time zones as people name them: `Europe/Lisbon`, `new york`, `EST`, `GMT+2`, `germany`.

An abbreviation is not a zone: EST is New York's winter time, and Panama's time all year. It means
the places that use it, and a person is asked which one, unless it fits the person's own zone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from countryinfo import CountryInfo
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from handlers.parsing.place_names import ABBREVIATIONS, CITIES, COMMON, NOT_PLACES, STATES
from handlers.parsing.words import without_accents
from store.language.words import commonness, is_english

_MOST_CHOICES = 5
_OFFERED = 30
"""The most zones in the list of a form while somebody types."""
_MIN_SIMILARITY = 82
_EVERYDAY = 4.7
"""How common an English word is that is no other country's name for itself: Island is Iceland."""
_REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Europe", "Indian", "Pacific"}
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
_NOISE = re.compile(r"\b(?:local |standard |daylight |summer )?time(?: ?zone)?\b|\btz\b|^in |^the ")
_OFFSET = re.compile(r"(?:utc|gmt|z)?([+-])(\d{1,2})(?::?([0-5]\d)|[.,](\d{1,2}))?")
_COUNTIES = ("Antarctica/", "America/North_Dakota/")
"""Zones of so few people that their last part alone is not meant: Center, Davis."""


@dataclass(frozen=True, slots=True)
class Season:
    """A zone's time in winter or in summer, by the rules that tzdata has for the years to come."""

    offset: timedelta
    name: str
    """Its abbreviation, or its offset if it has none."""


def is_zone(name: str) -> bool:
    """Return whether *name* is an IANA time zone in its exact spelling."""
    return _zones().get(name.lower()) == name


def zones_named(words: str, *, own: str = "UTC") -> Sequence[str]:
    """Return the zones that *words* can mean, the likeliest first; one if there is no doubt.

    *own* is the zone of the person who typed them, which an abbreviation most likely means.
    """
    name = "_".join(words.split()).lower()
    key = _key(words)
    path = name if "/" in name else name.replace("_", "/", 1)
    if "/" in path and path in _zones():
        return [_zones()[path]]
    if places := _abbreviations().get(key):
        return [own] if _is_own(key, places, own) else places
    if offset := _OFFSET.fullmatch(re.sub(r"\s|_", "", words.lower().replace("−", "-"))):
        sign, hours, minutes, decimals = offset.groups()
        if decimals:  # +5.5 is half past five, and so is +5.30
            minutes = {"5": 30, "25": 15, "75": 45}.get(decimals, decimals)
        east = timedelta(hours=int(hours), minutes=int(minutes or 0)) * (1 if sign == "+" else -1)
        return _zones_at(east, own)
    found = _places().get(key, ())
    if words.isupper():
        found += _codes().get(words, ())
    if not found and name in _zones():
        return [_zones()[name]]
    seasons_named = [_abbreviations().get(part, ()) for part in words.lower().split("/")]
    if not found and len(seasons_named) == 2:  # CET/CEST
        return agreeing(*seasons_named)
    return [own] if own in found else _apart(found, own)


def agreeing(zones: Sequence[str], others: Sequence[str]) -> Sequence[str]:
    """Return those of *zones* that have the country and the rules of one of *others*."""
    codes = {zone: code for code, zone in _country_zones()}
    return [
        zone
        for zone in zones
        if any(codes.get(zone) == codes.get(other) and _is_alike(zone, other) for other in others)
    ]


def zones_like(typed: str, *, own: str = "UTC") -> list[str]:
    """Return the zones to offer for *typed*: those it names, contains, or misspells."""
    key = _key(typed)
    if not key:
        return list(COMMON)
    named = zones_named(typed, own=own)
    places = _places()
    starting = [zone for place in sorted(places) if place.startswith(key) for zone in places[place]]
    # EST and Etc/GMT+2 are not what people mean by them.
    others = [zone for zone in sorted(_zones().values()) if zone.lower() not in _abbreviations()]
    holding = [zone for zone in others if key in _key(zone) and not zone.startswith("Etc/")]
    found = list(dict.fromkeys([*named, *starting, *holding]))
    return [*(found or nearest_zones(typed))][:_OFFERED]


def nearest_zones(typed: str) -> Sequence[str]:
    """Return the zones of the name that *typed* misspells; [] if it misspells none.

    A misspelt name begins with the right letter, and an English word is one letter off at most.
    """
    key = _key(typed)
    if len(key) < 4:
        return []
    names = _places() | {_key(zone): (zone,) for zone in _zones().values() if "/" in zone}
    near = process.extractOne(
        key,
        [name for name in names if name[0] == key[0]],
        scorer=fuzz.ratio,
        score_cutoff=_MIN_SIMILARITY,
    )
    if near is None or (is_english(key) and OSA.distance(key, near[0]) > 1):
        return []
    return _apart(names[near[0]], "")


def shown_name(zone: str) -> str:
    """Return a zone's name, but `UTC+02:00` for Etc/GMT-2, whose sign is the opposite."""
    return f"UTC{_clock(seasons(zone)[0].offset)}" if zone.startswith("Etc/GMT") else zone


def describe_zone(zone: str) -> str:
    """Return a zone and its seasons: `America/New_York (EST, EDT in summer)`."""
    return f"{shown_name(zone)} ({_describe_seasons(zone)})"


def zone_label(zone: str, *, now: datetime) -> str:
    """Return a zone with its wall time: `America/New_York, 03:12 now (EST, EDT in summer)`."""
    there = now.astimezone(ZoneInfo(zone))
    return f"{shown_name(zone)}, {there:%H:%M} now ({_describe_seasons(zone)})"


def _describe_seasons(zone: str) -> str:
    winter, summer = seasons(zone)
    if winter == summer:
        return "all year" if zone.startswith("Etc/GMT") else f"{winter.name} all year"
    return f"{winter.name}, {summer.name} in summer"


@cache
def seasons(zone: str) -> tuple[Season, Season]:
    """Return a zone's standard time and its summer time, which may be the same."""
    both = sorted({_season(zone, month) for month in (1, 7)}, key=lambda season: season.offset)
    return both[0], both[-1]


def _season(zone: str, month: int) -> Season:
    # In the year 2100 only the rules count that last; Morocco's list of exceptions has ended.
    there = datetime(2100, month, 15, tzinfo=UTC).astimezone(ZoneInfo(zone))
    offset = there.utcoffset() or timedelta()
    name = there.tzname() or ""
    return Season(offset, name if name.isalpha() else f"UTC{_clock(offset)}")


def _clock(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


@cache
def _offsets(zone: str) -> tuple[timedelta | None, ...]:
    """Return a zone's offset in each week of 2100: equal for zones with the same rules."""
    there, start = ZoneInfo(zone), datetime(2100, 1, 1, tzinfo=UTC)
    return tuple(
        (start + timedelta(weeks=week)).astimezone(there).utcoffset() for week in range(52)
    )


def _is_alike(zone: str, other: str) -> bool:
    return zone == other or _offsets(zone) == _offsets(other)


def _is_own(abbreviation: str, places: Sequence[str], own: str) -> bool:
    """Return whether somebody in the zone *own* means that zone by an abbreviation."""
    names = {season.name.lower() for place in places for season in seasons(place)}
    if abbreviation in names:
        return abbreviation in {season.name.lower() for season in seasons(own)}
    return any(_is_alike(own, place) for place in places)


def _apart(zones: Iterable[str], own: str) -> Sequence[str]:
    """Return one zone of each set of rules: *own* if it is among them, else a well-known one."""
    known = {own: 0} | dict.fromkeys(_well_known(), 1)
    return _distinct(sorted(zones, key=lambda zone: known.get(zone, 2)))


def _distinct(zones: Iterable[str]) -> Sequence[str]:
    """Return the first zones with different rules."""
    distinct: dict[object, str] = {}
    for zone in zones:
        distinct.setdefault(_offsets(zone), zone)
    return list(distinct.values())[:_MOST_CHOICES]


def _zones_at(east: timedelta, own: str) -> Sequence[str]:
    """Return zones that have this offset in a part of the year, and the one that always has it."""
    hours, rest = divmod(east, timedelta(hours=1))
    fixed = f"Etc/GMT{-hours:+d}" if hours else "UTC"
    # POSIX counts to the west: Etc/GMT-2 is two hours east of Greenwich.
    always = [fixed] if not rest and fixed.lower() in _zones() else []
    known = [own, *always, *_well_known()]
    for zones in (known, [zone for _, zone in _country_zones()]):
        here = [zone for zone in zones if east in {season.offset for season in seasons(zone)}]
        if here:
            return _distinct(here)
    return []


@cache
def _zones() -> dict[str, str]:
    every = available_timezones() - {"Factory", "localtime"}
    return {name.lower(): name for name in every}


@cache
def _abbreviations() -> dict[str, tuple[str, ...]]:
    return _inverted((zone, names.split()) for zone, names in _lines(ABBREVIATIONS))


def _lines(table: str) -> Iterator[tuple[str, str]]:
    """Yield each zone of a table and what stands beside it."""
    for entry in re.split(r";\s|\n(?! )", table.strip()):
        zone, _, names = entry.partition(": ")
        yield zone, " ".join(names.split())


def _inverted(zones: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    """Return the zones of each name, without repetition and in order."""
    inverted: dict[str, dict[str, None]] = {}
    for zone, names in zones:
        for name in names:
            inverted.setdefault(name, {})[zone] = None
    return {name: tuple(zones) for name, zones in inverted.items()}


@cache
def _well_known() -> tuple[str, ...]:
    """Return the zones that have a common abbreviation, those of `COMMON` first."""
    places = (place for places in _abbreviations().values() for place in places)
    return tuple(dict.fromkeys((*COMMON, *places)))


@cache
def _country_zones() -> tuple[tuple[str, str], ...]:
    """Return (code of country, zone) of tzdata's table, a country's largest zone first."""
    table = (files("tzdata.zoneinfo") / "zone.tab").read_text("utf-8")
    rows = (row.split("\t") for row in table.splitlines() if row[0] != "#")
    return tuple((code, zone) for code, _, zone, *_ in rows)


@cache
def _codes() -> dict[str, tuple[str, ...]]:
    """Return the zones of each code of a country or state, which is typed in capitals: DE, NY."""
    countries = ((zone, [code]) for code, zone in _country_zones())
    states = (
        (zone, [name.split()[0] for name in names.split(", ")]) for zone, names in _lines(STATES)
    )
    return _inverted([*states, *countries])


def _country_names() -> Mapping[str, set[str]]:
    """Return the names of each country, in its own and some other languages, by its code."""
    table = (files("tzdata.zoneinfo") / "iso3166.tab").read_text("utf-8")
    rows = (row.split("\t") for row in table.splitlines() if row[0] != "#")
    # Korea (South) and Korea (North) are both Korea.
    named = {code: {name, re.sub(r" \(.*", "", name)} for code, name in rows}
    for country in CountryInfo.all().values():
        others = [*country.get("altSpellings", ()), *country.get("translations", {}).values()]
        names = {name for name in others if len(name) > 3 and commonness(_key(name)) < _EVERYDAY}
        named.setdefault(country["ISO"]["alpha2"], set()).update(names, [country["name"]])
    return named


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """Return the zones of each city, state and country, by its `_key`."""
    links = sorted(name for name in _zones().values() if name.partition("/")[0] in _REGIONS)
    every = [*(zone for _, zone in _country_zones()), *links]
    cities = ((zone, [_key(zone.rpartition("/")[2])]) for zone in every)
    states = (
        (zone, [_key(name.partition(" ")[2]) for name in names.split(", ")])
        for zone, names in _lines(STATES)
    )
    named = _country_names()
    return _inverted(
        (zone, [name for name in names if name and name not in NOT_PLACES])
        for zone, names in (
            *(city for city in cities if not city[0].startswith(_COUNTIES)),
            *((zone, names.split(", ")) for zone, names in _lines(CITIES)),
            *states,
            *((zone, map(_key, named[code])) for code, zone in _country_zones()),
        )
    )


def _key(words: str) -> str:
    """Return a place's name without case, accents and punctuation: `st johns`, `sao paulo`."""
    text = without_accents(words.casefold()).translate(_LETTERS)
    text = re.sub(r"[.'’]", "", text)
    text = " ".join(re.sub(r"[-_/,]", " ", text).split())
    return _NOISE.sub("", text).strip()
