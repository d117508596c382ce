"""Public holidays of countries and their regions, from the package `holidays`.

The package is an extra; its data is inside, and nothing is downloaded.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any

from rapidfuzz import fuzz, process

from store.language.countries import code_of, names_by_code
from store.types import ParleyError

log = logging.getLogger(__name__)

_AMBIGUOUS = frozenset(
    (
        *("am", "as", "at", "be", "by", "do", "in", "is", "it", "me", "mo", "my", "no", "pm", "sa"),
        *("so", "to", "us"),
    )
)
"""Codes that are words of a schedule, unless they are written in capitals."""
_SHORT = 3
"""The most letters of a code of a region."""
_WITH_ARTICLE = re.compile(
    r"^United |(?:Comoros|Emirates|Islands|Maldives|Netherlands|Philippines|Republic|Seychelles)$"
)
"""The names of countries that have an article in a sentence, as they are stored without it."""
_MIN_SIMILARITY = 80
"""How similar, of 100, a misspelled name must be to a known one."""


class NoHolidaysError(ParleyError):
    """Raised if the package is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "I don't know the holidays of countries here: the people who run me have to install"
            " `parley[holidays]`. A calendar that they load works without it."
        )


def find_regions(text: str) -> Sequence[str]:
    """Return the codes of the countries or regions that *text* names.

    DE stands for Germany or its people, DE-BY for Bayern; Georgia may be two. Raises
    `NoHolidaysError`.
    """
    known = _countries()
    text = " ".join(text.replace("_", " ").split()).strip(" .,()")
    code = text.upper()
    if code in known and (text == code or text.lower() not in _AMBIGUOUS):
        return [code]
    country, _, part = code.partition("-")
    if part in known.get(country, {}).values():
        return [code]
    named = code_of(text)
    parts = [
        f"{country}-{part}"
        for country, its_parts in known.items()
        for name, part in its_parts.items()
        if name != part and name.casefold() == text.casefold()
    ]
    # Wales has the code of the United Kingdom.
    is_country = named in known and not any(part.startswith(f"{named}-") for part in parts)
    return [named, *parts] if named and is_country else parts


def region_name(region: str) -> str:
    """Return a country or region with its code: `the Maldives (MV)`, `Bayern, Germany (DE-BY)`."""
    country, _, part = region.partition("-")
    name = names_by_code().get(country, country)
    if _WITH_ARTICLE.search(name):
        name = f"the {name}"
    if part:
        with suppress(NoHolidaysError):
            names = [each for each, of in _countries().get(country, {}).items() if of == part]
            name = f"{max(names, key=len, default=part)}, {name}"
    return f"{name} ({region})"


def nearest_region(text: str) -> str | None:
    """Return the name of a country or region that *text* misspells, or None."""
    parts = (name for names in _countries().values() for name in names if len(name) > _SHORT)
    names = [*names_by_code().values(), *parts]
    found = process.extractOne(
        text, names, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_MIN_SIMILARITY
    )
    return found[0] if found else None


def holiday_in(region: str, on: date) -> str | None:
    """Return the name of the public holiday on the date *on*; None if it is a working day.

    None without the package, too, or if it no longer knows the region. That is logged, and a
    schedule goes on.
    """
    try:
        return _names(region, on.year).get(on)
    except (NoHolidaysError, NotImplementedError, AttributeError):
        _warn_once(region)
        return None


@cache
def _names(region: str, year: int) -> Mapping[date, str]:
    country, _, part = region.partition("-")
    package = _package()
    options: dict[str, Any] = {"subdiv": part or None, "years": year}
    # The names in English, where the package has them.
    languages = getattr(package, country).supported_languages
    if "en_US" in languages:
        options["language"] = "en_US"
    return dict(package.country_holidays(country, **options))


@cache
def _countries() -> Mapping[str, Mapping[str, str]]:
    """Return the code of each country, with the codes of its parts by name and by code."""
    package = _package()
    supported = package.list_supported_countries(include_aliases=False)
    countries = {}
    for country, parts in supported.items():
        names = getattr(package, country).subdivisions_aliases
        countries[country] = {part: part for part in parts} | dict(names)
    return countries


def _package() -> Any:
    try:
        return import_module("holidays")
    except ImportError:
        raise NoHolidaysError from None


@cache
def _warn_once(region: str) -> None:
    log.error(
        "holidays of %s are not left out: install parley[holidays], or name another region", region
    )
