"""Names of schedules: those that people choose, and those that they type to say which one."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date

from rapidfuzz import fuzz, process

from handlers.mrkdwn import plain
from handlers.parsing.dates import parse_posts
from handlers.parsing.sub_commands import DigestWord
from handlers.parsing.timetable import is_days
from handlers.parsing.words import (
    MONTH_NAMES,
    NUMBERS,
    TENS,
    as_typed,
    place_of_name,
    with_english_days,
)
from handlers.parsing.zones import zones_named
from store.types import ParleyError, Schedule

LONGEST_NAME = 40
_WORDS = {
    *DigestWord,
    *(
        "a",
        "about",
        "again",
        "age",
        "all",
        "an",
        "and",
        "as",
        "at",
        "both",
        "called",
        "digest",
        "edit",
    ),
    *("every", "except", "for", "forever", "holidays", "indefinitely", "max", "name", "named"),
    *("new", "no", "nothing", "of", "only", "question", "schedule", "schedules", "stories"),
    *("story", "the", "till", "to", "until", "why", "with"),
    *("alternate", "biweekly", "each", "first", "fortnight", "fortnightly", "fourth", "from"),
    *("holiday", "last", "month", "monthly", "other", "second", "starting", "third", "weeks"),
    *("day", "days", "here", "me", "one", "ones", "post", "posts", "time", "week"),
}
_ALL = re.compile(
    r"(?<![\w-])(?:(?:all|both)(?: of)?(?: the)?[ -](?:schedules|posts)|everything)(?![\w-])", re.I
)
_ALONE = re.compile(r"(?:all|both|everything)(?: of them)?", re.IGNORECASE)
_BEFORE = r"(?<![\w-])(?:(?:for|from|in|of|the)\s+)*"
NAMED = r"(?:named|called|name):?"
"""What comes before the name of a schedule in an order."""
_SOME_DAY = date(2026, 11, 24)
_NAME = re.compile(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*")
_A_NAME = re.compile(rf"{_BEFORE}(?P<name>{_NAME.pattern})(?![\w-])", re.IGNORECASE)
_MIN_SIMILARITY = 80
"""How similar, of 100, a word must be to a name to be read as a misspelled one."""
_OF_DATES = frozenset({"early", "late", "mid", *NUMBERS, *TENS})
_AND = re.compile(r"(?:^(?:and|[,&]|\s)+|(?:and|[,&]|\s)+$)")


def read_name(typed: str) -> str:
    """Return the name that a person chose, in small letters and with hyphens for blanks.

    Raises `ParleyError` if it has other signs, is too long, or is a word, date, time zone or the
    like that a command may have.
    """
    name = re.sub(r"[\s_-]+", "-", as_typed(typed).strip().strip(".,;:!").lower()).strip("-")
    shown = plain(typed, 60)
    if not _NAME.fullmatch(name):
        raise ParleyError(
            f"“{shown}” cannot be a name: it takes letters, digits and hyphens, and begins with a"
            " letter, as in `friday-digest`."
        )
    if len(name) > LONGEST_NAME:
        raise ParleyError(f"A name has at most {LONGEST_NAME} characters.")
    if _is_of_the_grammar(name):
        raise ParleyError(
            f"“{shown}” cannot be a name: in a command it means something else. Choose another,"
            " such as `friday-digest`."
        )
    return name


def _is_of_the_grammar(name: str) -> bool:
    words = name.replace("-", " ")
    if (
        name in _WORDS
        or is_days(with_english_days(name).lower())
        or any(map(zones_named, (name, words)))
    ):
        return True
    for typed in (name, words):
        with suppress(ParleyError):
            parse_posts(typed, today=_SOME_DAY)
            return True
    return False


def take_name(words: str, schedules: Sequence[Schedule]) -> tuple[Sequence[Schedule], str]:
    """Return the schedules that *words* name, and the other words.

    These are all schedules for "all schedules", else those whose names are found, or the only one
    whose name has a part that is found, or of a kind. None if no name is found.
    """
    if _ALONE.fullmatch(words):
        return schedules, ""
    if found := _ALL.search(words):
        return schedules, _without(words, found)
    named: list[Schedule] = []
    for schedule in sorted(schedules, key=lambda one: len(one.name), reverse=True):
        name = r"[\s_-]*".join(map(re.escape, schedule.name.split("-")))
        if found := _named(name).search(words):
            named.append(schedule)
            words = _without(words, found)
    if len(named) > 1:
        return [one for one in schedules if one in named], _AND.sub("", words)
    for word, meant in () if named else _short_names(schedules):
        if found := _named(word).search(words):
            return [meant], _without(words, found)
    return named, words


def _short_names(schedules: Sequence[Schedule]) -> Iterator[tuple[str, Schedule]]:
    """Yield each part of a name, and each kind, that only one of the *schedules* has."""
    meant: dict[str, list[Schedule]] = {}
    for schedule in schedules:
        parts = {part for part in schedule.name.split("-") if len(part) > 2 and could_be_name(part)}
        for word in (*sorted(parts), schedule.kind.value):
            meant.setdefault(word, []).append(schedule)
    return ((word, those[0]) for word, those in meant.items() if len(those) == 1)


def unknown_name(words: str, names: Sequence[str]) -> tuple[str, str] | None:
    """Return the word that can only be the name of a schedule, and the other words.

    It has hyphens, or is spelled much like one of the *names* that schedules have.
    """
    for found in _A_NAME.finditer(words):
        word = found["name"].lower()
        is_like = process.extractOne(word, names, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
        if ("-" in word or is_like) and could_be_name(word):
            return word, _without(words, found)
    return None


def could_be_name(word: str) -> bool:
    """Return whether *word* may be meant as the name of a schedule, and as nothing else."""
    *_, last = parts = word.lower().split("-")
    is_month = place_of_name(last, MONTH_NAMES, min_letters=3) is not None
    is_date = is_month or not _OF_DATES.isdisjoint(parts)
    return bool(_NAME.fullmatch(word)) and not is_date and not _is_of_the_grammar(word.lower())


def _without(words: str, found: re.Match[str]) -> str:
    return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split())


def take_whole_name(words: str, schedules: Sequence[Schedule]) -> tuple[Schedule | None, str]:
    """Return the schedule that the *words* of an order name in full, and the other words.

    Days, topics and the kind are words of an order too, so a name counts only as it is written in
    a list, and without a hyphen only as the first word or after "named".
    """
    for schedule in schedules:
        where = rf"{_BEFORE}(?:{NAMED}\s+)?" if "-" in schedule.name else rf"(?:^|\b{NAMED}\s+)"
        name = re.escape(schedule.name)
        if found := re.search(rf"{where}{name}(?![\w-])", words, re.IGNORECASE):
            return schedule, _without(words, found)
    return None, words


def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"{_BEFORE}{name}(?![\w-])", re.IGNORECASE)
