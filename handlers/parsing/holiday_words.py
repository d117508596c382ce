"""Parse whose public holidays a schedule leaves out: `except holidays DE`."""

import re
from collections.abc import Sequence

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.parsing.readings import MistypedError
from store.posting.public_holidays import find_regions, nearest_region, region_name
from store.types import ParleyError

_KIND = r"(?:(?:public|bank|national|legal|federal|official)\s+)?"
_EXCEPT = re.compile(
    rf"""
    \b(?P<except>except(?:\s+for)?|excluding|excl\.?|but(?:\s+not)?|not|no|without|minus|skip(?:ping)?)
    \s+(?:posts?\s+)?(?:(?:on|for|during)\s+)?(?:the\s+)?
    (?P<before>(?:[\w.,/-]+\s+){{0,4}}?){_KIND}holidays?\b
    (?:\s+(?-i:in|of|for)\b)?(?:\s+the\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INCLUDE = re.compile(
    rf"\b(?:and|also|even|with|including|incl\.?)\s+(?:on\s+)?(?:the\s+)?{_KIND}holidays?\b", re.I
)
_AND = re.compile(r"\s*(?:,|\band\b|\bor\b|&)\s*$", re.IGNORECASE)
_WORDS = 4
"""The most words of the name of a country or a region."""
LONGEST_REGION = 60
"""The most characters of the name of a country or a region."""
ANY_DAY = ""
"""No holidays are left out."""


def take_holidays(words: str) -> tuple[Sequence[str] | None, str]:
    """Return the regions that *words* can name for their holidays, and the other words.

    None if holidays are not mentioned, and `ANY_DAY` for "and holidays". Raises `ParleyError` if
    no country is named, or one whose holidays are not known.
    """
    if found := _EXCEPT.search(words):
        before, after = found["before"].split(), words[found.end() :].split()
        rest = words[: found.start()]
        for number in range(min(_WORDS, len(after)), 0, -1):
            if regions := find_regions(" ".join(after[:number])):
                _require_one(after[number - 1 :])
                kept = _AND.sub("", found["before"])
                rest += f" {found['except']} {kept} " if kept else " "
                return regions, rest + " ".join(after[number:])
        if before and (regions := find_regions(" ".join(before))):
            return regions, f"{rest} {' '.join(after)}"
        for typed in filter(None, (" ".join(before), *(" ".join(after[:n]) for n in (3, 2, 1)))):
            if meant := nearest_region(typed):
                unknown = f"I don't know the holidays of “{plain(typed, 60)}”."
                raise MistypedError(f"{unknown} Do you mean {meant}?", typed, meant)
        named = " ".join(before) or " ".join(after[:2])
        lead = f"I don't know the holidays of “{plain(named, 60)}”." if named else ""
        raise ParleyError(
            f"{lead} Whose holidays do you mean? Name a country or its two letters, as in"
            f" `{Command.DIGEST} on 09:30 except holidays DE`.".strip()
        )
    if found := _INCLUDE.search(words):
        return [ANY_DAY], f"{words[: found.start()]} {words[found.end() :]}"
    return None, words


def _require_one(words: Sequence[str]) -> None:
    """Raise `ParleyError` if another country follows the first of *words*."""
    second = [word for word in words[1:3] if not _AND.fullmatch(word)][:1]
    follows = words[0].endswith(",") or any(map(_AND.fullmatch, words[:2]))
    for word in second if follows else ():
        # A day may be written with two letters too, but not with capitals.
        if (word.isupper() or len(word) > 3) and find_regions(word):
            raise ParleyError(
                "A schedule leaves out the holidays of one country or region. Name one, and skip"
                f" the others as they come: `{Command.DIGEST} skip 24 Dec`."
            )


def read_region(typed: str) -> str:
    """Return the region that *typed* names; raises `ParleyError` unless it names one."""
    regions = find_regions(typed[:LONGEST_REGION])
    if not regions:
        raise ParleyError(
            f"I don't know the holidays of “{plain(typed, 60)}”. Name a country or its two letters:"
            " DE."
        )
    if len(regions) > 1:
        raise ParleyError(f"Whose holidays do you mean: {' or '.join(map(region_name, regions))}?")
    return regions[0]
