"""Time zones as people name them: `Europe/Lisbon`, `new york`, `EST`, `GMT+2`, `germany`.

An abbreviation is not a zone: EST is New York's winter time, and Panama's time all year. It means
the places that use it, and a person is asked which one, unless it fits the person's own zone.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from rapidfuzz import fuzz, process

from handlers.parsing.place_names import ABBREVIATIONS, CITIES, COMMON, NAMESAKES

_MOST_CHOICES = 5
_MIN_SIMILARITY = 80
_REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Europe", "Indian", "Pacific"}
)
_NOISE = re.compile(r"\b(?:local |standard |daylight |summer )?time(?: ?zone)?\b|\btz\b|^in |^the ")
_OFFSET = re.compile(r"(?:utc|gmt|z)?([+-])(\d{1,2})(?::?([0-5]\d))?")


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
        sign, hours, minutes = offset.groups()
        east = timedelta(hours=int(hours), minutes=int(minutes or 0)) * (1 if sign == "+" else -1)
        return _zones_at(east, own)
    if name in _zones():
        return [_zones()[name]]
    if key in NAMESAKES:
        return NAMESAKES[key]
    return _apart(_places().get(key, ()), own)


def zones_like(typed: str, *, own: str = "UTC", limit: int = 30) -> list[str]:
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
    return [*(found or nearest_zones(typed))][:limit]


def nearest_zones(typed: str) -> Sequence[str]:
    """Return the zones of the name nearest to *typed*; [] if no name is similar enough."""
    key = _key(typed)
    names = _places() | {_key(zone): (zone,) for zone in _zones().values() if "/" in zone}
    near = process.extractOne(key, list(names), scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
    return _apart(names[near[0]], "") if near and len(key) > 3 else []


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
    lines = (line.split() for line in ABBREVIATIONS.strip().splitlines())
    return {name: tuple(places) for name, *places in lines}


@cache
def _well_known() -> tuple[str, ...]:
    """Return the zones that have a common abbreviation, those of `COMMON` first."""
    places = (place for places in _abbreviations().values() for place in places)
    return tuple(dict.fromkeys((*COMMON, *places)))


@cache
def _country_zones() -> tuple[tuple[str, str], ...]:
    """Return (country, zone) of every zone in tzdata's table, a country's largest zone first."""
    folder = files("tzdata.zoneinfo")
    countries, zones = (
        [
            row.split("\t")
            for row in (folder / name).read_text("utf-8").splitlines()
            if row[0] != "#"
        ]
        for name in ("iso3166.tab", "zone.tab")
    )
    names = dict(countries)
    return tuple((names[code], zone) for code, _, zone, *_ in zones)


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """Return the zones of each city and each country, by its `_key`."""
    places: dict[str, dict[str, None]] = {}
    canonical = [zone for _, zone in _country_zones()]
    links = sorted(name for name in _zones().values() if name.partition("/")[0] in _REGIONS)
    for zone in (*canonical, *links):
        places.setdefault(_key(zone.rpartition("/")[2]), {})[zone] = None
    for line in CITIES.strip().splitlines():
        zone, _, names = line.partition(": ")
        for name in names.split(", "):
            places.setdefault(name, {})[zone] = None
    for country, zone in _country_zones():
        # Korea (South) and Korea (North) are both Korea.
        for name in {country, re.sub(r" \(.*", "", country)}:
            places.setdefault(_key(name), {})[zone] = None
    return {name: tuple(zones) for name, zones in places.items()}


def _key(words: str) -> str:
    """Return a place's name without case, accents and punctuation: `st johns`, `sao paulo`."""
    plain = unicodedata.normalize("NFKD", words.casefold())
    text = "".join(letter for letter in plain if not unicodedata.combining(letter))
    text = re.sub(r"[.'’]", "", text)
    text = " ".join(re.sub(r"[-_/,]", " ", text).split())
    return _NOISE.sub("", text).strip()
